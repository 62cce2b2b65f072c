//! The listener for Prometheus.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::telemetry::Metrics;

/// `GET /metrics` in the Prometheus text format, and `GET /healthz`. Everything else answers 404.
pub fn metrics_router(metrics: Arc<Metrics>) -> Router {
    Router::new().route("/metrics", get(show)).route("/healthz", get(|| async { "ok\n" })).with_state(metrics)
}

/// Serves the metrics until `stopping` says so.
pub async fn serve_metrics(listener: TcpListener, metrics: Arc<Metrics>, mut stopping: watch::Receiver<bool>) {
    let stop = async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    if let Err(error) = axum::serve(listener, metrics_router(metrics)).with_graceful_shutdown(stop).await {
        tracing::error!(%error, "the metrics listener failed");
    }
}

async fn show(State(metrics): State<Arc<Metrics>>, headers: HeaderMap) -> impl IntoResponse {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let (kind, text) = metrics.expose(accept);
    ([(header::CONTENT_TYPE, kind)], text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn metrics_have_a_listener_of_their_own() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopping) = watch::channel(false);
        let served = tokio::spawn(serve_metrics(listener, Arc::new(Metrics::new().unwrap()), stopping));
        let client = crate::inference::plain_builder().build().unwrap();
        let get = async |path: &str| {
            let response = client.get(format!("{base}{path}")).send().await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        };
        assert!(get("/metrics").await.1.contains("memgate_build_info"));
        assert_eq!(get("/healthz").await, (200, "ok\n".to_owned()));
        assert_eq!(get("/v1/status").await.0, 404);
        stop.send(true).unwrap();
        served.await.unwrap();
    }
}
