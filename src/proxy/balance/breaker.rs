//! When an upstream is passed over, and when it is tried again. The time is passed in.

use std::time::{Duration, Instant};

use crate::catalog::Health;

/// How an upstream is taken to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Well,
    /// Its ejection is over: one request may try it.
    Probe,
    /// It asked to be left alone for a while (`Retry-After`).
    Limited,
    Ejected,
    /// Its health checks fail.
    Unwell,
}

impl Condition {
    /// Whether requests go there while there are others.
    pub fn is_well(self) -> bool {
        matches!(self, Self::Well | Self::Probe)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Probe => "probe",
            Self::Limited => "rate_limited",
            Self::Ejected => "ejected",
            Self::Unwell => "unwell",
        }
    }
}

/// What a request knew of the upstream when it was sent there: what came of it counts only while that still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    epoch: u64,
    probe: bool,
}

/// A circuit breaker: failures in a row open it, for twice as long each time; when that is over, one request tries.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: u32,
    /// Ejections without a good while between them.
    level: u32,
    /// Raised by each ejection and each return.
    epoch: u64,
    ejected: Option<Ejection>,
    /// When it last came back, and how long it had been away.
    returned: Option<(Instant, Duration)>,
    limited_until: Option<Instant>,
    failed_checks: u32,
    unwell: bool,
}

#[derive(Debug)]
struct Ejection {
    until: Instant,
    length: Duration,
    probing: bool,
}

impl Breaker {
    pub fn condition(&self, now: Instant) -> Condition {
        if self.unwell {
            return Condition::Unwell;
        }
        match &self.ejected {
            Some(ejection) if now < ejection.until || ejection.probing => return Condition::Ejected,
            Some(_) => return Condition::Probe,
            None => {}
        }
        if self.limited_until.is_some_and(|until| now < until) { Condition::Limited } else { Condition::Well }
    }

    /// A request is sent there.
    pub fn pass(&mut self, now: Instant) -> Pass {
        let mut probe = false;
        if let Some(ejection) = self.ejected.as_mut().filter(|ejection| now >= ejection.until && !ejection.probing) {
            ejection.probing = true;
            probe = true;
        }
        Pass { epoch: self.epoch, probe }
    }

    /// It answered.
    pub fn succeed(&mut self, pass: Pass, now: Instant) {
        if pass.epoch != self.epoch {
            return;
        }
        self.failures = 0;
        if let Some(ejection) = self.ejected.take() {
            self.epoch += 1;
            self.returned = Some((now, ejection.length));
        } else if self.returned.is_some_and(|(since, length)| now.saturating_duration_since(since) >= length) {
            // It has been well for as long as it was away.
            self.returned = None;
            self.level = 0;
        }
    }

    /// It failed. True where it is ejected for that.
    pub fn fail(&mut self, pass: Pass, now: Instant, health: &Health) -> bool {
        if pass.epoch != self.epoch || (self.ejected.is_some() && !pass.probe) {
            return false;
        }
        self.failures = self.failures.saturating_add(1);
        if !pass.probe && health.failures.is_none_or(|most| self.failures < most) {
            return false;
        }
        let length = health.eject.saturating_mul(1 << self.level.min(16)).min(health.max_eject);
        self.ejected = Some(Ejection { until: now + length, length, probing: false });
        self.level += 1;
        self.epoch += 1;
        self.failures = 0;
        true
    }

    /// Nothing came of it that says anything of the upstream.
    pub fn abandon(&mut self, pass: Pass) {
        if let Some(ejection) = self.ejected.as_mut().filter(|_| pass.probe && pass.epoch == self.epoch) {
            ejection.probing = false;
        }
    }

    /// It asked to be left alone for `span`. True where it had not before.
    pub fn limit(&mut self, span: Duration, now: Instant, health: &Health) -> bool {
        let until = now + span.min(health.max_eject);
        let fresh = self.limited_until.is_none_or(|known| known <= now);
        self.limited_until = Some(self.limited_until.map_or(until, |known| known.max(until)));
        fresh
    }

    /// A health check came to its end. True where the upstream is unwell from now on.
    pub fn note_check(&mut self, well: bool, health: &Health) -> bool {
        if well {
            (self.failed_checks, self.unwell) = (0, false);
            return false;
        }
        self.failed_checks = self.failed_checks.saturating_add(1);
        let was = std::mem::replace(&mut self.unwell, self.failed_checks >= health.failures.unwrap_or(1));
        self.unwell && !was
    }

