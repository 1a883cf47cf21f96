//! All that can be done with an account, the end of it included.

use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::json;

use crate::{
    person::{Answer, Person},
    shop::Shop,
};

const PASSWORD: &str = "injera-and-wot-9";

/// Walks through the account of a customer who has ordered, and deletes it.
pub async fn walk(shop: &Shop, customer: &Person) -> Result<()> {
    let email = customer.email();
    sessions(shop, customer).await?;

    let body = json!({
        "old_password": PASSWORD, "new_password1": "barefoot-1960", "new_password2": "barefoot-1960",
    });
    let changed = customer.post("/api/auth/password/change/", &body).await?;
    expect(200, &changed)?;
    let link = forget_password(shop, &email).await?;
    let new = format!("new_password1={PASSWORD}&new_password2={PASSWORD}");
    expect(200, &shop.visitor()?.submit(&link, &new).await?)?;
    expect(404, &shop.visitor()?.get(&link).await?)?;

    // The last superuser has to stay, which the roster tells.
    let admin = shop.admin().await?;
    expect(409, &delete(&admin, "kebero-drum-77").await?)?;
    customer.log_in(&email, PASSWORD).await?;
    expect(204, &delete(customer, PASSWORD).await?)
}

/// Ends the login of a second device from the first one.
async fn sessions(shop: &Shop, customer: &Person) -> Result<()> {
    let elsewhere = shop.visitor_with("Telephone/1")?;
    elsewhere.log_in(&customer.email(), PASSWORD).await?;
    let sessions = customer.get("/api/auth/sessions/").await?;
    let path = format!("/api/auth/sessions/{}/", sessions.body[0]["id"]);
    let ended = customer.write(Method::DELETE, &path, &json!({})).await?;
    expect(204, &ended)?;
    expect(200, &elsewhere.post("/api/auth/logout/", &json!({})).await?)
}

/// Asks for a link to choose a password; gives its path.
async fn forget_password(shop: &Shop, email: &str) -> Result<String> {
    shop.settle().await?;
    let asked = json!({ "email": email });
    let visitor = shop.visitor()?;
    expect(
        200,
        &visitor.post("/api/auth/password/reset/", &asked).await?,
    )?;
    shop.settle().await?;
    shop.mailed_path(email, "/password-reset/confirm/").await
}

async fn delete(person: &Person, password: &str) -> Result<Answer> {
    let body = json!({ "password": password });
    person.write(Method::DELETE, "/api/auth/user/", &body).await
}

fn expect(status: u16, answer: &Answer) -> Result<()> {
    ensure!(answer.status == status, "not {status}: {answer:?}");
    Ok(())
}
