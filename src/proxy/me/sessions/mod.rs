//! Sessions and their history: `/memgate/v1/me/sessions`.

mod export;
mod shape;

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};

use super::super::exchange::Exchange;
use super::super::services::Services;
use super::call::{Miss, only};
use super::input::{Parameters, body};
use super::{Answer, failed, invalid};
use crate::enforce::{Refusal, UserScope};
use crate::identity::percent_decode;
use crate::ids::SessionId;
use crate::sessions::{Cursor, SessionError, Wanted};

pub(super) use export::export;
pub(super) use shape::SessionBody;
use shape::TurnBody;

const DEFAULT_PAGE: usize = 50;
const LARGEST_PAGE: usize = 200;
/// Longest title in characters.
const MAX_TITLE: usize = 200;

const CREATE: &str = r#"{"title": "Holidays", "key": "holidays-2027"}"#;
const RENAME: &str = r#"{"title": "Holidays"}"#;

/// What is asked for. An id that can be none is no session's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    List,
    Create,
    Export,
    Show(Option<SessionId>),
    Rename(Option<SessionId>),
    Delete(Option<SessionId>),
    Clear(Option<SessionId>),
}

impl Call {
    /// Whether the request's body is read.
    pub fn takes_body(&self) -> bool {
        matches!(self, Self::Create | Self::Rename(_))
    }
}

/// From the method and what stands below the noun to the call.
pub(super) fn route(method: &str, below: Option<&str>) -> Result<Call, Miss> {
    let Some(below) = below else {
        return match method {
            "GET" => Ok(Call::List),
            "POST" => Ok(Call::Create),
            _ => Err(Miss::Method("GET, POST")),
        };
    };
    match below.split_once('/') {
        // A session of that key is reached as `%65xport`.
        None if below == "export" => only(method, "GET", Call::Export),
        None if !below.is_empty() => {
            let call: fn(Option<SessionId>) -> Call = match method {
                "GET" => Call::Show,
                "PATCH" => Call::Rename,
                "DELETE" => Call::Delete,
                _ => return Err(Miss::Method("GET, PATCH, DELETE")),
            };
            Ok(call(read_id(below)))
        }
        Some((id, "history")) if !id.is_empty() => only(method, "DELETE", Call::Clear(read_id(id))),
        _ => Err(Miss::Path),
    }
}

