//! Pages in browsers: which of them may call memgate, and what their browsers are told (the CORS protocol of the Fetch standard).
//!
//! A browser sends a page's simple requests to any site and only keeps the answer from the page. Where memgate knows people by
//! their address, or serves the unnamed, such a request would be served in their name. So a request that says it comes from a
//! page is served only if the page is a listed one or memgate's own host's, or if it carries a key: no page can
//! send one without asking first, and memgate tells only listed pages that they may.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Duration;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
    CACHE_CONTROL, HOST, ORIGIN, VARY,
};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;
use schemars::JsonSchema;
use serde::Deserialize;

use super::exchange::Exchange;
use super::receive::{linger, settle_body};
use super::respond::REQUEST_ID;
use crate::enforce::Refusal;
use crate::identity::header::carries_credential;
use crate::setting::{Faults, Span};
use crate::telemetry::RouteLabel;
use crate::telemetry::audit::Outcome;

/// Headers that pages of chat clients and the client libraries in them send.
const HEADERS: &[&str] = &[
    "accept",
    "accept-language",
    "api-key",
    "authorization",
    "cache-control",
    "content-language",
    "content-type",
    "http-referer",
    "idempotency-key",
    "last-event-id",
    "range",
    "user-agent",
    "x-api-key",
    "x-memgate-session",
    "x-request-id",
    "x-requested-with",
    "x-title",
];
/// Beginnings of further ones.
const FAMILIES: &[&str] = &["anthropic-", "openai-", "x-stainless-"];
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
/// What pages may read of an answer's header beside what browsers always show.
const EXPOSED: &str = "x-memgate-request-id, x-memgate-session, x-memgate-advice, x-memgate-key-source, x-memgate-budget, retry-after, request-id, x-request-id";
/// Asked for, and answered, where a page of the wider network calls a host of a narrower one (Private Network Access).
const REQUEST_PRIVATE_NETWORK: &str = "access-control-request-private-network";
const ALLOW_PRIVATE_NETWORK: &str = "access-control-allow-private-network";

/// Pages that may call memgate from a browser.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CorsFile {
    /// Origins of those pages, such as `https://chat.example.com`: scheme, host and, unless it is the scheme's own, port. Compared as
    /// a whole.
    pub origins: Vec<String>,
    /// Request headers that they may send beside those of the chat APIs.
    pub headers: Vec<String>,
    /// Whether their browsers may add cookies and client certificates. Off by default: keys need neither.
    pub credentials: bool,
    /// How long browsers may remember the answer to a preflight. Default 1h.
    pub max_age: Option<Span>,
}

/// Pages that may call memgate from a browser.
#[derive(Debug, Clone, Default)]
pub struct CorsSettings {
    origins: HashSet<String>,
    headers: Vec<String>,
    credentials: bool,
    max_age: Duration,
}

impl CorsFile {
    /// Checks every origin and header name.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> CorsSettings {
        let mut origins = HashSet::new();
        for (index, text) in self.origins.iter().enumerate() {
            match parse_origin(text) {
                Ok(origin) => _ = origins.insert(origin),
                Err((reason, remedy)) => faults.add(format!("{path}.origins[{index}]"), format!("`{text}` {reason}"), remedy),
            }
        }
        for (index, name) in self.headers.iter().enumerate() {
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                let remedy = "write a name of letters, digits and hyphens, such as X-Staff-Id; there is no word for all of them";
                faults.add(format!("{path}.headers[{index}]"), format!("`{name}` is no header name"), remedy);
            }
        }
        CorsSettings {
            origins,
            headers: self.headers.iter().map(|name| name.to_ascii_lowercase()).collect(),
            credentials: self.credentials,
            max_age: self.max_age.map_or(Duration::from_hours(1), |Span(age)| age),
        }
    }
}

