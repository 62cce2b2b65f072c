//! The control API's routes and what they work on.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, patch, post};
use serde::de::DeserializeOwned;

use super::problem::Problem;
use super::{status, tenants, user_keys, users, vault};
use crate::ids::{TenantId, UserId};
use crate::memory::Memory;
use crate::setting::Fault;
use crate::store::Store;
use crate::telemetry::audit::ActOutcome;
use crate::telemetry::{ActRecord, AuditLog, Metrics};

/// Reads the configuration anew and applies it whole, or leaves everything as it is and says why. May block.
pub type Reload = Arc<dyn Fn() -> Result<(), Vec<Fault>> + Send + Sync>;

/// What the control API works on.
#[derive(Clone)]
pub struct Control {
    pub(super) store: Store,
    pub(super) memory: Arc<Memory>,
    pub(super) audit: AuditLog,
    pub(super) metrics: Arc<Metrics>,
    reload: Reload,
    /// Milliseconds since the Unix epoch.
    pub(super) started_at: i64,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("started_at", &self.started_at).finish_non_exhaustive()
    }
}

/// The routes of the control socket. Whoever can connect is the operator: the socket's mode is the gate.
pub fn control_router(control: Control) -> Router {
    Router::new()
        .route("/v1/status", get(status::show))
        .route("/v1/reload", post(reload))
        .route("/v1/user-keys", get(user_keys::list).post(user_keys::make))
        .route("/v1/user-keys/{id}", delete(user_keys::revoke))
        .route("/v1/users/{user}/ratchet", patch(users::lower_ratchet))
        .route("/v1/tenants", get(tenants::list))
        .route("/v1/tenants/{tenant}", delete(tenants::erase))
        .route("/v1/vault/rotation", post(vault::rotate))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(64 << 10))
        .with_state(control)
}

async fn reload(State(control): State<Control>) -> Result<StatusCode, Problem> {
    let applied = block(move || Ok((control.reload)())).await?;
    applied.map(|()| StatusCode::NO_CONTENT).map_err(Problem::refused_config)
}

async fn unknown_path() -> Problem {
    Problem::not_found("There is no such path.")
}

async fn wrong_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "The path has other methods.")
}

/// Runs what waits for a disk where waiting holds nobody up.
pub(super) async fn block<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::internal("The work was broken off."))?
}

/// A request's JSON body.
pub(super) fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::invalid(format!("The body does not fit: {error}.")))
}

/// A user as typed.
pub(super) fn parse_user(text: &str) -> Result<UserId, Problem> {
    UserId::parse(text).map_err(|error| Problem::invalid(format!("The user {error}.")))
}

/// A tenant as typed.
pub(super) fn parse_tenant(text: &str) -> Result<TenantId, Problem> {
    TenantId::parse(text).map_err(|error| Problem::invalid(format!("The tenant {error}.")))
}

impl Control {
    /// The control API of a memgate that starts now.
    pub fn new(store: Store, memory: Arc<Memory>, audit: AuditLog, metrics: Arc<Metrics>, reload: Reload) -> Self {
        Self { store, memory, audit, metrics, reload, started_at: unix_ms() }
    }

    /// Carries out an operator's act between its two records: nothing happens that is not on disk in the audit log.
    ///
    /// `work` says what it came to, and may complete the second record. Blocks.
    pub(super) fn act<T>(
        &self,
        mut act: ActRecord,
        work: impl FnOnce(&Store, &mut ActRecord) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        act.outcome = ActOutcome::Begun;
        self.audit.record_act(act.clone())?;
        act.outcome = ActOutcome::Done;
        let result = work(&self.store, &mut act);
        if result.is_err() {
            act.outcome = ActOutcome::Failed;
        }
        act.time = unix_ms();
        self.audit.record(act);
        // Whoever is told that it is done finds it on disk. What cannot be written is counted and logged by the audit log itself.
        let _ = self.audit.flush();
        result
    }
}

/// Milliseconds since the Unix epoch.
pub(super) fn unix_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
