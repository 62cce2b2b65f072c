//! The catalog: which models there are, who may use them, and which upstreams serve them.

mod balance;
mod upstream;

use std::sync::Arc;

use crate::dialect::Api;
use crate::enforce::{Refusal, UserScope};

pub use balance::{Concurrency, Health, HealthCheck, LONGEST_CHECK};
pub use upstream::{Origin, SharedState, Upstream, UpstreamFile, endpoint_of, resolve_upstreams};

/// All upstreams, and the models that they serve.
#[derive(Debug, Clone)]
pub struct Catalog {
    upstreams: Vec<Arc<Upstream>>,
}

/// An upstream that serves what was asked for.
#[derive(Debug, Clone)]
pub struct Choice {
    pub upstream: Arc<Upstream>,
    /// The name by which this upstream knows the model, where the request gives another.
    pub rename: Option<String>,
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

    /// The upstreams that speak `api` and serve `model` to this person, in order of preference: at least one. A request that names no
    /// model goes to any. Without a scope, nobody in particular asks.
    ///
    /// # Errors
    /// When there is none. A model that is hidden from the person is refused like one that does not exist.
    pub fn choose(&self, api: Api, model: Option<&str>, _asker: Option<&UserScope>) -> Result<Vec<Choice>, Refusal> {
        let able: Vec<_> = self.upstreams.iter().filter(|upstream| upstream.speaks(api)).collect();
        let serves = |upstream: &&&Arc<Upstream>| model.is_none_or(|model| upstream.serves_as(api, model));
        let chosen: Vec<Choice> =
            able.iter().filter(serves).map(|upstream| Choice { upstream: Arc::clone(upstream), rename: None }).collect();
        if !chosen.is_empty() {
            return Ok(chosen);
        }
        let refuse = |code, message: String| Refusal { status: 404, code, message, detail: String::new() };
        if able.is_empty() {
            let mut spoken: Vec<&str> =
                self.upstreams.iter().flat_map(|upstream| &upstream.dialects).map(|api| api.as_str()).collect();
            spoken.dedup();
            let (wanted, spoken) = (api.as_str(), spoken.join(", "));
            let message = format!(
                "No model backend here speaks the dialect {wanted}; those here speak {spoken}. Use a client for one of these, or \
                 ask the operator to add {wanted} to an upstream's `dialects`."
            );
            return Err(refuse("dialect_not_served", message));
        }
        let message = "The model does not exist or is not served here. GET /v1/models lists those that are.".to_owned();
        Err(refuse("model_not_found", message))
    }

    /// As [`Catalog::choose`], the first one.
    ///
    /// # Errors
    /// As [`Catalog::choose`].
    pub fn first(&self, api: Api, model: Option<&str>, asker: Option<&UserScope>) -> Result<Choice, Refusal> {
        let mut choices = self.choose(api, model, asker)?;
        Ok(choices.swap_remove(0))
    }
}
