//! What lasts: made, listed, renamed, cleared, deleted, over.

use parking_lot::Mutex;

use super::super::settings::{DAY, HistoryFile};
use super::*;
use crate::setting::Size;
use crate::store::{Erasure, Shelf};

fn small(turns: usize, sessions: usize) -> SessionSettings {
    SessionSettings { history: HistoryFile { turns, bytes: Size(4 << 20), sessions }, ..SessionSettings::default() }
}

fn titles(sessions: &Sessions, scope: &UserScope, now: i64) -> Vec<(String, Option<String>)> {
    let page = sessions.list(scope, Wanted::All, None, 100, now).unwrap();
    page.sessions.into_iter().map(|shown| (shown.id.as_str().to_owned(), shown.title)).collect()
}

#[test]
fn sessions_last_over_a_restart_and_equal_keys_never_meet() {
    let disk = SimulatedDisk::default();
    let sessions = with(&disk, SessionSettings::default());
    let (ana, other) = (person(&sessions, "acme:ana"), person(&sessions, "umbra:ana"));
    let (shown, fresh) = sessions.create(&ana, Some(id("plans")), Some("Plans".into()), NOW).unwrap();
    assert!(fresh && shown.created_at == Some(NOW) && shown.live.is_none());
    let (_, again) = sessions.create(&ana, Some(id("plans")), None, NOW + 1).unwrap();
    assert!(!again);
    assert!(sessions.append(&ana, &id("plans"), turn(1, "one"), false).unwrap());
    assert!(matches!(sessions.show(&other, &id("plans"), 0, 9, NOW), Err(SessionError::NoSession)));
    assert!(matches!(sessions.rename(&other, &id("plans"), None, NOW), Err(SessionError::NoSession)));
    assert!(matches!(sessions.delete(&other, &id("plans"), NOW), Err(SessionError::NoSession)));
    assert!(matches!(sessions.clear(&other, &id("plans"), NOW), Err(SessionError::NoSession)));
    let (made, _) = sessions.create(&other, None, None, NOW).unwrap();
    assert!(made.id.as_str().starts_with("s-"));
    for name in RESERVED {
        assert!(matches!(sessions.create(&ana, Some(id(name)), None, NOW), Err(SessionError::Reserved)));
    }
    drop(sessions);
    let sessions = with(&disk, SessionSettings::default());
    assert_eq!(titles(&sessions, &ana, NOW), [("plans".to_owned(), Some("Plans".to_owned()))]);
    assert_eq!(answers(&sessions, &ana, "plans"), ["one"]);
    sessions.rename(&ana, &id("plans"), None, NOW).unwrap();
    assert_eq!(titles(&sessions, &ana, NOW), [("plans".to_owned(), None)]);
    assert_eq!(titles(&sessions, &other, NOW).len(), 1);
}

#[test]
fn a_turn_that_is_answered_again_keeps_the_last_answer_and_tools_in_between() {
    let sessions = with(&SimulatedDisk::default(), small(500, 10));
    let ana = person(&sessions, "ana");
    let keep = |turn| sessions.append(&ana, &id("s"), turn, false).unwrap();
    keep(turn(1, "one"));
    keep(turn(2, "two"));
    keep(turn(2, "two again"));
    assert_eq!(answers(&sessions, &ana, "s"), ["one", "two again"]);
    // A tool is called, and its result answered; then the same once more.
    keep(QueuedTurn { tools: vec!["look_up".into()], ..turn(3, "") });
    keep(QueuedTurn { tail: [30; 16], ..turn(3, "found") });
    assert_eq!(answers(&sessions, &ana, "s"), ["one", "two again", "+found"]);
    keep(QueuedTurn { tail: [30; 16], ..turn(3, "found again") });
    assert_eq!(answers(&sessions, &ana, "s").last().unwrap(), "+found again");
    keep(turn(3, "without tools"));
    assert_eq!(answers(&sessions, &ana, "s").last().unwrap(), "without tools");
    // One that came before, by its request.
    let twice = turn(4, "four");
    assert!(keep(twice.clone()));
    keep(turn(5, "five"));
    assert!(!sessions.append(&ana, &id("s"), twice, true).unwrap());
    assert_eq!(answers(&sessions, &ana, "s").len(), 5);
}

