//! The catalog: which models there are, who may use them, and which upstreams serve them.
//!
//! `file` is what the operator writes, `upstream` and `model` what comes of it, `access` who may use what, and `choose` the one
//! way from the name of a model to an upstream.

mod access;
mod balance;
mod choose;
mod file;
mod model;
mod price;
mod upstream;

use std::sync::Arc;

pub use access::{Asker, Audience};
pub use balance::{Concurrency, Health, HealthCheck, LONGEST_CHECK};
pub use choose::{Choice, Considered, Offer, Reason, check_further, not_served};
pub use file::{Capability, SharedState, UpstreamFile};
pub use model::Model;
pub use upstream::{Origin, Upstream, endpoint_of, resolve_upstreams};

/// All upstreams, and the models that they serve.
#[derive(Debug, Clone)]
pub struct Catalog {
    upstreams: Vec<Arc<Upstream>>,
}

impl Catalog {
    #[must_use]
    pub fn new(upstreams: Vec<Upstream>) -> Self {
        Self { upstreams: upstreams.into_iter().map(Arc::new).collect() }
    }

    /// In the order of the configuration.
    #[must_use]
    pub fn upstreams(&self) -> &[Arc<Upstream>] {
        &self.upstreams
    }

    /// Whether the model that a request names decides where it goes, or whether it goes at all, or under which name. If not, its body
    /// need not be read.
    #[must_use]
    pub fn depends_on_model(&self) -> bool {
        self.upstreams.len() > 1 || self.upstreams.iter().any(|upstream| !upstream.is_plain())
    }
}
