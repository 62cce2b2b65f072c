//! Over a real store.

use std::sync::Arc;

use tempfile::TempDir;

use super::super::{Lesson, Memory, MemorySettings};
use super::*;
use crate::enforce::test_scope;
use crate::identity::Assurance;
use crate::ids::RequestId;
use crate::store::{Erasure, FileDisk, Review, StorageSettings, Store};

const NOW: i64 = 1_760_000_000_000;

struct Rig {
    _dir: TempDir,
    memory: Arc<Memory>,
    ana: UserScope,
}

fn rig_with(max_facts: usize) -> Rig {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&StorageSettings::at(dir.path()), Arc::new(FileDisk::new(dir.path()))).unwrap();
    let ana = test_scope("ana", Assurance::Verified);
    store.enroll(&ana, 0).unwrap();
    let memory = Arc::new(Memory::new(store, MemorySettings { max_facts, ..MemorySettings::default() }));
    Rig { _dir: dir, memory, ana }
}

fn rig() -> Rig {
    rig_with(100)
}

fn said(text: &str, slot: Option<&str>) -> Statement {
    let by = Hand::Person;
    Statement { by, text: text.to_owned(), kind: Kind::Profile, slot: slot.map(str::to_owned), pinned: false, expires_at: None }
}

fn incoming(line: usize, text: &str) -> Incoming {
    Incoming::bare(line, text, "import:memgate", NOW)
}

impl Rig {
    fn add(&self, text: &str, slot: Option<&str>, now: i64) -> Changed {
        self.memory.add(&self.ana, &said(text, slot), now).unwrap()
    }

    fn amend(&self, id: FactId, amendment: &Amendment) -> Result<Changed, CurateError> {
        self.memory.amend(&self.ana, id, amendment, NOW + 9)
    }

    fn fact(&self, id: FactId) -> Fact {
        self.memory.fact(&self.ana, id).unwrap().fact
    }

    fn all(&self) -> Vec<Fact> {
        self.memory.facts_after(&self.ana, None, 1000).unwrap().into_iter().map(|shown| shown.fact).collect()
    }
}

#[test]
fn a_slot_has_one_current_fact_and_words_a_history() {
    let rig = rig();
    let bern = rig.add("I live in Bern", Some("city"), NOW).shown.fact;
    let basel = rig.add("I live in Basel", Some("city"), NOW + 1).shown;
    assert_eq!(basel.supersedes, [bern.id]);
    let closed = rig.fact(bern.id);
    assert_eq!((closed.invalid_at, closed.expired_at, closed.superseded_by), (Some(NOW + 1), Some(NOW + 1), Some(basel.fact.id)));
    let zug = rig.amend(basel.fact.id, &Amendment { text: Some("I live in Zug".into()), ..Amendment::default() }).unwrap().shown;
    assert_eq!((zug.supersedes, zug.fact.slot.as_deref()), (vec![basel.fact.id], Some("city")));
    assert!(matches!(rig.amend(bern.id, &Amendment { pinned: Some(true), ..Amendment::default() }),
        Err(CurateError::History(Some(newer))) if newer == basel.fact.id));
    let census = rig.memory.census(&rig.ana).unwrap();
    assert_eq!(census, Census { active: 1, history: 2, ..Census::default() });
    assert!(matches!(rig.memory.delete(&rig.ana, FactId::fresh(), true), Err(CurateError::NoFact)));
    assert_eq!(rig.memory.delete(&rig.ana, zug.fact.id, true).unwrap(), [zug.fact.id, basel.fact.id, bern.id]);
    assert!(rig.all().is_empty());
}

#[test]
fn deleting_a_fact_alone_leaves_its_history() {
    let rig = rig();
    let bern = rig.add("I live in Bern", Some("city"), NOW).shown.fact;
    let basel = rig.add("I live in Basel", Some("city"), NOW + 1).shown.fact;
    assert_eq!(rig.memory.delete(&rig.ana, basel.id, false).unwrap(), [basel.id]);
    assert_eq!(rig.all().iter().map(|fact| fact.id).collect::<Vec<_>>(), [bern.id]);
    assert!(!rig.fact(bern.id).is_current(), "what had ceased to hold does not come back");
}

#[test]
fn what_is_approved_takes_its_slot_and_what_changes_nothing_writes_nothing() {
    let rig = rig();
    let bern = rig.add("I live in Bern", Some("city"), NOW).shown.fact;
    let held = Incoming { slot: Some("city".into()), valid_at: NOW + 5, doubtful: true, ..incoming(1, "I live in Zug") };
    let outcomes = rig.memory.import(&rig.ana, vec![held], NOW + 6).unwrap();
    let [(1, Outcome::Held(zug))] = outcomes[..] else { panic!("{outcomes:?}") };
    assert_eq!(rig.fact(zug).held_for, Some(Review::Import));
    assert!(rig.fact(bern.id).is_current());
    let approve = Amendment { status: Some(Wanted::Active), ..Amendment::default() };
    let approved = rig.amend(zug, &approve).unwrap();
    assert_eq!((approved.shown.fact.status, approved.shown.supersedes.as_slice()), (Status::Active, &[bern.id][..]));
    assert!(!rig.fact(bern.id).is_current());
    let again = rig.amend(zug, &approve).unwrap();
    assert!(again.known && again.written.is_empty());
    let forget = Amendment { status: Some(Wanted::Forgotten), ..Amendment::default() };
    rig.amend(zug, &forget).unwrap();
    assert!(!rig.fact(zug).is_shown());
    assert!(rig.amend(zug, &approve).unwrap().shown.fact.is_current(), "forgetting can be taken back");
}

