//! A conversation on its way in: parse, trim, recall, inject, and the turn to learn from afterwards.
//!
//! [`chat`] does it all; the dry run (`me::explain`) calls the same steps, which have no effects of their own.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use pingora::proxy::Session;
use serde_json::Number;

use super::balance;
use super::charge::{self, price_of};
use super::exchange::{Chat, Exchange, Forwarding, PendingLesson};
use super::follow::Follower;
use super::key;
use super::parameters::{Settled, settle};
use super::services::{Runtime, Services};
use super::session::{self, By, Seat};
use super::stored;
use crate::catalog::{Asker, Choice, Upstream, check_further};
use crate::context::{ContextSettings, Load, Trim, assemble, estimate_tokens, plan};
use crate::dialect::Dialect;
use crate::dialect::conversation::{Conversation, Form, ParseError, Role};
use crate::dialect::edit::Edits;
use crate::dialect::knobs::Knob;
use crate::dialect::session::named_session;
use crate::dialect::task::{Clue, Purpose, classify};
use crate::dialect::transcript::recent;
use crate::dialect::words::own_words;
use crate::enforce::{Grant, Refusal, UserScope};
use crate::ids::SessionId;
use crate::memory::{self, Lesson, Message, RecallMiss, RecallRequest, Recalled};
use crate::policy::MemoryAccess;
use crate::quota::Demand;
use crate::telemetry::{Clipped, RecallResult, Stage};

/// A conversation as memgate reads it.
#[derive(Debug)]
pub struct Draft {
    pub conversation: Conversation,
    /// Empty where the request names none.
    pub model: String,
    /// The session that the request names, and by what.
    pub session: Option<SessionId>,
    pub session_by: Option<By>,
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
        let named = session::named(&exchange.session, named_session(conversation.body()).map_err(refuse_malformed)?)?;
        let (session, session_by) = named.map(|place| (place.id, place.by)).unzip();
        let (purpose, clue) = classify(&conversation, exchange.task.as_deref(), session.as_ref().map(SessionId::as_str));
        Ok(Self { conversation, model, session, session_by, purpose, clue })
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
    pub fn own_words(&self) -> Option<String> {
        let text = self.conversation.text(self.conversation.last_user()?);
        let said = if self.conversation.form() == Form::Transcript { recent(&text) } else { &text };
        Some(own_words(said).into_owned())
    }
}

/// What the client, the upstream and the settings let a request do with its user's memory.
pub fn memory_access(runtime: &Runtime, scope: &UserScope, upstream: &Upstream, settled: &Settled) -> MemoryAccess {
    runtime.trust.memory_access(scope.client()).min(upstream.memory).min(settled.memory())
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
    settled: &Settled,
) -> Result<Fitted, Refusal> {
    let turns = draft.conversation.turns();
    let mut load = services.tokens.measure(&draft.conversation, &choice.upstream.name, &draft.model);
    let mut reserved = scope.map_or(0, |scope| runtime.memory.budget.of(scope) as u64);
    load.fixed += reserved;
    load.fixed += settled.effective.preamble().map_or(0, |text| services.tokens.measure_text(&text, load.factor));
    let marks = marks(runtime, draft, choice).cut_for(settled.effective.window());
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
    settled: &Settled,
    now: i64,
) -> Result<Recalled, RecallMiss> {
    let conversation = &draft.conversation;
    let turns = conversation.turns();
    let steady: Vec<Cow<'_, [u8]>> = (0..turns.len()).map(|turn| conversation.steady(turn)).collect();
    let messages: Vec<Message<'_>> = turns.iter().zip(&steady).map(|(turn, raw)| message(turn.role, raw)).collect();
    let query = || draft.own_words().unwrap_or_default();
    let (withhold, tokens) = (upstream.never_send.as_slice(), estimate_tokens);
    let most = settled.effective.depth().unwrap_or(usize::MAX);
    let request = RecallRequest { messages: &messages, query: &query, tokens, most, withhold, now };
    services.memory.recall(scope, &request, runtime.memory.recall_deadline).await
}

/// The edits that make out of a conversation what is forwarded. `steering` are those of the settings.
pub fn edit(draft: &Draft, trim: &Trim, system: Option<String>, turns: Vec<(usize, String)>, steering: Edits) -> Edits {
    let Edits { cut, system, prefixes, .. } = assemble(&draft.conversation, trim, system, turns.into_iter().collect());
    Edits { cut, system, prefixes, ..steering }
}

/// The edits that the settings ask for; the draft asks for their model from now on.
///
/// # Errors
/// When the request names in two ways what they change, or demands a tool that they take away.
pub fn steer(draft: &mut Draft, settled: &Settled) -> Result<Edits, Refusal> {
    let steering = settled.effective.edits(&draft.conversation);
    draft.conversation.check(&steering).map_err(refuse_malformed)?;
    if let Some(model) = settled.effective.model() {
        model.clone_into(&mut draft.model);
    }
    Ok(steering)
}

/// Suits the edits of the settings to the model that was chosen: its name there, and no longer an answer than it writes, which many
/// backends refuse.
pub fn suit(steering: &mut Edits, choice: &Choice) {
    steering.model = choice.rename.clone().or_else(|| steering.model.take());
    if let (Some(Some(most)), Some(longest)) = (steering.fields.get_mut(&Knob::MaxTokens), choice.max_output())
        && most.as_u64().is_some_and(|most| most > longest)
    {
        *most = longest.into();
    }
}

