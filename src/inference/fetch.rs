//! Documents of model backends: one GET each.

use std::sync::OnceLock;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::InferenceError;
use super::client::{build, receive};

/// How long fetching a document may take, from connecting to the last byte.
const DEADLINE: Duration = Duration::from_secs(5);
/// Largest document, in bytes. The longest lists of models have some hundred thousand.
const DOCUMENT: usize = 4 << 20;

/// Fetches documents. Its connections are set up when they are first needed, and kept.
#[derive(Debug, Default)]
pub struct Fetcher {
    plain: OnceLock<reqwest::Client>,
    encrypted: OnceLock<reqwest::Client>,
}

impl Fetcher {
    /// The document at an `http://` or `https://` address, asked for with the header that holds the backend's key.
    ///
    /// # Errors
    /// When it cannot be had within the deadline and the size.
    pub async fn get(&self, address: &str, key: Option<(&HeaderName, &HeaderValue)>) -> Result<Vec<u8>, InferenceError> {
        let encrypted = address.starts_with("https://");
        let cell = if encrypted { &self.encrypted } else { &self.plain };
        let client = if let Some(client) = cell.get() {
            client
        } else {
            let built = build(encrypted, DEADLINE)?;
            cell.get_or_init(|| built)
        };
        let mut request = client.get(address);
        if let Some((name, value)) = key {
            request = request.header(name.clone(), value.clone());
        }
        receive(request, DOCUMENT).await
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{StatusCode, header};
    use axum::response::IntoResponse;
    use futures::stream;

    use super::*;
    use crate::inference::fake::serve;

    #[tokio::test]
    async fn documents_are_fetched_with_the_key() {
        let (base, seen) = serve(|_| "a document".into_response()).await;
        let key = (header::AUTHORIZATION, HeaderValue::from_static("Bearer sk-own"));
        let fetcher = Fetcher::default();
        let document = fetcher.get(&format!("{base}models"), Some((&key.0, &key.1))).await;
        assert_eq!(document.as_deref(), Ok(&b"a document"[..]));
        fetcher.get(&format!("{base}models"), None).await.unwrap();
        let asked: Vec<_> = seen.lock().iter().map(|asked| (asked.path.clone(), asked.key.clone())).collect();
        let path = "/v1/models".to_owned();
        assert_eq!(asked, [(path.clone(), Some("Bearer sk-own".to_owned())), (path, None)]);
    }

    #[tokio::test]
    async fn what_is_no_document_is_refused() {
        let moved = || (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")], "").into_response();
        let piece = || Ok::<_, std::io::Error>(vec![b'x'; 1 << 20]);
        let (redirecting, _) = serve(move |_| moved()).await;
        let (endless, _) = serve(move |_| Body::from_stream(stream::repeat_with(piece)).into_response()).await;
        for (address, expected) in [
            (redirecting.as_str(), InferenceError::Status(302)),
            (endless.as_str(), InferenceError::TooLarge),
            ("http://127.0.0.1:1/x", InferenceError::Unreachable),
        ] {
            assert_eq!(Fetcher::default().get(address, None).await, Err(expected), "{address}");
        }
    }
}
