//! One connection pool to one endpoint, and the one way in which a call is made.

use std::time::Duration;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, RequestBuilder, Response, retry};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Endpoint, InferenceError};

/// How long connecting may take; the call's own deadline counts as well.
const CONNECT: Duration = Duration::from_secs(5);
/// Idle connections kept.
const IDLE: usize = 4;

/// Calls one endpoint. A cheap handle: clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    endpoint: Endpoint,
    authorization: Option<HeaderValue>,
    timeout: Duration,
}

impl Client {
    /// A client whose calls may take `timeout` each, from connecting to the last byte.
    ///
    /// # Errors
    /// [`InferenceError::Setup`] where the key cannot stand in a header, or TLS has no certificates to trust in.
    pub fn new(endpoint: Endpoint, timeout: Duration) -> Result<Self, InferenceError> {
        let authorization = match endpoint.key() {
            None => None,
            Some(key) => {
                let text = zeroize::Zeroizing::new([b"Bearer ".as_slice(), key.expose()].concat());
                let mut value = HeaderValue::from_bytes(&text).map_err(|_| InferenceError::Setup)?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let http = build(endpoint.is_encrypted(), timeout)?;
        Ok(Self { http, endpoint, authorization, timeout })
    }

    /// How long a call may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Posts `body` as JSON and reads an answer of at most `limit` bytes.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        call: &str,
        body: &impl Serialize,
        limit: usize,
    ) -> Result<T, InferenceError> {
        let mut request = self.http.post(self.endpoint.address(call)).json(body);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let bytes = read_within(send(request).await?, limit).await?;
        serde_json::from_slice(&bytes).map_err(|_| InferenceError::Malformed)
    }
}

/// Connections whose calls may take `timeout` each, from connecting to the last byte.
pub(super) fn build(encrypted: bool, timeout: Duration) -> Result<reqwest::Client, InferenceError> {
    let builder = if encrypted { tls_builder() } else { plain_builder() };
    builder
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .retry(retry::never())
        .connect_timeout(CONNECT.min(timeout))
        .timeout(timeout)
        .pool_max_idle_per_host(IDLE)
        .build()
        .map_err(|_| InferenceError::Setup)
}

/// Sends a request. Its answer, if it is a good one.
pub(super) async fn send(request: RequestBuilder) -> Result<Response, InferenceError> {
    let response = request.send().await.map_err(classify)?;
    let status = response.status();
    if status.is_success() { Ok(response) } else { Err(InferenceError::Status(status.as_u16())) }
}

/// A client that trusts no certificate: for `http://` and local sockets. It needs none to be installed.
pub fn plain_builder() -> ClientBuilder {
    install_ring();
    ClientBuilder::new().tls_certs_only([])
}

/// A client that trusts the certificates of the system.
pub fn tls_builder() -> ClientBuilder {
    install_ring();
    ClientBuilder::new()
}

/// Has rustls use ring, as pingora does. An error means that this was done before.
fn install_ring() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

pub(super) async fn read_within(mut response: Response, limit: usize) -> Result<Vec<u8>, InferenceError> {
    let announced = response.content_length().map_or(0, |n| usize::try_from(n).unwrap_or(usize::MAX));
    if announced > limit {
        return Err(InferenceError::TooLarge);
    }
    let mut bytes = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(classify)? {
        if bytes.len() + chunk.len() > limit {
            return Err(InferenceError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[expect(clippy::needless_pass_by_value, reason = "the error's text names the address; it goes no further")]
fn classify(error: reqwest::Error) -> InferenceError {
    if error.is_timeout() {
        InferenceError::Timeout
    } else if error.is_connect() {
        InferenceError::Unreachable
    } else {
        InferenceError::Broken
    }
}
