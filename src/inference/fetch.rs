//! Documents by `GET`: lists of models, key sets.

use std::sync::OnceLock;
use std::time::Duration;

use http::header::{ACCEPT, CACHE_CONTROL};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::InferenceError;
use super::client::{build, read_within, send};

/// Fetches documents. Its connections are set up when they are first needed, and kept. No redirect is followed, so that a document
/// comes from the host that was asked.
#[derive(Debug)]
pub struct Fetcher {
    deadline: Duration,
    limit: usize,
    plain: OnceLock<reqwest::Client>,
    encrypted: OnceLock<reqwest::Client>,
}

/// A document as it came.
#[derive(Debug, PartialEq, Eq)]
pub struct Document {
    pub bytes: Vec<u8>,
    /// For how long the server says that it is good (`Cache-Control`, RFC 9111); zero where it must not be kept.
    pub max_age: Option<Duration>,
}

impl Fetcher {
    /// A fetch may take `deadline`, from connecting to the last byte, and a document may have `limit` bytes.
    #[must_use]
    pub fn new(deadline: Duration, limit: usize) -> Self {
        Self { deadline, limit, plain: OnceLock::new(), encrypted: OnceLock::new() }
    }

    /// The document at an `http://` or `https://` address, asked for with the header that holds a key.
    ///
    /// # Errors
    /// When it cannot be had within the deadline and the size.
    pub async fn get(&self, address: &str, key: Option<(&HeaderName, &HeaderValue)>) -> Result<Document, InferenceError> {
        let headers = key.map(|(name, value)| (name.clone(), value.clone()));
        self.get_with(address, headers.into_iter().collect()).await
    }

    /// The same, with these headers.
    ///
    /// # Errors
    /// As [`Fetcher::get`].
    pub async fn get_with(&self, address: &str, headers: HeaderMap) -> Result<Document, InferenceError> {
        let encrypted = address.starts_with("https://");
        let cell = if encrypted { &self.encrypted } else { &self.plain };
        let client = if let Some(client) = cell.get() {
            client
        } else {
            let built = build(encrypted, self.deadline)?;
            cell.get_or_init(|| built)
        };
        let request = client.get(address).header(ACCEPT, "application/json").headers(headers);
        let response = send(request).await?;
        let max_age = max_age(response.headers());
        Ok(Document { bytes: read_within(response, self.limit).await?, max_age })
    }
}

fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut ages = lines.flat_map(|line| line.split(',')).filter_map(|directive| {
        let directive = directive.trim().to_ascii_lowercase();
        if directive == "no-store" || directive == "no-cache" {
            return Some(0);
        }
        directive.strip_prefix("max-age=")?.trim_matches('"').parse().ok()
    });
    ages.by_ref().min().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{StatusCode, header};
    use axum::response::IntoResponse;
    use futures::stream;

    use super::*;
    use crate::inference::fake::serve;

    fn fetcher() -> Fetcher {
        Fetcher::new(Duration::from_secs(5), 4 << 20)
    }

    #[tokio::test]
    async fn documents_are_fetched_with_the_key() {
        let (base, seen) = serve(|_| "a document".into_response()).await;
        let key = (header::AUTHORIZATION, HeaderValue::from_static("Bearer sk-own"));
        let fetcher = fetcher();
        let document = fetcher.get(&format!("{base}models"), Some((&key.0, &key.1))).await;
        assert_eq!(document, Ok(Document { bytes: b"a document".to_vec(), max_age: None }));
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
            assert_eq!(fetcher().get(address, None).await, Err(expected), "{address}");
        }
    }

    #[test]
    fn the_shortest_age_counts() {
        for (text, seconds) in [
            ("public, max-age=3600", Some(3600)),
            ("Max-Age=\"60\"", Some(60)),
            ("max-age=3600, no-cache", Some(0)),
            ("no-store", Some(0)),
            ("public", None),
            ("max-age=soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(text));
            assert_eq!(max_age(&headers), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