/// An origin as browsers write it (RFC 6454, section 6.2): in lower case, without the scheme's own port.
fn parse_origin(text: &str) -> Result<String, (&'static str, &'static str)> {
    match text {
        "*" => {
            return Err((
                "would let every page on the web in",
                "list the pages' origins one by one, such as https://chat.example.com",
            ));
        }
        "null" => {
            let remedy = "give the page an origin: serve it by HTTP, or register a scheme for the app, such as app://chat; \
                          a desktop app that sends a key is served without being listed";
            return Err(("is what every sandboxed page sends, a hostile one too", remedy));
        }
        // What Electron sends for a page of its own; browsers send `null` for theirs.
        "file://" => return Ok(text.to_owned()),
        _ => {}
    }
    let remedy = "write scheme, host and port, such as https://chat.example.com or http://192.168.1.5:3000";
    let no_origin = ("is no origin", remedy);
    let (scheme, authority) = text.split_once("://").ok_or(no_origin)?;
    let (scheme, authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
    let sound = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if !sound || authority.is_empty() {
        return Err(no_origin);
    }
    if authority.contains(['/', '?', '#']) {
        return Err(("has a path, which no origin has", "leave out what follows host and port, the last slash too"));
    }
    if authority.contains('*') {
        return Err(("holds a pattern", "list each origin by itself: a pattern lets in hosts that nobody meant"));
    }
    if !authority.is_ascii() {
        return Err(("holds letters beyond ASCII", "write the host as browsers send it, in punycode (xn--…)"));
    }
    let parsed: Authority = authority.parse().map_err(|_| no_origin)?;
    if authority.contains('@') || parsed.host().is_empty() || (parsed.host() != authority && parsed.port_u16().is_none()) {
        return Err(no_origin);
    }
    let own = match scheme.as_str() {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    };
    match parsed.port_u16() {
        Some(port) if Some(port) != own => Ok(format!("{scheme}://{}:{port}", parsed.host())),
        _ => Ok(format!("{scheme}://{}", parsed.host())),
    }
}

impl CorsSettings {
    /// The header names, out of those that a preflight asks for, that the page may send.
    fn permitted(&self, asked: &HeaderMap) -> String {
        let lists = asked.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter().filter_map(|list| list.to_str().ok());
        let names = lists.flat_map(|list| list.split(',')).map(|name| name.trim().to_ascii_lowercase());
        let mut permitted: Vec<String> = names.filter(|name| self.permits(name)).collect();
        permitted.dedup();
        permitted.join(", ")
    }

    fn permits(&self, name: &str) -> bool {
        let family = || FAMILIES.iter().any(|family| name.starts_with(family));
        let plain = || name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        HEADERS.contains(&name) || self.headers.iter().any(|own| own == name) || (family() && plain())
    }
}

/// Where a request says that it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Page {
    /// From no page: programs send no `Origin`.
    #[default]
    None,
    Listed(HeaderValue),
    /// Of the host that the request went to.
    Own,
    Foreign,
}

impl Page {
    /// Reads the origin. Several at once are of no listed page.
    fn of(request: &RequestHeader, cors: &CorsSettings) -> Self {
        let mut origins = request.headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => Self::None,
            (Some(origin), None) => match origin.to_str() {
                Ok(text) if cors.origins.contains(text) => Self::Listed(origin.clone()),
                Ok(text) if is_own(text, request) => Self::Own,
                _ => Self::Foreign,
            },
            (Some(_), Some(_)) => Self::Foreign,
        }
    }
}

/// Whether the origin is that of the host asked for. A name does not count: whoever owns one can have it lead here for their own
/// page (DNS rebinding), while nobody else's page comes from an address or from `localhost`.
fn is_own(origin: &str, request: &RequestHeader) -> bool {
    let host = request.headers.get(HOST).and_then(|host| host.to_str().ok());
    let Some(host) = host.or_else(|| request.uri.authority().map(Authority::as_str)) else { return false };
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let bare = authority.host().trim_start_matches('[').trim_end_matches(']');
    let fixed = bare == "localhost" || bare.parse::<IpAddr>().is_ok();
    fixed && ["http://", "https://"].iter().any(|scheme| origin.strip_prefix(scheme) == Some(host))
}

