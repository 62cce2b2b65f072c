//! The second half of reading a signed request: the body is there, the signature is right or not, and the nonce is taken.

use std::borrow::Cow;
use std::sync::Arc;

use http::HeaderName;

use super::groups::Groups;
use super::http_signature::{self, HttpSignature};
use super::replay::{ReplayGuard, Unclaimed, Window};
use super::settings::IdentitySettings;
use super::{Assurance, Evidence, Finding, Invalid, Resolution, code, header, signature};
use crate::ids::UserId;

/// What one source says.
#[derive(Debug)]
pub(super) struct Statement {
    pub user: UserId,
    pub assurance: Assurance,
    /// As [`Evidence::source`].
    pub source: &'static str,
    /// The header that said it; none for a per-user key.
    pub header: Option<HeaderName>,
    /// What the same source says of the user's groups.
    pub groups: Groups,
}

impl Statement {
    pub(super) fn new(user: UserId, assurance: Assurance, source: &'static str, header: Option<HeaderName>) -> Self {
        Self { user, assurance, source, header, groups: Groups::default() }
    }

    pub(super) fn describe(&self) -> Cow<'static, str> {
        match &self.header {
            Some(name) => format!("the header {name}").into(),
            None => "the personal key".into(),
        }
    }
}

/// A signature of which all is checked but the body.
#[derive(Debug)]
pub(super) enum Proof {
    /// memgate's own, whose MAC covers the body itself.
    Memgate(signature::Unverified),
    /// An HTTP message signature, which covers the body's digest, and the header that names the user.
    Message(http_signature::Unverified, HeaderName),
}

impl From<signature::Unverified> for Proof {
    fn from(unverified: signature::Unverified) -> Self {
        Self::Memgate(unverified)
    }
}

impl Proof {
    pub(super) fn message(unverified: http_signature::Unverified, spec: &HttpSignature) -> Self {
        Self::Message(unverified, spec.user.clone())
    }

    pub(super) fn user(&self) -> &UserId {
        match self {
            Self::Memgate(unverified) => &unverified.user,
            Self::Message(unverified, _) => &unverified.user,
        }
    }

    fn check_body(&self, body: &[u8]) -> Result<(), Invalid> {
        match self {
            Self::Memgate(unverified) => unverified.check_body(body),
            Self::Message(unverified, _) => unverified.check_body(body),
        }
    }

    /// Key id, nonce and time of signing.
    fn once(&self) -> (&str, &str, i64) {
        match self {
            Self::Memgate(unverified) => (&unverified.key_id, &unverified.nonce, unverified.timestamp),
            Self::Message(unverified, _) => (&unverified.key_id, &unverified.nonce, unverified.timestamp),
        }
    }

    /// What a good signature says.
    fn into_statement(self) -> Statement {
        let (user, source, header) = match self {
            Self::Memgate(unverified) => (unverified.user, "memgate_signature", HeaderName::from_static(header::SIGNATURE)),
            Self::Message(unverified, header) => (unverified.user, "http_signature", header),
        };
        Statement::new(user, Assurance::Verified, source, Some(header))
    }
}

/// A signed request whose body is still to come. It is no resolution yet: only [`Pending::finish`] makes one.
#[derive(Debug)]
pub struct Pending {
    pub(super) settings: Arc<IdentitySettings>,
    pub(super) guard: Arc<ReplayGuard>,
    pub(super) draft: Resolution,
    pub(super) statements: Vec<Statement>,
    pub(super) proof: Proof,
    pub(super) now: i64,
}

impl Pending {
    /// Checks the signature over the body; if it is good, takes its nonce.
    #[must_use]
    pub fn finish(self, body: &[u8]) -> Resolution {
        let Self { settings, guard, mut draft, mut statements, proof, now } = self;
        let window = Window { now, skew: settings.skew_seconds(), capacity: settings.replay_capacity };
        let (key_id, nonce, timestamp) = proof.once();
        let claim = || guard.claim(key_id, nonce, timestamp, window).map_err(unclaimed);
        draft.finding = if let Err(invalid) = proof.check_body(body).and_then(|()| claim()) {
            Finding::Invalid(Invalid { claimed: Some(proof.user().to_string()), ..invalid })
        } else {
            statements.push(proof.into_statement());
            agree(statements).map_or_else(Finding::Invalid, |found| found.map_or(none(), Finding::Valid))
        };
        draft
    }

    /// The request without its body: invalid, never valid.
    #[must_use]
    pub fn give_up(self) -> Resolution {
        let message = "The signature covers the body, and the body could not be read.";
        let claimed = Some(self.proof.user().to_string());
        let invalid = Invalid { claimed, ..Invalid::new(code::SIGNATURE_INCOMPLETE, message) };
        Resolution { finding: Finding::Invalid(invalid), ..self.draft }
    }
}

pub(super) fn none() -> Finding {
    Finding::None { looked_for: Vec::new() }
}

fn unclaimed(reason: Unclaimed) -> Invalid {
    let (code, message) = match reason {
        Unclaimed::Replayed => (code::SIGNATURE_REPLAYED, "This nonce was used before. Sign again with a fresh one."),
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

/// The best of statements that all name the same user, with the groups of all of them.
pub(super) fn agree(statements: Vec<Statement>) -> Result<Option<Evidence>, Invalid> {
    let mut statements = statements.into_iter();
    let Some(mut best) = statements.next() else { return Ok(None) };
    let mut groups = std::mem::take(&mut best.groups);
    for mut statement in statements {
        if statement.user != best.user {
            let (one, other) = (best.describe(), statement.describe());
            let message = format!("Two sources name different users: {one} and {other}. Send one identity only.");
            let claimed = Some(best.user.to_string());
            return Err(Invalid { claimed, ..Invalid::new(code::IDENTITY_CONFLICT, message) });
        }
        groups.join(std::mem::take(&mut statement.groups));
        if statement.assurance > best.assurance {
            best = statement;
        }
    }
    let Statement { user, assurance, source, .. } = best;
    Ok(Some(Evidence { user, assurance, source, groups: groups.names }))
}
