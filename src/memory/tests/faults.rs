//! A full disk and a full queue: the chat goes on, it is counted, and nothing acknowledged is lost.

use std::sync::atomic::Ordering;

use tokio::sync::watch;

use super::*;
use crate::memory::EnqueueError;
use crate::store::simulated::{End, Fault, SimulatedDisk};

const FULL: Fault = Fault::DiskFull { at: 0, writes: u64::MAX };

fn memory_on(disk: &SimulatedDisk, journal_limit: u64) -> Arc<Memory> {
    let master_key = Some(crate::setting::Secret::new(&[7; 32]));
    let settings = StorageSettings { master_key, journal_limit, ..StorageSettings::at("unused") };
    Arc::new(Memory::new(Store::open(&settings, Arc::new(disk.clone())).unwrap(), MemorySettings::default()))
}

/// Runs the learner and the recorder until `enough`.
async fn run_until(memory: &Arc<Memory>, mut enough: impl FnMut(&Memory) -> bool) {
    let (stop, stopped) = watch::channel(false);
    let learner = tokio::spawn(memory.clone().run_learner(stopped.clone()));
    let recorder = tokio::spawn(memory.clone().run_recorder(stopped));
    tokio::time::timeout(Duration::from_secs(30), async {
        while !enough(memory) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await
    .unwrap();
    stop.send(true).unwrap();
    learner.await.unwrap();
    recorder.await.unwrap();
}

async fn carried_by(memory: &Memory, scope: &UserScope, question: &str) -> String {
    let message = [Message { role: Role::User, raw: question.as_bytes() }];
    let query = || question.to_owned();
    let request = RecallRequest {
        messages: &message,
        query: &query,
        tokens: render::estimate_tokens,
        most: usize::MAX,
        withhold: &[],
        now: now(),
    };
    let recalled = memory.recall(scope, &request, Duration::from_secs(20)).await.unwrap();
    memory.remember_injections(scope, recalled.fresh.clone());
    carried(&recalled)
}

fn count(counter: &std::sync::atomic::AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_full_disk_delays_learning_and_loses_nothing() {
    let disk = SimulatedDisk::default();
    let memory = memory_on(&disk, 1 << 20);
    let alice = test_scope("alice", Assurance::Verified);
    memory.store.enroll(&alice, 0).unwrap();
    let lessons =
        ["Remember that the boat is called Nemo.", "I live in Oslo.", "I live in Rome.", "Remember that the dog is brown."];
    for (at, text) in (1..).zip(lessons) {
        assert!(memory.enqueue(&alice, Some(&session("chat")), &lesson(text, at)).unwrap());
    }
    disk.set_fault(FULL);
    run_until(&memory, |memory| count(&memory.counters().jobs_retried) > 0).await;
    assert_eq!(carried_by(&memory, &alice, "What is the boat called?").await, "");
    assert!(memory.backlog() > 0);
    assert_eq!((count(&memory.counters().jobs_done), count(&memory.counters().facts_written)), (0, 0));
    disk.set_fault(Fault::Never);
    run_until(&memory, |memory| memory.backlog() == 0).await;
    let told = carried_by(&memory, &alice, "What is the boat called, and which colour has the dog?").await;
    assert!(told.contains("Nemo") && told.contains("Rome") && told.contains("brown") && !told.contains("Oslo"), "{told}");
    assert_eq!((count(&memory.counters().jobs_done), count(&memory.counters().jobs_failed)), (4, 0));
}

#[tokio::test]
async fn what_was_queued_survives_a_kill_on_a_full_disk() {
    let disk = SimulatedDisk::default();
    let memory = memory_on(&disk, 1 << 20);
    let alice = test_scope("alice", Assurance::Verified);
    memory.store.enroll(&alice, 0).unwrap();
    assert!(memory.enqueue(&alice, None, &lesson("Remember that the boat is called Nemo.", 1)).unwrap());
    assert!(memory.enqueue(&alice, None, &lesson("I live in Oslo.", 2)).unwrap());
    disk.set_fault(FULL);
    run_until(&memory, |memory| count(&memory.counters().jobs_retried) > 0).await;
    let memory = memory_on(&disk.after(End::Killed), 1 << 20);
    run_until(&memory, |memory| memory.backlog() == 0).await;
    let told = carried_by(&memory, &alice, "What is the boat called?").await;
    assert!(told.contains("Nemo") && told.contains("Oslo"), "{told}");
}

#[tokio::test]
async fn a_full_queue_refuses_and_takes_again_when_it_was_emptied() {
    let disk = SimulatedDisk::default();
    let memory = memory_on(&disk, 1_000);
    let alice = test_scope("alice", Assurance::Verified);
    memory.store.enroll(&alice, 0).unwrap();
    let mut queued = 0;
    let refused = loop {
        match memory.enqueue(&alice, None, &lesson(&format!("Remember that boat {queued} is old."), queued)) {
            Ok(taken) => assert!(taken),
            Err(error) => break error,
        }
        queued += 1;
    };
    assert!(matches!(refused, EnqueueError::Full) && queued > 1);
    run_until(&memory, |memory| memory.backlog() == 0).await;
    assert_eq!(memory.store.load(&alice).unwrap().facts.len(), usize::try_from(queued).unwrap());
    assert!(memory.enqueue(&alice, None, &lesson("I live in Oslo.", queued)).unwrap());
}

#[tokio::test]
async fn choices_that_cannot_be_written_hold_in_ram_and_are_counted() {
    let disk = SimulatedDisk::default();
    let memory = memory_on(&disk, 1 << 20);
    let alice = test_scope("alice", Assurance::Verified);
    memory.store.enroll(&alice, 0).unwrap();
    memory.learn_from(&alice, None, &lesson("Remember that the boat is called Nemo.", 1)).unwrap();
    disk.set_fault(FULL);
    // So that the choice is later than the fact by the clock.
    tokio::time::sleep(Duration::from_millis(2)).await;
    let before = carried_by(&memory, &alice, "What is the boat called?").await;
    run_until(&memory, |memory| count(&memory.counters().injections_lost) > 0).await;
    assert_eq!(carried_by(&memory, &alice, "What is the boat called?").await, before);
    assert!(memory.learn_from(&alice, None, &lesson("I live in Oslo.", 2)).is_err());
    assert!(!carried_by(&memory, &alice, "Where do I live?").await.contains("Oslo"));
    disk.set_fault(Fault::Never);
    assert_eq!(memory.learn_from(&alice, None, &lesson("I live in Oslo.", 2)).unwrap().facts.len(), 1, "the turn may come again");
}
