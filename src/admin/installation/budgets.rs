//! Budgets: the rules, who uses how much, and a fresh start for one user.

use super::super::api::{BudgetAccount, BudgetFilter, BudgetLimit, BudgetRow, BudgetStanding, Page, ResetBudget, page_size};
use super::super::control::{Control, block, parse_user};
use super::super::principal::Principal;
use super::super::problem::Problem;
use crate::ids::UserId;
use crate::proxy::unix_ms;
use crate::quota::{LimitStatus, Rule, Zone};
use crate::telemetry::ActRecord;
use crate::telemetry::audit::{ActOutcome, Clipped};

impl Control {
    /// Every budget rule.
    pub async fn list_budgets(&self, _by: &Principal) -> Result<Vec<BudgetRow>, Problem> {
        let control = self.clone();
        block(move || {
            let runtime = control.runtime.load();
            let users = control.users();
            let quota = &control.services.quota;
            let rows = runtime.budgets.rules().iter().map(|rule| {
                let accounts = users.iter().filter(|user| quota.has_account(rule, user)).count() as u64;
                let limits = rule.limits().map(|(kind, limit)| BudgetLimit { kind: kind.as_str().to_owned(), limit });
                BudgetRow { name: rule.name().to_owned(), scope: rule.describe(), limits: limits.collect(), accounts }
            });
            Ok(rows.collect())
        })
        .await
    }

    /// Who uses how much, by the user's name and in the order of the rules; users who used nothing are left out.
    pub async fn list_budget_accounts(&self, _by: &Principal, filter: BudgetFilter) -> Result<Page<BudgetAccount>, Problem> {
        let size = page_size(filter.limit);
        let BudgetFilter { user, rule, zone, cursor, .. } = filter;
        let wanted_zone = zone.as_deref().filter(|zone| !zone.is_empty()).map(read_zone).transpose()?;
        let user = user.filter(|text| !text.is_empty());
        let rule = rule.filter(|text| !text.is_empty());
        let after = cursor.as_deref().map(read_cursor).transpose()?;
        let control = self.clone();
        block(move || {
            let (runtime, now) = (control.runtime.load(), unix_ms());
            let users = control.users_like(user.as_deref());
            let rules = runtime.budgets.rules();
            let begun = after.as_ref().map_or(0, |(user, _)| users.partition_point(|known| known < user));
            let pairs = users[begun..].iter().flat_map(|user| rules.iter().enumerate().map(move |(at, rule)| (user, at, rule)));
            let quota = &control.services.quota;
            let mut found = pairs
                .filter(|(user, at, known)| {
                    after.as_ref().is_none_or(|(last, seen)| *user != last || at > seen)
                        && rule.as_deref().is_none_or(|wanted| wanted == known.name())
                })
                .filter_map(|(user, at, rule)| {
                    let limits = quota.standing_of(rule, user, now)?;
                    let fits = wanted_zone.is_none_or(|wanted| limits.iter().any(|limit| limit.zone >= wanted));
                    fits.then(|| (at, account(user, rule, &limits)))
                })
                .peekable();
            let mut items = Vec::new();
            let mut last = None;
            while items.len() < size
                && let Some((at, account)) = found.next()
            {
                last = Some(format!("{at}.{}", account.user));
                items.push(account);
            }
            Ok(Page { items, next: last.filter(|_| found.peek().is_some()), total: None })
        })
        .await
    }

    /// Takes what a user has used off one rule, on record.
    pub async fn reset_budget(&self, by: &Principal, reset: ResetBudget) -> Result<(), Problem> {
        let user = parse_user(&reset.user)?;
        let runtime = self.runtime.load_full();
        let known = runtime.budgets.rules().iter().find(|rule| rule.name() == reset.rule).cloned();
        let rule = known.ok_or_else(|| Problem::not_found("No budget rule has this name. GET /v1/budgets lists them."))?;
        if !rule.counts_apart(&user) {
            return Err(Problem::invalid(
                "The rule does not count this user apart from others, so there is nothing of theirs to take off.",
            ));
        }
        let begun = ActRecord::begun("budget.reset", by.name(), unix_ms());
        let act =
            ActRecord { user: Some(user.clone()), reason: Some(Clipped::new(&format!("of the rule {}", rule.name()))), ..begun };
        let control = self.clone();
        block(move || {
            control.act(act, |_, act| {
                let reset = control.services.quota.reset_of(&rule, &user, act.time)?;
                if !reset {
                    act.outcome = ActOutcome::Unchanged;
                }
                Ok(())
            })
        })
        .await
    }

    /// The one user whose whole id that is, else those with that part in theirs, whatever its case. In order.
    fn users_like(&self, part: Option<&str>) -> Vec<UserId> {
        let whole = part.filter(|part| part.contains(':')).and_then(|part| UserId::try_from(part.to_owned()).ok());
        if let Some(user) = whole.filter(|user| self.store().find_user(user).is_some()) {
            return vec![user];
        }
        let part = part.map(str::to_lowercase);
        let mut users = self.users();
        users.retain(|known| part.as_deref().is_none_or(|part| known.to_string().to_lowercase().contains(part)));
        users.sort_unstable();
        users
    }

    /// Everybody with a memory, sandboxes too.
    fn users(&self) -> Vec<UserId> {
        let mut users = Vec::new();
        self.store().each_user(|user| users.push(user.clone()));
        users
    }
}

fn account(user: &UserId, rule: &Rule, limits: &[LimitStatus]) -> BudgetAccount {
    let limits = limits.iter().map(|limit| BudgetStanding {
        kind: limit.kind.as_str().to_owned(),
        zone: limit.zone.as_str().to_owned(),
        used: limit.used,
        reserved: limit.reserved,
        limit: limit.limit,
        resets_at: limit.resets_at,
    });
    BudgetAccount { user: user.to_string(), rule: rule.name().to_owned(), limits: limits.collect() }
}

fn read_zone(text: &str) -> Result<Zone, Problem> {
    [Zone::Open, Zone::Soft, Zone::Hard]
        .into_iter()
        .find(|zone| zone.as_str() == text)
        .ok_or_else(|| Problem::invalid("`zone` is one of: open, soft, hard."))
}

/// The last user of the page before, and the number of the last rule.
fn read_cursor(text: &str) -> Result<(UserId, usize), Problem> {
    let read = || {
        let (rule, user) = text.split_once('.')?;
        Some((UserId::try_from(user.to_owned()).ok()?, rule.parse().ok()?))
    };
    read().ok_or_else(|| Problem::invalid("The cursor is none of this list's. Leave it out."))
}
