//! An endpoint in the process of the tests.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use axum::{Router, routing::any};
use parking_lot::Mutex;
use serde_json::Value;

/// A call as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Value,
}

pub(crate) type Seen = Arc<Mutex<Vec<Asked>>>;

/// Answers every call as `reply` says. Gives the base of the API and what was asked.
pub(crate) async fn serve(reply: impl Fn(&Value) -> Response + Clone + Send + Sync + 'static) -> (String, Seen) {
    let seen = Seen::default();
    let log = seen.clone();
    let answer = async move |uri: Uri, headers: HeaderMap, body: Bytes| {
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let key = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
        let response = reply(&body);
        log.lock().push(Asked { path: uri.path().to_owned(), key, body });
        response
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(any(answer))).await });
    (base, seen)
}
