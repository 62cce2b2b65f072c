//! Ollama's own API: memory by user, streams of lines, errors in its shape.

use serde_json::{Map, Value, json};

use crate::harness::client::Answer;
use crate::harness::request::Request;
use crate::harness::sign::Signature;
use crate::harness::upstream::{Recorded, Script};
use crate::harness::world::World;

const SECRET: &str = "Remember that the code of my locker is quagga.";
const QUESTION: &str = "What is the code of my locker?";

/// One line of a chat or of a completion, as Ollama writes it.
fn line(target: &str, text: &str, done: bool) -> Value {
    let mut line = json!({"model": "m", "created_at": "2026-01-01T00:00:00Z", "done": done});
    if target.ends_with("/generate") {
        line["response"] = text.into();
    } else {
        line["message"] = json!({"role": "assistant", "content": text});
    }
    if done {
        let end = json!({"done_reason": "stop", "prompt_eval_count": 12, "eval_count": 3, "total_duration": 5});
        line.as_object_mut().unwrap().extend(end.as_object().unwrap().clone());
    }
    line
}

/// A stream of these pieces, each a chunk; `whole` ends it properly.
fn streamed(pieces: &[String], whole: bool) -> Script {
    let mut raw = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in pieces {
        raw.extend(format!("{:x}\r\n{piece}\r\n", piece.len()).into_bytes());
    }
    if whole {
        raw.extend_from_slice(b"0\r\n\r\n");
    }
    Script::Raw(raw)
}

fn lines(target: &str) -> Vec<String> {
    [("All right", false), (" then.", false), ("", true)].map(|(text, done)| format!("{}\n", line(target, text, done))).to_vec()
}

/// Answers as Ollama would.
fn ollama(request: &Recorded) -> Script {
    match request.target.as_str() {
        "/api/chat" | "/api/generate" if request.json()["stream"] == json!(false) => {
            Script::json(200, &line(&request.target, "All right then.", true))
        }
        "/api/chat" | "/api/generate" => streamed(&lines(&request.target), true),
        "/api/embed" => Script::json(200, &json!({"model": "m", "embeddings": [[0.5]]})),
        _ => Script::json(404, &json!({"error": "404 page not found"})),
    }
}

fn speaks_ollama(file: &mut Value) {
    file["upstreams"][0]["dialects"] = json!(["ollama"]);
}

async fn world() -> World {
    World::with_upstream(ollama, |file| {
        speaks_ollama(file);
        file["trust"]["mode"] = "strict".into();
    })
    .await
}

fn members(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("no object: {value}") };
    members
}

fn chat(text: &str, more: Value) -> Request {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": text}]});
    body.as_object_mut().unwrap().extend(members(more));
    Request::post("/api/chat", body.to_string())
}

fn generate(text: &str, more: Value) -> Request {
    let mut body = json!({"model": "m", "prompt": text});
    body.as_object_mut().unwrap().extend(members(more));
    Request::post("/api/generate", body.to_string())
}

