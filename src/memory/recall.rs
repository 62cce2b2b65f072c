//! What a request is to carry: the profile at the end of the system message, and facts that fit the question in the last user
//! turn, chosen once and replayed ever after.
//!
//! A prompt cache keeps what does not change. So the profile is frozen at a conversation's first user turn, and what was chosen
//! for a turn is remembered under the hash of the conversation up to that turn: the same turn carries the same bytes in later
//! requests and when it is regenerated. Only what was deleted vanishes from them.

use std::collections::HashSet;

use super::dense::Vector;
use super::prefix::{derive, prefixes};
use super::render;
use super::search::{Question, search};
use super::view::View;
use crate::ids::FactId;
use crate::store::{Fact, Injection, Kind, PrefixHash};

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
    /// Facts at most, where the settings allow more.
    pub most: usize,
    /// Kinds of facts that must not stand in the request.
    pub withhold: &'a [Kind],
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
    /// Where each of them stands, once for each block that it is in.
    pub placed: Vec<Placed>,
    /// Scores of the facts that were chosen for this question. They compare among each other only.
    pub scores: Vec<(FactId, f32)>,
    /// What was chosen just now, to be passed to `Memory::remember_injections` when the request goes out.
    pub fresh: Vec<Injection>,
    /// Hash of the conversation up to and including its last user turn: names the turn to the learner.
    pub turn: Option<PrefixHash>,
}

/// A fact in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    pub fact: FactId,
    /// The user turn in front of which it stands; none: the end of the system message.
    pub turn: Option<usize>,
    /// It was chosen for an earlier request, and stands there again.
    pub replayed: bool,
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

/// Whether facts are to be chosen for the last question: it is not answered, and what was chosen before does not hold.
pub(super) fn chooses(view: &View, key: &[u8; 16], outline: &Outline, request: &RecallRequest<'_>) -> bool {
    let (Some(&first), Some(&last)) = (outline.users.first(), outline.users.last()) else { return false };
    let place = Shelf::of(key, request).place(outline.prefix(last));
    let holds = |injection: &Injection| first != last || injection.at > view.changed_at();
    !outline.answered && !view.index().is_empty() && !view.injection(&place).is_some_and(holds)
}

/// Chooses and replays. Pure: what it chose is in [`Recalled::fresh`]. `meaning` is the question's vector from the endpoint.
pub(super) fn plan(
    view: &View,
    key: &[u8; 16],
    outline: &Outline,
    request: &RecallRequest<'_>,
    limits: Limits,
    meaning: Option<&Vector>,
) -> Recalled {
    let (Some(&first), Some(&last)) = (outline.users.first(), outline.users.last()) else { return Recalled::default() };
    let mut recalled = Recalled { turn: Some(outline.prefix(last)), ..Recalled::default() };
    let mut seen = HashSet::new();
    let shelf = Shelf::of(key, request);

    // Every conversation that opens with the same words looks the same at its first turn. There a choice holds only until something
    // new is learned; later turns tell conversations apart, and keep what they were given.
    let opening = first == last && !outline.answered;
    let holds = |injection: &&Injection| !opening || injection.at > view.changed_at();
    let place = shelf.place(derive(key, "profile", &[&outline.prefix(first)]));
    let known = view.injection(&place).filter(holds);
    let profile = known.map_or_else(
        || {
            let chosen = choose_profile(view, request, limits);
            recalled.fresh.push(Injection { prefix: place, facts: chosen.clone(), at: request.now });
            chosen
        },
        |injection| injection.facts.clone(),
    );
    recalled.carry(view, request, None, &profile, known.is_some(), &mut seen);

    for &at in outline.users.iter().filter(|at| **at < last) {
        // What was chosen for an upstream that may be sent more is shown to this one as far as it may be.
        let chosen = view.injection(&shelf.place(outline.prefix(at))).or_else(|| view.injection(&outline.prefix(at)));
        if let Some(chosen) = chosen {
            recalled.carry(view, request, Some(at), &chosen.facts, true, &mut seen);
        }
    }
    let place = shelf.place(outline.prefix(last));
    if let Some(chosen) = view.injection(&place).filter(holds) {
        recalled.carry(view, request, Some(last), &chosen.facts, true, &mut seen);
    } else if !outline.answered {
        let spent = recalled.system_block.as_deref().map_or(0, request.tokens);
        let rest = Limits { depth: limits.depth.saturating_sub(profile.len()), budget: limits.budget.saturating_sub(spent) };
        let chosen = choose_fitting(view, request, rest, &seen, meaning);
        let mut facts: Vec<FactId> = chosen.iter().map(|(id, _)| *id).collect();
        facts.sort_unstable();
        recalled.carry(view, request, Some(last), &facts, false, &mut seen);
        recalled.scores = chosen;
        recalled.fresh.push(Injection { prefix: place, facts, at: request.now });
    }
    recalled
}

