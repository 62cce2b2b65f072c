//! What identity is told by the configuration, resolved.

use std::time::Duration;

use http::HeaderName;
use ipnet::IpNet;

use super::client::Client;
use super::header;
use super::http_signature::HttpSignature;
use super::plain::HeaderSource;
use super::signature::SigningKey;
use super::source::Source;

/// What identity needs to know of the configuration.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// Peers whose plain headers are worth `asserted`. Empty: nobody's.
    pub trusted_peers: Vec<IpNet>,
    /// By how much the clocks of two machines may differ.
    pub skew: Duration,
    pub signing_keys: Vec<SigningKey>,
    pub clients: Vec<Client>,
    /// Sources of requests that no client claims.
    pub default_sources: Vec<Source>,
    /// Nonces that the replay guard holds at most.
    pub replay_capacity: usize,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        let plain = [header::USER, header::OPEN_WEBUI_USER_ID, header::SILLY_TAVERN_USER];
        let plain = plain.map(|name| HeaderSource::new(HeaderName::from_static(name)).into());
        let signed = HttpSignature { user: HeaderName::from_static(header::USER), tag: None };
        let proven = [Source::MemgateSignature, Source::HttpSignature(Box::new(signed)), Source::UserKey];
        Self {
            trusted_peers: Vec::new(),
            skew: Duration::from_mins(1),
            signing_keys: Vec::new(),
            clients: Vec::new(),
            default_sources: proven.into_iter().chain(plain).collect(),
            replay_capacity: 100_000,
        }
    }
}

impl IdentitySettings {
    pub(super) fn skew_seconds(&self) -> i64 {
        i64::try_from(self.skew.as_secs()).unwrap_or(i64::MAX)
    }
}
