//! Who sent a request: by its token, by its session's cookie, or by an open gate.

use std::sync::Arc;
use std::time::Instant;

use axum::http::{HeaderMap, StatusCode, header};

use super::Gate;
use super::browser::BrowserSession;
use super::credential::{Credential, OPEN_NAME, TokenHash};
use super::password::PasswordHash;
use super::screen::{self, Hosts};
use super::session::{Owner, SessionKey, draw};
use super::sign_in;
use crate::admin::principal::{Principal, Role, Via};
use crate::admin::problem::Problem;
use crate::admin::settings::{AdminSettings, SessionLimits};
use crate::telemetry::SignInResult;

/// What a reload replaces.
#[derive(Debug)]
pub(super) struct Rules {
    pub credentials: Vec<Arc<Credential>>,
    /// Whoever gives a name that nobody has waits as long as others.
    pub decoy: PasswordHash,
    pub hosts: Hosts,
    pub limits: SessionLimits,
}

impl Rules {
    pub(super) fn of(settings: &AdminSettings) -> Self {
        Self {
            credentials: settings.credentials.iter().cloned().map(Arc::new).collect(),
            decoy: PasswordHash::decoy(settings.credentials.iter().find_map(|known| known.password.as_ref())),
            hosts: Hosts { listen: settings.listen, names: settings.hosts.clone() },
            limits: settings.session,
        }
    }

    /// Without a credential, and on loopback alone.
    pub(super) fn is_open(&self) -> bool {
        self.credentials.is_empty() && self.hosts.listen.is_some_and(|listen| listen.ip().is_loopback())
    }

    /// Whether a session of this owner may go on: its credential is there, and what it was.
    pub(super) fn holds(&self, owner: &Owner) -> bool {
        owner.as_ref().map_or_else(|| self.is_open(), |owner| self.credentials.contains(owner))
    }

    /// Looks at every credential, so that the time tells nothing of which one it was.
    fn find_token(&self, token: &[u8]) -> Option<&Arc<Credential>> {
        let hash = TokenHash::of(token);
        let matching = self.credentials.iter().filter(|known| known.token == Some(hash));
        matching.fold(None, |_, known| Some(known))
    }
}

/// Who sent a request.
#[derive(Debug)]
pub(super) enum Caller {
    Nobody,
    /// Through an open gate. With a session that is not kept yet, unless the browser has one already.
    Open(Option<BrowserSession>),
    Token(Arc<Credential>),
    Browser {
        key: SessionKey,
        owner: Owner,
        session: BrowserSession,
    },
}

impl Caller {
    pub(super) fn principal(&self) -> Option<Principal> {
        let open = || Principal { name: OPEN_NAME.into(), role: Role::Operator, via: Via::Open };
        let of = |known: &Credential, via| Principal { name: known.name.clone(), role: known.role, via };
        match self {
            Self::Nobody => None,
            Self::Open(_) => Some(open()),
            Self::Token(known) => Some(of(known, Via::Token)),
            Self::Browser { owner, .. } => Some(owner.as_ref().map_or_else(open, |known| of(known, Via::Browser))),
        }
    }

    pub(super) fn browser(&self) -> Option<&BrowserSession> {
        match self {
            Self::Nobody | Self::Token(_) => None,
            Self::Open(draft) => draft.as_ref(),
            Self::Browser { session, .. } => Some(session),
        }
    }
}

/// Whether a proxy passed the request on. Who listens for this machine alone opens to nobody beyond it, whatever `Host` the proxy made.
fn is_forwarded(headers: &HeaderMap) -> bool {
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"]
        .iter()
        .any(|name| headers.contains_key(*name))
}

impl Gate {
    /// Who sent a request with these headers.
    ///
    /// # Errors
    /// When a token was sent and is none.
    pub(super) fn recognise(&self, rules: &Rules, headers: &HeaderMap, now: Instant) -> Result<Caller, Problem> {
        if !rules.credentials.is_empty()
            && let Some(token) = bearer(headers)
        {
            return rules.find_token(token).map(|known| Caller::Token(Arc::clone(known))).ok_or_else(|| {
                self.inner.metrics.gate.count(SignInResult::BadToken);
                let detail = "The token is none that is configured.";
                Problem::new(StatusCode::UNAUTHORIZED, "token_invalid", detail)
            });
        }
        if let Some(key) = sign_in::read_cookie(headers, screen::is_encrypted(headers))
            && let Some((owner, session)) = self.inner.sessions.find(key, now, rules.limits)
            && rules.holds(&owner)
        {
            return Ok(Caller::Browser { key, owner, session });
        }
        Ok(if rules.is_open() && !is_forwarded(headers) { Caller::Open(draw().map(BrowserSession::new)) } else { Caller::Nobody })
    }

    /// Whether whoever was let in would be now.
    pub(super) fn knows_still(&self, caller: &Caller) -> bool {
        let rules = self.inner.rules.load();
        match caller {
            Caller::Nobody => true,
            Caller::Open(_) => rules.is_open(),
            Caller::Token(known) => rules.credentials.contains(known),
            Caller::Browser { key, owner, .. } => {
                rules.holds(owner) && self.inner.sessions.is_alive(*key, Instant::now(), rules.limits)
            }
        }
    }
}

/// The token of `Authorization: Bearer …`. Another scheme is somebody else's affair, such as a proxy's in front.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}
