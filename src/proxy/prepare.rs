//! A conversation on its way in: parse, trim, recall, inject, and the turn to learn from afterwards.
//!
//! [`chat`] does it all; the dry run (`me::explain`) calls the same steps, which have no effects of their own.

use std::borrow::Cow;
use std::slice;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::asker::asker_of;
use super::exchange::{Chat, Exchange, Forwarding, PendingLesson};
use super::follow::Follower;
use super::services::{Runtime, Services};
use super::stored;
use crate::catalog::{Choice, Upstream, check_further};
use crate::context::{ContextSettings, Load, Trim, assemble, estimate_tokens, plan};
use crate::dialect::conversation::{Conversation, Form, ParseError, Role};
use crate::dialect::edit::Edits;
use crate::dialect::task::{Clue, Purpose, classify};
use crate::dialect::transcript::recent;
use crate::dialect::words::own_words;
use crate::dialect::{Dialect, with_model};
use crate::enforce::{Grant, Refusal, UserScope};
use crate::ids::SessionId;
use crate::memory::{self, Lesson, Message, RecallMiss, RecallRequest, Recalled};
use crate::policy::MemoryAccess;
use crate::telemetry::{Clipped, RecallResult, Stage};

/// A conversation as memgate reads it.
#[derive(Debug)]
pub struct Draft {
    pub conversation: Conversation,
    /// Empty where the request names none.
    pub model: String,
    pub session: Option<SessionId>,
    pub purpose: Purpose,
    /// By what the purpose was told.
    pub clue: Clue,
}

impl Draft {
    /// # Errors
    /// When the body is none of the dialect.
    pub fn read(exchange: &Exchange, dialect: Dialect, body: Bytes) -> Result<Self, Refusal> {
        let conversation = dialect.parse(body).map_err(refuse_malformed)?;
        let model = conversation.model().unwrap_or_default().to_owned();
        let session = exchange.session.clone();
        let (purpose, clue) = classify(&conversation, exchange.task.as_deref(), session.as_ref().map(SessionId::as_str));
        Ok(Self { conversation, model, session, purpose, clue })
    }

    /// Whether memory takes part, where it may as far as `access` says.
    pub fn recalls(&self, access: MemoryAccess) -> bool {
        self.purpose.recalls() && access > MemoryAccess::Off
    }

    /// Whether the last turn may be learned from.
    pub fn learns(&self, access: MemoryAccess) -> bool {
        self.purpose.learns() && access == MemoryAccess::ReadWrite
    }

    /// The person's own words in the last user turn; of a transcript, what was said last.
    fn own_words(&self) -> Option<String> {
        let text = self.conversation.text(self.conversation.last_user()?);
        let said = if self.conversation.form() == Form::Transcript { recent(&text) } else { &text };
        Some(own_words(said).into_owned())
    }
}

/// What the client and the upstream let a request do with its user's memory.
pub fn memory_access(runtime: &Runtime, scope: &UserScope, upstream: &Upstream) -> MemoryAccess {
    runtime.trust.memory_access(scope.client()).min(upstream.memory)
}

/// A conversation cut to its model's window, with room for what memory may add.
#[derive(Debug)]
pub struct Fitted {
    pub load: Load,
    pub trim: Trim,
    /// Tokens that are kept free for memory.
    pub reserved: u64,
    /// There is no room for memory.
    pub crowded: bool,
}

/// At how many tokens something happens: in the window of the model, or in a smaller one that the client asks for.
pub fn marks(runtime: &Runtime, draft: &Draft, choice: &Choice) -> ContextSettings {
    let asked = draft.conversation.window();
    let window = [choice.window(), asked].into_iter().flatten().min();
    match (window, choice.max_output()) {
        (None, None) => runtime.context,
        (window, most) => runtime.context.for_window(window.unwrap_or(runtime.context.window()), most),
    }
}

