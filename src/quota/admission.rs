//! A request's way through its budgets: admitted, reserved, settled. What is not settled is given back when it is dropped.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::Quota;
use super::account::{Account, Kind, Lasting};
use super::decide::{Demand, Need, is_held, reserve};
use super::price::{Price, Spent};
use super::settings::{Asker, Budgets, Rule};
use super::status::count;
use super::window::Stretch;
use crate::store::{Account as AccountKey, Amount};

/// A rule that counts a request, and where.
#[derive(Debug)]
pub(super) struct Seat {
    pub rule: Arc<Rule>,
    pub account: Arc<Mutex<Account>>,
    pub told: bool,
    key: AccountKey,
}

/// Why a request is turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// By this limit.
    Limit {
        rule: Box<str>,
        kind: Kind,
        /// The numbers are the person's own, or the operator shows them.
        told: bool,
        used: u64,
        reserved: u64,
        limit: u64,
        /// As [`super::LimitStatus::resets_at`].
        resets_at: Option<i64>,
        /// What is left is held by requests that run: it may come free before.
        held: bool,
    },
    /// More people are counted than there is room for.
    Full,
}

/// What would be kept free by one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub rule: Box<str>,
    pub kind: Kind,
    pub amount: u64,
    /// As [`super::RuleStatus::told`].
    pub told: bool,
}

/// A request that was let in. Its place among the streams is free again when this is dropped.
#[derive(Debug, Default)]
pub struct Admission {
    pub(super) seats: Vec<Seat>,
    streams: bool,
}

impl Drop for Admission {
    fn drop(&mut self) {
        if self.streams {
            for seat in self.seats.iter().filter(|seat| seat.rule.limits.streams.is_some()) {
                let mut account = seat.account.lock();
                account.streams = account.streams.saturating_sub(1);
            }
        }
    }
}

/// What is kept free for a request until it has ended.
#[derive(Debug)]
pub struct Reservation {
    quota: Arc<Quota>,
    holds: Vec<Hold>,
    demand: Demand,
    price: Option<Price>,
}

#[derive(Debug)]
struct Hold {
    account: Arc<Mutex<Account>>,
    key: AccountKey,
    kind: Lasting,
    period: u32,
    amount: u64,
    /// Less than the request may come to.
    short: bool,
}

impl Quota {
    /// Lets a request in, all rules willing: counts it, and with `streams` takes it a place among those that are being answered.
    ///
    /// # Errors
    /// By the first rule that does not allow it. Nothing is counted then.
    pub fn admit(&self, budgets: &Budgets, asker: &Asker<'_>, streams: bool, now: i64) -> Result<Admission, Denied> {
        let seats = self.seats(budgets, asker, now)?;
        let mut accounts = lock(&seats);
        for (seat, account) in seats.iter().zip(&mut accounts) {
            check(seat, account, Kind::Requests, now)?;
            if streams {
                check(seat, account, Kind::Streams, now)?;
            }
        }
        for (seat, account) in seats.iter().zip(&mut accounts) {
            if seat.rule.limits.requests.is_some() {
                account.requests.take(Stretch::MINUTE, now);
            }
            account.streams += u64::from(streams && seat.rule.limits.streams.is_some());
        }
        drop(accounts);
        Ok(Admission { seats, streams })
    }

    /// Counts a sandbox that is about to be made.
    ///
    /// # Errors
    /// As [`Quota::admit`].
    pub fn admit_sandbox(&self, budgets: &Budgets, asker: &Asker<'_>, now: i64) -> Result<(), Denied> {
        let mut seats = self.seats(budgets, asker, now)?;
        seats.retain(|seat| seat.rule.limits.sandboxes.is_some());
        let mut accounts = lock(&seats);
        for (seat, account) in seats.iter().zip(&mut accounts) {
            check(seat, account, Kind::Sandboxes, now)?;
        }
        for account in &mut accounts {
            account.sandboxes.take(Stretch::HOUR, now);
        }
        Ok(())
    }

    /// Keeps free what a request may come to, all rules willing.
    ///
    /// # Errors
    /// By the first rule that has too little left. Nothing is reserved then.
    pub fn reserve(
        self: &Arc<Self>,
        admission: &Admission,
        demand: Demand,
        price: Option<Price>,
        now: i64,
    ) -> Result<Reservation, Denied> {
        let mut accounts = lock(&admission.seats);
        let planned = plan(&admission.seats, &mut accounts, demand, price, now)?;
        let mut holds = Vec::with_capacity(planned.len());
        for Planned { place, kind, period, amount, short } in planned {
            accounts[place].purse(kind).reserved += amount;
            let seat = &admission.seats[place];
            holds.push(Hold { account: Arc::clone(&seat.account), key: seat.key, kind, period, amount, short });
        }
        drop(accounts);
        Ok(Reservation { quota: Arc::clone(self), holds, demand, price })
    }

    /// What [`Quota::reserve`] would keep free, by rule: tokens, and money in millionths of a unit. Changes nothing.
    ///
    /// # Errors
    /// As [`Quota::reserve`].
    pub fn preview(
        &self,
        budgets: &Budgets,
        asker: &Asker<'_>,
        demand: Demand,
        price: Option<Price>,
        now: i64,
    ) -> Result<Vec<Preview>, Denied> {
        let seats = self.seats(budgets, asker, now)?;
        let mut accounts = lock(&seats);
        let planned = plan(&seats, &mut accounts, demand, price, now)?;
        drop(accounts);
        let previews = planned.iter().map(|hold| Preview {
            rule: seats[hold.place].rule.name().into(),
            kind: hold.kind.kind(),
            amount: hold.amount,
            told: seats[hold.place].told,
        });
        Ok(previews.collect())
    }

