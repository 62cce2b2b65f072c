//! What a request is to carry: the profile at the end of the system message, and facts that fit the question in the last user
//! turn, chosen once and replayed ever after.
//!
//! A prompt cache keeps what does not change. So the profile is frozen at a conversation's first user turn, and what was chosen
//! for a turn is remembered under the hash of the conversation up to that turn: the same turn carries the same bytes in later
//! requests and when it is regenerated. Only what was deleted vanishes from them.

use std::collections::HashSet;

use super::prefix::{derive, prefixes};
use super::render;
use super::search::{Question, search};
use super::view::View;
use crate::ids::FactId;
use crate::store::{Fact, Injection, PrefixHash};

/// Who a message is from, as far as memory cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    System,
    User,
    /// The model, or a tool.
    Other,
}

/// One message of the conversation, as received.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    pub role: Role,
    /// The message's bytes, before anything was cut or added.
    pub raw: &'a [u8],
}

/// What memory must know of a request.
#[derive(Clone, Copy)]
pub struct RecallRequest<'a> {
    /// The whole conversation as the client sent it.
    pub messages: &'a [Message<'a>],
    /// The text of the last user turn; asked for only when facts must be chosen anew.
    pub query: &'a (dyn Fn() -> String + Send + Sync),
    /// Counts the tokens of a text. [`render::estimate_tokens`] will do.
    pub tokens: fn(&str) -> usize,
    /// Milliseconds since the Unix epoch.
    pub now: i64,
}

impl std::fmt::Debug for RecallRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecallRequest").field("messages", &self.messages.len()).finish_non_exhaustive()
    }
}

/// What a request is to carry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recalled {
    /// Goes to the end of the system message; where there is none, it is one.
    pub system_block: Option<String>,
    /// Go in front of the text of these messages, by index.
    pub turn_blocks: Vec<(usize, String)>,
    /// Every fact in the blocks.
    pub facts_used: Vec<FactId>,
    /// Scores of the facts that were chosen for this question. They compare among each other only.
    pub scores: Vec<(FactId, f32)>,
    /// What was chosen just now, to be passed to `Memory::remember_injections` when the request goes out.
    pub fresh: Vec<Injection>,
    /// Hash of the conversation up to and including its last user turn: names the turn to the learner.
    pub turn: Option<PrefixHash>,
}

/// How much a request may carry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Facts.
    pub(super) depth: usize,
    /// Tokens.
    pub(super) budget: usize,
}

/// Where the conversation's messages stand that memory deals with.
#[derive(Debug)]
pub(super) struct Outline {
    prefixes: Vec<PrefixHash>,
    users: Vec<usize>,
    /// The model or a tool has answered the last user turn already: nothing new may be put into it.
    answered: bool,
}

