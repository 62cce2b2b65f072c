//! Counts under concurrency, and beside a sequential model.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use proptest::prelude::*;
use serde_json::json;

use super::*;

const THREADS: usize = 64;

#[test]
fn of_many_at_once_exactly_as_many_pass_as_may() {
    let rules = budgets(&json!([
        {"each": "user", "requests_per_minute": 500, "streams": 10},
        {"each": "client", "streams": 12},
        {"requests_per_minute": 700},
    ]));
    let quota = quota();
    let (people, start) = (["alice", "bob"].map(Person::named), Barrier::new(THREADS));
    let passed = [AtomicU64::new(0), AtomicU64::new(0)];
    let (running, most) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for n in 0..THREADS {
            let (quota, rules, person, passed) = (&quota, &rules, &people[n % 2], &passed[n % 2]);
            let (start, running, most) = (&start, &running, &most);
            scope.spawn(move || {
                start.wait();
                for _ in 0..200 {
                    // Refusals for want of a place end; those for want of requests do not.
                    let Ok(admission) = quota.admit(rules, &person.asker(), true, NOON) else {
                        thread::yield_now();
                        continue;
                    };
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    passed.fetch_add(1, Ordering::SeqCst);
                    running.fetch_sub(1, Ordering::SeqCst);
                    drop(admission);
                }
            });
        }
    });
    let [alice, bob] = passed.map(AtomicU64::into_inner);
    assert!(most.into_inner() <= 12);
    // Alone again, each gets the rest, to the last one.
    let mut last = [alice, bob];
    for (person, count) in people.iter().zip(&mut last) {
        while quota.admit(&rules, &person.asker(), true, NOON).is_ok() {
            *count += 1;
        }
    }
    assert_eq!(last.iter().sum::<u64>(), 700);
    assert!(last.iter().all(|count| *count <= 500));
    assert_eq!(taken(&quota, &rules, &people[0], Kind::Streams, NOON).0, 0);
}

#[test]
fn what_many_spend_at_once_never_exceeds_the_limit_and_none_is_lost() {
    let rules = budgets(&json!([{"each": "user", "tokens_per_day": 10_000}]));
    let disk = SimulatedDisk::default();
    let quota = quota_on(&disk);
    let (alice, start, spent) = (Person::named("alice"), Barrier::new(THREADS), AtomicU64::new(0));
    thread::scope(|scope| {
        for n in 0..THREADS {
            let (quota, rules, alice, start, spent) = (&quota, &rules, &alice, &start, &spent);
            scope.spawn(move || {
                start.wait();
                for round in 0..20 {
                    let admission = quota.admit(rules, &alice.asker(), true, NOON).unwrap();
                    let Ok(held) = quota.reserve(&admission, demand(10, 40), None, NOON) else { continue };
                    let (used, reserved) = taken(quota, rules, alice, Kind::Tokens, NOON);
                    assert!(used + reserved <= 10_000);
                    // Some fail, some say less than they might.
                    if (n + round) % 5 > 0 {
                        let output = ((n as u64) % 31).min(held.output_room().unwrap_or(u64::MAX));
                        held.settle(&Spent { input: 10, cached: 0, output });
                        spent.fetch_add(10 + output, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    let spent = spent.into_inner();
    assert!((9000..=10_000).contains(&spent), "{spent}");
    assert_eq!(taken(&quota, &rules, &alice, Kind::Tokens, NOON), (spent, 0));
    assert_eq!(taken(&quota_on(&disk), &rules, &alice, Kind::Tokens, NOON), (spent, 0), "after a restart");
}

#[derive(Debug, Clone)]
enum Act {
    /// Person, input, most output.
    Begin(usize, u64, u64),
    /// Which of those that run, and how much of what it may say it does.
    End(usize, u64),
    Fail(usize),
    Wait(i64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        5 => (0..2_usize, 0..60_u64, 0..80_u64).prop_map(|(who, input, output)| Act::Begin(who, input, output)),
        3 => (any::<usize>(), 0..80_u64).prop_map(|(which, said)| Act::End(which, said)),
        1 => any::<usize>().prop_map(Act::Fail),
        1 => (0..DAY).prop_map(Act::Wait),
    ];
    proptest::collection::vec(act, 1..120)
}

/// The same, by a list of everything that ever happened.
#[derive(Default)]
struct Model {
    /// Day, person, and tokens that were used.
    used: Vec<(i64, usize, u64)>,
    running: Vec<(i64, usize, u64, u64)>,
}

impl Model {
    fn left(&self, day: i64, who: Option<usize>, limit: u64) -> u64 {
        let used = self.used.iter().filter(|u| u.0 == day && who.is_none_or(|who| u.1 == who)).map(|u| u.2);
        let held = self.running.iter().filter(|r| r.0 == day && who.is_none_or(|who| r.1 == who)).map(|r| r.2);
        limit.saturating_sub(used.sum::<u64>() + held.sum::<u64>())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn counts_are_those_of_a_sequential_model(acts in acts()) {
        let rules = budgets(&json!([{"each": "user", "tokens_per_day": 200}]));
        let disk = SimulatedDisk::default();
        let quota = quota_on(&disk);
        let people = ["alice", "bob"].map(Person::named);
        let (mut model, mut live, mut now) = (Model::default(), Vec::new(), NOON);
        for act in acts {
            let day = now.div_euclid(DAY);
            match act {
                Act::Begin(who, input, output) => {
                    let admission = quota.admit(&rules, &people[who].asker(), true, now).unwrap();
                    let left = model.left(day, Some(who), 200);
                    let expected = if input + output <= left {
                        Some(input + output)
                    } else if input + output.min(1) <= left {
                        Some(left)
                    } else {
                        None
                    };
                    let reserved = quota.reserve(&admission, demand(input, output), None, now);
                    prop_assert_eq!(reserved.is_ok(), expected.is_some());
                    if let (Ok(held), Some(amount)) = (reserved, expected) {
                        model.running.push((day, who, amount, input));
                        live.push(held);
                    }
                }
                Act::End(which, said) if !live.is_empty() => {
                    let which = which % live.len();
                    let (day, who, amount, input) = model.running.remove(which);
                    let output = said.min(amount - input.min(amount));
                    live.remove(which).settle(&Spent { input, cached: 0, output });
                    // What belongs to a day that is over counts no more, once that person's next day has begun.
                    model.used.push((day, who, input + output));
                }
                Act::Fail(which) if !live.is_empty() => {
                    model.running.remove(which % live.len());
                    drop(live.remove(which % live.len()));
                }
                Act::End(..) | Act::Fail(_) => {}
                Act::Wait(time) => now += time,
            }
            let day = now.div_euclid(DAY);
            for (who, person) in people.iter().enumerate() {
                let (used, reserved) = taken(&quota, &rules, person, Kind::Tokens, now);
                prop_assert!(used + reserved <= 200);
                prop_assert_eq!(200 - used - reserved, model.left(day, Some(who), 200));
            }
        }
        drop(live);
        let again = quota_on(&disk);
        for person in &people {
            let kept = taken(&quota, &rules, person, Kind::Tokens, now);
            prop_assert_eq!(taken(&again, &rules, person, Kind::Tokens, now), kept);
        }
    }
}
