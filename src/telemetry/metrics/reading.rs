//! The metrics as numbers, for the overview: what the exposition says, added up.

use std::collections::BTreeMap;

use prometheus::core::{Collector, Metric as _};
use prometheus::proto::Metric;
use prometheus::{Histogram, IntCounterVec};

use super::{Metrics, RecallResult};

/// A histogram's buckets: their upper bounds, and how many observations lay at or below each; the last bound is infinite.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Buckets {
    pub bounds: Vec<f64>,
    pub counts: Vec<u64>,
}

impl Buckets {
    fn add(&mut self, histogram: &Histogram) {
        let found = histogram.metric();
        let found = found.get_histogram();
        let counts = found.get_bucket().iter().map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()));
        let all = counts.chain([(f64::INFINITY, found.get_sample_count())]);
        for (at, (bound, count)) in all.enumerate() {
            if at == self.bounds.len() {
                self.bounds.push(bound);
                self.counts.push(0);
            }
            self.counts[at] += count;
        }
    }

    /// What was observed since an earlier look.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let counts =
            self.counts.iter().enumerate().map(|(at, now)| now.saturating_sub(earlier.counts.get(at).copied().unwrap_or(0)));
        Self { bounds: self.bounds.clone(), counts: counts.collect() }
    }

    /// A quantile, with observations taken to lie evenly within their bucket, as Prometheus does. Beyond the last finite bound it is
    /// that bound. None without observations.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let total = *self.counts.last().filter(|total| **total > 0)?;
        #[expect(clippy::cast_precision_loss, reason = "counts of one process")]
        let as_real = |count: u64| count as f64;
        let rank = q * as_real(total);
        let at = self.counts.iter().position(|count| as_real(*count) >= rank)?;
        let (below, low) = at.checked_sub(1).map_or((0, 0.0), |before| (self.counts[before], self.bounds[before]));
        let high = self.bounds[at];
        if high.is_infinite() {
            return Some(low);
        }
        let within = as_real(self.counts[at] - below);
        Some(if within > 0.0 { low + (high - low) * (rank - as_real(below)) / within } else { high })
    }
}

/// Counters and gauges at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    pub requests: u64,
    /// Requests that memgate answered with an error of its own.
    pub refusals: u64,
    pub durations: Buckets,
    pub first_token: Buckets,
    pub open_streams: u64,
    pub queued: u64,
    /// By result.
    pub recalls: Vec<(&'static str, u64)>,
}

impl Reading {
    /// Recalls that found something, and those that looked.
    #[must_use]
    pub fn recall_hits(&self) -> (u64, u64) {
        let of =
            |result: RecallResult| self.recalls.iter().find(|(name, _)| *name == result.as_str()).map_or(0, |(_, count)| *count);
        let looked = self.recalls.iter().filter(|(name, _)| *name != RecallResult::Off.as_str()).map(|(_, count)| count).sum();
        (of(RecallResult::Hit), looked)
    }
}

/// Requests by mode, decision and reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DecisionKey {
    pub mode: String,
    pub decision: String,
    pub reason: String,
}

/// What an upstream was asked, and how often it failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UpstreamUse {
    pub requests: u64,
    pub errors: u64,
}

/// What was done since the start, in sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub cross_scope_denials: u64,
    pub trims: u64,
    pub messages_cut: u64,
    pub tokens_trimmed: u64,
    /// As charged: tokens of requests, and of answers.
    pub tokens_in: u64,
    pub tokens_out: u64,
    pub audit_dropped: u64,
}

impl Metrics {
    /// Counters and gauges as they are now.
    #[must_use]
    pub fn read(&self) -> Reading {
        let (mut durations, mut first_token) = (Buckets::default(), Buckets::default());
        self.durations.0.iter().for_each(|histogram| durations.add(histogram));
        first_token.add(&self.first_token);
        let recalls = RecallResult::ALL.iter().zip(&self.recalls.0).map(|(name, counter)| (*name, counter.get()));
        Reading {
            requests: sum(&self.requests),
            refusals: sum(&self.refusals),
            durations,
            first_token,
            open_streams: self.streams(),
            queued: self.balance.queued(),
            recalls: recalls.collect(),
        }
    }

    /// Requests since the start, by what was decided.
    #[must_use]
    pub fn decisions(&self) -> BTreeMap<DecisionKey, u64> {
        let mut found = BTreeMap::new();
        each(&self.requests, |metric, count| {
            let of = |name| label(metric, name).to_owned();
            let key = DecisionKey { mode: of("mode"), decision: of("decision"), reason: of("reason") };
            *found.entry(key).or_insert(0) += count;
        });
        found
    }

