//! What was decided on requests, what another mode would decide, and who a stricter mode would refuse.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /v1/decisions`: the newest first. Conditions join with "and".
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DecisionFilter {
    pub user: Option<String>,
    pub client: Option<String>,
    pub mode: Option<String>,
    /// `admit`, `sandbox`, `bypass` or `refuse`.
    pub decision: Option<String>,
    pub reason: Option<String>,
    pub route: Option<String>,
    /// Part of the request's id, path, model or peer.
    pub search: Option<String>,
    /// Milliseconds since the Unix epoch.
    pub since: Option<i64>,
    pub until: Option<i64>,
    pub cursor: Option<String>,
    pub limit: Option<u32>,
}

/// A request that was decided and has ended. Never text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionRow {
    /// Milliseconds since the Unix epoch, at arrival.
    pub time: i64,
    pub request: String,
    pub client: String,
    pub peer: String,
    /// Whose scope was granted. A mere claim is never shown.
    pub user: Option<String>,
    pub source: Option<String>,
    pub assurance: Option<String>,
    pub mode: String,
    pub decision: String,
    pub reason: String,
    pub error: Option<String>,
    pub shadow: Option<String>,
    pub route: String,
    pub method: String,
    pub path: String,
    pub model: Option<String>,
    pub upstream: Option<String>,
    pub status: Option<u16>,
    pub outcome: String,
    pub facts_used: u32,
    pub messages_cut: u32,
    pub tokens_in: Option<u64>,
    pub tokens_out: Option<u64>,
    pub duration_ms: f64,
    pub first_token_ms: Option<f64>,
}

/// `GET /v1/decisions/{request}`: why it was decided so, and what would change it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    pub row: DecisionRow,
    /// What was found and what followed from it, in order.
    pub steps: Vec<Step>,
    /// What each mode would decide on the same request.
    pub modes: Vec<ModeOutcome>,
    /// What the caller or the operator can do; none where the request was served as asked.
    pub remedy: Option<String>,
}

/// One step of a decision.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    pub name: String,
    pub result: String,
    pub why: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ModeOutcome {
    pub mode: String,
    pub decision: String,
    pub reason: String,
}

/// `GET /v1/decisions/replay`: decides on the recent requests once more, under another mode. Changes nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReplayQuery {
    /// `strict`, `required`, `quarantine` or `legacy`.
    pub mode: String,
    pub client: Option<String>,
}

/// What a mode would have done.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReplayReport {
    pub mode: String,
    /// Requests that were looked at, and the time of the oldest.
    pub considered: u64,
    pub since: Option<i64>,
    pub unchanged: u64,
    /// What would change, the most requests first.
    pub changes: Vec<ReplayChange>,
}

/// Requests of one client that would be decided otherwise, alike.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReplayChange {
    pub client: String,
    pub from: String,
    pub to: String,
    /// The reason of the new decision.
    pub reason: String,
    pub requests: u64,
    /// Different users among them.
    pub users: u64,
    pub first_at: i64,
    pub last_at: i64,
    /// What they would need.
    pub needs: String,
    /// Some of the requests.
    pub examples: Vec<String>,
}

/// `GET /v1/shadow`: who the shadow mode would refuse, kept over restarts.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct ShadowReport {
    /// The mode; none where `trust.shadow` is not set.
    pub mode: Option<String>,
    pub groups: Vec<ShadowGroup>,
}

/// Requests of one user, or of nobody, by one client that would be refused for one reason.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ShadowGroup {
    pub client: String,
    pub user: Option<String>,
    pub reason: String,
    pub requests: u64,
    pub first_at: i64,
    pub last_at: i64,
    /// What they would need.
    pub needs: String,
}
