//! Anthropic's dialect: its clients, pointed here, work as before.

mod callers;
mod conversations;
mod counting;
mod streams;

use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::eventually;
use crate::harness::request::Request;
use crate::harness::sign::random_hex;
use crate::harness::upstream::{Recorded, Script, Step};
use crate::harness::world::World;

const SECRET: &str = "Remember that the code of my locker is quagga.";
const QUESTION: &str = "What is the code of my locker?";
/// A stream of thinking, text and a tool's call.
const STREAM: &str = include_str!("../../fixtures/anthropic/stream-tool-use.sse");

/// An upstream that speaks this dialect alone, and memgate as `change` sets it up.
async fn world(answer: impl Fn(&Recorded) -> Script + Send + Sync + 'static, change: impl FnOnce(&mut Value)) -> World {
    World::with_upstream(answer, |file| {
        file["upstreams"][0]["dialects"] = json!(["anthropic"]);
        file["context"] = json!({"window": 200_000});
        change(file);
    })
    .await
}

fn post(path: &str, body: &Value) -> Request {
    Request::post(path, body.to_string()).header("anthropic-version", "2023-06-01")
}

fn ask(messages: &Value) -> Request {
    post("/v1/messages", &json!({"model": "m", "max_tokens": 100, "messages": messages}))
}

fn say(text: &str) -> Request {
    ask(&json!([{"role": "user", "content": text}]))
}

/// A request as the fixture of this name has it.
fn fixture(text: &str) -> Request {
    let capture: Value = serde_json::from_str(text).unwrap();
    let request = Request::post(capture["path"].as_str().unwrap(), capture["body"].to_string());
    let framing = ["content-type", "content-length", "host", "connection", "authorization", "x-api-key"];
    capture["headers"].as_array().unwrap().iter().fold(request, |request, header| {
        let (name, value) = (header[0].as_str().unwrap(), header[1].as_str().unwrap());
        if framing.contains(&name.to_lowercase().as_str()) { request } else { request.header(name, value) }
    })
}

/// A message that says `text`.
fn says(text: &str) -> Script {
    Script::json(
        200,
        &json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn", "stop_sequence": null, "usage": {"input_tokens": 10, "output_tokens": 2}}),
    )
}

/// The events of [`STREAM`].
fn events() -> Vec<Step> {
    STREAM.split_inclusive("\n\n").map(|event| Step::Send(event.as_bytes().to_vec())).collect()
}

/// Streamed or not, as the request asks; a count, or a list of models.
fn fitting(request: &Recorded) -> Script {
    match serde_json::from_slice::<Value>(&request.body) {
        _ if request.target.contains("/count_tokens") => Script::json(200, &json!({"input_tokens": 42})),
        Ok(body) if body["stream"] == json!(true) => Script::Stream(events()),
        Ok(_) => says("All right then."),
        Err(_) => Script::json(200, &json!({"data": [{"id": "claude-m", "type": "model"}], "has_more": false})),
    }
}

/// A key of this person's own.
fn key_of(world: &World, user: &str) -> String {
    let made = world.gate.run(&["user", "key", "add", user]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let printed = String::from_utf8(made.stdout).unwrap();
    printed.split_whitespace().find(|word| word.starts_with("mgk_")).expect("a key").to_owned()
}

/// The refusal has the shape that Anthropic's libraries read.
#[track_caller]
fn assert_refused(answer: &Answer, status: u16, kind: &str, code: &str) {
    let body = answer.json();
    let error = &body["error"];
    assert_eq!((answer.status, &body["type"]), (status, &json!("error")), "{body}");
    assert_eq!((&error["type"], &error["code"]), (&json!(kind), &json!(code)), "{body}");
    assert!(error["message"].as_str().unwrap().len() > 20, "{body}");
    assert!(answer.header("request-id").is_some_and(|id| id == answer.header("x-memgate-request-id").unwrap()));
}

/// Whether the turn with [`SECRET`] was learned from. Turns are learned from in order, so a later one tells when to look.
async fn was_learned(world: &World, by: impl Fn(Request) -> Request) -> bool {
    world.forwarded(&by(say("Remember that my bicycle is called Pegasus."))).await;
    let seen = eventually("the later turn is learned from", async || {
        let question = format!("({}) What is my bicycle called, and what is the code of my locker?", random_hex());
        let seen = world.forwarded(&by(say(&question))).await;
        seen.mentions("Pegasus").then_some(seen)
    });
    seen.await.mentions("quagga")
}
