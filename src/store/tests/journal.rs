//! The learning queue.

use redb::StorageBackend;

use super::super::disk::Mode;
use super::super::simulated::{End, Fault};
use super::*;

const FILE: &str = "learn.journal";

fn ticket(number: u64) -> Ticket {
    Ticket::from_bytes(&number.to_be_bytes())
}

fn append(store: &Store, scope: &UserScope, number: u64) -> Result<(), JournalError> {
    store.journal_append(Queue::Rules, &ticket(number), scope, format!("turn {number}").as_bytes())
}

/// Takes everything off the queue.
fn drain(store: &Store, scope: &UserScope) -> Vec<u64> {
    let mut seen = Vec::new();
    while let Some(entry) = store.journal_next(Queue::Rules).unwrap() {
        let number = u64::from_be_bytes(entry.ticket.as_bytes().try_into().unwrap());
        assert_eq!(store.journal_open(scope, &entry).unwrap(), format!("turn {number}").as_bytes());
        seen.push(number);
        store.journal_done(&[entry]).unwrap();
    }
    seen
}

#[test]
fn entries_come_in_order_and_once() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    (0..100).for_each(|n| append(&store, &alice, n).unwrap());
    let first = store.journal_next(Queue::Rules).unwrap().unwrap();
    assert_eq!(store.journal_next(Queue::Rules).unwrap().as_ref(), Some(&first), "asking again gives the same");
    let backlog = store.journal_backlog(Queue::Rules);
    store.journal_done(std::slice::from_ref(&first)).unwrap();
    store.journal_done(&[first]).unwrap();
    assert!(store.journal_backlog(Queue::Rules) < backlog);
    assert_eq!(drain(&store, &alice), (1..100).collect::<Vec<_>>());
    assert_eq!(store.journal_backlog(Queue::Rules), 0);
    append(&store, &alice, 100).unwrap();
    let store = open(&disk.after(End::Killed)).unwrap();
    assert_eq!(drain(&store, &alice), [100], "what was consumed does not come again once the queue was empty");
}

#[test]
fn entries_are_consumed_together() {
    let store = open(&SimulatedDisk::default()).unwrap();
    let alice = enrolled(&store, "alice");
    for n in 1..=5 {
        append(&store, &alice, n).unwrap();
    }
    let two = store.journal_peek(Queue::Rules, 0, 2).unwrap();
    let three = store.journal_peek(Queue::Rules, 0, 3).unwrap();
    assert_eq!((three.len(), &three[..2]), (3, &two[..]), "asking again gives the same");
    store.journal_done(&three).unwrap();
    // They were consumed already.
    store.journal_done(&two).unwrap();
    store.journal_done(&[]).unwrap();
    assert_eq!(drain(&store, &alice), [4, 5]);
}

#[test]
fn a_payload_opens_for_its_own_user_alone() {
    let store = open(&SimulatedDisk::default()).unwrap();
    let (alice, bob) = (enrolled(&store, "alice"), enrolled(&store, "bob"));
    assert!(matches!(append(&store, &verified("nobody"), 0), Err(JournalError::Store(StoreError::NotEnrolled))));
    append(&store, &alice, 1).unwrap();
    let entry = store.journal_next(Queue::Rules).unwrap().unwrap();
    assert!(matches!(store.journal_open(&bob, &entry), Err(StoreError::Sealed)));
    let mut forged = entry.clone();
    forged.ticket = ticket(2);
    assert!(matches!(store.journal_open(&alice, &forged), Err(StoreError::Sealed)));
    assert_eq!(store.journal_count(Queue::Rules, |_| true).unwrap(), 1);
    store.erase(&alice, erasure()).unwrap();
    assert!(matches!(store.journal_open(&alice, &entry), Err(StoreError::NotEnrolled)));
    store.enroll(&alice, NOW).unwrap();
    assert!(matches!(store.journal_open(&alice, &entry), Err(StoreError::Sealed)));
    store.journal_done(&[entry]).unwrap();
    assert_eq!(store.journal_next(Queue::Rules).unwrap(), None);
}

#[test]
fn a_kill_loses_nothing_that_was_appended() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    for n in 0..40 {
        append(&store, &alice, n).unwrap();
        let after = open(&disk.after(End::Killed)).unwrap();
        assert_eq!(drain(&after, &alice), (0..=n).collect::<Vec<_>>());
    }
}

