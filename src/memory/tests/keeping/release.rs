//! Facts that wait for a review, let go.

use super::*;
use crate::ids::FactId;
use crate::memory::Released;

fn held(slot: &str, text: &str) -> Statement {
    let candidate = Candidate { kind: Kind::Profile, slot: Some(slot.to_owned()), held_for: Some(Review::Url), ..fact(text) };
    Statement::Fact(candidate)
}

#[test]
fn a_released_value_takes_the_place_of_its_slots_current_one() {
    let (rig, alice) = rig();
    let oslo = rig.keep(&alice, 1_000, vec![value("city", "I live in Oslo")]).facts[0];
    let rome = rig.keep(&alice, 2_000, vec![held("city", "I live in Rome")]).facts[0];
    assert_eq!(rig.current(&alice), ["I live in Oslo"]);
    let released = rig.memory.release(&alice, rome, 9_000).unwrap().unwrap();
    assert_eq!(
        (released.fact.status, released.fact.held_for, released.superseded),
        (Status::Active, Some(Review::Url), vec![oslo])
    );
    assert_eq!(rig.current(&alice), ["I live in Rome"]);
    let old = &rig.facts(&alice)[0];
    assert_eq!((old.invalid_at, old.expired_at, old.superseded_by), (Some(2_000), Some(9_000), Some(rome)));
    assert_eq!(rig.memory.release(&alice, rome, 9_500).unwrap(), None, "it no longer waits");
    assert_eq!(rig.memory.release(&alice, FactId::fresh(), 9_500).unwrap(), None);
}

#[test]
fn a_value_that_waited_too_long_is_history_at_once() {
    let (rig, alice) = rig();
    let rome = rig.keep(&alice, 1_000, vec![held("city", "I live in Rome")]).facts[0];
    let oslo = rig.keep(&alice, 2_000, vec![value("city", "I live in Oslo")]).facts[0];
    let Released { fact, superseded } = rig.memory.release(&alice, rome, 9_000).unwrap().unwrap();
    assert_eq!((fact.status, fact.invalid_at, fact.superseded_by), (Status::Active, Some(2_000), Some(oslo)));
    assert_eq!((superseded.len(), rig.current(&alice)), (0, vec!["I live in Oslo".to_owned()]));
}

#[test]
fn what_was_forgotten_is_not_released_and_nobody_elses_is() {
    let (rig, alice) = rig();
    let bob = rig.enroll("bob");
    let rome = rig.keep(&alice, 1_000, vec![held("city", "I live in Rome")]).facts[0];
    assert_eq!(rig.memory.release(&bob, rome, 1_500).unwrap(), None);
    rig.keep(&alice, 2_000, vec![take_back(Target::Everything, true)]);
    assert_eq!(rig.memory.release(&alice, rome, 9_000).unwrap(), None);
    assert!(rig.current(&alice).is_empty());
}

#[test]
fn in_a_sandbox_a_released_fact_still_waits_for_the_operator() {
    let (rig, _) = rig();
    let guest = test_sandbox("guest");
    rig.memory.store.enroll(&guest, 0).unwrap();
    let oslo = rig.keep(&guest, 1_000, vec![value("city", "I live in Oslo")]).facts[0];
    let rome = rig.keep(&guest, 2_000, vec![held("city", "I live in Rome")]).facts[0];
    for (id, superseded) in [(rome, vec![oslo]), (rome, vec![])] {
        let released = rig.memory.release(&guest, id, 9_000).unwrap().unwrap();
        assert_eq!((released.fact.status, released.fact.held_for), (Status::Held, Some(Review::Sandbox)));
        assert_eq!(released.superseded, superseded);
        assert_eq!(rig.current(&guest), ["I live in Rome"]);
    }
}
