//! The listener for Prometheus.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::routing::get;

use super::control::Control;
use super::health::probes;
use crate::telemetry::Metrics;

/// `GET /metrics` in the Prometheus text format, `GET /healthz` and `GET /readyz`. Everything else answers 404.
pub fn metrics_router(control: Control) -> Router {
    let metrics = Arc::clone(&control.services.metrics);
    Router::new().route("/metrics", get(show)).with_state(metrics).merge(probes(control))
}

async fn show(State(metrics): State<Arc<Metrics>>, headers: HeaderMap) -> impl IntoResponse {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let (kind, text) = metrics.expose(accept);
    ([(header::CONTENT_TYPE, kind)], text)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio::sync::watch;

    use super::*;
    use crate::admin::{ConfigDesk, serve_admin};
    use crate::proxy::test_services;

    #[tokio::test]
    async fn metrics_have_a_listener_of_their_own() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopping) = watch::channel(false);
        let dir = tempfile::tempdir().unwrap();
        let (services, runtime) = test_services(dir.path());
        let control = Control::new(services, runtime, ConfigDesk::reloading(Arc::new(|| Ok(()))));
        let served = tokio::spawn(serve_admin(listener, metrics_router(control), stopping));
        let client = crate::inference::plain_builder().build().unwrap();
        let get = async |path: &str| {
            let response = client.get(format!("{base}{path}")).send().await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        };
        assert!(get("/metrics").await.1.contains("memgate_build_info"));
        assert_eq!(get("/healthz").await, (200, "ok\n".to_owned()));
        let (status, told) = get("/readyz").await;
        assert!(status == 503 && told.contains("0 of 0 are well"), "{told}");
        assert_eq!(get("/v1/status").await.0, 404);
        stop.send(true).unwrap();
        served.await.unwrap();
    }
}