/// A key as it stands in a path: percent-encoded (RFC 3986), once.
fn read_id(segment: &str) -> Option<SessionId> {
    SessionId::parse(std::str::from_utf8(&percent_decode(segment.as_bytes())?).ok()?).ok()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RenameBody {
    /// Not to be left out, so that nothing is taken away by a slip of the pen.
    #[serde(deserialize_with = "even_null")]
    title: Option<String>,
}

fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

#[derive(Debug, Serialize)]
struct PageBody {
    sessions: Vec<SessionBody>,
    /// Of all sessions, those in use or lately so, and the others.
    live: usize,
    idle: usize,
    /// To be sent as `cursor` for the next page; none after the last one.
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct ShownBody {
    #[serde(flatten)]
    session: SessionBody,
    history: Vec<TurnBody>,
    next_cursor: Option<String>,
}

/// Does what is asked for.
pub(super) async fn serve(
    services: &Services,
    exchange: &mut Exchange,
    scope: UserScope,
    call: Call,
    query: &Parameters,
    bytes: &Bytes,
) -> Result<Answer, Refusal> {
    let (sessions, now) = (Arc::clone(&services.sessions), exchange.record.time);
    query.allow(match call {
        Call::List => &["state", "limit", "cursor"],
        Call::Show(_) => &["limit", "cursor"],
        _ => &[],
    })?;
    match call {
        Call::List => list(services, scope, query, now).await,
        Call::Export => Ok(Answer::ExportSessions(scope)),
        Call::Create => {
            let CreateBody { title, key } = body(bytes, CREATE)?;
            let title = title.as_deref().map(read_title).transpose()?;
            let key = key.map(|key| SessionId::parse(&key).map_err(|_| no_key())).transpose()?;
            let (shown, fresh) = in_sessions(move || {
                let (shown, fresh) = sessions.create(&scope, key, title, now)?;
                Ok((SessionBody::of(&scope, shown), fresh))
            })
            .await?;
            Answer::json(if fresh { 201 } else { 200 }, &shown)
        }
        Call::Show(id) => {
            let limit = query.count("limit", DEFAULT_PAGE, LARGEST_PAGE)?;
            let from = match query.get("cursor") {
                None => 0,
                Some(text) => text.parse().map_err(|_| no_cursor())?,
            };
            let shown = in_sessions(move || {
                let (shown, turns, next) = sessions.show(&scope, &named(id.clone()), from, limit, now)?;
                known(id)?;
                let history = turns.into_iter().map(TurnBody::from).collect();
                Ok(ShownBody { session: SessionBody::of(&scope, shown), history, next_cursor: next.map(|at| at.to_string()) })
            })
            .await?;
            Answer::json(200, &shown)
        }
        Call::Rename(id) => {
            let RenameBody { title } = body(bytes, RENAME)?;
            let title = title.as_deref().map(read_title).transpose()?;
            let shown = in_sessions(move || {
                // What is not there costs a look, too.
                sessions.show(&scope, &named(id.clone()), 0, 1, now)?;
                let shown = sessions.rename(&scope, &known(id)?, title, now)?;
                Ok(SessionBody::of(&scope, shown))
            })
            .await?;
            Answer::json(200, &shown)
        }
        Call::Delete(id) => {
            let id = in_sessions(move || {
                sessions.show(&scope, &named(id.clone()), 0, 1, now)?;
                let id = known(id)?;
                sessions.delete(&scope, &id, now).map(|()| id)
            })
            .await?;
            Answer::json(200, &serde_json::json!({"deleted": id.as_str()}))
        }
        Call::Clear(id) => {
            let cleared = in_sessions(move || {
                sessions.show(&scope, &named(id.clone()), 0, 1, now)?;
                sessions.clear(&scope, &known(id)?, now)
            })
            .await?;
            Answer::json(200, &serde_json::json!({"cleared": cleared}))
        }
    }
}

async fn list(services: &Services, scope: UserScope, query: &Parameters, now: i64) -> Result<Answer, Refusal> {
    let wanted = match query.get("state") {
        None => Wanted::All,
        Some("live") => Wanted::Live,
        Some("idle") => Wanted::Idle,
        Some(_) => return Err(invalid("parameter_invalid", "`state` is one of: live, idle.")),
    };
    let limit = query.count("limit", DEFAULT_PAGE, LARGEST_PAGE)?;
    let cursor = query.get("cursor").map(|text| Cursor::decode(text).ok_or_else(no_cursor)).transpose()?;
    let sessions = Arc::clone(&services.sessions);
    let page = in_sessions(move || {
        let page = sessions.list(&scope, wanted, cursor.as_ref(), limit, now)?;
        let next_cursor = page.next.as_ref().map(Cursor::encode);
        let shown = page.sessions.into_iter().map(|shown| SessionBody::of(&scope, shown)).collect();
        Ok(PageBody { sessions: shown, live: page.live, idle: page.idle, next_cursor })
    })
    .await?;
    Answer::json(200, &page)
}

/// The session that is looked for; for an id that can be none, one that nobody has.
fn named(id: Option<SessionId>) -> SessionId {
    id.unwrap_or_else(|| SessionId::parse(&"~".repeat(255)).unwrap_or_else(|_| unreachable!("it is a session's key")))
}

fn known(id: Option<SessionId>) -> Result<SessionId, SessionError> {
    id.ok_or(SessionError::NoSession)
}

fn read_title(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let fits = (1..=MAX_TITLE).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    let message = format!("`title` is a text of 1 to {MAX_TITLE} characters, without control characters.");
    if fits { Ok(text.to_owned()) } else { Err(invalid("session_invalid", message)) }
}

fn no_key() -> Refusal {
    let message = "`key` is 1 to 255 printable ASCII characters without blanks, `/` and `\\`, and neither `.` nor `..`.";
    invalid("session_invalid", message)
}

fn no_cursor() -> Refusal {
    invalid("cursor_invalid", "The cursor is none. Send `next_cursor` of the page before, or leave it out.")
}

/// Works on the disk without holding up other requests.
pub async fn in_sessions<T, F>(work: F) -> Result<T, Refusal>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, SessionError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(refuse),
        Err(error) => Err(failed(&error.to_string())),
    }
}

/// The same for a session that never was, one that was deleted, one of somebody else, and an id that can be none.
fn refuse(error: SessionError) -> Refusal {
    let (status, code, message) = match error {
        SessionError::NoSession => {
            (404, "session_not_found", "You have no session with this id. GET /memgate/v1/me/sessions lists those that you have.")
        }
        SessionError::Reserved => {
            (400, "session_reserved", "`FACTORY`, `CONFIGURED` and `server` are no keys for a session of yours. Choose another.")
        }
        SessionError::Full => {
            (409, "sessions_full", "You have as many sessions as are kept for one person. Delete one that you need no more.")
        }
        SessionError::Store(error) => return failed(&error.to_string()),
    };
    Refusal { status, code, message: message.to_owned(), detail: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_methods_are_exact() {
        let id = |text: &str| Some(SessionId::parse(text).unwrap());
        for (method, below, call) in [
            ("GET", None, Call::List),
            ("POST", None, Call::Create),
            ("GET", Some("export"), Call::Export),
            ("GET", Some("a%2Db"), Call::Show(id("a-b"))),
            ("GET", Some("%65xport"), Call::Show(id("export"))),
            ("GET", Some("a%2fb"), Call::Show(None)),
            ("GET", Some("%zz"), Call::Show(None)),
            ("GET", Some("%"), Call::Show(None)),
            ("PATCH", Some("a"), Call::Rename(id("a"))),
            ("DELETE", Some("a"), Call::Delete(id("a"))),
            ("DELETE", Some("a/history"), Call::Clear(id("a"))),
        ] {
            assert_eq!(route(method, below), Ok(call), "{method} {below:?}");
            for wrong in ["PUT", "HEAD", "get"] {
                assert!(matches!(route(wrong, below), Err(Miss::Method(_))), "{wrong} {below:?}");
            }
        }
        for below in ["", "/", "a/", "a/turns", "a/history/x", "/history"] {
            assert_eq!(route("DELETE", Some(below)), Err(Miss::Path), "{below}");
        }
    }
}
