//! One memory behind all dialects: what is told in one is known in the others, to the same person alone, and only what was answered well.

use serde_json::{Value, json};

use crate::harness::request::Request;
use crate::harness::upstream::{Recorded, Script};
use crate::harness::world::World;

const SECRET: &str = "Remember that the code of my locker is quagga.";
const QUESTION: &str = "What is the code of my locker?";

const CHAT: &str = "/v1/chat/completions";
const COMPLETIONS: &str = "/v1/completions";
const RESPONSES: &str = "/v1/responses";
const MESSAGES: &str = "/v1/messages";
const OLLAMA_CHAT: &str = "/api/chat";
const GENERATE: &str = "/api/generate";
const PATHS: [&str; 6] = [CHAT, COMPLETIONS, RESPONSES, MESSAGES, OLLAMA_CHAT, GENERATE];

const JSON: &str = "application/json";
const SSE: &str = "text/event-stream";
const LINES: &str = "application/x-ndjson";

/// What a person says, in the dialect of a path.
fn say(path: &str, model: &str, text: &str) -> Value {
    let turns = json!([{"role": "user", "content": text}]);
    match path {
        COMPLETIONS => json!({"model": model, "prompt": text}),
        GENERATE => json!({"model": model, "prompt": text, "stream": false}),
        RESPONSES => json!({"model": model, "input": text}),
        OLLAMA_CHAT => json!({"model": model, "messages": turns, "stream": false}),
        _ => json!({"model": model, "max_tokens": 100, "messages": turns}),
    }
}

fn post(path: &str, body: &Value) -> Request {
    Request::post(path, body.to_string())
}

/// A whole answer in the dialect that was asked in.
fn fitting(request: &Recorded) -> Script {
    let body = match request.target.as_str() {
        COMPLETIONS => json!({"choices": [{"index": 0, "text": "Yes.", "finish_reason": "stop"}]}),
        RESPONSES => json!({"id": "resp_1", "status": "completed", "output": [{"type": "message", "content": []}]}),
        MESSAGES => json!({"type": "message", "content": [{"type": "text", "text": "Yes."}], "stop_reason": "end_turn"}),
        OLLAMA_CHAT => json!({"message": {"role": "assistant", "content": "Yes."}, "done": true, "done_reason": "stop"}),
        GENERATE => json!({"response": "Yes.", "done": true, "done_reason": "stop"}),
        _ => return Script::fitting(request),
    };
    Script::json(200, &body)
}

async fn world(answer: impl Fn(&Recorded) -> Script + Send + Sync + 'static) -> World {
    World::with_upstream(answer, |file| {
        file["trust"]["mode"] = "strict".into();
        file["upstreams"][0]["dialects"] = json!(["openai", "anthropic", "ollama"]);
    })
    .await
}

#[tokio::test]
async fn what_is_told_in_one_dialect_is_known_in_all_to_its_user_alone() {
    let world = world(fitting).await;
    for (n, told_in) in PATHS.into_iter().enumerate() {
        let (teller, other) = (format!("teller{n}"), format!("other{n}"));
        world.teach(&post(told_in, &say(told_in, "m", SECRET)).signed(&teller)).await;
        for asked_in in PATHS {
            let question = say(asked_in, "m", QUESTION);
            let seen = world.forwarded(&post(asked_in, &question).signed(&teller)).await;
            assert!(seen.mentions("quagga"), "told in {told_in}, asked in {asked_in}: {}", seen.text());
            let seen = world.forwarded(&post(asked_in, &question).signed(&other)).await;
            assert!(!seen.mentions("quagga"), "told in {told_in} by another, asked in {asked_in}: {}", seen.text());
        }
    }
}

/// What an upstream answers that teaches nothing, and how that is recorded.
const ANSWERS: [(&str, &str, &str, &str); 17] = [
    (
        CHAT,
        SSE,
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":{\"message\":\"no\"}}\n\ndata: [DONE]\n\n",
        "upstream_failed",
    ),
    (
        CHAT,
        SSE,
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"error\":{\"message\":\"no\"}}\n\n",
        "upstream_failed",
    ),
    (CHAT, JSON, "{\"error\":{\"message\":\"no\"}}", "upstream_failed"),
    (CHAT, JSON, "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":null}]}", "complete"),
    (
        COMPLETIONS,
        SSE,
        "data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":null}]}\n\ndata: {\"error\":\"no\"}\n\n",
        "upstream_failed",
    ),
    (
        RESPONSES,
        SSE,
        "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"id\":\"r\",\"status\":\"failed\"}}\n\n",
        "upstream_failed",
    ),
    (RESPONSES, SSE, "event: error\ndata: {\"type\":\"error\",\"message\":\"no\"}\n\n", "upstream_failed"),
    (RESPONSES, JSON, "{\"id\":\"r\",\"status\":\"failed\",\"error\":{\"message\":\"no\"}}", "upstream_failed"),
    (RESPONSES, JSON, "{\"id\":\"r\",\"status\":\"queued\",\"output\":[]}", "complete"),
    (
        MESSAGES,
        SSE,
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"no\"}}\n\n",
        "upstream_failed",
    ),
    (MESSAGES, JSON, "{\"type\":\"message\",\"content\":[],\"stop_reason\":\"refusal\"}", "complete"),
    (
        MESSAGES,
        SSE,
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\"}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        "complete",
    ),
    (
        OLLAMA_CHAT,
        LINES,
        "{\"message\":{\"content\":\"a\"},\"done\":false}\n{\"error\":\"the runner has stopped\"}\n",
        "upstream_failed",
    ),
    (OLLAMA_CHAT, JSON, "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"load\"}", "complete"),
    (OLLAMA_CHAT, LINES, "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"load\"}\n", "complete"),
    (GENERATE, JSON, "{\"response\":\"\",\"done\":true,\"done_reason\":\"unload\"}", "complete"),
    (GENERATE, LINES, "{\"response\":\"a\",\"done\":false}\n", "upstream_failed"),
];

