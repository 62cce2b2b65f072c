//! Facts that move between two files: what arrives, what stays, what comes back; and a disk that fails at every act.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::{Lesson, MemorySettings};
use super::*;
use crate::enforce::{test_sandbox, test_scope};
use crate::identity::Assurance;
use crate::ids::RequestId;
use crate::memory::curate::{Amendment, Expiry, Hand, Statement, Wanted};
use crate::setting::Secret;
use crate::store::simulated::{End, Fault, SimulatedDisk};
use crate::store::{Erasure, Kind, Review, Status, StorageSettings, Store};

const NOW: i64 = 1_760_000_000_000;
const AT: i64 = NOW + 1_000;

fn memory_on(disk: &SimulatedDisk, max_facts: usize) -> Memory {
    let settings = StorageSettings { master_key: Some(Secret::new(&[7; 32])), ..StorageSettings::at("unused") };
    let store = Store::open(&settings, Arc::new(disk.clone())).unwrap();
    Memory::new(store, MemorySettings { max_facts, ..MemorySettings::default() })
}

fn ana() -> UserScope {
    test_scope("ana", Assurance::Verified)
}

fn anna() -> UserScope {
    test_scope("anna@home", Assurance::Verified)
}

fn said(text: &str, slot: Option<&str>) -> Statement {
    let slot = slot.map(str::to_owned);
    Statement { by: Hand::Person, text: text.to_owned(), kind: Kind::Profile, slot, pinned: false, expires_at: None }
}

fn add(memory: &Memory, scope: &UserScope, text: &str, slot: Option<&str>, at: i64) -> FactId {
    memory.add(scope, &said(text, slot), at).unwrap().shown.fact.id
}

/// Everything, by id.
fn all(memory: &Memory, scope: &UserScope) -> Vec<Fact> {
    memory.facts_after(scope, None, 1_000).unwrap().into_iter().map(|shown| shown.fact).collect()
}

fn texts(memory: &Memory, scope: &UserScope) -> Vec<String> {
    let mut texts: Vec<String> = all(memory, scope).into_iter().filter(Fact::is_current).map(|fact| fact.text).collect();
    texts.sort();
    texts
}

/// Two identities with something of each sort: alone, in both, a newer and an older value of a slot.
fn furnish(memory: &Memory) {
    for scope in [ana(), anna()] {
        memory.store.enroll(&scope, NOW).unwrap();
    }
    add(memory, &ana(), "I live in Bern", Some("city"), NOW);
    add(memory, &ana(), "I drive a Fiat", Some("car"), NOW + 9);
    add(memory, &ana(), "I like tea", None, NOW);
    add(memory, &anna(), "I live in Basel", Some("city"), NOW + 5);
    add(memory, &anna(), "I drive a Volvo", Some("car"), NOW + 5);
    add(memory, &anna(), "i LIKE, tea!", None, NOW);
    add(memory, &anna(), "I keep bees", None, NOW);
}

fn merge(memory: &Memory) -> Result<MergeRecord, TransferError> {
    memory.merge(&anna(), &ana(), RequestId::from_bytes([5; 16]), "root", AT).map(|moved| moved.record)
}

fn undo(memory: &Memory) -> Result<MergeRecord, TransferError> {
    memory.undo_merge(&anna(), &ana(), RequestId::from_bytes([5; 16]), AT + 50).map(|moved| moved.record)
}

const MERGED_TEXTS: [&str; 4] = ["I drive a Fiat", "I keep bees", "I like tea", "I live in Basel"];

