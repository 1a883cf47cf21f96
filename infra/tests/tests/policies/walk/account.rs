//! All that can be done with an account, the end of it included.

use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    person::{Answer, Person},
    shop::Shop,
};

const PASSWORD: &str = "injera-and-wot-9";

/// Walks through the account of a customer who has ordered, and deletes it.
pub async fn walk(shop: &Shop, customer: &Person) -> Result<()> {
    let email = customer.email();
    sessions(shop, customer).await?;
    let export = customer.get("/api/accounts/export/").await?;
    ensure!(export.text.contains("\"tx_ref\""), "no payment: {export:?}");

    let body = json!({
        "old_password": PASSWORD, "new_password1": "barefoot-1960", "new_password2": "barefoot-1960",
    });
    let changed = customer.post("/api/auth/password/change/", &body).await?;
    expect(200, &changed)?;
    let link = forget_password(shop, &email).await?;
    let new = format!("new_password1={PASSWORD}&new_password2={PASSWORD}");
    expect(200, &shop.visitor()?.submit(&link, &new).await?)?;
    expect(404, &shop.visitor()?.get(&link).await?)?;

    customer.log_in(&email, PASSWORD).await?;
    staff(shop, customer).await?;
    // Nobody is left behind on the roster.
    expect(204, &delete(customer, PASSWORD).await?)
}

/// Looks for the customer among all accounts, and makes a superuser of them.
async fn staff(shop: &Shop, customer: &Person) -> Result<()> {
    let admin = shop.admin().await?;
    let users = admin.get("/api/accounts/users/").await?;
    let path = format!("/api/accounts/users/?email={}", customer.email());
    let found = admin.get(&path).await?;
    let id = &found.body[0]["id"];
    let is_listed = |users: &Value| {
        let users = users.as_array().into_iter().flatten();
        users.map(|user| &user["id"]).any(|listed| listed == id)
    };
    ensure!(is_listed(&users.body), "{found:?} among {users:?}");
    let path = format!("/api/accounts/users/{id}/");
    let rights = json!({ "is_superuser": true });
    expect(200, &admin.write(Method::PATCH, &path, &rights).await?)?;
    let staff = admin.get("/api/accounts/users/?is_staff=true").await?;
    ensure!(is_listed(&staff.body), "{staff:?}");
    let audit = customer.get("/api/accounts/audit/").await?;
    ensure!(audit.body[0]["subject"] == *id, "{audit:?}");
    Ok(())
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
