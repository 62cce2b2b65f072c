//! Documents that are fetched by `GET`, again and again, such as key sets.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;
use http::header::{ACCEPT, CACHE_CONTROL};
use reqwest::redirect::Policy;
use reqwest::{Url, retry};

use super::InferenceError;
use super::client::{classify, plain_builder, read_within, tls_builder};

/// Where a document is: `https://`, or `http://` with a loopback address, since whoever can change it in between would be believed.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentUrl(Url);

impl DocumentUrl {
    /// # Errors
    /// What is wrong with the URL, as a predicate of it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url: Url = text.parse().map_err(|error| format!("is no URL: {error}"))?;
        // A name such as `localhost` may lead anywhere.
        let loopback = match url.host_str().map(|host| host.trim_matches(['[', ']']).parse::<std::net::IpAddr>()) {
            Some(Ok(address)) => address.is_loopback(),
            _ => false,
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err("is not encrypted, and its host is no loopback address".to_owned()),
            _ => return Err("does not start with https://".to_owned()),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("holds credentials".to_owned());
        }
        if url.fragment().is_some() {
            return Err("has a fragment".to_owned());
        }
        Ok(Self(url))
    }
}

impl fmt::Debug for DocumentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.as_str())
    }
}

/// A document as it came.
#[derive(Debug)]
pub struct Document {
    pub bytes: Vec<u8>,
    /// For how long the server says that it is good (`Cache-Control`, RFC 9111); zero where it must not be kept.
    pub max_age: Option<Duration>,
}

/// Fetches one document. No redirect is followed, so that it comes from the host that was asked.
#[derive(Debug, Clone)]
pub struct DocumentClient {
    http: reqwest::Client,
    url: DocumentUrl,
}

impl DocumentClient {
    /// A client whose fetches may take `timeout` each, from connecting to the last byte.
    ///
    /// # Errors
    /// [`InferenceError::Setup`] where TLS has no certificates to trust in.
    pub fn new(url: DocumentUrl, timeout: Duration) -> Result<Self, InferenceError> {
        let builder = if url.0.scheme() == "https" { tls_builder() } else { plain_builder() };
        let http = builder
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .retry(retry::never())
            .timeout(timeout)
            // Fetches are far apart.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|_| InferenceError::Setup)?;
        Ok(Self { http, url })
    }

    /// Fetches the document, of at most `limit` bytes.
    ///
    /// # Errors
    /// Where it does not come whole, in time and with a status of success.
    pub async fn fetch(&self, limit: usize) -> Result<Document, InferenceError> {
        let request = self.http.get(self.url.0.clone()).header(ACCEPT, "application/json");
        let response = request.send().await.map_err(classify)?;
        let status = response.status();
        if !status.is_success() {
            return Err(InferenceError::Status(status.as_u16()));
        }
        let max_age = max_age(response.headers());
        Ok(Document { bytes: read_within(response, limit).await?, max_age })
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
    use http::HeaderValue;

    use super::*;

    #[test]
    fn documents_come_encrypted_or_from_this_machine() {
        for good in ["https://id.example.com/jwks", "https://id.example.com/k?p=1", "http://127.0.0.1:9/k", "http://[::1]:9/k"] {
            assert!(DocumentUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://id.example.com/jwks",
            "http://localhost:9/k",
            "http://10.0.0.1/k",
            "http://127.0.0.1.example.com/k",
            "https://user:secret@id.example.com/k",
            "https://id.example.com/k#f",
            "file:///etc/passwd",
            "jwks",
            "",
        ] {
            assert!(DocumentUrl::parse(bad).is_err(), "{bad}");
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
