//! The gate of the admin API and the dashboard: who asks, by which credential, and from which page.
//!
//! Everything on the admin listener is behind it. It refuses by itself what is called by a stranger's name, what another site's
//! page sends, and, but for a few public paths, everybody who is not known; what a role may is the routes' to say.

mod attempts;
mod browser;
mod credential;
mod password;
mod recognise;
mod screen;
mod serve;
mod session;
mod sign_in;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Form, FromRequest, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use tokio::sync::Semaphore;

use super::problem::Problem;
use super::settings::AdminSettings;
use crate::telemetry::{AuditLog, Metrics};
use attempts::Attempts;
pub use browser::{BrowserSession, CSRF_FIELD, CSRF_HEADER, SafeForm};
pub use credential::{Credential, CredentialFile, TokenHash, resolve_credentials};
pub use password::{PasswordFault, PasswordHash};
use recognise::{Caller, Rules};
pub use serve::serve_admin;
use session::Sessions;

/// Largest body that is read, in bytes, and how long it may take.
const LARGEST_BODY: usize = 256 << 10;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Passwords that are hashed at once: each takes megabytes and a whole core.
const HASHED_AT_ONCE: usize = 2;
/// How often it is looked whether whoever listens to events may still.
const RECHECK: Duration = Duration::from_secs(2);
/// What whoever is not known can reach. The pages among them say nothing of users to whoever is not signed in.
const PUBLIC: [&str; 7] = ["/", "/health", "/sign-in", "/theme", "/healthz", "/readyz", "/v1/health"];
const PUBLIC_BELOW: &str = "/assets/";

/// What stands in front of everything on the admin listener. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

struct Inner {
    /// What a reload replaces.
    rules: ArcSwap<Rules>,
    sessions: Sessions,
    attempts: Attempts,
    hashing: Arc<Semaphore>,
    audit: AuditLog,
    metrics: Arc<Metrics>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("sessions", &self.inner.sessions).finish_non_exhaustive()
    }
}