#[test]
fn a_merge_moves_what_holds_and_undoing_it_gives_back_exactly_that() {
    let memory = memory_on(&SimulatedDisk::default(), 100);
    furnish(&memory);
    let before = (all(&memory, &ana()), all(&memory, &anna()));
    let record = merge(&memory).unwrap();
    assert_eq!((record.facts, record.left, record.undone_at), (4, 0, None));
    assert_eq!(texts(&memory, &ana()), MERGED_TEXTS);
    assert!(texts(&memory, &anna()).is_empty());
    let facts = all(&memory, &ana());
    let bees = facts.iter().find(|fact| fact.text == "I keep bees").unwrap();
    assert_eq!((bees.source.origin.as_str(), bees.valid_at), ("merged:person:api", NOW));
    let volvo = facts.iter().find(|fact| fact.text == "I drive a Volvo").unwrap();
    assert!(!volvo.is_current(), "the newer value of a slot wins, whoever said it");
    let ids: BTreeSet<FactId> = facts.iter().chain(&all(&memory, &anna())).map(|fact| fact.id).collect();
    assert_eq!(ids.len(), facts.len() + before.1.len(), "no two facts share an id");
    for (scope, other) in [(ana(), anna()), (anna(), ana())] {
        let [seen] = &memory.merges(&scope).unwrap()[..] else { panic!() };
        assert!([seen.from.name(), seen.into.name()].contains(&other.user().name()));
    }
    let undone = undo(&memory).unwrap();
    assert_eq!((undone.undone_at, undone.kept), (Some(AT + 50), 0));
    assert_eq!((all(&memory, &ana()), all(&memory, &anna())), before);
    assert_eq!(undo(&memory).unwrap().undone_at, Some(AT + 50), "once is enough");
    let again = memory.merge(&anna(), &ana(), RequestId::fresh(), "root", AT + 90).unwrap();
    assert_eq!((again.record.facts, texts(&memory, &ana())), (4, MERGED_TEXTS.map(str::to_owned).to_vec()));
}

#[test]
fn what_was_changed_since_stays_and_what_was_deleted_stays_away() {
    let memory = memory_on(&SimulatedDisk::default(), 100);
    furnish(&memory);
    let record = merge(&memory).unwrap();
    let named = |text: &str| all(&memory, &ana()).into_iter().find(|fact| fact.text == text).unwrap().id;
    let pin = Amendment { pinned: Some(true), ..Amendment::default() };
    memory.amend(&ana(), named("I keep bees"), &pin, AT + 1).unwrap();
    memory.delete(&ana(), named("I drive a Volvo"), false).unwrap();
    // Said anew by the other identity meanwhile.
    let zug = add(&memory, &anna(), "I live in Zug", Some("city"), AT + 2);
    let undone = undo(&memory).unwrap();
    assert_eq!((undone.facts, undone.kept), (record.facts, 2));
    assert_eq!(texts(&memory, &ana()), ["I drive a Fiat", "I keep bees", "I like tea", "I live in Bern"]);
    assert_eq!(texts(&memory, &anna()), ["I live in Zug", "i LIKE, tea!"]);
    let basel = all(&memory, &anna()).into_iter().find(|fact| fact.text == "I live in Basel").unwrap();
    assert_eq!(basel.superseded_by, Some(zug), "what comes back goes by the rules");
}

#[test]
fn held_forgotten_and_expired_facts_stay_where_they_are() {
    let memory = memory_on(&SimulatedDisk::default(), 4);
    furnish(&memory);
    let forgotten = add(&memory, &anna(), "I keep goats", None, NOW);
    let forget = Amendment { status: Some(Wanted::Forgotten), ..Amendment::default() };
    memory.amend(&anna(), forgotten, &forget, NOW).unwrap();
    let soon = Statement { expires_at: Some(AT), ..said("I am tired", None) };
    memory.delete(&anna(), all(&memory, &anna())[0].id, false).unwrap();
    memory.add(&anna(), &soon, NOW).unwrap();
    let record = merge(&memory).unwrap();
    // Room for one beside the three: the older of those that are new comes first.
    assert!(record.left > 0, "{record:?}");
    assert_eq!(all(&memory, &ana()).len(), 4, "the bound holds");
    assert!(!texts(&memory, &ana()).iter().any(|text| text.contains("goats") || text.contains("tired")));
    assert_eq!(texts(&memory, &anna()).len() as u64, record.left + 1, "what found no room is still there");
}

#[test]
fn nobody_is_merged_with_a_stranger_or_a_sandbox() {
    let user = |text: &str| UserId::parse(text).unwrap();
    assert!(may_merge(&user("ana"), &user("anna")));
    assert!(!may_merge(&user("ana"), &user("ana")) && !may_merge(&user("acme:ana"), &user("umbra:ana")));
    let (one, other) = (test_sandbox("x"), test_sandbox("y"));
    assert!(!may_merge(one.user(), other.user()) && !may_merge(one.user(), &user("ana")));
    let memory = memory_on(&SimulatedDisk::default(), 100);
    furnish(&memory);
    assert!(matches!(memory.merge(&ana(), &ana(), RequestId::fresh(), "root", AT), Err(TransferError::Same)));
    assert!(matches!(undo(&memory), Err(TransferError::NoMerge)));
}

