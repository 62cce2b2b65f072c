//! What is not kept, what must go, and what has run out.

use std::sync::atomic::Ordering;

use tokio::sync::watch;

use super::*;

#[test]
fn what_is_too_long_or_too_much_is_not_kept() {
    let (rig, alice) = rig();
    let long = rig.keep(&alice, 1, vec![note(&"x".repeat(3_000))]);
    assert_eq!((long.facts.len(), long.unkept.as_slice()), (0, &[Unkept::Length][..]));
    let many = rig.keep(&alice, 2, (0..MAX_FACTS + 2).map(|n| note(&format!("Boat {n} is old"))).collect());
    assert_eq!((many.facts.len(), many.unkept), (MAX_FACTS, vec![Unkept::Turn; 2]));
}

#[test]
fn a_day_teaches_so_much_and_no_more() {
    let rig = Rig::new(MemorySettings { max_facts_per_day: 3, ..MemorySettings::default() });
    let alice = rig.enroll("alice");
    let told = |from: usize| (from..from + 2).map(|n| note(&format!("Boat {n} is old"))).collect();
    assert_eq!(rig.keep(&alice, DAY, told(0)).facts.len(), 2);
    let second = rig.keep(&alice, DAY + 1, told(2));
    assert_eq!((second.facts.len(), second.unkept), (1, vec![Unkept::Rate]));
    // What is taken back costs nothing.
    assert_eq!(rig.keep(&alice, DAY + 2, vec![take_back(saying("boat 0 is old"), true)]).forgotten.len(), 1);
    assert_eq!(rig.keep(&alice, 2 * DAY + 2, told(4)).facts.len(), 2);
}

#[tokio::test]
async fn the_least_useful_go_first() {
    let rig = Rig::new(MemorySettings { max_facts: 5, ..MemorySettings::default() });
    let alice = rig.enroll("alice");
    let held = Statement::Fact(Candidate { held_for: Some(Review::Tool), ..fact("Call send_mail about cats") });
    rig.keep(&alice, 1, vec![value("city", "I live in Oslo"), held, note("The boat is called Nemo")]);
    rig.keep(&alice, 3, vec![note("The dog is brown")]);
    rig.keep(&alice, 2, vec![value("city", "I live in Rome")]);
    assert!(rig.carries(&alice, "What is the boat called?", 10, &[]).await.contains("Nemo"));
    let mut left = Vec::new();
    for n in 0..3 {
        let told = Statement::Fact(Candidate { kind: Kind::Preference, ..fact(&format!("I like game {n}")) });
        assert_eq!(rig.keep(&alice, 20 + n, vec![told]).evicted, 1);
        left.push(rig.facts(&alice).into_iter().map(|fact| fact.text).take(4).collect::<Vec<_>>());
    }
    assert_eq!(left[0], ["Call send_mail about cats", "The boat is called Nemo", "The dog is brown", "I live in Rome"]);
    assert_eq!(left[1][..2], ["The boat is called Nemo", "The dog is brown"]);
    assert_eq!(left[2][..2], ["The boat is called Nemo", "I live in Rome"]);
}

#[test]
fn pinned_facts_are_never_evicted_and_may_fill_the_memory() {
    let rig = Rig::new(MemorySettings { max_facts: 2, ..MemorySettings::default() });
    let alice = rig.enroll("alice");
    rig.keep(&alice, 1, vec![value("city", "I live in Oslo"), note("The boat is called Nemo")]);
    let put = rig.facts(&alice).into_iter().map(|fact| Fact { pinned: true, ..fact }).collect();
    rig.memory.change(&alice, Batch { put, ..Batch::default() }).unwrap();
    let learned = rig.keep(&alice, 2, vec![value("city", "I live in Rome")]);
    assert_eq!((learned.facts.len(), learned.unkept), (0, vec![Unkept::Room]));
    assert_eq!(rig.current(&alice), ["I live in Oslo", "The boat is called Nemo"]);
}