#[test]
fn a_full_queue_says_so_and_goes_on() {
    let disk = SimulatedDisk::default();
    let store = Store::open(&StorageSettings { journal_limit: 1000, ..settings() }, Arc::new(disk)).unwrap();
    let alice = enrolled(&store, "alice");
    let taken = (0..100).take_while(|n| append(&store, &alice, *n).is_ok()).count() as u64;
    assert!((5..30).contains(&taken));
    assert!(matches!(append(&store, &alice, 0), Err(JournalError::Full)));
    assert!(store.journal_backlog(Queue::Rules) <= 1000);
    assert_eq!(drain(&store, &alice).len() as u64, taken);
    append(&store, &alice, 7).unwrap();
    assert_eq!(drain(&store, &alice), [7]);
}

#[test]
fn the_file_stays_small_though_the_queue_is_never_empty() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    let payload = vec![b'x'; 60_000];
    let mut expected = 0;
    for n in 0..60 {
        store.journal_append(Queue::Rules, &ticket(n), &alice, &payload).unwrap();
        if n >= 5 {
            let entry = store.journal_next(Queue::Rules).unwrap().unwrap();
            assert_eq!(entry.ticket, ticket(expected));
            assert_eq!(store.journal_open(&alice, &entry).unwrap(), payload);
            store.journal_done(&[entry]).unwrap();
            expected += 1;
        }
        assert!(disk.contents(FILE).unwrap().len() < 3 << 20);
    }
    let store = open(&disk.after(End::Killed)).unwrap();
    let entry = store.journal_next(Queue::Rules).unwrap().unwrap();
    let first = u64::from_be_bytes(entry.ticket.as_bytes().try_into().unwrap());
    assert!((expected - 20..=expected).contains(&first), "at most a few come again: {first} of {expected}");
}

#[test]
fn a_torn_tail_is_dropped_wherever_it_is_cut() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    (0..3).for_each(|n| append(&store, &alice, n).unwrap());
    let whole = disk.contents(FILE).unwrap();
    let length = (whole.len() - 8) / 3;
    for cut in 0..whole.len() {
        for damage in [whole[..cut].to_vec(), [&whole[..cut], &vec![0; whole.len() - cut]].concat()] {
            let disk = disk.after(End::Killed);
            disk.open(FILE, Mode::Fresh).unwrap().write(0, &damage).unwrap();
            let store = match open(&disk) {
                Err(StoreError::Newer) if cut < 8 => continue,
                opened => opened.unwrap(),
            };
            let kept = cut.saturating_sub(8) / length;
            assert_eq!(drain(&store, &alice), (0..kept as u64).collect::<Vec<_>>(), "cut at {cut}");
            append(&store, &alice, 9).unwrap();
            assert_eq!(drain(&store, &alice), [9]);
        }
    }
}

#[test]
fn a_full_disk_fails_the_append_and_nothing_else() {
    for at in 1..=3 {
        let disk = SimulatedDisk::default();
        let store = open(&disk).unwrap();
        let alice = enrolled(&store, "alice");
        append(&store, &alice, 0).unwrap();
        disk.set_fault(Fault::DiskFull { at: disk.acts() + 1, writes: at });
        let failed = (1..10).take_while(|n| append(&store, &alice, *n).is_err()).count();
        assert!(failed > 0);
        disk.set_fault(Fault::Never);
        append(&store, &alice, 10).unwrap();
        let after = open(&disk.after(End::Killed)).unwrap();
        let seen = drain(&after, &alice);
        assert_eq!((seen.first(), seen.last()), (Some(&0), Some(&10)));
        assert!(!seen.contains(&1), "what failed is not there by half");
        assert_eq!(drain(&store, &alice), seen);
    }
}

#[test]
fn a_power_cut_loses_at_most_the_tail() {
    let disk = SimulatedDisk::default();
    let store = open(&disk).unwrap();
    let alice = enrolled(&store, "alice");
    (0..20).for_each(|n| append(&store, &alice, n).unwrap());
    for seed in 0..300 {
        let after = open(&disk.after(End::PowerCut { seed })).unwrap();
        let seen = drain(&after, &alice);
        assert_eq!(seen, (0..seen.len() as u64).collect::<Vec<_>>(), "seed {seed}");
        append(&after, &alice, 99).unwrap();
        assert_eq!(drain(&after, &alice), [99]);
    }
}
