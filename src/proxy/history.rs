//! Histories: what of a conversation is kept at the end of an answer, and AI Optimizer's API of a session's history.

use std::sync::Arc;

use pingora::http::RequestHeader;
use serde::Serialize;

use super::exchange::{Chat, Exchange, unix_ms};
use super::me::{self, Answer};
use super::prepare::Draft;
use super::services::Services;
use super::session::of_headers;
use crate::dialect::conversation::{Content, PartKind};
use crate::enforce::{Refusal, UserScope};
use crate::ids::RequestId;
use crate::sessions::{KeepError, MOST_SAID, QueuedTurn, SessionError, is_reserved};
use crate::telemetry::HistoryResult;

/// The methods of AI Optimizer's path.
pub const METHODS: &str = "GET, PATCH";

/// What AI Optimizer says where there is nothing (`src/server/api/v1/chat.py`).
const NOTHING: &str = "I'm sorry, I have no history of this conversation.";
const FORGOTTEN: &str = "As requested, I've forgotten our conversation.";
/// Turns that are read at a time.
const AT_ONCE: usize = 100;

/// What of a conversation is kept once its answer has ended well: what the person said last, as they said it. None where they said
/// nothing.
pub fn begin(services: &Services, scope: &UserScope, request: RequestId, draft: &Draft, now: i64) -> Option<Box<QueuedTurn>> {
    let conversation = &draft.conversation;
    let last = conversation.last_user()?;
    let mut said = draft.own_words().unwrap_or_default();
    let images = match &conversation.turns()[last].content {
        Content::Parts { parts, .. } => parts.iter().filter(|part| part.kind == PartKind::Image).count(),
        _ => 0,
    } + conversation.turns()[last].images;
    if said.trim().is_empty() && images == 0 {
        return None;
    }
    let end = said.floor_char_boundary(MOST_SAID);
    let cut = end < said.len();
    said.truncate(end);

    // What tells a turn from others: all that was said up to it. What tells an answer: all that it answers.
    let turns = conversation.turns().iter().enumerate().filter(|(_, turn)| !turn.role.instructs());
    let steady: Vec<(usize, _)> = turns.map(|(at, _)| (at, conversation.steady(at))).collect();
    let kept = conversation.stored().references().iter().map(|reference| reference.id.as_bytes());
    let parts: Vec<&[u8]> = std::iter::once(&b"turn"[..]).chain(kept).collect();
    let upto: Vec<&[u8]> = steady.iter().filter(|(at, _)| *at <= last).map(|(_, raw)| &**raw).collect();
    let turn = services.sessions.hash(scope, &[parts, upto].concat())?;
    let behind = steady.iter().filter(|(at, _)| *at > last).map(|(_, raw)| &**raw);
    let tail = services.sessions.hash(scope, &std::iter::once(&turn[..]).chain(behind).collect::<Vec<_>>())?;
    Some(Box::new(QueuedTurn {
        turn,
        tail,
        request,
        model: String::new(),
        said,
        at: now,
        images,
        text: String::new(),
        tools: Vec::new(),
        ended_at: now,
        cut,
    }))
}

/// Queues a turn whose answer has been said to its end.
pub fn keep(services: &Services, chat: &mut Chat) {
    let Some(seat) = &mut chat.seat else { return };
    let (Some(mut turn), Some(said)) = (seat.pending.take(), chat.follower.take_said()) else { return };
    turn.model.clone_from(&chat.model);
    turn.text = said.text;
    turn.tools = said.tools;
    turn.cut |= said.cut;
    turn.ended_at = unix_ms();
    match services.sessions.enqueue(&seat.ticket, &turn) {
        Ok(()) => {}
        Err(KeepError::Full) => services.metrics.sessions.count_turn(HistoryResult::Dropped),
        Err(error) => {
            tracing::warn!(%error, "a turn could not be queued for the history");
            services.metrics.sessions.count_turn(HistoryResult::Failed);
        }
    }
}

/// A message as AI Optimizer's API shows it.
#[derive(Debug, Serialize)]
struct Message {
    role: &'static str,
    content: String,
}

fn notice(text: &str) -> Vec<Message> {
    vec![Message { role: "system", content: text.to_owned() }]
}

/// Shows or clears the history of the session that the headers name, as AI Optimizer's API does.
///
/// # Errors
/// For another method, a header that names no session, and when the store fails.
pub async fn serve(
    services: &Services,
    exchange: &mut Exchange,
    scope: UserScope,
    request: &RequestHeader,
) -> Result<Answer, Refusal> {
    let method = request.method.as_str();
    if !matches!(method, "GET" | "PATCH") {
        exchange.allow = Some(METHODS);
        let message = format!("This path does not take the method. It takes: {METHODS}.");
        return Err(Refusal { status: 405, code: "method_not_allowed", message, detail: String::new() });
    }
    let id = of_headers(&exchange.session, &request.headers)?;
    let (sessions, now, clears) = (Arc::clone(&services.sessions), exchange.record.time, method == "PATCH");
    let messages = me::in_sessions(move || {
        if is_reserved(&id) {
            return Ok(notice(NOTHING));
        }
        if clears {
            return match sessions.clear(&scope, &id, now) {
                Ok(0) | Err(SessionError::NoSession) => Ok(notice(NOTHING)),
                Ok(_) => Ok(notice(FORGOTTEN)),
                Err(error) => Err(error),
            };
        }
        let (mut messages, mut from) = (Vec::new(), Some(0));
        while let Some(place) = from {
            let (_, turns, next) = match sessions.show(&scope, &id, place, AT_ONCE, now) {
                Err(SessionError::NoSession) => break,
                shown => shown?,
            };
            for turn in turns {
                messages.push(Message { role: "user", content: turn.said });
                let answers: Vec<String> =
                    turn.replies.into_iter().map(|reply| reply.text).filter(|text| !text.is_empty()).collect();
                messages.push(Message { role: "assistant", content: answers.join("\n") });
            }
            from = next;
        }
        Ok(if messages.is_empty() { notice(NOTHING) } else { messages })
    })
    .await?;
    Answer::json(200, &messages)
}
