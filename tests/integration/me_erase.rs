//! After an erasure nothing comes back: by no route, no restart, no backup, no queued turn.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::eventually;
use crate::harness::request::Request;
use crate::harness::upstream::{DONE, Script, Step, event, last_event};
use crate::harness::world::World;
use crate::me::{add, ask, export, list, say};

const WORD: &str = "aardvark";

async fn erase(world: &World, user: &str) -> Value {
    let answer = world.send(&say("POST", "/erase", &json!({"confirm": "erase"})).signed(user)).await;
    answer.assert_ok();
    answer.json()
}

/// The users' files, sandboxes' and copies among them.
fn user_files(world: &World) -> Vec<PathBuf> {
    let folders = fs::read_dir(world.gate.data_dir().join("users")).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>());
    files.collect()
}

/// Nothing of what was erased in anything that the person is shown or that goes to the model.
async fn assert_gone(world: &World, user: &str, when: &str) {
    assert!(list(world, user, "?history=true").await.is_empty(), "{when}: list");
    assert!(list(world, user, &format!("?history=true&q={WORD}+locker+code")).await.is_empty(), "{when}: search");
    assert!(export(world, user).await.text().is_empty(), "{when}: export");
    let chat = json!({"model": "m", "messages": [{"role": "user", "content": "What is the code of my locker?"}]});
    let explained = world.send(&say("POST", "/explain", &chat).signed(user)).await;
    assert_eq!((&explained.json()["facts"], &explained.json()["blocks"]), (&json!([]), &json!([])), "{when}: explain");
    let seen = world.forwarded(&Request::chat(&["What is the code of my locker?"]).signed(user)).await;
    assert!(!seen.mentions(WORD), "{when}: chat");
    // The conversation that once carried it.
    let old = Request::chat(&["What was the code of my locker?", "Hm.", "And now?"]).signed(user);
    assert!(!world.forwarded(&old).await.mentions(WORD), "{when}: replay");
    let about = world.send(&ask("GET", "").signed(user)).await.json();
    assert_eq!(about["memory"]["facts"], json!({"active": 0, "held": 0, "forgotten": 0, "history": 0}), "{when}");
    assert!(!world.gate.log().contains(WORD), "{when}: log");
    assert!(!serde_json::to_string(&world.audit()).unwrap().contains(WORD), "{when}: audit");
}

async fn fill(world: &World, user: &str) -> Value {
    let told = format!("Remember that the code of my locker is {WORD}.");
    world.teach(&Request::chat(&[&told]).signed(user)).await;
    let fact = add(world, user, &json!({"text": format!("The spare key is under the {WORD}"), "pinned": true})).await;
    let seen = world.forwarded(&Request::chat(&["What was the code of my locker?"]).signed(user)).await;
    assert!(seen.mentions(WORD));
    fact
}

#[tokio::test]
async fn nothing_comes_back_by_any_way() {
    let mut world = World::in_mode("required").await;
    let fact = fill(&world, "ana").await;
    add(&world, "bert", &json!({"text": "I like tea"})).await;
    // Injections are written a moment after the request.
    world.gate.stop();
    world.gate.start();
    let receipt = erase(&world, "ana").await;
    assert_eq!(receipt["erased"]["records"]["facts"], 2, "{receipt}");
    assert!(receipt["erased"]["records"]["injections"].as_u64().unwrap() >= 1, "{receipt}");
    assert!(receipt["erased"]["bytes"].as_u64().unwrap() > 0 && receipt["kept"]["standing"].is_string());
    let path = format!("/memories/{}", fact["id"].as_str().unwrap());
    world.send(&ask("GET", &path).signed("ana")).await.assert_refused(404, "memory_not_found");
    // The receipt is the request's own number.
    let is_it = |entry: &Value| entry["path"] == "/memgate/v1/me/erase";
    let erased = eventually("the erasure on record", async || world.audit().into_iter().find(is_it)).await;
    assert_eq!(erased["request"], receipt["receipt"]);
    assert_gone(&world, "ana", "at once").await;
    world.gate.kill();
    world.gate.start();
    assert_gone(&world, "ana", "after a restart").await;
    let about = world.send(&ask("GET", "").signed("ana")).await.json();
    assert_eq!(about["memory"]["last_erasure"]["receipt"], receipt["receipt"]);
    let weaker = ask("GET", "/memories").header("X-Memgate-User", "ana");
    world.send(&weaker).await.assert_refused(401, "trust_ratchet");
    assert_eq!(list(&world, "bert", "").await.len(), 1);
    fill(&world, "ana").await;
    assert_eq!(list(&world, "ana", "").await.len(), 2, "a new memory can begin");
}

