//! From a request to a [`Resolution`]: every source is read, and none is believed over another that disagrees.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use ipnet::IpNet;

use super::client::{self, Client, Credential, Recognised};
use super::header::{self, View};
use super::open_webui::OpenWebuiJwt;
use super::replay::{ReplayGuard, Unclaimed, Window};
use super::signature::{self, SigningKey, Unverified};
use super::source::Source;
use super::{Arrival, Assurance, Evidence, Finding, Invalid, Resolution, UserKeys, code};
use crate::ids::{ClientName, TenantId, UserId};

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
        let plain = plain.map(|name| Source::Header(HeaderName::from_static(name)));
        Self {
            trusted_peers: Vec::new(),
            skew: Duration::from_mins(1),
            signing_keys: Vec::new(),
            clients: Vec::new(),
            default_sources: [Source::MemgateSignature, Source::UserKey].into_iter().chain(plain).collect(),
            replay_capacity: 100_000,
        }
    }
}

impl IdentitySettings {
    fn skew_seconds(&self) -> i64 {
        i64::try_from(self.skew.as_secs()).unwrap_or(i64::MAX)
    }
}

/// Reads evidence under one configuration. Cheap to clone; the replay guard outlives a change of configuration.
#[derive(Debug, Clone)]
pub struct Resolver {
    settings: Arc<IdentitySettings>,
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

/// A signed request whose body is still to come. It is no resolution yet: only [`Pending::finish`] makes one.
#[derive(Debug)]
pub struct Pending {
    settings: Arc<IdentitySettings>,
    guard: Arc<ReplayGuard>,
    draft: Resolution,
    statements: Vec<Statement>,
    unverified: Unverified,
    now: i64,
}

/// What one source says.
#[derive(Debug)]
struct Statement {
    evidence: Evidence,
    /// The header that said it; none for a per-user key.
    header: Option<HeaderName>,
}

impl Statement {
    fn describe(&self) -> Cow<'static, str> {
        match &self.header {
            Some(name) => format!("the header {name}").into(),
            None => "the personal key".into(),
        }
    }
}

impl Resolver {
    #[must_use]
    pub fn new(settings: IdentitySettings, guard: Arc<ReplayGuard>) -> Self {
        let sources = settings.clients.iter().flat_map(|client| &client.sources).chain(&settings.default_sources);
        let configured = sources.filter_map(|source| match source {
            Source::Header(name) => Some(name.clone()),
            Source::OpenWebuiJwt(jwt) => Some(jwt.header.clone()),
            Source::UserKey | Source::MemgateSignature => None,
        });
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
        let credentials = client::credentials(&view);
        let peer = arrival.peer.to_canonical();
        let (recognised, fault) = match client::recognise(&self.settings.clients, &credentials, &view, peer, arrival.certificate)
        {
            Ok(recognised) => (recognised, None),
            Err(fault) => (Recognised { client: None, authenticated: false, stray: None }, Some(fault)),
        };
        let trusted = self.settings.trusted_peers.iter().any(|net| net.contains(&peer));
        let request = Request { settings: &self.settings, arrival, view, credentials, recognised, trusted };
        let sound = header::check_hygiene(arrival.headers, &self.configured).and(fault.map_or(Ok(()), Err));
        let mut draft = request.draft();
        draft.finding = match sound.and_then(|()| request.gather(keys)) {
            Err(invalid) => Finding::Invalid(invalid),
            Ok((statements, None)) => request.conclude(statements),
            Ok((statements, Some(unverified))) => {
                let (settings, guard) = (Arc::clone(&self.settings), Arc::clone(&self.guard));
                return Reading::AwaitsBody(Box::new(Pending {
                    settings,
                    guard,
                    draft,
                    statements,
                    unverified,
                    now: arrival.now,
                }));
            }
        };
        Reading::Complete(draft)
    }

    /// Reads a request whose body, if any, is at hand. A signed request without `body_sha256` comes out invalid.
    pub fn resolve(&self, arrival: &Arrival<'_>, body_sha256: Option<[u8; 32]>, keys: &dyn UserKeys) -> Resolution {
        match (self.read(arrival, keys), body_sha256) {
            (Reading::Complete(resolution), _) => resolution,
            (Reading::AwaitsBody(pending), Some(digest)) => pending.finish(&digest),
            (Reading::AwaitsBody(pending), None) => pending.give_up(),
        }
    }
}

