//! The audit log of a running memgate: chained through kills and rotations, read and exported, and tampering found.

use std::fs;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::harness::client::send;
use crate::harness::eventually;
use crate::harness::request::Request;
use crate::harness::world::World;

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Runs a command against the running process.
fn run(world: &World, words: &str) -> Output {
    world.gate.run(&words.split(' ').collect::<Vec<_>>())
}

fn json_of(world: &World, words: &str) -> Value {
    let output = run(world, &format!("{words} --json"));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{words}: {error}: {}", printed(&output)))
}

fn assert_intact(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", printed(output));
    assert!(printed(output).contains("The log is intact."), "{}", printed(output));
}

/// Small files, so that they rotate.
async fn world() -> World {
    World::start(|file| {
        file["audit"] = json!({"max_size": "64KiB", "keep": 500});
    })
    .await
}

/// Sends requests from several tasks until `stop`.
fn load(world: &World, stop: &Arc<AtomicBool>) -> Vec<tokio::task::JoinHandle<()>> {
    let address = world.gate.address();
    let worker = |n: usize| {
        let stop = Arc::clone(stop);
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                // The process is killed beneath it, which ends in a panic of its own task.
                let _ = tokio::spawn(async move { send(address, &request_of(n)).await }).await;
            }
        })
    };
    (0..4).map(worker).collect()
}