impl Outline {
    pub(super) fn of(key: &[u8; 16], messages: &[Message<'_>]) -> Self {
        let users = (0..).zip(messages).filter(|(_, m)| m.role == Role::User).map(|(at, _)| at).collect();
        let answered = messages.iter().rev().take_while(|m| m.role != Role::User).any(|m| m.role == Role::Other);
        Self { prefixes: prefixes(key, messages.iter().map(|m| m.raw)), users, answered }
    }

    fn prefix(&self, at: usize) -> PrefixHash {
        self.prefixes.get(at).copied().unwrap_or_default()
    }
}

/// Chooses and replays. Pure: what it chose is in [`Recalled::fresh`].
pub(super) fn plan(view: &View, key: &[u8; 16], outline: &Outline, request: &RecallRequest<'_>, limits: Limits) -> Recalled {
    let (Some(&first), Some(&last)) = (outline.users.first(), outline.users.last()) else { return Recalled::default() };
    let mut recalled = Recalled { turn: Some(outline.prefix(last)), ..Recalled::default() };
    let mut seen = HashSet::new();

    // Every conversation that opens with the same words looks the same at its first turn. There a choice holds only until something
    // new is learned; later turns tell conversations apart, and keep what they were given.
    let opening = first == last && !outline.answered;
    let holds = |injection: &&Injection| !opening || injection.at > view.learned_at();
    let place = derive(key, "profile", &[&outline.prefix(first)]);
    let profile = view.injection(&place).filter(holds).map_or_else(
        || {
            let chosen = choose_profile(view, request.tokens, limits);
            recalled.fresh.push(Injection { prefix: place, facts: chosen.clone(), at: request.now });
            chosen
        },
        |injection| injection.facts.clone(),
    );
    recalled.system_block = block(view, &profile, &mut seen, &mut recalled.facts_used);

    let replay = |at: usize, recalled: &mut Recalled, seen: &mut HashSet<FactId>| {
        let injection = view.injection(&outline.prefix(at)).filter(holds)?;
        let text = block(view, &injection.facts, seen, &mut recalled.facts_used);
        recalled.turn_blocks.extend(text.map(|text| (at, text)));
        Some(())
    };
    for &at in outline.users.iter().filter(|at| **at < last) {
        let _ = replay(at, &mut recalled, &mut seen);
    }
    if replay(last, &mut recalled, &mut seen).is_none() && !outline.answered {
        let spent = recalled.system_block.as_deref().map_or(0, request.tokens);
        let rest = Limits { depth: limits.depth.saturating_sub(profile.len()), budget: limits.budget.saturating_sub(spent) };
        let chosen = choose_fitting(view, request, rest, &seen);
        let mut facts: Vec<FactId> = chosen.iter().map(|(id, _)| *id).collect();
        facts.sort_unstable();
        let text = block(view, &facts, &mut seen, &mut recalled.facts_used);
        recalled.turn_blocks.extend(text.map(|text| (last, text)));
        recalled.scores = chosen;
        recalled.fresh.push(Injection { prefix: outline.prefix(last), facts, at: request.now });
    }
    recalled
}

/// Renders those of `ids` that are still the user's. A superseded fact stays: the words were sent, and the cache holds them.
fn block(view: &View, ids: &[FactId], seen: &mut HashSet<FactId>, used: &mut Vec<FactId>) -> Option<String> {
    let facts = ids.iter().filter_map(|id| view.fact(*id)).filter(|fact| fact.is_shown());
    let facts: Vec<&Fact> = facts.collect();
    for fact in &facts {
        if seen.insert(fact.id) {
            used.push(fact.id);
        }
    }
    render::render(facts.iter().map(|fact| fact.text.as_str()))
}

/// The facts that stand in every request of a conversation: at most half of depth and budget, in order of id.
fn choose_profile(view: &View, tokens: fn(&str) -> usize, limits: Limits) -> Vec<FactId> {
    let depth = limits.depth.div_ceil(2);
    let mut chosen = take_within(view.profile(), depth, limits.budget / 2, tokens);
    chosen.sort_unstable();
    chosen
}

/// The facts that fit the question best and are not in the conversation yet, with their scores, best first.
fn choose_fitting(view: &View, request: &RecallRequest<'_>, limits: Limits, seen: &HashSet<FactId>) -> Vec<(FactId, f32)> {
    if limits.depth == 0 || view.index().is_empty() {
        return Vec::new();
    }
    let question = Question::of(&(request.query)(), request.now);
    let hits = search(view, &question, limits.depth, |fact| !seen.contains(&fact.id));
    let facts = hits.iter().filter_map(|(id, _)| view.fact(*id));
    let fitting: HashSet<FactId> = take_within(facts, limits.depth, limits.budget, request.tokens).into_iter().collect();
    hits.into_iter().filter(|(id, _)| fitting.contains(id)).collect()
}

/// Facts too long for what is left of the budget that are looked past.
const MOST_MISFITS: usize = 8;

/// Takes facts in order while they fit into `depth` and `budget`, the frame counted in; one that is too long is passed over.
fn take_within<'a>(facts: impl Iterator<Item = &'a Fact>, depth: usize, budget: usize, tokens: fn(&str) -> usize) -> Vec<FactId> {
    let mut left = budget.saturating_sub(tokens(&render::frame()));
    let mut chosen = Vec::new();
    let mut misfits = 0;
    for fact in facts {
        if chosen.len() >= depth || misfits == MOST_MISFITS {
            break;
        }
        let cost = tokens(&render::line(&fact.text));
        if cost <= left {
            left -= cost;
            chosen.push(fact.id);
        } else {
            misfits += 1;
        }
    }
    chosen
}
