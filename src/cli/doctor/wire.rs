//! Requests to the data listener, as clients send them.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::redirect::Policy;
use reqwest::{Method, Url, retry};
use serde_json::Value;

use super::judge::Standing;
use super::person::{Flaw, Person, Target};
use crate::cli::output::Failure;
use crate::inference::{plain_builder, tls_builder};

/// How long an answer may take: a model may have to be loaded first.
const LONGEST: Duration = Duration::from_mins(2);
/// Most bytes of an answer that are read.
const LONGEST_ANSWER: usize = 4 << 20;
/// The header that names a request.
const REQUEST_ID: &str = "x-memgate-request-id";

/// What came back.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub status: u16,
    pub request: Option<String>,
    pub text: String,
}

impl Reply {
    /// The body; nothing where it is no JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The status with the code of an error.
    pub(super) fn describe(&self) -> String {
        let body = self.json();
        // Each dialect has its place for it.
        let code =
            body["error"]["code"].as_str().or(body["error"]["type"].as_str()).or(body["error"].as_str()).unwrap_or_default();
        let said = body["error"]["message"].as_str().unwrap_or_default();
        let text: String = format!("{} {code} {said}", self.status).chars().take(400).collect();
        text.trim_end().to_owned()
    }
}

/// Where chat clients connect.
#[derive(Debug)]
pub(super) struct Wire {
    http: reqwest::Client,
    base: Url,
    /// The ids of what was asked, as memgate named it.
    asked: RefCell<Vec<String>>,
}

impl Wire {
    /// The listener at an address.
    pub(super) fn at(address: &str) -> Result<Self, Failure> {
        let base = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let base = base.ok_or_else(|| Failure::Usage("--address is no http(s)://HOST:PORT".to_owned()))?;
        let builder = if base.scheme() == "https" { tls_builder() } else { plain_builder() };
        let builder = builder.no_proxy().redirect(Policy::none()).referer(false).retry(retry::never()).timeout(LONGEST);
        Ok(Self { http: builder.build().map_err(Failure::other)?, base, asked: RefCell::default() })
    }

    /// The address of a listener in the clear, from this machine.
    pub(super) fn address_of(listen: SocketAddr) -> String {
        let ip = match listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, listen.port()))
    }

    /// The ids of all requests so far.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.borrow().clone()
    }

    /// Asks as a person, or as nobody.
    pub(super) async fn ask(
        &self,
        person: Option<&Person>,
        (method, path): (&Method, &str),
        body: Option<&Value>,
    ) -> Result<Reply, reqwest::Error> {
        let headers = |target: Target<'_>| person.map(|person| person.headers(target, Flaw::None)).unwrap_or_default();
        self.send((method, path), body, &random_word(), headers).await
    }

    /// Asks who a person is, with something wrong in the proof.
    pub(super) async fn try_as(&self, person: &Person, flaw: Flaw, nonce: &str) -> Standing {
        let get = (&Method::GET, "/memgate/v1/me");
        standing(self.send(get, None, nonce, |target| person.headers(target, flaw)).await)
    }

    /// Asks who somebody is that sends these headers.
    pub(super) async fn try_with(&self, headers: &[(&str, &str)]) -> Standing {
        let headers = || headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        standing(self.send((&Method::GET, "/memgate/v1/me"), None, "", |_| headers()).await)
    }

    async fn send(
        &self,
        (method, path): (&Method, &str),
        body: Option<&Value>,
        nonce: &str,
        headers: impl FnOnce(Target<'_>) -> Vec<(String, Vec<u8>)>,
    ) -> Result<Reply, reqwest::Error> {
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let target = Target { method: method.as_str(), path, body: &bytes, now, nonce };
        let address = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        let mut request = self.http.request(method.clone(), address);
        for (name, value) in headers(target) {
            request = request.header(name, value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json").body(bytes);
        }
        let mut response = request.send().await.map_err(reqwest::Error::without_url)?;
        let status = response.status().as_u16();
        let request = response.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
        let mut read = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
            read.extend_from_slice(&chunk);
            if read.len() > LONGEST_ANSWER {
                break;
            }
        }
        self.asked.borrow_mut().extend(request.clone());
        Ok(Reply { status, request, text: String::from_utf8_lossy(&read).into_owned() })
    }
}

fn standing(reply: Result<Reply, reqwest::Error>) -> Standing {
    match reply {
        Ok(reply) => Standing::read(reply.status, &reply.json()),
        Err(error) => Standing::Broken(error.to_string()),
    }
}

/// Sixteen random letters, which no word holds by chance.
pub(super) fn random_word() -> String {
    let mut bytes = [0; 16];
    // Without randomness the words are all alike, and the checks that tell them apart fail.
    let _ = getrandom::fill(&mut bytes);
    bytes.map(|byte| char::from(b'a' + byte % 26)).iter().collect()
}
