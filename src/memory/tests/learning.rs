use std::sync::atomic::Ordering;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::*;
use crate::memory::LearnedReport;
use crate::memory::settings::ByAssurance;
use crate::store::{Batch, Fact};

fn facts(rig: &Rig, scope: &UserScope) -> Vec<Fact> {
    let mut facts = rig.memory.store.load(scope).unwrap().facts;
    facts.sort_by_key(|fact| fact.id);
    facts
}

fn texts(rig: &Rig, scope: &UserScope) -> Vec<String> {
    facts(rig, scope).into_iter().map(|fact| fact.text).collect()
}

/// Runs the learner until the journal is empty.
async fn drain(rig: &Rig) {
    let (stop, stopped) = watch::channel(false);
    let learner = tokio::spawn(rig.memory.clone().run_learner(stopped));
    while rig.memory.backlog() > 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stop.send(true).unwrap();
    learner.await.unwrap();
}

#[tokio::test]
async fn queued_turns_are_learned_with_their_provenance_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let reports = Arc::new(Mutex::new(Vec::<LearnedReport>::new()));
    let sink = reports.clone();
    let memory = Memory::new(open(&dir), MemorySettings::default()).reporting(Arc::new(move |report| sink.lock().push(report)));
    let rig = Rig { dir, memory: Arc::new(memory) };
    let alice = rig.enroll("alice");
    let lesson = Lesson { turn: Some([9; 16]), ..lesson("Hi! I'm vegan, what can I cook?", 7_000) };
    assert!(rig.memory.enqueue(&alice, Some(&session("chat-1")), &lesson).unwrap());
    drain(&rig).await;
    let fact = &facts(&rig, &alice)[0];
    assert_eq!((fact.text.as_str(), fact.slot.as_deref(), fact.valid_at), ("I'm vegan", Some("diet"), 7_000));
    assert_eq!((fact.source.turn.as_str(), fact.source.quote.as_str()), (hex::encode([9; 16]).as_str(), "I'm vegan"));
    assert_eq!((fact.source.session.as_ref(), fact.source.assurance), (Some(&session("chat-1")), Assurance::Verified));
    assert_eq!(fact.source.origin, "rule:diet");
    let reports = reports.lock();
    assert_eq!((reports.len(), reports[0].request_id.as_str(), &reports[0].user), (1, "r1", alice.user()));
    assert_eq!(reports[0].learned.facts, [fact.id]);
    assert_eq!(rig.memory.counters().facts_written.load(Ordering::Relaxed), 1);
    assert_eq!(rig.memory.counters().jobs_done.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn turns_that_are_learned_together_are_reported_each_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let reports = Arc::new(Mutex::new(Vec::<LearnedReport>::new()));
    let sink = reports.clone();
    let memory = Memory::new(open(&dir), MemorySettings::default()).reporting(Arc::new(move |report| sink.lock().push(report)));
    let rig = Rig { dir, memory: Arc::new(memory) };
    let (alice, bob) = (rig.enroll("alice"), rig.enroll("bob"));
    let said = [(&alice, "I live in Oslo."), (&alice, "What is my name?"), (&alice, "I live in Rome."), (&bob, "I'm vegan.")];
    for (at, (scope, text)) in (1..).zip(said) {
        let lesson = Lesson { request_id: format!("r{at}"), ..lesson(text, at) };
        assert!(rig.memory.enqueue(scope, Some(&session("chat")), &lesson).unwrap());
    }
    drain(&rig).await;
    let reports = reports.lock();
    let told: Vec<_> =
        reports.iter().map(|r| (r.request_id.as_str(), &r.user, r.learned.facts.len(), r.learned.superseded.len())).collect();
    assert_eq!(told, [("r1", alice.user(), 1, 0), ("r3", alice.user(), 1, 1), ("r4", bob.user(), 1, 0)]);
    assert_eq!(texts(&rig, &alice), ["I live in Oslo", "I live in Rome"]);
    assert_eq!(rig.memory.counters().jobs_done.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn one_users_damaged_file_holds_up_nobody_else() {
    for damage in [b"no database at all".repeat(2000), Vec::new(), vec![0; 40_000]] {
        let rig = Rig::new(MemorySettings::default());
        let (alice, bob) = (rig.enroll("alice"), rig.enroll("bob"));
        rig.teach(&alice, "I'm vegan.");
        let file = rig.memory.store.file_id(alice.user()).to_string();
        std::fs::write(rig.dir.path().join(format!("users/{}/{file}.redb", &file[..2])), damage).unwrap();
        let rig = rig.restart(MemorySettings::default());
        assert!(rig.memory.enqueue(&alice, None, &lesson("My name is Alice.", 1)).unwrap());
        assert!(rig.memory.enqueue(&bob, None, &lesson("My name is Bob.", 2)).unwrap());
        tokio::time::timeout(Duration::from_secs(20), drain(&rig)).await.unwrap();
        assert_eq!(texts(&rig, &bob), ["My name is Bob"]);
    }
}

#[tokio::test]
async fn a_queued_turn_survives_a_restart() {
    let rig = Rig::new(MemorySettings::default());
    let alice = rig.enroll("alice");
    assert!(rig.memory.enqueue(&alice, None, &lesson("Remember that the boat is called Nemo.", 1)).unwrap());
    let rig = rig.restart(MemorySettings::default());
    drain(&rig).await;
    assert_eq!(texts(&rig, &alice), ["The boat is called Nemo"]);
}

#[tokio::test]
async fn a_turn_teaches_once() {
    let rig = Rig::new(MemorySettings::default());
    let alice = rig.enroll("alice");
    let turn = |turn, text| Lesson { turn: Some([turn; 16]), ..lesson(text, 1_000) };
    rig.memory.learn_from(&alice, Some(&session("s")), &turn(1, "I live in Oslo.")).unwrap();
    rig.memory.learn_from(&alice, Some(&session("s")), &turn(2, "I live in Rome.")).unwrap();
    // Resent behind a changed system message, and regenerated.
    for again in [turn(3, "I live in Oslo."), turn(1, "I live in Oslo.")] {
        assert!(rig.memory.learn_from(&alice, Some(&session("s")), &again).unwrap().facts.is_empty());
        assert!(!rig.memory.enqueue(&alice, Some(&session("s")), &again).unwrap());
    }
    assert_eq!(facts(&rig, &alice).iter().filter(|f| f.is_current()).count(), 1);
    assert_eq!(texts(&rig, &alice), ["I live in Oslo", "I live in Rome"]);
}

#[tokio::test]
async fn the_same_statement_is_kept_once() {
    let rig = Rig::new(MemorySettings::default());
    let alice = rig.enroll("alice");
    for text in ["I like tea.", "i LIKE tea!!", "Well, I like tea. I like tea."] {
        rig.teach(&alice, text);
    }
    assert_eq!(texts(&rig, &alice), ["I like tea"]);
}

#[tokio::test]
async fn a_newer_value_closes_the_older_and_history_stays() {
    let rig = Rig::new(MemorySettings::default());
    let alice = rig.enroll("alice");
    let learn = |text: &str, at| rig.memory.learn_from(&alice, None, &lesson(text, at)).unwrap();
    learn("I live in Oslo.", 1_000);
    assert_eq!(learn("I live in Rome.", 3_000).superseded.len(), 1);
    let late = learn("I live in Bonn.", 2_000);
    assert_eq!((late.facts.len(), late.superseded.len()), (1, 0));
    let times: Vec<_> = facts(&rig, &alice).into_iter().map(|f| (f.text, f.invalid_at)).collect();
    let wanted = [("I live in Oslo", Some(3_000)), ("I live in Rome", None), ("I live in Bonn", Some(3_000))];
    assert_eq!(times, wanted.map(|(text, at)| (text.to_owned(), at)));
    // Back again: the old fact is history, so this is news.
    assert_eq!(learn("I live in Oslo", 4_000).superseded.len(), 1);
}

#[tokio::test]
async fn the_least_useful_make_room_and_pins_stay() {
    let rig = Rig::new(MemorySettings { max_facts: 3, ..MemorySettings::default() });
    let alice = rig.enroll("alice");
    rig.teach(&alice, "Remember that the cat is grey.");
    let mut pinned = facts(&rig, &alice).remove(0);
    pinned.pinned = true;
    rig.memory.change(&alice, Batch { put: vec![pinned], ..Batch::default() }).unwrap();
    rig.teach(&alice, "I like tea.");
    rig.teach(&alice, "Remember that the dog is brown.");
    assert_eq!(rig.teach(&alice, "I like cake.").evicted, 1);
    assert_eq!(texts(&rig, &alice), ["The cat is grey", "I like tea", "I like cake"]);
}

#[tokio::test]
async fn jobs_of_erased_users_are_skipped_and_do_not_hold_up_others() {
    let rig = Rig::new(MemorySettings::default());
    let (alice, bob) = (rig.enroll("alice"), rig.enroll("bob"));
    rig.memory.enqueue(&alice, None, &lesson("I like tea.", 1)).unwrap();
    rig.memory.enqueue(&bob, None, &lesson("I like cake.", 1)).unwrap();
    rig.memory.erase(&alice, erasure()).unwrap();
    drain(&rig).await;
    assert_eq!(rig.memory.counters().jobs_failed.load(Ordering::Relaxed), 1);
    assert_eq!(texts(&rig, &bob), ["I like cake"]);
    assert!(facts(&rig, &alice).is_empty());
}

#[tokio::test]
async fn where_learning_is_off_nothing_is_queued() {
    let learn = ByAssurance { verified: true, vouched: true, asserted: false, sandbox: true };
    let rig = Rig::new(MemorySettings { learn, ..MemorySettings::default() });
    rig.enroll("alice");
    let asserted = test_scope("alice", Assurance::Asserted);
    assert!(!rig.memory.enqueue(&asserted, None, &lesson("I like tea.", 1)).unwrap());
    let verified = rig.enroll("alice");
    assert!(!rig.memory.enqueue(&verified, None, &lesson("What is 2 + 2?", 1)).unwrap());
    assert!(rig.memory.enqueue(&verified, None, &lesson("I like tea.", 1)).unwrap());
}
