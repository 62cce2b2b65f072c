//! Services out of nothing, for tests.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use arc_swap::ArcSwap;

use super::{Addresses, Balance, ListCache, Runtime, Services, ShadowBook, list_fetcher, unix_ms};
use crate::catalog::Catalog;
use crate::context::TokenCounter;
use crate::identity::{ReplayGuard, Resolver};
use crate::memory::{Memory, MemorySettings};
use crate::parameters::Book;
use crate::policy::{self, TrustFile};
use crate::quota::Quota;
use crate::sessions::Sessions;
use crate::setting::Faults;
use crate::store::{FileDisk, Ledger, StorageSettings, Store};
use crate::telemetry::traces::Traces;
use crate::telemetry::{AuditKeeping, AuditLog, AuditSettings, Metrics};
use crate::vault::Vault;

/// Services with a store in `dir/data` and an audit log in `dir/audit`, and a runtime of defaults without upstreams.
///
/// # Panics
/// When they cannot be made.
#[must_use]
#[expect(clippy::unwrap_used, reason = "a test's own set-up")]
pub fn test_services(dir: &Path) -> (Arc<Services>, Arc<ArcSwap<Runtime>>) {
    let data = dir.join("data");
    let metrics = Arc::new(Metrics::new().unwrap());
    let disk = Arc::new(FileDisk::new(&data));
    let store = Store::open(&StorageSettings::at(&data), disk.clone()).unwrap();
    let (ledger, spent) = Ledger::open(disk).unwrap();
    let audit = AuditSettings::at(dir.join("audit"));
    let audit = AuditLog::open(&audit, &AuditKeeping::new(&audit, &store.audit_key(), &data), &metrics).unwrap();
    let services = Services {
        tls: None,
        addresses: Addresses::new(SocketAddr::from(([127, 0, 0, 1], 9))),
        balance: Balance::new(metrics.balance.clone()),
        fetcher: list_fetcher(),
        lists: ListCache::default(),
        vault: Arc::new(Vault::new(store.clone())),
        settings: Arc::new(Book::new(store.clone())),
        memory: Arc::new(Memory::new(store.clone(), MemorySettings::default())),
        sessions: Arc::new(Sessions::new(store.clone(), crate::sessions::SessionSettings::default(), Arc::clone(&metrics))),
        quota: Arc::new(Quota::new(&store.budget_key(), ledger, spent)),
        store,
        metrics,
        audit,
        traces: Traces::default(),
        tokens: TokenCounter::default(),
        recent: super::Recent::default(),
        activity: super::Activity::default(),
        shadow: ShadowBook::open(&data),
        series: crate::telemetry::Series::default(),
        draining: AtomicBool::new(false),
        running: AtomicUsize::new(0),
    };
    let mut faults = Faults::default();
    let trust = policy::resolve(&TrustFile::default(), &[], &[], &[], &mut faults);
    let runtime = Runtime {
        resolver: Resolver::new(trust.identity.clone(), Arc::new(ReplayGuard::new(unix_ms().div_euclid(1000)))),
        trust,
        catalog: Catalog::new(Vec::new()),
        limits: super::settings::LimitsFile::default().resolve("limits", &mut faults),
        context: crate::context::ContextSettings::default(),
        memory: MemorySettings::default(),
        settings: crate::parameters::Rules::default(),
        cors: super::cors::CorsSettings::default(),
        vault: crate::vault::VaultSettings::default(),
        budgets: crate::quota::Budgets::default(),
    };
    (Arc::new(services), Arc::new(ArcSwap::from_pointee(runtime)))
}
