//! The upstream's side of a request: which backend, at which address, and the header it gets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Uri};
use pingora::http::RequestHeader;
use pingora::protocols::ALPN;
use pingora::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy};
use pingora::{Error, ErrorType, OrErr, Result};

use super::exchange::Forwarding;
use super::settings::{Limits, Origin, Upstream};
use crate::identity::Resolver;

/// How long a resolved host name is used before it is looked up again.
const RESOLVED_FOR: Duration = Duration::from_secs(30);

/// Addresses of upstreams: the demo backend's, and those of host names looked up lately.
#[derive(Debug)]
pub struct Addresses {
    demo: SocketAddr,
    resolved: DashMap<(String, u16), (Vec<SocketAddr>, Instant)>,
}

impl Addresses {
    #[must_use]
    pub fn new(demo: SocketAddr) -> Self {
        Self { demo, resolved: DashMap::new() }
    }

    /// The address for this attempt, counted from zero: of a host name with several (`localhost` is `::1` and `127.0.0.1`), each
    /// attempt takes the next.
    async fn find(&self, origin: &Origin, attempt: usize) -> Result<SocketAddr> {
        let Origin::Remote { host, port, .. } = origin else { return Ok(self.demo) };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(ip) = bare.parse() {
            return Ok(SocketAddr::new(ip, *port));
        }
        let key = (host.clone(), *port);
        let nth = |addresses: &[SocketAddr]| addresses.get(attempt % addresses.len().max(1)).copied();
        let known = self.resolved.get(&key).filter(|known| known.1.elapsed() < RESOLVED_FOR).and_then(|known| nth(&known.0));
        if let Some(known) = known {
            return Ok(known);
        }
        let found = tokio::net::lookup_host((bare, *port))
            .await
            .or_err_with(ErrorType::ConnectNoRoute, || format!("cannot resolve {host}"))?;
        let found: Vec<SocketAddr> = found.collect();
        let address = nth(&found).ok_or_else(|| Error::explain(ErrorType::ConnectNoRoute, format!("{host} has no address")))?;
        self.resolved.insert(key, (found, Instant::now()));
        Ok(address)
    }

    /// The peer to connect to for `upstream`, at this attempt.
    pub async fn peer(&self, upstream: &Upstream, limits: &Limits, attempt: usize) -> Result<Box<HttpPeer>> {
        let address = self.find(&upstream.origin, attempt).await.map_err(Error::into_up)?;
        let (tls, name) = match &upstream.origin {
            Origin::Remote { tls, host, .. } => (*tls, host.clone()),
            Origin::Demo => (false, String::new()),
        };
        let mut peer = HttpPeer::new(address, tls, name);
        peer.options.connection_timeout = Some(limits.connect_timeout);
        peer.options.total_connection_timeout = Some(limits.connect_timeout * 2);
        peer.options.read_timeout = Some(upstream.read_timeout);
        peer.options.write_timeout = Some(upstream.read_timeout);
        peer.options.idle_timeout = Some(Duration::from_mins(1));
        peer.options.http_upstream_request_policy = HttpUpstreamRequestPolicy::deny_upgrades();
        peer.options.alpn = match (upstream.http2, tls) {
            (true, false) => ALPN::H2,
            (true, true) => ALPN::H2H1,
            (false, _) => ALPN::H1,
        };
        Ok(Box::new(peer))
    }
}

/// The upstream that serves `model`, or the first one where the request names no model.
#[must_use]
pub fn choose<'a>(upstreams: &'a [Arc<Upstream>], model: Option<&str>) -> Option<&'a Arc<Upstream>> {
    match model {
        Some(model) => upstreams.iter().find(|upstream| upstream.serves(model)),
        None => upstreams.first(),
    }
}

/// The path behind the API's version segment, or `None` where memgate forwards nothing.
///
/// A prefix before the version segment (`/openai/v1/…`) is the client's own and falls away; the upstream has its own base.
#[must_use]
pub fn api_path(path: &str) -> Option<&str> {
    let rest = match path.find("/v1/") {
        Some(at) => &path[at + 3..],
        None => ["/chat/completions", "/completions", "/embeddings", "/models"]
            .into_iter()
            .find(|known| path.strip_suffix('/').unwrap_or(path) == *known)?,
    };
    let trimmed = rest.strip_suffix('/').unwrap_or(rest);
    (!trimmed.is_empty()).then_some(trimmed)
}

/// Whether the path lists models, or shows one: a client may ask for it on its own behalf.
#[must_use]
pub fn lists_models(method: &str, api_path: &str) -> bool {
    let model = api_path.strip_prefix("/models");
    method == "GET" && model.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('/').is_some_and(|id| !id.contains('/')))
}

/// Rewrites the header for the upstream: its own path, host and key; nothing that speaks of the caller's identity.
pub fn rewrite_header(
    header: &mut RequestHeader,
    forwarding: &Forwarding,
    query: Option<&str>,
    resolver: &Resolver,
) -> Result<()> {
    let Forwarding { upstream, api_path, replayed, .. } = forwarding;
    let target = match query {
        Some(query) => format!("{}{api_path}?{query}", upstream.base),
        None => format!("{}{api_path}", upstream.base),
    };
    header.set_uri(target.parse::<Uri>().or_err(ErrorType::InvalidHTTPHeader, "upstream path")?);
    let own: Vec<HeaderName> = header.headers.keys().filter(|name| resolver.is_inbound_only(name.as_str())).cloned().collect();
    for name in own {
        header.remove_header(&name);
    }
    header.insert_header(HOST, upstream.authority())?;
    if let Some(authorization) = &upstream.authorization {
        header.insert_header(AUTHORIZATION, authorization.clone())?;
    }
    header.remove_header(&EXPECT);
    if let Some(length) = replayed {
        header.remove_header(&TRANSFER_ENCODING);
        header.insert_header(CONTENT_LENGTH, *length)?;
    }
    if forwarding.chat.is_some() {
        // The answer is followed, so it must come without a content coding.
        header.insert_header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_api_paths_are_forwarded() {
        assert_eq!(api_path("/v1/embeddings"), Some("/embeddings"));
        assert_eq!(api_path("/v1/a/b"), Some("/a/b"));
        assert_eq!(api_path("/openai/v1/chat/completions/"), Some("/chat/completions"));
        assert_eq!(api_path("/models"), Some("/models"));
        for other in ["/", "/v1", "/v1/", "/v10/models", "/api/tags", "/v2/models", "/xmodels", "/chat/completions//"] {
            assert_eq!(api_path(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn the_second_attempt_goes_to_the_next_address() {
        let (first, second) = ("[::1]:9".parse().unwrap(), "127.0.0.1:9".parse().unwrap());
        let addresses = Addresses::new("127.0.0.1:1".parse().unwrap());
        addresses.resolved.insert(("model.test".to_owned(), 9), (vec![first, second], Instant::now()));
        let origin = Origin::Remote { tls: false, host: "model.test".to_owned(), port: 9 };
        for (attempt, expected) in [first, second, first].into_iter().enumerate() {
            assert_eq!(addresses.find(&origin, attempt).await.unwrap(), expected);
        }
    }

    #[test]
    fn listings_are_the_list_and_its_entries() {
        assert!(lists_models("GET", "/models") && lists_models("GET", "/models/llama3:8b"));
        for (method, path) in [("POST", "/models"), ("GET", "/models/a/b"), ("GET", "/modelsx"), ("GET", "/files/models")] {
            assert!(!lists_models(method, path), "{method} {path}");
        }
    }
}