impl Pending {
    /// Checks the signature over the body; if it is good, takes its nonce.
    #[must_use]
    pub fn finish(self, body_sha256: &[u8; 32]) -> Resolution {
        let Self { settings, guard, mut draft, mut statements, unverified, now } = self;
        let window = Window { now, skew: settings.skew_seconds(), capacity: settings.replay_capacity };
        let (user, timestamp) = (unverified.user.clone(), unverified.timestamp);
        let (key_id, nonce) = (unverified.key_id.clone(), unverified.nonce.clone());
        let checked = if unverified.covers(body_sha256) {
            guard.claim(&key_id, &nonce, timestamp, window).map_err(unclaimed)
        } else {
            let message = "X-Memgate-Signature does not fit this request. Sign the method, the path with its query, the user and \
                           the body exactly as they are sent; `memgate sign` does.";
            Err(Invalid::new(code::SIGNATURE_INVALID, message))
        };
        draft.finding = if let Err(invalid) = checked {
            Finding::Invalid(Invalid { claimed: Some(user.to_string()), ..invalid })
        } else {
            let evidence = Evidence { user, assurance: Assurance::Verified, source: "memgate_signature" };
            statements.push(Statement { evidence, header: Some(HeaderName::from_static(header::SIGNATURE)) });
            agree(statements).map_or_else(Finding::Invalid, |found| found.map_or(none(), Finding::Valid))
        };
        draft
    }

    /// The request without its body: invalid, never valid.
    #[must_use]
    pub fn give_up(self) -> Resolution {
        let message = "The signature covers the body, and the body could not be read.";
        let claimed = Some(self.unverified.user.to_string());
        let invalid = Invalid { claimed, ..Invalid::new(code::SIGNATURE_INCOMPLETE, message) };
        Resolution { finding: Finding::Invalid(invalid), ..self.draft }
    }
}

fn none() -> Finding {
    Finding::None { looked_for: Vec::new() }
}

fn unclaimed(reason: Unclaimed) -> Invalid {
    let (code, message) = match reason {
        Unclaimed::Replayed => (code::SIGNATURE_REPLAYED, "This X-Memgate-Nonce was used before. Sign again with a fresh one."),
        Unclaimed::Unknowable => (
            code::SIGNATURE_EXPIRED,
            "The request was signed before this server could tell a replay, such as before its start. Sign again.",
        ),
        Unclaimed::Full => {
            (code::REPLAY_GUARD_FULL, "Too many signed requests at once; try again in a minute. See trust.replay_capacity.")
        }
    };
    Invalid::new(code, message)
}

/// One request while it is read.
struct Request<'a> {
    settings: &'a IdentitySettings,
    arrival: &'a Arrival<'a>,
    view: View<'a>,
    credentials: Vec<Credential>,
    recognised: Recognised<'a>,
    /// The peer is one of the trusted ones.
    trusted: bool,
}

