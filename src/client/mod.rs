//! A typed client of the admin API: over the control socket, or by an address with a token.

mod audit;
mod call;
mod decisions;
mod events;
mod installation;
mod page;
mod people;
mod sandboxes;
mod user_keys;
mod vault;

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Url, retry};
use zeroize::Zeroizing;

use crate::admin::Problem;
use crate::inference::{plain_builder, tls_builder};
use crate::setting::Secret;
pub use audit::Exported;
pub use events::{Event, Events};
pub use page::{Paged, gather};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Why the running memgate did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("no memgate answers on {}: start it with `memgate run`, or name its socket with --socket ({reason})", socket.display())]
    NotRunning { socket: PathBuf, reason: String },
    #[error("no memgate answers at {address}: {reason}")]
    Unreachable { address: String, reason: String },
    /// What was given as the address is none.
    #[error("the address {0}")]
    Address(&'static str),
    /// The token cannot stand in a header.
    #[error("the token holds characters that no token has")]
    Token,
    /// memgate said no, and why.
    #[error("{}", .0.detail)]
    Refused(Problem),
    /// Whoever answered is no memgate.
    #[error("what answered is not memgate's admin API: status {0}")]
    Foreign(u16),
    #[error("the answer is longer than {} MiB", call::LONGEST_ANSWER >> 20)]
    TooLong,
    #[error("the answer is not what this version of memgate reads: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("memgate has said nothing for too long")]
    Silent,
    #[error("the connection failed: {0}")]
    Transport(#[from] reqwest::Error),
}

/// Where the admin API is.
#[derive(Debug)]
enum Place {
    Socket(PathBuf),
    Address(Url),
}

/// A connection to a running memgate.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    place: Place,
    authorization: Option<HeaderValue>,
}

impl Client {
    /// A client of the memgate that listens on `socket`. Connects when it is first used.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(socket: &Path) -> Result<Self, ClientError> {
        let http = careful(plain_builder()).unix_socket(socket).build()?;
        Ok(Self { http, place: Place::Socket(socket.to_owned()), authorization: None })
    }

    /// A client of the memgate whose admin listener is at an `http://` or `https://` address, such as `http://127.0.0.1:9465`.
    ///
    /// # Errors
    /// When the address or the token cannot be used, or TLS has no certificates to trust in.
    pub fn at(address: &str, token: Option<&Secret>) -> Result<Self, ClientError> {
        let url = read_address(address)?;
        let builder = if url.scheme() == "https" { tls_builder() } else { plain_builder() };
        let authorization = token.map(bearer).transpose()?;
        Ok(Self { http: careful(builder).build()?, place: Place::Address(url), authorization })
    }
}

/// A token goes to the host that was named, and to no other.
fn careful(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.no_proxy().redirect(Policy::none()).referer(false).retry(retry::never()).connect_timeout(CONNECT)
}

fn bearer(token: &Secret) -> Result<HeaderValue, ClientError> {
    let text = Zeroizing::new([b"Bearer ".as_slice(), token.expose()].concat());
    let mut value = HeaderValue::from_bytes(&text).map_err(|_| ClientError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

fn read_address(address: &str) -> Result<Url, ClientError> {
    let url = Url::parse(address).map_err(|_| ClientError::Address("is no URL: write http(s)://HOST:PORT"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ClientError::Address("begins with neither http:// nor https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ClientError::Address("names a user: a token belongs into MEMGATE_ADMIN_TOKEN or a file"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(ClientError::Address("has a query or a fragment: write http(s)://HOST:PORT"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests;
