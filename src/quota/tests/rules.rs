//! Whom rules count, and what they say of faults.

use serde_json::json;

use super::*;

#[test]
fn every_fault_is_found_at_its_place() {
    let (_, faults) = resolve_json(&json!([
        {"each": "user", "requests_per_minute": 0},
        {"each": "tenant"},
        {"client": "nobody", "streams": 1},
        {"client": "A b", "streams": 1},
        {"user": "a", "each": "user", "tokens_per_day": 1, "soft": 1.5, "assumed_output": 0},
        {"tenant": "T", "money_per_month": -1.0},
        {"each": "user", "streams": 1, "name": "Bad name"},
        {"each": "client", "streams": 1},
        {"each": "client", "streams": 2, "name": "other"},
        {"each": "peer", "streams": 2, "name": "each-client"},
        {"each": "user", "assurance": "anonymous", "sandboxes_per_hour": 1},
    ]));
    assert_eq!(
        faults,
        [
            "budgets[0].requests_per_minute: is not between 1 and 100000000",
            "budgets[1]: sets no limit",
            "budgets[2].client: `nobody` names no client",
            "budgets[3].client: the name holds a character that is not allowed here",
            "budgets[4].each: stands beside `user`, which is one person",
            "budgets[4].soft: is not between 0 and 1",
            "budgets[4].assumed_output: is 0",
            "budgets[5].tenant: the name holds a character that is not allowed here",
            "budgets[5].money_per_month: is no amount of money that can be counted",
            "budgets[6].name: is no name",
            "budgets[8]: counts the same people in the same way as an earlier rule",
            "budgets[9].name: `each-client` names two rules",
            "budgets[10].sandboxes_per_hour: is counted apart by what is made",
        ]
    );
    assert!(serde_json::from_value::<BudgetFile>(json!({"requests": 1})).is_err());
}

#[test]
fn names_are_made_of_what_is_counted_and_never_of_a_user() {
    for (rule, name) in [
        (json!({"each": "user"}), "each-user"),
        (json!({"each": "user", "assurance": "anonymous"}), "each-user-anonymous"),
        (json!({"tenant": "acme", "each": "user"}), "each-user-tenant-acme"),
        (json!({"client": "ui"}), "client-ui"),
        (json!({"user": "acme:alice"}), "rule-1"),
        (json!({}), "rule-1"),
        (json!({"tenant": "x".repeat(64)}), "rule-1"),
        (json!({"name": "mine", "each": "peer"}), "mine"),
    ] {
        let mut rule = rule;
        rule["streams"] = 1.into();
        assert_eq!(budgets(&json!([rule])).rules()[0].name(), name);
    }
}

#[test]
fn who_is_counted_with_whom() {
    let alice = Person::named("alice");
    let acme = Person::named("acme:alice");
    let other = Person { client: ClientName::parse("cli").unwrap(), ..Person::named("alice") };
    let far = Person { peer: "203.0.113.9".parse().unwrap(), ..Person::named("alice") };
    let sandbox = Person::named("~sandbox:alice");
    let unnamed = Person::unnamed("127.0.0.1");
    let unnamed_far = Person::unnamed("203.0.113.9");
    let six = Person::unnamed("2001:db8::1");
    let six_near = Person::unnamed("2001:db8::ffff:2");
    let six_far = Person::unnamed("2001:db8:0:1::1");
    let mapped = Person::unnamed("::ffff:127.0.0.1");
    let user = json!({"each": "user"});
    for (rule, a, b, same) in [
        // Equal names of two tenants are two people.
        (&user, &alice, &acme, false),
        (&user, &alice, &other, true),
        (&user, &alice, &far, true),
        (&user, &alice, &sandbox, false),
        (&user, &alice, &unnamed, false),
        (&user, &unnamed, &unnamed_far, false),
        (&user, &unnamed, &mapped, true),
        (&user, &six, &six_near, true),
        (&user, &six, &six_far, false),
        (&json!({"each": "tenant"}), &alice, &acme, false),
        (&json!({"each": "tenant"}), &alice, &other, true),
        (&json!({"each": "client"}), &alice, &acme, true),
        (&json!({"each": "client"}), &alice, &other, false),
        (&json!({"each": "peer"}), &alice, &acme, true),
        (&json!({"each": "peer"}), &alice, &far, false),
        (&json!({}), &alice, &unnamed_far, true),
    ] {
        let mut rule = rule.clone();
        rule["streams"] = 1.into();
        let rules = budgets(&json!([rule]));
        let account = |person: &Person| rules.rules()[0].account_of(&person.asker(), &[1; 16]).unwrap();
        assert_eq!(account(a) == account(b), same, "{rule}");
        assert_ne!(account(a), rules.rules()[0].account_of(&a.asker(), &[2; 16]).unwrap(), "the hash has a key");
    }
}

