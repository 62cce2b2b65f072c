//! All sessions with their turns as lines of JSON, written piece by piece.

use std::sync::Arc;

use bytes::Bytes;
use pingora::proxy::Session;
use serde::Serialize;

use super::super::super::exchange::Exchange;
use super::super::super::respond::answer_refusal;
use super::super::super::services::Services;
use super::super::transfer::begin;
use super::{SessionBody, TurnBody, in_sessions};
use crate::enforce::UserScope;
use crate::ids::SessionId;
use crate::sessions::{Cursor, SessionError, Sessions, Shown, Wanted};

/// Sessions, and turns, that are read at a time.
const PIECE: usize = 50;

/// A line. Turns follow their session.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Session(SessionBody),
    Turn {
        session: String,
        #[serde(flatten)]
        turn: TurnBody,
    },
}

/// What is still to be written.
struct Rest {
    sessions: Arc<Sessions>,
    scope: UserScope,
    now: i64,
    /// Sessions that were listed, the next one last.
    listed: Vec<Shown>,
    list: List,
    /// Where the turns of a session go on.
    turns: Option<(SessionId, u64)>,
}

/// Where the list goes on.
enum List {
    Start,
    Behind(Cursor),
    Done,
}

impl Rest {
    /// The next lines; none at the end.
    fn read(&mut self) -> Result<Option<Vec<Line>>, SessionError> {
        if let Some((id, from)) = self.turns.take() {
            let (turns, next) = match self.sessions.show(&self.scope, &id, from, PIECE, self.now) {
                Ok((_, turns, next)) => (turns, next),
                // It was deleted meanwhile.
                Err(SessionError::NoSession) => (Vec::new(), None),
                Err(error) => return Err(error),
            };
            self.turns = next.map(|next| (id.clone(), next));
            let line = |turn| Line::Turn { session: id.as_str().to_owned(), turn: TurnBody::from(turn) };
            return Ok(Some(turns.into_iter().map(line).collect()));
        }
        if let Some(shown) = self.listed.pop() {
            self.turns = Some((shown.id.clone(), 0));
            return Ok(Some(vec![Line::Session(SessionBody::of(&self.scope, shown))]));
        }
        let cursor = match std::mem::replace(&mut self.list, List::Done) {
            List::Start => None,
            List::Behind(cursor) => Some(cursor),
            List::Done => return Ok(None),
        };
        let page = self.sessions.list(&self.scope, Wanted::All, cursor.as_ref(), PIECE, self.now)?;
        self.list = page.next.map_or(List::Done, List::Behind);
        self.listed = page.sessions;
        self.listed.reverse();
        Ok(Some(Vec::new()))
    }
}

/// Writes every session and its turns.
pub async fn export(
    services: &Services,
    session: &mut Session,
    exchange: &mut Exchange,
    scope: UserScope,
) -> pingora::Result<()> {
    let (sessions, now) = (Arc::clone(&services.sessions), exchange.record.time);
    let mut rest = Rest { sessions, scope, now, listed: Vec::new(), list: List::Start, turns: None };
    let mut begun = false;
    loop {
        let read = in_sessions(move || rest.read().map(|lines| (lines, rest))).await;
        let lines = match read {
            Ok((lines, same)) => {
                rest = same;
                lines
            }
            // The client sees that it got a part only: the chunked body does not end.
            Err(refusal) if begun => return Err(pingora::Error::explain(pingora::ErrorType::InternalError, refusal.detail)),
            Err(refusal) => return answer_refusal(session, exchange, &refusal).await,
        };
        if !begun {
            begin(session, exchange).await?;
            begun = true;
        }
        let Some(lines) = lines else { break };
        let mut bytes = Vec::new();
        for line in &lines {
            serde_json::to_writer(&mut bytes, line)
                .map_err(|error| pingora::Error::explain(pingora::ErrorType::InternalError, error.to_string()))?;
            bytes.push(b'\n');
        }
        if !bytes.is_empty() {
            exchange.record.bytes_out += bytes.len() as u64;
            session.write_response_body(Some(bytes.into()), false).await?;
        }
    }
    session.write_response_body(Some(Bytes::new()), true).await
}
