//! One request while its evidence is read: every source is asked, and what they say is put side by side.

use std::borrow::Cow;

use http::HeaderName;

use super::client::{Client, Credential, Recognised};
use super::header::{self, Cues, View};
use super::http_signature::{HttpSignature, Verifier};
use super::jwt::{JwtSource, OpenWebuiJwt};
use super::plain::HeaderSource;
use super::proof::{Proof, Statement, agree, none};
use super::settings::IdentitySettings;
use super::signature;
use super::source::Source;
use super::{Arrival, Assurance, Finding, Invalid, Resolution, UserKeys, code};
use crate::ids::{ClientName, TenantId, UserId};

/// One request while it is read.
pub(super) struct Request<'a> {
    pub settings: &'a IdentitySettings,
    pub arrival: &'a Arrival<'a>,
    pub view: View<'a>,
    pub credentials: Vec<Credential>,
    pub recognised: Recognised<'a>,
    /// The tenant of bare names: the client's fixed one, or `default`.
    pub home: TenantId,
    /// The peer is one of the trusted ones.
    pub trusted: bool,
}

/// What the sources of a request say, each by itself.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub statements: Vec<Statement>,
    /// A signature of which all is checked but the body.
    pub proof: Option<Proof>,
}

/// The issuers among a client's sources.
pub(super) fn tokens_of(sources: &[Source]) -> impl Iterator<Item = &JwtSource> + Clone {
    sources.iter().filter_map(Source::issuer)
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

    /// Everything but the finding.
    pub(super) fn draft(&self) -> Resolution {
        let strays = self.credentials.iter().find(|credential| credential.user_key).map(|credential| credential.hash);
        Resolution {
            client: self.recognised.client.map_or_else(ClientName::unknown, |client| client.name.clone()),
            client_authenticated: self.recognised.authenticated,
            finding: none(),
            tenant: self.fixed_tenant().cloned(),
            user_named: self.view.names_user() || self.sources().iter().any(|source| self.names(source)),
            session: self.cues().session(&self.view),
            // People choose what stands in memgate's own header: `work`, `default`.
            session_guessable: self.cues().guessable || self.view.carries(header::SESSION),
            task: self.cues().task(&self.view),
            stray_credential: self.recognised.stray.or(strays),
            ignored_headers: self.ignored(),
            dropped_groups: 0,
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
    pub(super) fn gather(&self, keys: &dyn UserKeys) -> Result<Said, Invalid> {
        let mut statements = Vec::new();
        for credential in self.credentials.iter().filter(|credential| credential.user_key) {
            let owner = keys.owner(&credential.hash).ok_or_else(|| {
                let message = "This personal key is not known here, or was revoked. Ask for a new one (`memgate keys add`).";
                Invalid::new(code::USER_KEY_UNKNOWN, message)
            })?;
            statements.push(Statement::new(owner.user, Assurance::Verified, "user_key", None));
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
            let unverified = signature::prepare(&self.view, self.arrival, keys, self.settings.skew_seconds(), &self.home)?;
            twice |= proof.replace(unverified.into()).is_some();
        }
        if twice {
            let message = "The request is signed in two ways at once. Send one signature.";
            return Err(Invalid::new(code::IDENTITY_CONFLICT, message));
        }
        for statement in &statements {
            self.check_tenant(&statement.user, || statement.describe())?;
        }
        if let Some(proof) = &proof {
            self.check_tenant(proof.user(), || "the signature".into())?;
        }
        self.add_groups(&mut statements);
        Ok(Said { statements, proof })
    }

    fn fixed_tenant(&self) -> Option<&'a TenantId> {
        self.recognised.client.and_then(|client| client.tenant.as_ref())
    }

    /// Where the client has a fixed tenant, everybody it speaks for is of that tenant, whatever the evidence.
    fn check_tenant(&self, user: &UserId, said_by: impl FnOnce() -> Cow<'static, str>) -> Result<(), Invalid> {
        if self.fixed_tenant().is_none_or(|fixed| fixed == user.tenant()) {
            return Ok(());
        }
        let message = format!(
            "This client serves the people of one tenant, and {} names somebody of another. Use that tenant's own client.",
            said_by()
        );
        Err(Invalid { claimed: Some(user.to_string()), ..Invalid::new(code::TENANT_MISMATCH, message) })
    }

    /// The groups that the client's headers list go with the client's own word on the user, or with the token that it sends. Others'
    /// words are not the client's to add to: whose groups a header lists beside a personal key, nobody knows.
    fn add_groups(&self, statements: &mut [Statement]) {
        let Some(client) = self.recognised.client.filter(|_| self.recognised.authenticated) else { return };
        let by_client = |one: &&mut Statement| one.header.is_some() && one.assurance >= Assurance::Vouched;
        let Some(statement) = statements.iter_mut().find(by_client) else { return };
        for header in &client.groups {
            statement.groups.join(header.read(&self.view));
        }
    }

    /// The tenant that a header names beside the name that its product has for nobody in particular.
    pub(super) fn tenant_of_nobody(&self) -> Option<TenantId> {
        self.word()?;
        self.sources().iter().find_map(|source| {
            let Source::Header(source) = source else { return None };
            let named = source.read(&self.view, &self.home).ok()??;
            named.nobody.then(|| named.user.tenant().clone())
        })
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
        let verifier = Verifier { view: &self.view, arrival: self.arrival, keys, skew, home: &self.home };
        let found = verifier.prepare(spec, self.recognised.client.is_some())?;
        Ok(found.map(|unverified| Proof::message(unverified, spec)))
    }

    /// The user that a signed token proves.
    fn token(&self, jwt: &OpenWebuiJwt) -> Result<Option<Statement>, Invalid> {
        let Some(token) = self.view.get(jwt.header.as_str()) else { return Ok(None) };
        let user = jwt.verify(token, self.arrival.now, self.settings.skew_seconds(), &self.home)?;
        Ok(Some(Statement::new(user, Assurance::Verified, "open_webui_jwt", Some(jwt.header.clone()))))
    }

    /// The user that an issuer's token proves.
    fn issued(&self, jwt: &JwtSource) -> Result<Option<Statement>, Invalid> {
        let times = (self.arrival.now, self.settings.skew_seconds());
        let proven = jwt.read(&self.view, tokens_of(self.sources()), times, &self.home)?;
        let statement = |user| Statement::new(user, Assurance::Verified, jwt.name(), Some(jwt.header().clone()));
        Ok(proven.map(|(user, groups)| Statement { groups, ..statement(user) }))
    }

    /// The user that a plain header names; none where it names nobody in particular.
    fn state(&self, source: &HeaderSource, assurance: Assurance) -> Result<Option<Statement>, Invalid> {
        let Some(named) = source.read(&self.view, &self.home)? else { return Ok(None) };
        let statement = Statement::new(named.user, assurance, "header", Some(source.name.clone()));
        if named.nobody {
            self.check_tenant(&statement.user, || statement.describe())?;
            return Ok(None);
        }
        Ok(Some(statement))
    }

    /// memgate's own header speaks to memgate alone: even where it proves nothing, it must not say otherwise.
    fn own_word(&self) -> Result<Option<Statement>, Invalid> {
        self.state(&HeaderSource::new(HeaderName::from_static(header::USER)), Assurance::Anonymous)
    }

    /// The finding of a request that carries no memgate signature.
    pub(super) fn conclude(&self, mut statements: Vec<Statement>) -> Finding {
        let verified = statements.iter().any(|statement| statement.assurance == Assurance::Verified);
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
        let named = || listed.clone().find_map(|source| source.read(&self.view, &self.home).ok().flatten());
        let tenants =
            listed.clone().any(|source| source.tenant.is_some()) || tokens_of(&client.sources).any(JwtSource::names_tenants);
        let plain = header::USER_IDS.iter().filter(|name| **name != header::OPEN_WEBUI_JWT);
        let plain = || plain.clone().find_map(|name| self.view.get(name)).map(|value| header::text(value).into_owned());
        let named = || named().filter(|named| !named.nobody).map(|named| named.user);
        let claimed = statements.first().map(|statement| statement.user.clone()).or_else(named);
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
