//! What outlives the process, a power cut and a reload.

use serde_json::json;

use super::*;
use crate::store::simulated::{End, Fault};

fn spend(quota: &Arc<Quota>, rules: &Budgets, person: &Person, tokens: u64, now: i64) {
    let admission = quota.admit(rules, &person.asker(), true, now).unwrap();
    let held = quota.reserve(&admission, demand(tokens, 0), None, now).unwrap();
    held.settle(&Spent { input: tokens, cached: 0, output: 0 });
}

#[test]
fn what_was_settled_outlives_a_kill_and_what_was_only_reserved_does_not() {
    let rules = budgets(&json!([{"each": "user", "tokens_per_day": 100}]));
    let disk = SimulatedDisk::default();
    let (quota, alice) = (quota_on(&disk), Person::named("alice"));
    spend(&quota, &rules, &alice, 30, NOON);
    let admission = quota.admit(&rules, &alice.asker(), true, NOON).unwrap();
    let _held = quota.reserve(&admission, demand(40, 0), None, NOON).unwrap();
    let after = quota_on(&disk.after(End::Killed));
    assert_eq!(taken(&after, &rules, &alice, Kind::Tokens, NOON), (30, 0));
    assert_eq!(taken(&after, &rules, &Person::named("acme:alice"), Kind::Tokens, NOON), (0, 0));
}

#[test]
fn other_limits_keep_what_was_counted() {
    let disk = SimulatedDisk::default();
    let (quota, alice) = (quota_on(&disk), Person::named("alice"));
    let rules = budgets(&json!([{"each": "user", "tokens_per_day": 100, "requests_per_minute": 1}]));
    spend(&quota, &rules, &alice, 100, NOON);
    let raised =
        budgets(&json!([{"streams": 9}, {"each": "user", "name": "people", "tokens_per_day": 150, "requests_per_minute": 2}]));
    assert_eq!(taken(&quota, &raised, &alice, Kind::Tokens, NOON), (100, 0));
    spend(&quota, &raised, &alice, 50, NOON);
    assert_eq!(kind_of(&quota.admit(&raised, &alice.asker(), true, NOON).unwrap_err()), Kind::Requests);
    assert_eq!(taken(&quota_on(&disk), &rules, &alice, Kind::Tokens, NOON), (150, 0));
}

#[test]
fn an_operators_reset_lasts_and_touches_nobody_else() {
    let rules = budgets(&json!([{"each": "user", "tokens_per_day": 100, "requests_per_minute": 5}]));
    let disk = SimulatedDisk::default();
    let (quota, alice, bob) = (quota_on(&disk), Person::named("alice"), Person::named("bob"));
    spend(&quota, &rules, &alice, 60, NOON);
    spend(&quota, &rules, &bob, 70, NOON);
    assert!(quota.reset(&rules.rules()[0], &alice.asker(), NOON).unwrap());
    assert!(!quota.reset(&rules.rules()[0], &Person::named("carol").asker(), NOON).unwrap());
    spend(&quota, &rules, &alice, 5, NOON);
    for quota in [&quota, &quota_on(&disk.after(End::Killed))] {
        assert_eq!(taken(quota, &rules, &alice, Kind::Tokens, NOON), (5, 0));
        assert_eq!(taken(quota, &rules, &bob, Kind::Tokens, NOON), (70, 0));
    }
}

/// Enough that the ledger is written anew.
fn fill(quota: &Arc<Quota>, rules: &Budgets, person: &Person, requests: u64) {
    for _ in 0..requests {
        spend(quota, rules, person, 1, NOON);
    }
}

