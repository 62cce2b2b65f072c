//! Finding: from a question to the facts that fit it best.

use super::dense::{self, Dense, Vector};
use super::diversity::put_repeats_last;
use super::prepared::embed;
use super::rank::{Query, best, lend, scores};
use super::view::View;
use crate::ids::FactId;
use crate::store::Fact;

/// A question, read once and asked of one user's facts.
#[derive(Debug)]
pub(super) struct Question {
    query: Query,
    /// Without a vector words alone decide.
    dense: Option<Dense>,
}

impl Question {
    /// `now` is when it is asked, in milliseconds since the Unix epoch.
    pub(super) fn of(text: &str, now: i64) -> Self {
        let query = Query::of(text, now);
        let dense = embed(text, query.language()).map(Dense::BuiltIn);
        Self { query, dense }
    }

    /// The question with its vector from the operator's embeddings endpoint, which takes the place of the built-in one.
    #[must_use]
    pub(super) fn with_endpoint(self, vector: Vector) -> Self {
        Self { dense: Some(Dense::Endpoint(vector)), ..self }
    }
}

/// The best `limit` current facts for a question with their scores, best first, repeats last. `keep` leaves facts out. Scores compare within one
/// question only.
pub(super) fn search(view: &View, question: &Question, limit: usize, keep: impl Fn(&Fact) -> bool) -> Vec<(FactId, f32)> {
    let fact_at = |slot| view.fact_at(slot).and_then(|id| view.fact(id));
    let mut scores = scores(view.index(), &question.query);
    if let Some(dense) = &question.dense {
        dense::mix(&mut scores, &lend(view.index(), &view.cosines(dense)), dense.weighing());
    }
    // Some more than asked for: others take the place of repeats.
    let hits = best(view.index(), &scores, limit + limit.div_ceil(2), |slot| fact_at(slot).is_some_and(&keep));
    let found: Vec<(&Fact, f32)> = hits.iter().filter_map(|hit| Some((fact_at(hit.slot)?, hit.score))).collect();
    let found = put_repeats_last(found, |(fact, _)| &fact.text);
    found.into_iter().take(limit).map(|(fact, score)| (fact.id, score)).collect()
}
