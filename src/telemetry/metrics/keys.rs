//! Which keys upstreams were shown, and what tests of personal ones came to.

use prometheus::{IntCounter, IntCounterVec};

use super::{Builder, PerLabel};

label!(
    /// What a test of a personal key came to.
    KeyTestResult { Valid = "valid", Invalid = "invalid", Unreachable = "unreachable", Unclear = "unclear" }
);

/// Metrics of upstream keys. Clones count into the same series.
#[derive(Clone)]
pub struct KeyMetrics {
    served: IntCounterVec,
    tests: PerLabel<IntCounter>,
}

impl std::fmt::Debug for KeyMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyMetrics").finish_non_exhaustive()
    }
}

impl KeyMetrics {
    pub(super) fn new(b: &Builder) -> Result<Self, prometheus::Error> {
        let tests = b.counters("key_tests_total", "Tests of personal upstream keys by result.", &["result"])?;
        Ok(Self {
            served: b.counters(
                "upstream_keys_total",
                "Requests by upstream and by the source of the key that it was shown.",
                &["upstream", "source"],
            )?,
            tests: PerLabel::of(&tests, KeyTestResult::ALL)?,
        })
    }

    /// Counts a request. `upstream` is named as in the configuration; `source` is one of the vault's words.
    pub fn count_served(&self, upstream: &str, source: &'static str) {
        self.served.with_label_values(&[upstream, source]).inc();
    }

    pub(super) fn served(&self) -> &IntCounterVec {
        &self.served
    }

    pub fn count_test(&self, result: KeyTestResult) {
        self.tests.0[result as usize].inc();
    }
}
