//! One call: its address, what goes along, and how its answer is read.

use std::error::Error;
use std::time::Duration;

use http::header::AUTHORIZATION;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Client, ClientError, Place};
use crate::admin::{Problem, REASON_HEADER};

/// Most bytes of an answer.
pub(super) const LONGEST_ANSWER: usize = 64 << 20;
/// How long a question may take, and a change: some go through all files.
const LONGEST_QUESTION: Duration = Duration::from_mins(2);
const LONGEST_CHANGE: Duration = Duration::from_mins(15);

impl Client {
    /// A request for a path below `/v1`.
    pub(super) fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let longest = if method == Method::GET { LONGEST_QUESTION } else { LONGEST_CHANGE };
        self.endless(method, path).timeout(longest)
    }

    /// A request whose answer may go on and on.
    pub(super) fn endless(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let request = self.http.request(method, address(&self.place, path));
        match &self.authorization {
            Some(authorization) => request.header(AUTHORIZATION, authorization.clone()),
            None => request,
        }
    }

    /// What is at a path, as far as the query says.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &impl Serialize) -> Result<T, ClientError> {
        self.json(self.request(Method::GET, path).with_query(query)?).await
    }

    pub(super) async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        Ok(serde_json::from_slice(&read(self.send(request).await?).await?)?)
    }

    /// Sends what has no answer but that it was done.
    pub(super) async fn done(&self, request: RequestBuilder) -> Result<(), ClientError> {
        self.send(request).await.map(drop)
    }

    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().await.map_err(|source| self.explain(source))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = read(response).await?;
        Err(serde_json::from_slice::<Problem>(&body).map_or(ClientError::Foreign(status.as_u16()), ClientError::Refused))
    }

    fn explain(&self, source: reqwest::Error) -> ClientError {
        if !source.is_connect() {
            return ClientError::Transport(source.without_url());
        }
        let reason = root_cause(&source);
        match &self.place {
            Place::Socket(socket) => ClientError::NotRunning { socket: socket.clone(), reason },
            Place::Address(url) => ClientError::Unreachable { address: url.to_string(), reason },
        }
    }
}

/// What goes along with a request.
pub(super) trait Along: Sized {
    /// Members of an object as a query; what is not said stays out.
    fn with_query(self, query: &impl Serialize) -> Result<Self, ClientError>;
    /// Why somebody looks at or changes what is remembered of a person: UTF-8, percent-encoded.
    fn with_reason(self, reason: &str) -> Self;
}

impl Along for RequestBuilder {
    fn with_query(self, query: &impl Serialize) -> Result<Self, ClientError> {
        let (client, request) = self.build_split();
        let mut request = request?;
        if let serde_json::Value::Object(members) = serde_json::to_value(query)? {
            let mut pairs = request.url_mut().query_pairs_mut();
            for (name, value) in &members {
                match value {
                    serde_json::Value::Null => {}
                    serde_json::Value::String(text) => drop(pairs.append_pair(name, text)),
                    other => drop(pairs.append_pair(name, &other.to_string())),
                }
            }
        }
        if request.url().query() == Some("") {
            request.url_mut().set_query(None);
        }
        Ok(Self::from_parts(client, request))
    }

    fn with_reason(self, reason: &str) -> Self {
        self.header(REASON_HEADER, percent_encode(reason))
    }
}

/// Letters, digits and `-._~` stay (RFC 3986, unreserved).
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
    }
    encoded
}

async fn read(mut response: Response) -> Result<Vec<u8>, ClientError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        if bytes.len() + chunk.len() > LONGEST_ANSWER {
            return Err(ClientError::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// What the system said, beneath the layers of the HTTP client.
fn root_cause(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), root_cause)
}

/// The address of a path below `/v1`; its parts are encoded, whatever they hold.
fn address(place: &Place, path: &[&str]) -> Url {
    let mut url = match place {
        Place::Address(url) => url.clone(),
        // The host is not used: the socket is.
        Place::Socket(_) => Url::parse("http://memgate").unwrap_or_else(|_| unreachable!("the address is a constant")),
    };
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push("v1").extend(path);
    }
    url
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::admin::api::{FactFilter, UserFilter};
    use crate::identity::percent_decode;

    #[test]
    fn whatever_a_name_holds_stays_one_part_of_the_path() {
        let socket = Place::Socket(PathBuf::new());
        let path = |parts: &[&str]| address(&socket, parts).path().to_owned();
        assert_eq!(path(&["users", "acme:a/b ../?#ü", "ratchet"]), "/v1/users/acme:a%2Fb%20..%2F%3F%23%C3%BC/ratchet");
        let below = Place::Address(Url::parse("https://host/memgate/").unwrap());
        assert_eq!(address(&below, &["status"]).as_str(), "https://host/memgate/v1/status");
    }

    #[test]
    fn a_query_holds_what_was_said_and_no_more() {
        let client = Client::new(&PathBuf::from("/nowhere")).unwrap();
        let query = |request: RequestBuilder| request.build().unwrap().url().query().map(str::to_owned);
        let users = || client.request(Method::GET, &["users"]);
        assert_eq!(query(users().with_query(&UserFilter::default()).unwrap()), None);
        let filter = FactFilter { search: Some("a&b=c d".to_owned()), limit: Some(7), ..FactFilter::default() };
        assert_eq!(query(users().with_query(&filter).unwrap()).as_deref(), Some("history=false&limit=7&search=a%26b%3Dc+d"));
    }

    #[test]
    fn a_reason_comes_through_a_header_as_it_was_written() {
        for reason in ["ticket 7", "Anfrage nach Art. 15 – Zoë bat darum", "100% \"sure\"\u{1b}\n", ""] {
            let encoded = percent_encode(reason);
            assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic()), "{encoded}");
            assert_eq!(percent_decode(encoded.as_bytes()).unwrap(), reason.as_bytes());
        }
    }
}
