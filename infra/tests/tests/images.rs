//! An image from a file to a page, with nothing but HTTP.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{person::Person, shop::Shop};

/// One white point.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\
    \0\0\0\x0dIDATx\x9cc\xf8\xff\xff\xff\x7f\0\x09\xfb\x03\xfd\x05\xc2\xc5\xd8\0\0\0\0IEND\xaeB`\x82";

/// Posts a file with a form as a page does; gives the status.
pub async fn post_form(form: &Value, file: &[u8]) -> Result<u16> {
    let mut body = Vec::new();
    let mut part = |head: &str, value: &[u8]| {
        let head = format!("--XX\r\nContent-Disposition: form-data; {head}\r\n\r\n");
        body.extend([head.as_bytes(), value, b"\r\n"].concat());
    };
    for (name, value) in form["fields"].as_object().context("fields")? {
        let value = value.as_str().context("a text")?;
        part(&format!("name=\"{name}\""), value.as_bytes());
    }
    part("name=\"file\"; filename=\"front.png\"", file);
    body.extend(b"--XX--\r\n");
    let url = form["url"].as_str().context("url")?;
    let request = reqwest::Client::new()
        .post(url)
        .header("content-type", "multipart/form-data; boundary=XX");
    Ok(request.body(body).send().await?.status().as_u16())
}

/// Somebody who works in a shop, and the path of the images of its one product.
async fn gallery(shop: &Shop) -> Result<(Person, String)> {
    let goods = shop.goods("10.00", None, 1).await?;
    let path = format!("/api/products/{}/images/", goods.id);
    Ok((shop.admin().await?, path))
}

async fn begin(admin: &Person, path: &str) -> Result<(Value, String)> {
    let body = json!({ "content_type": "image/png", "alt_text": "The front" });
    let begun = admin.post(&format!("{path}upload/"), &body).await?;
    ensure!(begun.status == 201, "{begun:?}");
    let confirm = format!("{path}{}/confirm/", begun.body["image"]["id"]);
    Ok((begun.body["upload"].clone(), confirm))
}

#[tokio::test]
async fn a_file_that_is_uploaded_and_confirmed_is_seen_by_everybody() -> Result<()> {
    let shop = Shop::open().await?;
    let (admin, path) = gallery(&shop).await?;
    let (form, confirm) = begin(&admin, &path).await?;
    let early = admin.post(&confirm, &json!({})).await?;
    ensure!(early.status == 400, "{early:?}");
    assert_eq!(post_form(&form, PNG).await?, 204);
    let confirmed = admin.post(&confirm, &json!({})).await?;
    ensure!(confirmed.status == 200, "{confirmed:?}");
    let shown = shop.visitor()?.get(&path).await?.body;
    assert_eq!(shown, json!([confirmed.body]));
    assert_eq!(shown[0]["is_main"], true);
    let address = shown[0]["image_url"].as_str().context("an address")?;
    let file = reqwest::get(address).await?;
    assert_eq!(file.headers()["content-type"], "image/png");
    assert_eq!(file.bytes().await?, PNG);
    let image = format!("{path}{}/", shown[0]["id"]);
    let deleted = admin.write(Method::DELETE, &image, &json!({})).await?;
    assert_eq!(deleted.status, 204);
    assert_eq!(reqwest::get(address).await?.status(), 404);
    Ok(())
}

#[tokio::test]
async fn a_page_that_calls_itself_an_image_is_never_shown() -> Result<()> {
    let shop = Shop::open().await?;
    let (admin, path) = gallery(&shop).await?;
    let (form, confirm) = begin(&admin, &path).await?;
    let page = b"<!doctype html><script>alert(document.domain)</script>";
    assert_eq!(post_form(&form, page).await?, 204);
    let refused = admin.post(&confirm, &json!({})).await?;
    ensure!(refused.status == 400, "{refused:?}");
    assert_eq!(admin.get(&path).await?.body, json!([]));
    let svg = json!({ "content_type": "image/svg+xml" });
    let refused = admin.post(&format!("{path}upload/"), &svg).await?;
    assert_eq!(refused.status, 400);
    Ok(())
}

#[tokio::test]
async fn each_call_to_the_bucket_may_fail_and_be_tried_again() -> Result<()> {
    let shop = Shop::open().await?;
    let (admin, path) = gallery(&shop).await?;
    for kind in ["refused", "lost_answer", "throttled"] {
        for nth in 1..=3 {
            let (form, confirm) = begin(&admin, &path).await?;
            assert_eq!(post_form(&form, PNG).await?, 204);
            // As often as one call is tried.
            shop.fail("s3", nth, kind, 3).await?;
            admin.post(&confirm, &json!({})).await?;
            shop.mend().await?;
            let confirmed = admin.post(&confirm, &json!({})).await?;
            ensure!(confirmed.status == 200, "{kind} {nth}: {confirmed:?}");
            let address = confirmed.body["image_url"].as_str();
            let file = reqwest::get(address.context("an address")?).await?;
            assert_eq!(file.status(), 200, "{kind} {nth}");
        }
    }
    let images = admin.get(&path).await?.body;
    assert_eq!(images.as_array().context("images")?.len(), 9);
    Ok(())
}

#[tokio::test]
async fn an_image_and_its_file_survive_a_kill() -> Result<()> {
    let data = tempfile::tempdir()?;
    let shop = Shop::open_in(data.path())?;
    let (admin, path) = gallery(&shop).await?;
    let (form, confirm) = begin(&admin, &path).await?;
    assert_eq!(post_form(&form, PNG).await?, 204);
    shop.kill()?;
    let shop = Shop::open_in(data.path())?;
    let admin = shop.admin().await?;
    let confirmed = admin.post(&confirm, &json!({})).await?;
    ensure!(confirmed.status == 200, "{confirmed:?}");
    shop.kill()?;
    let shop = Shop::open_in(data.path())?;
    let shown = shop.visitor()?.get(&path).await?.body;
    assert_eq!(shown, json!([confirmed.body]));
    let address = shown[0]["image_url"].as_str().context("an address")?;
    // The port is another one, unless it was asked for.
    let (_, file) = address.split_once("/_local/").context("an address")?;
    let file = reqwest::get(format!("{}/_local/{file}", shop.url)).await?;
    assert_eq!(file.bytes().await?, PNG);
    Ok(())
}
