//! What a browser has beyond a principal: its session, and forms that only its own pages can have sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

use crate::admin::{Problem, Reason};
use crate::ids::UserId;

/// How long a browser session keeps the reason for looking at what is remembered of a person.
const VISIT: Duration = Duration::from_mins(15);
/// Most people whose reasons one session keeps; the oldest makes room.
const VISITS: usize = 64;
/// The form field that carries the session's token.
pub const CSRF_FIELD: &str = "csrf";
/// The header that carries it where there is no form.
pub const CSRF_HEADER: &str = "x-memgate-csrf";

/// The session of one browser. Cheap to clone.
#[derive(Clone)]
pub struct BrowserSession(Arc<Kept>);

struct Kept {
    csrf: String,
    reasons: Mutex<Vec<(UserId, Reason, Instant)>>,
    /// Whether anything looked at it: one that nobody did need not be kept.
    used: AtomicBool,
}

impl std::fmt::Debug for BrowserSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BrowserSession(…)")
    }
}

impl BrowserSession {
    pub(super) fn new(csrf: String) -> Self {
        Self(Arc::new(Kept { csrf, reasons: Mutex::default(), used: AtomicBool::new(false) }))
    }

    /// What each form of this session's pages carries in its field `csrf`.
    #[must_use]
    pub fn csrf(&self) -> &str {
        self.0.used.store(true, Ordering::Relaxed);
        &self.0.csrf
    }

    /// Why this session's operator looks at what is remembered of `user`, if that was said a quarter of an hour ago at most.
    #[must_use]
    pub fn reason_for(&self, user: &UserId) -> Option<Reason> {
        self.reason_at(user, Instant::now())
    }

    /// Keeps the reason of a visit for a quarter of an hour.
    pub fn remember_reason(&self, user: &UserId, reason: Reason) {
        self.remember_at(user, reason, Instant::now());
    }

    pub(super) fn reason_at(&self, user: &UserId, now: Instant) -> Option<Reason> {
        let reasons = self.0.reasons.lock();
        let found = reasons.iter().find(|(of, _, at)| of == user && now.saturating_duration_since(*at) < VISIT);
        found.map(|(_, reason, _)| reason.clone())
    }

    pub(super) fn remember_at(&self, user: &UserId, reason: Reason, now: Instant) {
        self.0.used.store(true, Ordering::Relaxed);
        let mut reasons = self.0.reasons.lock();
        reasons.retain(|(of, _, at)| of != user && now.saturating_duration_since(*at) < VISIT);
        if reasons.len() == VISITS {
            reasons.remove(0);
        }
        reasons.push((user.clone(), reason, now));
    }

    /// Whether `sent` is this session's token.
    pub(super) fn owns(&self, sent: &str) -> bool {
        bool::from(sent.as_bytes().ct_eq(self.0.csrf.as_bytes()))
    }

    pub(super) fn is_used(&self) -> bool {
        self.0.used.load(Ordering::Relaxed)
    }
}

impl<S: Sync> FromRequestParts<S> for BrowserSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let session =
            parts.extensions.get::<Self>().cloned().ok_or_else(|| {
                Problem::new(StatusCode::FORBIDDEN, "browser_only", "This page is for browsers that signed in.")
            })?;
        session.0.used.store(true, Ordering::Relaxed);
        Ok(session)
    }
}

/// Whether the gate found the session's token in what was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct CsrfProven;

pub(super) fn forged() -> Problem {
    let detail = "The form is not of this browser session. Load the page anew and send it again; programs sign in by a token.";
    Problem::new(StatusCode::FORBIDDEN, "csrf_invalid", detail)
}

/// A form, `application/x-www-form-urlencoded`, that a page of this very session sent.
#[derive(Debug, Clone)]
pub struct SafeForm<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for SafeForm<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if request.extensions().get::<CsrfProven>().is_none() {
            return Err(forged());
        }
        let form = Form::<T>::from_request(request, state).await;
        form.map(|Form(form)| Self(form)).map_err(|error| Problem::invalid(format!("The form does not fit: {error}.")))
    }
}
