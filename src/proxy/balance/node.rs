//! One upstream as it is used: its places, who waits for one, and how it does.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use prometheus::IntGauge;
use tokio::sync::oneshot;

use super::breaker::{Breaker, Condition, Pass};
use super::queue::{FairQueue, Joined};
use crate::catalog::{Concurrency, Health};
use crate::telemetry::{BalanceMetrics, EjectionCause};

/// The longest that a caller is told to wait, in seconds.
const LONGEST_RETRY: u64 = 300;

/// One upstream as it is used.
pub struct Node {
    name: String,
    metrics: BalanceMetrics,
    in_flight: IntGauge,
    queued: IntGauge,
    state: Mutex<State>,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    in_flight: u32,
    /// As it was last configured; none where any number may be under way.
    concurrency: Option<Concurrency>,
    queue: FairQueue<oneshot::Sender<Call>>,
    next_id: u64,
    breaker: Breaker,
    /// How long a place is held, as a moving mean.
    held: Option<Duration>,
    /// What the gauges show of this one; another of the same name may show in them, too.
    shown: (i64, i64),
}

/// What one that waits is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    /// A place is yours.
    Come,
    /// Others have waited less for theirs: your place in the queue is gone.
    Go,
}

impl State {
    fn has_room(&self) -> bool {
        self.concurrency.is_none_or(|concurrency| self.in_flight < concurrency.limit)
    }

    fn queue_room(&self) -> usize {
        self.concurrency.map_or(0, |concurrency| concurrency.queue as usize)
    }

    /// Gives free places to those who wait. A call that nobody hears is answered by the waiter's ticket as it is dropped.
    fn call_next(&mut self) {
        while self.has_room() {
            let Some(next) = self.queue.next() else { return };
            self.in_flight += 1;
            let _ = next.send(Call::Come);
        }
    }
}

impl Node {
    pub fn new(name: &str, concurrency: Option<Concurrency>, metrics: BalanceMetrics) -> Self {
        let (in_flight, queued) = metrics.gauges(name);
        let state = Mutex::new(State { concurrency, ..State::default() });
        Self { name: name.to_owned(), metrics, in_flight, queued, state }
    }

    /// Takes up a changed limit.
    pub fn configure(&self, concurrency: Option<Concurrency>) {
        let mut state = self.state.lock();
        state.concurrency = concurrency;
        state.call_next();
        self.show(&mut state);
    }

    /// How it does, and how many requests it has.
    pub fn look(&self, now: Instant) -> (Condition, u32) {
        let state = self.state.lock();
        (state.breaker.condition(now), state.in_flight)
    }

    /// How it does, how many requests it has, and how many wait.
    pub fn stand(&self, now: Instant) -> (Condition, u64, u64) {
        let state = self.state.lock();
        (state.breaker.condition(now), u64::from(state.in_flight), state.queue.len() as u64)
    }

    /// A place, where one is free.
    pub fn take(self: &Arc<Self>, now: Instant) -> Option<Place> {
        let mut state = self.state.lock();
        if !state.has_room() {
            return None;
        }
        state.in_flight += 1;
        let pass = state.breaker.pass(now);
        self.show(&mut state);
        drop(state);
        Some(Place { node: Arc::clone(self), pass, since: now, judged: false })
    }

    /// Whether `person` could get a place, at once or by waiting.
    pub fn admits(&self, person: u64) -> bool {
        let state = self.state.lock();
        state.has_room() || state.queue.takes(person, state.queue_room())
    }

    /// A ticket for the queue, and how long it is good for; none where the queue is full.
    pub fn join(self: &Arc<Self>, person: u64) -> Option<(Queued, Duration)> {
        let mut state = self.state.lock();
        let wait = state.concurrency.map_or(Duration::ZERO, |concurrency| concurrency.wait);
        let (id, room, (sender, call)) = (state.next_id, state.queue_room(), oneshot::channel());
        state.next_id += 1;
        match state.queue.join(person, id, sender, room) {
            Joined::Waiting => {}
            Joined::InPlaceOf(last) => _ = last.send(Call::Go),
            Joined::Full(_) => return None,
        }
        // A place may have come free since one was asked for.
        state.call_next();
        self.show(&mut state);
        drop(state);
        Some((Queued { node: Arc::clone(self), person, id, call, taken: false }, wait))
    }

