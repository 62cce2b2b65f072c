//! The audit log, read and verified.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `GET /v1/audit`: the newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuditFilter {
    /// `request`, `learned`, `operator`, `anchor`, `recovered` or `dropped`.
    #[serde(rename = "type")]
    pub sort: Option<String>,
    /// `tenant:name`, or a name in the default tenant. Found as either user of an act on two.
    pub user: Option<String>,
    /// Such as `facts.read`.
    pub act: Option<String>,
    pub operator: Option<String>,
    pub client: Option<String>,
    /// The id of a request, a receipt, a key or a fact.
    pub id: Option<String>,
    /// Milliseconds since the Unix epoch.
    pub since: Option<i64>,
    pub until: Option<i64>,
    /// An export takes neither this nor `limit`: it is whole.
    pub cursor: Option<String>,
    pub limit: Option<u32>,
}

/// A line of the log.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AuditLine {
    /// Its number in the chain.
    pub seq: u64,
    /// The record as it is written.
    pub record: Value,
}

/// `GET /v1/audit/verification`
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct AuditVerification {
    pub intact: bool,
    pub records: u64,
    pub files: u32,
    /// The first and the last number that are kept.
    pub first: Option<u64>,
    pub last: Option<u64>,
    /// What is wrong, in the order of the log; the first hundred.
    pub faults: Vec<AuditFault>,
    /// Milliseconds that it took.
    pub took_ms: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AuditFault {
    pub file: String,
    pub line: u64,
    /// What is wrong, and what it may mean.
    pub what: String,
}
