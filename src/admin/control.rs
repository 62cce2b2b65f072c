//! The control API's routes and what they work on.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, StatusCode};
use axum::{Extension, Router};
use serde::de::DeserializeOwned;

use super::api::{ConfigCheck, ConfigView, Status};
use super::endpoint::{self, Endpoint};
use super::principal::{Access, Principal};
use super::problem::Problem;
use super::{
    configuration, decisions, events, facts, health, installation, merges, overview, people, sandboxes, sessions, status,
    tenants, trail, user_keys, users, vault,
};
use crate::ids::{TenantId, UserId};
use crate::proxy::{Runtime, Services, unix_ms};
use crate::setting::Fault;
use crate::store::Store;
use crate::telemetry::ActRecord;
use crate::telemetry::audit::ActOutcome;

/// Facts that one audit record names.
const MOST_NAMED: usize = 256;

/// Reads the configuration anew and applies it whole, or leaves everything as it is and says why. May block.
pub type Reload = Arc<dyn Fn() -> Result<(), Vec<Fault>> + Send + Sync>;

/// What is known of the configuration file. Each may block.
#[derive(Clone)]
pub struct ConfigDesk {
    pub reload: Reload,
    /// What is in force, without secrets.
    pub show: Arc<dyn Fn() -> ConfigView + Send + Sync>,
    /// The file on the disk against what is in force.
    pub check: Arc<dyn Fn() -> ConfigCheck + Send + Sync>,
}

impl ConfigDesk {
    /// One that knows how to reload, and no file.
    #[cfg(any(test, feature = "test-doors"))]
    #[must_use]
    pub fn reloading(reload: Reload) -> Self {
        Self { reload, show: Arc::new(ConfigView::default), check: Arc::new(ConfigCheck::default) }
    }
}

impl fmt::Debug for ConfigDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConfigDesk")
    }
}

/// What the admin API works on. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    pub(super) services: Arc<Services>,
    pub(super) runtime: Arc<ArcSwap<Runtime>>,
    pub(super) config: ConfigDesk,
    /// Milliseconds since the Unix epoch.
    pub(super) started_at: i64,
    pub(super) health: health::LastLook,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("started_at", &self.started_at).finish_non_exhaustive()
    }
}

/// Every route of the admin API.
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    let mut all = vec![
        Endpoint::new(Method::GET, "/v1/status", Access::View, "How the running memgate is.", status::show).answers::<Status>(),
        Endpoint::new(Method::POST, "/v1/reload", Access::Act, "Have the configuration read anew.", reload)
            .status(StatusCode::NO_CONTENT),
    ];
    for more in [
        people::endpoints(),
        facts::endpoints(),
        merges::endpoints(),
        users::endpoints(),
        user_keys::endpoints(),
        sandboxes::endpoints(),
        sessions::endpoints(),
        tenants::endpoints(),
        vault::endpoints(),
        decisions::endpoints(),
        overview::endpoints(),
        events::endpoints(),
        installation::endpoints(),
        configuration::endpoints(),
        trail::endpoints(),
        health::endpoints(),
    ] {
        all.extend(more);
    }
    all
}

/// The admin API. What is in front of it puts a [`Principal`] into each request whose caller is known.
pub fn api_router(control: Control) -> Router {
    endpoint::collect(endpoints())
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(64 << 10))
        .with_state(control)
}

/// The routes of the control socket. Whoever can connect is the operator: the socket's mode is the gate.
pub fn control_router(control: Control) -> Router {
    api_router(control).layer(Extension(Principal::local()))
}

async fn reload(State(control): State<Control>, by: Principal) -> Result<StatusCode, Problem> {
    control.reload_config(&by).await.map(|()| StatusCode::NO_CONTENT)
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
    /// The admin API of a memgate that starts now.
    #[must_use]
    pub fn new(services: Arc<Services>, runtime: Arc<ArcSwap<Runtime>>, config: ConfigDesk) -> Self {
        Self { services, runtime, config, started_at: unix_ms(), health: health::LastLook::default() }
    }

    pub(super) fn store(&self) -> &Store {
        &self.services.store
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
        self.services.audit.record_act(act.clone())?;
        act.outcome = ActOutcome::Done;
        let result = work(self.store(), &mut act);
        self.conclude(act, result)
    }

    /// Writes the second record of an act: several, where it names more facts than one record may.
    pub(super) fn conclude<T>(&self, mut act: ActRecord, result: Result<T, Problem>) -> Result<T, Problem> {
        if result.is_err() && act.outcome != ActOutcome::Unchanged {
            act.outcome = ActOutcome::Failed;
        }
        act.time = unix_ms();
        while act.facts_written.len().max(act.facts_deleted.len()) > MOST_NAMED {
            let mut piece = act.clone();
            for (all, named) in
                [(&mut act.facts_written, &mut piece.facts_written), (&mut act.facts_deleted, &mut piece.facts_deleted)]
            {
                *all = named.split_off(named.len().min(MOST_NAMED));
            }
            self.services.audit.record(piece);
        }
        self.services.audit.record(act);
        // Whoever is told that it is done finds it on disk. What cannot be written is counted and logged by the audit log itself.
        let _ = self.services.audit.flush();
        result
    }
}
