//! Which turns are taken up together, and when.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::window::{End, MOST_ATTEMPTS, Window};
use crate::enforce::{Ticket, test_scope};
use crate::identity::Assurance;
use crate::setting::Secret;
use crate::store::simulated::SimulatedDisk;
use crate::store::{JournalEntry, Queue, StorageSettings, Store};

const WAIT: Duration = Duration::from_secs(30);

/// Turns of the conversations with these numbers.
fn entries(conversations: &[u8]) -> Vec<JournalEntry> {
    let settings = StorageSettings { master_key: Some(Secret::new(&[9; 32])), ..StorageSettings::at("unused") };
    let store = Store::open(&settings, Arc::new(SimulatedDisk::default())).unwrap();
    let alice = test_scope("alice", Assurance::Verified);
    store.enroll(&alice, 0).unwrap();
    for conversation in conversations {
        store.journal_append(Queue::Tutor, &Ticket::from_bytes(&[*conversation]), &alice, b"turn").unwrap();
    }
    store.journal_peek(Queue::Tutor, 0, conversations.len()).unwrap()
}

fn all_done(places: &[usize]) -> End {
    End { done: (0..places.len()).collect(), failed: Vec::new() }
}

#[test]
fn a_batch_is_due_when_full_or_old() {
    let now = Instant::now();
    let mut window = Window::default();
    assert_eq!(window.due(3, WAIT, now), Err(None));
    window.extend(entries(&[1, 2, 1, 3, 2]), now);
    assert_eq!(window.gap(), (5, 251));
    assert_eq!(window.due(3, WAIT, now), Err(Some(now + WAIT)));
    assert_eq!(window.due(2, WAIT, now), Ok(vec![0, 2]), "full");
    assert_eq!(window.due(3, WAIT, now + WAIT), Ok(vec![0, 2]), "old");
    window.settle(&[0, 2], &all_done(&[0, 2]), WAIT, now);
    assert_eq!(window.consumed(), 1, "the third waits behind the second");
    assert_eq!(window.due(2, WAIT, now), Ok(vec![0, 3]));
    window.settle(&[0, 3], &End { done: vec![0], failed: Vec::new() }, WAIT, now);
    assert_eq!(window.consumed(), 2);
    assert_eq!(window.due(9, WAIT, now + WAIT), Ok(vec![0]));
    assert_eq!(window.entries(&[0])[0].ticket.as_bytes(), [3]);
    assert_eq!(window.due(1, WAIT, now), Ok(vec![0]));
    window.settle(&[0, 1], &all_done(&[0, 1]), WAIT, now);
    assert_eq!((window.consumed(), window.gap()), (2, (0, 256)));
}

#[test]
fn what_failed_comes_again_later_and_holds_up_no_other_conversation() {
    let mut now = Instant::now();
    let mut window = Window::default();
    window.extend(entries(&[1, 2]), now);
    let mut pauses = Vec::new();
    for attempt in 0..MOST_ATTEMPTS - 1 {
        assert_eq!(window.attempts(&[0]), attempt);
        window.settle(&[0], &End { done: Vec::new(), failed: vec![0] }, WAIT, now);
        assert_eq!(window.due(1, WAIT, now), Ok(vec![1]), "the other one");
        let wait = (1..2000).find(|s| window.due(1, WAIT, now + Duration::from_secs(*s)) == Ok(vec![0])).unwrap();
        pauses.push(wait);
        now += Duration::from_secs(wait);
    }
    assert_eq!(pauses, [2, 8, 32]);
}
