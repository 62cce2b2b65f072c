//! What operators see of decisions: each with its reasons, under every mode, live, and what another mode would do. Never a mere claim.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::admin::{HOST, ask};
use crate::harness::client::Client;
use crate::harness::eventually;
use crate::harness::request::Request;
use crate::harness::world::World;

/// The user whom a forged request claims to be from. Nobody may ever be shown it.
const CLAIMED: &str = "victim-canary";

async fn world(mode: &str, change: impl FnOnce(&mut Value)) -> World {
    World::start(|file| {
        file["admin"]["hosts"] = json!([HOST]);
        file["trust"]["mode"] = mode.into();
        change(file);
    })
    .await
}

async fn read(world: &World, path: &str) -> Value {
    let answer = ask(world, &Request::new("GET", path)).await;
    answer.assert_ok();
    answer.json()
}

/// The rows of a list once there are `count`.
async fn rows(world: &World, query: &str, count: usize) -> Vec<Value> {
    eventually(&format!("{count} decisions"), async || {
        let page = read(world, &format!("/v1/decisions?limit=200{query}")).await;
        let rows = page["items"].as_array().unwrap().clone();
        (rows.len() >= count).then_some(rows)
    })
    .await
}

fn vouched() -> Request {
    Request::chat(&["Hello"]).vouched("ana")
}

/// Signed for one body, sent with another.
fn forged() -> Request {
    let signed = Request::chat(&["Hello"]).signed(CLAIMED);
    Request { body: Request::chat(&["Give me everything"]).body, ..signed }
}

/// A plain header from a trusted peer, by no client.
fn asserted() -> Request {
    Request::chat(&["Hello"]).header("X-OpenWebUI-User-Id", "cleo")
}

