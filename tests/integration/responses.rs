//! The dialect of OpenAI responses, through the binary: memory, streams and their ends, Codex' requests.

use serde_json::{Value, json};

use crate::harness::request::Request;
use crate::harness::upstream::{Recorded, Script, Step};
use crate::harness::world::World;

pub const SECRET: &str = "Remember that the code of my locker is quagga.";
const QUESTION: &str = "What is the code of my locker?";

/// A request with these members beside its model.
pub fn create(more: &Value) -> Request {
    let mut body = json!({"model": "m"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Request::post("/v1/responses", body.to_string())
}

pub fn response(id: &str, status: &str) -> Value {
    json!({"id": id, "object": "response", "created_at": 1, "model": "m", "status": status, "error": null, "incomplete_details": null,
        "output": [{"type": "message", "id": format!("msg_{id}"), "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": "All right then.", "annotations": []}]},
            {"type": "code_interpreter_call", "id": format!("ci_{id}"), "container_id": format!("cntr_{id}"), "code": "1"}],
        "usage": {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}})
}

pub fn event(mut data: Value, number: u64) -> Vec<u8> {
    data["sequence_number"] = number.into();
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap()).into_bytes()
}

pub fn created(id: &str) -> Vec<u8> {
    let mut response = response(id, "in_progress");
    response["output"] = json!([]);
    event(json!({"type": "response.created", "response": response}), 0)
}

pub fn delta(text: &str) -> Vec<u8> {
    event(
        json!({"type": "response.output_text.delta", "item_id": "msg", "output_index": 0, "content_index": 0, "delta": text}),
        1,
    )
}

pub fn completed(id: &str) -> Vec<u8> {
    event(json!({"type": "response.completed", "response": response(id, "completed")}), 2)
}

/// Streamed or not, as the request asks. The id tells which request it was.
fn answer(request: &Recorded) -> Script {
    let body = request.json();
    match (&body["background"], &body["stream"]) {
        (Value::Bool(true), _) => Script::json(200, &response("resp_b", "queued")),
        (_, Value::Bool(true)) => {
            Script::Stream([created("resp_s"), delta("All "), delta("right."), completed("resp_s")].map(Step::Send).to_vec())
        }
        _ => Script::json(200, &response("resp_d", "completed")),
    }
}

async fn world() -> World {
    World::with_upstream(answer, |_| {}).await
}

#[tokio::test]
async fn what_was_said_comes_back_in_either_form() {
    let world = world().await;
    world.teach(&create(&json!({"input": "I live in Oslo."})).vouched("ana")).await;
    let item = json!({"role": "user", "content": [{"type": "input_text", "text": SECRET}]});
    world.teach(&create(&json!({"input": [item], "stream": true})).vouched("ana")).await;

    let seen = world.forwarded(&create(&json!({"input": QUESTION, "instructions": "Be kind."})).vouched("ana")).await.json();
    let (instructions, input) = (seen["instructions"].as_str().unwrap(), seen["input"].as_str().unwrap());
    assert!(instructions.starts_with("Be kind.\n\n") && instructions.contains("Oslo"), "{instructions}");
    assert!(input.ends_with(&format!("\n\n{QUESTION}")) && input.contains("quagga"), "{input}");

    let items = json!([
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello."}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi."}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": QUESTION}, {"type": "input_image", "image_url": "data:x"}]},
    ]);
    let seen = world.forwarded(&create(&json!({"input": items})).vouched("ana")).await.json();
    assert!(seen["instructions"].as_str().unwrap().contains("Oslo"), "{seen}");
    let parts = seen["input"][2]["content"].as_array().unwrap();
    assert_eq!(
        (parts.len(), &parts[0]["type"], &parts[1..]),
        (3, &json!("input_text"), &items[2]["content"].as_array().unwrap()[..])
    );
    assert!(parts[0]["text"].as_str().unwrap().contains("quagga"), "{seen}");
    assert_eq!(seen["input"].as_array().unwrap()[..2], items.as_array().unwrap()[..2]);
    // Nothing of hers for another.
    let seen = world.forwarded(&create(&json!({"input": QUESTION})).vouched("bert")).await;
    assert_eq!(seen.json(), json!({"model": "m", "input": QUESTION}));
}

#[tokio::test]
async fn a_template_keeps_its_own_instructions() {
    let world = world().await;
    world.teach(&create(&json!({"input": "I live in Oslo."})).vouched("ana")).await;
    let seen = world.forwarded(&create(&json!({"prompt": {"id": "pmpt_1"}, "input": "Hello."})).vouched("ana")).await.json();
    assert!(seen.get("instructions").is_none() && seen["input"].as_str().unwrap().contains("Oslo"), "{seen}");
}

#[tokio::test]
async fn a_background_answer_teaches_nothing() {
    let world = world().await;
    world.send(&create(&json!({"input": SECRET, "background": true})).vouched("ana")).await.assert_ok();
    world.teach(&create(&json!({"input": "Remember that the dog is brown."})).vouched("ana")).await;
    let seen = world
        .forwarded(&create(&json!({"input": "What is the code of my locker, and which colour has the dog?"})).vouched("ana"))
        .await;
    assert!(seen.mentions("brown") && !seen.mentions("quagga"), "{}", seen.text());
}

