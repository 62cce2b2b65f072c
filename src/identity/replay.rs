//! Nonces that were used: each signed request is accepted once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

/// Forgotten nonces a claim clears away: more than it adds, so that the guard empties itself as it is used.
const SWEPT_A_CLAIM: usize = 8;

/// A nonce by its digest: SHA-256 of key id and nonce, each behind its length, cut to 128 bits.
type Mark = [u8; 16];

/// Why a nonce was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unclaimed {
    /// It was used before.
    Replayed,
    /// It is older than what the guard can answer for: forgotten by now, or from before the guard was made.
    Unknowable,
    /// The guard holds as many nonces as it may. It refuses rather than forgets.
    Full,
}

/// For how long and how many nonces are remembered.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Seconds since the Unix epoch.
    pub now: i64,
    /// Seconds by which a timestamp may differ from `now`.
    pub skew: i64,
    pub capacity: usize,
}

/// The nonces of the time window. It outlives a change of configuration and is bounded.
#[derive(Debug)]
pub struct ReplayGuard {
    seen: DashMap<Mark, i64>,
    count: AtomicUsize,
    by_time: Mutex<BTreeMap<i64, Vec<Mark>>>,
    /// Timestamps before this are beyond memory, whatever the skew says by now.
    horizon: AtomicI64,
}

impl ReplayGuard {
    /// A guard that knows of nothing before `since` (seconds since the Unix epoch): what was signed earlier may have
    /// been used before a restart, so it is refused.
    #[must_use]
    pub fn new(since: i64) -> Self {
        Self { seen: DashMap::new(), count: AtomicUsize::new(0), by_time: Mutex::default(), horizon: AtomicI64::new(since) }
    }

    /// Nonces held at present.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a nonce of a signature that was found good. Of several claims of one nonce exactly one succeeds.
    ///
    /// # Errors
    /// When the nonce was used, may have been used, or cannot be remembered.
    pub fn claim(&self, key_id: &str, nonce: &str, timestamp: i64, window: Window) -> Result<(), Unclaimed> {
        self.sweep(window);
        let mark = mark(key_id, nonce);
        match self.seen.entry(mark) {
            Entry::Occupied(mut held) => {
                if !is_over(*held.get(), window) {
                    return Err(Unclaimed::Replayed);
                }
                held.insert(timestamp);
            }
            Entry::Vacant(free) => {
                if self.count.fetch_add(1, Ordering::SeqCst) >= window.capacity {
                    self.count.fetch_sub(1, Ordering::SeqCst);
                    return Err(Unclaimed::Full);
                }
                free.insert(timestamp);
            }
        }
        self.by_time.lock().entry(timestamp).or_default().push(mark);
        // Checked after the mark is set: a sweep that runs meanwhile moves the horizon before it forgets anything.
        if timestamp < self.horizon.load(Ordering::SeqCst) { Err(Unclaimed::Unknowable) } else { Ok(()) }
    }

    fn sweep(&self, window: Window) {
        let mut by_time = self.by_time.lock();
        for _ in 0..SWEPT_A_CLAIM {
            let Some(mut oldest) = by_time.first_entry() else { return };
            let timestamp = *oldest.key();
            if !is_over(timestamp, window) {
                return;
            }
            self.horizon.fetch_max(timestamp.saturating_add(1), Ordering::SeqCst);
            match oldest.get_mut().pop() {
                // A nonce that was claimed again since stands under its later timestamp.
                Some(mark) if self.seen.remove_if(&mark, |_, held| *held == timestamp).is_some() => {
                    self.count.fetch_sub(1, Ordering::SeqCst);
                }
                Some(_) => {}
                None => drop(oldest.remove()),
            }
        }
    }
}

fn is_over(timestamp: i64, window: Window) -> bool {
    timestamp.saturating_add(window.skew) < window.now
}

fn mark(key_id: &str, nonce: &str) -> Mark {
    let mut hash = Sha256::new();
    for part in [key_id, nonce] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut mark = Mark::default();
    mark.copy_from_slice(&hash.finalize()[..16]);
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: i64 = 1_750_000_000;

    fn at(now: i64) -> Window {
        Window { now, skew: 60, capacity: 4 }
    }

    #[test]
    fn a_nonce_is_claimed_once_per_key() {
        let guard = ReplayGuard::new(T - 3600);
        assert_eq!(guard.claim("k1", "n", T, at(T)), Ok(()));
        assert_eq!(guard.claim("k1", "n", T, at(T + 60)), Err(Unclaimed::Replayed));
        assert_eq!(guard.claim("k1", "n", T + 1, at(T + 1)), Err(Unclaimed::Replayed));
        assert_eq!(guard.claim("k2", "n", T, at(T)), Ok(()));
        assert_eq!(guard.claim("k", "1n", T, at(T)), Ok(()));
    }

    #[test]
    fn a_full_guard_refuses_and_forgets_nothing() {
        let guard = ReplayGuard::new(T - 3600);
        for n in ["a", "b", "c", "d"] {
            assert_eq!(guard.claim("k", n, T, at(T)), Ok(()));
        }
        assert_eq!(guard.claim("k", "e", T, at(T + 60)), Err(Unclaimed::Full));
        assert_eq!(guard.claim("k", "a", T, at(T + 60)), Err(Unclaimed::Replayed));
        assert_eq!(guard.len(), 4);
        // Past the window there is room again.
        assert_eq!(guard.claim("k", "e", T + 61, at(T + 61)), Ok(()));
        assert_eq!(guard.len(), 1);
    }

    #[test]
    fn what_was_forgotten_stays_refused_even_if_the_skew_grows() {
        let guard = ReplayGuard::new(T - 3600);
        assert_eq!(guard.claim("k", "a", T, at(T)), Ok(()));
        assert_eq!(guard.claim("k", "b", T + 100, at(T + 100)), Ok(()));
        assert_eq!(guard.claim("k", "a", T, Window { skew: 600, ..at(T + 101) }), Err(Unclaimed::Unknowable));
    }

    #[test]
    fn what_was_signed_before_the_start_is_refused() {
        let guard = ReplayGuard::new(T);
        assert_eq!(guard.claim("k", "a", T - 1, at(T)), Err(Unclaimed::Unknowable));
        assert_eq!(guard.claim("k", "b", T, at(T)), Ok(()));
    }

    #[test]
    fn one_of_many_racing_claims_wins() {
        let guard = ReplayGuard::new(T);
        let wins: usize = std::thread::scope(|scope| {
            let claims: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        (0..64).filter(|n| guard.claim("k", &n.to_string(), T, Window { capacity: 64, ..at(T) }).is_ok()).count()
                    })
                })
                .collect();
            claims.into_iter().map(|claim| claim.join().unwrap()).sum()
        });
        assert_eq!(wins, 64);
        assert_eq!(guard.len(), 64);
    }
}