/// Cuts a conversation to fit, with room for the memory of `scope`.
///
/// # Errors
/// When it cannot be made to fit the context window.
pub fn fit(
    services: &Services,
    runtime: &Runtime,
    draft: &Draft,
    choice: &Choice,
    scope: Option<&UserScope>,
) -> Result<Fitted, Refusal> {
    let turns = draft.conversation.turns();
    let mut load = services.tokens.measure(&draft.conversation, &choice.upstream.name, &draft.model);
    let mut reserved = scope.map_or(0, |scope| runtime.memory.budget.of(scope) as u64);
    load.fixed += reserved;
    let marks = marks(runtime, draft, choice);
    let mut planned = plan(turns, &load, &marks);
    // What memory may add is no reason to refuse a request: it goes on without.
    let crowded = planned.is_err() && scope.is_some();
    if crowded {
        load.fixed -= std::mem::take(&mut reserved);
        planned = plan(turns, &load, &marks);
    }
    let trim = planned.map_err(|overflow| Refusal {
        status: 400,
        code: overflow.code(),
        message: overflow.message(draft.conversation.dialect().api()),
        detail: String::new(),
    })?;
    Ok(Fitted { load, trim, reserved, crowded })
}

/// What the user's memory has for a conversation. Changes nothing: what was chosen must be remembered by the caller.
///
/// # Errors
/// A miss: the chat goes on without memory.
pub async fn consult(
    services: &Services,
    runtime: &Runtime,
    scope: &UserScope,
    draft: &Draft,
    upstream: &Upstream,
    now: i64,
) -> Result<Recalled, RecallMiss> {
    let conversation = &draft.conversation;
    let turns = conversation.turns();
    let steady: Vec<Cow<'_, [u8]>> = (0..turns.len()).map(|turn| conversation.steady(turn)).collect();
    let messages: Vec<Message<'_>> = turns.iter().zip(&steady).map(|(turn, raw)| message(turn.role, raw)).collect();
    let query = || draft.own_words().unwrap_or_default();
    let (withhold, tokens) = (upstream.never_send.as_slice(), estimate_tokens);
    let request = RecallRequest { messages: &messages, query: &query, tokens, withhold, now };
    services.memory.recall(scope, &request, runtime.memory.recall_deadline).await
}

/// The edits that make out of a conversation what is forwarded.
pub fn edit(draft: &Draft, trim: &Trim, system: Option<String>, turns: Vec<(usize, String)>) -> Edits {
    assemble(&draft.conversation, trim, system, turns.into_iter().collect())
}