/// What a conversation may come to: as it is left by trimming, with what is written into it.
pub fn demand(services: &Services, draft: &Draft, fitted: &Fitted, edits: &Edits) -> Demand {
    if draft.conversation.dialect().only_counts() {
        return Demand::default();
    }
    let blocks = edits.system.iter().chain(edits.prefixes.values());
    let injected: u64 = blocks.map(|block| services.tokens.measure_text(block, fitted.load.factor)).sum();
    let input = (fitted.trim.tokens_after - fitted.reserved).saturating_add(injected);
    let output = match edits.fields.get(&Knob::MaxTokens) {
        Some(set) => set.as_ref().and_then(Number::as_u64),
        None => draft.conversation.answer_limit(),
    };
    let (least_output, answers) = (draft.conversation.least_answer(), draft.conversation.answers());
    Demand { input, output, least_output, answers }
}

/// Prepares a conversation and returns the body to forward.
///
/// # Errors
/// When the body is none of the dialect, no upstream serves its model, or it cannot be made to fit the context window.
pub async fn chat(
    services: &Services,
    session: &mut Session,
    exchange: &mut Exchange,
    (grant, asker): (Grant, &Asker),
    (dialect, body): (Dialect, Bytes),
    forwarding: &mut Forwarding,
) -> Result<Bytes, Refusal> {
    let mut draft = Draft::read(exchange, dialect, body)?;
    exchange.record.purpose = Some(draft.purpose.as_str());
    let runtime = Arc::clone(&exchange.runtime);
    let owner = stored::scope_of(&grant);
    let taken = owner.and_then(|scope| Seat::take(services, exchange, scope, &draft));
    let session_id = taken.as_ref().map(|seat| &seat.place.id);
    let settled = settle(services, &runtime, (owner, session_id), &exchange.record.client, &draft).await;
    let mut steering = steer(&mut draft, &settled)?;
    exchange.record.model = Some(Clipped::new(&draft.model));
    let model = settled.effective.model();
    let choices = runtime.catalog.choose(dialect.api(), model, asker)?;
    check_further(&choices, || draft.conversation.names_more())?;
    let choices = stored::locate(services, owner, &draft.conversation, choices, exchange.record.time)?;
    let choice = balance::board(services, (session, true), exchange, (owner, session_id), (choices, model), forwarding).await?;
    suit(&mut steering, &choice);
    key::present(services, exchange, (owner, asker), forwarding)?;
    let keeper = stored::keeper(services, owner, &draft.conversation);
    let (scope, access) = match grant {
        Grant::Scoped { scope, .. } => {
            let access = memory_access(&runtime, &scope, &forwarding.upstream, &settled);
            exchange.record.memory = (access < MemoryAccess::ReadWrite).then_some(access.as_str());
            (Some(scope).filter(|_| draft.recalls(access)), access)
        }
        Grant::Unscoped { .. } => (None, MemoryAccess::Off),
    };

    let started = Instant::now();
    let fitted = fit(services, &runtime, &draft, &choice, scope.as_ref(), &settled)?;
    if !fitted.trim.cut.is_empty() {
        exchange.record.messages_cut = u32::try_from(fitted.trim.cut.len()).unwrap_or(u32::MAX);
        services
            .metrics
            .count_trim(fitted.trim.cut.len() as u64, fitted.trim.tokens_before.saturating_sub(fitted.trim.tokens_after));
    }
    exchange.note_stage(Stage::Trim, started);

    let recalled = if let Some(scope) = scope.as_ref().filter(|_| !fitted.crowded) {
        recall_facts(services, exchange, scope, &draft, &forwarding.upstream, &settled).await
    } else {
        services.metrics.count_recall(RecallResult::Off, 0);
        None
    };
    let started = Instant::now();
    let turn = recalled.as_ref().and_then(|recalled| recalled.turn);
    let (system, turns) = recalled.map_or_else(Default::default, |r| (r.system_block, r.turn_blocks));
    let mut edits = edit(&draft, &fitted.trim, system, turns, steering);
    if !dialect.only_counts() {
        let price = price_of(&choice, exchange.record.key);
        let demand = demand(services, &draft, &fitted, &edits);
        let room = charge::reserve(services, exchange, demand, fitted.load.without_margin(demand.input), price)?;
        if let Some(room) = room {
            // The answer ends where the budget does.
            edits.fields.insert(Knob::MaxTokens, Some(room.into()));
        }
    }
    let rewritten = draft.conversation.rewrite(&edits);
    exchange.note_stage(Stage::Inject, started);

    let lesson = scope.filter(|_| draft.learns(access)).and_then(|scope| {
        let text = draft.own_words()?;
        let lesson = Lesson { request_id: exchange.record.request.to_string(), text, turn, at: exchange.record.time };
        Some(PendingLesson { scope, session: draft.session.clone(), lesson })
    });
    let sent = fitted.trim.tokens_after - fitted.reserved;
    // What tools would have cost is counted in, so with some taken away the upstream's count is of something else.
    let whole = draft.conversation.is_counted() && !draft.conversation.stored().completes() && edits.tools.is_none();
    forwarding.chat = Some(Chat {
        model: draft.model,
        follower: Follower::new(dialect).hearing(taken.as_ref().map_or(0, Seat::hears)),
        sent: Some(sent).filter(|_| whole),
        edits,
        factor: fitted.load.factor,
        lesson,
        keeper,
        seat: taken,
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
    settled: &Settled,
) -> Option<Recalled> {
    let started = Instant::now();
    let now = exchange.record.time;
    let recalled = consult(services, &exchange.runtime, scope, draft, upstream, settled, now).await;
    exchange.note_stage(Stage::Recall, started);
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
