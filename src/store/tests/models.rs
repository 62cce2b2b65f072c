//! What is kept for models: vectors, spending, and the queue of the second learner.

use super::super::simulated::End;
use super::*;

fn embedding(fact: FactId, tag: u64) -> Embedding {
    Embedding { fact, tag, vector: vec![u8::try_from(tag).unwrap(); 20] }
}

#[test]
fn vectors_live_and_go_with_their_facts() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let (alice, bob) = (enrolled(&store, "alice"), enrolled(&store, "bob"));
    let facts = ["tea", "coffee", "water"].map(fact);
    // A file from before there were vectors.
    store.commit(&alice, put(&facts)).unwrap();
    assert_eq!((store.load(&alice).unwrap().embeddings, store.load(&alice).unwrap().spending), (vec![], Spending::default()));
    let vectors = facts.iter().zip(1..).map(|(fact, tag)| embedding(fact.id, tag)).collect::<Vec<_>>();
    store.commit(&alice, Batch { embeddings: vectors.clone(), ..Batch::default() }).unwrap();
    store.commit(&alice, Batch { embeddings: vec![embedding(facts[0].id, 9)], ..Batch::default() }).unwrap();
    store.commit(&alice, Batch { delete: vec![facts[1].id], ..Batch::default() }).unwrap();
    let store = open(&disk.after(End::Killed)).unwrap();
    let mut left = store.load(&alice).unwrap().embeddings;
    left.sort_by_key(|embedding| embedding.fact);
    assert_eq!(left, [embedding(facts[0].id, 9), vectors[2].clone()]);
    assert!(store.load(&bob).unwrap().embeddings.is_empty());
    store.erase(&alice, super::erasure()).unwrap();
    store.enroll(&alice, NOW).unwrap();
    assert!(store.load(&alice).unwrap().embeddings.is_empty());
}

#[test]
fn large_files_keep_vectors_too() {
    let store = open(&SimulatedDisk::default()).unwrap();
    let alice = enrolled(&store, "alice");
    let facts: Vec<Fact> = (0..40).map(|_| fact(&"long ".repeat(2000))).collect();
    store.commit(&alice, put(&facts)).unwrap();
    let vectors: Vec<_> = facts.iter().map(|fact| embedding(fact.id, 7)).collect();
    store.commit(&alice, Batch { embeddings: vectors, ..Batch::default() }).unwrap();
    store.commit(&alice, Batch { delete: facts.iter().skip(1).map(|fact| fact.id).collect(), ..Batch::default() }).unwrap();
    assert_eq!(store.load(&alice).unwrap().embeddings, [embedding(facts[0].id, 7)]);
}

#[test]
fn spending_is_that_of_the_latest_commit() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    let spend = |day, tokens| Batch { spending: Some(Spending { day, tokens, deaf_before: -7 }), ..Batch::default() };
    store.commit(&alice, spend(20_000, 5)).unwrap();
    store.commit(&alice, spend(20_000, 12)).unwrap();
    assert_eq!(
        open(&disk.after(End::Killed)).unwrap().load(&alice).unwrap().spending,
        Spending { day: 20_000, tokens: 12, deaf_before: -7 }
    );
    store.commit(&alice, spend(20_001, 1)).unwrap();
    assert_eq!(store.load(&alice).unwrap().spending, Spending { day: 20_001, tokens: 1, deaf_before: -7 });
}

#[test]
fn queues_are_apart_and_survive_a_kill() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    let ticket = |n: u8| Ticket::from_bytes(&[n]);
    for n in 0..5 {
        store.journal_append(Queue::Tutor, &ticket(n), &alice, &[n]).unwrap();
    }
    store.journal_append(Queue::Rules, &ticket(9), &alice, &[9]).unwrap();
    let numbers = |entries: Vec<JournalEntry>| entries.iter().map(|entry| entry.ticket.as_bytes()[0]).collect::<Vec<_>>();
    assert_eq!(numbers(store.journal_peek(Queue::Tutor, 0, 3).unwrap()), [0, 1, 2]);
    assert_eq!(numbers(store.journal_peek(Queue::Tutor, 3, 9).unwrap()), [3, 4]);
    assert_eq!(numbers(store.journal_peek(Queue::Rules, 0, 9).unwrap()), [9]);
    let oldest = store.journal_next(Queue::Tutor).unwrap().unwrap();
    assert_eq!(store.journal_open(&alice, &oldest).unwrap(), [0]);
    let mut moved = oldest.clone();
    moved.queue = Queue::Rules;
    assert!(matches!(store.journal_open(&alice, &moved), Err(StoreError::Sealed)), "an entry belongs to its queue");
    store.journal_done(&[oldest]).unwrap();
    assert_eq!(numbers(store.journal_peek(Queue::Tutor, 0, 2).unwrap()), [1, 2], "looking ahead goes on from the oldest");
    let store = open(&disk.after(End::Killed)).unwrap();
    let left = numbers(store.journal_peek(Queue::Tutor, 0, 9).unwrap());
    assert!(left.ends_with(&[1, 2, 3, 4]), "{left:?}");
    assert_eq!(store.journal_backlog(Queue::Rules) > 0, store.journal_next(Queue::Rules).unwrap().is_some());
}