    /// In how many seconds a place should be free, as things go: at least 1.
    pub fn retry_after(&self) -> u64 {
        let state = self.state.lock();
        let Some(concurrency) = state.concurrency else { return 1 };
        let ahead = u32::try_from(state.queue.len()).unwrap_or(u32::MAX).saturating_add(1);
        let Some(held) = state.held else { return concurrency.wait.as_secs().clamp(1, LONGEST_RETRY) };
        let wait = held.saturating_mul(ahead) / concurrency.limit.max(1);
        wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).clamp(1, LONGEST_RETRY)
    }

    /// A health check came to its end; none: nothing is checked any more.
    pub fn note_check(&self, well: Option<bool>, health: &Health) {
        let mut state = self.state.lock();
        match well {
            Some(well) => {
                if state.breaker.note_check(well, health) {
                    self.eject(EjectionCause::Check);
                }
            }
            None => state.breaker.forget_checks(),
        }
    }

    fn eject(&self, cause: EjectionCause) {
        self.metrics.count_ejection(&self.name, cause);
        tracing::warn!(upstream = self.name, cause = cause.as_str(), "the upstream is passed over for a while");
    }

    fn show(&self, state: &mut State) {
        let now = (i64::from(state.in_flight), i64::try_from(state.queue.len()).unwrap_or(i64::MAX));
        let shown = std::mem::replace(&mut state.shown, now);
        self.in_flight.add(now.0 - shown.0);
        self.queued.add(now.1 - shown.1);
    }

    fn release(&self, state: &mut State) {
        state.in_flight -= 1;
        state.call_next();
        self.show(state);
    }
}

/// A request's place at an upstream. Dropping it, however the request ends, gives it to the next one.
#[derive(Debug)]
pub struct Place {
    node: Arc<Node>,
    pass: Pass,
    since: Instant,
    judged: bool,
}

impl Place {
    /// The upstream answered. Only the first word on how it did counts.
    pub fn succeed(&mut self, now: Instant) {
        if !std::mem::replace(&mut self.judged, true) {
            self.node.state.lock().breaker.succeed(self.pass, now);
        }
    }

    /// The upstream failed.
    pub fn fail(&mut self, now: Instant, health: &Health) {
        if !std::mem::replace(&mut self.judged, true) && self.node.state.lock().breaker.fail(self.pass, now, health) {
            self.node.eject(EjectionCause::Failures);
        }
    }

