//! Counts beside what they should be.

mod lasting;
mod model;
mod rules;

use std::net::IpAddr;
use std::sync::Arc;

use super::*;
use crate::enforce::{UserScope, test_scope};
use crate::identity::Assurance;
use crate::ids::ClientName;
use crate::setting::Faults;
use crate::store::simulated::SimulatedDisk;

/// Noon of a day, in the middle of a month.
const NOON: i64 = 1_750_000_000_000 - 1_750_000_000_000 % 86_400_000 + 43_200_000;
const DAY: i64 = 86_400_000;
const KEY: [u8; 32] = [7; 32];

/// Everybody in a test, with the parts that an asker borrows.
struct Person {
    scope: Option<UserScope>,
    client: ClientName,
    peer: IpAddr,
}

impl Person {
    fn named(user: &str) -> Self {
        Self { scope: Some(test_scope(user, Assurance::Vouched)), ..Self::unnamed("127.0.0.1") }
    }

    fn unnamed(peer: &str) -> Self {
        Self { scope: None, client: ClientName::parse("ui").unwrap(), peer: peer.parse().unwrap() }
    }

    fn asker(&self) -> Asker<'_> {
        Asker::of(self.scope.as_ref(), &self.client, self.peer)
    }
}

fn resolve_json(json: &serde_json::Value) -> (Budgets, Vec<String>) {
    let files: Vec<BudgetFile> = serde_json::from_value(json.clone()).unwrap();
    let mut faults = Faults::default();
    let clients = [ClientName::parse("ui").unwrap()];
    let budgets = resolve(&files, &clients, "budgets", &mut faults);
    (budgets, faults.into_vec().into_iter().map(|fault| format!("{}: {}", fault.path, fault.reason)).collect())
}

fn budgets(json: &serde_json::Value) -> Budgets {
    let (budgets, faults) = resolve_json(json);
    assert_eq!(faults, [""; 0]);
    budgets
}

fn quota_on(disk: &SimulatedDisk) -> Arc<Quota> {
    let (ledger, spent) = Ledger::open(Arc::new(disk.clone())).unwrap();
    Arc::new(Quota::new(&KEY, ledger, spent))
}

fn quota() -> Arc<Quota> {
    quota_on(&SimulatedDisk::default())
}

fn demand(input: u64, output: u64) -> Demand {
    Demand { input, output: Some(output), least_output: 1, answers: 1 }
}

/// Used and reserved of one kind, by the only rule that limits it.
fn taken(quota: &Quota, budgets: &Budgets, person: &Person, kind: Kind, now: i64) -> (u64, u64) {
    let rules = quota.status(budgets, &person.asker(), now);
    let limit = rules.iter().flat_map(|rule| &rule.limits).find(|limit| limit.kind == kind).unwrap();
    (limit.used, limit.reserved)
}

fn kind_of(denied: &Denied) -> Kind {
    match denied {
        Denied::Limit { kind, .. } => *kind,
        Denied::Full => panic!("no room"),
    }
}
