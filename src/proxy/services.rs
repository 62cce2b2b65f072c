//! What requests work with: the configuration of the moment, and what lives as long as the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::addresses::Addresses;
use super::balance::Balance;
use super::cors::CorsSettings;
use super::listing::ListCache;
use super::settings::Limits;
use super::tls::Listener;
use crate::catalog::Catalog;
use crate::context::{ContextSettings, TokenCounter};
use crate::identity::Resolver;
use crate::inference::Fetcher;
use crate::memory::{Memory, MemorySettings};
use crate::parameters::{Book, Rules};
use crate::policy::TrustSettings;
use crate::quota::{Budgets, Quota};
use crate::sessions::Sessions;
use crate::store::Store;
use crate::telemetry::traces::Traces;
use crate::telemetry::{AuditLog, Metrics};
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
}
