//! The table of the admin API: each route with what it asks of the caller, what it takes and what it answers. The router, the
//! gate's rules, OpenAPI and the tests that leave no route out all come from it.

use axum::Router;
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::control::Control;
use super::principal::{Access, Principal};
use super::problem::Problem;

/// Describes a type in the document.
pub type Describe = fn(&mut SchemaGenerator) -> Schema;

/// One route.
pub struct Endpoint {
    pub method: Method,
    /// With `{names}` in place of what varies.
    pub path: &'static str,
    pub access: Access,
    /// One sentence.
    pub summary: &'static str,
    /// Whether the caller must say why: the header `x-memgate-reason`.
    pub reason: bool,
    pub query: Option<Describe>,
    pub body: Option<Describe>,
    pub status: StatusCode,
    /// None: the answer is empty.
    pub answer: Option<Describe>,
    /// What the answer is, where it is not JSON.
    pub content: &'static str,
    router: MethodRouter<Control>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// A route that answers 200 and nothing, until more is said of it.
    pub(super) fn new<H, T>(method: Method, path: &'static str, access: Access, summary: &'static str, handler: H) -> Self
    where
        H: Handler<T, Control>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let router = on(filter, handler);
        let (query, body, answer) = (None, None, None);
        let (reason, status, content) = (false, StatusCode::OK, "application/json");
        Self { method, path, access, summary, reason, query, body, status, answer, content, router }
    }

    pub(super) fn query<Q: JsonSchema>(self) -> Self {
        Self { query: Some(describe::<Q>), ..self }
    }

    pub(super) fn body<B: JsonSchema>(self) -> Self {
        Self { body: Some(describe::<B>), ..self }
    }

    pub(super) fn answers<A: JsonSchema>(self) -> Self {
        Self { answer: Some(describe::<A>), ..self }
    }

    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(super) fn content(self, content: &'static str) -> Self {
        Self { content, ..self }
    }

    /// The caller must say why.
    pub(super) fn with_reason(self) -> Self {
        Self { reason: true, ..self }
    }

    fn guarded(self) -> (&'static str, MethodRouter<Control>) {
        (self.path, guard(self.access, self.router))
    }
}

/// Named types go into the document once.
fn describe<A: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<A>()
}

/// Lets only those through who may, before a handler reads anything. For pages too.
pub fn guard<S: Clone + Send + Sync + 'static>(access: Access, router: MethodRouter<S>) -> MethodRouter<S> {
    router.route_layer(middleware::from_fn(move |request: axum::extract::Request, next: Next| screen(access, request, next)))
}

async fn screen(access: Access, request: axum::extract::Request, next: Next) -> Response {
    if access == Access::Public {
        return next.run(request).await;
    }
    match request.extensions().get::<Principal>() {
        None => Problem::unsigned().into_response(),
        Some(by) if by.role().may(access) => next.run(request).await,
        Some(_) => Problem::new(StatusCode::FORBIDDEN, "role_insufficient", "Your role does not include this.").into_response(),
    }
}

/// A router of all of them.
pub(super) fn collect(endpoints: Vec<Endpoint>) -> Router<Control> {
    endpoints.into_iter().map(Endpoint::guarded).fold(Router::new(), |router, (path, method)| router.route(path, method))
}