#[test]
fn whom_a_rule_counts_and_who_sees_numbers() {
    let alice = Person::named("acme:alice");
    let bob = Person::named("bob");
    let unnamed = Person::unnamed("127.0.0.1");
    for (rule, of_alice, of_bob, of_unnamed) in [
        (json!({"each": "user"}), Some(true), Some(true), Some(false)),
        (json!({"user": "acme:alice"}), Some(true), None, None),
        (json!({"user": "alice"}), None, None, None),
        (json!({"tenant": "acme"}), Some(false), None, None),
        (json!({"tenant": "acme", "tell_numbers": true}), Some(true), None, None),
        (json!({"each": "tenant"}), Some(false), Some(false), None),
        (json!({"each": "user", "assurance": "anonymous"}), None, None, Some(false)),
        (json!({"assurance": "vouched"}), Some(false), Some(false), None),
        (json!({"client": "ui"}), Some(false), Some(false), Some(false)),
        (json!({"client": "unknown"}), None, None, None),
    ] {
        let mut rule = rule;
        rule["tokens_per_day"] = 1.into();
        let rules = budgets(&json!([rule]));
        for (person, told) in [(&alice, of_alice), (&bob, of_bob), (&unnamed, of_unnamed)] {
            let status = quota().status(&rules, &person.asker(), NOON);
            assert_eq!(status.first().map(|rule| rule.told), told, "{rule}");
        }
    }
}

#[test]
fn all_rules_must_allow_and_a_refusal_counts_nothing() {
    let rules = budgets(&json!([
        {"each": "user", "requests_per_minute": 2, "streams": 2, "tokens_per_day": 100},
        {"client": "ui", "requests_per_minute": 3, "tokens_per_day": 130},
    ]));
    let (quota, alice, bob) = (quota(), Person::named("alice"), Person::named("bob"));
    let admit = |person: &Person, now| quota.admit(&rules, &person.asker(), true, now);
    let first = admit(&alice, NOON).unwrap();
    let second = admit(&alice, NOON).unwrap();
    // Her own rule, twice over; neither takes anything of the client's.
    for _ in 0..5 {
        let denied = admit(&alice, NOON).unwrap_err();
        assert!(
            matches!(&denied, Denied::Limit { rule, kind: Kind::Requests, told: true, used: 2, .. } if &**rule == "each-user")
        );
    }
    let third = admit(&bob, NOON).unwrap();
    let Err(Denied::Limit { rule, told, resets_at, .. }) = admit(&bob, NOON) else { panic!() };
    assert_eq!((&*rule, told, resets_at), ("client-ui", false, Some(NOON + 60_000)));
    // A minute later the places are what is left.
    let later = NOON + 61_000;
    assert_eq!(kind_of(&admit(&alice, later).unwrap_err()), Kind::Streams);
    drop(second);
    let fourth = admit(&alice, later).unwrap();

    let held = quota.reserve(&first, demand(40, 50), None, NOON).unwrap();
    assert_eq!(taken(&quota, &rules, &alice, Kind::Tokens, NOON), (0, 90));
    // Of bob's own 100 all are free, of the client's 40 are left: the input and what fits of the answer.
    let rest = quota.reserve(&third, demand(30, 50), None, NOON).unwrap();
    assert_eq!(taken(&quota, &rules, &bob, Kind::Tokens, NOON), (0, 80));
    let denied = quota.reserve(&fourth, demand(5, 1), None, NOON).unwrap_err();
    assert!(matches!(denied, Denied::Limit { told: false, held: true, .. }), "{denied:?}");
    assert_eq!(taken(&quota, &rules, &alice, Kind::Tokens, NOON), (0, 90), "nothing is held of her own for what was refused");
    drop(held);
    assert_eq!(taken(&quota, &rules, &alice, Kind::Tokens, NOON), (0, 0));
    rest.settle(&Spent { input: 30, cached: 0, output: 7 });
    assert_eq!(taken(&quota, &rules, &bob, Kind::Tokens, NOON), (37, 0));
    assert_eq!(taken(&quota, &rules, &bob, Kind::Tokens, NOON + DAY), (0, 0), "the next day");
}

#[test]
fn money_is_counted_by_price_and_what_costs_nothing_passes() {
    let rules = budgets(&json!([{"each": "user", "money_per_month": 0.01}]));
    let (quota, alice) = (quota(), Person::named("alice"));
    let price = Some(Price { input: 1_000_000, output: 4_000_000, cached_input: 100_000 });
    let admission = quota.admit(&rules, &alice.asker(), true, NOON).unwrap();
    let held = quota.reserve(&admission, demand(2000, 1000), price, NOON).unwrap();
    assert_eq!(taken(&quota, &rules, &alice, Kind::Money, NOON), (0, 6000));
    assert_eq!(held.output_room(), None);
    assert_eq!(held.settle(&Spent { input: 2000, cached: 1000, output: 500 }), 3100);
    // 6900 are left: 1225 tokens behind an input of 2000, and not one more.
    let rest = quota.reserve(&admission, demand(2000, 2000), price, NOON).unwrap();
    assert_eq!(rest.output_room(), Some(1225));
    assert_eq!(rest.settle(&Spent { input: 2000, cached: 0, output: 1225 }), 6900);
    assert_eq!(kind_of(&quota.reserve(&admission, demand(1, 1), price, NOON).unwrap_err()), Kind::Money);
    let free = quota.reserve(&admission, demand(2000, 1), None, NOON).unwrap();
    assert_eq!(free.settle(&Spent { input: 2000, cached: 0, output: 500 }), 0);
    assert_eq!(taken(&quota, &rules, &alice, Kind::Money, NOON + 31 * DAY), (0, 0));
}