impl Gate {
    /// A gate for these credentials. Without any it is open to the operator, if the listener is on loopback; else it is shut.
    #[must_use]
    pub fn new(settings: &AdminSettings, audit: AuditLog, metrics: Arc<Metrics>) -> Self {
        let inner = Inner {
            rules: ArcSwap::from_pointee(Rules::of(settings)),
            sessions: Sessions::default(),
            attempts: Attempts::default(),
            hashing: Arc::new(Semaphore::new(HASHED_AT_ONCE)),
            audit,
            metrics,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Takes up what was reloaded. Sessions of credentials that are no longer the same end, and what they listen to.
    pub fn adopt(&self, settings: &AdminSettings) {
        let rules = Arc::new(Rules::of(settings));
        if rules.is_open() && !self.is_open() {
            tracing::warn!("no `admin.credentials` are left: whoever can connect from this machine is the operator");
        }
        self.inner.rules.store(Arc::clone(&rules));
        self.inner.sessions.keep_only(|owner| rules.holds(owner));
    }

    /// Whether whoever can connect is the operator.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.inner.rules.load().is_open()
    }

    /// Puts the gate in front of a router, with the routes to sign in and out. What is behind it finds the
    /// [`Principal`](super::Principal) and, for browsers, the [`BrowserSession`] in its requests.
    pub fn protect(&self, router: Router) -> Router {
        router.merge(sign_in::routes(self.clone())).layer(middleware::from_fn_with_state(self.clone(), pass))
    }

    async fn admit(&self, request: Request, next: Next) -> Result<Response, Response> {
        let rules = self.inner.rules.load_full();
        let (mut parts, body) = request.into_parts();
        rules.hosts.check(&parts.uri, &parts.headers).map_err(Problem::into_response)?;
        let caller = self.recognise(&rules, &parts.headers, Instant::now()).map_err(Problem::into_response)?;
        if !matches!(caller, Caller::Token(_)) {
            screen::check_site(&parts.method, &parts.headers).map_err(Problem::into_response)?;
        }
        if matches!(caller, Caller::Nobody) && !is_public(parts.uri.path()) {
            return Err(turn_away(&parts));
        }
        let body = if screen::is_safe(&parts.method) {
            body
        } else {
            let bytes = read_body(body).await.map_err(Problem::into_response)?;
            prove_form(&mut parts, &bytes, &caller).await.map_err(Problem::into_response)?;
            bytes.into()
        };
        if let Some(principal) = caller.principal() {
            parts.extensions.insert(principal);
        }
        if let Some(browser) = caller.browser() {
            parts.extensions.insert(browser.clone());
        }
        let encrypted = screen::is_encrypted(&parts.headers);
        let mut response = next.run(Request::from_parts(parts, body)).await;
        if let Some(cookie) = self.keep_draft(&caller, encrypted) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(self.bound_stream(response, caller))
    }

    /// The cookie of a session that came about in an open gate, if a page made use of it.
    fn keep_draft(&self, caller: &Caller, encrypted: bool) -> Option<HeaderValue> {
        let Caller::Open(Some(browser)) = caller else { return None };
        if !browser.is_used() {
            return None;
        }
        let id = session::draw()?;
        let limits = self.inner.rules.load().limits;
        self.inner.sessions.open(&id, None, browser.clone(), Instant::now(), limits);
        sign_in::cookie(&id, encrypted)
    }

    /// Ends a stream of events once its listener is signed out, too old or removed.
    fn bound_stream(&self, response: Response, caller: Caller) -> Response {
        let sort = response.headers().get(header::CONTENT_TYPE).and_then(|sort| sort.to_str().ok());
        if !sort.is_some_and(|sort| sort.starts_with("text/event-stream")) {
            return response;
        }
        let gate = self.clone();
        let over = async move {
            while gate.knows_still(&caller) {
                tokio::time::sleep(RECHECK).await;
            }
        };
        response.map(|body| Body::from_stream(body.into_data_stream().take_until(Box::pin(over))))
    }
}

async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Result<Response, Infallible> {
    let mut response = gate.admit(request, next).await.unwrap_or_else(|refused| refused);
    if response.status() == StatusCode::UNAUTHORIZED {
        // RFC 9110, section 15.5.2; the scheme is that of RFC 6750.
        response.headers_mut().entry(header::WWW_AUTHENTICATE).or_insert(HeaderValue::from_static("Bearer realm=\"memgate\""));
    }
    screen::seal(response.headers_mut());
    Ok(response)
}

fn is_public(path: &str) -> bool {
    PUBLIC.contains(&path) || path.starts_with(PUBLIC_BELOW)
}

/// Programs are told that a credential is missing, people are led to where they sign in.
fn turn_away(parts: &Parts) -> Response {
    let path = parts.uri.path();
    if path == "/v1" || path.starts_with("/v1/") || !screen::is_safe(&parts.method) {
        return Problem::unsigned().into_response();
    }
    let wanted = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    sign_in::lead_to(&format!("/sign-in?next={}", sign_in::escape(wanted)))
}

async fn read_body(body: Body) -> Result<Bytes, Problem> {
    let slow = || Problem::new(StatusCode::REQUEST_TIMEOUT, "body_slow", "The body did not arrive in time.");
    let large = "The body is larger than 256 KiB, or broke off.";
    let read = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, LARGEST_BODY)).await.map_err(|_| slow())?;
    read.map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", large))
}

/// Finds the session's token in what a browser sent to change something. Programs with a token need none, and in an open gate
/// those that are no browser; signing in needs none either: whose page sent it was looked at.
async fn prove_form(parts: &mut Parts, body: &Bytes, caller: &Caller) -> Result<(), Problem> {
    let Some(browser) = caller.browser() else { return Ok(()) };
    let by_header = parts.headers.get(CSRF_HEADER).and_then(|sent| sent.to_str().ok()).map(str::to_owned);
    let sent = match by_header {
        Some(sent) => Some(sent),
        None => csrf_field(parts, body).await,
    };
    if sent.is_some_and(|sent| browser.owns(&sent)) {
        parts.extensions.insert(browser::CsrfProven);
        return Ok(());
    }
    let is_program = matches!(caller, Caller::Open(Some(_))) && !screen::is_browser(&parts.headers);
    if is_program || parts.uri.path() == sign_in::SIGN_IN { Ok(()) } else { Err(browser::forged()) }
}

/// The form's field, if it stands there once.
async fn csrf_field(parts: &Parts, body: &Bytes) -> Option<String> {
    let mut request = Request::new(Body::from(body.clone()));
    *request.method_mut() = axum::http::Method::POST;
    request.headers_mut().insert(header::CONTENT_TYPE, parts.headers.get(header::CONTENT_TYPE)?.clone());
    let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, &()).await.ok()?;
    let mut found = fields.into_iter().filter(|(name, _)| name == CSRF_FIELD);
    found.next().filter(|_| found.next().is_none()).map(|(_, value)| value)
}
