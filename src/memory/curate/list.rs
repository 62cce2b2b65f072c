//! Pages of a person's facts, and the cursors between them. Pure.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::super::search::{Question, search};
use super::super::view::View;
use super::{CurateError, Shown, predecessors_of};
use crate::ids::FactId;
use crate::store::{Fact, Kind, Status, Tier, UserData};

/// Deepest hit of a search that can be paged to.
const MAX_HITS: usize = 1_000;

/// Which facts are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// What to search for, as recall does.
    pub query: Option<String>,
    pub kind: Option<Kind>,
    /// Without one: what holds or is held, and with `history` everything.
    pub status: Option<Status>,
    pub tier: Option<Tier>,
    /// Facts that ceased to hold, too.
    pub history: bool,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    list: u64,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Fact(FactId),
    Hits(u16),
}

/// Some of the facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub facts: Vec<Shown>,
    /// Where the next page begins; none after the last one.
    pub next: Option<Cursor>,
}

impl Filter {
    fn lets_through(&self, fact: &Fact, now: i64) -> bool {
        let status = match self.status {
            Some(status) => fact.status == status,
            None => self.history || fact.status != Status::Forgotten,
        };
        // What was forgotten may have been closed as well.
        let wants_closed = self.history || self.status == Some(Status::Forgotten);
        status
            && (wants_closed || fact.invalid_at.is_none())
            && self.kind.is_none_or(|kind| fact.kind == kind)
            && self.tier.is_none_or(|tier| fact.tier == tier)
            && fact.expires_at.is_none_or(|end| end > now)
    }

    /// Tells one list from another, so that a cursor is not used with the wrong one.
    fn name(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let Self { query, kind, status, tier, history } = self;
        (query, kind, status.map(|status| status as u8), tier.map(|tier| tier as u8), history).hash(&mut hasher);
        hasher.finish()
    }
}

impl Cursor {
    /// The cursor as a client carries it.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = self.list.to_be_bytes().to_vec();
        match self.end {
            End::Fact(id) => bytes.extend_from_slice(id.as_bytes()),
            End::Hits(hits) => bytes.extend_from_slice(&hits.to_be_bytes()),
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads back what [`Cursor::encode`] wrote; nothing from anything else.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (list, end) = bytes.split_first_chunk()?;
        let end = match end.len() {
            16 => End::Fact(FactId::from_bytes(end.try_into().ok()?)),
            _ => End::Hits(u16::from_be_bytes(end.try_into().ok()?)),
        };
        Some(Self { list: u64::from_be_bytes(*list), end })
    }
}

pub(super) fn page(view: &View, filter: &Filter, cursor: Option<&Cursor>, limit: usize, now: i64) -> Result<Page, CurateError> {
    let list = filter.name();
    if cursor.is_some_and(|cursor| cursor.list != list) {
        return Err(CurateError::Cursor);
    }
    let page = match (&filter.query, cursor.map(|cursor| cursor.end)) {
        (Some(query), None) => found(view, filter, query, 0, limit, now),
        (Some(query), Some(End::Hits(hits))) => found(view, filter, query, usize::from(hits), limit, now),
        (None, None) => newest(view, filter, None, limit, now),
        (None, Some(End::Fact(id))) => newest(view, filter, Some(id), limit, now),
        _ => return Err(CurateError::Cursor),
    };
    let (ids, end) = page;
    let mut supersedes = predecessors_of(view, ids.iter().map(|(id, _)| *id));
    let shown = |(id, score): (FactId, Option<f32>)| {
        let fact = view.fact(id)?.clone();
        Some(Shown { fact, supersedes: supersedes.remove(&id).unwrap_or_default(), score })
    };
    Ok(Page { facts: ids.into_iter().filter_map(shown).collect(), next: end.map(|end| Cursor { list, end }) })
}

type Hits = (Vec<(FactId, Option<f32>)>, Option<End>);

fn newest(view: &View, filter: &Filter, before: Option<FactId>, limit: usize, now: i64) -> Hits {
    let older = |fact: &&Fact| before.is_none_or(|before| fact.id < before);
    let fitting = view.facts().filter(|fact| filter.lets_through(fact, now));
    // The newest alone are kept on the way: a page of a large memory copies and sorts no more than itself.
    let mut newest: BinaryHeap<Reverse<FactId>> = BinaryHeap::with_capacity(limit + 2);
    for fact in fitting.filter(older) {
        if newest.len() <= limit {
            newest.push(Reverse(fact.id));
        } else if let Some(mut oldest) = newest.peek_mut()
            && fact.id > oldest.0
        {
            *oldest = Reverse(fact.id);
        }
    }
    let more = newest.len() > limit;
    let mut ids: Vec<FactId> = newest.into_sorted_vec().into_iter().map(|Reverse(id)| id).collect();
    ids.truncate(limit);
    let end = ids.last().copied().filter(|_| more).map(End::Fact);
    (ids.into_iter().map(|id| (id, None)).collect(), end)
}

fn found(view: &View, filter: &Filter, query: &str, skip: usize, limit: usize, now: i64) -> Hits {
    let question = Question::of(query, now);
    let most = (skip + limit + 1).min(MAX_HITS);
    let mut hits = if filter.history || filter.status.is_some_and(|status| status != Status::Active) {
        // What is not recalled is in no index: these get one for the moment.
        let fitting = view.facts().filter(|fact| filter.lets_through(fact, now));
        let revived = fitting.cloned().map(|fact| Fact { status: Status::Active, invalid_at: None, ..fact });
        let revived = View::of(UserData { facts: revived.collect(), ..UserData::default() }, None);
        search(&revived, &question, most, |_| true)
    } else {
        search(view, &question, most, |fact| filter.lets_through(fact, now))
    };
    let more = hits.len() > skip + limit;
    hits.truncate(skip + limit);
    let end = u16::try_from(skip + limit).ok().filter(|_| more).map(End::Hits);
    (hits.into_iter().skip(skip).map(|(id, score)| (id, Some(score))).collect(), end)
}

pub(super) fn after(view: &View, after: Option<FactId>, limit: usize) -> Vec<Shown> {
    let later = |fact: &&Fact| after.is_none_or(|after| fact.id > after);
    let mut ids: Vec<FactId> = view.facts().filter(later).map(|fact| fact.id).collect();
    ids.sort_unstable();
    ids.truncate(limit);
    let mut supersedes = predecessors_of(view, ids.iter().copied());
    let shown = |id: FactId| {
        let fact = view.fact(id)?.clone();
        Some(Shown { fact, supersedes: supersedes.remove(&id).unwrap_or_default(), score: None })
    };
    ids.into_iter().filter_map(shown).collect()
}
