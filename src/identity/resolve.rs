//! From a request to a [`Resolution`]: every source is read, and none is believed over another that disagrees.

use std::sync::Arc;

use http::HeaderName;

use super::client::{self, Client, Recognised};
use super::header::{self, View};
use super::jwt::JwtSource;
use super::proof::{Pending, Statement};
use super::replay::ReplayGuard;
use super::request::{Request, Said, tokens_of};
use super::settings::IdentitySettings;
use super::source::Source;
use super::{Arrival, Finding, Resolution, UserKeys, code};

/// Reads evidence under one configuration. Cheap to clone; the replay guard outlives a change of configuration.
#[derive(Debug, Clone)]
pub struct Resolver {
    pub(super) settings: Arc<IdentitySettings>,
    /// Headers that the configuration makes identity.
    configured: Arc<[HeaderName]>,
    guard: Arc<ReplayGuard>,
}

/// How far a request could be read before its body.
#[derive(Debug)]
pub enum Reading {
    Complete(Resolution),
    /// The request is signed: only the body's digest tells whether the signature is good.
    AwaitsBody(Box<Pending>),
}

impl Resolver {
    #[must_use]
    pub fn new(settings: IdentitySettings, guard: Arc<ReplayGuard>) -> Self {
        let of_clients = settings.clients.iter().flat_map(Client::headers);
        let configured = of_clients.chain(settings.default_sources.iter().flat_map(Source::headers)).cloned();
        Self { configured: configured.collect(), settings: Arc::new(settings), guard }
    }

    /// Whether a header carries identity or a credential of the caller, under any alias: such never reach the upstream.
    #[must_use]
    pub fn is_inbound_only(&self, name: &str) -> bool {
        header::is_inbound_only(name) || self.configured.iter().any(|known| header::aliases(name, known.as_str()))
    }

    /// Reads everything but the body.
    pub fn read(&self, arrival: &Arrival<'_>, keys: &dyn UserKeys) -> Reading {
        let view = View::new(arrival.headers);
        let credentials = client::credentials(&view, &self.settings.clients);
        let peer = arrival.peer.to_canonical();
        let (recognised, fault) = match client::recognise(&self.settings.clients, &credentials, &view, peer, arrival.certificate)
        {
            Ok(recognised) => (recognised, None),
            Err(fault) => (Recognised { client: None, authenticated: false, stray: None }, Some(fault)),
        };
        let trusted = self.settings.trusted_peers.iter().any(|net| net.contains(&peer));
        let home = recognised.client.and_then(|client| client.tenant.clone()).unwrap_or_default();
        let request = Request { settings: &self.settings, arrival, view, credentials, recognised, home, trusted };
        let sound = header::check_hygiene(arrival.headers, &self.configured).and(fault.map_or(Ok(()), Err));
        let mut draft = request.draft();
        draft.finding = match sound.and_then(|()| request.gather(keys)) {
            Err(invalid) => Finding::Invalid(invalid),
            Ok(Said { statements, proof: None }) => {
                draft.dropped_groups = dropped(&statements);
                draft.tenant = draft.tenant.or_else(|| request.tenant_of_nobody());
                request.conclude(statements)
            }
            Ok(Said { statements, proof: Some(proof) }) => {
                draft.dropped_groups = dropped(&statements);
                let (settings, guard) = (Arc::clone(&self.settings), Arc::clone(&self.guard));
                let pending = Pending { settings, guard, draft, statements, proof, now: arrival.now };
                return Reading::AwaitsBody(Box::new(pending));
            }
        };
        Reading::Complete(draft)
    }

    /// As [`Resolver::read`]; where a token's key is not known, the issuer's keys are asked for and awaited for a moment.
    pub async fn read_with_fresh_keys(&self, arrival: &Arrival<'_>, keys: &dyn UserKeys) -> Reading {
        let reading = self.read(arrival, keys);
        let Reading::Complete(Resolution { client, finding: Finding::Invalid(invalid), .. }) = &reading else { return reading };
        if ![code::JWT_KEY_UNKNOWN, code::JWT_KEYS_UNAVAILABLE].contains(&invalid.code) {
            return reading;
        }
        let client = self.settings.clients.iter().find(|known| known.name == *client);
        let sources = client.map_or(&self.settings.default_sources, |client| &client.sources);
        let fetches = tokens_of(sources).filter_map(JwtSource::keyring).map(|keyring| keyring.refreshed());
        let any_ended = futures::future::join_all(fetches).await.contains(&true);
        if any_ended { self.read(arrival, keys) } else { reading }
    }

    /// Reads a request whose body, if any, is at hand. A signed request without `body` comes out invalid.
    pub fn resolve(&self, arrival: &Arrival<'_>, body: Option<&[u8]>, keys: &dyn UserKeys) -> Resolution {
        match (self.read(arrival, keys), body) {
            (Reading::Complete(resolution), _) => resolution,
            (Reading::AwaitsBody(pending), Some(body)) => pending.finish(body),
            (Reading::AwaitsBody(pending), None) => pending.give_up(),
        }
    }
}

/// Entries of the statements' lists of groups that are none.
fn dropped(statements: &[Statement]) -> u32 {
    statements.iter().fold(0, |sum, statement| sum.saturating_add(statement.groups.dropped))
}
