//! Exactly one audit record and one count for every request; neither text nor secrets in any of them.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::client::Client;
use crate::harness::gate::{JWT_SECRET, OPEN_WEBUI_KEY, SIGNING_KEY, UPSTREAM_KEY};
use crate::harness::request::Request;
use crate::harness::upstream::{Recorded, Script, Step, event};
use crate::harness::world::World;

/// Answers by the word that the request holds.
fn answer(never: &Arc<Notify>) -> impl Fn(&Recorded) -> Script + Send + Sync + 'static {
    let never = Arc::clone(never);
    move |request| {
        let text = request.text();
        match () {
            () if text.contains("please-cut") => Script::Stream(vec![Step::Send(event("half")), Step::Cut]),
            () if text.contains("please-wait") => {
                Script::Stream(vec![Step::Send(event("half")), Step::Await(Arc::clone(&never))])
            }
            () if text.contains("please-fail") => Script::json(500, &json!({"error": {"message": "gibberish-from-upstream"}})),
            () if text.contains("please-close") => Script::Close,
            () => Script::fitting(request),
        }
    }
}

fn cases() -> Vec<(&'static str, Request, &'static str)> {
    let chat = |text: &str| Request::chat(&[text]);
    let stream = |text: &str| Request::streamed_chat(&[text]);
    vec![
        ("chat", chat("Remember that my password is gibberish-of-ana.").vouched("ana"), "complete"),
        ("stream", stream("Remember that my password is gibberish-of-ana.").signed("bert"), "complete"),
        ("models", Request::new("GET", "/v1/models?key=gibberish-in-query").bearer(OPEN_WEBUI_KEY.1), "complete"),
        ("embeddings", Request::post("/v1/embeddings", r#"{"input":"gibberish-input"}"#).vouched("ana"), "complete"),
        ("unknown path", Request::new("GET", "/gibberish/../path").vouched("ana"), "refused"),
        ("no identity", chat("gibberish"), "refused"),
        ("a wrong key", chat("gibberish").bearer("mgk_gibberish-key-gibberish-key-gibberish-key-0"), "refused"),
        ("no JSON", Request::post("/v1/chat/completions", "gibberish{").vouched("ana"), "refused"),
        (
            "two identities",
            chat("gibberish").signed("ana").bearer(OPEN_WEBUI_KEY.1).header("X-OpenWebUI-User-Id", "bert"),
            "refused",
        ),
        ("cut", stream("please-cut gibberish").vouched("ana"), "upstream_failed"),
        ("error", chat("please-fail gibberish").vouched("ana"), "complete"),
        ("closed", chat("please-close gibberish").vouched("ana"), "upstream_failed"),
        ("trimmed", chat("gibberish").vouched("ana"), "complete"),
        (
            "a browser's preflight",
            Request::new("OPTIONS", "/v1/chat/completions")
                .header("Origin", "https://gibberish.test")
                .header("Access-Control-Request-Method", "POST"),
            "refused",
        ),
    ]
}

#[tokio::test]
async fn every_request_has_one_record_and_one_count() {
    let never = Arc::new(Notify::new());
    let world = World::with_upstream(answer(&never), |_| {}).await;
    let mut expected: HashMap<String, (&str, &str)> = HashMap::new();
    for (what, request, outcome) in cases() {
        let answer = world.send(&request).await;
        let id = answer.header("x-memgate-request-id").unwrap_or_else(|| panic!("{what}: no request id")).to_owned();
        assert!(expected.insert(id, (what, outcome)).is_none(), "{what}: the request id is not fresh");
    }
    // One that leaves, on a connection that has carried another one.
    let mut client = Client::connect(world.gate.address()).await;
    let answer = client.exchange(&Request::chat(&["Hello"]).vouched("ana")).await;
    expected.insert(answer.header("x-memgate-request-id").unwrap().to_owned(), ("first of two", "complete"));
    client.send_request(&Request::streamed_chat(&["please-wait"]).vouched("ana")).await;
    let head = client.read_head().await;
    expected.insert(head.header("x-memgate-request-id").unwrap().to_owned(), ("leaver", "client_left"));
    client.read_chunk().await;
    drop(client);
    world.upstream.wait_for_leavers(1).await;

    world.requests_on_record(expected.len()).await;
    // A second record of any of them would be there by now: the writer keeps order, and this one comes last.
    world.send(&Request::new("GET", "/v1/models").vouched("last")).await.assert_ok();
    let mut records = world.requests_on_record(expected.len() + 1).await;
    assert_eq!(records.len(), expected.len() + 1);
    records.retain(|record| record["user"] != "default:last");
    for record in &records {
        let id = record["request"].as_str().unwrap();
        let (what, outcome) = expected.remove(id).unwrap_or_else(|| panic!("a second record, or a strange one: {record}"));
        assert_eq!(record["outcome"], outcome, "{what}: {record}");
        for field in ["time", "client", "peer", "mode", "decision", "reason", "route", "method", "path", "duration_ms"] {
            assert!(!record[field].is_null(), "{what}: no {field} in {record}");
        }
    }
    assert_eq!(expected.len(), 0, "without a record: {expected:?}");
    let counted = world.metric("memgate_requests_total", &[]).await;
    assert_eq!(counted, u64::try_from(records.len()).unwrap() + 1);
    let observed = world.metric("memgate_request_duration_seconds_count", &[]).await;
    assert_eq!(observed, counted);
    assert_eq!(world.metric("memgate_audit_dropped_total", &[]).await, 0);
}

#[tokio::test]
async fn records_say_what_memory_did() {
    let world = World::start(|_| {}).await;
    world.teach(&Request::chat(&["Remember that the code of my locker is quagga."]).vouched("ana")).await;
    world.send(&Request::chat(&["What is the code of my locker?"]).vouched("ana")).await.assert_ok();
    let records = world.requests_on_record(2).await;
    let learned: Vec<Value> = world.audit().into_iter().filter(|entry| entry["type"] == "learned").collect();
    assert_eq!(learned.len(), 1, "{learned:?}");
    assert_eq!((&learned[0]["request"], &learned[0]["user"]), (&records[0]["request"], &json!("default:ana")));
    assert_eq!(records[1]["facts_used"], learned[0]["facts_written"]);
    assert_eq!(world.metric("memgate_facts_injected_total", &[]).await, 1);
    assert_eq!(world.metric("memgate_recall_total", &["result=\"hit\""]).await, 1);
}

#[tokio::test]
async fn no_text_and_no_secret_stands_in_log_audit_or_metrics() {
    let never = Arc::new(Notify::new());
    let world = World::with_upstream(answer(&never), |file| file["log"] = json!({"level": "debug"})).await;
    for (_, request, _) in cases() {
        world.send(&request).await;
    }
    world.requests_on_record(cases().len()).await;
    let audit = world.audit().iter().map(Value::to_string).collect::<String>();
    // The path is on record, and people choose their paths; nothing else of theirs is.
    let audit = audit.replace("/gibberish/../path", "");
    let (log, metrics) = (world.gate.log(), world.metrics().await);
    let secrets = [SIGNING_KEY.1, OPEN_WEBUI_KEY.1, JWT_SECRET.1, UPSTREAM_KEY.1];
    for (what, text) in [("audit", &audit), ("log", &log.replace("/gibberish/../path", "")), ("metrics", &metrics)] {
        for word in secrets.into_iter().chain(["gibberish", "please-"]) {
            assert!(!text.contains(word), "{word} stands in the {what}:\n{text}");
        }
    }
    for name in ["ana", "bert"] {
        assert!(
            !metrics.contains(&format!("\"{name}\"")) && !metrics.contains(&format!("default:{name}")),
            "a metric names a user"
        );
        assert!(!log.contains(&format!("default:{name}")), "the log names a user:\n{log}");
    }
}
