//! The part of the walk in which staff look after stock.

use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{person::Person, shop::Goods};

const PLACES: &str = "/api/inventory/locations/";
/// The units of the goods that the walk makes.
const BEGAN_WITH: i64 = 50;
/// Trays in one size, and then in two.
const ONE_SIZE: &str = "Handle,Title,Type,Option1 Name,Option1 Value,Variant SKU,\
                        Variant Inventory Qty,Variant Price\n\
                        tray,Tray,Coffee ware,Size,S,TRAY-S,5,90.00\n";
const OTHER_SIZE: &str = "tray,,,,M,TRAY-M,5,90.00\n";

/// Brings units to a new place and back, removes it, and lets products begin and cease to run low by
/// hand, by an edit and by a file.
pub async fn walk(admin: &Person, goods: &Goods) -> Result<()> {
    let made = admin.post(PLACES, &json!({ "code": "bole" })).await?;
    ensure!(made.status == 201, "{made:?}");
    set_threshold(admin, &goods.id, 1_000).await?;
    ensure!(
        runs_low(admin, &goods.id).await?,
        "there are not a thousand"
    );
    change(
        admin,
        goods,
        "adjust",
        json!({ "delta": 2_000, "location": "bole" }),
    )
    .await?;
    change(
        admin,
        goods,
        "adjust",
        json!({ "delta": -2_000, "location": "bole" }),
    )
    .await?;
    for (from, to) in [("main", "bole"), ("bole", "main")] {
        let body = json!({ "from": from, "to": to, "quantity": 1 });
        change(admin, goods, "transfer", body).await?;
    }
    set_threshold(admin, &goods.id, 0).await?;
    admin.get("/api/inventory/").await?;
    admin.get("/api/inventory/movements/").await?;
    let levels = format!("/api/inventory/?product={}", goods.id);
    let entries = format!("/api/inventory/movements/?product={}", goods.id);
    let on_hand = sum(admin, &levels, "on_hand").await?;
    let moved = sum(admin, &entries, "delta").await?;
    ensure!(
        on_hand == BEGAN_WITH + moved,
        "{on_hand}, and {moved} moved"
    );
    admin.get("/api/inventory/reservations/").await?;
    let line = json!({ "product": goods.id, "quantity": 1 });
    let asked = json!({ "items": [line] });
    let there = admin.post("/api/inventory/check_stock/", &asked).await?;
    ensure!(there.body["all_available"] == true, "{there:?}");
    let nothing = json!({});
    let gone = admin
        .write(Method::DELETE, &format!("{PLACES}bole/"), &nothing)
        .await?;
    ensure!(gone.status == 204, "{gone:?}");
    let tray = import(admin, ONE_SIZE.to_owned()).await?;
    set_threshold(admin, &tray, 8).await?;
    ensure!(runs_low(admin, &tray).await?, "there are five trays");
    import(admin, format!("{ONE_SIZE}{OTHER_SIZE}")).await?;
    ensure!(!runs_low(admin, &tray).await?, "there are ten trays");
    Ok(())
}

/// The sum of a field over a list.
async fn sum(admin: &Person, path: &str, field: &str) -> Result<i64> {
    let answer = admin.get(path).await?;
    let all = answer.body.as_array().into_iter().flatten();
    Ok(all.filter_map(|one| one[field].as_i64()).sum())
}

/// Whether a product is among those that run low.
async fn runs_low(admin: &Person, product: &Value) -> Result<bool> {
    let low = admin.get("/api/inventory/?low_stock=true").await?;
    let mut levels = low.body.as_array().into_iter().flatten();
    Ok(levels.any(|level| level["product"] == *product))
}

/// Says below how many units staff want to be told.
async fn set_threshold(admin: &Person, product: &Value, units: u32) -> Result<()> {
    let body = json!({ "low_stock_threshold": units });
    let path = format!("/api/products/{product}/");
    let changed = admin.write(Method::PATCH, &path, &body).await?;
    ensure!(changed.status == 200, "{changed:?}");
    Ok(())
}

async fn change(admin: &Person, goods: &Goods, verb: &str, mut body: Value) -> Result<()> {
    body["reason"] = "a walk".into();
    let path = format!("/api/inventory/{}/{verb}/", goods.id);
    let changed = admin.post(&path, &body).await?;
    ensure!(changed.status == 200, "{changed:?}");
    Ok(())
}

/// Imports a file and gives the product of it.
async fn import(admin: &Person, file: String) -> Result<Value> {
    let csrf = admin.cookie("csrftoken").unwrap_or_default();
    let headers = [("x-csrftoken", csrf.as_str()), ("content-type", "text/csv")];
    let path = "/api/products/import/";
    let taken = admin.send(Method::POST, path, Some(file), &headers).await?;
    ensure!(taken.status == 200, "{taken:?}");
    let found = admin.get("/api/products/?search=tray").await?;
    ensure!(found.body[0]["slug"] == "tray", "{taken:?} {found:?}");
    Ok(found.body[0]["id"].clone())
}