/// Prepares a conversation and returns the body to forward.
///
/// # Errors
/// When the body is none of the dialect, no upstream serves its model, or it cannot be made to fit the context window.
pub async fn chat(
    services: &Services,
    exchange: &mut Exchange,
    grant: Grant,
    (dialect, body): (Dialect, Bytes),
    forwarding: &mut Forwarding,
) -> Result<Bytes, Refusal> {
    let draft = Draft::read(exchange, dialect, body)?;
    exchange.record.model = Some(Clipped::new(&draft.model));
    exchange.record.purpose = Some(draft.purpose.as_str());
    let asker = asker_of(&exchange.runtime, stored::scope_of(&grant));
    let choice = exchange.runtime.catalog.first(dialect.api(), draft.conversation.model(), &asker)?;
    check_further(slice::from_ref(&choice), || draft.conversation.names_more())?;
    forwarding.upstream = Arc::clone(&choice.upstream);
    let now = exchange.record.time;
    let keeper = stored::admit(services, stored::scope_of(&grant), &draft.conversation, &forwarding.upstream, now)?;
    let (scope, access) = match grant {
        Grant::Scoped { scope, .. } => {
            let access = memory_access(&exchange.runtime, &scope, &forwarding.upstream);
            exchange.record.memory = (access < MemoryAccess::ReadWrite).then_some(access.as_str());
            (Some(scope).filter(|_| draft.recalls(access)), access)
        }
        Grant::Unscoped { .. } => (None, MemoryAccess::Off),
    };

    let started = Instant::now();
    let fitted = fit(services, &exchange.runtime, &draft, &choice, scope.as_ref())?;
    if !fitted.trim.cut.is_empty() {
        exchange.record.messages_cut = u32::try_from(fitted.trim.cut.len()).unwrap_or(u32::MAX);
        services.metrics.count_trim(fitted.trim.cut.len() as u64);
    }
    services.metrics.observe_stage(Stage::Trim, started.elapsed());

    let recalled = if let Some(scope) = scope.as_ref().filter(|_| !fitted.crowded) {
        recall_facts(services, exchange, scope, &draft, &forwarding.upstream).await
    } else {
        services.metrics.count_recall(RecallResult::Off, 0);
        None
    };
    let started = Instant::now();
    let turn = recalled.as_ref().and_then(|recalled| recalled.turn);
    let (system, turns) = recalled.map_or_else(Default::default, |r| (r.system_block, r.turn_blocks));
    let edits = edit(&draft, &fitted.trim, system, turns);
    // Until the edits hold the model's name, a second pass writes it.
    let rewritten = draft.conversation.rewrite(&edits);
    let rewritten = choice.rename.as_deref().map_or(rewritten.clone(), |name| with_model(&rewritten, name));
    services.metrics.observe_stage(Stage::Inject, started.elapsed());

    let lesson = scope.filter(|_| draft.learns(access)).and_then(|scope| {
        let text = draft.own_words()?;
        let lesson = Lesson { request_id: exchange.record.request.to_string(), text, turn, at: exchange.record.time };
        Some(PendingLesson { scope, session: draft.session.clone(), lesson })
    });
    let sent = fitted.trim.tokens_after - fitted.reserved;
    forwarding.chat = Some(Chat {
        model: draft.model,
        follower: Follower::new(dialect),
        sent: Some(sent).filter(|_| draft.conversation.is_counted() && !draft.conversation.stored().completes()),
        edits,
        factor: fitted.load.factor,
        lesson,
        keeper,
    });
    Ok(rewritten)
}

/// What the user's memory has for this conversation. Without an answer in time the chat goes on without it.
async fn recall_facts(
    services: &Services,
    exchange: &mut Exchange,
    scope: &UserScope,
    draft: &Draft,
    upstream: &Upstream,
) -> Option<Recalled> {
    let started = Instant::now();
    let recalled = consult(services, &exchange.runtime, scope, draft, upstream, exchange.record.time).await;
    services.metrics.observe_stage(Stage::Recall, started.elapsed());
    let (result, facts) = match &recalled {
        Ok(recalled) if recalled.facts_used.is_empty() => (RecallResult::Empty, 0),
        Ok(recalled) => (RecallResult::Hit, recalled.facts_used.len() as u64),
        Err(RecallMiss::Deadline) => (RecallResult::Deadline, 0),
        Err(RecallMiss::Failed) => (RecallResult::Failed, 0),
    };
    services.metrics.count_recall(result, facts);
    let mut recalled = recalled.ok()?;
    let fresh = std::mem::take(&mut recalled.fresh);
    if !draft.conversation.dialect().only_counts() {
        services.memory.remember_injections(scope, fresh);
    }
    exchange.record.facts_used.clone_from(&recalled.facts_used);
    Some(recalled)
}

fn message(role: Role, raw: &[u8]) -> Message<'_> {
    let role = match role {
        Role::System | Role::Developer | Role::Aside => memory::Role::System,
        Role::User => memory::Role::User,
        _ => memory::Role::Other,
    };
    Message { role, raw }
}

fn refuse_malformed(fault: ParseError) -> Refusal {
    Refusal { status: 400, code: fault.code(), message: fault.to_string(), detail: String::new() }
}
