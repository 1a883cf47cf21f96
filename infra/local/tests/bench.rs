//! A shop in memory for one test, and whoever stands before it.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::Request, response::IntoResponse};
use http::{HeaderMap, StatusCode};
use local::{flags::Flags, server, shop::Shop};
use serde_json::{Value, json};
use tokio::sync::watch;

/// Flags for a shop in memory on a free port.
pub fn flags() -> Flags {
    Flags {
        port: 0,
        data: ".local".into(),
        memory: true,
        demo: false,
        backends_only: false,
        also_on: None,
        fresh: false,
    }
}

/// A client that follows no redirects, so that tests see them.
pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// A shop, or only its stand-ins, and a client.
pub struct Bench {
    pub shop: Shop,
    pub client: reqwest::Client,
}

impl Bench {
    /// Only the stand-ins: webhooks then go to each payment's own callback address.
    pub async fn backends() -> Bench {
        Bench::with(&Flags {
            backends_only: true,
            ..flags()
        })
        .await
    }

    pub async fn with(flags: &Flags) -> Bench {
        Bench {
            shop: Shop::open(flags).await.unwrap(),
            client: client(),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.shop.url)
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.client.get(self.url(path)).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        answer(
            self.client
                .post(self.url(path))
                .json(body)
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    pub async fn delete(&self, path: &str) -> StatusCode {
        self.client
            .delete(self.url(path))
            .send()
            .await
            .unwrap()
            .status()
    }

    /// A page, as a browser asks for it.
    pub async fn page(&self, path: &str) -> (StatusCode, String) {
        let response = self
            .client
            .get(self.url(path))
            .header("accept", "text/html,*/*;q=0.8")
            .send()
            .await
            .unwrap();
        (response.status(), response.text().await.unwrap())
    }

    /// A call to the sandbox with a test key.
    pub fn chapa(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, self.url(&format!("/_local/chapa/v1/{path}")))
            .header("authorization", "Bearer CHASECK_TEST-bench")
    }

    /// Begins a payment of 400.00 birr and gives the path of its checkout page.
    pub async fn begin_payment(&self, tx_ref: &str, callback_url: Option<&str>) -> String {
        let body = json!({
            "amount": "400.00", "currency": "ETB", "tx_ref": tx_ref, "email": "abebe@example.com",
            "first_name": "Abebe", "callback_url": callback_url, "return_url": "http://localhost:5173/thanks",
        });
        let request = self
            .chapa(reqwest::Method::POST, "transaction/initialize")
            .json(&body);
        let (status, body) = answer(request.send().await.unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let checkout_url = body["data"]["checkout_url"].as_str().unwrap();
        checkout_url
            .strip_prefix(&self.shop.url)
            .unwrap()
            .to_owned()
    }
}

/// Status and JSON of an answer; `null` where there is no JSON.
pub async fn answer(response: reqwest::Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// A merchant who writes down every call and answers with the statuses it is given, then with 200.
pub struct Merchant {
    pub url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    _open: watch::Sender<bool>,
}

/// A call that a merchant got.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    pub path_and_query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Merchant {
    pub async fn answering(statuses: &[u16]) -> Merchant {
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let statuses: Arc<Mutex<Vec<u16>>> =
            Arc::new(Mutex::new(statuses.iter().rev().copied().collect()));
        let book = calls.clone();
        let router = Router::new().fallback(move |request: Request| {
            let (book, statuses) = (book.clone(), statuses.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 100_000).await.unwrap();
                book.lock().unwrap().push(Call {
                    method: parts.method.to_string(),
                    path_and_query: parts.uri.to_string(),
                    headers: parts.headers,
                    body,
                });
                let status = statuses.lock().unwrap().pop().unwrap_or(200);
                StatusCode::from_u16(status).unwrap().into_response()
            }
        });
        let listener = server::bind(0).await.unwrap();
        let url = format!("http://{}/webhook/", listener.local_addr().unwrap());
        let (open, stop) = watch::channel(false);
        tokio::spawn(server::serve(listener, router, stop));
        Merchant {
            url,
            calls,
            _open: open,
        }
    }

    pub async fn new() -> Merchant {
        Merchant::answering(&[]).await
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub fn webhooks(&self) -> Vec<Call> {
        self.calls()
            .into_iter()
            .filter(|call| call.method == "POST")
            .collect()
    }
}
