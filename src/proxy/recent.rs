//! The decisions on recent requests, in RAM: what the operator looks through, and what is decided again under another mode.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

use super::exchange::unix_ms;
use super::services::{Runtime, Services};
use crate::ids::{RequestId, TenantId, UserId};
use crate::policy::Case;
use crate::telemetry::AuditRecord;

/// Decisions that are kept, unless the configuration says otherwise. One takes about a kilobyte.
pub const USUAL_CAPACITY: usize = 20_000;
/// Decisions that a slow listener may fall behind.
const BEHIND: usize = 1024;
/// Listeners at a time.
const MOST_LISTENERS: usize = 64;
/// Decisions that are looked at in one go, so that nobody waits long for the lock.
const STRIDE: usize = 256;

/// A request that was decided and has ended.
#[derive(Debug)]
pub struct Decided {
    /// Ascending in the order in which requests ended, over restarts, too.
    pub number: u64,
    /// As the audit log has it.
    pub record: Arc<AuditRecord>,
    /// None where the request was turned away before it was decided.
    pub case: Option<Case>,
}

/// The recent decisions, the oldest first.
#[derive(Debug)]
pub struct Recent {
    kept: Mutex<Kept>,
    capacity: AtomicUsize,
    listeners: broadcast::Sender<Arc<Decided>>,
    places: Arc<Semaphore>,
}

/// A listener's place. Dropping it makes room for another.
#[derive(Debug)]
pub struct Listener(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

#[derive(Debug)]
struct Kept {
    decided: VecDeque<Arc<Decided>>,
    next: u64,
}

impl Default for Recent {
    fn default() -> Self {
        // A later process begins with a higher number: what was read of an earlier one is older than all.
        let next = u64::try_from(unix_ms()).unwrap_or_default() << 20;
        let kept = Mutex::new(Kept { decided: VecDeque::new(), next });
        Self {
            kept,
            capacity: AtomicUsize::new(USUAL_CAPACITY),
            listeners: broadcast::Sender::new(BEHIND),
            places: Arc::new(Semaphore::new(MOST_LISTENERS)),
        }
    }
}

impl Recent {
    /// Keeps so many from now on.
    pub fn resize(&self, capacity: usize) {
        self.capacity.store(capacity, Ordering::Relaxed);
        let mut kept = self.kept.lock();
        let beyond = kept.decided.len().saturating_sub(capacity);
        let forgotten: Vec<_> = kept.decided.drain(..beyond).collect();
        drop(kept);
        drop(forgotten);
    }

    /// Adds a decision. The oldest goes where there is no more room.
    pub fn push(&self, record: impl Into<Arc<AuditRecord>>, case: Option<Case>) {
        let capacity = self.capacity.load(Ordering::Relaxed);
        // Made before the lock is taken, and numbered under it.
        let mut decided = Arc::new(Decided { number: 0, record: record.into(), case });
        let mut kept = self.kept.lock();
        if let Some(decided) = Arc::get_mut(&mut decided) {
            decided.number = kept.next;
        }
        kept.next += 1;
        let forgotten = if kept.decided.len() >= capacity { kept.decided.pop_front() } else { None };
        if capacity > 0 {
            kept.decided.push_back(Arc::clone(&decided));
        }
        drop(kept);
        drop(forgotten);
        if self.listeners.receiver_count() > 0 {
            // Nobody may be left to hear it.
            let _ = self.listeners.send(decided);
        }
    }

    /// Drops the decisions that name an erased user, or rest on a claim to be them.
    pub fn forget(&self, user: &UserId) {
        self.forget_where(|known| known == user);
    }

    /// As [`Recent::forget`], of everybody in an erased tenant.
    pub fn forget_tenant(&self, tenant: &TenantId) {
        self.forget_where(|known| known.tenant() == tenant);
    }

    fn forget_where(&self, is_gone: impl Fn(&UserId) -> bool) {
        let names = |decided: &Decided| {
            let claimed = decided.case.as_ref().and_then(Case::named);
            decided.record.user.iter().chain(claimed).any(&is_gone)
        };
        self.kept.lock().decided.retain(|decided| !names(decided));
    }

    /// Hears of each new decision, while the place is held; none where as many listen as may.
    pub fn listen(&self) -> Option<(Listener, broadcast::Receiver<Arc<Decided>>)> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some((Listener(place), self.listeners.subscribe()))
    }

    /// The decisions before `number`, or all, the newest first. New ones that come meanwhile are not among them.
    pub fn before(&self, number: Option<u64>) -> impl Iterator<Item = Arc<Decided>> + '_ {
        let mut below = number.unwrap_or(u64::MAX);
        let mut stride = Vec::new().into_iter();
        std::iter::from_fn(move || {
            if stride.len() == 0 {
                stride = self.stride_below(below).into_iter();
            }
            let next = stride.next()?;
            below = next.number;
            Some(next)
        })
    }

    /// A few decisions with lower numbers, the newest first.
    fn stride_below(&self, number: u64) -> Vec<Arc<Decided>> {
        let kept = self.kept.lock();
        let end = kept.decided.partition_point(|decided| decided.number < number);
        kept.decided.range(end.saturating_sub(STRIDE)..end).rev().cloned().collect()
    }

    /// The decision on one request.
    pub fn find(&self, request: RequestId) -> Option<Arc<Decided>> {
        self.before(None).find(|decided| decided.record.request == request)
    }
}

