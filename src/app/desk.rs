//! The configuration while memgate runs: applied anew, shown and compared; and what is watched for the operator.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::boot::Boot;
use super::build_runtime;
use crate::admin::api::{ConfigChange, ConfigCheck, ConfigView};
use crate::admin::{ConfigDesk, Gate};
use crate::config::{self, Config, Difference, Source};
use crate::identity::{KeyKeeper, ReplayGuard};
use crate::proxy::{Runtime, Services, unix_ms};
use crate::setting::Fault;
use crate::telemetry::{ReloadResult, STEP};

/// How often what the shadow mode counted is written down.
const WRITE_EVERY: Duration = Duration::from_mins(1);

/// What a configuration in force says, and since when it is.
pub(super) struct Shown {
    /// Milliseconds since the Unix epoch.
    loaded_at: i64,
    source: Source,
}

impl Shown {
    pub fn of(config: &Config) -> Self {
        Self { loaded_at: unix_ms(), source: config.source.clone() }
    }
}

/// Applies a changed file. Streams in flight keep the configuration that they started under.
pub(super) struct Reload {
    pub path: PathBuf,
    pub boot: Boot,
    pub gate: Gate,
    pub runtime: Arc<ArcSwap<Runtime>>,
    pub guard: Arc<ReplayGuard>,
    pub keeper: KeyKeeper,
    pub services: Arc<Services>,
    /// What is in force, as the operator is shown it.
    pub shown: Mutex<Shown>,
    /// One at a time: of two, the one that read the file last must win.
    pub turn: Mutex<()>,
}

impl Reload {
    pub fn apply(&self) -> Result<(), Vec<Fault>> {
        let _turn = self.turn.lock();
        let loaded = config::load(&self.path).and_then(|config| {
            let faults = self.boot.changes(&Boot::of(&config), |key| self.services.store.is_master_key(key));
            if faults.is_empty() { Ok(config) } else { Err(faults) }
        });
        match loaded {
            Ok(mut config) => {
                if let (Some(listener), Some(tls)) = (&self.services.tls, config.tls.take()) {
                    listener.adopt(tls);
                }
                self.services.memory.configure(config.memory.clone());
                self.services.sessions.configure(config.session.clone());
                self.gate.adopt(&config.admin);
                self.services.recent.resize(config.admin.decisions);
                self.keeper.take_up(&config.trust.identity);
                self.runtime.store(Arc::new(build_runtime(&config, &self.guard)));
                self.services.balance.adopt(&self.runtime.load().catalog);
                *self.shown.lock() = Shown::of(&config);
                self.services.metrics.count_reload(ReloadResult::Applied);
                tracing::info!("the configuration was reloaded");
                Ok(())
            }
            Err(faults) => {
                self.services.metrics.count_reload(ReloadResult::Refused);
                for fault in &faults {
                    tracing::error!(
                        path = fault.path,
                        reason = fault.reason,
                        remedy = fault.remedy,
                        "the configuration was not reloaded"
                    );
                }
                Err(faults)
            }
        }
    }
}

pub(super) async fn reload_on_hangup(reload: Arc<Reload>) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    while hangup.recv().await.is_some() {
        let reload = Arc::clone(&reload);
        // Faults are logged; nobody waits for an answer.
        let _ = tokio::task::spawn_blocking(move || reload.apply()).await;
    }
}

impl Reload {
    fn show(&self) -> ConfigView {
        let shown = self.shown.lock();
        ConfigView { path: self.path.display().to_string(), loaded_at: shown.loaded_at, text: shown.source.show() }
    }

    /// What [`Reload::apply`] would say, and what it would change.
    fn check(&self) -> ConfigCheck {
        let (source, loaded) = config::examine(&self.path);
        let faults = match loaded {
            Ok(config) => self.boot.changes(&Boot::of(&config), |key| self.services.store.is_master_key(key)),
            Err(faults) => faults,
        };
        let shown = self.shown.lock();
        let changes = source.map(|source| shown.source.differences(&source, &faults)).unwrap_or_default();
        let changes = changes.into_iter().map(|Difference { path, from, to }| ConfigChange { path, from, to });
        let changes = changes.collect();
        ConfigCheck { valid: faults.is_empty(), faults: faults.into_iter().map(Into::into).collect(), changes }
    }
}

/// What operators may know and do about the configuration.
pub(super) fn open_desk(reload: &Arc<Reload>) -> ConfigDesk {
    let [apply, show, check] = [(); 3].map(|()| Arc::clone(reload));
    ConfigDesk {
        reload: Arc::new(move || apply.apply()),
        show: Arc::new(move || show.show()),
        check: Arc::new(move || check.check()),
    }
}

/// Looks at the metrics every few seconds, for the last hour's plots, and writes down whom the shadow mode would refuse: now and then,
/// and at the end.
pub(super) async fn keep_watch(services: Arc<Services>, mut stopping: watch::Receiver<bool>) {
    let mut step = tokio::time::interval(STEP);
    let mut write = tokio::time::interval(WRITE_EVERY);
    loop {
        let due = tokio::select! {
            _ = step.tick() => {
                services.series.sample(&services.metrics, unix_ms());
                false
            }
            _ = write.tick() => true,
            _ = stopping.changed() => break,
        };
        if due {
            write_shadow(&services).await;
        }
    }
    write_shadow(&services).await;
}

async fn write_shadow(services: &Arc<Services>) {
    let services = Arc::clone(services);
    // A panic there costs counts, and is logged by itself.
    let _ = tokio::task::spawn_blocking(move || services.shadow.write()).await;
}
