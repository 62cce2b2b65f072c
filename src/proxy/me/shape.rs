//! How facts look in answers and exports, and the words of their fields.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::FactId;
use crate::memory::curate::Shown;
use crate::store::{Kind, Review, Status, Tier};

/// A fact with everything that is known of it. Also a line of an export.
#[derive(Debug, Serialize)]
pub struct FactBody<'a> {
    id: String,
    text: &'a str,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<&'a str>,
    tier: Tier,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_for: Option<Review>,
    /// Whether it may be recalled.
    current: bool,
    pinned: bool,
    created_at: String,
    valid_at: String,
    invalid_at: Option<String>,
    expired_at: Option<String>,
    expires_at: Option<String>,
    superseded_by: Option<String>,
    supersedes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    source: SourceBody<'a>,
}

/// Why memgate knows a fact.
#[derive(Debug, Serialize)]
struct SourceBody<'a> {
    origin: &'a str,
    quote: &'a str,
    turn: &'a str,
    client: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
    assurance: &'static str,
}

impl<'a> From<&'a Shown> for FactBody<'a> {
    fn from(shown: &'a Shown) -> Self {
        let Shown { fact, supersedes, score } = shown;
        let source = &fact.source;
        Self {
            id: fact.id.to_string(),
            text: &fact.text,
            kind: fact.kind,
            slot: fact.slot.as_deref(),
            tier: fact.tier,
            status: fact.status,
            held_for: fact.held_for,
            current: fact.is_current(),
            pinned: fact.pinned,
            created_at: when(fact.created_at),
            valid_at: when(fact.valid_at),
            invalid_at: fact.invalid_at.map(when),
            expired_at: fact.expired_at.map(when),
            expires_at: fact.expires_at.map(when),
            superseded_by: fact.superseded_by.map(|id| id.to_string()),
            supersedes: names(supersedes),
            score: *score,
            source: SourceBody {
                origin: &source.origin,
                quote: &source.quote,
                turn: &source.turn,
                client: source.client.as_str(),
                session: source.session.as_ref().map(crate::ids::SessionId::as_str),
                assurance: source.assurance.as_str(),
            },
        }
    }
}

/// What is read back of an exported line. Fields that a later version may add are passed over.
#[derive(Deserialize)]
pub struct ExportedLine {
    #[serde(default)]
    pub id: Option<String>,
    pub text: String,
    #[serde(default)]
    pub kind: Option<Kind>,
    #[serde(default)]
    pub slot: Option<String>,
    #[serde(default)]
    pub tier: Option<Tier>,
    #[serde(default)]
    pub status: Option<Status>,
    #[serde(default)]
    pub held_for: Option<Review>,
    #[serde(default)]
    pub pinned: bool,
    #[serde(default)]
    pub created_at: Option<String>,
    #[serde(default)]
    pub valid_at: Option<String>,
    #[serde(default)]
    pub invalid_at: Option<String>,
    #[serde(default)]
    pub expired_at: Option<String>,
    #[serde(default)]
    pub expires_at: Option<String>,
    #[serde(default)]
    pub superseded_by: Option<String>,
    #[serde(default)]
    pub source: Option<ExportedSource>,
}

/// As [`ExportedLine`].
#[derive(Deserialize)]
pub struct ExportedSource {
    #[serde(default)]
    pub origin: Option<String>,
    #[serde(default)]
    pub quote: Option<String>,
}

/// A time as RFC 3339 in UTC.
pub fn when(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or_default().to_string()
}

/// Reads RFC 3339; milliseconds since the Unix epoch.
pub fn read_time(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// Ids as they are written everywhere.
pub fn names(ids: &[FactId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}
