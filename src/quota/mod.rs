//! Budgets and limits: how much a person, tenant or client may ask for, and what was asked so far.
//!
//! A rule says who is counted, what is counted apart, and the limits. All rules that match a request must allow it. Requests, streams
//! and sandboxes are counted in RAM; tokens and money are reserved before a request is forwarded, settled at its end, and written to the
//! ledger. Decisions are pure (`decide`); every account of a request is locked while they are made, so that counts are exact.

mod account;
mod admission;
mod decide;
mod price;
mod settings;
mod status;
#[cfg(test)]
mod tests;
mod window;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use dashmap::DashMap;
use parking_lot::Mutex;

use crate::store::{Account as AccountKey, Amount, Ledger, StoreError};

pub use account::Kind;
use account::{Account, Lasting};
pub use admission::{Admission, Denied, Preview, Reservation};
pub use decide::{Demand, Zone};
pub use price::{Price, Spent};
pub use settings::{Asker, BudgetFile, Budgets, Each, Rule, resolve};
pub use status::{LimitStatus, RuleStatus};

/// Subjects that are counted at a time. Each takes about 200 bytes.
const MOST_SUBJECTS: usize = 1 << 20;
/// Least time between two searches for accounts that can go, in milliseconds, while there is no room.
const SWEEP_EVERY: i64 = 1000;
/// The same, while there is.
const TIDY_EVERY: i64 = 60_000;

/// All counts. One for the process: a reload changes rules, not counts.
#[derive(Debug)]
pub struct Quota {
    /// Of the hashes by which accounts are named.
    key: [u8; 16],
    accounts: DashMap<AccountKey, Arc<Mutex<Account>>>,
    ledger: Ledger,
    most: usize,
    swept: AtomicI64,
    failures: AtomicU64,
}

impl Quota {
    /// Takes up what the ledger says was spent.
    #[must_use]
    pub fn new(key: &[u8; 32], ledger: Ledger, spent: Vec<Amount>) -> Self {
        let mut short = [0; 16];
        short.copy_from_slice(&key[..16]);
        let quota = Self {
            key: short,
            accounts: DashMap::new(),
            ledger,
            most: MOST_SUBJECTS,
            swept: AtomicI64::new(i64::MIN),
            failures: AtomicU64::new(0),
        };
        for amount in spent {
            if let Some(kind) = Lasting::of_number(amount.kind) {
                let account = quota.accounts.entry(amount.account).or_default();
                account.lock().purse(kind).restore(amount.period, amount.amount);
            }
        }
        quota
    }

    /// As [`Quota::new`], for at most so many subjects.
    #[cfg(test)]
    fn with_room(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// The account of a name; `None` where there is no room for one more.
    fn account(&self, key: AccountKey, now: i64) -> Option<Arc<Mutex<Account>>> {
        if let Some(found) = self.accounts.get(&key) {
            return Some(Arc::clone(&found));
        }
        if self.accounts.len() >= self.most {
            let swept = self.swept.load(Ordering::Relaxed);
            if now.saturating_sub(swept) < SWEEP_EVERY {
                return None;
            }
            self.sweep(now);
            if self.accounts.len() >= self.most {
                return None;
            }
        }
        Some(Arc::clone(&self.accounts.entry(key).or_default()))
    }

    /// Lets go of accounts that say nothing any more: nobody uses them, and nothing was counted on them lately.
    fn sweep(&self, now: i64) {
        self.swept.store(now, Ordering::Relaxed);
        // Whoever has an account in hand got it under the lock of its shard, which is held here.
        self.accounts.retain(|_, account| Arc::strong_count(account) > 1 || !account.lock().is_idle(now));
    }

    /// What is to be done now and then, off the requests' path: lasting sums, a short file, no accounts without use.
    ///
    /// # Errors
    /// When the disk fails; it is tried again next time.
    pub fn tidy(&self, now: i64) -> Result<(), StoreError> {
        if now.saturating_sub(self.swept.load(Ordering::Relaxed)) >= TIDY_EVERY {
            self.sweep(now);
        }
        self.ledger.sync()?;
        self.ledger.compact(|kind, period| Lasting::of_number(kind).is_none_or(|kind| period < kind.period(now)))?;
        Ok(())
    }

    /// Forgets what one subject of a rule has used, for an operator. False where nothing is known of it.
    ///
    /// # Errors
    /// When it cannot be written down; until a restart it holds all the same.
    pub fn reset(&self, rule: &Rule, asker: &Asker<'_>, now: i64) -> Result<bool, StoreError> {
        let Some(key) = rule.account_of(asker, &self.key) else { return Ok(false) };
        let Some(found) = self.accounts.get(&key).map(|found| Arc::clone(&found)) else { return Ok(false) };
        found.lock().forget();
        let void = Lasting::ALL.map(|kind| Amount {
            account: key,
            kind: kind.number(),
            period: kind.period(now),
            amount: 0,
            reset: true,
        });
        self.ledger.append(&void)?;
        Ok(true)
    }

    /// Writes down what was spent. A failure loses it at the next restart, and nothing else.
    fn note(&self, amounts: &[Amount]) {
        if let Err(error) = self.ledger.append(amounts) {
            self.failures.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%error, "what was spent of a budget could not be written down; it counts until a restart");
        }
    }

    /// Requests whose cost could not be written down.
    #[must_use]
    pub fn failures(&self) -> &AtomicU64 {
        &self.failures
    }

    /// Subjects that are counted.
    #[must_use]
    pub fn subjects(&self) -> usize {
        self.accounts.len()
    }
}
