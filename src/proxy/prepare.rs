//! A chat completion on its way in: parse, trim, recall, inject, and the turn to learn from afterwards.

use std::time::Instant;

use bytes::Bytes;
use pingora::http::RequestHeader;

use super::arrive::choose_upstream;
use super::exchange::{Chat, Exchange, Forwarding, PendingLesson};
use super::follow::Follower;
use super::gateway::Services;
use crate::context::{self, Trim};
use crate::dialect::chat::parse;
use crate::dialect::conversation::{Conversation, ParseError};
use crate::dialect::task::{Purpose, classify};
use crate::dialect::words::own_words;
use crate::enforce::{Grant, Refusal, UserScope};
use crate::identity::header;
use crate::memory::{Lesson, RecallMiss, RecallRequest, Recalled};
use crate::telemetry::{Clipped, RecallResult, Stage};

/// Prepares a chat completion and returns the body to forward.
///
/// # Errors
/// When the body is no chat completion, no upstream serves its model, or it cannot be made to fit the context window.
pub async fn chat(
    services: &Services,
    request: &RequestHeader,
    exchange: &mut Exchange,
    grant: Grant,
    body: Bytes,
    forwarding: &mut Forwarding,
) -> Result<Bytes, Refusal> {
    let conversation = parse(body).map_err(refuse_malformed)?;
    let model = conversation.model().unwrap_or_default().to_owned();
    exchange.record.model = Some(Clipped::new(&model));
    forwarding.upstream = choose_upstream(exchange, conversation.model())?;
    let session = header::session(&request.headers);
    let purpose = classify(&conversation, None, session.as_ref().map(|id| id.as_str()));
    let scope = match grant {
        Grant::Scoped { scope, .. } if purpose.recalls() => Some(scope),
        Grant::Scoped { .. } | Grant::Unscoped { .. } => None,
    };

    let trim = trim(services, exchange, forwarding, &conversation, &model)?;
    let recalled = match &scope {
        Some(scope) => recall(services, exchange, scope, &conversation).await,
        None => {
            services.metrics.count_recall(RecallResult::Off, 0);
            None
        }
    };
    let started = Instant::now();
    let edits = match &recalled {
        Some(recalled) => context::assemble(&conversation, &trim, recalled.system_block.clone(), recalled.turn_blocks.clone()),
        None => context::assemble(&conversation, &trim, None, Vec::new()),
    };
    let rewritten = conversation.rewrite(&edits);
    services.metrics.observe_stage(Stage::Inject, started.elapsed());
    let lesson = scope.and_then(|scope| note_lesson(exchange, scope, recalled.as_ref(), &conversation, purpose, session));
    forwarding.chat = Some(Chat { model, follower: Follower::default(), counted: trim.counted, lesson });
    Ok(rewritten)
}
