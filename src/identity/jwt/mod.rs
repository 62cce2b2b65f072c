//! Tokens that an issuer signs (JWT): by a shared secret, or by keys that the issuer publishes.
//!
//! How a token is checked is the configuration's word and never the token's: which header holds it, which algorithms and keys may
//! have signed it, who issued it and for whom. Nothing it says counts before its signature was checked.

mod claims;
mod cloudflare;
mod jwks;
mod keeper;
mod key;
mod keyring;
mod open_webui;
mod settings;
mod token;
#[cfg(test)]
mod vectors;

use std::sync::Arc;

use http::HeaderName;
use http::header::AUTHORIZATION;
use thiserror::Error;

pub use cloudflare::CloudflareAccessFile;
pub use jwks::JwksError;
pub use keeper::KeyKeeper;
pub use key::Algorithm;
pub use keyring::{Keyring, KeyringSettings};
pub use open_webui::OpenWebuiJwt;
pub(super) use settings::secrets;
pub use settings::{AudienceFile, JwksFile, JwtFile, RequiredFile, Scalar};
pub(super) use token::is_placeholder;

#[cfg(test)]
pub(super) use jwks::KeySet;

use self::claims::{Refused, Rules};
use self::token::{MAX_TOKEN, Token, is_tokenlike};
use super::groups::Groups;
use super::header::{View, bearer};
use super::{Invalid, code, signature};
use crate::ids::{IdError, TenantId, UserId};
use crate::setting::Secret;

/// Checks tokens of one issuer.
#[derive(Debug)]
pub struct JwtSource {
    header: HeaderName,
    /// The source's name, fit for a metric label: `jwt`, `open_webui_jwt`, `cloudflare_access`.
    name: &'static str,
    keys: Keys,
    rules: Rules,
}

/// What tokens are signed by. The algorithms follow from it, so that a public key is never taken for a secret.
#[derive(Debug)]
enum Keys {
    /// HS256 by one of these: two while one is being replaced.
    Secrets(Vec<Secret>),
    Published {
        keyring: Arc<Keyring>,
        algorithms: Vec<Algorithm>,
    },
}

impl JwtSource {
    /// The header that carries the token.
    pub fn header(&self) -> &HeaderName {
        &self.header
    }

    /// The issuer's published keys, where tokens are checked by such.
    pub fn keyring(&self) -> Option<&Arc<Keyring>> {
        match &self.keys {
            Keys::Secrets(_) => None,
            Keys::Published { keyring, .. } => Some(keyring),
        }
    }

    /// What a caller would send, for messages.
    pub(super) fn describe(&self) -> String {
        let form = if self.header == AUTHORIZATION { ": Bearer …" } else { "" };
        let issuer = self.rules.issuer.as_ref().map(|issuer| format!(" of {issuer}")).unwrap_or_default();
        format!("a signed token{issuer} (`{}{form}`)", self.header)
    }

