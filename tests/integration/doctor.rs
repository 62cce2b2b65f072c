//! `memgate doctor` against running installations: a good one, and such as are broken in one way each.

use serde_json::{Value, json};

use crate::harness::gate::{JWT_SECRET, OPEN_WEBUI_KEY};
use crate::harness::world::World;

/// What the doctor told.
struct Told {
    code: i32,
    verdict: String,
    checks: Vec<Value>,
    text: String,
}

impl Told {
    /// What was found of a part, with that outcome, one after the other.
    fn found(&self, part: &str, outcome: &str) -> String {
        let fits = |check: &&Value| check["part"] == part && check["outcome"] == outcome;
        let told =
            |check: &Value| format!("{} {}", check["found"].as_str().unwrap(), check["remedy"].as_str().unwrap_or_default());
        self.checks.iter().filter(fits).map(told).collect::<Vec<_>>().join("\n")
    }

    /// The parts that failed.
    fn failed(&self) -> Vec<&str> {
        let mut parts: Vec<&str> = self
            .checks
            .iter()
            .filter(|check| check["outcome"] == "failed")
            .map(|check| check["part"].as_str().unwrap())
            .collect();
        parts.dedup();
        parts
    }
}

fn examine(world: &World, more: &[&str]) -> Told {
    let words = [&["doctor", "--json", "--patience", "60"], more].concat();
    let output = tokio::task::block_in_place(|| world.gate.run(&words));
    let text = String::from_utf8(output.stdout).unwrap();
    let told: Value =
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text} {}", String::from_utf8_lossy(&output.stderr)));
    let checks = told["checks"].as_array().unwrap().clone();
    Told { code: output.status.code().unwrap(), verdict: told["verdict"].as_str().unwrap().to_owned(), checks, text }
}