/// Runs `act` with the disk failing at each of its acts in turn, and checks what the next process finds.
fn sweep(start: &SimulatedDisk, act: impl Fn(&Memory) -> bool, check: impl Fn(&Memory, &str)) {
    let disk = start.after(End::Killed);
    let memory = memory_on(&disk, 100);
    let before = disk.acts();
    assert!(act(&memory), "without faults all is done");
    let acts = disk.acts() - before;
    assert!(acts > 3);
    for at in 1..=acts {
        let disk = start.after(End::Killed);
        let memory = memory_on(&disk, 100);
        disk.set_fault(Fault::PowerCut { at: disk.acts() + at });
        act(&memory);
        drop(memory);
        for end in [End::Killed, End::PowerCut { seed: at }] {
            check(&memory_on(&disk.after(end), 100), &format!("at {at} of {acts}, {end:?}"));
        }
    }
}

#[test]
fn a_merge_that_is_broken_off_anywhere_loses_nothing_and_is_finished_by_asking_again() {
    let start = SimulatedDisk::default();
    let memory = memory_on(&start, 100);
    furnish(&memory);
    let before = (all(&memory, &ana()), all(&memory, &anna()));
    let clean = memory_on(&start.after(End::Killed), 100);
    merge(&clean).unwrap();
    let merged = (all(&clean, &ana()), all(&clean, &anna()));
    drop(memory);
    sweep(
        &start,
        |memory| merge(memory).is_ok(),
        |memory, why| {
            let known: BTreeSet<String> = texts(memory, &ana()).into_iter().chain(texts(memory, &anna())).collect();
            assert!(MERGED_TEXTS.iter().all(|text| known.contains(*text)), "{why}: {known:?}");
            assert!([0, 4].contains(&merge(memory).unwrap().facts), "{why}");
            assert_eq!((all(memory, &ana()), all(memory, &anna())), merged, "{why}");
        },
    );
    sweep(
        &start,
        |memory| merge(memory).is_ok(),
        |memory, why| match undo(memory) {
            Ok(undone) => {
                assert_eq!(undone.kept, 0, "{why}");
                assert_eq!((all(memory, &ana()), all(memory, &anna())), before, "{why}: undone");
            }
            Err(TransferError::NoMerge) => assert_eq!((all(memory, &ana()), all(memory, &anna())), before, "{why}: never begun"),
            Err(error) => panic!("{why}: {error}"),
        },
    );
}

#[test]
fn an_undoing_that_is_broken_off_anywhere_is_finished_by_asking_again() {
    let start = SimulatedDisk::default();
    let memory = memory_on(&start, 100);
    furnish(&memory);
    let before = (all(&memory, &ana()), all(&memory, &anna()));
    merge(&memory).unwrap();
    drop(memory);
    sweep(
        &start,
        |memory| undo(memory).is_ok(),
        |memory, why| {
            let known: BTreeSet<String> = texts(memory, &ana()).into_iter().chain(texts(memory, &anna())).collect();
            assert!(MERGED_TEXTS.iter().all(|text| known.contains(*text)), "{why}: {known:?}");
            assert_eq!(undo(memory).unwrap().kept, 0, "{why}");
            assert_eq!((all(memory, &ana()), all(memory, &anna())), before, "{why}");
        },
    );
}

fn sandboxed(memory: &Memory) -> (UserScope, BTreeSet<FactId>) {
    let sandbox = test_sandbox("x");
    memory.store.enroll(&sandbox, NOW).unwrap();
    memory.store.enroll(&ana(), NOW).unwrap();
    add(memory, &ana(), "I like tea", None, NOW);
    for text in ["I live in Bern.", "I keep bees.", "I like tea."] {
        let lesson = Lesson { request_id: "r".into(), text: text.into(), turn: None, at: NOW };
        memory.learn_from(&sandbox, None, &lesson).unwrap();
    }
    let facts = all(memory, &sandbox);
    assert!(facts.len() >= 2 && facts.iter().all(|fact| fact.held_for == Some(Review::Sandbox)), "{facts:?}");
    (sandbox, facts.iter().map(|fact| fact.id).collect())
}