fn request_of(n: usize) -> Request {
    Request::chat(&["Hello"]).vouched(&format!("person-{n}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_killed_under_load_and_rotated_is_intact() {
    let mut world = world().await;
    for round in 0..3 {
        let stop = Arc::new(AtomicBool::new(false));
        let workers = load(&world, &stop);
        let wanted = 150 * (round + 1);
        eventually("records", async || (world.audit().len() > wanted).then_some(())).await;
        assert_intact(&run(&world, "audit verify"));
        world.gate.kill_now();
        stop.store(true, Ordering::Relaxed);
        for worker in workers {
            worker.await.unwrap();
        }
        world.gate.kill();
        let dir = world.gate.data_dir().join("audit").display().to_string();
        assert_intact(&run(&world, &format!("audit verify --dir {dir}")));
        world.gate.start();
    }
    let report = json_of(&world, "audit verify");
    assert!(report["intact"] == true && report["files"].as_u64().unwrap() > 2 && report["first"] == 1, "{report}");
    assert_eq!(report["records"], report["last"]);
}

#[tokio::test]
async fn tampering_is_found_and_its_line_is_named() {
    let mut world = world().await;
    world.send(&request_of(1)).await.assert_ok();
    world.requests_on_record(1).await;
    world.gate.stop();
    let dir = world.gate.data_dir().join("audit");
    let file = dir.join("audit.jsonl");
    let offline = format!("audit verify --dir {}", dir.display());
    assert_intact(&run(&world, &offline));

    let sound = fs::read_to_string(&file).unwrap();
    let line = 1 + sound.lines().position(|line| line.contains("\"type\":\"request\"")).unwrap();
    fs::write(&file, sound.replace("person-1", "person-2")).unwrap();
    let found = run(&world, &offline);
    assert_eq!(found.status.code(), Some(1), "{}", printed(&found));
    assert!(
        printed(&found).contains(&format!("audit.jsonl, line {line}: record {line} does not fit its MAC")),
        "{}",
        printed(&found)
    );
    // A memgate that runs finds it as well, and says so in JSON.
    world.gate.start();
    let refused = run(&world, &offline);
    assert!(refused.status.code() == Some(2) && printed(&refused).contains("leave out --dir"), "{}", printed(&refused));
    let report = json_of(&world, "audit verify");
    assert_eq!((&report["intact"], &report["faults"][0]["line"]), (&false.into(), &line.into()), "{report}");
    assert_eq!(run(&world, "audit verify").status.code(), Some(1));
    world.gate.stop();

    // What is cut off stays missing, also for a memgate that goes on.
    let sound = fs::read_to_string(&file).unwrap().replace("person-2", "person-1");
    let cut: String = sound.split_inclusive('\n').take(line).collect();
    fs::write(&file, cut).unwrap();
    assert!(printed(&run(&world, &offline)).contains("missing at the end"));
    world.gate.start();
    let report = json_of(&world, "audit verify");
    assert!(report["faults"][0]["what"].as_str().unwrap().contains("missing before record"), "{report}");
    assert!(world.gate.log().contains("was not as it was left"));
}

#[tokio::test]
async fn records_are_listed_in_pages_and_by_what_they_say() {
    let world = world().await;
    for n in [1, 2, 1, 2, 1] {
        world.send(&request_of(n)).await.assert_ok();
    }
    let requests = world.requests_on_record(5).await;
    let all = json_of(&world, "audit list --type request");
    let listed: Vec<&Value> = all["items"].as_array().unwrap().iter().map(|line| &line["record"]["request"]).collect();
    assert_eq!(listed, requests.iter().rev().map(|record| &record["request"]).collect::<Vec<_>>());
    assert_eq!(json_of(&world, "audit list --user person-1")["items"].as_array().unwrap().len(), 3);
    assert_eq!(json_of(&world, "audit list --user acme:person-1")["items"].as_array().unwrap().len(), 0);
    let id = requests[3]["request"].as_str().unwrap();
    let one = json_of(&world, &format!("audit list --id {id}"));
    assert_eq!((one["items"].as_array().unwrap().len(), &one["items"][0]["record"]["user"]), (1, &"default:person-2".into()));
    let first = json_of(&world, "audit list --type request --limit 2");
    let next = first["next"].as_str().unwrap();
    let second = json_of(&world, &format!("audit list --type request --limit 2 --cursor {next}"));
    assert_eq!(second["items"][0]["record"]["request"], requests[2]["request"]);
    assert_eq!(json_of(&world, "audit list --since 2099-01-01T00:00:00Z")["items"].as_array().unwrap().len(), 0);
    let shown = printed(&run(&world, "audit list --type request"));
    assert!(shown.starts_with("SEQ") && shown.contains("admit vouched 200 POST /v1/chat/completions"), "{shown}");
}

#[tokio::test]
async fn an_export_is_the_log_itself_and_on_record() {
    let world = world().await;
    for n in 0..5 {
        world.send(&request_of(n)).await.assert_ok();
    }
    world.requests_on_record(5).await;
    run(&world, "reload");
    let exported = run(&world, "audit export");
    assert!(exported.status.success(), "{}", printed(&exported));
    let whole = fs::read_to_string(world.gate.data_dir().join("audit/audit.jsonl")).unwrap();
    assert!(whole.starts_with(std::str::from_utf8(&exported.stdout).unwrap()));
    let last: Value =
        serde_json::from_slice(exported.stdout.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!((&last["act"], &last["operator"]), (&"audit.export".into(), &"local".into()));
    let some = run(&world, "audit export --user person-3 --type request");
    assert_eq!(memchr::memchr_iter(b'\n', &some.stdout).count(), 1, "{}", printed(&some));
    let acts = json_of(&world, "audit list --act config.reload");
    let outcomes: Vec<_> = acts["items"].as_array().unwrap().iter().map(|line| line["record"]["outcome"].clone()).collect();
    assert_eq!(outcomes, ["done", "begun"]);
}

#[tokio::test]
async fn a_log_is_verified_elsewhere_by_a_key_of_its_own() {
    let mut world = World::start(|file| {
        let dir = std::path::PathBuf::from(file["storage"]["redb"]["dir"].as_str().unwrap()).parent().unwrap().to_owned();
        fs::write(dir.join("audit.key"), "7e".repeat(32)).unwrap();
        file["audit"] = json!({"key": {"file": dir.join("audit.key")}, "retention": "90d"});
    })
    .await;
    world.send(&request_of(1)).await.assert_ok();
    world.requests_on_record(1).await;
    assert_intact(&run(&world, "audit verify"));
    world.gate.stop();
    let elsewhere = world.gate.dir().join("copy");
    fs::create_dir(&elsewhere).unwrap();
    fs::copy(world.gate.data_dir().join("audit/audit.jsonl"), elsewhere.join("audit.jsonl")).unwrap();
    fs::rename(world.gate.data_dir().join("audit.anchor"), elsewhere.join("audit.anchor")).unwrap();
    let words = format!("audit verify --dir {0} --anchor {0}/audit.anchor", elsewhere.display());
    assert_intact(&run(&world, &words));
    fs::rename(elsewhere.join("audit.anchor"), world.gate.data_dir().join("audit.anchor")).unwrap();
    // Another key does not go on with it.
    fs::write(world.gate.dir().join("audit.key"), "8f".repeat(32)).unwrap();
    let refused = world.gate.run(&["run"]);
    assert!(refused.status.code() == Some(1) && printed(&refused).contains("chained with another key"), "{}", printed(&refused));
}
