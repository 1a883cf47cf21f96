//! All that can be done with the images of a product.

use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    images::{PNG, post_form},
    person::Person,
};

/// Adds an image by its address, uploads one that is none and one that is, and deletes both.
pub async fn walk(admin: &Person, product: &Value) -> Result<()> {
    let path = format!("/api/products/{product}/images/");
    let body = json!({ "image_url": "https://images.example/front.png" });
    let front = admin.post(&path, &body).await?;
    ensure!(front.status == 201, "{front:?}");
    let mut images = vec![front.body["id"].clone()];
    for (file, status) in [(b"<html>".as_slice(), 400), (PNG, 200)] {
        let body = json!({ "content_type": "image/png" });
        let begun = admin.post(&format!("{path}upload/"), &body).await?;
        ensure!(begun.status == 201, "{begun:?}");
        let taken = post_form(&begun.body["upload"], file).await?;
        ensure!(taken == 204, "{taken}");
        let id = &begun.body["image"]["id"];
        let confirm = format!("{path}{id}/confirm/");
        let confirmed = admin.post(&confirm, &json!({})).await?;
        ensure!(confirmed.status == status, "{confirmed:?}");
        if status == 200 {
            images.push(id.clone());
        }
    }
    let order = json!({ "images": [images[1], images[0]] });
    let path_of_order = format!("{path}order/");
    let ordered = admin.write(Method::PUT, &path_of_order, &order).await?;
    ensure!(ordered.status == 200, "{ordered:?}");
    for image in &images {
        let path = format!("{path}{image}/");
        let seen = admin.get(&path).await?;
        ensure!(seen.status == 200, "{seen:?}");
        let deleted = admin.write(Method::DELETE, &path, &json!({})).await?;
        ensure!(deleted.status == 204, "{deleted:?}");
    }
    Ok(())
}
