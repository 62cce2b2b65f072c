use std::sync::atomic::Ordering;

use super::*;

#[tokio::test]
async fn memory_in_ram_is_bounded_and_what_left_comes_back() {
    let rig = Rig::new(MemorySettings { cached_users: 8, ..MemorySettings::default() });
    for n in 0..40 {
        let user = rig.enroll(&format!("user{n}"));
        rig.teach(&user, &format!("My name is Number{n}."));
    }
    assert!(rig.memory.cached().0 <= 9);
    for n in 0..40 {
        let user = test_scope(&format!("user{n}"), Assurance::Verified);
        let carried = carried(&rig.recall(&user, &Talk::ask("hi")).await.unwrap());
        assert!(carried.contains(&format!("Number{n}\n")), "{n}: {carried}");
    }
    assert!(rig.memory.counters().cold.load(Ordering::Relaxed) >= 32);
}

#[tokio::test]
async fn bytes_are_bounded_but_one_user_always_fits() {
    let rig = Rig::new(MemorySettings { cached_bytes: 1, ..MemorySettings::default() });
    for user in ["alice", "bob", "carol"] {
        let scope = rig.enroll(user);
        rig.teach(&scope, "I like tea.");
        assert!(carried(&rig.recall(&scope, &Talk::ask("tea?")).await.unwrap()).contains("tea"));
    }
    assert_eq!(rig.memory.cached().0, 1);
}

#[tokio::test]
#[expect(clippy::await_holding_lock, reason = "the lock plays the slow disk; its holder never waits for it")]
async fn a_load_that_takes_too_long_is_a_miss_and_serves_the_next_request() {
    let rig = Rig::new(MemorySettings::default());
    let alice = rig.enroll("alice");
    rig.teach(&alice, "I like tea.");
    let rig = rig.restart(MemorySettings::default());
    let place = rig.memory.views.place(alice.user());
    let slow = place.writer.lock();
    let talk = Talk::ask("tea?");
    let missed = rig.recall_within(&alice, &talk, Duration::from_millis(5)).await;
    assert!(matches!(missed, Err(RecallMiss::Deadline)), "{missed:?}");
    drop(slow);
    assert!(carried(&rig.recall(&alice, &talk).await.unwrap()).contains("tea"));
}

#[tokio::test]
#[expect(clippy::await_holding_lock, reason = "the lock plays the slow disk; its holder never waits for it")]
async fn a_view_that_is_being_written_is_waited_for_up_to_the_deadline() {
    let rig = Rig::new(MemorySettings::default());
    let alice = rig.enroll("alice");
    rig.teach(&alice, "I like tea.");
    let place = rig.memory.views.place(alice.user());
    let writing = place.view.write();
    let missed = rig.recall_within(&alice, &Talk::ask("tea?"), Duration::from_millis(5)).await;
    assert!(matches!(missed, Err(RecallMiss::Deadline)), "{missed:?}");
    drop(writing);
}

#[tokio::test]
async fn a_damaged_file_is_a_miss_not_an_end() {
    let rig = Rig::new(MemorySettings::default());
    let alice = rig.enroll("alice");
    rig.teach(&alice, "I like tea.");
    let rig = rig.restart(MemorySettings::default());
    let users = rig.dir.path().join("users");
    let mut files = vec![users];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            std::fs::write(path, b"no database").unwrap();
        }
    }
    for _ in 0..2 {
        let missed = rig.recall(&alice, &Talk::ask("tea?")).await;
        assert!(matches!(missed, Err(RecallMiss::Failed)), "{missed:?}");
    }
}

#[tokio::test]
async fn an_erased_user_is_gone_from_ram_too_and_starts_anew() {
    let rig = Rig::new(MemorySettings::default());
    let alice = rig.enroll("alice");
    rig.teach(&alice, "I like tea.");
    rig.send(&alice, &Talk::ask("tea?")).await;
    // Behind memory's back, as a sandbox expires: the changed key tells.
    rig.memory.store.erase(&alice, erasure()).unwrap();
    assert_eq!(rig.recall(&alice, &Talk::ask("tea?")).await.unwrap(), Recalled::default());
    rig.enroll("alice");
    assert_eq!(carried(&rig.recall(&alice, &Talk::ask("tea?")).await.unwrap()), "");
    rig.teach(&alice, "I like cake.");
    let carried = carried(&rig.recall(&alice, &Talk::ask("tea? cake?")).await.unwrap());
    assert!(carried.contains("cake") && !carried.contains("tea"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_and_lessons_at_once_lose_nothing() {
    let rig = Arc::new(Rig::new(MemorySettings { cached_users: 2, ..MemorySettings::default() }));
    let mut tasks = Vec::new();
    for user in 0..4 {
        rig.enroll(&format!("user{user}"));
        let rig = rig.clone();
        tasks.push(tokio::spawn(async move {
            let scope = test_scope(&format!("user{user}"), Assurance::Verified);
            for n in 0..6 {
                let (memory, text) = (rig.memory.clone(), format!("Remember that item{n} belongs to user{user}."));
                let writer = test_scope(&format!("user{user}"), Assurance::Verified);
                tokio::task::spawn_blocking(move || memory.learn_from(&writer, None, &lesson(&text, n)).unwrap()).await.unwrap();
                let recalled = rig.recall(&scope, &Talk::ask(&format!("Whose is item{n}?"))).await.unwrap();
                assert!(carried(&recalled).contains(&format!("Item{n} belongs to user{user}")));
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    for user in 0..4 {
        let scope = test_scope(&format!("user{user}"), Assurance::Verified);
        assert_eq!(rig.memory.store.load(&scope).unwrap().facts.len(), 6);
    }
}