/// Asks about the secret in the name of each of `users`, once a later turn has been learned from. Turns are learned from in order.
async fn assert_nothing_is_known(world: &World, users: usize) {
    for n in 0..users {
        let user = format!("user{n}");
        world.teach(&post(CHAT, &say(CHAT, "m", "Remember that my bicycle is called Pegasus.")).signed(&user)).await;
        let question = say(CHAT, "m", "What is my bicycle called, and what is the code of my locker?");
        let seen = world.forwarded(&post(CHAT, &question).signed(&user)).await;
        assert!(seen.mentions("Pegasus") && !seen.mentions("quagga"), "{n}: {}", seen.text());
    }
    assert_eq!(world.lessons().await, users as u64, "more was learned from than the later turns");
}

#[tokio::test]
async fn answers_that_did_not_end_well_teach_nothing() {
    let world = world(|request| match request.json()["model"].as_str().and_then(|model| model.parse::<usize>().ok()) {
        Some(n) => Script::Reply { status: 200, content_type: ANSWERS[n].1, body: ANSWERS[n].2.into() },
        None => fitting(request),
    })
    .await;
    for (n, (path, ..)) in ANSWERS.into_iter().enumerate() {
        world.send(&post(path, &say(path, &n.to_string(), SECRET)).signed(&format!("user{n}"))).await.assert_ok();
    }
    let records = world.requests_on_record(ANSWERS.len()).await;
    for (record, (path, _, answer, outcome)) in records.iter().zip(ANSWERS) {
        assert_eq!(record["outcome"], outcome, "{path}: {answer}");
    }
    let failed = ANSWERS.iter().filter(|(.., outcome)| *outcome == "upstream_failed").count() as u64;
    assert_eq!(world.metric("memgate_upstream_errors_total", &["kind=\"broken\""]).await, failed);
    assert_nothing_is_known(&world, ANSWERS.len()).await;
}

#[tokio::test]
async fn requests_in_which_nobody_says_anything_teach_nothing() {
    let world = world(fitting).await;
    let call = json!({"type": "tool_use", "id": "t", "name": "f", "input": {}});
    let result = json!({"type": "tool_result", "tool_use_id": "t", "content": SECRET});
    let requests = [
        post("/v1/messages/count_tokens", &say(MESSAGES, "m", SECRET)),
        post(CHAT, &say(CHAT, "m", SECRET)).header("X-OpenWebUI-Chat-Id", "temporary:1"),
        post(MESSAGES, &say(MESSAGES, "m", SECRET)).header("X-OpenWebUI-Chat-Id", "temporary:1"),
        post(
            OLLAMA_CHAT,
            &say(OLLAMA_CHAT, "m", &format!("### Task:\nGenerate a title.\n<chat_history>{SECRET}</chat_history>")),
        ),
        post(COMPLETIONS, &json!({"model": "m", "prompt": SECRET, "suffix": "x"})),
        post(COMPLETIONS, &json!({"model": "m", "prompt": SECRET, "echo": true})),
        post(COMPLETIONS, &json!({"model": "m", "prompt": [SECRET, "b"]})),
        post(GENERATE, &json!({"model": "m", "prompt": SECRET, "suffix": "x", "stream": false})),
        post(GENERATE, &json!({"model": "m", "prompt": SECRET, "raw": true, "stream": false})),
        post(
            MESSAGES,
            &json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Look."},
                {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]}),
        ),
        post(
            RESPONSES,
            &json!({"model": "m", "input": [{"role": "user", "content": "Look."},
                {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c", "output": SECRET}]}),
        ),
    ];
    for (n, request) in requests.iter().enumerate() {
        world.send(&request.clone().signed(&format!("user{n}"))).await.assert_ok();
    }
    assert_nothing_is_known(&world, requests.len()).await;
}
