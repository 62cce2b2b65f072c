//! Metrics of what becomes of facts: written, held, closed, or not kept at all.

use prometheus::{IntCounter, IntCounterVec};

use super::metrics::Builder;

/// How a fact ceased to be carried into new conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// A newer value took its place.
    Superseded,
    /// The person took it back.
    Retracted,
    /// The person asked to forget it.
    Forgotten,
    /// It made room.
    Evicted,
    /// Its time to live was over.
    Expired,
}

impl Closing {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::Retracted => "retracted",
            Self::Forgotten => "forgotten",
            Self::Evicted => "evicted",
            Self::Expired => "expired",
        }
    }
}

/// Counters of the memory's keeping. Part of [`super::Metrics`].
#[derive(Debug)]
pub struct KeepingMetrics {
    written: IntCounterVec,
    held: IntCounterVec,
    closed: IntCounterVec,
    unkept: IntCounterVec,
    retries: IntCounter,
    injections_lost: IntCounter,
}

impl KeepingMetrics {
    pub(super) fn new(b: &Builder) -> Result<Self, prometheus::Error> {
        Ok(Self {
            written: b.counters("facts_written_total", "Facts learned and stored, by kind and tier.", &["kind", "tier"])?,
            held: b.counters("facts_held_total", "Facts learned that wait for a review, by reason.", &["reason"])?,
            closed: b.counters("facts_closed_total", "Facts that ceased to be recalled, by reason.", &["reason"])?,
            unkept: b.counters(
                "statements_unkept_total",
                "Statements that were understood but not kept, by reason.",
                &["reason"],
            )?,
            retries: b.counter("learn_retries_total", "Attempts at learning that failed and are made again.")?,
            injections_lost: b.counter("injections_lost_total", "Choices of facts that could not be written to the disk.")?,
        })
    }

    /// Counts a stored fact. `kind` and `tier` are the fixed words of the store.
    pub fn count_written(&self, kind: &'static str, tier: &'static str) {
        self.written.with_label_values(&[kind, tier]).inc();
    }

    /// Counts a fact that waits for a review, for one of the store's fixed reasons.
    pub fn count_held(&self, reason: &'static str) {
        self.held.with_label_values(&[reason]).inc();
    }

    pub fn count_closed(&self, how: Closing, facts: u64) {
        if facts > 0 {
            self.closed.with_label_values(&[how.as_str()]).inc_by(facts);
        }
    }

    /// Counts a statement that was not kept, for one of the memory's fixed reasons.
    pub fn count_unkept(&self, reason: &'static str) {
        self.unkept.with_label_values(&[reason]).inc();
    }

    pub fn count_retries(&self, attempts: u64) {
        self.retries.inc_by(attempts);
    }

    pub fn count_injections_lost(&self, requests: u64) {
        self.injections_lost.inc_by(requests);
    }
}
