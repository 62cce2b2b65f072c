//! Whether memgate serves, and what is wrong; and who asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use tokio::sync::Mutex;

use super::api::{Health, HealthCheck, WhoAmI};
use super::control::Control;
use super::endpoint::Endpoint;
use super::gate::BrowserSession;
use super::principal::{Access, Principal};
use crate::store::Queue;

/// How long an answer holds: whoever asks more often costs no disk anything.
const HOLDS: Duration = Duration::from_secs(1);
/// How long a disk may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was found last. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct LastLook {
    found: Arc<Mutex<Option<(Instant, Health)>>>,
    /// A disk is being asked and has not answered: no second one waits for it.
    asking: Arc<AtomicBool>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/v1/whoami", Access::Known, "Who the caller is, and by what.", show_caller)
            .answers::<WhoAmI>(),
        Endpoint::new(Method::GET, "/v1/health", Access::Public, "Whether requests are served, with the reasons.", show)
            .answers::<Health>(),
        Endpoint::new(Method::GET, "/healthz", Access::Public, "200 while memgate runs.", alive)
            .answers::<String>()
            .content("text/plain"),
        Endpoint::new(Method::GET, "/readyz", Access::Public, "200 while requests are served, else 503 with the reasons.", ready)
            .answers::<Health>(),
    ]
}

/// The probes, for a listener without a gate.
pub(super) fn probes(control: Control) -> Router {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).with_state(control)
}

async fn show_caller(by: Principal, session: Option<Extension<BrowserSession>>, headers: HeaderMap) -> Json<WhoAmI> {
    // In an open gate whoever asks could have a session; programs have no use for one.
    let is_browser = headers.contains_key("sec-fetch-site") || headers.contains_key(header::COOKIE);
    let csrf = session.filter(|_| is_browser).map(|session| session.csrf().to_owned());
    Json(WhoAmI { name: by.name().to_owned(), role: by.role().as_str().to_owned(), via: by.via().as_str().to_owned(), csrf })
}

async fn show(State(control): State<Control>) -> Json<Health> {
    Json(control.check_health().await)
}

async fn alive() -> &'static str {
    "ok\n"
}

async fn ready(State(control): State<Control>) -> Response {
    let health = control.check_health().await;
    let status = if health.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health)).into_response()
}

impl Control {
    /// Whether requests are served, with the reasons. Names no user. What it says is a second old at most.
    pub async fn check_health(&self) -> Health {
        let mut found = self.health.found.lock().await;
        if let Some((_, health)) = found.as_ref().filter(|(at, _)| at.elapsed() < HOLDS) {
            return health.clone();
        }
        let health = self.look().await;
        *found = Some((Instant::now(), health.clone()));
        health
    }

    async fn look(&self) -> Health {
        let draining = self.services.is_draining();
        let [storage, audit] = self.ask_disks().await;
        let needed = [check("running", !draining, "", "memgate is shutting down"), storage, audit, self.check_upstreams()];
        let ready = needed.iter().all(|check| check.ok);
        let applied = self.services.metrics.reloads.is_applied();
        // The configuration before stays in force and serves: no reason to send requests elsewhere.
        let refused = "the last reload was refused: `memgate check` says why; the configuration before is in force";
        let checks = needed.into_iter().chain([check("configuration", applied, "as it was read", refused)]).collect();
        Health { ready, checks }
    }

    /// Whether what is remembered can be read, and the audit log be written.
    async fn ask_disks(&self) -> [HealthCheck; 2] {
        let slow = |name| check(name, false, "", "the disk does not answer in time");
        let asking = Arc::clone(&self.health.asking);
        if asking.swap(true, Ordering::AcqRel) {
            return [slow("storage"), slow("audit")];
        }
        let services = Arc::clone(&self.services);
        let asked = tokio::task::spawn_blocking(move || {
            let read = services.store.journal_peek(Queue::Rules, 0, 1);
            let written = services.audit.flush();
            asking.store(false, Ordering::Release);
            let storage = check("storage", read.is_ok(), "answers", "the storage fails; the log says why");
            [storage, check("audit", written.is_ok(), "is written", "the audit log cannot be written; the log says why")]
        });
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(checks)) => checks,
            _ => [slow("storage"), slow("audit")],
        }
    }

    fn check_upstreams(&self) -> HealthCheck {
        let runtime = self.runtime.load();
        let upstreams = runtime.catalog.upstreams();
        let all = upstreams.len();
        let well = upstreams.iter().filter(|upstream| self.services.balance.standing(upstream).well).count();
        HealthCheck { name: "upstreams".to_owned(), ok: well > 0, detail: format!("{well} of {all} are well") }
    }
}

fn check(name: &str, ok: bool, good: &str, bad: &str) -> HealthCheck {
    HealthCheck { name: name.to_owned(), ok, detail: if ok { good } else { bad }.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::ConfigDesk;
    use crate::proxy::test_services;
    use crate::telemetry::ReloadResult;

    fn said(health: &Health, name: &str) -> bool {
        health.checks.iter().find(|check| check.name == name).unwrap().ok
    }

    #[tokio::test]
    async fn what_is_wrong_is_told_and_what_serves_on_is_no_reason() {
        let dir = tempfile::tempdir().unwrap();
        let (services, runtime) = test_services(dir.path());
        let control = Control::new(services, runtime, ConfigDesk::reloading(Arc::new(|| Ok(()))));
        let health = control.look().await;
        let good: Vec<bool> = ["running", "storage", "audit", "configuration"].iter().map(|name| said(&health, name)).collect();
        assert_eq!(good, [true; 4], "{health:?}");
        let ready = health.ready;
        control.services.metrics.count_reload(ReloadResult::Refused);
        let health = control.look().await;
        assert!(!said(&health, "configuration") && health.ready == ready);
        control.services.draining.store(true, Ordering::Relaxed);
        let health = control.look().await;
        assert!(!said(&health, "running") && !health.ready);
        control.health.asking.store(true, Ordering::Relaxed);
        let health = control.look().await;
        assert!(!said(&health, "storage") && !said(&health, "audit"), "a disk that hangs is asked once");
    }

    #[tokio::test]
    async fn asking_often_costs_one_look_a_second() {
        let dir = tempfile::tempdir().unwrap();
        let (services, runtime) = test_services(dir.path());
        let control = Control::new(services, runtime, ConfigDesk::reloading(Arc::new(|| Ok(()))));
        control.check_health().await;
        let at = async || control.health.found.lock().await.as_ref().map(|(at, _)| *at).unwrap();
        let first = at().await;
        control.clone().check_health().await;
        // Unless a second went by meanwhile, it is the same look.
        assert!(at().await == first || first.elapsed() >= HOLDS);
    }
}
