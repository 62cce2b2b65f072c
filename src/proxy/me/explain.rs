//! A dry run: what memgate would do with a chat. It takes the very steps of `prepare::chat`, and has no effects.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use super::super::asker::asker_of;
use super::super::charge::price_of;
use super::super::exchange::Exchange;
use super::super::key;
use super::super::parameters::settle;
use super::super::prepare::{Draft, Fitted, consult, demand, edit, fit, memory_access, steer, suit};
use super::super::services::Services;
use super::super::session;
use super::about::IdentityBody;
use super::budget::{self, Forecast};
use super::input::Parameters;
use super::shape::FactBody;
use super::{Answer, failed, invalid, off_thread};
use crate::catalog::check_further;
use crate::dialect::Dialect;
use crate::dialect::conversation::Role;
use crate::enforce::{Refusal, UserScope};
use crate::ids::FactId;
use crate::memory::curate::{CurateError, Shown};
use crate::memory::{Placed, RecallMiss, Recalled};
use crate::parameters::Effective;
use crate::store::Kind;
use crate::telemetry::RecallResult;
use model::ModelBody;

mod model;

#[derive(Debug, Serialize)]
struct ExplainBody<'a> {
    identity: IdentityBody,
    request: RequestBody<'a>,
    model: ModelBody<'a>,
    key: key::KeyBody,
    settings: &'a Effective,
    session: Option<SessionBody<'a>>,
    memory: MemoryBody,
    facts: Vec<PlacedBody<'a>>,
    blocks: Vec<BlockBody<'a>>,
    trim: TrimBody,
    budget: Forecast,
}

#[derive(Debug, Serialize)]
struct RequestBody<'a> {
    dialect: &'static str,
    purpose: &'static str,
    recognised: RecognisedBody,
    model: &'a str,
    upstream: &'a str,
    /// Every upstream that serves the model, in the order in which they would be tried now, and why.
    upstreams: Vec<TriedBody<'a>>,
    session: Option<&'a str>,
}

/// An upstream and why it stands where it does.
#[derive(Debug, Serialize)]
struct TriedBody<'a> {
    name: &'a str,
    reason: &'static str,
}

/// The session that the chat belongs to, and by what that was told.
#[derive(Debug, Serialize)]
struct SessionBody<'a> {
    id: &'a str,
    by: &'static str,
    /// Whether the turn would be kept in its history.
    history: bool,
}

/// By what the purpose was told.
#[derive(Debug, Serialize)]
struct RecognisedBody {
    by: &'static str,
    /// The known prompt that the text was.
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct MemoryBody {
    /// Whether memory takes part in such a request, and what it came to.
    recalls: bool,
    recall: &'static str,
    /// Whether the last turn would be learned from once the answer has ended well.
    learns: bool,
    /// What the client and the upstream allow: `off`, `read` or `read_write`.
    access: &'static str,
    /// Kinds of facts that this upstream never gets.
    withheld: Vec<Kind>,
    depth: usize,
    budget: usize,
    /// The conversation leaves no room for memory.
    crowded: bool,
}

/// A fact that would be written into the request.
#[derive(Debug, Serialize)]
struct PlacedBody<'a> {
    r#in: &'static str,
    /// The message in front of whose text it stands, counted from 0. None where the request has no list of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<usize>,
    /// It was chosen for an earlier request of the conversation, and stands there again.
    replayed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    memory: FactBody<'a>,
}

/// What would be written, to the byte.
#[derive(Debug, Serialize)]
struct BlockBody<'a> {
    r#in: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<usize>,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct TrimBody {
    tokens_before: u64,
    tokens_after: u64,
    /// Of these, kept free for memory.
    tokens_reserved: u64,
    cut: Vec<CutBody>,
}

/// A message that would be left out.
#[derive(Debug, Serialize)]
struct CutBody {
    message: usize,
    role: &'static str,
    tokens: u64,
}

/// The dialect of the chat that is to be explained: chat completions, unless the query names another.
///
/// # Errors
/// When it names none that there is.
pub fn dialect_of(query: &Parameters) -> Result<Dialect, Refusal> {
    query.allow(&["dialect"])?;
    let Some(name) = query.get("dialect") else { return Ok(Dialect::ChatCompletions) };
    Dialect::ALL.into_iter().find(|dialect| dialect.as_str() == name).ok_or_else(|| {
        let known = Dialect::ALL.map(Dialect::as_str).join(", ");
        invalid("parameter_invalid", format!("`dialect` is one of: {known}."))
    })
}

