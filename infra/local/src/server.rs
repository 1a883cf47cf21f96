//! Serves a router on loopback, and stops without cutting off what it is answering.

use std::{
    convert::Infallible,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::Context as _;
use axum::{Router, body::Body, response::IntoResponse};
use http::{Request, Response, StatusCode};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{net::TcpListener, sync::watch};
use tower::ServiceExt as _;

/// How long requests that are being answered may still take once the shop closes.
const PATIENCE: Duration = Duration::from_secs(5);

/// In an answer's extensions: close the connection and send nothing, as a gateway that broke down
/// would. Handlers of axum cannot fail, so they ask for it this way.
#[derive(Debug, Clone, Copy)]
pub struct Dropped;

/// In a request's extensions: the address it came from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// An answer of which the caller will never hear.
pub fn dropped() -> Response<Body> {
    let mut response = StatusCode::BAD_GATEWAY.into_response();
    response.extensions_mut().insert(Dropped);
    response
}

/// Takes a port on loopback; 0 takes any.
///
/// # Errors
/// If the port is taken or not allowed, in one sentence that says what to do.
pub async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            anyhow::bail!(
                "port {port} is taken: stop what uses it, or choose another with --port (0 picks a free one)"
            )
        }
        Err(error) => Err(error).with_context(|| format!("port {port} cannot be opened")),
    }
}

/// Serves until `stop` turns true, then answers what has begun and returns, at the latest after
/// five seconds.
pub async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: it passes as connections close.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Small answers wait for nothing.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |request| answer(router.clone(), peer, request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(PATIENCE, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!(
            "some requests were still unanswered after {} seconds",
            PATIENCE.as_secs()
        );
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the connection was dropped on purpose")]
struct DroppedOnPurpose;

async fn answer(
    router: Router,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Body>, DroppedOnPurpose> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer.ip()));
    let response: Result<_, Infallible> = router.oneshot(request).await;
    let Ok(response) = response;
    if response.extensions().get::<Dropped>().is_some() {
        return Err(DroppedOnPurpose);
    }
    Ok(response)
}
