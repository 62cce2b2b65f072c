//! Where upstreams are: addresses of host names, kept for a moment, and how to connect to them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use pingora::protocols::ALPN;
use pingora::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy};
use pingora::{Error, ErrorType, OrErr, Result};

use super::settings::Limits;
use crate::catalog::{Origin, Upstream};

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

    /// The URL of an upstream without a path, for memgate's own calls.
    #[must_use]
    pub fn origin_of(&self, upstream: &Upstream) -> String {
        match &upstream.origin {
            Origin::Demo => format!("http://{}", self.demo),
            Origin::Remote { tls, host, port } => format!("{}://{host}:{port}", if *tls { "https" } else { "http" }),
        }
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

    /// Whether the upstream's name is known to have several addresses.
    pub fn has_several(&self, upstream: &Upstream) -> bool {
        let Origin::Remote { host, port, .. } = &upstream.origin else { return false };
        self.resolved.get(&(host.clone(), *port)).is_some_and(|known| known.0.len() > 1)
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
