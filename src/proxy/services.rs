//! What requests work with: the configuration of the moment, and what lives as long as the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::activity::Activity;
use super::addresses::Addresses;
use super::balance::Balance;
use super::cors::CorsSettings;
use super::listing::ListCache;
use super::recent::Recent;
use super::settings::Limits;
use super::shadow::ShadowBook;
use super::tls::Listener;
use crate::catalog::Catalog;
use crate::context::{ContextSettings, TokenCounter};
use crate::identity::Resolver;
use crate::ids::{TenantId, UserId};
use crate::inference::Fetcher;
use crate::memory::{Memory, MemorySettings};
use crate::parameters::{Book, Rules};
use crate::policy::TrustSettings;
use crate::quota::{Budgets, Quota};
use crate::sessions::Sessions;
use crate::store::Store;
use crate::telemetry::traces::Traces;
use crate::telemetry::{AuditLog, Metrics, Series};
use crate::vault::{Vault, VaultSettings};

/// What a reload replaces. Requests keep the one that they arrived under.
#[derive(Debug)]
pub struct Runtime {
    pub trust: TrustSettings,
    pub resolver: Resolver,
    pub catalog: Catalog,
    pub limits: Limits,
    pub context: ContextSettings,
    pub memory: MemorySettings,
    /// What the operator says of requests' settings.
    pub settings: Rules,
    pub cors: CorsSettings,
    pub vault: VaultSettings,
    pub budgets: Budgets,
}

/// What lives as long as the process.
#[derive(Debug)]
pub struct Services {
    pub store: Store,
    pub memory: Arc<Memory>,
    /// People's own upstream keys.
    pub vault: Arc<Vault>,
    /// What people say of theirs.
    pub settings: Arc<Book>,
    pub sessions: Arc<Sessions>,
    pub metrics: Arc<Metrics>,
    pub audit: AuditLog,
    pub traces: Traces,
    pub tokens: TokenCounter,
    /// What everybody has used so far.
    pub quota: Arc<Quota>,
    pub addresses: Addresses,
    /// How the upstreams are used.
    pub balance: Balance,
    /// The listener's TLS, if it has one.
    pub tls: Option<Arc<Listener>>,
    pub fetcher: Fetcher,
    /// Lists of models, for a moment.
    pub lists: ListCache,
    /// What operators are shown of requests: the recent ones, who was seen, whom the shadow mode would refuse, and how it all goes.
    pub recent: Recent,
    pub activity: Activity,
    pub shadow: ShadowBook,
    pub series: Series,
    /// Set on shutdown: new requests are turned away, running answers end.
    pub draining: AtomicBool,
    /// Requests whose answers have not ended yet.
    pub running: AtomicUsize,
}

impl Services {
    /// Whether memgate is shutting down.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Forgets when an erased user was seen, what was counted of them, and what was decided on their requests.
    pub fn forget_seen(&self, user: &UserId) {
        self.recent.forget(user);
        self.activity.forget(user);
        self.shadow.forget(user);
    }

    /// As [`Services::forget_seen`], of everybody in an erased tenant.
    pub fn forget_seen_tenant(&self, tenant: &TenantId) {
        self.recent.forget_tenant(tenant);
        self.activity.forget_tenant(tenant);
        self.shadow.forget_tenant(tenant);
    }
}