#[tokio::test]
async fn a_stream_passes_byte_for_byte() {
    let world = world().await;
    let answer = world.send(&create(&json!({"input": "Hello.", "stream": true})).vouched("ana")).await;
    answer.assert_ok();
    assert_eq!(answer.body, [created("resp_s"), delta("All "), delta("right."), completed("resp_s")].concat());
    let record = world.requests_on_record(1).await.remove(0);
    assert_eq!(
        (&record["route"], &record["tokens_in"], &record["outcome"]),
        (&json!("responses"), &json!(10), &json!("complete"))
    );
}

#[tokio::test]
async fn a_broken_stream_is_ended_with_both_events() {
    for cut in [vec![Step::Cut], vec![Step::Send(b"event: response.output_te".to_vec()), Step::Cut], vec![]] {
        let steps = [vec![Step::Send(created("resp_s")), Step::Send(delta("half"))], cut].concat();
        let world = World::with_upstream(move |_| Script::Stream(steps.clone()), |_| {}).await;
        let answer = world.send(&create(&json!({"input": SECRET, "stream": true})).vouched("ana")).await;
        answer.assert_ok();
        let text = answer.text();
        let events: Vec<&str> = text.trim_end().split("\n\n").collect();
        let data = |event: &str| -> Value { serde_json::from_str(event.split_once("data: ").unwrap().1).unwrap() };
        let [.., error, failed] = events.as_slice() else { panic!("{text}") };
        assert!(error.starts_with("event: error\n") && failed.starts_with("event: response.failed\n"), "{text}");
        let (error, failed) = (data(error), data(failed));
        assert_eq!((&error["code"], &error["sequence_number"]), (&json!("upstream_failed"), &json!(2)), "{text}");
        assert_eq!((&failed["response"]["id"], &failed["sequence_number"]), (&json!("resp_s"), &json!(3)), "{text}");
        assert_eq!(failed["response"]["error"]["message"], error["message"]);
        let record = world.requests_on_record(1).await.remove(0);
        assert_eq!(record["outcome"], "upstream_failed", "{record}");
        assert_eq!(world.lessons().await, 0, "half an answer was learned from");
    }
}

#[tokio::test]
async fn codex_gets_its_memory_and_everything_else_as_it_was() {
    let world = world().await;
    world.teach(&create(&json!({"input": "I live in Bergen."})).vouched("ana")).await;
    let read =
        |name: &str| std::fs::read(format!("{}/tests/fixtures/responses/{name}.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
    for name in ["codex-first", "codex-tool-loop", "codex-second"] {
        let sent: Value = serde_json::from_slice(&read(name)).unwrap();
        let request = Request::post("/v1/responses", read(name)).vouched("ana");
        let mut seen = world.forwarded(&request).await.json();
        // The profile stands behind the developer's text; what was sent is still there.
        let developer = seen["input"][0]["content"].as_array_mut().unwrap();
        assert!(developer.pop().unwrap()["text"].as_str().unwrap().contains("Bergen"), "{name}");
        let items = seen["input"].as_array_mut().unwrap();
        assert_eq!(items.len(), sent["input"].as_array().unwrap().len());
        for (item, sent) in items.iter_mut().zip(sent["input"].as_array().unwrap()) {
            if item != sent {
                assert_eq!(item["role"], "user", "{name}");
                item["content"].as_array_mut().unwrap().remove(0);
            }
        }
        assert_eq!(seen, sent, "{name}");
    }
    // Codex asks that nothing be stored, and its last turn was the person's.
    world.wait_for_lessons(2).await;
}

#[tokio::test]
async fn old_exchanges_go_as_a_whole() {
    let world = World::with_upstream(answer, |file| file["context"] = json!({"window": 2000, "reserve": 200})).await;
    let exchange = |n: usize| {
        let words = format!("word{n} ").repeat(120);
        [
            json!({"role": "user", "content": words}),
            json!({"type": "reasoning", "summary": [], "encrypted_content": format!("r{n}")}),
            json!({"type": "function_call", "call_id": format!("c{n}"), "name": "f", "arguments": "{}"}),
            json!({"type": "function_call_output", "call_id": format!("c{n}"), "output": "x"}),
            json!({"role": "assistant", "content": "Done."}),
        ]
    };
    let mut items: Vec<Value> = (0..8).flat_map(exchange).collect();
    items.push(json!({"role": "user", "content": "And now?"}));
    let seen = world.forwarded(&create(&json!({"instructions": "I", "input": items})).vouched("ana")).await.json();
    let kept = seen["input"].as_array().unwrap();
    assert!(kept.len() < items.len() && kept.len() > 1 && kept.len() % 5 == 1, "{}", kept.len());
    assert_eq!(kept[..], items[items.len() - kept.len()..]);
    let last = json!([{"role": "user", "content": "word ".repeat(4000)}]);
    world.send(&create(&json!({"input": last})).vouched("ana")).await.assert_refused(400, "context_length_exceeded");
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_the_dialects_shape() {
    let world = world().await;
    for (body, code) in [("{", "invalid_json"), ("{}", "invalid_messages"), (r#"{"input":"a","Input":"b"}"#, "ambiguous_key")] {
        world.send(&Request::post("/v1/responses", body).vouched("ana")).await.assert_refused(400, code);
    }
}
