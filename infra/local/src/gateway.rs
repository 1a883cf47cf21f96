//! API Gateway's HTTP API in miniature: what comes in over HTTP becomes an event for a function,
//! and the function's answer becomes HTTP again.
//!
//! The way leads through JSON and `lambda_http`'s own adapter on purpose: what is lost on the way
//! when deployed, such as the second of two equal header lines, is lost here too.

mod answer;
mod event;
mod routes;

use std::{collections::HashMap, future::Future, net::IpAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request, response::Response};
use emulator::Wire;
use gateways::clock::Clock;
use http::StatusCode;
use lambda_http::{Adapter, Context, LambdaEvent, Service as _};
use serde_json::Value;

pub use self::{
    event::{Event, Origin},
    routes::{Route, Routes},
};
use crate::server::Peer;

/// The largest body an HTTP API takes.
const LARGEST_BODY: usize = 10 * 1024 * 1024;
/// An HTTP API waits 30 seconds for a function.
const PATIENCE: Duration = Duration::from_secs(30);

/// The routes of the template before the functions that answer them.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    routes: Routes,
    functions: HashMap<String, Router>,
    wire: Wire,
    clock: Clock,
    origin: Origin,
}

impl Gateway {
    /// A gateway before the routers of functions, which are found by their package names.
    pub fn new(
        routes: Routes,
        functions: HashMap<String, Router>,
        wire: Wire,
        clock: Clock,
        origin: Origin,
    ) -> Gateway {
        Gateway(Arc::new(Inner {
            routes,
            functions,
            wire,
            clock,
            origin,
        }))
    }

    /// Which function answers a GET of this path.
    pub fn function_at(&self, path: &str) -> Option<&str> {
        let found = self.0.routes.find(&http::Method::GET, path)?;
        Some(&found.route.function)
    }

    /// Answers one request as the deployed API would.
    pub async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let Some(found) = self.0.routes.find(&parts.method, parts.uri.path()) else {
            return answer::message(StatusCode::NOT_FOUND, "Not Found");
        };
        let Some(router) = self.0.functions.get(&found.route.function).cloned() else {
            tracing::error!(
                function = found.route.function,
                "a route leads to a function that is not built in"
            );
            return answer::message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        };
        let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
            return answer::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        };
        let source = parts
            .extensions
            .get::<Peer>()
            .map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.0);
        let event = Event {
            parts: &parts,
            body: &body,
            route_key: &found.route.key,
            path_parameters: &found.parameters,
            source,
            origin: &self.0.origin,
            now: self.0.clock.now(),
        };
        let request_id = event::request_id();
        let event = event.json(&request_id).to_string();
        let label = format!("{} {}", parts.method, routes::label(parts.uri.path()));

        // In a task of its own: a function that was invoked runs to its end, also when the
        // customer hangs up in the middle.
        let wire = self.0.wire.clone();
        let invoked = request_id.clone();
        let invocation =
            tokio::spawn(async move { wire.metered(&label, invoke(router, event, invoked)).await });
        let answered = match tokio::time::timeout(PATIENCE, invocation).await {
            Ok(Ok(Ok(answer))) => answer::http(&answer),
            Ok(Ok(Err(error))) => {
                tracing::error!(function = found.route.function, %error, "a function failed");
                None
            }
            Ok(Err(_panicked)) => None,
            Err(_elapsed) => {
                return answer::message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
            }
        };
        let mut response = answered.unwrap_or_else(|| {
            answer::message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        });
        if let Ok(id) = request_id.parse() {
            response.headers_mut().insert("apigw-requestid", id);
        }
        response
    }
}

/// Calls a function with an event as the Lambda runtime would. Not an `async fn`, because the
/// adapter is not `Send` and must be gone before the first `await`.
pub fn invoke(
    router: Router,
    event: String,
    request_id: String,
) -> impl Future<Output = anyhow::Result<Value>> + Send {
    let mut context = Context::default();
    context.request_id = request_id;
    let call = serde_json::from_str(&event).map(|payload| {
        let mut adapter = Adapter::<'static, Response<Body>, Router>::from(router);
        adapter.call(LambdaEvent::new(payload, context))
    });
    async move {
        let Ok(answer) = call?.await;
        Ok(serde_json::to_value(answer)?)
    }
}
