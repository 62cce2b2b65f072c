//! What an upstream keeps of an answer is reached by its owner alone: at once, after a restart, and never by another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::client::{Answer, Client};
use crate::harness::request::Request;
use crate::harness::upstream::{Recorded, Script, Step};
use crate::harness::world::World;
use crate::me::say;
use crate::responses::{completed, create, created, delta, response};

/// An upstream that keeps everything and knows nobody: each answer has the next id, and any id can be fetched.
fn careless() -> impl Fn(&Recorded) -> Script + Send + Sync + 'static {
    let next = AtomicUsize::new(1);
    move |request| {
        if request.method != "POST" || request.target.contains("/resp_") {
            return Script::json(200, &json!({"object": "response", "kept": "what somebody said"}));
        }
        let id = format!("resp_{}", next.fetch_add(1, Ordering::SeqCst));
        match request.json()["stream"] {
            Value::Bool(true) => Script::Stream([created(&id), delta("Hi."), completed(&id)].map(Step::Send).to_vec()),
            _ => Script::json(200, &response(&id, "completed")),
        }
    }
}

async fn world(change: impl FnOnce(&mut Value)) -> World {
    World::with_upstream(careless(), change).await
}

fn by_id(method: &str, path: &str) -> Request {
    if method == "POST" { Request::post(path, "{}") } else { Request::new(method, path) }
}

/// Every way to name a response.
fn ways(id: &str) -> Vec<Request> {
    vec![
        create(&json!({"input": "And?", "previous_response_id": id})),
        create(&json!({"input": "And?", "previous_response_id": id, "stream": true})),
        create(&json!({"input": "And?", "request_id": id})),
        create(&json!({"input": [{"type": "item_reference", "id": format!("msg_{id}")}, {"role": "user", "content": "And?"}]})),
        create(&json!({"input": [{"id": format!("msg_{id}")}]})),
        create(&json!({"input": [{"type": "reasoning", "id": format!("msg_{id}"), "summary": []}]})),
        create(&json!({"input": "And?", "tools": [{"type": "code_interpreter", "container": format!("cntr_{id}")}]})),
        Request::post("/v1/responses/input_tokens", json!({"model": "m", "previous_response_id": id}).to_string()),
        Request::post("/v1/responses/compact", json!({"model": "m", "previous_response_id": id}).to_string()),
        by_id("GET", &format!("/v1/responses/{id}")),
        by_id("GET", &format!("/v1/responses/{id}?stream=true")),
        by_id("DELETE", &format!("/v1/responses/{id}")),
        by_id("GET", &format!("/v1/responses/{id}/input_items")),
        by_id("POST", &format!("/v1/responses/{id}/cancel")),
    ]
}

/// What of an answer must not tell two refusals apart.
pub fn told(answer: &Answer) -> (u16, String, Vec<String>) {
    let names = answer.headers.iter().map(|(name, value)| match name.to_lowercase().as_str() {
        "x-memgate-request-id" | "request-id" | "date" => name.clone(),
        _ => format!("{name}: {value}"),
    });
    (answer.status, answer.text(), names.collect())
}