#[tokio::test]
async fn each_mode_is_told_with_its_reasons_and_no_claim_comes_out() {
    for (mode, expected) in [
        ("strict", ["refuse signature_invalid", "refuse identity_missing", "refuse evidence_too_weak", "admit verified"]),
        ("required", ["refuse signature_invalid", "refuse identity_missing", "admit vouched", "admit verified"]),
        ("quarantine", ["sandbox signature_invalid", "sandbox identity_missing", "admit vouched", "admit verified"]),
        ("legacy", ["bypass signature_invalid", "admit default_user", "admit vouched", "admit verified"]),
    ] {
        let world = world(mode, |file| file["trust"]["shadow"] = "strict".into()).await;
        for request in [forged(), Request::chat(&["Hello"]), vouched(), Request::chat(&["Hello"]).signed("bo")] {
            world.send(&request).await;
        }
        let found = rows(&world, "", 4).await;
        assert_eq!(found.len(), 4);
        let mut told: Vec<String> = found
            .iter()
            .map(|row| format!("{} {}", row["decision"].as_str().unwrap(), row["reason"].as_str().unwrap()))
            .collect();
        let mut wanted = expected.map(str::to_owned).to_vec();
        told.sort();
        wanted.sort();
        assert_eq!(told, wanted, "{mode}");
        for row in &found {
            let id = row["request"].as_str().unwrap();
            let explained = read(&world, &format!("/v1/decisions/{id}")).await;
            assert_eq!(&explained["row"], row);
            let modes = explained["modes"].as_array().unwrap();
            assert_eq!(modes.len(), 4, "{explained}");
            let own = modes.iter().find(|found| found["mode"] == mode).unwrap();
            assert_eq!((&own["decision"], &own["reason"]), (&row["decision"], &row["reason"]));
            let steps: Vec<&str> =
                explained["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
            assert_eq!(steps[..3], ["client", "evidence", "terms"], "{steps:?}");
            assert_eq!(steps.last(), Some(&"answer"));
            // Whoever is admitted was served as asked.
            assert_eq!(explained["remedy"].is_string(), row["decision"] != "admit", "{explained}");
            if row["decision"] == "refuse" {
                assert_eq!((&row["user"], &row["error"]), (&Value::Null, &row["reason"]));
            }
            let everything = explained.to_string();
            assert!(!everything.contains(CLAIMED), "{everything}");
        }
        for path in [
            "/v1/decisions?search=canary",
            "/v1/decisions",
            "/v1/decisions/replay?mode=quarantine",
            "/v1/shadow",
            "/v1/overview",
            "/v1/clients",
        ] {
            let shown = ask(&world, &Request::new("GET", path)).await.text();
            assert!(!shown.contains(CLAIMED), "{path}: {shown}");
        }
        assert!(!world.metrics().await.contains(CLAIMED) && !world.gate.log().contains(CLAIMED));
    }
}

#[tokio::test]
async fn a_replay_says_what_a_switch_then_refuses() {
    let mut world = world("required", |_| {}).await;
    let requests =
        [vouched(), vouched(), asserted(), Request::chat(&["Hello"]), Request::new("GET", "/v1/models").vouched("ana")];
    for request in &requests {
        world.send(request).await;
    }
    let signed = || Request::chat(&["Hello"]).signed("bo");
    world.send(&signed()).await.assert_ok();
    rows(&world, "", 6).await;
    assert_eq!(read(&world, "/v1/decisions/replay?mode=required").await["changes"], json!([]));
    let report = read(&world, "/v1/decisions/replay?mode=strict").await;
    assert_eq!((&report["considered"], &report["unchanged"]), (&json!(6), &json!(2)), "{report}");
    let mut foretold = BTreeMap::new();
    for change in report["changes"].as_array().unwrap() {
        assert_eq!((&change["from"], &change["to"]), (&json!("admit"), &json!("refuse")));
        assert_eq!(change["users"], 1);
        let needed = if change["client"] == "open-webui" { "FORWARD_USER_INFO_HEADERS" } else { "memgate keys add" };
        assert!(change["needs"].as_str().unwrap().contains(needed), "{change}");
        assert!(!change.to_string().contains("cleo"), "a claim is counted, not shown");
        let key = (change["client"].as_str().unwrap().to_owned(), change["reason"].as_str().unwrap().to_owned());
        foretold.insert(key, change["requests"].as_u64().unwrap());
    }
    assert_eq!(foretold.values().sum::<u64>(), 4);
    let only = read(&world, "/v1/decisions/replay?mode=strict&client=unknown").await;
    assert_eq!((&only["considered"], only["changes"].as_array().unwrap().len()), (&json!(3), 1), "{only}");

    world.gate.settings.file["trust"]["mode"] = "strict".into();
    world.gate.write_config();
    assert_eq!(ask(&world, &Request::new("POST", "/v1/reload")).await.status, 204);
    for request in &requests {
        world.send(request).await;
    }
    world.send(&signed()).await.assert_ok();
    let after = rows(&world, "&mode=strict", 6).await;
    let mut refused = BTreeMap::new();
    for row in after.iter().filter(|row| row["decision"] == "refuse" && row["reason"] != "identity_missing") {
        let key = (row["client"].as_str().unwrap().to_owned(), row["reason"].as_str().unwrap().to_owned());
        *refused.entry(key).or_insert(0) += 1;
    }
    assert_eq!(refused, foretold);
    assert_eq!(after.len(), 6);
    assert_eq!(ask(&world, &Request::new("GET", "/v1/decisions/replay?mode=lax")).await.status, 400);
}

#[tokio::test]
async fn pages_go_on_where_they_ended_and_filters_join() {
    let world = world("required", |file| file["admin"]["decisions"] = 12.into()).await;
    for n in 0..9 {
        world.send(&Request::chat(&["Hello"]).vouched(if n % 3 == 0 { "ana" } else { "bo" })).await;
    }
    world.send(&Request::chat(&["Hello"])).await;
    let all = rows(&world, "", 10).await;
    let first = read(&world, "/v1/decisions?limit=4").await;
    world.send(&vouched()).await;
    rows(&world, "", 11).await;
    let second = read(&world, &format!("/v1/decisions?limit=6&cursor={}", first["next"].as_str().unwrap())).await;
    let ids = |rows: &[Value]| rows.iter().map(|row| row["request"].clone()).collect::<Vec<_>>();
    let paged = [ids(first["items"].as_array().unwrap()), ids(second["items"].as_array().unwrap())].concat();
    assert_eq!(paged, ids(&all));
    assert_eq!(second.get("next"), None);
    assert_eq!(all[0]["reason"], "identity_missing", "the newest first");
    for (query, count) in [
        ("&user=ana", 4),
        ("&user=default:bo", 6),
        ("&user=an", 0),
        ("&user=ana&client=unknown", 0),
        ("&decision=refuse", 1),
        ("&reason=vouched", 10),
        ("&route=chat", 11),
        ("&route=models", 0),
        ("&mode=required", 11),
        ("&search=CHAT/compl", 11),
        ("&since=0", 11),
        ("&until=5", 0),
        ("&search=127.0.0.1", 11),
        ("&client=", 11),
    ] {
        let found = read(&world, &format!("/v1/decisions?limit=200{query}")).await;
        assert_eq!(found["items"].as_array().unwrap().len(), count, "{query}");
    }
    for wrong in ["cursor=x", "user_name=x", "limit=many"] {
        assert_eq!(ask(&world, &Request::new("GET", &format!("/v1/decisions?{wrong}"))).await.status, 400, "{wrong}");
    }
    for _ in 0..5 {
        world.send(&vouched()).await;
    }
    let newest = &eventually("the oldest to go", async || {
        let page = read(&world, "/v1/decisions?limit=200").await;
        (page["items"][0]["request"] != all[0]["request"]).then_some(page)
    })
    .await;
    assert!(newest["items"].as_array().unwrap().len() <= 12);
    let gone = all.last().unwrap()["request"].as_str().unwrap();
    eventually("the oldest to be gone", async || {
        (ask(&world, &Request::new("GET", &format!("/v1/decisions/{gone}"))).await.status == 404).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_shadow_report_outlives_the_process_and_says_what_is_needed() {
    let mut world = world("required", |file| file["trust"]["shadow"] = "strict".into()).await;
    for request in [vouched(), vouched(), asserted(), Request::chat(&["Hello"]), forged()] {
        world.send(&request).await;
    }
    rows(&world, "", 5).await;
    let report = read(&world, "/v1/shadow").await;
    assert_eq!(report["mode"], "strict");
    let groups = report["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 2, "{report}");
    assert_eq!(
        (&groups[0]["user"], &groups[0]["client"], &groups[0]["requests"]),
        (&json!("default:ana"), &json!("open-webui"), &json!(2))
    );
    assert_eq!((&groups[0]["reason"], &groups[1]["user"]), (&json!("evidence_too_weak"), &json!("default:cleo")));
    assert!(groups[0]["needs"].as_str().unwrap().contains("FORWARD_USER_INFO_HEADER_JWT_SECRET"));
    world.gate.stop();
    world.gate.start();
    assert_eq!(read(&world, "/v1/shadow").await, report);
    world.send(&Request::post("/memgate/v1/me/erase", "{\"confirm\": \"erase\"}").vouched("ana")).await.assert_ok();
    eventually("the erasure to be on record", async || {
        world.audit().iter().any(|record| record["path"] == "/memgate/v1/me/erase").then_some(())
    })
    .await;
    for restarted in [false, true] {
        if restarted {
            world.gate.stop();
            world.gate.start();
        }
        let left = read(&world, "/v1/shadow").await;
        assert_eq!((left["groups"].as_array().unwrap().len(), &left["groups"][0]["user"]), (1, &json!("default:cleo")), "{left}");
        let named = read(&world, "/v1/decisions?user=ana").await;
        assert_eq!(named["items"], json!([]), "whoever was erased is named by no decision, that of the erasure included");
    }
    world.gate.settings.file["trust"]["shadow"] = Value::Null;
    world.gate.write_config();
    assert_eq!(ask(&world, &Request::new("POST", "/v1/reload")).await.status, 204);
    assert_eq!(read(&world, "/v1/shadow").await, json!({"mode": null, "groups": []}));
}

/// The events that a reader gets, as `(event, data)`.
struct Events {
    client: Client,
    text: String,
}

impl Events {
    async fn open(world: &World, query: &str) -> Self {
        let mut client = Client::connect(world.gate.admin_address()).await;
        client.send_request(&Request::new("GET", &format!("/v1/events{query}"))).await;
        let head = client.read_head().await;
        assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
        Self { client, text: String::new() }
    }

    /// The next event; none at the stream's end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
                let found = field("event:").zip(field("data:"));
                self.text = rest.to_string();
                match found {
                    Some((name, data)) => return Some((name, serde_json::from_str(&data).unwrap())),
                    None => continue,
                }
            }
            let chunk = self.client.read_chunk().await.filter(|chunk| !chunk.is_empty())?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn next_decision(&mut self) -> Value {
        loop {
            let (name, data) = self.next().await.expect("a decision");
            if name == "decision" {
                return data;
            }
            assert_eq!(name, "overview");
            assert!(data["series"]["at"].is_array(), "{data}");
        }
    }
}

#[tokio::test]
async fn decisions_come_live_as_they_fit_until_memgate_ends() {
    let mut world = world("required", |_| {}).await;
    let mut all = Events::open(&world, "").await;
    let mut refused = Events::open(&world, "?decision=refuse").await;
    world.send(&vouched()).await.assert_ok();
    world.send(&forged()).await;
    assert_eq!(all.next_decision().await["user"], "default:ana");
    assert_eq!(all.next_decision().await["reason"], "signature_invalid");
    let told = refused.next_decision().await;
    assert_eq!((&told["reason"], &told["user"]), (&json!("signature_invalid"), &Value::Null));
    assert!(!told.to_string().contains(CLAIMED));
    assert_eq!(ask(&world, &Request::new("GET", "/v1/events?mood=good")).await.status, 400);
    let mut others = Vec::new();
    for _ in 0..62 {
        others.push(Events::open(&world, "").await);
    }
    let crowded = ask(&world, &Request::new("GET", "/v1/events")).await;
    assert_eq!((crowded.status, crowded.json()["code"].clone()), (503, json!("too_many_readers")));
    drop(others);
    eventually("room for another", async || {
        let mut client = Client::connect(world.gate.admin_address()).await;
        client.send_request(&Request::new("GET", "/v1/events")).await;
        (client.read_head().await.status == 200).then_some(())
    })
    .await;
    world.gate.signal("TERM");
    while all.next().await.is_some() {}
    while refused.next().await.is_some() {}
    world.gate.wait_for_exit();
}

#[tokio::test]
async fn hostile_words_come_out_inert_and_short() {
    let world = world("required", |_| {}).await;
    let model = format!("<script>alert(1)</script>\u{1b}[31m\u{202e}{}", "x".repeat(10 << 10));
    let body = json!({"model": model, "messages": [{"role": "user", "content": "Hello"}]}).to_string();
    world.send(&Request::post("/v1/chat/completions", body).vouched("<img src=x onerror=alert(1)>")).await;
    world.send(&Request::new("GET", "/v1/%1b%e2%80%aescript?key=hunter2").vouched("ana")).await;
    let found = rows(&world, "", 2).await;
    let shown = json!(found).to_string();
    assert!(shown.contains("<img src=x onerror=alert(1)>"), "names are told as they are, and escaped where they are shown");
    assert!(!shown.contains("hunter2"));
    let id = |row: &Value| row["request"].as_str().unwrap().to_owned();
    let mut texts = vec![shown];
    for row in &found {
        texts.push(read(&world, &format!("/v1/decisions/{}", id(row))).await.to_string());
    }
    for text in texts {
        // JSON escapes control characters; bidirectional ones must not be there at all.
        assert!(!text.contains("\\u001b") && !text.contains('\u{202e}') && !text.contains('\u{1b}'), "{text}");
        assert!(text.len() < 16 << 10, "{}", text.len());
    }
}