/// Notes where a request comes from, before anything is answered.
pub fn note_page(request: &RequestHeader, exchange: &mut Exchange) {
    exchange.page = Page::of(request, &exchange.runtime.cors);
}

/// Whether the request is a browser's question before a page's own (a preflight), which memgate answers by itself.
///
/// # Errors
/// The refusal of a page that is not listed. A request with a key is no page's: see above.
pub fn screen(request: &RequestHeader, exchange: &mut Exchange) -> Result<bool, Refusal> {
    let asks = request.method == Method::OPTIONS
        && request.headers.contains_key(ORIGIN)
        && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if asks {
        exchange.route = RouteLabel::Preflight;
        exchange.record.route = exchange.route.as_str();
    }
    match &exchange.page {
        Page::Listed(_) => Ok(asks),
        Page::None | Page::Own if !asks => Ok(false),
        Page::Foreign if !asks && carries_credential(&request.headers) => Ok(false),
        Page::None | Page::Own | Page::Foreign => Err(refuse_page()),
    }
}

fn refuse_page() -> Refusal {
    let message = "Pages of this origin may not call this server. If the page is yours, have its origin (scheme, host and port, as in \
                   its address) added to `cors.origins`. A program that is no page must not send an Origin header, or must send a key.";
    Refusal { status: 403, code: "origin_not_allowed", message: message.to_owned(), detail: String::new() }
}

/// Answers a preflight of a listed page, for any path: whether there is something at it, the request itself will tell.
pub async fn answer_preflight(session: &mut Session, exchange: &mut Exchange) -> pingora::Result<()> {
    let rest = settle_body(session).await;
    let asked = &session.req_header().headers;
    let cors = &exchange.runtime.cors;
    let mut header = ResponseHeader::build(StatusCode::NO_CONTENT, Some(10))?;
    header.insert_header(CACHE_CONTROL, "no-store")?;
    header.insert_header(REQUEST_ID, exchange.record.request.to_string())?;
    header.insert_header(ACCESS_CONTROL_ALLOW_METHODS, METHODS)?;
    let permitted = cors.permitted(asked);
    if !permitted.is_empty() {
        header.insert_header(ACCESS_CONTROL_ALLOW_HEADERS, permitted)?;
    }
    header.insert_header(ACCESS_CONTROL_MAX_AGE, cors.max_age.as_secs())?;
    if asked.get(REQUEST_PRIVATE_NETWORK).is_some_and(|value| value == "true") {
        header.insert_header(ALLOW_PRIVATE_NETWORK, "true")?;
    }
    mark(&mut header, exchange)?;
    header.append_header(VARY, "Access-Control-Request-Headers")?;
    exchange.record.decision = "answer";
    exchange.record.reason = "preflight";
    exchange.record.status = Some(header.status.as_u16());
    exchange.record.outcome = Outcome::Complete;
    session.write_response_header(Box::new(header), true).await?;
    if rest {
        linger(session).await;
    }
    Ok(())
}

/// Tells the browser whether the page may read this answer. Every answer passes here, whoever made it.
pub fn mark(header: &mut ResponseHeader, exchange: &Exchange) -> pingora::Result<()> {
    let cors = &exchange.runtime.cors;
    if !cors.origins.is_empty() {
        // For caches: with another origin the answer has other headers.
        header.append_header(VARY, "Origin")?;
    }
    let Page::Listed(origin) = &exchange.page else { return Ok(()) };
    header.insert_header(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone())?;
    header.insert_header(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED)?;
    if cors.credentials {
        header.insert_header(ACCESS_CONTROL_ALLOW_CREDENTIALS, "true")?;
    }
    Ok(())
}

/// Removes what the upstream tells browsers: it speaks of itself, not of memgate.
pub fn strip(header: &mut ResponseHeader) {
    let theirs = |name: &&http::HeaderName| name.as_str().starts_with("access-control-");
    let names: Vec<_> = header.headers.keys().filter(theirs).cloned().collect();
    for name in names {
        header.remove_header(&name);
    }
}

#[cfg(test)]
mod tests;
