//! How everything goes, at a glance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::UpstreamRow;

/// `GET /v1/overview`
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Overview {
    pub version: String,
    pub started_at: i64,
    pub now: i64,
    /// The mode of clients that name none.
    pub mode: String,
    pub shadow: Option<String>,
    pub series: Series,
    /// Since the start.
    pub decisions: Vec<DecisionCount>,
    pub activity: Vec<ClientActivity>,
    /// Requests for what is another's, turned away: ids of facts, sessions, keys and stored answers.
    pub cross_scope_denials: u64,
    pub trims: u64,
    pub messages_cut: u64,
    /// Tokens that trimming kept from the upstream.
    pub tokens_saved: u64,
    pub tokens_in: u64,
    pub tokens_out: u64,
    pub recalls: Vec<Count>,
    pub open_streams: u64,
    /// Requests that wait for a place at an upstream.
    pub queued: u64,
    pub learning_queue_bytes: u64,
    pub audit_dropped: u64,
    pub upstreams: Vec<UpstreamRow>,
    pub users: u64,
    pub sandboxes: u64,
}

/// The last hour, one point every `step_seconds`; all lists are of one length, the oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    pub step_seconds: u32,
    /// Milliseconds since the Unix epoch.
    pub at: Vec<i64>,
    pub requests_per_second: Vec<f64>,
    pub refusals_per_second: Vec<f64>,
    /// Quantiles of the seconds to the answer's end; none where nothing was asked.
    pub duration_p50: Vec<Option<f64>>,
    pub duration_p95: Vec<Option<f64>>,
    pub first_token_p50: Vec<Option<f64>>,
    pub first_token_p95: Vec<Option<f64>>,
    pub open_streams: Vec<u64>,
    pub queued: Vec<u64>,
    /// Recalls that found something, of all; none where nothing was recalled.
    pub recall_hits: Vec<Option<f64>>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DecisionCount {
    pub mode: String,
    pub decision: String,
    pub reason: String,
    pub requests: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Count {
    pub name: String,
    pub count: u64,
}

/// Users of one client: active in the last five minutes, or seen in the last day.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ClientActivity {
    pub client: String,
    pub active: u64,
    pub idle: u64,
}
