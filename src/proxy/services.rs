//! What requests work with: the configuration of the moment, and what lives as long as the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::addresses::Addresses;
use super::cors::CorsSettings;
use super::settings::Limits;
use super::tls::Listener;
use crate::catalog::Catalog;
use crate::context::{ContextSettings, TokenCounter};
use crate::identity::Resolver;
use crate::inference::Fetcher;
use crate::memory::{Memory, MemorySettings};
use crate::policy::TrustSettings;
use crate::sessions::Sessions;
use crate::store::Store;
use crate::telemetry::{AuditLog, Metrics};

/// What a reload replaces. Requests keep the one that they arrived under.
#[derive(Debug)]
pub struct Runtime {
    pub trust: TrustSettings,
    pub resolver: Resolver,
    pub catalog: Catalog,
    pub limits: Limits,
    pub context: ContextSettings,
    pub memory: MemorySettings,
    pub cors: CorsSettings,
}

/// What lives as long as the process.
#[derive(Debug)]
pub struct Services {
    pub store: Store,
    pub memory: Arc<Memory>,
    pub sessions: Arc<Sessions>,
    pub metrics: Arc<Metrics>,
    pub audit: AuditLog,
    pub tokens: TokenCounter,
    pub addresses: Addresses,
    /// The listener's TLS, if it has one.
    pub tls: Option<Arc<Listener>>,
    pub fetcher: Fetcher,
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