#[test]
fn warnings_come_in_the_soft_zone_alone() {
    let rules = budgets(&json!([
        {"each": "user", "tokens_per_day": 100, "soft": 0.8},
        {"client": "ui", "tokens_per_day": 1000},
    ]));
    let (quota, alice) = (quota(), Person::named("alice"));
    let admission = quota.admit(&rules, &alice.asker(), true, NOON).unwrap();
    for (used, zone) in [(79, None), (1, Some(Zone::Soft)), (20, Some(Zone::Hard))] {
        let held = quota.reserve(&admission, demand(used, 0), None, NOON).unwrap();
        held.settle(&Spent { input: used, ..Spent::default() });
        let warned = admission.warnings(NOON);
        assert_eq!(warned.first().map(|rule| rule.limits[0].zone), zone, "{used}");
        assert!(warned.iter().all(|rule| &*rule.rule == "each-user"));
    }
}

#[test]
fn sandboxes_are_counted_apart_from_what_they_do() {
    let rules = budgets(&json!([{"each": "peer", "sandboxes_per_hour": 2, "requests_per_minute": 1}]));
    let (quota, unnamed) = (quota(), Person::unnamed("127.0.0.1"));
    let make = |now| quota.admit_sandbox(&rules, &unnamed.asker(), now);
    make(NOON).unwrap();
    make(NOON + 1000).unwrap();
    let denied = make(NOON + 2000).unwrap_err();
    assert_eq!(kind_of(&denied), Kind::Sandboxes);
    quota.admit(&rules, &unnamed.asker(), true, NOON).unwrap();
    make(NOON + 61 * 60_000).unwrap();
}

#[test]
fn a_full_table_refuses_who_is_new_and_forgets_nobody() {
    let rules = budgets(&json!([{"each": "user", "requests_per_minute": 1, "tokens_per_day": 100}]));
    let (ledger, spent) = Ledger::open(Arc::new(SimulatedDisk::default())).unwrap();
    let quota = Arc::new(Quota::new(&KEY, ledger, spent).with_room(2));
    let people = ["a", "b", "c"].map(Person::named);
    let admit = |n: usize, now| quota.admit(&rules, &people[n].asker(), true, now);
    let spending = admit(0, NOON).unwrap();
    quota.reserve(&spending, demand(10, 0), None, NOON).unwrap().settle(&Spent { input: 10, cached: 0, output: 0 });
    drop(spending);
    drop(admit(1, NOON).unwrap());
    assert_eq!(admit(2, NOON).unwrap_err(), Denied::Full);
    // b's request has left the window; what a spent stays until the day is over.
    let later = NOON + 62_000;
    drop(admit(2, later).unwrap());
    assert_eq!(quota.subjects(), 2);
    assert_eq!(taken(&quota, &rules, &people[0], Kind::Tokens, later), (10, 0));
    assert_eq!(admit(1, later).unwrap_err(), Denied::Full);
    quota.tidy(NOON + DAY).unwrap();
    assert_eq!(quota.subjects(), 0);
}

#[test]
fn several_answers_share_what_is_left_and_none_gets_less_than_it_needs() {
    let rules = budgets(&json!([{"each": "user", "tokens_per_day": 1000, "assumed_output": 50}]));
    let (quota, alice) = (quota(), Person::named("alice"));
    let admission = quota.admit(&rules, &alice.asker(), true, NOON).unwrap();
    let base = Demand { input: 100, output: None, least_output: 1, answers: 1 };
    for (demand, held, room) in [
        (base, Some(150), None),
        (Demand { answers: 3, ..base }, Some(250), None),
        (Demand { answers: 0, output: Some(9000), ..base }, Some(100), None),
        (Demand { answers: 4, output: Some(300), ..base }, Some(1000), Some(225)),
        (Demand { answers: 901, ..base }, None, None),
        (Demand { answers: u64::MAX, output: Some(u64::MAX), ..base }, None, None),
        (Demand { output: Some(5000), least_output: 900, ..base }, Some(1000), Some(900)),
        (Demand { output: Some(5000), least_output: 901, ..base }, None, None),
        // It asks for less than it needs itself: the backend will say so.
        (Demand { output: Some(5), least_output: 901, ..base }, Some(105), None),
    ] {
        let reserved = quota.reserve(&admission, demand, None, NOON).ok();
        assert_eq!(reserved.as_ref().map(|_| taken(&quota, &rules, &alice, Kind::Tokens, NOON).1), held, "{demand:?}");
        assert_eq!(reserved.and_then(|reservation| reservation.output_room()), room, "{demand:?}");
    }
}