#[test]
fn what_is_promoted_is_the_users_and_the_rest_stays() {
    let memory = memory_on(&SimulatedDisk::default(), 100);
    let (sandbox, facts) = sandboxed(&memory);
    let waiting = Lesson { request_id: "r".into(), text: "I keep goats.".into(), turn: None, at: NOW };
    memory.enqueue(&sandbox, None, &waiting).unwrap();
    let bern = all(&memory, &sandbox).into_iter().find(|fact| fact.text == "I live in Bern");
    let one = BTreeSet::from([bern.unwrap().id]);
    let promoted = memory.promote(&sandbox, &ana(), &one, AT).unwrap();
    assert_eq!((promoted.written.len(), promoted.known, promoted.removed.len()), (1, 0, 1));
    let new = memory.fact(&ana(), promoted.written[0]).unwrap().fact;
    assert_eq!((new.status, new.held_for, new.source.assurance), (Status::Active, None, Assurance::Anonymous));
    assert!(new.source.origin.starts_with("promoted:rule:") && new.is_current());
    assert_eq!(all(&memory, &sandbox).len(), facts.len() - 1);
    let again = memory.promote(&sandbox, &ana(), &one, AT).unwrap();
    assert_eq!((again.written.len(), again.known), (0, 1), "asking again copies nothing twice");
    assert_eq!(memory.waiting_lessons(&ana()).unwrap(), 0, "what waits is the sandbox's");
    assert_eq!(memory.waiting_lessons(&sandbox).unwrap(), 1);
    memory.erase(&sandbox, Erasure { receipt: RequestId::fresh(), at: AT }).unwrap();
    assert_eq!(texts(&memory, &ana()).len(), 2);
}

#[test]
fn a_promotion_is_whole_or_not_at_all() {
    let disk = SimulatedDisk::default();
    let (sandbox, facts) = sandboxed(&memory_on(&disk, 100));
    let memory = memory_on(&disk.after(End::Killed), 4);
    let stranger: BTreeSet<FactId> = facts.iter().copied().chain([FactId::fresh()]).collect();
    let refused = memory.promote(&sandbox, &ana(), &stranger, AT);
    assert!(matches!(refused, Err(TransferError::NoFact)), "{refused:?}");
    let foreign: BTreeSet<FactId> = all(&memory, &ana()).iter().map(|fact| fact.id).collect();
    assert!(
        matches!(memory.promote(&sandbox, &ana(), &foreign, AT), Err(TransferError::NoFact)),
        "the user's own is not the sandbox's"
    );
    assert_eq!((texts(&memory, &ana()).len(), all(&memory, &sandbox).len()), (1, facts.len()));
    let bern = all(&memory, &sandbox).into_iter().find(|fact| fact.text == "I live in Bern");
    let forgotten = bern.unwrap().id;
    let amendment = Amendment { status: Some(Wanted::Forgotten), expires_at: Expiry::Keep, ..Amendment::default() };
    memory.amend(&sandbox, forgotten, &amendment, AT).unwrap();
    assert!(matches!(memory.promote(&sandbox, &ana(), &facts, AT), Err(TransferError::NotCurrent(id)) if id == forgotten));
    for text in ["I like coffee", "I like milk", "I like water"] {
        add(&memory, &ana(), text, None, NOW);
    }
    let bees = all(&memory, &sandbox).into_iter().find(|fact| fact.text == "I keep bees");
    let last = BTreeSet::from([bees.unwrap().id]);
    assert!(matches!(memory.promote(&sandbox, &ana(), &last, AT), Err(TransferError::Full)));
}

#[test]
fn a_promotion_that_is_broken_off_anywhere_is_finished_by_asking_again() {
    let start = SimulatedDisk::default();
    let memory = memory_on(&start, 100);
    let (sandbox, facts) = sandboxed(&memory);
    let clean = memory_on(&start.after(End::Killed), 100);
    clean.promote(&sandbox, &ana(), &facts, AT).unwrap();
    let promoted = all(&clean, &ana());
    drop(memory);
    sweep(
        &start,
        |memory| memory.promote(&test_sandbox("x"), &ana(), &facts, AT).is_ok(),
        |memory, why| {
            memory.promote(&sandbox, &ana(), &facts, AT).unwrap();
            assert_eq!(all(memory, &ana()), promoted, "{why}");
            assert_eq!(texts(memory, &sandbox), ["I like tea"], "{why}: what the user said by themselves stays");
        },
    );
}