/// Notes an exchange that has ended: whom it shows as active, whom the shadow mode would refuse, and the decision. Of a user who was erased
/// meanwhile, by this very request even, nothing stays.
pub(super) fn note(services: &Services, runtime: &Runtime, record: Arc<AuditRecord>, case: Option<Case>) {
    let (user, time) = (record.user.clone(), record.time);
    services.activity.note(&record);
    if let (Some(reason), Some(mode)) = (record.shadow, runtime.trust.shadow) {
        services.shadow.note(mode, &record, reason);
    }
    services.recent.push(record, case);
    // Last, so that whichever comes first, this or the erasure, one of them finds it.
    if let Some(user) = user.filter(|user| services.store.was_erased_since(user, time)) {
        services.forget_seen(&user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::audit::test_record;

    fn filled(requests: usize) -> Recent {
        let recent = Recent::default();
        (0..requests).for_each(|_| recent.push(test_record("/v1/models"), None));
        recent
    }

    fn numbers(recent: &Recent, before: Option<u64>) -> Vec<u64> {
        recent.before(before).map(|decided| decided.number).collect()
    }

    #[test]
    fn the_newest_come_first_and_the_oldest_go() {
        let recent = filled(0);
        recent.resize(700);
        (0..1000).for_each(|_| recent.push(test_record("/v1/models"), None));
        let all = numbers(&recent, None);
        assert_eq!(all.len(), 700);
        assert!(all.is_sorted_by(|a, b| a > b));
        recent.resize(10);
        assert_eq!(numbers(&recent, None), all[..10]);
        recent.resize(0);
        recent.push(test_record("/v1/models"), None);
        assert!(numbers(&recent, None).is_empty());
    }

    #[test]
    fn a_page_goes_on_where_the_one_before_ended_whatever_comes_meanwhile() {
        let recent = filled(600);
        let all = numbers(&recent, None);
        let mut rest = recent.before(None);
        let first: Vec<u64> = rest.by_ref().take(300).map(|decided| decided.number).collect();
        recent.push(test_record("/v1/models"), None);
        let more: Vec<u64> = rest.map(|decided| decided.number).collect();
        assert_eq!([first.clone(), more].concat(), all);
        assert_eq!(numbers(&recent, first.last().copied()), all[300..]);
        assert!(numbers(&recent, Some(1)).is_empty(), "the number of an earlier process");
    }

    #[tokio::test]
    async fn listeners_hear_each_and_are_told_what_they_missed() {
        let recent = filled(3);
        let (_place, mut listener) = recent.listen().unwrap();
        recent.push(test_record("/v1/models"), None);
        assert_eq!(listener.recv().await.unwrap().number, numbers(&recent, None)[0]);
        (0..BEHIND + 5).for_each(|_| recent.push(test_record("/v1/models"), None));
        assert_eq!(listener.recv().await.unwrap_err(), broadcast::error::RecvError::Lagged(5));
        assert!(listener.recv().await.is_ok());
        let others: Vec<_> = std::iter::from_fn(|| recent.listen()).collect();
        assert_eq!(others.len(), MOST_LISTENERS - 1);
        drop(others);
        assert!(recent.listen().is_some());
    }
}
