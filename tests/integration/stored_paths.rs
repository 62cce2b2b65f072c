//! Paths that reach what a backend keeps for all who use its key.

use serde_json::json;

use crate::harness::request::Request;
use crate::harness::world::World;

/// What one user could leave there, and another could list, fetch or change.
const SHARED: [(&str, &str); 44] = [
    ("GET", "files"),
    ("POST", "files"),
    ("GET", "files/file-1"),
    ("GET", "files/file-1/content"),
    ("DELETE", "files/file-1"),
    ("POST", "uploads"),
    ("GET", "batches"),
    ("POST", "batches"),
    ("GET", "messages/batches"),
    ("POST", "messages/batches"),
    ("GET", "messages/batches/b/results"),
    ("GET", "vector_stores"),
    ("POST", "vector_stores/vs_1/search"),
    ("GET", "assistants"),
    ("POST", "threads"),
    ("GET", "threads/t/messages"),
    ("POST", "conversations"),
    ("GET", "conversations/conv_1/items"),
    ("DELETE", "conversations/conv_1"),
    ("GET", "containers"),
    ("GET", "containers/c/files/f/content"),
    ("GET", "evals"),
    ("GET", "fine_tuning/jobs"),
    ("GET", "videos"),
    ("POST", "videos"),
    ("GET", "realtime"),
    ("POST", "realtime/sessions"),
    ("POST", "realtime/client_secrets"),
    ("GET", "chat/completions"),
    ("GET", "chat/completions/chatcmpl-1"),
    ("GET", "chat/completions/chatcmpl-1/messages"),
    ("POST", "chat/completions/chatcmpl-1"),
    ("DELETE", "chat/completions/chatcmpl-1"),
    ("GET", "responses"),
    ("GET", "organization/users"),
    ("GET", "skills"),
    ("GET", "generation?id=gen-1"),
    ("GET", "keys"),
    ("DELETE", "models/m"),
    ("POST", "models"),
    ("POST", "load_lora_adapter"),
    ("GET", "anything/else"),
    ("GET", "fi%6ces"),
    ("POST", "./embeddings"),
];

fn request(method: &str, path: &str) -> Request {
    let target = format!("/v1/{path}");
    if method == "POST" { Request::post(&target, "{}") } else { Request::new(method, &target) }
}

#[tokio::test]
async fn nothing_shared_is_reached_by_a_second_user_or_by_nobody() {
    for (mode, unidentified) in [("strict", 401), ("required", 401), ("quarantine", 404), ("legacy", 404)] {
        let world = World::start(|file| {
            file["trust"]["mode"] = mode.into();
            file["upstreams"][0]["dialects"] = json!(["openai", "anthropic"]);
        })
        .await;
        for (method, path) in SHARED {
            let what = format!("{mode}: {method} {path}");
            let answer = world.send(&request(method, path).signed("bert")).await;
            assert_eq!((answer.status, &answer.json()["error"]["code"]), (404, &json!("shared_state")), "{what}");
            assert!(answer.text().contains("shared_state: allow"), "{what}: {}", answer.text());
            let answer = world.send(&request(method, path)).await;
            assert_eq!(answer.status, unidentified, "{what}: {}", answer.text());
        }
        assert!(world.upstream.take().is_empty(), "{mode}: something was forwarded");
    }
}

#[tokio::test]
async fn no_header_makes_another_request_of_one_that_may_pass() {
    let world = World::start(|_| {}).await;
    for (name, value) in [
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-HTTP-Method", "DELETE"),
        ("X-Method-Override", "DELETE"),
        ("X-Original-URL", "/v1/files"),
        ("X-Rewrite-URL", "/v1/files"),
    ] {
        for passing in [request("GET", "models/m"), request("POST", "embeddings"), Request::chat(&["Hello"])] {
            let seen = world.forwarded(&passing.vouched("ana").header(name, value)).await;
            assert_eq!(seen.header(name), None, "{}", seen.target);
        }
    }
}

#[tokio::test]
async fn an_operator_can_open_an_upstream() {
    let world = World::start(|file| {
        file["upstreams"][0]["shared_state"] = "allow".into();
        file["upstreams"][0]["dialects"] = json!(["openai", "anthropic"]);
    })
    .await;
    for (method, path) in SHARED {
        let answer = world.send(&request(method, path).vouched("bert")).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
    }
    assert_eq!(world.upstream.take().len(), SHARED.len());
    // Of two upstreams the one that the request goes to counts.
    let world = World::start(|file| {
        let mut open = file["upstreams"][0].clone();
        open["name"] = "open".into();
        open["models"] = json!(["open-*"]);
        open["shared_state"] = "allow".into();
        file["upstreams"].as_array_mut().unwrap().push(open);
        file["upstreams"][0]["models"] = json!(["m"]);
    })
    .await;
    let batch = |model: &str| Request::post("/v1/videos", json!({"model": model}).to_string()).vouched("bert");
    world.send(&batch("open-1")).await.assert_ok();
    world.send(&batch("m")).await.assert_refused(404, "shared_state");
}

#[tokio::test]
async fn what_ends_with_its_answer_passes() {
    let world = World::start(|_| {}).await;
    for (method, path) in [
        ("POST", "embeddings"),
        ("POST", "moderations"),
        ("POST", "images/generations"),
        ("POST", "images/edits"),
        ("POST", "audio/speech"),
        ("POST", "audio/transcriptions"),
        ("GET", "audio/voices"),
        ("POST", "rerank"),
        ("POST", "tokenize"),
        ("GET", "models"),
        ("GET", "models/org/model"),
        ("GET", "models/org%2Fmodel"),
        ("POST", "v1beta/models/mock-model:generateContent?key=x"),
        ("POST", "responses/input_tokens"),
    ] {
        let mut request = request(method, path);
        if path.starts_with("responses") {
            request.body = br#"{"model":"m","input":"hi"}"#.to_vec();
        }
        let answer = world.send(&request.vouched("ana")).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
    }
    assert_eq!(world.upstream.take().len(), 14);
}