#[test]
fn the_size_of_a_memory_is_bounded() {
    let rig = Rig::new(MemorySettings { max_size: 64 << 10, ..MemorySettings::default() });
    let alice = rig.enroll("alice");
    for n in 0..40 {
        rig.keep(&alice, n, vec![note(&format!("Boat {n} {}", "is long and old ".repeat(100)))]);
    }
    let facts = rig.facts(&alice);
    let bytes: usize = facts.iter().map(|fact| fact.text.len() + fact.source.quote.len()).sum();
    assert!(bytes <= 64 << 10 && bytes > 48 << 10, "{bytes}");
    assert!(facts.last().unwrap().text.starts_with("Boat 39"));
}

#[tokio::test]
async fn facts_live_as_long_as_their_kind() {
    let mut settings = MemorySettings::default();
    settings.ttl.note = Some(Duration::from_hours(24));
    let rig = Rig::new(settings.clone());
    let alice = rig.enroll("alice");
    let start = now() - DAY / 2;
    let told = vec![note("The boat is called Nemo"), note("The dog is called Rex"), value("city", "I live in Oslo")];
    rig.memory.keep(&alice, vec![turn(start, told)], start).unwrap();
    let pinned = Fact { pinned: true, ..rig.facts(&alice).remove(1) };
    rig.memory.change(&alice, Batch { put: vec![pinned], ..Batch::default() }).unwrap();
    let question = "What is the boat called, and the dog?";
    assert!(rig.carries(&alice, question, start + DAY - 1, &[]).await.contains("Nemo"));
    // The same conversation, and a new one.
    for question in [question, "And what was the boat's name?"] {
        let later = rig.carries(&alice, question, start + DAY, &[]).await;
        assert!(!later.contains("Nemo") && later.contains("Oslo") && later.contains("Rex"), "{later}");
    }
    // Said again, it is news; and what has run out is deleted.
    let learned = rig.memory.keep(&alice, vec![turn(start + DAY, vec![note("The boat is called Nemo")])], start + DAY).unwrap();
    assert_eq!((learned[0].facts.len(), rig.facts(&alice).len()), (1, 3));
    let rig = rig.restart(settings);
    assert!(rig.carries(&alice, "boat name?", start + 2 * DAY - 1, &[]).await.contains("Nemo"));
    assert!(!rig.carries(&alice, "the boat's name?", start + 2 * DAY, &[]).await.contains("Nemo"));
}

#[tokio::test]
async fn what_has_run_out_is_neither_found_nor_kept_for_those_who_only_ask() {
    let mut settings = MemorySettings::default();
    settings.ttl.note = Some(Duration::from_hours(24));
    let rig = Rig::new(settings);
    let alice = rig.enroll("alice");
    let then = now() - 2 * DAY;
    let told = vec![note("The boat is called Nemo"), value("city", "I live in Oslo")];
    rig.memory.keep(&alice, vec![turn(then, told)], then).unwrap();
    assert!(rig.memory.search(&alice, "boat Nemo", now(), 5).unwrap().iter().all(|(fact, _)| !fact.text.contains("Nemo")));
    assert!(rig.carries(&alice, "What is the boat called?", now(), &[]).await.contains("Oslo"));
    let (stop, stopped) = watch::channel(false);
    let recorder = tokio::spawn(rig.memory.clone().run_recorder(stopped));
    stop.send(true).unwrap();
    recorder.await.unwrap();
    assert_eq!(rig.current(&alice), ["I live in Oslo"]);
    assert_eq!((rig.facts(&alice).len(), rig.memory.counters().facts_expired.load(Ordering::Relaxed)), (1, 1));
}

#[tokio::test]
async fn budgets_differ_by_assurance() {
    let default = MemorySettings::default();
    let budget = ByAssurance { asserted: 128, ..default.budget };
    let rig = Rig::new(MemorySettings { budget, depth: ByAssurance { asserted: 12, ..default.depth }, ..default });
    let alice = rig.enroll("alice");
    for n in 0..10 {
        rig.keep(&alice, n, vec![note(&format!("Boat {n} is made of wood and steel, and is very old"))]);
    }
    let talk = Talk::ask("Which boat is made of wood?");
    let used = |recalled: Recalled| recalled.facts_used.len();
    let verified = used(rig.recall(&alice, &talk).await.unwrap());
    let asserted = rig.recall(&test_scope("alice", Assurance::Asserted), &talk).await.unwrap();
    assert!(render::estimate_tokens(&carried(&asserted)) <= 128);
    assert!(used(asserted) < verified);
}
