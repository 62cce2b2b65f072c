//! The admin listener's connections: bounded in number, in the time that a request's head may take, and ended in good order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// How long a request's head may take, and how long a connection may be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Most connections at once; more wait in the listener's backlog.
const CONNECTIONS: usize = 512;
/// Most bytes of a request's head.
const HEAD_SIZE: usize = 32 << 10;
/// How long running answers may take when memgate stops.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long to wait after a connection could not be accepted: descriptors may have run out.
const PAUSE: Duration = Duration::from_millis(200);

/// Serves a router on a listener until `stopping` says so.
pub async fn serve_admin(listener: TcpListener, router: Router, mut stopping: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
            listener.accept().await.map(|(stream, peer)| (place, stream, peer))
        };
        let accepted = tokio::select! {
            accepted = next => accepted,
            // A sender that is gone stops nobody any more: that is an end too.
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((place, stream, peer)) => {
                let served = graceful.watch(serve_one(stream, peer, router.clone()));
                tokio::spawn(async move {
                    // A client that breaks off is its own affair.
                    let _ = served.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection to the admin listener was not accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    // What streams for ever is cut off.
    let _ = tokio::time::timeout(LAST_WORDS, graceful.shutdown()).await;
}

/// The router is told who is at the other end.
fn serve_one(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
) -> http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>> {
    let service = TowerToHyperService::new(router.layer(Extension(ConnectInfo(peer))));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_SIZE)
        .serve_connection(TokioIo::new(stream), service)
}
