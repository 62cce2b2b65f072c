//! What is looked at before anybody is known: by which name the listener was called, and which page sent the request. And the
//! headers that every answer has.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};

use crate::admin::Problem;

/// Nothing but what memgate serves itself, framed by nobody.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                              form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Headers of every answer. With the referrer policy `no-referrer` browsers would send `Origin: null` with memgate's own forms
/// (Fetch standard, "append a request `Origin` header"); `same-origin` tells other sites as little.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// Sets the headers of every answer. What may be cached says so itself.
pub(super) fn seal(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// Whether a method changes nothing (RFC 9110, section 9.2.1).
pub(super) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// By which names the listener may be called.
#[derive(Debug, Clone, Default)]
pub(super) struct Hosts {
    /// None: where it listens is not known.
    pub listen: Option<SocketAddr>,
    /// In lower case.
    pub names: Vec<String>,
}

impl Hosts {
    /// Refuses requests for names that are not memgate's: a page whose name was changed to this address has the name still
    /// (DNS rebinding).
    pub(super) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let mut sent = headers.get_all(header::HOST).iter();
        let host = match (sent.next(), sent.next()) {
            (Some(host), None) => host.to_str().unwrap_or_default(),
            // Two of them: somebody in between may have looked at the other one.
            _ => "",
        };
        let named = [Some(host), uri.authority().map(axum::http::uri::Authority::as_str)];
        if named.into_iter().flatten().all(|host| self.is_own(host)) {
            return Ok(());
        }
        let detail =
            "This is not the name of this memgate. Call it by its address or as localhost, or add the name to `admin.hosts`.";
        Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "host_unknown", detail))
    }

    fn is_own(&self, authority: &str) -> bool {
        let Some(host) = host_of(authority) else { return false };
        if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            // No name leads to an address, so no name can be changed to lead here. Where every address is listened at, any may be.
            return address.is_loopback() || self.listen.is_some_and(|own| own.ip() == address || own.ip().is_unspecified());
        }
        host == "localhost" || self.names.contains(&host)
    }
}

/// The host of `host:port`, in lower case. IPv6 keeps its brackets.
fn host_of(authority: &str) -> Option<String> {
    let port_at = match authority.rfind(']') {
        Some(end) => authority[end..].find(':').map(|at| end + at),
        None => authority.rfind(':'),
    };
    let (host, port) = port_at.map_or((authority, None), |at| (&authority[..at], Some(&authority[at + 1..])));
    let plain = !host.is_empty() && !host.contains(['@', '/', '\\']) && port.is_none_or(|port| port.parse::<u16>().is_ok());
    plain.then(|| host.trim_end_matches('.').to_ascii_lowercase())
}

/// Whether a browser sent the request: programs send neither header unless they mean to.
pub(super) fn is_browser(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN)
}

/// Refuses what another site's page had a browser send: everything that changes something, and everything that is no mere visit
/// by a link. By fetch metadata (W3C), and where a browser sends none, by `Origin`.
pub(super) fn check_site(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let own = match (text("sec-fetch-site"), text("origin")) {
        (Some("same-origin" | "none"), _) | (None, None) => true,
        (Some(_), _) => {
            is_safe(method) && text("sec-fetch-mode") == Some("navigate") && text("sec-fetch-dest") == Some("document")
        }
        (None, Some(origin)) => is_own_origin(origin, text("host").unwrap_or_default()),
    };
    if own {
        return Ok(());
    }
    let detail = "Another site's page sent this. Go to memgate's own page and do it there.";
    Err(Problem::new(StatusCode::FORBIDDEN, "cross_site", detail))
}

/// `http://HOST:PORT` against the header `Host`, which was checked.
fn is_own_origin(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    matches!(scheme, "http" | "https") && authority.eq_ignore_ascii_case(host)
}

/// Whether TLS is in front: what is there says so, or the browser that speaks to it. It decides on nothing but cookies, which
/// whoever lies about it gets for themselves alone.
pub(super) fn is_encrypted(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let forwarded = text("x-forwarded-proto").split(',').next().unwrap_or_default().trim();
    forwarded.eq_ignore_ascii_case("https") || text("origin").starts_with("https://")
}

#[cfg(test)]
#[path = "screen_tests.rs"]
mod tests;