/// Where choices are kept: upstreams that may not be sent the same kinds of facts have places of their own.
struct Shelf<'a> {
    key: &'a [u8; 16],
    /// A bit for each kind that is withheld.
    withheld: u8,
}

impl<'a> Shelf<'a> {
    fn of(key: &'a [u8; 16], request: &RecallRequest<'_>) -> Self {
        Self { key, withheld: request.withhold.iter().fold(0, |mask, kind| mask | 1 << *kind as u8) }
    }

    fn place(&self, prefix: PrefixHash) -> PrefixHash {
        if self.withheld == 0 { prefix } else { derive(self.key, "withheld", &[&[self.withheld], &prefix]) }
    }
}

/// Whether a fact may stand in the request, whenever it was chosen. A superseded one may: the words were sent, and the cache holds
/// them.
fn may_stand(fact: &Fact, request: &RecallRequest<'_>) -> bool {
    fact.is_shown() && !fact.is_expired(request.now) && !request.withhold.contains(&fact.kind)
}

impl Recalled {
    /// Writes the block of a turn, or of the system message, with those of `ids` that may still stand in the request.
    fn carry(
        &mut self,
        view: &View,
        request: &RecallRequest<'_>,
        turn: Option<usize>,
        ids: &[FactId],
        replayed: bool,
        seen: &mut HashSet<FactId>,
    ) {
        let facts = ids.iter().filter_map(|id| view.fact(*id)).filter(|fact| may_stand(fact, request));
        let facts: Vec<&Fact> = facts.collect();
        for fact in &facts {
            self.placed.push(Placed { fact: fact.id, turn, replayed });
            if seen.insert(fact.id) {
                self.facts_used.push(fact.id);
            }
        }
        let block = render::render(facts);
        match turn {
            Some(at) => self.turn_blocks.extend(block.map(|block| (at, block))),
            None => self.system_block = block,
        }
    }
}

/// The facts that stand in every request of a conversation: at most half of depth and budget, in order of id.
fn choose_profile(view: &View, request: &RecallRequest<'_>, limits: Limits) -> Vec<FactId> {
    let facts = view.profile().filter(|fact| may_stand(fact, request));
    let mut chosen = take_within(facts, limits.depth.div_ceil(2), limits.budget / 2, request.tokens);
    chosen.sort_unstable();
    chosen
}

/// The facts that fit the question best and are not in the conversation yet, with their scores, best first.
fn choose_fitting(
    view: &View,
    request: &RecallRequest<'_>,
    limits: Limits,
    seen: &HashSet<FactId>,
    meaning: Option<&Vector>,
) -> Vec<(FactId, f32)> {
    if limits.depth == 0 || view.index().is_empty() {
        return Vec::new();
    }
    let question = Question::of(&(request.query)(), request.now);
    let question = match meaning {
        Some(vector) => question.with_endpoint(vector.clone()),
        None => question,
    };
    let hits = search(view, &question, limits.depth, |fact| !seen.contains(&fact.id) && may_stand(fact, request));
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
        let cost = tokens(&render::line(fact));
        if cost <= left {
            left -= cost;
            chosen.push(fact.id);
        } else {
            misfits += 1;
        }
    }
    chosen
}
