//! What a person can do with an account, from outside: by the API, the mailbox and the pages that
//! mails lead to.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    person::{Answer, Person},
    shop::Shop,
};

/// What [`Shop::customer`] registers with.
const PASSWORD: &str = "injera-and-wot-9";
const NEW_PASSWORD: &str = "barefoot-1960";
const RESET_PAGES: &str = "/password-reset/confirm/";
const CHANGED: &str = "[Merkato] Your password was changed";
const SIGNED_IN_ANEW: &str = "[Merkato] New login to your account";

async fn try_login(person: &Person, email: &str, password: &str) -> Result<Answer> {
    let body = json!({ "email": email, "password": password });
    person.post("/api/auth/login/", &body).await
}

/// The account as whoever is logged in sees it.
async fn account(person: &Person) -> Result<Answer> {
    person.get("/api/auth/user/").await
}

async fn forget_password(shop: &Shop, email: &str) -> Result<Answer> {
    let body = json!({ "email": email });
    let visitor = shop.visitor()?;
    visitor.post("/api/auth/password/reset/", &body).await
}

async fn delete_account(person: &Person, password: &str) -> Result<Answer> {
    let body = json!({ "password": password });
    person.write(Method::DELETE, "/api/auth/user/", &body).await
}

/// How many mails with this subject somebody has.
async fn count(shop: &Shop, to: &str, subject: &str) -> Result<usize> {
    shop.settle().await?;
    let subjects = shop.subjects(to).await?;
    Ok(subjects.iter().filter(|found| *found == subject).count())
}

#[tokio::test]
async fn an_address_is_proved_by_the_button_of_the_page_and_by_no_look_at_it() -> Result<()> {
    let shop = Shop::open().await?;
    let email = shop.fresh_email("abebe");
    let abebe = shop.visitor()?;
    abebe.register(&email, PASSWORD).await?;
    shop.settle().await?;
    let page = shop.mailed_path(&email, "/auth/confirm-email/").await?;
    abebe.log_in(&email, PASSWORD).await?;
    let scanner = shop.visitor()?;
    for _ in 0..2 {
        let seen = scanner.get(&page).await?;
        assert_eq!(seen.status, 200, "{}", seen.text);
    }
    let order = abebe.post("/api/orders/", &json!({})).await?;
    assert_eq!(order.status, 403, "not proved yet: {order:?}");
    assert_eq!(scanner.submit(&page, "").await?.status, 200);
    let order = abebe.post("/api/orders/", &json!({})).await?;
    assert_eq!(order.status, 400, "the cart is empty: {order:?}");
    assert_eq!(scanner.submit(&page, "").await?.status, 404, "once");
    Ok(())
}

#[tokio::test]
async fn a_changed_password_ends_the_other_logins_at_once_and_one_mail_says_so() -> Result<()> {
    let shop = Shop::open().await?;
    let here = shop.customer("abebe").await?;
    let email = here.email();
    let there = shop.visitor()?;
    there.log_in(&email, PASSWORD).await?;
    let bearer = format!("Bearer {}", there.key());
    assert_eq!(account(&there).await?.status, 200);

    let mut body = json!({
        "old_password": "not-the-old-one-1",
        "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD,
    });
    let refused = here.post("/api/auth/password/change/", &body).await?;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert_eq!(account(&there).await?.status, 200);
    body["old_password"] = PASSWORD.into();
    let changed = here.post("/api/auth/password/change/", &body).await?;
    assert_eq!(changed.status, 200, "{changed:?}");

    assert_eq!(account(&there).await?.status, 403);
    let headers = [("authorization", bearer.as_str())];
    let by_token = shop.visitor()?;
    let by_token = by_token.send(Method::GET, "/api/auth/user/", None, &headers);
    assert_eq!(by_token.await?.status, 401);
    assert_eq!(account(&here).await?.status, 200);
    assert_eq!(try_login(&there, &email, PASSWORD).await?.status, 400);
    there.log_in(&email, NEW_PASSWORD).await?;
    assert_eq!(count(&shop, &email, CHANGED).await?, 1);
    Ok(())
}

