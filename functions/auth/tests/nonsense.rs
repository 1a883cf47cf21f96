//! Whatever is sent to the routes of accounts, the answer is never that something broke.

use std::sync::Arc;

use actors::{Actor, Stage};
use axum::{Router, body::Body, http::Method};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Map, Value};

use crate::open;

const BODIES: usize = 10_000;
/// How many are under way at once.
const SIDE_BY_SIDE: usize = 4;

/// The fields that any of the routes reads.
const FIELDS: [&str; 18] = [
    "email",
    "password",
    "password1",
    "password2",
    "password_confirm",
    "old_password",
    "new_password1",
    "new_password2",
    "first_name",
    "last_name",
    "key",
    "uid",
    "token",
    "setup_token",
    "profile",
    "preferences",
    "birth_date",
    "csrfmiddlewaretoken",
];

#[derive(Debug, Clone)]
struct Nonsense {
    media: &'static str,
    body: Vec<u8>,
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        "[a-z]{1,8}@[a-z]{1,8}\\.(com|et)".prop_map(Value::from),
        "\\PC{200,400}".prop_map(Value::from),
        Just(Value::from("\0")),
        Just(Value::from("2026-02-30")),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(".{0,8}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    let field = (prop::sample::select(FIELDS.to_vec()), value());
    prop::collection::vec(field, 0..8).prop_map(|fields| {
        let map: Map<String, Value> = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Value::Object(map)
    })
}

fn nonsense() -> impl Strategy<Value = Nonsense> {
    let json = "application/json";
    prop_oneof![
        6 => object().prop_map(move |value| Nonsense {
            media: json,
            body: value.to_string().into_bytes(),
        }),
        1 => value().prop_map(move |value| Nonsense {
            media: json,
            body: value.to_string().into_bytes(),
        }),
        // Cut off or altered in one place.
        2 => (object(), any::<prop::sample::Index>(), any::<u8>(), any::<bool>()).prop_map(
            move |(value, at, byte, cut)| {
                let mut body = value.to_string().into_bytes();
                let at = at.index(body.len());
                if cut { body.truncate(at) } else { body[at] = byte }
                Nonsense { media: json, body }
            }
        ),
        1 => (prop::sample::select(vec![
            json, "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
            "multipart/form-data", "text/plain", "application/json; charset=utf-16", "", "\u{7f}",
        ]), prop::collection::vec(any::<u8>(), 0..200))
            .prop_map(|(media, body)| Nonsense { media, body }),
        1 => prop::collection::vec(
            (prop::sample::select(FIELDS.to_vec()), "[ -~]{0,30}"), 0..6
        ).prop_map(|pairs| Nonsense {
            media: "application/x-www-form-urlencoded",
            body: pairs.iter().map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>().join("&").into_bytes(),
        }),
        1 => (1usize..60).prop_map(move |depth| Nonsense {
            media: json,
            body: format!("{{\"profile\":{}{}}}", "[".repeat(depth), "]".repeat(depth)).into_bytes(),
        }),
    ]
}

async fn send(actor: &Actor, method: Method, path: &str, nonsense: &Nonsense) {
    let body = Body::from(nonsense.body.clone());
    let answer = actor
        .send(method.clone(), path, Some(nonsense.media), body)
        .await;
    assert!(
        (200..500).contains(&answer.status),
        "{method} {path} with {:?} as {:?}: {} {}",
        String::from_utf8_lossy(&nonsense.body),
        nonsense.media,
        answer.status,
        answer.text()
    );
}

/// Every route of the function that takes a body, its variables filled in.
fn targets() -> Vec<(Method, String)> {
    auth::routes()
        .table()
        .iter()
        .filter(|route| !route.method.is_safe())
        .map(|route| {
            let path = route
                .path
                .replace("{id}", "7")
                .replace("{key}", "key")
                .replace("{uid}", "uid")
                .replace("{token}", "token");
            (route.method.clone(), path)
        })
        .collect()
}

/// Nobody and somebody logged in: routes differ in whom they let through to the body.
async fn callers(stage: &Stage, router: &Router) -> [Actor; 2] {
    let customer = stage.verified(router).await.unwrap();
    [stage.anonymous(router), customer.as_bearer()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_bodies_break_no_route() {
    use futures::StreamExt;

    let (stage, router) = open().await;
    let callers = callers(&stage, &router).await.map(Arc::new);
    let config = Config::default();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let strategy = nonsense();
    let bodies: Vec<Nonsense> = (0..BODIES)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect();
    for (method, path) in targets() {
        // Logging out would leave nobody to go on with.
        let takes_session = path == "/api/auth/logout";
        let sent = bodies.iter().enumerate().map(|(number, body)| {
            let caller = callers[if takes_session { 0 } else { number % 2 }].clone();
            let (method, path, body) = (method.clone(), path.clone(), body.clone());
            async move {
                let sending = async move { send(&caller, method, &path, &body).await };
                tokio::spawn(sending).await.unwrap();
            }
        });
        futures::stream::iter(sent)
            .buffer_unordered(SIDE_BY_SIDE)
            .for_each(|()| async {})
            .await;
    }
    assert_eq!(callers[1].get("/api/auth/user/").await.status, 200);
}
