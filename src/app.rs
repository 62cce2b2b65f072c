//! The composition root: a configuration becomes running services.

mod admin;
mod boot;
mod desk;

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use parking_lot::Mutex;
use pingora::apps::HttpServerOptions;
use pingora::proxy::http_proxy_service_with_name;
use pingora::server::configuration::ServerConf;
use pingora::server::{RunArgs, Server, ShutdownSignal, ShutdownSignalWatch};
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use admin::Doors;
use boot::Boot;
use desk::{Reload, Shown, keep_watch, open_desk, reload_on_hangup};

use crate::admin::{Control, Gate};
use crate::catalog::Catalog;
use crate::config::{self, Config};
use crate::context::TokenCounter;
use crate::demo;
use crate::identity::{KeyKeeper, ReplayGuard, Resolver};
use crate::memory::{Learned, LearnedReport, Memory, OnLearned};
use crate::parameters::Book;
use crate::proxy::tls::Listener;
use crate::proxy::{self, Activity, Addresses, Balance, Gateway, Recent, Runtime, Services, ShadowBook, unix_ms};
use crate::quota::Quota;
use crate::sessions::{OnEnded, Sessions};
use crate::setting::Fault;
use crate::store::{FileDisk, Ledger, Queue, Store, StoreError};
use crate::telemetry::{
    AuditError, AuditKeeping, AuditLog, Closing, KeepingMetrics, LearnResult, LearnedRecord, Metrics, Series,
};
use crate::vault::Vault;

/// How often gauges are read and expired sandboxes looked for.
const TICK: Duration = Duration::from_secs(5);
const SANDBOX_SWEEP: Duration = Duration::from_mins(10);