#[test]
fn the_ledger_stays_short_and_keeps_every_token() {
    let rules = budgets(&json!([{"each": "user", "tokens_per_day": 1_000_000}]));
    let disk = SimulatedDisk::default();
    let (quota, alice, bob) = (quota_on(&disk), Person::named("alice"), Person::named("bob"));
    spend(&quota, &rules, &bob, 9, NOON - DAY);
    fill(&quota, &rules, &alice, 30_000);
    let length = |disk: &SimulatedDisk| disk.contents("budgets.ledger").unwrap().len();
    assert!(length(&disk) > 1 << 20);
    quota.tidy(NOON).unwrap();
    assert!(length(&disk) < 100, "{}", length(&disk));
    spend(&quota, &rules, &alice, 1, NOON);
    for end in [End::Killed, End::PowerCut { seed: 3 }] {
        quota.tidy(NOON).unwrap();
        let after = quota_on(&disk.after(end));
        assert_eq!(taken(&after, &rules, &alice, Kind::Tokens, NOON), (30_001, 0));
    }
}

#[test]
fn a_power_cut_keeps_what_was_synced_and_never_makes_more_of_it() {
    let rules = budgets(&json!([{"each": "user", "tokens_per_day": 1_000_000}]));
    let alice = Person::named("alice");
    for seed in 0..200 {
        let disk = SimulatedDisk::default();
        let quota = quota_on(&disk);
        fill(&quota, &rules, &alice, 20 + seed % 7);
        quota.tidy(NOON).unwrap();
        fill(&quota, &rules, &alice, 15);
        let after = disk.after(End::PowerCut { seed });
        let (used, _) = taken(&quota_on(&after), &rules, &alice, Kind::Tokens, NOON);
        assert!((20 + seed % 7..=35 + seed % 7).contains(&used), "{used}");
        // Opening drops the torn tail, once.
        let again = quota_on(&after);
        spend(&again, &rules, &alice, 1, NOON);
        assert_eq!(taken(&quota_on(&after.after(End::Killed)), &rules, &alice, Kind::Tokens, NOON), (used + 1, 0));
    }
}

#[test]
fn a_power_cut_while_the_file_is_written_anew_loses_nothing_that_was_synced() {
    let rules = budgets(&json!([{"each": "user", "tokens_per_day": 1_000_000}]));
    let alice = Person::named("alice");
    let disk = SimulatedDisk::default();
    fill(&quota_on(&disk), &rules, &alice, 20_000);
    let full = disk.after(End::Killed);
    for at in 1..12 {
        for seed in 0..8 {
            let disk = full.after(End::Killed);
            let quota = quota_on(&disk);
            disk.set_fault(Fault::PowerCut { at: disk.acts() + at });
            let _ = quota.tidy(NOON);
            let after = disk.after(End::PowerCut { seed });
            assert_eq!(taken(&quota_on(&after), &rules, &alice, Kind::Tokens, NOON).0, 20_000, "act {at}, seed {seed}");
        }
    }
}

#[test]
fn a_full_disk_costs_no_count_and_no_later_one() {
    let rules = budgets(&json!([{"each": "user", "tokens_per_day": 1000}]));
    let disk = SimulatedDisk::default();
    let (quota, alice) = (quota_on(&disk), Person::named("alice"));
    spend(&quota, &rules, &alice, 10, NOON);
    disk.set_fault(Fault::DiskFull { at: disk.acts() + 1, writes: 1 });
    spend(&quota, &rules, &alice, 20, NOON);
    assert_eq!(quota.failures().load(std::sync::atomic::Ordering::Relaxed), 1);
    assert_eq!(taken(&quota, &rules, &alice, Kind::Tokens, NOON), (30, 0));
    disk.set_fault(Fault::Never);
    spend(&quota, &rules, &alice, 40, NOON);
    assert_eq!(taken(&quota_on(&disk.after(End::Killed)), &rules, &alice, Kind::Tokens, NOON), (50, 0));
}

#[test]
fn the_ledger_names_nobody() {
    let rules = budgets(&json!([{"each": "user", "tokens_per_day": 1000}, {"tenant": "megacorp", "tokens_per_day": 1000}]));
    let disk = SimulatedDisk::default();
    spend(&quota_on(&disk), &rules, &Person::named("megacorp:alice"), 10, NOON);
    let text = String::from_utf8_lossy(&disk.contents("budgets.ledger").unwrap()).into_owned();
    assert!(!text.contains("alice") && !text.contains("megacorp"));
}
