//! How requests were spread over upstreams. Labels are configured names.

use prometheus::core::Collector;
use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts};

use super::Builder;

label!(
    /// Why a request went on to another upstream.
    FailoverCause {
        Connect = "connect",
        /// The connection ended before the answer began.
        Broken = "broken",
        /// It answered 429, 502, 503, 504 or 529.
        Refused = "refused",
    }
);
label!(
    /// Why an upstream is passed over for a while.
    EjectionCause {
        Failures = "failures",
        /// It asked for it by `Retry-After`.
        RetryAfter = "retry_after",
        /// Its health check failed.
        Check = "check",
    }
);

/// How requests were spread over upstreams. Clones count into the same series.
#[derive(Clone)]
pub struct BalanceMetrics {
    failovers: IntCounterVec,
    ejections: IntCounterVec,
    in_flight: IntGaugeVec,
    queued: IntGaugeVec,
    busy: IntCounterVec,
}

impl BalanceMetrics {
    pub(super) fn new(b: &Builder) -> Result<Self, prometheus::Error> {
        let gauges = |name: &str, help: &str| b.add(IntGaugeVec::new(Opts::new(name, help).namespace("memgate"), &["upstream"])?);
        Ok(Self {
            failovers: b.counters(
                "upstream_failovers_total",
                "Requests that left an upstream for another before their first byte.",
                &["upstream", "cause"],
            )?,
            ejections: b.counters(
                "upstream_ejections_total",
                "Times that an upstream began to be passed over.",
                &["upstream", "cause"],
            )?,
            in_flight: gauges("upstream_requests_in_flight", "Requests that an upstream has now.")?,
            queued: gauges("upstream_requests_queued", "Requests that wait for a place at an upstream.")?,
            busy: b.counters(
                "upstream_busy_total",
                "Requests that found or got no place at an upstream in time.",
                &["upstream"],
            )?,
        })
    }

    /// Counts a request that left `upstream` for another.
    pub fn count_failover(&self, upstream: &str, cause: FailoverCause) {
        self.failovers.with_label_values(&[upstream, cause.as_str()]).inc();
    }

    pub fn count_ejection(&self, upstream: &str, cause: EjectionCause) {
        self.ejections.with_label_values(&[upstream, cause.as_str()]).inc();
    }

    /// Counts a request that was turned away for want of a place.
    pub fn count_busy(&self, upstream: &str) {
        self.busy.with_label_values(&[upstream]).inc();
    }

    /// The gauges of one upstream: requests under way, and requests that wait.
    #[must_use]
    pub fn gauges(&self, upstream: &str) -> (IntGauge, IntGauge) {
        (self.in_flight.with_label_values(&[upstream]), self.queued.with_label_values(&[upstream]))
    }

    /// Requests that wait for a place, at all upstreams.
    pub(super) fn queued(&self) -> u64 {
        let gauges = self.queued.collect();
        let waiting =
            gauges.iter().flat_map(prometheus::proto::MetricFamily::get_metric).map(|metric| metric.get_gauge().get_value());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a gauge of whole numbers")]
        let sum = waiting.sum::<f64>().max(0.0) as u64;
        sum
    }

    /// Ends the gauges of an upstream that is no longer there.
    pub fn forget(&self, upstream: &str) {
        // Either was perhaps never asked for.
        let _ = (self.in_flight.remove_label_values(&[upstream]), self.queued.remove_label_values(&[upstream]));
    }
}

impl std::fmt::Debug for BalanceMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BalanceMetrics").finish_non_exhaustive()
    }
}
