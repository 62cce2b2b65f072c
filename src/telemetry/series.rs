//! The last hour in points: what the metrics did between one look and the next.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;

use super::metrics::{Metrics, Reading};

/// From one point to the next.
pub const STEP: Duration = Duration::from_secs(5);
/// Points that are kept: an hour.
const MOST: usize = 720;

/// What happened up to one moment, since the one before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Milliseconds since the Unix epoch.
    pub at: i64,
    pub requests_per_second: f64,
    pub refusals_per_second: f64,
    /// Quantiles of the seconds to the answer's end, and to the first token; none where there was nothing.
    pub duration_p50: Option<f64>,
    pub duration_p95: Option<f64>,
    pub first_token_p50: Option<f64>,
    pub first_token_p95: Option<f64>,
    pub open_streams: u64,
    pub queued: u64,
    /// Recalls that found something, of those that looked.
    pub recall_hits: Option<f64>,
}

/// The points of the last hour, the oldest first.
#[derive(Debug, Default)]
pub struct Series(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<(i64, Reading)>,
    points: VecDeque<Point>,
}

impl Series {
    /// Adds a point. `now` is in milliseconds since the Unix epoch. The first look only remembers.
    pub fn sample(&self, metrics: &Metrics, now: i64) {
        let reading = metrics.read();
        let mut state = self.0.lock();
        if let Some((before, earlier)) = &state.last {
            let point = point(now, now.saturating_sub(*before), &reading, earlier);
            if state.points.len() >= MOST {
                state.points.pop_front();
            }
            state.points.push_back(point);
        }
        state.last = Some((now, reading));
    }

    /// All points, the oldest first.
    #[must_use]
    pub fn points(&self) -> Vec<Point> {
        self.0.lock().points.iter().copied().collect()
    }
}

fn point(at: i64, millis: i64, now: &Reading, before: &Reading) -> Point {
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 * 1e3 / millis.max(1) as f64;
    let (durations, first_token) = (now.durations.since(&before.durations), now.first_token.since(&before.first_token));
    let ((hits, looked), (hits_before, looked_before)) = (now.recall_hits(), before.recall_hits());
    let looked = looked.saturating_sub(looked_before);
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    let recall_hits = (looked > 0).then(|| hits.saturating_sub(hits_before) as f64 / looked as f64);
    Point {
        at,
        requests_per_second: rate(now.requests, before.requests),
        refusals_per_second: rate(now.refusals, before.refusals),
        duration_p50: durations.quantile(0.5),
        duration_p95: durations.quantile(0.95),
        first_token_p50: first_token.quantile(0.5),
        first_token_p95: first_token.quantile(0.95),
        open_streams: now.open_streams,
        queued: now.queued,
        recall_hits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ClientName;
    use crate::ids::RequestId;
    use crate::telemetry::{Exemplar, RecallResult, RouteLabel};

    #[test]
    fn points_are_what_happened_between() {
        let (series, metrics) = (Series::default(), Metrics::new().unwrap());
        let client = ClientName::unknown();
        metrics.count_request(&client, "strict", "admit", "verified");
        series.sample(&metrics, 1_000);
        assert!(series.points().is_empty(), "what was before the first look is nobody's");
        for _ in 0..10 {
            metrics.count_request(&client, "strict", "refuse", "identity_missing");
            metrics.count_refusal("identity_missing");
            metrics.observe_request(RouteLabel::Chat, Duration::from_millis(20), (0, 0), example(), 1_000);
        }
        metrics.count_recall(RecallResult::Hit, 1);
        metrics.count_recall(RecallResult::Empty, 0);
        series.sample(&metrics, 6_000);
        series.sample(&metrics, 11_000);
        let [busy, quiet] = series.points()[..] else { panic!("two points") };
        assert_eq!((busy.at, busy.requests_per_second, busy.refusals_per_second, busy.recall_hits), (6_000, 2.0, 2.0, Some(0.5)));
        assert!(busy.duration_p50.is_some_and(|p50| p50 > 0.01 && p50 <= 0.025), "{busy:?}");
        assert_eq!(busy.first_token_p50, None);
        assert_eq!((quiet.requests_per_second, quiet.duration_p95, quiet.recall_hits), (0.0, None, None));
    }

    #[test]
    fn an_hour_is_kept() {
        let (series, metrics) = (Series::default(), Metrics::new().unwrap());
        for n in 0..1_000 {
            series.sample(&metrics, n * 5_000);
        }
        let points = series.points();
        assert_eq!((points.len(), points[0].at, points[719].at), (720, 280 * 5_000, 999 * 5_000));
    }

    fn example() -> Exemplar {
        Exemplar { request: RequestId::from_bytes([7; 16]), trace: None }
    }
}