    /// Nothing is checked any more.
    pub fn forget_checks(&mut self) {
        (self.failed_checks, self.unwell) = (0, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn health() -> Health {
        Health { failures: Some(3), eject: SECOND * 10, max_eject: SECOND * 60, check: None }
    }

    /// Fails as often as it takes; the time of the ejection.
    fn eject(breaker: &mut Breaker, now: Instant) {
        let pass = breaker.pass(now);
        assert!((0..3).any(|_| breaker.fail(pass, now, &health())));
    }

    #[test]
    fn failures_in_a_row_eject_and_others_do_not() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        let pass = breaker.pass(now);
        for _ in 0..5 {
            assert!(!breaker.fail(pass, now, &health()));
            assert!(!breaker.fail(pass, now, &health()));
            breaker.succeed(pass, now);
        }
        assert_eq!(breaker.condition(now), Condition::Well);
        eject(&mut breaker, now);
        assert_eq!(breaker.condition(now + SECOND * 9), Condition::Ejected);
        assert_eq!(breaker.condition(now + SECOND * 10), Condition::Probe);
    }

    #[test]
    fn one_request_probes_and_the_next_ejection_is_longer() {
        let (mut breaker, mut now) = (Breaker::default(), Instant::now());
        eject(&mut breaker, now);
        for length in [10, 20, 40, 60, 60] {
            let early = breaker.pass(now + SECOND * (length - 1));
            assert!(!breaker.fail(early, now, &health()), "it is ejected already");
            now += SECOND * length;
            assert_eq!(breaker.condition(now), Condition::Probe, "after {length} s");
            let probe = breaker.pass(now);
            assert_eq!(breaker.condition(now), Condition::Ejected, "a second request would probe");
            let second = breaker.pass(now);
            assert!(!breaker.fail(second, now, &health()), "the second one judges");
            assert!(breaker.fail(probe, now, &health()));
        }
        now += SECOND * 60;
        let probe = breaker.pass(now);
        breaker.succeed(probe, now);
        assert_eq!(breaker.condition(now), Condition::Well);
        // Soon again: as long as before.
        eject(&mut breaker, now);
        assert_eq!(breaker.condition(now + SECOND * 59), Condition::Ejected);
        now += SECOND * 60;
        let probe = breaker.pass(now);
        breaker.succeed(probe, now);
        // After a good while it is as on the first day.
        now += SECOND * 60;
        let late = breaker.pass(now);
        breaker.succeed(late, now);
        eject(&mut breaker, now);
        assert_eq!(breaker.condition(now + SECOND * 10), Condition::Probe);
    }

    #[test]
    fn a_probe_that_says_nothing_lets_the_next_one_try() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        eject(&mut breaker, now);
        let later = now + SECOND * 10;
        let probe = breaker.pass(later);
        breaker.abandon(probe);
        assert_eq!(breaker.condition(later), Condition::Probe);
    }

    #[test]
    fn what_was_sent_before_the_ejection_no_longer_counts() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        let old = breaker.pass(now);
        eject(&mut breaker, now);
        breaker.succeed(old, now);
        assert_eq!(breaker.condition(now), Condition::Ejected);
        let probe = breaker.pass(now + SECOND * 10);
        assert!(!breaker.fail(old, now, &health()));
        breaker.succeed(probe, now + SECOND * 10);
        assert!((0..9).all(|_| !breaker.fail(old, now, &health())));
        // Where all are ejected requests go there anyway, and one that is answered ends it.
        eject(&mut breaker, now);
        let desperate = breaker.pass(now);
        breaker.succeed(desperate, now);
        assert_eq!(breaker.condition(now), Condition::Well);
    }

    #[test]
    fn a_wait_that_was_asked_for_is_bounded_and_no_failure() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        assert!(breaker.limit(SECOND * 5, now, &health()));
        assert!(!breaker.limit(SECOND * 2, now, &health()), "it is limited already");
        assert_eq!(breaker.condition(now + SECOND * 4), Condition::Limited);
        assert_eq!(breaker.condition(now + SECOND * 5), Condition::Well);
        breaker.limit(SECOND * 100_000, now, &health());
        assert_eq!(breaker.condition(now + SECOND * 60), Condition::Well);
    }

    #[test]
    fn checks_make_unwell_and_well_again() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        assert!(!breaker.note_check(false, &health()) && !breaker.note_check(false, &health()));
        assert_eq!(breaker.condition(now), Condition::Well);
        assert!(breaker.note_check(false, &health()) && !breaker.note_check(false, &health()));
        assert_eq!(breaker.condition(now), Condition::Unwell);
        breaker.note_check(true, &health());
        assert_eq!(breaker.condition(now), Condition::Well);
    }

    #[test]
    fn nothing_ejects_where_the_operator_says_so() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        let health = Health { failures: None, ..health() };
        let pass = breaker.pass(now);
        assert!((0..100).all(|_| !breaker.fail(pass, now, &health)));
    }
}
