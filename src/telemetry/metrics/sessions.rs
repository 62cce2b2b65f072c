//! What becomes of sessions and of their histories.

use prometheus::{IntCounter, IntGauge};

use super::{Builder, PerLabel};

label!(
    /// What became of a turn that was to be kept.
    HistoryResult {
        Kept = "kept",
        /// It could not be queued, or not be read or written.
        Failed = "failed",
        /// The queue was full, or the person has no room for another session.
        Dropped = "dropped",
    }
);

/// Metrics of sessions.
pub struct SessionMetrics {
    live: IntGauge,
    evictions: IntCounter,
    expiries: IntCounter,
    turns: PerLabel<IntCounter>,
    queue: IntGauge,
}

impl SessionMetrics {
    pub(super) fn new(b: &Builder) -> Result<Self, prometheus::Error> {
        let turns = b.counters("history_turns_total", "Turns for histories of sessions by result.", &["result"])?;
        Ok(Self {
            live: b.gauge("live_sessions", "Sessions in RAM.")?,
            evictions: b.counter("session_evictions_total", "Live sessions that made room for others.")?,
            expiries: b.counter("session_expiries_total", "Live sessions that ended idle.")?,
            turns: PerLabel::of(&turns, HistoryResult::ALL)?,
            queue: b.gauge("history_queue_bytes", "Bytes of turns that wait to be written into histories.")?,
        })
    }

    /// Sets how many sessions are in RAM.
    pub fn set_live(&self, sessions: usize) {
        self.live.set(i64::try_from(sessions).unwrap_or(i64::MAX));
    }

    /// Counts live sessions that ended: evicted, and idle for too long.
    pub fn count_ended(&self, evicted: u64, expired: u64) {
        self.evictions.inc_by(evicted);
        self.expiries.inc_by(expired);
    }

    /// Counts a turn that was to be kept.
    pub fn count_turn(&self, result: HistoryResult) {
        self.turns.0[result as usize].inc();
    }

    pub fn set_queue(&self, bytes: u64) {
        self.queue.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}

impl std::fmt::Debug for SessionMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionMetrics").finish_non_exhaustive()
    }
}