fn key_of(world: &World, user: &str) -> String {
    let made = world.gate.run(&["user", "key", "add", user]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let printed = String::from_utf8(made.stdout).unwrap();
    printed.split_whitespace().find(|word| word.starts_with("mgk_")).expect("a key").to_owned()
}

/// The message of an error in Ollama's shape.
#[track_caller]
fn error(answer: &Answer, status: u16, code: &str) -> String {
    let body = answer.json();
    assert_eq!((answer.status, &body["code"]), (status, &json!(code)), "{body}");
    body["error"].as_str().unwrap_or_else(|| panic!("no text in {body}")).to_owned()
}

#[tokio::test]
async fn two_users_never_meet() {
    let world = world().await;
    let (ana, bob) = (key_of(&world, "ana"), key_of(&world, "bob"));
    let ask = |user: &str, n: usize| {
        let more = json!({"stream": n.is_multiple_of(2)});
        let question = format!("{QUESTION} ({n})");
        [chat(&question, more.clone()), generate(&question, more)].map(|request| request.bearer(user))
    };
    world.teach(&chat(SECRET, json!({})).bearer(&ana)).await;
    for n in 0..2 {
        for (mine, others) in ask(&ana, n).into_iter().zip(ask(&bob, n)) {
            let seen = world.forwarded(&mine).await;
            assert!(seen.mentions("quagga"), "{}", seen.text());
            assert_eq!(seen.header("authorization"), Some("Bearer sk-upstream-own-key"));
            let seen = world.forwarded(&others).await;
            assert!(!seen.mentions("quagga"), "{}", seen.text());
        }
    }
    world.teach(&generate("Remember that my bicycle is called Pegasus.", json!({"stream": false})).bearer(&bob)).await;
    let question = "What is my bicycle called?";
    assert!(world.forwarded(&chat(question, json!({})).bearer(&bob)).await.mentions("Pegasus"));
    assert!(!world.forwarded(&generate(question, json!({})).bearer(&ana)).await.mentions("Pegasus"));
}

#[tokio::test]
async fn instructions_of_the_model_stay_its_own() {
    let world = world().await;
    world.teach(&chat("I live in Oslo.", json!({})).signed("ana")).await;
    let seen = world.forwarded(&chat("Where do I live?", json!({"options": {"temperature": 0}})).signed("ana")).await.json();
    assert_eq!(seen["messages"].as_array().unwrap().len(), 1, "{seen}");
    let text = seen["messages"][0]["content"].as_str().unwrap();
    assert!(text.contains("Oslo") && text.ends_with("Where do I live?"), "{text}");
    let seen = world.forwarded(&generate("Where do I live?", json!({})).signed("ana")).await.json();
    assert!(seen.get("system").is_none() && seen["prompt"].as_str().unwrap().contains("Oslo"), "{seen}");
    let seen = world.forwarded(&generate("Where do I live?", json!({"system": "Be brief."})).signed("ana")).await.json();
    assert!(seen["system"].as_str().unwrap().starts_with("Be brief.\n\n"), "{seen}");
}

#[tokio::test]
async fn streams_pass_byte_for_byte() {
    let world = world().await;
    for request in [chat("Hello", json!({})), generate("Hello", json!({"stream": true}))] {
        let target = request.target.clone();
        let answer = world.send(&request.signed("ana")).await;
        answer.assert_ok();
        assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
        assert_eq!(answer.text(), lines(&target).concat());
    }
    let records = world.requests_on_record(2).await;
    assert_eq!((&records[0]["tokens_in"], &records[0]["tokens_out"]), (&json!(12), &json!(3)), "{}", records[0]);
    assert_eq!((&records[0]["route"], &records[1]["route"]), (&json!("ollama_chat"), &json!("ollama_generate")));
}

/// The last line of a broken stream tells why, and nothing of it was learned.
async fn a_cut_is_ended_by_an_error(pieces: Vec<String>, count: usize) {
    let sent = pieces.concat();
    let world = World::with_upstream(
        move |request| if request.mentions("quagga") { streamed(&pieces, false) } else { ollama(request) },
        speaks_ollama,
    )
    .await;
    let answer = world.send(&chat(SECRET, json!({})).signed("ana")).await;
    answer.assert_ok();
    let text = answer.text();
    assert!(text.starts_with(&sent) && text.ends_with('\n'), "{text}");
    // Clients read every line as JSON.
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.last().unwrap();
    assert_eq!((lines.len(), &last["code"]), (count, &json!("upstream_failed")), "{text}");
    assert!(last["error"].as_str().unwrap().contains("broke off"), "{last}");
    let records = world.requests_on_record(1).await;
    assert_eq!(records[0]["outcome"], "upstream_failed", "{}", records[0]);
    // Turns are learned from in order.
    world.teach(&chat("Remember that my bicycle is called Pegasus.", json!({})).signed("ana")).await;
    assert_eq!(world.lessons().await, 1);
}

#[tokio::test]
async fn an_upstream_cut_between_lines_ends_in_an_error_line() {
    a_cut_is_ended_by_an_error(lines("/api/chat")[..1].to_vec(), 2).await;
}

#[tokio::test]
async fn an_upstream_cut_inside_a_line_ends_in_an_error_line() {
    let [first, second, _] = &lines("/api/chat")[..] else { panic!("three lines") };
    a_cut_is_ended_by_an_error(vec![first.clone(), second[..20].to_owned()], 2).await;
}

#[tokio::test]
async fn refusals_are_told_in_ollamas_shape() {
    for (mode, anonymous, forged) in [
        ("strict", (401, "identity_missing"), (401, "signature_invalid")),
        ("required", (401, "identity_missing"), (401, "signature_invalid")),
        ("quarantine", (200, ""), (200, "")),
        ("legacy", (200, ""), (200, "")),
    ] {
        let world = World::with_upstream(ollama, |file| {
            speaks_ollama(file);
            file["trust"]["mode"] = mode.into();
        })
        .await;
        for request in [chat("Hello", json!({})), generate("Hello", json!({})), Request::post("/api/embed", r#"{"input":"x"}"#)] {
            let mut signature = Signature::of("ana", &request.method, &request.target, &request.body);
            "not the right key, though long enough".clone_into(&mut signature.key);
            let forgery = request.clone().headers(signature.headers());
            for (request, (status, code)) in [(request, anonymous), (forgery, forged)] {
                let answer = world.send(&request).await;
                if status == 200 {
                    answer.assert_ok();
                } else {
                    assert!(error(&answer, status, code).len() > 20, "{mode}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_conversation_passes_or_is_refused_clearly() {
    let world = world().await;
    world.teach(&chat("I live in Oslo.", json!({})).signed("ana")).await;
    // Loading a model, filling a gap, drawing: as they came.
    for request in [
        generate("", json!({"keep_alive": -1})),
        generate("I live in ", json!({"suffix": ".", "raw": true})),
        generate("where do I live", json!({"width": 64, "height": 64})),
        Request::post("/api/chat", r#"{"model":"m","keep_alive":0}"#),
        Request::post("/api/embed", r#"{"model":"m","input":"Where do I live?"}"#),
    ] {
        let sent = request.body.clone();
        assert_eq!(world.forwarded(&request.signed("ana")).await.body, sent);
    }
    world.upstream.take();
    for (method, path) in
        [("POST", "/api/pull"), ("DELETE", "/api/delete"), ("POST", "/ollama/api/create"), ("POST", "/api/blobs/sha256:0")]
    {
        let request = Request { method: method.to_owned(), ..Request::post(path, r#"{"model":"m"}"#) };
        let answer = world.send(&request.signed("ana")).await;
        assert!(error(&answer, 404, "unknown_path").contains("operator"), "{method} {path}");
    }
    let answer = world.send(&Request::post("/api/chat", r#"{"messages":[],"Messages":[]}"#).signed("ana")).await;
    error(&answer, 400, "ambiguous_key");
    assert!(world.upstream.take().is_empty());
}

#[tokio::test]
async fn a_window_that_the_client_sets_counts() {
    let world = world().await;
    let words = "word ".repeat(300);
    let history: Vec<Value> = (0..9)
        .map(
            |n: usize| json!({"role": if n.is_multiple_of(2) { "user" } else { "assistant" }, "content": format!("{n} {words}")}),
        )
        .collect();
    let request = |window: u64| {
        let body = json!({"model": "m", "messages": history, "options": {"num_ctx": window}});
        Request::post("/api/chat", body.to_string()).signed("ana")
    };
    let count = async |window: u64| world.forwarded(&request(window)).await.json()["messages"].as_array().unwrap().len();
    assert_eq!(count(32_768).await, 9);
    assert!((1..9).contains(&count(2048).await));
    let answer = world.send(&request(256)).await;
    assert!(error(&answer, 400, "context_length_exceeded").contains("too long"));
}

#[tokio::test]
async fn names_with_and_without_their_tag_are_one_model() {
    let world = World::with_upstream(ollama, |file| {
        speaks_ollama(file);
        file["upstreams"][0]["models"] = json!(["llama3", "qwen:latest", "phi:*"]);
    })
    .await;
    for (model, served) in [
        ("llama3", true),
        ("llama3:latest", true),
        ("qwen", true),
        ("phi:mini", true),
        ("llama3:70b", false),
        ("other:latest", false),
    ] {
        let answer = world.send(&chat("Hello", json!({"model": model})).signed("ana")).await;
        assert_eq!(answer.status, if served { 200 } else { 404 }, "{model}: {}", answer.text());
    }
}