    /// The rules that count somebody, in the order in which their accounts are locked: the same for everybody.
    fn seats(&self, budgets: &Budgets, asker: &Asker<'_>, now: i64) -> Result<Vec<Seat>, Denied> {
        let mut seats = Vec::new();
        for rule in &budgets.rules {
            let Some(key) = rule.account_of(asker, &self.key) else { continue };
            let account = self.account(key, now).ok_or(Denied::Full)?;
            seats.push(Seat { rule: Arc::clone(rule), account, told: rule.tells(asker), key });
        }
        seats.sort_unstable_by_key(|seat| seat.key);
        Ok(seats)
    }
}

impl Reservation {
    /// What it is settled by from now on. What is held stays as it is: where the price is higher, the money may come to more than was held.
    pub fn set_price(&mut self, price: Option<Price>) {
        self.price = price;
    }

    /// The most tokens of each answer that fit into what is kept free, where that is less than the request may come to. An answer that is
    /// longer uses more of the budget than there was.
    #[must_use]
    pub fn output_room(&self) -> Option<u64> {
        let rooms = self.holds.iter().filter(|hold| hold.short).map(|hold| match (hold.kind, self.price) {
            (Lasting::Tokens, _) => hold.amount.saturating_sub(self.demand.input),
            (Lasting::Money, Some(price)) => price.output_for(hold.amount, self.demand.input),
            (Lasting::Money, None) => u64::MAX,
        });
        rooms.min().map(|room| room / self.demand.answers.max(1))
    }

    /// Counts what was used in the place of what was reserved, and writes it down. What belongs to a period that is over is not counted
    /// any more. Returns what it cost, in millionths of a unit.
    pub fn settle(mut self, spent: &Spent) -> u64 {
        let holds = std::mem::take(&mut self.holds);
        let money = self.price.map_or(0, |price| price.of(spent));
        let mut amounts = Vec::with_capacity(holds.len());
        for hold in holds {
            let used = match hold.kind {
                Lasting::Tokens => spent.tokens(),
                Lasting::Money => money,
            };
            if hold.account.lock().purse(hold.kind).settle(hold.period, hold.amount, used) && used > 0 {
                let Hold { key: account, kind, period, .. } = hold;
                amounts.push(Amount { account, kind: kind.number(), period, amount: used, reset: false });
            }
        }
        self.quota.note(&amounts);
        money
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        for hold in &self.holds {
            hold.account.lock().purse(hold.kind).settle(hold.period, hold.amount, 0);
        }
    }
}

/// What is to be held of the account at one place.
struct Planned {
    place: usize,
    kind: Lasting,
    period: u32,
    amount: u64,
    short: bool,
}

/// What is to be held of each account; or the first rule that has too little left.
fn plan(
    seats: &[Seat],
    accounts: &mut [MutexGuard<'_, Account>],
    demand: Demand,
    price: Option<Price>,
    now: i64,
) -> Result<Vec<Planned>, Denied> {
    let mut planned = Vec::new();
    for (place, (seat, account)) in seats.iter().zip(accounts).enumerate() {
        for kind in Lasting::ALL {
            let Some(limit) = seat.rule.limits.of(kind.kind()) else { continue };
            let need = need(&seat.rule, kind, demand, price);
            let purse = account.purse(kind);
            purse.roll(kind.period(now));
            let (used, period) = (purse.used, purse.period);
            let Some(amount) = reserve(limit, used, purse.reserved, need) else {
                return Err(deny(seat, account, kind.kind(), is_held(limit, used, need), now));
            };
            planned.push(Planned { place, kind, period, amount, short: amount < need.most });
        }
    }
    Ok(planned)
}

/// Locks the accounts of all seats at once, so that what is decided of one holds for all. No two seats have the same account: no two
/// rules count the same people in the same way.
fn lock(seats: &[Seat]) -> Vec<MutexGuard<'_, Account>> {
    seats.iter().map(|seat| seat.account.lock()).collect()
}

fn check(seat: &Seat, account: &mut Account, kind: Kind, now: i64) -> Result<(), Denied> {
    let Some(limit) = seat.rule.limits.of(kind) else { return Ok(()) };
    let (used, _, _) = count(account, kind, now);
    if used < limit { Ok(()) } else { Err(deny(seat, account, kind, kind == Kind::Streams, now)) }
}

fn deny(seat: &Seat, account: &mut Account, kind: Kind, held: bool, now: i64) -> Denied {
    let (used, reserved, mut resets_at) = count(account, kind, now);
    // When the others asked is theirs to know.
    match kind {
        Kind::Requests if !seat.told => resets_at = Some(now + Stretch::MINUTE.length()),
        Kind::Sandboxes if !seat.told => resets_at = Some(now + Stretch::HOUR.length()),
        _ => {}
    }
    let limit = seat.rule.limits.of(kind).unwrap_or_default();
    Denied::Limit { rule: seat.rule.name().into(), kind, told: seat.told, used, reserved, limit, resets_at, held }
}

/// What a request needs of one account.
fn need(rule: &Rule, kind: Lasting, demand: Demand, price: Option<Price>) -> Need {
    let output = demand.output.unwrap_or(rule.assumed_output);
    let least = output.min(demand.least_output.max(1));
    let cost = |output| {
        let spent = Spent { input: demand.input, cached: 0, output };
        match kind {
            Lasting::Tokens => spent.tokens(),
            Lasting::Money => price.map_or(0, |price| price.of(&spent)),
        }
    };
    Need { least: cost(least.saturating_mul(demand.answers)), most: cost(output.saturating_mul(demand.answers)) }
}
