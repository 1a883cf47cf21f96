//! Categories: made without a slug, moved, renamed, and deleted with what stands in them moved on.

use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::person::Person;

pub async fn walk(admin: &Person) -> Result<()> {
    let csrf = admin.cookie("csrftoken").unwrap_or_default();
    let headers = [("x-csrftoken", csrf.as_str())];
    let root = made(admin, "/api/categories/", json!({ "name": "ሻይ" })).await?;
    let body = json!({ "name": "Green tea", "parent_category": root["id"] });
    let green = made(admin, "/api/categories/", body).await?;
    let body = json!({ "name": "Mint tea", "parent_category": green["id"] });
    let mint = made(admin, "/api/categories/", body).await?;
    let body = json!({
        "category_id": green["id"], "name": "Gunpowder", "slug": "gunpowder", "price": "90.00",
    });
    made(admin, "/api/products/", body).await?;
    let path = format!("/api/categories/{}/", mint["id"]);
    let change = json!({ "slug": "mint", "parent_category": root["id"] }).to_string();
    let moved = admin
        .send(Method::PATCH, &path, Some(change), &headers)
        .await?;
    ensure!(moved.status == 200, "{moved:?}");
    let path = format!("/api/categories/{}/", green["id"]);
    let refused = admin.send(Method::DELETE, &path, None, &headers).await?;
    ensure!(refused.status == 409, "{refused:?}");
    let path = format!("{path}?reassign_to={}", mint["id"]);
    let deleted = admin.send(Method::DELETE, &path, None, &headers).await?;
    ensure!(deleted.status == 204, "{deleted:?}");
    let slug = root["slug"].as_str().unwrap_or_default();
    let path = format!("/api/products/?category={slug}");
    let listed = admin.get(&path).await?;
    ensure!(
        listed.body[0]["category"]["slug"] == "mint",
        "those of what stands under it as well: {listed:?}"
    );
    Ok(())
}

async fn made(admin: &Person, path: &str, body: Value) -> Result<Value> {
    let made = admin.post(path, &body).await?;
    ensure!(made.status == 201, "{made:?}");
    Ok(made.body)
}
