//! Who may name what an upstream keeps.

use tokio::sync::watch;

use super::*;
use crate::store::Holding;

const AT: i64 = 1_760_000_000_000;

fn holds(rig: &Rig, scope: &UserScope, ids: &[&str]) -> bool {
    rig.memory.holds(scope, "openai", ids, AT).unwrap()
}

fn hold(rig: &Rig, scope: &UserScope, ids: &[&str]) {
    let holder = rig.memory.holder(scope).unwrap();
    rig.memory.hold(&holder, "openai", ids.iter().copied(), AT);
}

/// Writes what waits to be written, as a shutdown does.
async fn record(rig: &Rig) {
    let (stop, stopped) = watch::channel(false);
    let recorder = tokio::spawn(rig.memory.clone().run_recorder(stopped));
    stop.send(true).unwrap();
    recorder.await.unwrap();
}

#[tokio::test]
async fn an_id_is_its_owners_at_once_and_after_a_restart() {
    let rig = Rig::new(MemorySettings::default());
    let (alice, bob) = (rig.enroll("alice"), rig.enroll("bob"));
    assert!(!holds(&rig, &alice, &["resp_1"]));
    hold(&rig, &alice, &["resp_1", "msg_1"]);
    hold(&rig, &bob, &["resp_2"]);
    let check = |rig: &Rig| {
        assert!(holds(rig, &alice, &["resp_1"]) && holds(rig, &alice, &["msg_1", "resp_1"]) && holds(rig, &alice, &[]));
        assert!(!holds(rig, &alice, &["resp_1", "resp_2"]) && !holds(rig, &alice, &["resp_"]) && !holds(rig, &alice, &[""]));
        assert!(holds(rig, &bob, &["resp_2"]) && !holds(rig, &bob, &["resp_1"]));
        assert!(!rig.memory.holds(&alice, "other", &["resp_1"], AT).unwrap(), "another upstream's");
        assert!(!holds(rig, &test_scope("carol", Assurance::Verified), &["resp_1"]));
    };
    check(&rig);
    record(&rig).await;
    let rig = rig.restart(MemorySettings::default());
    check(&rig);
    // Found on the disk, it is in RAM now.
    check(&rig);
}

#[tokio::test]
async fn an_id_expires() {
    let rig = Rig::new(MemorySettings::default());
    let alice = rig.enroll("alice");
    hold(&rig, &alice, &["resp_1"]);
    record(&rig).await;
    for restarted in [false, true] {
        let rig = if restarted {
            Rig {
                memory: Arc::new(Memory::new(rig.memory.store.clone(), MemorySettings::default())),
                dir: tempfile::tempdir().unwrap(),
            }
        } else {
            Rig { memory: rig.memory.clone(), dir: tempfile::tempdir().unwrap() }
        };
        let at = |at| rig.memory.holds(&alice, "openai", &["resp_1"], at).unwrap();
        assert!(at(AT + Holding::LIFETIME - 1) && !at(AT + Holding::LIFETIME), "restarted: {restarted}");
    }
}

#[tokio::test]
async fn nothing_is_held_across_an_erasure() {
    let rig = Rig::new(MemorySettings::default());
    let alice = rig.enroll("alice");
    let before = rig.memory.holder(&alice).unwrap();
    hold(&rig, &alice, &["resp_1"]);
    rig.memory.erase(&alice, erasure()).unwrap();
    assert!(rig.memory.holder(&alice).is_none() && !holds(&rig, &alice, &["resp_1"]));
    rig.enroll("alice");
    // An answer that was under way, and what waited to be written.
    rig.memory.hold(&before, "openai", ["resp_2"], AT);
    hold(&rig, &alice, &["resp_3"]);
    record(&rig).await;
    assert!(!holds(&rig, &alice, &["resp_1"]) && !holds(&rig, &alice, &["resp_2"]) && holds(&rig, &alice, &["resp_3"]));
    assert_eq!(rig.memory.store.holdings(&alice).unwrap().len(), 1);
}

#[test]
fn a_holder_shows_no_key() {
    let rig = Rig::new(MemorySettings::default());
    assert_eq!(format!("{:?}", rig.memory.holder(&rig.enroll("alice")).unwrap()), "Holder");
}
