//! The part of the walk in which the catalogue goes out and in as a file.

use anyhow::{Result, ensure};
use reqwest::Method;

use crate::person::Person;

const NEW: &str = "Handle,Title,Type,Variant SKU,Variant Inventory Qty,Variant Price\n\
                   jebena,Jebena,Coffee ware,JEB-1,25,480.00\n";

/// Makes a product and its category from a file, gives the product another SKU, and exports.
pub async fn walk(admin: &Person) -> Result<()> {
    let csrf = admin.cookie("csrftoken").unwrap_or_default();
    let headers = [("x-csrftoken", csrf.as_str()), ("content-type", "text/csv")];
    for (file, outcome) in [
        (NEW.to_owned(), "created"),
        (NEW.replace("JEB-1", "JEB-2"), "updated"),
    ] {
        let answer = admin
            .send(Method::POST, "/api/products/import/", Some(file), &headers)
            .await?;
        ensure!(answer.body[outcome] == 1, "{answer:?}");
    }
    admin.get("/api/products/export/").await?;
    Ok(())
}
