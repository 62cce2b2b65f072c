//! Who asks the admin API, and what they may.

use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use crate::identity::percent_decode;

/// What a credential is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Counts, decisions and hints. No memory text.
    Viewer,
    /// Everything, on record.
    Operator,
    /// The audit log alone.
    Auditor,
}

impl Role {
    /// The word for configuration and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }

    #[must_use]
    pub fn may(self, access: Access) -> bool {
        match access {
            Access::Public | Access::Known => true,
            Access::View => matches!(self, Self::Viewer | Self::Operator),
            Access::Audit => matches!(self, Self::Auditor | Self::Operator),
            Access::Act => self == Self::Operator,
        }
    }
}

/// What a route or a page asks of whoever calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Nothing: it tells nothing of users.
    Public,
    /// Any credential.
    Known,
    /// Counts, decisions and hints.
    View,
    /// The audit log.
    Audit,
    /// Changes, and reading what is remembered.
    Act,
}

/// How somebody came to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// By the control socket, whose mode is the gate.
    Socket,
    /// No credential is configured, and the listener is on loopback.
    Open,
    Token,
    /// Signed in, in a browser.
    Browser,
}

impl Via {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Open => "open",
            Self::Token => "token",
            Self::Browser => "browser",
        }
    }
}

/// Whoever asks, after the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The credential's configured name, as the audit log has it.
    pub(super) name: Box<str>,
    pub(super) role: Role,
    pub(super) via: Via,
}

impl Principal {
    /// Whoever can connect to the control socket.
    #[must_use]
    pub fn local() -> Self {
        Self { name: "local".into(), role: Role::Operator, via: Via::Socket }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    #[must_use]
    pub fn via(&self) -> Via {
        self.via
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The gate puts it there; a route that no gate guards has none, and refuses.
impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::unsigned)
    }
}

/// Why an operator looks at or changes what is remembered of somebody, in their own words: the header `x-memgate-reason`,
/// UTF-8, percent-encoded where it is not plain ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(Box<str>);

/// The header that carries it.
pub const REASON_HEADER: &str = "x-memgate-reason";

impl Reason {
    /// Longest reason in characters.
    pub const LONGEST: usize = 500;

    /// # Errors
    /// When it is blank, too long, or holds control characters.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > Self::LONGEST || text.chars().any(char::is_control) {
            let detail = format!(
                "This concerns what is remembered of a person: say why, in {} characters at most. It is put on record, and the person can \
                 read it. Programs send the header {REASON_HEADER}.",
                Self::LONGEST
            );
            return Err(Problem::new(StatusCode::BAD_REQUEST, "reason_required", detail));
        }
        Ok(Self(text.into()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Reason {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let sent = parts.headers.get(REASON_HEADER).map(axum::http::HeaderValue::as_bytes).unwrap_or_default();
        let decoded = percent_decode(sent).unwrap_or_default();
        Self::parse(std::str::from_utf8(&decoded).unwrap_or_default())
    }
}
