//! Trust modes and the pure decision: evidence and mode in, decision out, no I/O.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::Assurance;
use crate::ids::UserId;

/// How much a request must prove before it reaches a user's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TrustMode {
    /// Verified evidence only.
    Strict,
    /// Any valid evidence.
    Required,
    /// Unknown and doubtful requests are served from an isolated, expiring sandbox.
    Quarantine,
    /// Everything is served; doubt costs the memory, and the answer says so.
    Legacy,
}

/// What the operator's records say of a claimed user. Read from [`Directory`] before deciding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// The user was admitted before, or was named by the operator.
    pub known: bool,
    /// The trust ratchet: weaker evidence than this no longer opens the user's memory.
    pub ratchet: Option<Assurance>,
}

/// The operator's records of users, as far as a decision needs them. Implemented by the store; answers from memory.
pub trait Directory: Send + Sync {
    fn standing(&self, user: &UserId) -> Standing;
}

/// What is granted. The reason is one static string: metric label, audit reason and, for a refusal, the error's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The user's own scope. `advice`: the evidence would not do in a stricter mode.
    Admit { user: UserId, assurance: Assurance, reason: &'static str, advice: bool },
    /// An isolated scope, never the claimed user's. `claimed` only keys the sandbox.
    Sandbox { claimed: Option<String>, reason: &'static str },
    /// Forwarded without memory. `advice`: as above; unset for paths that an authenticated client may call for itself.
    Bypass { reason: &'static str, advice: bool },
    /// Not forwarded.
    Refuse { status: u16, reason: &'static str, message: String },
}
