//! Clients, upstreams, budgets, settings, configuration and health.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::FaultView;

/// `GET /v1/clients`: one configured client, or `unknown`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ClientRow {
    pub name: String,
    pub mode: String,
    /// How it proves itself: `key`, `certificate`, `peer`.
    pub known_by: Vec<String>,
    /// What it says of users, in the order in which it is looked for.
    pub sources: Vec<String>,
    pub vouch: String,
    pub tenant: Option<String>,
    pub memory: String,
    pub requests: u64,
    pub refused: u64,
    pub active_users: u64,
    pub seen_at: Option<i64>,
}

/// `GET /v1/upstreams`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UpstreamRow {
    pub name: String,
    /// The address without user and key.
    pub address: String,
    pub dialects: Vec<String>,
    /// Such as `well`, `ejected`, `failing`.
    pub condition: String,
    pub well: bool,
    pub priority: u32,
    pub running: u64,
    pub waiting: u64,
    pub concurrency: Option<u64>,
    /// Listed models; none where all are let through.
    pub models: Vec<String>,
    pub requests: u64,
    pub errors: u64,
}

/// `GET /v1/budgets`: one rule.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BudgetRow {
    pub name: String,
    /// What it applies to and for whom each account is, in words of the configuration.
    pub scope: String,
    pub limits: Vec<BudgetLimit>,
    /// Accounts in use.
    pub accounts: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BudgetLimit {
    /// `requests`, `streams`, `tokens`, `money` or `sandboxes`.
    pub kind: String,
    /// Money in millionths.
    pub limit: u64,
}

/// `GET /v1/budgets/users`: who uses how much.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetFilter {
    pub user: Option<String>,
    pub rule: Option<String>,
    /// `soft` or `hard`: those that are at least in this zone.
    pub zone: Option<String>,
    pub cursor: Option<String>,
    pub limit: Option<u32>,
}

/// How one user stands with one rule.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BudgetAccount {
    pub user: String,
    pub rule: String,
    pub limits: Vec<BudgetStanding>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BudgetStanding {
    pub kind: String,
    /// `open`, `soft` or `hard`.
    pub zone: String,
    pub used: u64,
    /// Held by requests that run.
    pub reserved: u64,
    pub limit: u64,
    pub resets_at: Option<i64>,
}

/// `POST /v1/budgets/reset`: takes what a user has used off one rule.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetBudget {
    pub rule: String,
    pub user: String,
}

/// `GET /v1/settings`: what holds where nobody says otherwise, and what people may change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SettingsView {
    pub factory: Value,
    pub configured: Value,
    /// Those of tenants and of clients, by name.
    pub tenants: Value,
    pub clients: Value,
    pub locks: Value,
}

/// `GET /v1/config`: the configuration in force, without secrets.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct ConfigView {
    pub path: String,
    pub loaded_at: i64,
    /// YAML as it was read; what is or may be secret is replaced.
    pub text: String,
}

/// `GET /v1/config/check`: the file on the disk, as a reload would take it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct ConfigCheck {
    pub valid: bool,
    pub faults: Vec<FaultView>,
    /// Against what is in force; without secrets.
    pub changes: Vec<ConfigChange>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ConfigChange {
    /// Such as `trust.mode`.
    pub path: String,
    /// None: it was not there.
    pub from: Option<String>,
    pub to: Option<String>,
}

/// `GET /v1/health`, `/healthz` and `/readyz`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// Whether requests are served.
    pub ready: bool,
    pub checks: Vec<HealthCheck>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct HealthCheck {
    pub name: String,
    pub ok: bool,
    /// Why not, or what there is. Names no user.
    pub detail: String,
}

/// `GET /v1/whoami`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct WhoAmI {
    pub name: String,
    pub role: String,
    /// `socket`, `open` (no credential is configured), `token` or `browser`.
    pub via: String,
    /// For browsers: what a script of the session's own pages sends as `x-memgate-csrf` with what changes something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csrf: Option<String>,
}