/// Copies a user's only file, erases, and puts the copy back where it was.
fn put_back(backup: &Path, file: &Path) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::copy(backup, file).unwrap();
}

#[tokio::test]
async fn a_restored_backup_stays_shut_and_in_nobodys_way() {
    let mut world = World::in_mode("required").await;
    fill(&world, "ana").await;
    world.gate.stop();
    let [file] = &user_files(&world)[..] else { panic!("{:?}", user_files(&world)) };
    let (file, backup) = (file.clone(), world.gate.dir().join("backup"));
    fs::copy(&file, &backup).unwrap();
    world.gate.start();
    erase(&world, "ana").await;
    assert!(!file.exists());

    // Before the person comes again: the next enrolment starts with nothing.
    world.gate.stop();
    put_back(&backup, &file);
    world.gate.start();
    assert_gone(&world, "ana", "restored before enrolment").await;

    // After they have begun anew: the file is set aside, and what is new is learned.
    world.gate.stop();
    put_back(&backup, &file);
    world.gate.start();
    let seen = world.forwarded(&Request::chat(&["What is the code of my locker?"]).signed("ana")).await;
    assert!(!seen.mentions(WORD));
    assert!(world.metric("memgate_recall_total", &["failed"]).await >= 1, "it is counted");
    assert!(world.gate.log().contains("sealed with another key"), "it is logged");
    assert_gone(&world, "ana", "restored after enrolment").await;
    world.gate.stop();
    put_back(&backup, &file);
    world.gate.start();
    world.teach(&Request::chat(&["I like tea."]).signed("ana")).await;
    world.gate.kill();
    world.gate.start();
    let facts = list(&world, "ana", "").await;
    assert_eq!((facts.len(), &facts[0]["text"]), (1, &json!("I like tea")));
    // While memgate runs, under its nose.
    put_back(&backup, &file);
    let first = world.send(&say("POST", "/memories", &json!({"text": "I like jam"})).signed("ana")).await;
    if first.status != 201 {
        first.assert_refused(503, "memory_unavailable");
        add(&world, "ana", &json!({"text": "I like jam"})).await;
    }
    assert!(!export(&world, "ana").await.text().contains(WORD));
    let copies = user_files(&world).into_iter().filter(|path| path.to_string_lossy().contains(".foreign-")).count();
    assert!(copies >= 1);
    let receipt = erase(&world, "ana").await;
    assert!(user_files(&world).iter().all(|path| !path.to_string_lossy().contains(".foreign-")), "{receipt}");
}

#[tokio::test]
async fn turns_that_are_queued_or_on_their_way_teach_nothing_after_it() {
    let release = Arc::new(Notify::new());
    let gate = Arc::clone(&release);
    let answer = move |request: &crate::harness::upstream::Recorded| {
        if request.mentions("slowly") {
            let steps = [
                Step::Send(event("All ")),
                Step::Await(Arc::clone(&gate)),
                Step::Send(event("right.")),
                Step::Send(last_event()),
            ];
            return Script::Stream(steps.into_iter().chain([Step::Send(DONE.to_vec())]).collect());
        }
        Script::fitting(request)
    };
    let world = Arc::new(World::with_upstream(answer, |_| {}).await);
    add(&world, "ana", &json!({"text": "I like tea"})).await;
    let under_way = {
        let world = Arc::clone(&world);
        let said = format!("Remember that the code of my locker is {WORD}. Answer slowly.");
        tokio::spawn(async move { world.send(&Request::streamed_chat(&[&said]).signed("ana")).await })
    };
    world.upstream.wait_for_requests(1).await;
    let receipt = erase(&world, "ana").await;
    assert_eq!(receipt["erased"]["records"]["facts"], 1);
    // The person is back before the answer ends: there is a new key to learn under.
    let lessons = world.lessons().await;
    world.send(&ask("GET", "").signed("ana")).await.assert_ok();
    release.notify_one();
    under_way.await.unwrap().assert_ok();
    world.teach(&Request::chat(&["I like jam."]).signed("ana")).await;
    assert!(world.lessons().await > lessons);
    let facts = list(&world, "ana", "?history=true").await;
    assert_eq!(facts.len(), 1, "{facts:?}");
    assert_eq!(facts[0]["text"], "I like jam");
}
