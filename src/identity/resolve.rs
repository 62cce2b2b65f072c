//! From a request to a [`Resolution`]: every source is read, and none is believed over another that disagrees.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use ipnet::IpNet;

use super::client::{self, Client, Credential, Recognised};
use super::header::{self, Cues, View};
use super::http_signature::{HttpSignature, Verifier};
use super::jwt::{JwtSource, OpenWebuiJwt};
use super::plain::HeaderSource;
use super::proof::{Pending, Proof, Statement, agree, none};
use super::replay::ReplayGuard;
use super::signature::{self, SigningKey};
use super::source::Source;
use super::{Arrival, Assurance, Evidence, Finding, Invalid, Resolution, UserKeys, code};
use crate::ids::ClientName;

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
        let sources = settings.clients.iter().flat_map(|client| &client.sources).chain(&settings.default_sources);
        let cues = settings.clients.iter().flat_map(|client| client.cues.headers());
        let configured = sources.flat_map(Source::headers).chain(cues).cloned();
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
            Ok((statements, Some(proof))) => {
                let (settings, guard) = (Arc::clone(&self.settings), Arc::clone(&self.guard));
                let pending = Pending { settings, guard, draft, statements, proof, now: arrival.now };
                return Reading::AwaitsBody(Box::new(pending));
            }
        };
        Reading::Complete(draft)
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

    /// What a plain header from here is worth at most.
    fn word(&self) -> Option<Assurance> {
        match (self.recognised.authenticated, self.trusted) {
            (true, _) => Some(Assurance::Vouched),
            (false, true) => Some(Assurance::Asserted),
            (false, false) => None,
        }
    }

    /// The client's own headers for chats and tasks, or the usual ones.
    fn cues(&self) -> Cow<'a, Cues> {
        self.recognised.client.map_or_else(|| Cow::Owned(Cues::default()), |client| Cow::Borrowed(&client.cues))
    }

    fn draft(&self) -> Resolution {
        let strays = self.credentials.iter().find(|credential| credential.user_key).map(|credential| credential.hash);
        Resolution {
            client: self.recognised.client.map_or_else(ClientName::unknown, |client| client.name.clone()),
            client_authenticated: self.recognised.authenticated,
            finding: none(),
            user_named: self.view.names_user() || self.sources().iter().any(|source| self.names(source)),
            session: self.cues().session(&self.view),
            session_guessable: self.cues().guessable,
            task: self.cues().task(&self.view),
            stray_credential: self.recognised.stray.or(strays),
            ignored_headers: self.ignored(),
        }
    }

    fn names(&self, source: &Source) -> bool {
        match source {
            Source::Header(source) => self.view.carries(source.name.as_str()),
            Source::HttpSignature(signature) => self.view.carries(signature.user.as_str()),
            Source::Jwt(jwt) => jwt.leaves_trace(&self.view),
            Source::OpenWebuiJwt(jwt) => self.view.carries(jwt.header.as_str()),
            Source::UserKey | Source::MemgateSignature => false,
        }
    }

    fn ignored(&self) -> u32 {
        let used = |name: &str| {
            let by_source = |source: &Source| match source {
                Source::Header(source) => source.name == name && self.word().is_some(),
                Source::OpenWebuiJwt(jwt) => jwt.header == name,
                Source::HttpSignature(signature) => signature.user == name && self.view.has(header::HTTP_SIGNATURE_INPUT),
                Source::Jwt(jwt) => jwt.header() == name,
                Source::UserKey | Source::MemgateSignature => false,
            };
            let signed = name == header::USER && signature::is_attempted(&self.view);
            self.view.has(name) && (signed || self.sources().iter().any(by_source))
        };
        let own = self.sources().iter().filter_map(|source| match source {
            Source::Header(source) => Some(&source.name),
            Source::HttpSignature(signature) => Some(&signature.user),
            _ => None,
        });
        let own = own.map(HeaderName::as_str).filter(|name| !header::USER_IDS.contains(name));
        let ignored = header::USER_IDS.iter().copied().chain(own).filter(|name| self.view.carries(name) && !used(name));
        u32::try_from(ignored.count()).unwrap_or(u32::MAX)
    }

    /// Asks every source. One that finds nothing passes, one that finds something wrong refuses.
    fn gather(&self, keys: &dyn UserKeys) -> Result<(Vec<Statement>, Option<Proof>), Invalid> {
        let mut statements = Vec::new();
        for credential in self.credentials.iter().filter(|credential| credential.user_key) {
            let owner = keys.owner(&credential.hash).ok_or_else(|| {
                let message = "This personal key is not known here, or was revoked. Ask for a new one (`memgate user key`).";
                Invalid::new(code::USER_KEY_UNKNOWN, message)
            })?;
            let evidence = Evidence { user: owner.user, assurance: Assurance::Verified, source: "user_key", groups: Vec::new() };
            statements.push(Statement { evidence, header: None });
        }
        let signed = signature::is_attempted(&self.view);
        let (mut proof, mut twice) = (None, false);
        for source in self.sources() {
            match source {
                Source::OpenWebuiJwt(jwt) => statements.extend(self.token(jwt)?),
                Source::Jwt(jwt) => statements.extend(self.issued(jwt)?),
                Source::HttpSignature(spec) => {
                    if let Some(found) = self.message_signature(spec)? {
                        twice |= proof.replace(found).is_some();
                        statements.extend(self.own_word()?);
                    }
                }
                // Headers are read below; keys and memgate's own signature are read for every client.
                Source::Header(_) | Source::UserKey | Source::MemgateSignature => {}
            }
        }
        let proven = signed || proof.is_some() || !statements.is_empty();
        statements.extend(self.plain(signed, proven)?);
        if signed {
            let keys = &self.settings.signing_keys;
            let unverified = signature::prepare(&self.view, self.arrival, keys, self.settings.skew_seconds())?;
            twice |= proof.replace(unverified.into()).is_some();
        }
        if twice {
            let message = "The request is signed in two ways at once. Send one signature.";
            return Err(Invalid::new(code::IDENTITY_CONFLICT, message));
        }
        Ok((statements, proof))
    }

    /// What plain headers say. Some are asked only where nothing else says anything.
    fn plain(&self, signed: bool, proven: bool) -> Result<Vec<Statement>, Invalid> {
        let Some(word) = self.word() else { return Ok(Vec::new()) };
        let headers = || {
            self.sources().iter().filter_map(|source| match source {
                // A signature speaks for memgate's own header.
                Source::Header(source) if !(signed && source.name == header::USER) => Some(source),
                _ => None,
            })
        };
        let said = |fallback: bool| {
            let asked = headers().filter(move |source| source.fallback == fallback);
            asked.filter_map(|source| self.state(source, word.min(source.at_most)).transpose()).collect::<Result<Vec<_>, _>>()
        };
        let named = said(false)?;
        if named.is_empty() && !proven { said(true) } else { Ok(named) }
    }

    /// The user that an HTTP message signature would prove. Where no client is configured for them, others' signatures pass.
    fn message_signature(&self, spec: &HttpSignature) -> Result<Option<Proof>, Invalid> {
        let (keys, skew) = (&self.settings.signing_keys, self.settings.skew_seconds());
        let verifier = Verifier { view: &self.view, arrival: self.arrival, keys, skew };
        let found = verifier.prepare(spec, self.recognised.client.is_some())?;
        Ok(found.map(|unverified| Proof::message(unverified, spec)))
    }

    /// The user that a signed token proves.
    fn token(&self, jwt: &OpenWebuiJwt) -> Result<Option<Statement>, Invalid> {
        let Some(token) = self.view.get(jwt.header.as_str()) else { return Ok(None) };
        let user = jwt.verify(token, self.arrival.now, self.settings.skew_seconds())?;
        let evidence = Evidence { user, assurance: Assurance::Verified, source: "open_webui_jwt", groups: Vec::new() };
        Ok(Some(Statement { evidence, header: Some(jwt.header.clone()) }))
    }

    /// The user that an issuer's token proves.
    fn issued(&self, jwt: &JwtSource) -> Result<Option<Statement>, Invalid> {
        let evidence = jwt.read(&self.view, self.sources(), self.arrival.now, self.settings.skew_seconds())?;
        Ok(evidence.map(|evidence| Statement { evidence, header: Some(jwt.header().clone()) }))
    }

    /// The user that a plain header names.
    fn state(&self, source: &HeaderSource, assurance: Assurance) -> Result<Option<Statement>, Invalid> {
        let user = source.read(&self.view)?;
        let statement = |user| Statement {
            evidence: Evidence { user, assurance, source: "header", groups: Vec::new() },
            header: Some(source.name.clone()),
        };
        Ok(user.map(statement))
    }

    /// memgate's own header speaks to memgate alone: even where it proves nothing, it must not say otherwise.
    fn own_word(&self) -> Result<Option<Statement>, Invalid> {
        self.state(&HeaderSource::new(HeaderName::from_static(header::USER)), Assurance::Anonymous)
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
        match self.own_word() {
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
        let listed = client.sources.iter().filter_map(|source| match source {
            Source::Header(source) => Some(&**source),
            _ => None,
        });
        // What the client's own headers name, tenant and all, though nobody here takes their word.
        let named = || listed.clone().find_map(|source| source.read(&self.view).ok().flatten());
        let tenants = listed.clone().any(|source| source.tenant.is_some());
        let plain = header::USER_IDS.iter().filter(|name| **name != header::OPEN_WEBUI_JWT);
        let plain = || plain.clone().find_map(|name| self.view.get(name)).map(|value| header::text(value).into_owned());
        let claimed = statements.first().map(|statement| statement.evidence.user.clone()).or_else(named);
        // Without their tenant a name may be that of several people.
        let claimed = claimed.map(|user| user.to_string()).or_else(|| plain().filter(|_| !tenants));
        Invalid { claimed, ..Invalid::new(code::SIGNATURE_MISSING, message) }
    }

    fn looked_for(&self) -> Vec<String> {
        let listed = self.sources();
        let key = (!listed.iter().any(|source| matches!(source, Source::UserKey))).then_some(&Source::UserKey);
        // Without a signing key a signature cannot be checked, so nobody is told to send one.
        let usable = |source: &&Source| !source.needs_signing_key() || !self.settings.signing_keys.is_empty();
        listed.iter().chain(key).filter(usable).map(Source::describe).collect()
    }
}