/// Why memgate cannot run.
#[derive(Debug, Error)]
pub enum AppError {
    #[error("the configuration has faults")]
    Config(Vec<Fault>),
    #[error("cannot listen on {address} for {what}: {source}")]
    Listen { what: &'static str, address: String, source: std::io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error("cannot start: {0}")]
    Start(String),
}

/// Runs memgate until it is told to stop.
///
/// # Errors
/// When the configuration has faults, an address is taken, or the store does not open.
pub fn run(path: &Path) -> Result<(), AppError> {
    let mut config = config::load(path).map_err(AppError::Config)?;
    config.log.start().map_err(|error| AppError::Start(error.to_string()))?;
    let metrics = Arc::new(Metrics::new().map_err(|error| AppError::Start(error.to_string()))?);
    let disk = Arc::new(FileDisk::new(&config.storage.dir));
    let store = Store::open(&config.storage, disk.clone())?;
    let keeping = AuditKeeping::new(&config.audit, &store.audit_key(), &config.storage.dir);
    let audit = AuditLog::open(&config.audit, &keeping, &metrics)?;
    let (ledger, spent) = Ledger::open(disk)?;
    let quota = Arc::new(Quota::new(&store.budget_key(), ledger, spent));
    let background = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("memgate-background")
        .enable_all()
        .build()
        .map_err(|error| AppError::Start(error.to_string()))?;
    let (stop, stopping) = watch::channel(false);
    let demo = bind("the demo upstream", SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let memory =
        Memory::new(store.clone(), config.memory.clone()).counting(&metrics).reporting(record_learning(&audit, &metrics));
    let memory = Arc::new(memory);
    let settings = Arc::new(Book::new(store.clone()));
    let sessions = Sessions::new(store.clone(), config.session.clone(), Arc::clone(&metrics));
    let sessions = Arc::new(sessions.reporting(drop_settings(&settings)));
    let boot = Boot::of(&config);
    let tls = config.tls.take().map(|tls| Arc::new(Listener::new(tls, Arc::clone(&metrics))));
    let services = Arc::new(Services {
        tls: tls.clone(),
        addresses: Addresses::new(demo.local_addr().map_err(|error| AppError::Start(error.to_string()))?),
        balance: Balance::new(metrics.balance.clone()),
        fetcher: proxy::list_fetcher(),
        lists: proxy::ListCache::default(),
        vault: Arc::new(Vault::new(store.clone())),
        settings,
        store,
        memory: Arc::clone(&memory),
        sessions: Arc::clone(&sessions),
        metrics: Arc::clone(&metrics),
        audit: audit.clone(),
        traces: boot::start_traces(&config)?,
        tokens: TokenCounter::default(),
        recent: Recent::default(),
        activity: Activity::default(),
        shadow: ShadowBook::open(&config.storage.dir),
        series: Series::default(),
        quota,
        draining: AtomicBool::new(false),
        running: AtomicUsize::new(0),
    });
    services.recent.resize(config.admin.decisions);
    services.shadow.forget_erased(|user, time| services.store.was_erased_since(user, time));
    let guard = Arc::new(ReplayGuard::new(unix_ms().div_euclid(1000)));
    let runtime = Arc::new(ArcSwap::from_pointee(build_runtime(&config, &guard)));
    let keeper = KeyKeeper::new(background.handle().clone(), Arc::clone(&metrics));
    keeper.take_up(&config.trust.identity);
    let gate = Gate::new(&config.admin, audit.clone(), Arc::clone(&metrics));
    let reload = Reload {
        path: path.to_owned(),
        boot,
        gate: gate.clone(),
        runtime: Arc::clone(&runtime),
        guard,
        keeper,
        services: Arc::clone(&services),
        shown: Mutex::new(Shown::of(&config)),
        turn: Mutex::new(()),
    };
    let reload = Arc::new(reload);

    // Addresses are tried here, where a taken one can be told apart from every other failure.
    drop(bind("the proxy", config.listen)?);
    let control = Control::new(Arc::clone(&services), Arc::clone(&runtime), open_desk(&reload));
    let entered = background.enter();
    Doors::bind(&config)?.serve(&gate, &control, &stopping)?;
    background.spawn(demo::serve(into_tokio(demo)?, stopping.clone()));
    let learner = background.spawn(Arc::clone(&memory).run_learner(stopping.clone()));
    let recorder = background.spawn(Arc::clone(&memory).run_recorder(stopping.clone()));
    let keeper = background.spawn(sessions.run_keeper(stopping.clone()));
    background.spawn(Arc::clone(&memory).run_embedder(stopping.clone()));
    background.spawn(Arc::clone(&memory).run_tutor(stopping.clone()));
    if let Some(tls) = tls {
        background.spawn(tls.keep_fresh(stopping.clone()));
    }
    background.spawn(proxy::run_checks(Arc::clone(&services), Arc::clone(&runtime), stopping.clone()));
    let watch = background.spawn(keep_watch(Arc::clone(&services), stopping.clone()));
    background.spawn(keep_house(Arc::clone(&services), Arc::clone(&runtime), stopping));
    background.spawn(reload_on_hangup(reload));
    drop(entered);

    serve_proxy(&config, Gateway { runtime, services: Arc::clone(&services) })?;

    // The proxy has stopped: what it queued is learned and written before the process ends.
    let _ = stop.send(true);
    background.block_on(async {
        let _ = tokio::time::timeout(Duration::from_secs(10), async { tokio::join!(learner, recorder, keeper, watch) }).await;
    });
    background.shutdown_timeout(Duration::from_secs(2));
    services.traces.shut_down();
    audit.close()?;
    Ok(())
}

/// One audit record and one count for each turn that taught something.
fn record_learning(audit: &AuditLog, metrics: &Arc<Metrics>) -> OnLearned {
    let (audit, metrics) = (audit.clone(), Arc::clone(metrics));
    Arc::new(move |report: LearnedReport| {
        metrics.count_learning(LearnResult::Learned);
        count_facts(&metrics.keeping, &report.learned);
        let Ok(request) = report.request_id.parse() else { return };
        let time = unix_ms();
        let LearnedReport { user, learned, .. } = report;
        let facts_closed: Vec<_> = learned.closed().collect();
        if learned.facts.is_empty() && facts_closed.is_empty() {
            return;
        }
        audit.record(LearnedRecord { time, request, user, facts_written: learned.facts, facts_closed });
    })
}

/// The settings of a session end with it.
fn drop_settings(settings: &Arc<Book>) -> OnEnded {
    let settings = Arc::clone(settings);
    Arc::new(move |scope, ended| {
        for session in ended {
            if let Err(error) = settings.drop_session(scope, session) {
                tracing::error!(%error, "the settings of a session that ended are still there");
            }
        }
    })
}

fn count_facts(metrics: &KeepingMetrics, learned: &Learned) {
    learned.sorts.iter().for_each(|(kind, tier)| metrics.count_written(kind.as_str(), tier.as_str()));
    learned.held.iter().for_each(|reason| metrics.count_held(reason.as_str()));
    learned.unkept.iter().for_each(|reason| metrics.count_unkept(reason.as_str()));
    for (how, facts) in [
        (Closing::Superseded, learned.superseded.len()),
        (Closing::Retracted, learned.retracted.len()),
        (Closing::Forgotten, learned.forgotten.len()),
        (Closing::Evicted, learned.evicted),
    ] {
        metrics.count_closed(how, facts as u64);
    }
}

fn bind(what: &'static str, address: SocketAddr) -> Result<TcpListener, AppError> {
    TcpListener::bind(address).map_err(|source| AppError::Listen { what, address: address.to_string(), source })
}

fn into_tokio(listener: TcpListener) -> Result<tokio::net::TcpListener, AppError> {
    let converted = listener.set_nonblocking(true).and_then(|()| tokio::net::TcpListener::from_std(listener));
    converted.map_err(|error| AppError::Start(error.to_string()))
}

fn build_runtime(config: &Config, guard: &Arc<ReplayGuard>) -> Runtime {
    Runtime {
        resolver: Resolver::new(config.trust.identity.clone(), Arc::clone(guard)),
        trust: config.trust.clone(),
        catalog: Catalog::new(config.upstreams.clone()),
        limits: config.limits.clone(),
        context: config.context,
        memory: config.memory.clone(),
        settings: config.settings.clone(),
        cors: config.cors.clone(),
        vault: config.vault.clone(),
        budgets: config.budgets.clone(),
    }
}

/// Runs pingora's server on this thread until a signal ends it.
fn serve_proxy(config: &Config, gateway: Gateway) -> Result<(), AppError> {
    let conf = ServerConf {
        threads: config.limits.threads.or_else(|| std::thread::available_parallelism().ok().map(Into::into)).unwrap_or(1),
        grace_period_seconds: Some(0),
        graceful_shutdown_timeout_seconds: Some(2),
        // How often a request goes out again is the balance's to say; this only ends what would never end.
        max_retries: 16,
        pid_file: String::new(),
        ..ServerConf::default()
    };
    let tls = gateway.services.tls.as_ref().map(Listener::acceptance).transpose();
    let tls = tls.map_err(|error| AppError::Start(error.to_string()))?;
    let in_the_clear = tls.is_none() && !config.listen.ip().is_loopback();
    let watch = Drain { services: Arc::clone(&gateway.services), runtime: Arc::clone(&gateway.runtime) };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    let mut service = http_proxy_service_with_name(&server.configuration, gateway, "memgate");
    if let Some(app) = service.app_logic_mut() {
        let mut options = HttpServerOptions::default();
        options.h2c = config.limits.h2c;
        options.h2_idle_timeout = Some(config.limits.keepalive);
        app.server_options = Some(options);
    }
    let address = config.listen.to_string();
    match tls {
        Some(tls) => service.add_tls_with_settings(&address, None, tls),
        None => service.add_tcp(&address),
    }
    server.add_service(service);
    server.bootstrap();
    if in_the_clear {
        tracing::warn!(listen = %config.listen, "without `tls`, keys and chats cross the network in the clear; see docs/SECURITY.md");
    }
    tracing::info!(listen = %config.listen, metrics = %config.metrics.listen, mode = config.trust.mode.as_str(), "memgate is up");
    server.run(RunArgs { shutdown_signal: Box::new(watch) });
    Ok(())
}

/// Turns a signal into a drained shutdown: new requests are turned away, running answers may end within the limit. A second signal
/// ends the wait.
struct Drain {
    services: Arc<Services>,
    runtime: Arc<ArcSwap<Runtime>>,
}

#[async_trait]
impl ShutdownSignalWatch for Drain {
    async fn recv(&self) -> ShutdownSignal {
        let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
            return ShutdownSignal::FastShutdown;
        };
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("shutting down");
        self.services.draining.store(true, Ordering::Relaxed);
        let (began, limit) = (Instant::now(), self.runtime.load().limits.drain);
        while self.services.running.load(Ordering::Relaxed) > 0 && began.elapsed() < limit {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
                _ = terminate.recv() => return ShutdownSignal::FastShutdown,
                _ = interrupt.recv() => return ShutdownSignal::FastShutdown,
            }
        }
        ShutdownSignal::GracefulTerminate
    }
}

