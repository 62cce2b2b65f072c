//! What memgate's own calls come to: those to models, and those for the keys of token issuers.

use prometheus::{IntCounter, IntGauge};

use super::{Builder, PerLabel};

label!(
    /// What became of a question's vector, or of one call for the vectors of facts.
    EmbeddingResult {
        Ok = "ok",
        /// Not there within the recall deadline; for facts, within the call's own.
        Timeout = "timeout",
        Error = "error",
        /// Vectors of a wrong number or size, or that are no directions.
        Mismatch = "mismatch",
        /// The endpoint turned the texts down.
        Rejected = "rejected",
        /// Not asked: the endpoint failed a moment ago, or too many calls are under way.
        Skipped = "skipped",
        /// Known since it was last asked: questions only.
        Cached = "cached",
    }
);
label!(
    /// What became of a turn that waited for the model.
    TutorResult {
        /// The model read it, whatever it found.
        Read = "read",
        /// The person's tokens of the day were spent.
        OverBudget = "over_budget",
        /// The model failed for good.
        Failed = "failed",
        /// Nothing to be read: erased, damaged, read before, without own words, or of a kind that is not sent.
        Skipped = "skipped",
        /// The queue was full.
        Dropped = "dropped",
    }
);
label!(
    /// What became of a fact that a model named.
    TutorFact {
        Kept = "kept",
        /// Kept for review.
        Held = "held",
        /// Its quote does not stand in the person's own words.
        Unquoted = "unquoted",
        /// It says what the person's words do not.
        Unsupported = "unsupported",
        /// Empty, too long, or of no known kind.
        Unusable = "unusable",
    }
);
label!(
    /// What became of one fetch of an issuer's keys.
    JwksFetch {
        Ok = "ok",
        /// No answer in time, or a file that cannot be read.
        Unreachable = "unreachable",
        /// An answer other than success.
        Status = "status",
        /// Too large, or no set with a key that can be used.
        Unusable = "unusable",
    }
);

/// Metrics of memgate's own calls. Clones count into the same series.
#[derive(Clone)]
pub struct ModelMetrics {
    questions: PerLabel<IntCounter>,
    batches: PerLabel<IntCounter>,
    embedded: IntCounter,
    turns: PerLabel<IntCounter>,
    facts: PerLabel<IntCounter>,
    tokens: IntCounter,
    retries: IntCounter,
    queue: IntGauge,
    key_fetches: PerLabel<IntCounter>,
}

impl std::fmt::Debug for ModelMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelMetrics").finish_non_exhaustive()
    }
}

impl ModelMetrics {
    pub(super) fn new(b: &Builder) -> Result<Self, prometheus::Error> {
        let questions = b.counters("embeddings_total", "Vectors of questions by result.", &["result"])?;
        let batches = b.counters("fact_embedding_calls_total", "Calls for the vectors of facts by result.", &["result"])?;
        let turns = b.counters("tutor_turns_total", "Turns that waited for the learning model by result.", &["result"])?;
        let facts = b.counters("tutor_facts_total", "Facts that the learning model named by result.", &["result"])?;
        let key_fetches = b.counters("jwks_fetches_total", "Fetches of issuers' keys by result.", &["result"])?;
        Ok(Self {
            questions: PerLabel::of(&questions, EmbeddingResult::ALL)?,
            // No fact's vector comes from the cache, the last of the results.
            batches: PerLabel::of(&batches, &EmbeddingResult::ALL[..EmbeddingResult::Cached as usize])?,
            embedded: b.counter("facts_embedded_total", "Facts whose vectors were stored.")?,
            turns: PerLabel::of(&turns, TutorResult::ALL)?,
            facts: PerLabel::of(&facts, TutorFact::ALL)?,
            tokens: b.counter("tutor_tokens_total", "Tokens of calls to the learning model.")?,
            retries: b.counter("tutor_retries_total", "Calls to the learning model that failed and are made again.")?,
            queue: b.gauge("tutor_queue_bytes", "Bytes of turns that wait for the learning model.")?,
            key_fetches: PerLabel::of(&key_fetches, JwksFetch::ALL)?,
        })
    }

    pub fn count_question(&self, result: EmbeddingResult) {
        self.questions.0[result as usize].inc();
    }

    /// Counts a call for the vectors of facts, and how many of them were stored.
    pub fn count_batch(&self, result: EmbeddingResult, stored: u64) {
        self.batches.0.get(result as usize).into_iter().for_each(IntCounter::inc);
        self.embedded.inc_by(stored);
    }

    pub fn count_turns(&self, result: TutorResult, turns: u64) {
        self.turns.0[result as usize].inc_by(turns);
    }

    pub fn count_fact(&self, result: TutorFact) {
        self.facts.0[result as usize].inc();
    }

    pub fn count_tokens(&self, tokens: u64) {
        self.tokens.inc_by(tokens);
    }

    pub fn count_retry(&self) {
        self.retries.inc();
    }

    /// Counts a fetch of an issuer's keys; of a file only if it changed or could not be read.
    pub fn count_jwks_fetch(&self, result: JwksFetch) {
        self.key_fetches.0[result as usize].inc();
    }

    pub fn set_queue(&self, bytes: u64) {
        self.queue.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}