#[test]
fn the_oldest_turns_and_sessions_go_first_and_named_ones_stay() {
    let sessions = with(&SimulatedDisk::default(), small(3, 3));
    let ana = person(&sessions, "ana");
    for n in 0..10 {
        sessions.append(&ana, &id("s"), turn(n, &n.to_string()), false).unwrap();
    }
    assert_eq!(answers(&sessions, &ana, "s"), ["7", "8", "9"]);
    assert_eq!(sessions.store.shelf(&ana, Shelf::Turns, None).unwrap().len(), 3);
    let (_, page, next) = sessions.show(&ana, &id("s"), 0, 2, NOW).unwrap();
    assert_eq!((page.len(), next), (2, Some(9)));
    let (_, page, next) = sessions.show(&ana, &id("s"), 9, 2, NOW).unwrap();
    assert_eq!((page.len(), next), (1, None));

    sessions.create(&ana, Some(id("wanted")), None, NOW).unwrap();
    sessions.append(&ana, &id("t"), turn(20, "t"), false).unwrap();
    sessions.append(&ana, &id("u"), turn(30, "u"), false).unwrap();
    let mut left: Vec<String> = titles(&sessions, &ana, NOW).into_iter().map(|(id, _)| id).collect();
    left.sort();
    assert_eq!(left, ["t", "u", "wanted"]);
    assert_eq!(sessions.store.shelf(&ana, Shelf::Turns, None).unwrap().len(), 2, "with its turns");
    sessions.rename(&ana, &id("t"), Some("T".into()), NOW).unwrap();
    sessions.rename(&ana, &id("u"), Some("U".into()), NOW).unwrap();
    assert!(matches!(sessions.create(&ana, None, None, NOW), Err(SessionError::Full)));
    assert!(matches!(sessions.append(&ana, &id("v"), turn(40, "v"), false), Err(SessionError::Full)));
}

#[test]
fn bytes_are_bounded() {
    let settings = SessionSettings { history: HistoryFile { bytes: Size(2 << 20), ..HistoryFile::default() }, ..small(500, 9) };
    let sessions = with(&SimulatedDisk::default(), settings);
    let ana = person(&sessions, "ana");
    // Written six times as long as it is.
    let long = "\u{1}".repeat(MOST_ANSWERED);
    for n in 0..4 {
        sessions.append(&ana, &id("s"), turn(n, &long), false).unwrap();
    }
    let stored: usize = sessions.store.shelf(&ana, Shelf::Turns, None).unwrap().iter().map(|row| row.value.len()).sum();
    assert!((1 << 20..=2 << 20).contains(&stored), "{stored}");
}

#[test]
fn what_is_cleared_or_deleted_stays_away_even_if_turns_were_on_their_way() {
    let disk = SimulatedDisk::default();
    let sessions = with(&disk, small(500, 10));
    let ana = person(&sessions, "ana");
    for name in ["cleared", "deleted"] {
        sessions.append(&ana, &id(name), turn(1, "one"), false).unwrap();
    }
    assert_eq!(sessions.clear(&ana, &id("cleared"), NOW + 5).unwrap(), 1);
    sessions.delete(&ana, &id("deleted"), NOW + 5).unwrap();
    drop(sessions);
    let sessions = with(&disk, small(500, 10));
    for name in ["cleared", "deleted"] {
        assert!(!sessions.append(&ana, &id(name), turn(4, "late"), false).unwrap(), "{name}");
    }
    assert_eq!(answers(&sessions, &ana, "cleared"), [""; 0]);
    assert!(matches!(sessions.show(&ana, &id("deleted"), 0, 9, NOW), Err(SessionError::NoSession)));
    assert!(matches!(sessions.delete(&ana, &id("deleted"), NOW), Err(SessionError::NoSession)), "once");
    assert!(sessions.append(&ana, &id("deleted"), turn(6, "new"), false).unwrap(), "a new one may begin");
    assert_eq!(answers(&sessions, &ana, "deleted"), ["new"]);
    assert!(!sessions.append(&ana, &id("deleted"), turn(3, "later still"), false).unwrap());
}

