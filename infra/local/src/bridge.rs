//! A second way in, for containers: what comes to an address of this machine goes on to loopback.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Context as _, ensure};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Takes a port of an address that only this machine and its containers reach.
///
/// # Errors
/// If the address is one that others can reach, is not this machine's, or the port is taken there.
pub async fn bind(address: Ipv4Addr, port: u16) -> anyhow::Result<TcpListener> {
    ensure!(
        address.is_loopback() || address.is_private(),
        "{address} is no private address: the stand-ins ask nobody who they are"
    );
    TcpListener::bind(SocketAddr::from((address, port)))
        .await
        .with_context(|| {
            format!("port {port} of {address} cannot be opened: is that Docker's bridge? `ip address show docker0` tells")
        })
}

/// Hands what comes in to the same port of loopback, until it is dropped.
pub async fn forward(listener: TcpListener) {
    let Ok(SocketAddr::V4(here)) = listener.local_addr() else {
        return;
    };
    let inside = (IpAddr::V4(Ipv4Addr::LOCALHOST), here.port());
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = open.join_next() => continue,
        };
        match accepted {
            Ok((mut outer, _)) => {
                open.spawn(async move {
                    // Who hangs up early is the other side's affair.
                    if let Ok(mut inner) = TcpStream::connect(inside).await {
                        let _ = copy_bidirectional(&mut outer, &mut inner).await;
                    }
                });
            }
            Err(error) => tracing::warn!(%error, "a connection could not be accepted"),
        }
    }
}