#[tokio::test]
async fn an_ended_login_is_refused_at_its_next_request() -> Result<()> {
    let shop = Shop::open().await?;
    let here = shop.customer("abebe").await?;
    let there = shop.visitor()?;
    there.log_in(&here.email(), PASSWORD).await?;
    let sessions = here.get("/api/auth/sessions/").await?;
    let others = sessions.body.as_array().context("a list")?;
    let mut others = others.iter().filter(|login| login["is_current"] == false);
    let id = &others.next().context("another login")?["id"];
    let path = format!("/api/auth/sessions/{id}/");
    assert_eq!(account(&there).await?.status, 200);
    let ended = here.write(Method::DELETE, &path, &json!({})).await?;
    assert_eq!(ended.status, 204, "{ended:?}");
    assert_eq!(account(&there).await?.status, 403);
    assert_eq!(account(&here).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_forgotten_password_is_chosen_anew_on_the_page_of_the_mail_once() -> Result<()> {
    let shop = Shop::open().await?;
    let abebe = shop.customer("abebe").await?;
    let email = abebe.email();
    let asked = forget_password(&shop, &email).await?;
    let unknown = shop.fresh_email("nobody");
    let guessed = forget_password(&shop, &unknown).await?;
    assert_eq!((asked.status, &asked.body), (200, &guessed.body));
    assert_eq!(guessed.status, 200);
    shop.settle().await?;
    assert!(shop.mails(&unknown).await?.is_empty());

    let page = shop.mailed_path(&email, RESET_PAGES).await?;
    let browser = shop.visitor()?;
    let form = browser.get(&page).await?;
    assert_eq!(form.status, 200, "{}", form.text);
    assert!(form.text.contains("name=\"new_password1\""));
    assert_eq!(form.headers["referrer-policy"], "no-referrer");
    let weak = browser.submit(&page, "new_password1=password&new_password2=password");
    assert_eq!(weak.await?.status, 400, "and the link lives on");
    let new = format!("new_password1={NEW_PASSWORD}&new_password2={NEW_PASSWORD}");
    let saved = browser.submit(&page, &new).await?;
    assert_eq!(saved.status, 200, "{}", saved.text);

    assert_eq!(browser.get(&page).await?.status, 404);
    assert_eq!(browser.submit(&page, &new).await?.status, 404);
    assert_eq!(account(&abebe).await?.status, 403, "all logins end");
    assert_eq!(try_login(&abebe, &email, PASSWORD).await?.status, 400);
    abebe.log_in(&email, NEW_PASSWORD).await?;
    assert_eq!(count(&shop, &email, CHANGED).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_link_to_choose_a_password_is_dead_after_an_hour() -> Result<()> {
    let shop = Shop::open().await?;
    let abebe = shop.customer("abebe").await?;
    let email = abebe.email();
    forget_password(&shop, &email).await?;
    shop.settle().await?;
    let page = shop.mailed_path(&email, RESET_PAGES).await?;
    shop.wait(3_500).await?;
    assert_eq!(shop.visitor()?.get(&page).await?.status, 200);
    shop.wait(100).await?;
    let browser = shop.visitor()?;
    assert_eq!(browser.get(&page).await?.status, 404);
    let new = format!("new_password1={NEW_PASSWORD}&new_password2={NEW_PASSWORD}");
    assert_eq!(browser.submit(&page, &new).await?.status, 404);
    abebe.log_in(&email, PASSWORD).await
}

#[tokio::test]
async fn a_login_from_somewhere_new_is_told_once_and_others_are_not() -> Result<()> {
    let shop = Shop::open().await?;
    let abebe = shop.customer("abebe").await?;
    let email = abebe.email();
    abebe.log_in(&email, PASSWORD).await?;
    assert_eq!(count(&shop, &email, SIGNED_IN_ANEW).await?, 0);
    for _ in 0..2 {
        let phone = shop.visitor_with("Telephone/1")?;
        phone.log_in(&email, PASSWORD).await?;
    }
    assert_eq!(count(&shop, &email, SIGNED_IN_ANEW).await?, 1);
    let mail = &shop.mails(&email).await?[0];
    let text = mail["text"].as_str().context("a text")?;
    assert!(text.contains("Telephone/1"), "{text}");
    Ok(())
}

#[tokio::test]
async fn a_link_that_ses_did_not_take_arrives_all_the_same() -> Result<()> {
    let shop = Shop::open().await?;
    let abebe = shop.customer("abebe").await?;
    let email = abebe.email();
    // One delivery tries three times; the second one succeeds.
    shop.fail("ses", 1, "refused", 3).await?;
    forget_password(&shop, &email).await?;
    shop.settle().await?;
    assert_eq!(shop.subjects(&email).await?.len(), 2);
    let page = shop.mailed_path(&email, RESET_PAGES).await?;
    assert_eq!(shop.visitor()?.get(&page).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn whoever_guesses_passwords_waits_and_their_owner_does_not() -> Result<()> {
    let shop = Shop::open().await?;
    let abebe = shop.customer("abebe").await?;
    let email = abebe.email();
    let guesser = shop.visitor_with("Guesser/1")?;
    let early = guess_until_told_to_wait(&guesser, &email).await?;
    let wait = retry_after(&early)?;
    let told = early.body["detail"].as_str().unwrap_or_default();
    let expected = format!("Request was throttled. Expected available in {wait} second");
    assert!(told.starts_with(&expected), "{told}");

    abebe.log_in(&email, PASSWORD).await?;
    shop.wait(wait).await?;
    // The right password ends the waiting.
    guesser.log_in(&email, PASSWORD).await?;
    assert_eq!(try_login(&guesser, &email, "wrong").await?.status, 400);

    // An address that nobody has is guarded no less.
    let nobody = shop.fresh_email("nobody");
    guess_until_told_to_wait(&guesser, &nobody).await?;
    Ok(())
}

async fn guess_until_told_to_wait(guesser: &Person, email: &str) -> Result<Answer> {
    for _ in 0..20 {
        let answer = try_login(guesser, email, "wrong-guess-1").await?;
        if answer.status == 429 {
            return Ok(answer);
        }
        ensure!(answer.status == 400, "{answer:?}");
    }
    anyhow::bail!("twenty guesses and no wait")
}

/// In seconds.
fn retry_after(answer: &Answer) -> Result<i64> {
    let header = answer.headers.get("retry-after").context("Retry-After")?;
    let wait: i64 = header.to_str()?.parse()?;
    ensure!((1..=900).contains(&wait), "{wait} s");
    Ok(wait)
}

#[tokio::test]
async fn a_deleted_account_leaves_orders_that_do_not_say_whose_they_were() -> Result<()> {
    let shop = Shop::open().await?;
    let tea = shop.goods("50.50", None, 9).await?;
    let abebe = shop.shopper("abebe", &tea, 1).await?;
    let email = abebe.email();
    let given_up = abebe.order().await?;
    abebe.add_to_cart(&tea, 1).await?;
    shop.wait(2_400).await?;
    shop.tick("cancel-unpaid-orders").await?;
    let open = abebe.order().await?;
    shop.settle().await?;

    assert_eq!(delete_account(&abebe, "wrong").await?.status, 400);
    assert_eq!(delete_account(&abebe, PASSWORD).await?.status, 204);
    assert_eq!(account(&abebe).await?.status, 403);
    let login = try_login(&abebe, &email, PASSWORD).await?;
    let unknown = try_login(&abebe, &shop.fresh_email("nobody"), PASSWORD).await?;
    assert_eq!((login.status, login.body), (400, unknown.body));
    shop.settle().await?;

    let admin = shop.admin().await?;
    let over = admin.reload(&given_up).await?;
    assert_eq!(over["status"], "cancelled");
    assert_eq!(over["total_amount"], "50.50");
    assert_eq!(over["shipping_address_snapshot"]["city"], "Addis Ababa");
    assert!(is_stripped(&over), "{over}");
    // What is still to be delivered needs an address; when it is over, it goes too.
    let waiting = admin.reload(&open).await?;
    assert_eq!(waiting["customer"]["email"], email.as_str());
    shop.wait(2_400).await?;
    shop.tick("cancel-unpaid-orders").await?;
    shop.settle().await?;
    let over = admin.reload(&open).await?;
    assert_eq!(over["status"], "cancelled");
    assert!(is_stripped(&over), "{over}");

    let before = shop.mails(&email).await?.len();
    let again = shop.visitor()?;
    again.register(&email, NEW_PASSWORD).await?;
    shop.settle().await?;
    assert_eq!(shop.mails(&email).await?.len(), before + 1);
    let page = shop.mailed_path(&email, "/auth/confirm-email/").await?;
    assert_eq!(again.submit(&page, "").await?.status, 200);
    again.log_in(&email, NEW_PASSWORD).await?;
    assert_eq!(again.get("/api/orders/").await?.body, json!([]));
    Ok(())
}

fn is_stripped(order: &Value) -> bool {
    let address = &order["shipping_address_snapshot"];
    let customer = &order["customer"];
    let gone = [
        &customer["email"],
        &customer["first_name"],
        &customer["last_name"],
        &address["recipient"],
        &address["address_line_1"],
    ];
    gone.iter().all(|field| *field == "") && address["postal_code"].is_null()
}