/// The owner gets through by every way; anybody else is told what is told of an id that never was, and the upstream hears nothing.
async fn assert_owned(world: &World, id: &str, owner: &str, others: &[&str]) {
    for request in ways(id) {
        world.send(&request.vouched(owner)).await.assert_ok();
    }
    world.upstream.take();
    for other in others {
        for (theirs, nobodys) in ways(id).into_iter().zip(ways("resp_never0")) {
            let what = format!("{} {} for {other}", theirs.method, theirs.target);
            let theirs = world.send(&theirs.vouched(other)).await;
            assert_eq!(theirs.status, 404, "{what}: {}", theirs.text());
            assert!(theirs.code().ends_with("_not_found"), "{what}: {}", theirs.text());
            assert!(!theirs.text().contains(id), "{what}: {}", theirs.text());
            let nobodys = world.send(&nobodys.vouched(other)).await;
            assert_eq!(told(&theirs), told(&nobodys), "{what}");
        }
    }
    assert!(world.upstream.take().is_empty(), "the upstream was asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_is_its_owners_at_once_and_after_a_restart() {
    let mut world = world(|_| {}).await;
    world.send(&create(&json!({"input": "Hello."})).vouched("ana")).await.assert_ok();
    world.send(&create(&json!({"input": "Hello.", "stream": true})).vouched("bert")).await.assert_ok();
    assert_owned(&world, "resp_1", "ana", &["bert", "carla"]).await;
    assert_owned(&world, "resp_2", "bert", &["ana"]).await;
    world.gate.stop();
    world.gate.start();
    assert_owned(&world, "resp_1", "ana", &["bert", "carla"]).await;
    assert_owned(&world, "resp_2", "bert", &["ana"]).await;
    for text in [world.gate.log(), world.metrics().await] {
        assert!(!text.contains("resp_"), "{text}");
    }
}

#[tokio::test]
async fn a_streamed_response_can_be_named_while_it_is_told() {
    let go = Arc::new(Notify::new());
    let held = Arc::clone(&go);
    let upstream = move |request: &Recorded| match request.method.as_str() {
        "POST" => {
            Script::Stream(vec![Step::Send(created("resp_1")), Step::Await(Arc::clone(&held)), Step::Send(completed("resp_1"))])
        }
        _ => Script::json(200, &json!({})),
    };
    let world = World::with_upstream(upstream, |_| {}).await;
    let mut client = Client::connect(world.gate.address()).await;
    client.send_request(&create(&json!({"input": "Hello.", "stream": true})).vouched("ana")).await;
    assert_eq!(client.read_head().await.status, 200);
    assert_eq!(client.read_chunk().await, Some(created("resp_1")));
    let fetch = by_id("GET", "/v1/responses/resp_1");
    world.send(&fetch.clone().vouched("ana")).await.assert_ok();
    world.send(&fetch.vouched("bert")).await.assert_refused(404, "response_not_found");
    go.notify_one();
}

#[tokio::test]
async fn a_long_document_is_its_owners_too() {
    let upstream = |request: &Recorded| match request.method.as_str() {
        "POST" => {
            let image = "A".repeat(5 << 20);
            let body = format!(
                r#"{{"id":"resp_1","object":"response","status":"completed","output":[{{"type":"image_generation_call","result":"{image}"}}]}}"#
            );
            Script::Reply { status: 200, content_type: "application/json", body: body.into_bytes() }
        }
        _ => Script::json(200, &json!({})),
    };
    let world = World::with_upstream(upstream, |_| {}).await;
    world.send(&create(&json!({"input": "Paint."})).vouched("ana")).await.assert_ok();
    world.send(&by_id("GET", "/v1/responses/resp_1").vouched("ana")).await.assert_ok();
    world.send(&by_id("GET", "/v1/responses/resp_1").vouched("bert")).await.assert_refused(404, "response_not_found");
}

#[tokio::test]
async fn what_is_not_stored_and_conversations_are_nobodys() {
    let world = world(|_| {}).await;
    world.send(&create(&json!({"input": "Hello.", "store": false})).vouched("ana")).await.assert_ok();
    world.send(&by_id("GET", "/v1/responses/resp_1").vouched("ana")).await.assert_refused(404, "response_not_found");
    for conversation in [json!("conv_1"), json!({"id": "conv_1"})] {
        let request = create(&json!({"input": "Hello.", "conversation": conversation})).vouched("ana");
        world.send(&request).await.assert_refused(404, "conversation_not_found");
    }
    let both = create(&json!({"input": [{"id": "x"}], "previous_response_id": "resp_1"})).vouched("ana");
    world.send(&both).await.assert_refused(404, "previous_response_not_found");
}

#[tokio::test]
async fn without_a_scope_nothing_stored_is_reached() {
    let quarantine = world(|file| file["trust"]["mode"] = "quarantine".into()).await;
    quarantine.send(&create(&json!({"input": "Hello."}))).await.assert_ok();
    for request in ways("resp_1") {
        let answer = quarantine.send(&request).await;
        assert_eq!(answer.status, 404, "{} {}: {}", request.method, request.target, answer.text());
    }
    let required = world(|_| {}).await;
    required.send(&create(&json!({"input": "Hello."})).vouched("ana")).await.assert_ok();
    for request in ways("resp_1") {
        required.send(&request).await.assert_refused(401, "identity_missing");
    }
}

#[tokio::test]
async fn sandboxes_keep_theirs_apart() {
    let world = world(|file| file["trust"]["mode"] = "quarantine".into()).await;
    let chat = |id: &str, request: Request| request.header("X-OpenWebUI-Chat-Id", id);
    world.send(&chat("one", create(&json!({"input": "Hello."})))).await.assert_ok();
    for request in ways("resp_1") {
        world.send(&chat("one", request.clone())).await.assert_ok();
        assert_eq!(world.send(&chat("two", request)).await.status, 404);
    }
}

#[tokio::test]
async fn an_erasure_forgets_whose_it_was() {
    let world = world(|_| {}).await;
    world.send(&create(&json!({"input": "Hello."})).signed("ana")).await.assert_ok();
    let fetch = || by_id("GET", "/v1/responses/resp_1").signed("ana");
    world.send(&fetch()).await.assert_ok();
    world.send(&say("POST", "/erase", &json!({"confirm": "erase"})).signed("ana")).await.assert_ok();
    world.send(&fetch()).await.assert_refused(404, "response_not_found");
}

#[tokio::test]
async fn a_response_is_fetched_where_it_is_kept() {
    let second = crate::harness::upstream::FakeUpstream::start(careless()).await;
    let (address, url) = (second.address, format!("http://{}/v1", second.address));
    let world = world(|file| {
        file["upstreams"][0]["models"] = json!(["m"]);
        file["upstreams"].as_array_mut().unwrap().push(json!({"name": "second", "url": url, "models": ["n"]}));
    })
    .await;
    world.send(&create(&json!({"model": "n", "input": "Hello."})).vouched("ana")).await.assert_ok();
    second.take();
    world.send(&by_id("GET", "/v1/responses/resp_1").vouched("ana")).await.assert_ok();
    assert_eq!((second.take().len(), world.upstream.take().len()), (1, 0), "{address}");
    // The other upstream has an answer with this id, too, and it may be somebody else's.
    let request = create(&json!({"model": "m", "input": "And?", "previous_response_id": "resp_1"})).vouched("ana");
    world.send(&request).await.assert_refused(404, "previous_response_not_found");
}

#[tokio::test]
async fn an_operator_can_open_it() {
    let world = world(|file| file["upstreams"][0]["shared_state"] = "allow".into()).await;
    world.send(&create(&json!({"input": "Hello."})).vouched("ana")).await.assert_ok();
    for request in ways("resp_1") {
        world.send(&request.vouched("bert")).await.assert_ok();
    }
    let request = create(&json!({"input": "Hello.", "conversation": "conv_1"})).vouched("bert");
    world.send(&request).await.assert_ok();
}
