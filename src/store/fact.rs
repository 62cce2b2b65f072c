//! A remembered statement and where it came from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::Assurance;
use crate::ids::{ClientName, FactId, SessionId};

/// What sort of statement a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Who the person is: name, home, work, family, diet.
    Profile,
    /// What the person likes and dislikes.
    Preference,
    Event,
    /// How the person wants to be answered.
    Instruction,
    /// Anything else: found by recall only, never in the profile block.
    Note,
}

impl Kind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Preference => "preference",
            Self::Event => "event",
            Self::Instruction => "instruction",
            Self::Note => "note",
        }
    }
}

/// How sure the learner is that the person said so on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// An explicit statement.
    Explicit,
    /// A first-person clause in passing.
    Passing,
}

impl Tier {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Passing => "passing",
        }
    }
}

/// Whether a fact may be recalled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Active,
    /// Kept for the person or the operator to review; [`Fact::held_for`] says why.
    Held,
    /// The person asked in a conversation to forget it: neither recalled nor replayed, kept as history until deleted or erased.
    Forgotten,
}

impl Status {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Held => "held",
            Self::Forgotten => "forgotten",
        }
    }
}

/// Why a fact waits for review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Review {
    /// It speaks to a model about its orders.
    Instruction,
    /// It carries an address to open.
    Url,
    /// It names a tool or a command.
    Tool,
    /// It is longer than a statement is.
    Length,
    /// It was learned in a sandbox. It may be recalled there, and nowhere else before a review.
    Sandbox,
    /// It was imported from a source that others may write to.
    Import,
}

impl Review {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instruction => "instruction",
            Self::Url => "url",
            Self::Tool => "tool",
            Self::Length => "length",
            Self::Sandbox => "sandbox",
            Self::Import => "import",
        }
    }
}

/// Where a fact came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Keyed hash of the turn that said so, in hex.
    pub turn: String,
    /// The words themselves, a verbatim span of the turn.
    pub quote: String,
    /// Who said it, where several people speak in one conversation: a group chat, an import. Without it, the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    pub client: ClientName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    pub assurance: Assurance,
    /// The rule or model that drew the fact, such as `rule:remember`.
    pub origin: String,
}

/// What a fact is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Counted {
    pub status: Status,
    /// As [`Fact::invalid_at`].
    #[serde(default)]
    pub invalid_at: Option<i64>,
}

impl From<&Fact> for Counted {
    fn from(fact: &Fact) -> Self {
        Self { status: fact.status, invalid_at: fact.invalid_at }
    }
}

/// One remembered statement. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub id: FactId,
    pub text: String,
    pub kind: Kind,
    /// The single-valued attribute that this fact fills, such as `name` or `city`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    pub tier: Tier,
    pub status: Status,
    /// Why it is held, or was until a review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_for: Option<Review>,
    #[serde(default)]
    pub pinned: bool,
    pub created_at: i64,
    /// Since when the statement has held, as far as known: the time of the turn.
    pub valid_at: i64,
    /// When it ceased to hold: a newer value of the slot, or a retraction. Such a fact is history, not recalled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid_at: Option<i64>,
    /// When memgate came to know that it had ceased to hold; with `created_at` the second time axis (Snodgrass 1999).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_at: Option<i64>,
    /// The fact that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<FactId>,
    /// When it is to be dropped by itself: its kind's time to live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    pub source: Provenance,
    /// The text as the ranking sees it, so that opening a store does not stem again. Opaque here; see `memory::analysis`.
    #[serde(skip)]
    pub analysis: Vec<u8>,
}

impl Fact {
    /// Whether recall may use the fact, its time to live aside. What a sandbox learned stands in the sandbox's own file only.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.is_shown() && self.invalid_at.is_none()
    }

    /// Whether a conversation that carried the fact goes on carrying it: superseded facts do, what was forgotten or is held does not.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        match self.status {
            Status::Active => true,
            Status::Held => self.held_for == Some(Review::Sandbox),
            Status::Forgotten => false,
        }
    }

    /// Whether the fact's time to live is over at `now`: it is neither recalled nor replayed, and is deleted soon. A pinned one stays.
    #[must_use]
    pub fn is_expired(&self, now: i64) -> bool {
        !self.pinned && self.expires_at.is_some_and(|at| at <= now)
    }
}
