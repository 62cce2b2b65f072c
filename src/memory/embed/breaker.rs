//! Whether an endpoint is worth asking: after some failures in a row it is left alone for a while, then tried with one call.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Failures in a row after which the endpoint is left alone.
const ENOUGH: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    closed_until: Option<Instant>,
}

impl State {
    fn pause(&self) -> Duration {
        let doublings = self.failures.saturating_sub(ENOUGH).min(10);
        (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE)
    }
}

impl Breaker {
    /// Whether to make a call now. After a pause one call is let through, and others only once that one has succeeded.
    pub(super) fn admits(&self, now: Instant) -> bool {
        let mut state = self.0.lock();
        match state.closed_until {
            None => true,
            Some(until) if until > now => false,
            Some(_) => {
                state.closed_until = Some(now + state.pause());
                true
            }
        }
    }

    /// Notes how a call ended.
    pub(super) fn record(&self, now: Instant, succeeded: bool) {
        let mut state = self.0.lock();
        if succeeded {
            *state = State::default();
            return;
        }
        state.failures = state.failures.saturating_add(1);
        if state.failures >= ENOUGH {
            state.closed_until = Some(now + state.pause());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_endpoint_is_asked_seldom_and_a_live_one_always() {
        let breaker = Breaker::default();
        let mut now = Instant::now();
        for _ in 0..ENOUGH - 1 {
            breaker.record(now, false);
        }
        assert!(breaker.admits(now), "not yet enough");
        breaker.record(now, true);
        for _ in 0..ENOUGH {
            assert!(breaker.admits(now));
            breaker.record(now, false);
        }
        assert!(!breaker.admits(now));
        now += FIRST_PAUSE;
        assert!(breaker.admits(now), "one is tried");
        assert!(!breaker.admits(now), "and one only");
        breaker.record(now, false);
        assert!(!breaker.admits(now + FIRST_PAUSE), "the pause grows");
        now += FIRST_PAUSE * 2;
        assert!(breaker.admits(now));
        breaker.record(now, true);
        assert!(breaker.admits(now) && breaker.admits(now));
        for _ in 0..1000 {
            breaker.record(now, false);
        }
        assert!(breaker.admits(now + LONGEST_PAUSE), "and has an end");
    }
}
