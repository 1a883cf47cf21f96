//! Somebody who calls the shop: a browser with cookies, or a client with a bearer token.

use std::sync::{Arc, Mutex, Once};

use anyhow::{Context, Result, ensure};
use reqwest::{Method, StatusCode, cookie::CookieStore, cookie::Jar, header::HeaderMap};
use serde_json::{Value, json};

use crate::shop::Goods;

/// What came back; the body is null where it is no JSON.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

/// A caller with a cookie jar of its own, who sends the CSRF token as a frontend does.
pub struct Person {
    url: String,
    http: reqwest::Client,
    jar: Arc<Jar>,
    email: Mutex<String>,
    /// Login's key.
    key: Mutex<String>,
}

impl Person {
    pub fn new(url: &str) -> Result<Person> {
        Person::with_program(url, "")
    }

    /// A caller whose program calls itself so (`User-Agent`).
    pub fn with_program(url: &str, program: &str) -> Result<Person> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            let ring = rustls::crypto::ring::default_provider();
            ring.install_default()
                .expect("nobody installed another one");
        });
        let jar = Arc::new(Jar::default());
        let roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let tls = rustls::ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut http = reqwest::Client::builder()
            .cookie_provider(Arc::clone(&jar))
            .redirect(reqwest::redirect::Policy::none())
            .tls_backend_preconfigured(tls);
        if !program.is_empty() {
            http = http.user_agent(program);
        }
        let http = http.build()?;
        Ok(Person {
            url: url.to_owned(),
            http,
            jar,
            email: Mutex::default(),
            key: Mutex::default(),
        })
    }

    pub fn email(&self) -> String {
        self.email.lock().unwrap().clone()
    }

    /// What login answered.
    pub fn key(&self) -> String {
        self.key.lock().unwrap().clone()
    }

    /// A cookie that this person holds.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let header = self.jar.cookies(&self.url.parse().ok()?)?;
        let cookies = header.to_str().ok()?.to_owned();
        cookies
            .split("; ")
            .find_map(|pair| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
    }

    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.write(Method::POST, path, body).await
    }

    /// Sends a body as a frontend does, with the CSRF token.
    pub async fn write(&self, method: Method, path: &str, body: &Value) -> Result<Answer> {
        let token = self.cookie("csrftoken").unwrap_or_default();
        let headers = [("x-csrftoken", token.as_str())];
        self.send(method, path, Some(body.to_string()), &headers)
            .await
    }

    /// Presses the button of a form whose fields are encoded already: `a=1&b=2`.
    pub async fn submit(&self, path: &str, fields: &str) -> Result<Answer> {
        let request = self.http.post(format!("{}{path}", self.url));
        let form = "application/x-www-form-urlencoded";
        let request = request.header("content-type", form);
        answer(request.body(fields.to_owned())).await
    }

    /// Sends just this: no CSRF token unless it is among the headers.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Result<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            if !headers.iter().any(|(name, _)| *name == "content-type") {
                request = request.header("content-type", "application/json");
            }
            request = request.body(body);
        }
        answer(request).await
    }

    pub async fn register(&self, email: &str, password: &str) -> Result<()> {
        let body = json!({
            "email": email, "password1": password, "password2": password,
            "first_name": "Abebe", "last_name": "Bikila",
        });
        let made = self.post("/api/auth/registration/", &body).await?;
        ensure!(made.status == 201, "{made:?}");
        Ok(())
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Result<()> {
        let body = json!({ "email": email, "password": password });
        let answer = self.post("/api/auth/login/", &body).await?;
        ensure!(answer.status == 200, "{answer:?}");
        *self.email.lock().unwrap() = email.to_owned();
        *self.key.lock().unwrap() = answer.body["key"].as_str().context("key")?.to_owned();
        Ok(())
    }

    pub async fn add_address(&self) -> Result<Value> {
        let body = json!({
            "address_line_1": "Bole Road 1", "city": "Addis Ababa", "region": "AA",
            "country": "ET", "postal_code": "1000",
        });
        let made = self.post("/api/accounts/addresses/", &body).await?;
        ensure!(made.status == 201, "{made:?}");
        Ok(made.body["id"].clone())
    }

    pub async fn add_to_cart(&self, goods: &Goods, quantity: u32) -> Result<()> {
        let body = json!({ "product": goods.id, "quantity": quantity });
        let added = self.post("/api/cart/items/", &body).await?;
        ensure!(matches!(added.status, 200 | 201), "{added:?}");
        Ok(())
    }

    /// Orders what is in the cart.
    pub async fn order(&self) -> Result<Value> {
        let placed = self.post("/api/orders/", &json!({})).await?;
        ensure!(placed.status == 201, "{placed:?}");
        Ok(placed.body)
    }

    /// Begins to pay an order; gives the reference and Chapa's page.
    pub async fn begin_payment(&self, order: &Value) -> Result<(String, String)> {
        let body = json!({ "order_id": order["id"], "return_url": format!("{}/thanks", self.url) });
        let begun = self.post("/api/payments/initiate/", &body).await?;
        ensure!(begun.status == 200, "{begun:?}");
        let text = |name: &str| begun.body[name].as_str().unwrap_or_default().to_owned();
        Ok((text("tx_ref"), text("checkout_url")))
    }

    /// The order as it is now.
    pub async fn reload(&self, order: &Value) -> Result<Value> {
        Ok(self
            .get(&format!("/api/orders/{}/", order["id"]))
            .await?
            .body)
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Answer> {
    let response = request.send().await?;
    let (status, headers): (StatusCode, HeaderMap) =
        (response.status(), response.headers().clone());
    let text = response.text().await?;
    let body = serde_json::from_str(&text).unwrap_or_default();
    Ok(Answer {
        status: status.as_u16(),
        headers,
        body,
        text,
    })
}
