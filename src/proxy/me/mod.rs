//! A person's own API: what memgate knows of them, why, and the means to change it, take it away, and end it.
//!
//! It is served on the data plane's listener and under its identity: whoever may chat as somebody may see and change that
//! somebody's memory, and nobody else can. Nothing below `/memgate/` is ever forwarded.

mod about;
mod budget;
mod call;
mod erase;
mod explain;
mod facts;
mod formats;
pub(super) mod input;
mod keys;
pub(super) mod routes;
mod sessions;
mod settings;
mod shape;
mod transfer;
mod visits;

use bytes::Bytes;
use pingora::Result as Pingora;
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use serde::Serialize;

use super::exchange::Exchange;
use super::receive::{linger, settle_body};
use super::respond::write_whole;
use super::services::Services;
use crate::enforce::{Grant, Refusal, UserScope};
use crate::memory::curate::CurateError;
use crate::telemetry::audit::Outcome;

pub use call::{Call, find};
pub use sessions::in_sessions;

/// Who asks.
#[derive(Debug)]
pub struct Caller {
    pub grant: Grant,
    /// A scope was granted, so that its absence means that the user could not be taken in.
    pub lost: bool,
    /// Identity headers that came and were no evidence.
    pub ignored_headers: u32,
}

/// What memgate answers.
#[derive(Debug)]
pub enum Answer {
    Json {
        status: u16,
        body: Bytes,
    },
    /// All facts of the scope, one a line, written piece by piece.
    Export(UserScope),
    /// All sessions of the scope and their turns, likewise.
    ExportSessions(UserScope),
}

impl Caller {
    /// The scope, and whether the answer says that a stricter mode would refuse.
    ///
    /// # Errors
    /// When there is none.
    pub fn into_scope(self) -> Result<(UserScope, bool), Refusal> {
        match self.grant {
            Grant::Scoped { scope, advice, .. } => Ok((scope, advice)),
            Grant::Unscoped { .. } if self.lost => Err(failed("the user could not be taken in")),
            Grant::Unscoped { reason, .. } => Err(no_scope(reason)),
        }
    }
}

impl Answer {
    pub fn json(status: u16, value: &impl Serialize) -> Result<Self, Refusal> {
        match serde_json::to_vec(value) {
            Ok(body) => Ok(Self::Json { status, body: body.into() }),
            Err(error) => Err(failed(&error.to_string())),
        }
    }
}

/// Does what the call asks for.
///
/// # Errors
/// The refusal that the caller is to see.
pub async fn serve(
    services: &Services,
    request: &RequestHeader,
    exchange: &mut Exchange,
    caller: Caller,
    call: Call,
    body: Bytes,
) -> Result<Answer, Refusal> {
    let ignored_headers = caller.ignored_headers;
    let (scope, advice) = caller.into_scope()?;
    exchange.advised = advice;
    let query = input::Parameters::read(request.uri.query())?;
    match call {
        Call::About => {
            query.allow(&[])?;
            about::about(services, exchange, scope, ignored_headers).await
        }
        Call::List => facts::list(services, exchange, scope, &query).await,
        Call::Add => {
            query.allow(&[])?;
            facts::add(services, exchange, scope, &body).await
        }
        Call::Show(id) => {
            query.allow(&[])?;
            facts::show(services, scope, id).await
        }
        Call::Amend(id) => {
            query.allow(&[])?;
            facts::amend(services, exchange, scope, id, &body).await
        }
        Call::Delete(id) => facts::delete(services, exchange, scope, id, &query).await,
        Call::Export => {
            query.allow(&[])?;
            Ok(Answer::Export(scope))
        }
        Call::Import => transfer::import(services, exchange, scope, &query, body).await,
        Call::Erase => {
            query.allow(&[])?;
            erase::erase(services, exchange, scope, &body).await
        }
        Call::Budget(call) => budget::serve(services, exchange, &scope, &call, &query),
        Call::Keys(call) => keys::serve(services, exchange, scope, call, &query, &body).await,
        Call::Settings(call) => settings::serve(services, exchange, scope, call, &query, &body).await,
        Call::Visits(call) => visits::serve(services, scope, &call, &query).await,
        Call::Sessions(call) => sessions::serve(services, exchange, scope, call, &query, &body).await,
        Call::Explain => {
            let chat = (explain::dialect_of(&query)?, body);
            explain::explain(services, exchange, scope, ignored_headers, chat).await
        }
    }
}

/// Writes an answer.
pub async fn give(services: &Services, session: &mut Session, exchange: &mut Exchange, answer: Answer) -> Pingora<()> {
    let rest = settle_body(session).await;
    match answer {
        Answer::Json { status, body } => write_whole(session, exchange, status, body).await?,
        Answer::Export(scope) => transfer::export(services, session, exchange, scope).await?,
        Answer::ExportSessions(scope) => sessions::export(services, session, exchange, scope).await?,
    }
    exchange.record.outcome = Outcome::Complete;
    if rest {
        linger(session).await;
    }
    Ok(())
}

/// Works on the disk without holding up other requests.
async fn off_thread<T, F>(work: F) -> Result<T, Refusal>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, CurateError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(refuse),
        Err(error) => Err(failed(&error.to_string())),
    }
}

fn refuse(error: CurateError) -> Refusal {
    let (status, code, message) = match error {
        CurateError::NoFact => return no_fact(),
        CurateError::History(Some(newer)) => {
            let message = format!("This fact no longer holds, and history is not changed. Change {newer}, which took its place.");
            (409, "memory_history", message)
        }
        CurateError::History(None) => {
            let message = "This fact no longer holds, and history is not changed. Add what holds now as a new fact.".to_owned();
            (409, "memory_history", message)
        }
        CurateError::Cursor => {
            let message =
                "The cursor belongs to another list. Send it with the same parameters as the page before, or leave it out.";
            (400, "cursor_invalid", message.to_owned())
        }
        CurateError::Store(error) => return failed(&error.to_string()),
    };
    Refusal { status, code, message, detail: String::new() }
}

/// The same for a fact that never was, and for one of somebody else.
fn no_fact() -> Refusal {
    let message = "You have no fact with this id. GET /memgate/v1/me/memories lists those that you have.".to_owned();
    Refusal { status: 404, code: "memory_not_found", message, detail: String::new() }
}

fn failed(detail: &str) -> Refusal {
    let message =
        "The memory cannot be reached just now. Try again; if it stays so, tell the operator of this server.".to_owned();
    Refusal { status: 503, code: "memory_unavailable", message, detail: detail.to_owned() }
}

fn no_scope(reason: &str) -> Refusal {
    let message = format!(
        "This request reaches no memory: it would be served without one, because of `{reason}`. Send valid evidence of who you are, \
         such as a personal key as API key (`Authorization: Bearer mgk_…`)."
    );
    Refusal { status: 403, code: "no_memory_scope", message, detail: String::new() }
}

fn invalid(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { status: 400, code, message: message.into(), detail: String::new() }
}