    /// The token of a request, if it carries one here. In `Authorization` other credentials may stand, which are none.
    fn find<'a>(&self, view: &View<'a>) -> Option<&'a [u8]> {
        let value = view.get(self.header.as_str())?;
        if self.header != AUTHORIZATION {
            return Some(value);
        }
        Some(bearer(value)).filter(|credential| is_tokenlike(credential))
    }

    /// Whether the request bears a trace of this source; in a header of its own, hidden or not.
    pub(super) fn leaves_trace(&self, view: &View<'_>) -> bool {
        view.carries(self.header.as_str()) && (self.header != AUTHORIZATION || self.find(view).is_some())
    }

    /// The source's name, fit for a metric label.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// The tenant of everybody whom the issuer knows, where the configuration says so.
    pub fn fixed_tenant(&self) -> Option<&TenantId> {
        self.rules.fixed_tenant.as_ref()
    }

    /// The tokens say whose tenant their users are of.
    pub(super) fn names_tenants(&self) -> bool {
        self.rules.tenant.is_some()
    }

    /// The issuer and the claim by which it names people, where only their names could tell its people from another issuer's.
    ///
    /// None where a tenant sets them apart, and for e-mail addresses, which are one person's at any issuer.
    pub fn namespace(&self) -> Option<(&str, &str)> {
        let bare = self.name == "jwt" && self.rules.tenant.is_none() && self.rules.fixed_tenant.is_none();
        let claim = self.rules.user.as_str();
        self.rules.issuer.as_deref().filter(|_| bare && claim != "email").map(|issuer| (issuer, claim))
    }

    /// The user whom the request's token proves, and that user's groups, if it carries one that is this source's to check of all those
    /// of its client. `home` is the tenant of an issuer that has none; `now` in Unix seconds, `skew` in seconds.
    pub(super) fn read<'a>(
        &self,
        view: &View<'_>,
        rivals: impl Iterator<Item = &'a Self> + Clone,
        (now, skew): (i64, i64),
        home: &TenantId,
    ) -> Result<Option<(UserId, Groups)>, Invalid> {
        let Some(token) = self.find(view).filter(|token| self.is_judge(token, rivals)) else { return Ok(None) };
        self.verify(token, now, skew, home).map(Some)
    }

    /// Whether this source is to check the token, of several that read the same header: the first of the issuer that the token
    /// names, or else the first of all.
    fn is_judge<'a>(&self, token: &[u8], rivals: impl Iterator<Item = &'a Self> + Clone) -> bool {
        let mut rivals = rivals.filter(|source| source.header == self.header);
        let issuer = Token::parse(token).ok().and_then(|token| token.claimed_issuer());
        let of_issuer = rivals.clone().find(|source| issuer.is_some() && source.rules.issuer == issuer);
        of_issuer.or_else(|| rivals.next()).is_none_or(|judge| std::ptr::eq(judge, self))
    }

    /// The user that a token proves, and their groups.
    fn verify(&self, token: &[u8], now: i64, skew: i64, home: &TenantId) -> Result<(UserId, Groups), Invalid> {
        self.check(token, now, skew, home).map_err(|Refused { fault, claimed }| Invalid { claimed, ..self.explain(&fault) })
    }

    fn check(&self, token: &[u8], now: i64, skew: i64, home: &TenantId) -> Result<(UserId, Groups), Refused> {
        if is_placeholder(token) {
            return Err(Fault::Placeholder.into());
        }
        let token = Token::parse(token)?;
        self.check_signature(&token)?;
        let claims = token.claims()?;
        let user = self.rules.user(&claims, now, skew, home)?;
        Ok((user, self.rules.groups(&claims)))
    }

    fn check_signature(&self, token: &Token<'_>) -> Result<(), Fault> {
        match &self.keys {
            Keys::Secrets(_) if token.algorithm != "HS256" => Err(Fault::NotHs256),
            Keys::Secrets(secrets) => {
                let fits = |secret: &Secret| signature::is_mac(secret.expose(), token.signed, &token.signature);
                // Every secret is tried, so that the time taken does not tell which one fits.
                let hits = secrets.iter().filter(|secret| fits(secret)).count();
                if hits > 0 { Ok(()) } else { Err(Fault::Secret) }
            }
            Keys::Published { keyring, algorithms } => {
                let algorithm = Algorithm::parse(&token.algorithm).filter(|algorithm| algorithms.contains(algorithm));
                let algorithm = algorithm.ok_or(Fault::Algorithm)?;
                keyring.keys().ok_or(Fault::KeysUnavailable)?.check(token, algorithm)
            }
        }
    }

    /// The same source with keys that are held under other terms than the configuration allows.
    #[cfg(test)]
    pub(super) fn on_terms(self, settings: KeyringSettings) -> Self {
        let Keys::Published { keyring, algorithms } = self.keys else { panic!("no published keys") };
        let keyring = Arc::new(Keyring::new(keyring.location.clone(), keyring.issuer.clone(), settings, None));
        Self { keys: Keys::Published { keyring, algorithms }, ..self }
    }

    fn explain(&self, fault: &Fault) -> Invalid {
        let header = &self.header;
        match fault {
            Fault::Malformed(claim, reason) => Invalid::malformed(&format!("the claim {claim} of the token in {header}"), reason),
            _ => Invalid::new(fault.code(), format!("The token in {header} is not valid: {fault}.")),
        }
    }
}

/// What is wrong with a token, as the second half of a sentence. Holds nothing of the token but names of claims that the
/// configuration asks for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
enum Fault {
    #[error("it is a placeholder that the chat UI did not resolve; is the person signed in there by single sign-on?")]
    Placeholder,
    #[error("it is larger than {} KiB", MAX_TOKEN >> 10)]
    TooLarge,
    #[error("it is no JSON web token: three parts in base64url with dots between, without `Bearer` except in Authorization")]
    Form,
    #[error("it has critical extensions, which this server does not know (RFC 7515, 4.1.11)")]
    Critical,
    #[error("its algorithm is not HS256")]
    NotHs256,
    #[error("its algorithm is none of those that are configured")]
    Algorithm,
    #[error("the signature does not fit; both sides must have the same secret")]
    Secret,
    #[error("the signature does not fit")]
    Signature,
    #[error("its algorithm does not fit the key that it names")]
    KeyKind,
    #[error("it is signed by a key that this server does not know of the issuer; send a fresh one in a minute")]
    KeyUnknown,
    #[error("the issuer's keys cannot be had at the moment; try again in a minute")]
    KeysUnavailable,
    #[error("it is by another issuer")]
    Issuer,
    #[error("it is meant for another audience")]
    Audience,
    #[error("it lacks the claim {0}")]
    Missing(String),
    #[error("its claim {0} is not as this server asks")]
    Required(String),
    #[error("its claim {0} is no name")]
    NotAName(String),
    #[error("its claim {0} is no time in seconds")]
    NotATime(String),
    #[error("its issuer's people are of another tenant than the one that it names")]
    Tenant,
    #[error("its e-mail address is not verified")]
    Unverified,
    #[error("it belongs to a program (a service token) and names no person")]
    Program,
    #[error("its claim {0} {1}")]
    Malformed(String, IdError),
    #[error("it has expired: send a fresh one (this server's clock reads {0})")]
    Expired(i64),
    #[error("it is from the future: compare the clocks of both machines (this server's reads {0})")]
    Premature(i64),
}

impl Fault {
    fn code(&self) -> &'static str {
        match self {
            Self::Expired(_) => code::JWT_EXPIRED,
            Self::Premature(_) => code::JWT_PREMATURE,
            Self::KeyUnknown => code::JWT_KEY_UNKNOWN,
            Self::KeysUnavailable => code::JWT_KEYS_UNAVAILABLE,
            Self::Tenant => code::TENANT_MISMATCH,
            Self::Malformed(..) => code::IDENTITY_MALFORMED,
            _ => code::JWT_INVALID,
        }
    }
}