pub async fn explain(
    services: &Services,
    exchange: &Exchange,
    scope: UserScope,
    ignored_headers: u32,
    (dialect, body): (Dialect, Bytes),
) -> Result<Answer, Refusal> {
    let runtime = &exchange.runtime;
    let mut draft = Draft::read(exchange, dialect, body)?;
    let place = session::place_of(services, &scope, &exchange.session, &draft);
    let session_id = place.as_ref().map(|place| &place.id);
    let settled = settle(services, runtime, (Some(&scope), session_id), &exchange.record.client, &draft).await;
    let mut steering = steer(&mut draft, &settled)?;
    let asker = asker_of(runtime, Some(&scope), scope.client());
    let mut choices = runtime.catalog.choose(dialect.api(), settled.effective.model(), &asker)?;
    check_further(&choices, || draft.conversation.names_more())?;
    let order = services.balance.explain(&choices, &scope, session_id);
    let Some((first, _)) = order.first() else { return Err(failed("no upstream was chosen")) };
    let tried = order.iter().map(|(at, reason)| (choices[*at].upstream.name.clone(), reason.as_str())).collect::<Vec<_>>();
    let choice = choices.swap_remove(*first);
    let upstream = Arc::clone(&choice.upstream);
    suit(&mut steering, &choice);
    let key = key::explain(services, runtime, (Some(&scope), &asker), &upstream)?;
    let access = memory_access(runtime, &scope, &upstream, &settled);
    let recalls = draft.recalls(access);
    let fitted = fit(services, runtime, &draft, &choice, recalls.then_some(&scope), &settled)?;
    let recalled = if recalls && !fitted.crowded {
        Some(consult(services, runtime, &scope, &draft, &upstream, &settled, exchange.record.time).await)
    } else {
        None
    };
    let result = match &recalled {
        None => RecallResult::Off,
        Some(Ok(recalled)) if recalled.facts_used.is_empty() => RecallResult::Empty,
        Some(Ok(_)) => RecallResult::Hit,
        Some(Err(RecallMiss::Deadline)) => RecallResult::Deadline,
        Some(Err(RecallMiss::Failed)) => RecallResult::Failed,
    };
    let Recalled { system_block, turn_blocks, placed, scores, .. } = recalled.and_then(Result::ok).unwrap_or_default();
    let edits = edit(&draft, &fitted.trim, system_block, turn_blocks, steering);
    let wanted = demand(services, &draft, &fitted, &edits);
    let budget = budget::forecast(services, exchange, &scope, wanted, price_of(&choice, key.source()));
    let Fitted { load, trim, reserved, crowded } = fitted;

    let history = place.as_ref().is_some_and(|place| session::is_kept(runtime, &scope, place, &draft));
    let identity = IdentityBody::of(exchange, &scope, ignored_headers);
    let memory = MemoryBody {
        recalls,
        recall: result.as_str(),
        access: access.as_str(),
        withheld: upstream.never_send.clone(),
        learns: draft.learns(access) && runtime.memory.learn.of(&scope),
        depth: runtime.memory.depth.of(&scope).min(settled.effective.depth().unwrap_or(usize::MAX)),
        budget: runtime.memory.budget.of(&scope),
        crowded,
    };
    // Blocks of turns that are cut are not sent.
    let placed: Vec<Placed> =
        placed.into_iter().filter(|at| at.turn.is_none_or(|turn| edits.prefixes.contains_key(&turn))).collect();
    let facts = facts_of(services, scope, &placed).await?;
    let scores: HashMap<FactId, f32> = scores.into_iter().collect();
    let blocks =
        edits.system.iter().map(|text| (None, text)).chain(edits.prefixes.iter().map(|(turn, text)| (Some(*turn), text)));
    let stands = |turn: Option<usize>| if turn.is_some() { "turn" } else { "system" };
    let listed = |turn: Option<usize>| turn.and_then(|turn| draft.conversation.listed(turn));
    let cut = trim.cut.iter().filter_map(|&turn| {
        Some(CutBody {
            message: draft.conversation.listed(turn)?,
            role: draft.conversation.turns().get(turn).map_or("other", |turn| role(turn.role)),
            tokens: load.turns.get(turn).copied().unwrap_or_default(),
        })
    });
    Answer::json(
        200,
        &ExplainBody {
            identity,
            request: RequestBody {
                dialect: dialect.as_str(),
                purpose: draft.purpose.as_str(),
                recognised: RecognisedBody { by: draft.clue.as_str(), prompt: draft.clue.prompt() },
                model: &draft.model,
                upstream: &upstream.name,
                upstreams: tried.iter().map(|(name, reason)| TriedBody { name, reason }).collect(),
                session: draft.session.as_ref().map(crate::ids::SessionId::as_str),
            },
            model: ModelBody::of(runtime, &draft, settled.effective.model(), &asker, &choice),
            key,
            settings: &settled.effective,
            session: place.as_ref().map(|place| SessionBody { id: place.id.as_str(), by: place.by.as_str(), history }),
            memory,
            facts: placed
                .iter()
                .filter_map(|at| {
                    let memory = FactBody::from(facts.get(&at.fact)?);
                    // What was replayed was scored by another question.
                    let fit = scores.get(&at.fact).copied().filter(|_| at.turn.is_some() && !at.replayed);
                    Some(PlacedBody {
                        r#in: stands(at.turn),
                        message: listed(at.turn),
                        replayed: at.replayed,
                        score: fit,
                        memory,
                    })
                })
                .collect(),
            blocks: blocks.map(|(turn, text)| BlockBody { r#in: stands(turn), message: listed(turn), text }).collect(),
            trim: TrimBody {
                tokens_before: trim.tokens_before,
                tokens_after: trim.tokens_after,
                tokens_reserved: reserved,
                cut: cut.collect(),
            },
            budget,
        },
    )
}

/// The facts themselves. One that was deleted in this moment is left out.
async fn facts_of(services: &Services, scope: UserScope, placed: &[Placed]) -> Result<HashMap<FactId, Shown>, Refusal> {
    let ids: Vec<FactId> = placed.iter().map(|at| at.fact).collect();
    let memory = Arc::clone(&services.memory);
    off_thread(move || {
        let mut found = HashMap::new();
        for id in ids {
            match memory.fact(&scope, id) {
                Ok(shown) => drop(found.insert(id, shown)),
                Err(CurateError::NoFact) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    })
    .await
}

fn role(role: Role) -> &'static str {
    match role {
        Role::System | Role::Aside => "system",
        Role::Developer => "developer",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
        Role::Other => "other",
    }
}