#[test]
fn retention_ends_what_nobody_uses_and_says_so() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hook = Arc::clone(&told);
    let disk = SimulatedDisk::default();
    let metrics = Arc::new(Metrics::new().unwrap());
    let sessions = Sessions::new(open(&disk), SessionSettings::default(), metrics)
        .reporting(Arc::new(move |_, ended| hook.lock().extend(ended.to_vec())));
    let sessions = Arc::new(sessions);
    let ana = person(&sessions, "ana");
    for name in ["old", "used", "running"] {
        sessions.create(&ana, Some(id(name)), Some(name.into()), NOW).unwrap();
        sessions.append(&ana, &id(name), turn(1, "one"), false).unwrap();
    }
    let month = 30 * DAY;
    sessions.touch(&ana, &id("used"), NOW + month / 2).unwrap();
    let lease = sessions.begin(&ana, &id("running"), NOW + 1).unwrap();
    let left = |now| {
        let mut left: Vec<_> = titles(&sessions, &ana, now).into_iter().map(|(id, _)| id).collect();
        left.sort();
        left
    };
    assert_eq!(left(NOW + month - 1), ["old", "running", "used"]);
    assert_eq!(left(NOW + month + 5), ["running", "used"]);
    assert_eq!(*told.lock(), [id("old")]);
    assert_eq!(sessions.store.shelf(&ana, Shelf::Turns, None).unwrap().len(), 2);
    drop(lease);
    sessions.delete(&ana, &id("running"), NOW + month).unwrap();
    assert_eq!(*told.lock(), [id("old"), id("running")]);
    // What is left of the deleted one goes in time, and nobody hears of that again.
    assert_eq!(sessions.store.shelf(&ana, Shelf::Sessions, None).unwrap().len(), 2);
    assert_eq!(left(NOW + month + 2 * DAY), ["used"]);
    assert_eq!(sessions.store.shelf(&ana, Shelf::Sessions, None).unwrap().len(), 1);
    assert_eq!(told.lock().len(), 2);
}

#[test]
fn an_erasure_ends_all_of_it() {
    let sessions = with(&SimulatedDisk::default(), SessionSettings::default());
    let ana = person(&sessions, "ana");
    sessions.create(&ana, Some(id("plans")), Some("Plans".into()), NOW).unwrap();
    let lease = sessions.begin(&ana, &id("plans"), NOW).unwrap();
    sessions.enqueue(&sessions.ticket(&ana, &id("plans")), &turn(1, "one")).unwrap();
    let erasure = Erasure { receipt: RequestId::fresh(), at: NOW + 10 };
    sessions.store.erase(&ana, erasure).unwrap();
    sessions.forget(&ana);
    person(&sessions, "ana");
    // A turn that was said before, and whose answer ended after.
    sessions.enqueue(&sessions.ticket(&ana, &id("plans")), &turn(2, "two")).unwrap();
    keeping::drain(&sessions, 0);
    drop(lease);
    assert_eq!(titles(&sessions, &ana, NOW), []);
    assert!(matches!(sessions.show(&ana, &id("plans"), 0, 9, NOW), Err(SessionError::NoSession)));
    assert_eq!(sessions.live.lock().len(), 0);
}

#[test]
fn what_others_erase_leaves_no_session_in_sight() {
    let sessions = with(&SimulatedDisk::default(), SessionSettings::default());
    let ana = person(&sessions, "ana");
    sessions.create(&ana, Some(id("plans")), None, NOW).unwrap();
    let _lease = sessions.begin(&ana, &id("plans"), NOW).unwrap();
    // As an operator erases a tenant: nobody tells the sessions.
    sessions.store.erase(&ana, Erasure { receipt: RequestId::fresh(), at: NOW + 10 }).unwrap();
    for _ in ["erased", "come again"] {
        let page = sessions.list(&ana, Wanted::All, None, 9, NOW).unwrap();
        assert_eq!((page.sessions, page.live), (Vec::new(), 0));
        person(&sessions, "ana");
    }
}
