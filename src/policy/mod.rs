//! Trust modes and the pure decision: evidence and mode in, decision out, no I/O.

mod clients;
mod decide;
mod groups;
mod remedy;
pub mod replay;
mod settings;
mod shadow;
mod tenants;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::Assurance;
use crate::ids::UserId;

pub use decide::{PathClass, REASONS, Terms, decide, subject};
pub use groups::{Group, GroupFile, Groups, Membership, MembershipSource};
pub use remedy::needs;
pub use replay::{Case, Grounds};
pub use settings::{ClientFile, ClientPolicy, MemoryAccess, SandboxFile, TrustFile, TrustSettings, resolve};
pub use shadow::{ShadowOutcome, Verdict};
pub use tenants::{Tenant, TenantFile, Tenants, UnlistedTenants, check_upstreams};

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

impl TrustMode {
    /// The strictest first.
    pub const ALL: [Self; 4] = [Self::Strict, Self::Required, Self::Quarantine, Self::Legacy];

    /// The word for configuration, metrics and audit.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Required => "required",
            Self::Quarantine => "quarantine",
            Self::Legacy => "legacy",
        }
    }

    /// Whether this mode lets through what `other` does not.
    #[must_use]
    pub fn is_laxer_than(self, other: Self) -> bool {
        self.laxness() > other.laxness()
    }

    fn laxness(self) -> u8 {
        match self {
            Self::Strict => 0,
            Self::Required => 1,
            Self::Quarantine => 2,
            Self::Legacy => 3,
        }
    }
}

/// What the plain word of an authenticated client is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Vouch {
    /// `vouched`, as it is.
    #[default]
    Vouched,
    /// The operator answers for the client: its word counts as `verified`, in every mode and for the trust ratchet.
    Verified,
}

/// Whether the conversations of a client are kept for its people to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum History {
    On,
    #[default]
    Off,
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

impl Decision {
    /// The word for metrics and audit: `admit`, `sandbox`, `bypass`, `refuse`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Admit { .. } => "admit",
            Self::Sandbox { .. } => "sandbox",
            Self::Bypass { .. } => "bypass",
            Self::Refuse { .. } => "refuse",
        }
    }

    /// One of [`REASONS`].
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Admit { reason, .. }
            | Self::Sandbox { reason, .. }
            | Self::Bypass { reason, .. }
            | Self::Refuse { reason, .. } => reason,
        }
    }
}
