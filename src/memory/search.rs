//! Finding: from a question to the facts that fit it best.

use super::diversity::put_repeats_last;
use super::rank::{Query, rank};
use super::view::View;
use crate::ids::FactId;
use crate::store::Fact;

/// A question, read once and asked of one user's facts.
#[derive(Debug)]
pub(super) struct Question {
    query: Query,
}

impl Question {
    /// `now` is when it is asked, in milliseconds since the Unix epoch.
    pub(super) fn of(text: &str, now: i64) -> Self {
        Self { query: Query::of(text, now) }
    }
}

/// The best `limit` current facts for a question with their scores, best first, repeats last. `keep` leaves facts out. Scores compare within one
/// question only.
pub(super) fn search(view: &View, question: &Question, limit: usize, keep: impl Fn(&Fact) -> bool) -> Vec<(FactId, f32)> {
    let fact_at = |slot| view.fact_at(slot).and_then(|id| view.fact(id));
    // Some more than asked for: others take the place of repeats.
    let hits = rank(view.index(), &question.query, limit + limit.div_ceil(2), |slot| fact_at(slot).is_some_and(&keep));
    let found: Vec<(&Fact, f32)> = hits.iter().filter_map(|hit| Some((fact_at(hit.slot)?, hit.score))).collect();
    let found = put_repeats_last(found, |(fact, _)| &fact.text);
    found.into_iter().take(limit).map(|(fact, score)| (fact.id, score)).collect()
}