/// Gauges, what the learner could not read, and the expiry of sandboxes.
async fn keep_house(services: Arc<Services>, runtime: Arc<ArcSwap<Runtime>>, mut stopping: watch::Receiver<bool>) {
    let mut swept: Option<Instant> = None;
    let (mut failed, mut retried, mut lost, mut expired, mut unwritten) = (0, 0, 0, 0, 0);
    loop {
        let counters = services.memory.counters();
        for _ in 0..since(&counters.jobs_failed, &mut failed) {
            services.metrics.count_learning(LearnResult::Failed);
        }
        services.metrics.keeping.count_retries(since(&counters.jobs_retried, &mut retried));
        services.metrics.keeping.count_injections_lost(since(&counters.injections_lost, &mut lost));
        services.metrics.keeping.count_closed(Closing::Expired, since(&counters.facts_expired, &mut expired));
        services.metrics.set_learning_queue(services.store.journal_backlog(Queue::Rules));
        services.metrics.budgets.count_unwritten(since(services.quota.failures(), &mut unwritten));
        let tidied = Arc::clone(&services);
        let _ = tokio::task::spawn_blocking(move || proxy::tidy_budgets(&tidied, unix_ms())).await;
        if swept.is_none_or(|at| at.elapsed() >= SANDBOX_SWEEP) {
            swept = Some(Instant::now());
            let (expiry, swept) = (runtime.load().trust.sandbox_expiry, Arc::clone(&services));
            let _ = tokio::task::spawn_blocking(move || proxy::expire_sandboxes(&swept, expiry)).await;
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            _ = stopping.changed() => return,
        }
    }
}

/// How far a counter has come since the last look.
fn since(counter: &AtomicU64, last: &mut u64) -> u64 {
    let now = counter.load(Ordering::Relaxed);
    now - std::mem::replace(last, now)
}