    /// Requests and failures of each upstream since the start.
    #[must_use]
    pub fn upstream_use(&self) -> BTreeMap<String, UpstreamUse> {
        let mut found: BTreeMap<String, UpstreamUse> = BTreeMap::new();
        each(self.keys.served(), |metric, count| {
            found.entry(label(metric, "upstream").to_owned()).or_default().requests += count;
        });
        each(&self.upstream_errors, |metric, count| {
            found.entry(label(metric, "upstream").to_owned()).or_default().errors += count;
        });
        found
    }

    /// Sums since the start.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let (tokens_in, tokens_out) = self.budgets.tokens();
        Totals {
            cross_scope_denials: self.cross_scope_denials.0.iter().map(prometheus::IntCounter::get).sum(),
            trims: self.trims.get(),
            messages_cut: self.messages_cut.get(),
            tokens_trimmed: self.tokens_trimmed.get(),
            tokens_in,
            tokens_out,
            audit_dropped: self.audit_dropped.get(),
        }
    }
}

pub(super) fn each(family: &IntCounterVec, mut take: impl FnMut(&Metric, u64)) {
    for family in family.collect() {
        for metric in family.get_metric() {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a counter of whole numbers")]
            take(metric, metric.get_counter().get_value() as u64);
        }
    }
}

pub(super) fn label<'a>(metric: &'a Metric, name: &str) -> &'a str {
    metric.get_label().iter().find(|label| label.name() == name).map_or("", |label| label.value())
}

fn sum(family: &IntCounterVec) -> u64 {
    let mut sum = 0;
    each(family, |_, count| sum += count);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ClientName;
    use crate::telemetry::{CrossScope, Exemplar, RouteLabel};
    use std::time::Duration;

    #[test]
    fn quantiles_lie_within_their_bucket() {
        let buckets = |counts: &[u64]| Buckets { bounds: vec![1.0, 2.0, 4.0, f64::INFINITY], counts: counts.to_vec() };
        for (counts, q, expected) in [
            ([0, 0, 0, 0], 0.5, None),
            ([4, 4, 4, 4], 0.5, Some(0.5)),
            ([0, 10, 10, 10], 0.5, Some(1.5)),
            ([2, 2, 4, 4], 0.75, Some(3.0)),
            ([0, 0, 0, 3], 0.95, Some(4.0)),
            ([1, 1, 1, 2], 0.95, Some(4.0)),
        ] {
            assert_eq!(buckets(&counts).quantile(q), expected, "{counts:?} {q}");
        }
        assert_eq!(buckets(&[3, 5, 5, 6]).since(&buckets(&[1, 1, 1, 2])), buckets(&[2, 4, 4, 4]));
    }

    #[test]
    fn readings_are_the_sums_of_what_was_counted() {
        let metrics = Metrics::new().unwrap();
        for (client, decision, reason) in
            [("a", "admit", "verified"), ("b", "admit", "verified"), ("a", "refuse", "identity_missing")]
        {
            metrics.count_request(&ClientName::parse(client).unwrap(), "strict", decision, reason);
        }
        metrics.count_refusal("identity_missing");
        metrics.observe_request(RouteLabel::Chat, Duration::from_millis(30), (1, 1), Exemplar::any(), 0);
        metrics.observe_request(RouteLabel::Models, Duration::from_secs(400), (1, 1), Exemplar::any(), 0);
        metrics.count_recall(RecallResult::Hit, 2);
        metrics.count_recall(RecallResult::Empty, 0);
        metrics.count_recall(RecallResult::Off, 0);
        metrics.count_cross_scope_denial(CrossScope::Fact);
        metrics.count_trim(3, 900);
        metrics.keys.count_served("x", "shared");
        metrics.keys.count_served("x", "none");
        metrics.budgets.count_charge("x", (10, 4, 3), 0);
        let reading = metrics.read();
        assert_eq!((reading.requests, reading.refusals, reading.recall_hits()), (3, 1, (1, 2)));
        assert_eq!(reading.durations.counts.last(), Some(&2));
        assert_eq!(reading.durations.quantile(0.99), Some(300.0));
        let decisions: Vec<(String, u64)> = metrics.decisions().into_iter().map(|(key, count)| (key.reason, count)).collect();
        assert_eq!(decisions, [("verified".to_owned(), 2), ("identity_missing".to_owned(), 1)]);
        assert_eq!(metrics.upstream_use()["x"], UpstreamUse { requests: 2, errors: 0 });
        let totals = metrics.totals();
        let cut = (totals.trims, totals.messages_cut, totals.tokens_trimmed);
        assert_eq!((totals.cross_scope_denials, cut, totals.tokens_in, totals.tokens_out), (1, (1, 3, 900), 10, 3));
    }
}
