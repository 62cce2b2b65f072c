//! Finding: from a question to the facts that fit it best.

use super::analysis::Analysis;
use super::dense::{self, Dense, Vector};
use super::rank::{analyse_query, best, lend, scores};
use super::view::{LANGUAGE, View};
use crate::ids::FactId;
use crate::store::Fact;

/// A question, analysed once and asked of one user's facts.
#[derive(Debug)]
pub(super) struct Question {
    terms: Analysis,
    /// Without a vector words alone decide.
    dense: Option<Dense>,
}

impl Question {
    pub(super) fn of(text: &str, _now: i64) -> Self {
        Self { terms: analyse_query(text, LANGUAGE), dense: dense::embed(text).map(Dense::BuiltIn) }
    }

    /// The question with its vector from the operator's embeddings endpoint, which takes the place of the built-in one.
    #[must_use]
    pub(super) fn with_endpoint(self, vector: Vector) -> Self {
        Self { dense: Some(Dense::Endpoint(vector)), ..self }
    }
}

/// The best `limit` current facts for a question with their scores, best first. `keep` leaves facts out. Scores compare within one
/// question only.
pub(super) fn search(view: &View, question: &Question, limit: usize, keep: impl Fn(&Fact) -> bool) -> Vec<(FactId, f32)> {
    let fact_at = |slot| view.fact_at(slot).and_then(|id| view.fact(id));
    let mut scores = scores(view.index(), &question.terms);
    if let Some(dense) = &question.dense {
        dense::mix(&mut scores, &lend(view.index(), &view.cosines(dense)), dense.weighing());
    }
    let hits = best(view.index(), &scores, limit, |slot| fact_at(slot).is_some_and(&keep));
    hits.iter().filter_map(|hit| Some((view.fact_at(hit.slot)?, hit.score))).collect()
}
