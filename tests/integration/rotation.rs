//! The master key is replaced and a tenant is erased, while people chat.

use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::client::Client;
use crate::harness::eventually;
use crate::harness::request::Request;
use crate::harness::sign::random_hex;
use crate::harness::world::World;
use crate::me::{add, list};

fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs a subcommand that must go well.
fn run(world: &World, words: &str) -> String {
    let output = world.gate.run(&words.split(' ').collect::<Vec<_>>());
    assert!(output.status.success(), "{words}: {}", printed(&output));
    printed(&output)
}

/// A word of letters alone that stands for turn `n` of a worker.
fn word(worker: usize, n: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
    format!("zq{}x{}{}k", letter(worker), letter(n / 26), letter(n))
}

const PLACES: [&str; 6] = ["locker", "garage", "bicycle", "safe", "gate", "attic"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chats_and_learning_go_on_while_the_key_is_replaced_and_outlive_a_kill() {
    let world = Arc::new(World::in_mode("strict").await);
    let key = world.gate.data_dir().join("master.key");
    let first = fs::read(&key).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..3)
        .map(|worker| {
            let (world, stop) = (Arc::clone(&world), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut client = Client::connect(world.gate.address()).await;
                let mut told = 0;
                // New people among them, so that enrolments meet rotations, and people who are known.
                while (!stop.load(Ordering::Relaxed) || told < PLACES.len()) && told < 300 {
                    let user = format!("team-{worker}:person-{}", told / PLACES.len());
                    let text = format!("Remember that the code of my {} is {}.", PLACES[told % PLACES.len()], word(worker, told));
                    client.exchange(&Request::chat(&[&text]).signed(&user)).await.assert_ok();
                    told += 1;
                    // A pace that leaves few enough turns to look at each of them afterwards.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                told
            })
        })
        .collect();
    let rotating = Arc::clone(&world);
    tokio::task::spawn_blocking(move || {
        for _ in 0..5 {
            assert!(run(&rotating, "vault rotate").starts_with("The master key was replaced"));
        }
    })
    .await
    .unwrap();
    stop.store(true, Ordering::Relaxed);
    let mut told = Vec::new();
    for worker in workers {
        told.push(worker.await.unwrap());
    }
    let mut world = Arc::into_inner(world).unwrap();
    world.gate.kill();
    assert_ne!(fs::read(&key).unwrap(), first);
    world.gate.start();
    for (worker, told) in told.into_iter().enumerate() {
        for n in 0..told {
            eventually(&format!("turn {n} of {worker}"), async || {
                // A first turn that was never seen: what a conversation was given stays.
                let asked = format!("({}) What is the code of my {}?", random_hex(), PLACES[n % PLACES.len()]);
                let request = Request::chat(&[&asked]).signed(&format!("team-{worker}:person-{}", n / PLACES.len()));
                world.forwarded(&request).await.mentions(&word(worker, n)).then_some(())
            })
            .await;
        }
    }
    let acts =
        world.audit().into_iter().filter(|entry| entry["act"] == "master_key.rotate").map(|entry| entry["outcome"].clone());
    assert_eq!(acts.map(|outcome| outcome.to_string()).collect::<Vec<_>>(), ["\"begun\"", "\"done\""].repeat(5));
    let log = world.gate.log().to_lowercase();
    for trouble in ["panicked", "damaged", "another key", "error"] {
        assert!(!log.contains(trouble), "{trouble}:\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_the_configuration_is_handed_in_and_the_old_one_opens_nothing_any_more() {
    let mut file_of_key = PathBuf::new();
    let mut world = World::start(|file| {
        let dir = PathBuf::from(file["storage"]["redb"]["dir"].as_str().unwrap()).parent().unwrap().to_owned();
        file_of_key = dir.join("key");
        fs::write(&file_of_key, "1a".repeat(32)).unwrap();
        file["storage"]["master_key"] = json!({"file": file_of_key});
    })
    .await;
    add(&world, "ana", &json!({"text": "I like tea"})).await;
    let refused = world.gate.run(&["vault", "rotate"]);
    assert!(!refused.status.success() && printed(&refused).contains("must be handed in"), "{}", printed(&refused));

    let new = world.gate.dir().join("new");
    fs::write(&new, "2b".repeat(32)).unwrap();
    let rotate = format!("vault rotate --key-file {}", new.display());
    let told = run(&world, &rotate);
    assert!(told.contains("let `storage.master_key` name this key"), "{told}");
    assert!(run(&world, &rotate).contains("nothing was changed"));
    add(&world, "ana", &json!({"text": "I like jam"})).await;
    run(&world, "reload");

    // The configuration was forgotten.
    world.gate.stop();
    let ended = world.gate.run(&["run"]);
    assert_eq!(ended.status.code(), Some(1), "{}", printed(&ended));
    assert!(printed(&ended).contains("the master key was replaced at 20"), "{}", printed(&ended));
    fs::write(&file_of_key, "3c".repeat(32)).unwrap();
    let ended = world.gate.run(&["run"]);
    assert!(printed(&ended).contains("the master key does not fit this storage directory"), "{}", printed(&ended));
    for key in ["1a", "2b", "3c"] {
        assert!(!printed(&ended).contains(&key.repeat(32)));
    }

    fs::copy(&new, &file_of_key).unwrap();
    world.gate.start();
    assert_eq!(list(&world, "ana", "").await.len(), 2);
    assert!(!world.gate.data_dir().join("master.key").exists());

    // The configuration may follow before the restart, too; any other key may not come by a reload.
    fs::write(&new, "4d".repeat(32)).unwrap();
    run(&world, &rotate);
    fs::copy(&new, &file_of_key).unwrap();
    run(&world, "reload");
    fs::write(&file_of_key, "5e".repeat(32)).unwrap();
    let refused = world.gate.run(&["reload"]);
    assert!(!refused.status.success() && printed(&refused).contains("storage.master_key"), "{}", printed(&refused));
}

#[tokio::test]
async fn a_master_key_that_is_another_secret_too_is_a_fault() {
    let world = World::in_mode("strict").await;
    let mut settings = world.gate.settings.file.clone();
    let key = world.gate.dir().join("key");
    fs::write(&key, "6f".repeat(32)).unwrap();
    settings["storage"]["master_key"] = json!({"file": key});
    settings["trust"]["signing_keys"] = json!([{"id": "k1", "secret": {"file": key}}]);
    world.gate.write_raw_config(&settings.to_string());
    let checked = world.gate.check();
    assert_eq!(checked.status.code(), Some(2));
    let told = printed(&checked);
    assert!(told.contains("storage.master_key: is the secret of trust.signing_keys[0].secret, too"), "{told}");
    assert!(!told.contains("6f6f"), "{told}");
}

/// What the person's own API lists, and what the model would be told.
async fn knows(world: &World, user: &str, secret: &str) -> (usize, bool) {
    let asked = format!("({}) What is the code of my locker?", random_hex());
    let seen = world.forwarded(&Request::chat(&[&asked]).signed(user)).await;
    (list(world, user, "?history=true").await.len(), seen.mentions(secret))
}

#[tokio::test]
async fn an_erased_tenant_is_gone_at_once_and_its_namesakes_stay() {
    let mut world = World::in_mode("required").await;
    let told = "Remember that the code of my locker is aardvark.";
    for user in ["acme:bob", "acme:ann", "beta:bob", "bob"] {
        world.teach(&Request::chat(&[told]).signed(user)).await;
        assert_eq!(knows(&world, user, "aardvark").await, (1, true), "{user}");
    }
    let made = run(&world, "user key add acme:bob");
    let key = made.split_whitespace().find(|word| word.starts_with("mgk_")).unwrap().to_owned();
    let ask = || Request::new("GET", "/memgate/v1/me").bearer(&key);
    world.send(&ask()).await.assert_ok();
    let listed = run(&world, "tenant list");
    assert!(!listed.contains("bob"), "{listed}");

    let refused = world.gate.run(&["tenant", "erase", "acme"]);
    assert_eq!(refused.status.code(), Some(2));
    let erased: Value = serde_json::from_str(&run(&world, "tenant erase acme --yes --json")).unwrap();
    assert_eq!((&erased["users"], &erased["files"], &erased["keys"]), (&json!(2), &json!(2), &json!(1)), "{erased}");
    for restarted in [false, true] {
        if restarted {
            world.gate.kill();
            world.gate.start();
        }
        for user in ["acme:bob", "acme:ann"] {
            assert_eq!(knows(&world, user, "aardvark").await, (0, false), "{user}, restarted {restarted}");
            let weaker = Request::new("GET", "/memgate/v1/me").header("X-Memgate-User", user);
            world.send(&weaker).await.assert_refused(401, "trust_ratchet");
        }
        for user in ["beta:bob", "bob"] {
            assert_eq!(knows(&world, user, "aardvark").await, (1, true), "{user}, restarted {restarted}");
        }
        world.send(&ask()).await.assert_refused(401, "user_key_unknown");
    }
    // What was said before teaches again when it is said again: nothing old is held in memory.
    world.teach(&Request::chat(&[told]).signed("acme:bob")).await;
    assert_eq!(knows(&world, "acme:bob", "aardvark").await, (1, true));
    let acts = world.audit().into_iter().filter(|entry| entry["act"] == "tenant.erase").collect::<Vec<_>>();
    assert_eq!(acts.iter().map(|act| &act["outcome"]).collect::<Vec<_>>(), [&json!("begun"), &json!("done")]);
    assert!(acts.iter().all(|act| act["tenant"] == "acme" && act["receipt"] == erased["receipt"]), "{acts:?}");
}