#[test]
fn a_full_memory_makes_room_for_what_is_written_by_hand() {
    let rig = rig_with(3);
    let first = rig.add("one", None, NOW);
    rig.amend(first.shown.fact.id, &Amendment { pinned: Some(true), ..Amendment::default() }).unwrap();
    for text in ["two", "three", "four"] {
        rig.add(text, None, NOW);
    }
    let texts: Vec<_> = rig.all().into_iter().map(|fact| fact.text).collect();
    assert_eq!(texts, ["one", "three", "four"]);
}

#[test]
fn an_import_keeps_order_ties_and_bounds() {
    let rig = rig_with(1_000);
    let ids: Vec<FactId> = (0..3).map(|_| FactId::fresh()).collect();
    // A chain over more lines than are committed at once.
    let mut lines: Vec<Incoming> = (1..=1_100).map(|n| incoming(n, &format!("lamp {n}"))).collect();
    lines[0] = Incoming { id: Some(ids[0]), superseded_by: Some(ids[1]), invalid_at: Some(NOW), ..lines[0].clone() };
    lines[700] = Incoming { id: Some(ids[1]), superseded_by: Some(ids[2]), invalid_at: Some(NOW), ..lines[700].clone() };
    lines[1_099] = Incoming { id: Some(ids[2]), ..lines[1_099].clone() };
    let outcomes = rig.memory.import(&rig.ana, lines, NOW).unwrap();
    assert_eq!(outcomes.iter().map(|(line, _)| *line).collect::<Vec<_>>(), (1..=1_100).collect::<Vec<_>>());
    assert_eq!(outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::Full).count(), 100);
    let all = rig.all();
    assert_eq!(all.len(), 1_000);
    assert!(
        all.iter().map(|fact| fact.text.trim_start_matches("lamp ").parse::<u32>().unwrap()).is_sorted(),
        "in the file's order"
    );
    let named = |text: &str| all.iter().find(|fact| fact.text == text).unwrap();
    assert_eq!(named("lamp 701").superseded_by, Some(named("lamp 1100").id));
}

#[test]
fn equal_lines_of_one_file_are_one_fact() {
    let rig = rig();
    let outcomes = rig.memory.import(&rig.ana, vec![incoming(1, "I like tea"), incoming(2, "i LIKE, tea!")], NOW).unwrap();
    assert!(matches!(outcomes[..], [(1, Outcome::Known(one)), (2, Outcome::Imported(same))] if one == same), "{outcomes:?}");
}

#[test]
fn cursors_survive_the_wire_and_nothing_else_is_one() {
    let rig = rig();
    for n in 0..5 {
        rig.add(&format!("lamp {n}"), None, NOW);
    }
    for filter in [Filter::default(), Filter { query: Some("lamp".into()), ..Filter::default() }] {
        let page = rig.memory.list(&rig.ana, &filter, None, 2, NOW).unwrap();
        let cursor = Cursor::decode(&page.next.unwrap().encode()).unwrap();
        let next = rig.memory.list(&rig.ana, &filter, Some(&cursor), 9, NOW).unwrap();
        assert_eq!((next.facts.len(), next.next), (3, None));
        let other = Filter { history: true, ..filter };
        assert!(matches!(rig.memory.list(&rig.ana, &other, Some(&cursor), 9, NOW), Err(CurateError::Cursor)));
    }
    for text in ["", "x", "AAAA", "????", "AAAAAAAAAAAAAAAA"] {
        assert_eq!(Cursor::decode(text), None, "{text}");
    }
}

#[test]
fn facts_past_their_time_are_not_listed() {
    let rig = rig();
    rig.memory.add(&rig.ana, &Statement { expires_at: Some(NOW + 10), ..said("soon gone", None) }, NOW).unwrap();
    assert_eq!(rig.memory.list(&rig.ana, &Filter::default(), None, 9, NOW + 9).unwrap().facts.len(), 1);
    assert!(rig.memory.list(&rig.ana, &Filter::default(), None, 9, NOW + 10).unwrap().facts.is_empty());
}

#[test]
fn lessons_from_before_an_erasure_teach_nothing() {
    let rig = rig();
    let lesson = |text: &str, at| Lesson { request_id: "r1".into(), text: text.into(), turn: None, at };
    rig.memory.enqueue(&rig.ana, None, &lesson("I like jam", NOW)).unwrap();
    assert_eq!(rig.memory.waiting_lessons(&rig.ana).unwrap(), 1);
    assert_eq!(rig.memory.waiting_lessons(&test_scope("bert", Assurance::Verified)).unwrap(), 0);
    let erasure = Erasure { receipt: RequestId::fresh(), at: NOW };
    rig.memory.erase(&rig.ana, erasure).unwrap();
    rig.memory.store.enroll(&rig.ana, NOW).unwrap();
    assert_eq!(rig.memory.store.last_erasure(&rig.ana), Some(erasure));
    assert!(rig.memory.learn_from(&rig.ana, None, &lesson("I like tea", NOW)).unwrap().facts.is_empty());
    assert_eq!(rig.memory.learn_from(&rig.ana, None, &lesson("I like cake", NOW + 1)).unwrap().facts.len(), 1);
    // An old chat that the person brings along by hand is another matter.
    let session = SessionId::parse("import").unwrap();
    let turn = OldTurn { line: 1, text: "I like honey".into(), at: NOW - 1 };
    assert_eq!(rig.memory.import_turns(&rig.ana, &session, "r2", vec![turn]).unwrap()[0].1.facts.len(), 1);
}