    /// The upstream asks to be left alone for a while.
    pub fn limit(&self, span: Duration, now: Instant, health: &Health) {
        if self.node.state.lock().breaker.limit(span, now, health) {
            self.node.eject(EjectionCause::RetryAfter);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.node.state.lock();
        if !self.judged {
            state.breaker.abandon(self.pass);
        }
        let held = self.since.elapsed();
        state.held = Some(state.held.map_or(held, |mean| mean / 8 * 7 + held / 8));
        self.node.release(&mut state);
    }
}

/// A place in the queue. Dropping it leaves the queue, or gives back the place that was just given.
#[derive(Debug)]
pub struct Queued {
    node: Arc<Node>,
    person: u64,
    id: u64,
    call: oneshot::Receiver<Call>,
    taken: bool,
}

impl Queued {
    /// Waits for a place; none where others took the waiter's own in the queue. Give up by dropping the future and the ticket.
    pub async fn wait(&mut self) -> Option<Place> {
        let called = (&mut self.call).await;
        self.taken = true;
        if called != Ok(Call::Come) {
            return None;
        }
        let now = Instant::now();
        let pass = self.node.state.lock().breaker.pass(now);
        Some(Place { node: Arc::clone(&self.node), pass, since: now, judged: false })
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        if self.taken {
            return;
        }
        let mut state = self.node.state.lock();
        // Calls are sent under the lock: one that is not in the queue any more was called already.
        if state.queue.remove(self.person, self.id).is_none() && self.call.try_recv() == Ok(Call::Come) {
            self.node.release(&mut state);
        }
        self.node.show(&mut state);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::telemetry::Metrics;

    const TWO: Concurrency = Concurrency { limit: 2, queue: 3, wait: Duration::from_mins(1) };

    fn node(concurrency: Concurrency) -> Arc<Node> {
        Arc::new(Node::new("x", Some(concurrency), Metrics::new().unwrap().balance))
    }

    fn queue_up(node: &Arc<Node>, person: u64) -> Option<Queued> {
        node.join(person).map(|(ticket, _)| ticket)
    }

    fn under_way(node: &Node) -> (u32, usize) {
        let state = node.state.lock();
        (state.in_flight, state.queue.len())
    }

    #[tokio::test]
    async fn places_go_to_those_who_wait_and_never_beyond_the_limit() {
        let (node, now) = (node(TWO), Instant::now());
        let (one, two) = (node.take(now).unwrap(), node.take(now).unwrap());
        assert!(node.take(now).is_none());
        let mut waiting: Vec<Queued> = [1, 1, 2].into_iter().map(|person| queue_up(&node, person).unwrap()).collect();
        assert!(queue_up(&node, 1).is_none(), "the queue is full");
        assert_eq!(under_way(&node), (2, 3));
        drop(one);
        let first = waiting[0].wait().await.unwrap();
        drop(two);
        let second = waiting[2].wait().await.unwrap();
        assert_eq!(under_way(&node), (2, 1), "the persons take turns");
        waiting.clear();
        assert_eq!(under_way(&node), (2, 0), "who left waits no longer");
        drop((first, second));
        assert_eq!(under_way(&node), (0, 0));
    }

    #[tokio::test]
    async fn a_place_that_nobody_comes_for_goes_to_the_next() {
        let (node, now) = (node(TWO), Instant::now());
        let taken = [node.take(now), node.take(now)];
        let (gone, mut stays) = (queue_up(&node, 1).unwrap(), queue_up(&node, 2).unwrap());
        drop(taken);
        // Both were called; one of them has left without hearing it.
        drop(gone);
        assert_eq!(under_way(&node), (1, 0));
        drop(stays.wait().await);
        assert_eq!(under_way(&node), (0, 0));
    }

    #[tokio::test]
    async fn a_burst_loses_its_last_place_to_a_newcomer() {
        let (node, now) = (node(TWO), Instant::now());
        let _taken = [node.take(now), node.take(now)];
        let mut burst: Vec<Queued> = (0..3).map(|_| queue_up(&node, 1).unwrap()).collect();
        let _newcomer = queue_up(&node, 2).unwrap();
        assert!(burst[2].wait().await.is_none());
        assert_eq!(under_way(&node), (2, 3));
    }

    #[test]
    fn a_raised_limit_lets_in_who_waits() {
        let (node, now) = (node(TWO), Instant::now());
        let _taken = [node.take(now), node.take(now)];
        let _waiting = [queue_up(&node, 1), queue_up(&node, 2)];
        node.configure(Some(Concurrency { limit: 3, ..TWO }));
        assert_eq!(under_way(&node), (3, 1));
        node.configure(None);
        assert_eq!(under_way(&node), (4, 0));
    }

    #[test]
    fn the_estimate_grows_with_the_queue() {
        let (node, now) = (node(TWO), Instant::now());
        assert_eq!(node.retry_after(), 60, "nothing is known yet");
        node.state.lock().held = Some(Duration::from_secs(4));
        assert_eq!(node.retry_after(), 2);
        let _taken = [node.take(now), node.take(now)];
        let _waiting = [queue_up(&node, 1), queue_up(&node, 2)];
        assert_eq!(node.retry_after(), 6);
        node.state.lock().held = Some(Duration::from_nanos(1));
        assert_eq!(node.retry_after(), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn the_limit_holds_under_contention() {
        let node = node(Concurrency { limit: 4, queue: 64, ..TWO });
        let inside = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let tasks: Vec<_> = (0..64_u64)
            .map(|n| {
                let (node, inside) = (Arc::clone(&node), Arc::clone(&inside));
                tokio::spawn(async move {
                    for round in 0..20 {
                        let taken = node.take(Instant::now());
                        let place = if let Some(place) = taken {
                            Some(place)
                        } else {
                            let mut ticket = queue_up(&node, n % 8).unwrap();
                            if (n + round) % 5 == 0 {
                                tokio::task::yield_now().await;
                                continue;
                            }
                            ticket.wait().await
                        };
                        let now_inside = inside.0.fetch_add(1, Ordering::SeqCst) + 1;
                        inside.1.fetch_max(now_inside, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        inside.0.fetch_sub(1, Ordering::SeqCst);
                        assert!(place.is_some());
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert!(inside.1.load(Ordering::SeqCst) <= 4);
        assert_eq!(under_way(&node), (0, 0));
    }
}
