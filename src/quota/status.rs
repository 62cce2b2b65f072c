//! How a person stands with the budgets that count them.

use super::account::{Account, Kind, Lasting};
use super::decide::Zone;
use super::settings::{Asker, Budgets, Rule};
use super::window::Stretch;
use super::{Admission, Quota};
use crate::ids::UserId;
use crate::store::StoreError;

/// How one limit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitStatus {
    pub kind: Kind,
    pub zone: Zone,
    pub used: u64,
    /// Held by requests that run.
    pub reserved: u64,
    pub limit: u64,
    /// When room comes, in milliseconds since the Unix epoch: the period's end, or when the first request leaves the window. None where
    /// nothing waits for a time.
    pub resets_at: Option<i64>,
}

/// How one rule stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleStatus {
    pub rule: Box<str>,
    /// The person may see the numbers: they are theirs alone, or the operator shows them.
    pub told: bool,
    pub limits: Vec<LimitStatus>,
}

pub(super) const KINDS: [Kind; 5] = [Kind::Requests, Kind::Streams, Kind::Sandboxes, Kind::Tokens, Kind::Money];

impl Quota {
    /// All rules that count somebody, and how they stand. Counts nothing.
    #[must_use]
    pub fn status(&self, budgets: &Budgets, asker: &Asker<'_>, now: i64) -> Vec<RuleStatus> {
        let rules = budgets.rules.iter().filter_map(|rule| {
            let key = rule.account_of(asker, &self.key)?;
            let found = self.accounts.get(&key).map(|found| std::sync::Arc::clone(&found));
            let limits = match found {
                Some(account) => stand(rule, &mut account.lock(), now),
                None => stand(rule, &mut Account::default(), now),
            };
            Some(RuleStatus { rule: rule.name().into(), told: rule.tells(asker), limits })
        });
        rules.collect()
    }
}

impl Quota {
    /// How a user stands with one rule that counts them apart; none where it does not, or they used nothing of it yet.
    #[must_use]
    pub fn standing_of(&self, rule: &Rule, user: &UserId, now: i64) -> Option<Vec<LimitStatus>> {
        let key = rule.account_of(&rule.asker_of(user)?, &self.key)?;
        let found = self.accounts.get(&key).map(|found| std::sync::Arc::clone(&found))?;
        let limits = stand(rule, &mut found.lock(), now);
        Some(limits)
    }

    /// Whether anything of a user's is counted by a rule that counts them apart.
    #[must_use]
    pub fn has_account(&self, rule: &Rule, user: &UserId) -> bool {
        let key = rule.asker_of(user).and_then(|asker| rule.account_of(&asker, &self.key));
        key.is_some_and(|key| self.accounts.contains_key(&key))
    }

    /// As [`Quota::reset`], for a user whom the rule counts apart.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn reset_of(&self, rule: &Rule, user: &UserId, now: i64) -> Result<bool, StoreError> {
        rule.asker_of(user).map_or(Ok(false), |asker| self.reset(rule, &asker, now))
    }
}

impl Admission {
    /// The limits of the request that are in another zone than the open one.
    #[must_use]
    pub fn warnings(&self, now: i64) -> Vec<RuleStatus> {
        let warned = self.seats.iter().filter(|seat| seat.rule.soft.is_some()).filter_map(|seat| {
            let mut limits = stand(&seat.rule, &mut seat.account.lock(), now);
            limits.retain(|limit| limit.zone > Zone::Open && limit.kind != Kind::Sandboxes);
            (!limits.is_empty()).then(|| RuleStatus { rule: seat.rule.name().into(), told: seat.told, limits })
        });
        warned.collect()
    }
}

fn stand(rule: &Rule, account: &mut Account, now: i64) -> Vec<LimitStatus> {
    let limits = KINDS.into_iter().filter_map(|kind| Some((kind, rule.limits.of(kind)?)));
    limits
        .map(|(kind, limit)| {
            let (used, reserved, resets_at) = count(account, kind, now);
            let zone = Zone::of(used.saturating_add(reserved), limit, rule.soft);
            LimitStatus { kind, zone, used, reserved, limit, resets_at }
        })
        .collect()
}

/// What is used and reserved, and when that changes.
pub(super) fn count(account: &mut Account, kind: Kind, now: i64) -> (u64, u64, Option<i64>) {
    let lasting = match kind {
        Kind::Requests => {
            let used = account.requests.used(Stretch::MINUTE, now);
            return (used, 0, account.requests.frees_at(Stretch::MINUTE));
        }
        Kind::Sandboxes => {
            let used = account.sandboxes.used(Stretch::HOUR, now);
            return (used, 0, account.sandboxes.frees_at(Stretch::HOUR));
        }
        Kind::Streams => return (account.streams, 0, None),
        Kind::Tokens => Lasting::Tokens,
        Kind::Money => Lasting::Money,
    };
    let purse = account.purse(lasting);
    purse.roll(lasting.period(now));
    (purse.used, purse.reserved, Some(lasting.ends(purse.period)))
}
