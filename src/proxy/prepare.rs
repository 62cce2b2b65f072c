//! A chat completion on its way in: parse, trim, recall, inject, and the turn to learn from afterwards.

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;
use pingora::http::RequestHeader;

use super::exchange::{Chat, Exchange, Forwarding, PendingLesson};
use super::follow::Follower;
use super::services::Services;
use super::upstream::choose_upstream;
use crate::context::{assemble, plan};
use crate::dialect::chat::parse;
use crate::dialect::conversation::{Conversation, ParseError, Role};
use crate::dialect::task::classify;
use crate::dialect::words::own_words;
use crate::enforce::{Grant, Refusal, UserScope};
use crate::identity::header;
use crate::ids::SessionId;
use crate::memory::{self, Lesson, Message, RecallMiss, RecallRequest, Recalled, render};
use crate::policy::MemoryAccess;
use crate::store::Kind;
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
    forwarding.upstream = choose_upstream(&exchange.runtime.upstreams, conversation.model())?;
    let session = header::session(&request.headers);
    let purpose = classify(&conversation, None, session.as_ref().map(SessionId::as_str));
    let (scope, access) = match grant {
        Grant::Scoped { scope, .. } => {
            let access = exchange.runtime.trust.memory_access(scope.client()).min(forwarding.upstream.memory);
            exchange.record.memory = (access < MemoryAccess::ReadWrite).then_some(access.as_str());
            (Some(scope).filter(|_| purpose.recalls() && access > MemoryAccess::Off), access)
        }
        Grant::Unscoped { .. } => (None, MemoryAccess::Off),
    };

    let started = Instant::now();
    let mut load = services.tokens.measure(&conversation, &forwarding.upstream.name, &model);
    let mut reserved = scope.as_ref().map_or(0, |scope| exchange.runtime.memory.budget.of(scope) as u64);
    load.fixed += reserved;
    let mut planned = plan(conversation.turns(), &load, &exchange.runtime.context);
    // What memory may add is no reason to refuse a request: it goes on without.
    let crowded = planned.is_err() && scope.is_some();
    if crowded {
        load.fixed -= std::mem::take(&mut reserved);
        planned = plan(conversation.turns(), &load, &exchange.runtime.context);
    }
    let trim = planned.map_err(|overflow| Refusal {
        status: 400,
        code: overflow.code(),
        message: overflow.to_string(),
        detail: String::new(),
    })?;
    if !trim.cut.is_empty() {
        exchange.record.messages_cut = u32::try_from(trim.cut.len()).unwrap_or(u32::MAX);
        services.metrics.count_trim(trim.cut.len() as u64);
    }
    services.metrics.observe_stage(Stage::Trim, started.elapsed());

    let recalled = if let Some(scope) = scope.as_ref().filter(|_| !crowded) {
        recall_facts(services, exchange, scope, &conversation, &forwarding.upstream.never_send).await
    } else {
        services.metrics.count_recall(RecallResult::Off, 0);
        None
    };
    let started = Instant::now();
    let turn = recalled.as_ref().and_then(|recalled| recalled.turn);
    let (system, turns): (_, BTreeMap<_, _>) =
        recalled.map_or_else(Default::default, |r| (r.system_block, r.turn_blocks.into_iter().collect()));
    let edits = assemble(&conversation, &trim, system, turns);
    let rewritten = conversation.rewrite(&edits);
    services.metrics.observe_stage(Stage::Inject, started.elapsed());

    let lesson = scope.filter(|_| purpose.learns() && access == MemoryAccess::ReadWrite).and_then(|scope| {
        let text = own_words(&conversation.text(conversation.last_user()?)).into_owned();
        let lesson = Lesson { request_id: exchange.record.request.to_string(), text, turn, at: exchange.record.time };
        Some(PendingLesson { scope, session, lesson })
    });
    forwarding.chat = Some(Chat {
        model,
        follower: Follower::default(),
        sent: trim.tokens_after - reserved,
        edits,
        factor: load.factor,
        lesson,
    });
    Ok(rewritten)
}

/// What the user's memory has for this conversation. Without an answer in time the chat goes on without it.
async fn recall_facts(
    services: &Services,
    exchange: &mut Exchange,
    scope: &UserScope,
    conversation: &Conversation,
    withhold: &[Kind],
) -> Option<Recalled> {
    let started = Instant::now();
    let settings = &exchange.runtime.memory;
    let messages: Vec<Message<'_>> =
        conversation.turns().iter().enumerate().map(|(i, turn)| message(turn.role, conversation.raw(i))).collect();
    let query = || conversation.last_user().map(|turn| own_words(&conversation.text(turn)).into_owned()).unwrap_or_default();
    let request = RecallRequest {
        messages: &messages,
        query: &query,
        tokens: render::estimate_tokens,
        withhold,
        now: exchange.record.time,
    };
    let recalled = services.memory.recall(scope, &request, settings.recall_deadline).await;
    services.metrics.observe_stage(Stage::Recall, started.elapsed());
    let (result, facts) = match &recalled {
        Ok(recalled) if recalled.facts_used.is_empty() => (RecallResult::Empty, 0),
        Ok(recalled) => (RecallResult::Hit, recalled.facts_used.len() as u64),
        Err(RecallMiss::Deadline) => (RecallResult::Deadline, 0),
        Err(RecallMiss::Failed) => (RecallResult::Failed, 0),
    };
    services.metrics.count_recall(result, facts);
    let mut recalled = recalled.ok()?;
    services.memory.remember_injections(scope, std::mem::take(&mut recalled.fresh));
    exchange.record.facts_used.clone_from(&recalled.facts_used);
    Some(recalled)
}

fn message(role: Role, raw: &[u8]) -> Message<'_> {
    let role = match role {
        Role::System | Role::Developer => memory::Role::System,
        Role::User => memory::Role::User,
        _ => memory::Role::Other,
    };
    Message { role, raw }
}

fn refuse_malformed(fault: ParseError) -> Refusal {
    Refusal { status: 400, code: fault.code(), message: fault.to_string(), detail: String::new() }
}