/// A client of each sort that can be imitated, and one that cannot.
fn clients(file: &mut Value) {
    file["trust"]["trusted_peers"] = json!([]);
    file["clients"] = json!([
        {"name": "open-webui", "key": {"env": OPEN_WEBUI_KEY.0}, "mode": "strict",
         "identity": [{"open_webui": {"secret": {"env": JWT_SECRET.0}}}]},
        {"name": "signer", "identity": ["memgate_signature"], "mode": "strict"},
        {"name": "jwt", "peers": ["192.0.2.1"], "identity": [{"cloudflare_access": {"team": "acme", "audience": "x"}}]},
    ]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_installation_is_found_well_and_left_as_it_was() {
    let world = World::start(clients).await;
    let told = examine(&world, &[]);
    assert_eq!((told.code, told.verdict.as_str()), (0, "ok"), "{}", told.text);
    for part in ["open-webui", "signer", "unknown"] {
        let found = told.found(part, "ok");
        for word in ["the own canary is there", "in a dry run", "opens nothing (404)", "was forged"] {
            assert!(found.contains(word), "{part}, {word}: {}", told.text);
        }
    }
    assert!(told.found("open-webui", "ok").contains("of yesterday is refused"), "{}", told.text);
    assert!(told.found("signer", "ok").contains("sent again is refused"), "{}", told.text);
    assert!(told.found("jwt", "skipped").contains("issuer's"), "{}", told.text);
    for (part, word) in [("metrics", "moved by"), ("decisions", "on record"), ("audit log", "on record"), ("cleaning", "erased")]
    {
        assert!(told.found(part, "ok").contains(word), "{part}: {}", told.text);
    }
    // No key that opens anything is left, and nothing that was said.
    let keys = String::from_utf8(tokio::task::block_in_place(|| world.gate.run(&["keys", "list", "--json"])).stdout).unwrap();
    let keys: Value = serde_json::from_str(&keys).unwrap();
    assert!(keys["keys"].as_array().unwrap().iter().all(|key| key["revoked_at"].is_i64()), "{keys}");
    // Nor anybody who was made for it.
    let users = String::from_utf8(tokio::task::block_in_place(|| world.gate.run(&["users", "list", "--json"])).stdout).unwrap();
    assert!(users.contains("items") && !users.contains("doctor-"), "{users}");
    // Whatever it saw of secrets, it tells none.
    for (_, secret) in [OPEN_WEBUI_KEY, JWT_SECRET] {
        assert!(!told.text.contains(secret));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_is_down_is_told() {
    let world = World::start(clients).await;
    world.upstream.kill();
    let told = examine(&world, &[]);
    assert_eq!((told.code, told.verdict.as_str()), (1, "failed"));
    let found = told.found("upstream fake", "failed");
    assert!(found.contains("cannot be reached") && found.contains("`url` of the upstream"), "{}", told.text);
    assert!(told.found("unknown", "skipped").contains("no upstream answers"), "{}", told.text);
    assert!(told.found("cleaning", "failed").is_empty(), "{}", told.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_is_another_is_told() {
    let secrets = tempfile::tempdir().unwrap();
    let secret = secrets.path().join("jwt");
    std::fs::write(&secret, JWT_SECRET.1).unwrap();
    let world = World::start(|file| {
        clients(file);
        file["clients"][0]["identity"] = json!([{"open_webui": {"secret": {"file": secret}}}]);
    })
    .await;
    std::fs::write(&secret, "ANOTHER-SECRET-ANOTHER-SECRET-ANOTHER-SECRET").unwrap();
    let told = examine(&world, &[]);
    assert_eq!(told.failed(), ["open-webui"], "{}", told.text);
    let found = told.found("open-webui", "failed");
    assert!(found.contains("refused (401") && found.contains("secrets that are configured"), "{}", told.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_without_memory_is_told() {
    let change = |file: &mut Value| {
        clients(file);
        file["clients"][1]["memory"] = json!("off");
    };
    let world = World::start(change).await;
    let told = examine(&world, &[]);
    assert_eq!(told.failed(), ["signer"], "{}", told.text);
    assert!(told.found("signer", "failed").contains("`clients[1].memory` is `off`"), "{}", told.text);
    let told = examine(&world, &["--skip", "signer"]);
    assert_eq!((told.code, told.verdict.as_str()), (0, "ok"), "{}", told.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_that_is_open_to_everybody_is_told() {
    let world = World::start(|file| {
        clients(file);
        file["trust"]["mode"] = json!("legacy");
        file["clients"] = json!([]);
    })
    .await;
    let told = examine(&world, &[]);
    assert_eq!(told.failed(), ["strangers"], "{}", told.text);
    let found = told.found("strangers", "failed");
    assert!(found.contains("shares the memory of default:default") && found.contains("trust.mode: required"), "{}", told.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_in_sandboxes_are_kept_apart_and_the_believed_word_is_warned_of() {
    let world = World::start(|file| {
        file["trust"]["mode"] = json!("quarantine");
        file["clients"] = json!([{"name": "tavern", "identity": [{"header": "x-st-user"}]}]);
    })
    .await;
    let told = examine(&world, &[]);
    assert_eq!((told.code, told.verdict.as_str()), (0, "warning"), "{}", told.text);
    assert!(told.found("tavern", "warning").contains("served from a sandbox"), "{}", told.text);
    assert!(told.found("tavern", "ok").contains("the own canary is there"), "{}", told.text);
    drop(world);

    let world = World::start(|_| {}).await;
    let told = examine(&world, &[]);
    assert_eq!((told.code, told.verdict.as_str()), (0, "warning"), "{}", told.text);
    assert!(told.found("strangers", "warning").contains("trusted_peers"), "{}", told.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_memgate_that_is_not_there_or_not_configured_is_told() {
    let mut world = World::start(clients).await;
    world.gate.kill();
    let told = examine(&world, &[]);
    assert_eq!((told.code, told.failed()), (1, vec!["admin API"]), "{}", told.text);
    world.gate.write_raw_config("{listen: nowhere, trust: {mode: lax}}");
    let told = examine(&world, &[]);
    assert_eq!((told.code, told.failed()), (1, vec!["configuration"]), "{}", told.text);
    assert!(told.found("configuration", "failed").contains("trust.mode"), "{}", told.text);
}
