//! From the queue into the history, over crashes and faults of the disk.

use super::super::settings::DAY;
use super::*;

/// Writes all that is queued.
pub(super) fn drain(sessions: &Sessions, suspects: u64) {
    sessions.keep_all(suspects);
    assert_eq!(sessions.store.journal_backlog(Queue::History), 0);
}

#[test]
fn queued_turns_survive_a_kill_and_come_once() {
    let disk = SimulatedDisk::default();
    let sessions = with(&disk, SessionSettings::default());
    let ana = person(&sessions, "ana");
    let ticket = sessions.ticket(&ana, &id("s"));
    for n in 0..5 {
        sessions.enqueue(&ticket, &turn(n, &n.to_string())).unwrap();
    }
    // Killed before anything was written, and once more when it was written and not yet crossed off.
    let disk = disk.after(End::Killed);
    let sessions = with(&disk, SessionSettings::default());
    let first = sessions.store.journal_next(Queue::History).unwrap().unwrap();
    let turn: QueuedTurn = super::super::record::decode(&sessions.store.journal_open(&ana, &first).unwrap()).unwrap();
    assert!(sessions.append(&ana, &id("s"), turn, false).unwrap());
    drop(sessions);
    let sessions = with(&disk.after(End::Killed), SessionSettings::default());
    drain(&sessions, 5);
    assert_eq!(answers(&sessions, &ana, "s"), ["0", "1", "2", "3", "4"]);
}

#[test]
fn what_cannot_be_read_holds_nobody_up() {
    let sessions = with(&SimulatedDisk::default(), SessionSettings::default());
    let (ana, bert) = (person(&sessions, "ana"), person(&sessions, "bert"));
    let forged = Ticket::from_bytes(&[0; 60]);
    assert!(matches!(sessions.enqueue(&forged, &turn(0, "x")), Err(KeepError::Forged)));
    sessions.store.journal_append(Queue::History, &forged, &ana, b"x").unwrap();
    sessions.store.journal_append(Queue::History, &sessions.ticket(&ana, &id("s")), &ana, b"\x09").unwrap();
    // Sealed for one, with the ticket of another.
    sessions.store.journal_append(Queue::History, &sessions.ticket(&bert, &id("s")), &ana, b"x").unwrap();
    sessions.enqueue(&sessions.ticket(&ana, &id("s")), &turn(1, "one")).unwrap();
    drain(&sessions, 0);
    assert_eq!(answers(&sessions, &ana, "s"), ["one"]);
    assert!(matches!(sessions.show(&bert, &id("s"), 0, 9, NOW), Err(SessionError::NoSession)));
    let metrics = sessions.metrics.render();
    assert!(metrics.contains("memgate_history_turns_total{result=\"kept\"} 1"), "{metrics}");
    assert!(metrics.contains("memgate_history_turns_total{result=\"failed\"} 2"), "{metrics}");
}

#[test]
fn the_use_of_what_lasts_is_noted_and_of_nothing_else() {
    let sessions = with(&SimulatedDisk::default(), SessionSettings::default());
    let ana = person(&sessions, "ana");
    sessions.create(&ana, Some(id("plans")), None, NOW).unwrap();
    drop(sessions.begin(&ana, &id("plans"), NOW + 2 * DAY));
    drop(sessions.begin(&ana, &id("passing"), NOW + 2 * DAY));
    drain(&sessions, 0);
    let index = sessions.index(&ana).unwrap();
    assert_eq!(index.get(&id("plans")).unwrap().used_at, NOW + 2 * DAY);
    assert!(index.get(&id("passing")).is_none());
}

#[test]
fn hashes_are_the_persons_own() {
    let sessions = with(&SimulatedDisk::default(), SessionSettings::default());
    let (ana, bert) = (person(&sessions, "ana"), person(&sessions, "bert"));
    let hash = |scope, parts: &[&[u8]]| sessions.hash(scope, parts).unwrap();
    assert_eq!(hash(&ana, &[b"a", b"b"]), hash(&ana, &[b"a", b"b"]));
    assert_ne!(hash(&ana, &[b"a", b"b"]), hash(&ana, &[b"ab"]));
    assert_ne!(hash(&ana, &[b"a"]), hash(&bert, &[b"a"]));
    assert_eq!(sessions.hash(&test_scope("nobody", Assurance::Verified), &[b"a"]), None);
    sessions.note_answer(&sessions.ticket(&ana, &id("s")), ["resp_1"].into_iter());
    assert_eq!(sessions.of_answer(&ana, "resp_1"), Some(id("s")));
    assert_eq!(sessions.of_answer(&bert, "resp_1"), None);
}