impl<'a> Request<'a> {
    fn sources(&self) -> &'a [Source] {
        self.recognised.client.map_or(&self.settings.default_sources, |client| &client.sources)
    }

    /// What a plain header from here is worth.
    fn word(&self) -> Option<Assurance> {
        match (self.recognised.authenticated, self.trusted) {
            (true, _) => Some(Assurance::Vouched),
            (false, true) => Some(Assurance::Asserted),
            (false, false) => None,
        }
    }

    fn draft(&self) -> Resolution {
        let strays = self.credentials.iter().find(|credential| credential.user_key).map(|credential| credential.hash);
        Resolution {
            client: self.recognised.client.map_or_else(ClientName::unknown, |client| client.name.clone()),
            client_authenticated: self.recognised.authenticated,
            finding: none(),
            user_named: self.view.names_user() || self.sources().iter().any(|source| self.names(source)),
            session: header::session_in(&self.view),
            stray_credential: self.recognised.stray.or(strays),
            ignored_headers: self.ignored(),
        }
    }

    fn names(&self, source: &Source) -> bool {
        matches!(source, Source::Header(name) if self.view.carries(name.as_str()))
    }

    fn ignored(&self) -> u32 {
        let used = |name: &str| {
            let by_source = |source: &Source| match source {
                Source::Header(known) => known == name && self.word().is_some(),
                Source::OpenWebuiJwt(jwt) => jwt.header == name,
                Source::UserKey | Source::MemgateSignature => false,
            };
            let signed = name == header::USER && signature::is_attempted(&self.view);
            self.view.has(name) && (signed || self.sources().iter().any(by_source))
        };
        let own = self.sources().iter().filter_map(|source| match source {
            Source::Header(name) if !header::USER_IDS.contains(&name.as_str()) => Some(name.as_str()),
            _ => None,
        });
        let ignored = header::USER_IDS.iter().copied().chain(own).filter(|name| self.view.carries(name) && !used(name));
        u32::try_from(ignored.count()).unwrap_or(u32::MAX)
    }

    /// Asks every source. One that finds nothing passes, one that finds something wrong refuses.
    fn gather(&self, keys: &dyn UserKeys) -> Result<(Vec<Statement>, Option<Unverified>), Invalid> {
        let mut statements = Vec::new();
        for credential in self.credentials.iter().filter(|credential| credential.user_key) {
            let owner = keys.owner(&credential.hash).ok_or_else(|| {
                let message = "This personal key is not known here, or was revoked. Ask for a new one (`memgate user key`).";
                Invalid::new(code::USER_KEY_UNKNOWN, message)
            })?;
            let evidence = Evidence { user: owner.user, assurance: Assurance::Verified, source: "user_key" };
            statements.push(Statement { evidence, header: None });
        }
        let signed = signature::is_attempted(&self.view);
        for source in self.sources() {
            let statement = match source {
                Source::OpenWebuiJwt(jwt) => self.token(jwt)?,
                Source::Header(name) if signed && name == header::USER => None,
                Source::Header(name) => self.word().map_or(Ok(None), |assurance| self.plain(name, assurance))?,
                // Read for every client.
                Source::UserKey | Source::MemgateSignature => None,
            };
            statements.extend(statement);
        }
        let keys = &self.settings.signing_keys;
        let unverified = signed.then(|| signature::prepare(&self.view, self.arrival, keys, self.settings.skew_seconds()));
        Ok((statements, unverified.transpose()?))
    }

    /// The user that a signed token proves.
    fn token(&self, jwt: &OpenWebuiJwt) -> Result<Option<Statement>, Invalid> {
        let Some(token) = self.view.get(jwt.header.as_str()) else { return Ok(None) };
        let user = jwt.verify(token, self.arrival.now, self.settings.skew_seconds())?;
        let evidence = Evidence { user, assurance: Assurance::Verified, source: "open_webui_jwt" };
        Ok(Some(Statement { evidence, header: Some(jwt.header.clone()) }))
    }

    /// The user that a plain header names. Only memgate's own header may name a tenant.
    fn plain(&self, name: &HeaderName, assurance: Assurance) -> Result<Option<Statement>, Invalid> {
        let Some(value) = self.view.get(name.as_str()) else { return Ok(None) };
        let text = header::text(value);
        let user = if name == header::USER { UserId::parse(&text) } else { UserId::new(TenantId::default(), &text) };
        let user = user.map_err(|reason| {
            let claimed = Some(text.clone().into_owned());
            Invalid { claimed, ..Invalid::malformed(&format!("the header {name}"), &reason) }
        })?;
        let evidence = Evidence { user, assurance, source: "header" };
        Ok(Some(Statement { evidence, header: Some(name.clone()) }))
    }

    /// The finding of a request that carries no memgate signature.
    fn conclude(&self, mut statements: Vec<Statement>) -> Finding {
        let verified = statements.iter().any(|statement| statement.evidence.assurance == Assurance::Verified);
        if let Some(client) = self.recognised.client.filter(|client| client.demands_signature() && !verified) {
            return Finding::Invalid(self.downgraded(client, &statements));
        }
        if statements.is_empty() {
            return Finding::None { looked_for: self.looked_for() };
        }
        // memgate's own header speaks to memgate alone: even where it proves nothing, it must not say otherwise.
        match self.plain(&HeaderName::from_static(header::USER), Assurance::Anonymous) {
            Ok(statement) => statements.extend(statement),
            Err(invalid) => return Finding::Invalid(invalid),
        }
        agree(statements).map_or_else(Finding::Invalid, |found| found.map_or(none(), Finding::Valid))
    }

    fn downgraded(&self, client: &Client, statements: &[Statement]) -> Invalid {
        let expected: Vec<_> = client.sources.iter().filter(|source| source.is_signed()).map(Source::describe).collect();
        let mut message = format!("The client {} must send {}; nothing signed came.", client.name, expected.join(" or "));
        if client.sources.iter().any(|source| matches!(source, Source::OpenWebuiJwt(_))) {
            message.push_str(
                " In Open WebUI set ENABLE_FORWARD_USER_INFO_HEADERS=true and FORWARD_USER_INFO_HEADER_JWT_SECRET to the shared secret.",
            );
        }
        let plain = header::USER_IDS.iter().filter(|name| **name != header::OPEN_WEBUI_JWT);
        let plain = || plain.clone().find_map(|name| self.view.get(name)).map(|value| header::text(value).into_owned());
        let claimed = statements.first().map(|statement| statement.evidence.user.to_string()).or_else(plain);
        Invalid { claimed, ..Invalid::new(code::SIGNATURE_MISSING, message) }
    }

    fn looked_for(&self) -> Vec<String> {
        let listed = self.sources();
        let key = (!listed.iter().any(|source| matches!(source, Source::UserKey))).then_some(&Source::UserKey);
        // Without a signing key a signature cannot be checked, so nobody is told to send one.
        let usable = |source: &&Source| !matches!(source, Source::MemgateSignature) || !self.settings.signing_keys.is_empty();
        listed.iter().chain(key).filter(usable).map(Source::describe).collect()
    }
}

/// The best of statements that all name the same user.
fn agree(statements: Vec<Statement>) -> Result<Option<Evidence>, Invalid> {
    let mut statements = statements.into_iter();
    let Some(mut best) = statements.next() else { return Ok(None) };
    for statement in statements {
        if statement.evidence.user != best.evidence.user {
            let (one, other) = (best.describe(), statement.describe());
            let message = format!("Two sources name different users: {one} and {other}. Send one identity only.");
            let claimed = Some(best.evidence.user.to_string());
            return Err(Invalid { claimed, ..Invalid::new(code::IDENTITY_CONFLICT, message) });
        }
        if statement.evidence.assurance > best.evidence.assurance {
            best = statement;
        }
    }
    Ok(Some(best.evidence))
}
