//! `OpenAI` completions: prompts that a person wrote, and prompts that are somebody else's.

use serde_json::{Map, Value, json};

use crate::harness::request::Request;
use crate::harness::upstream::{DONE, Recorded, Script, Step};
use crate::harness::world::World;

const SECRET: &str = "Remember that the code of my locker is quagga.";

fn event(text: &str, reason: Option<&str>) -> Step {
    let choice = json!({"index": 0, "text": text, "finish_reason": reason});
    Step::Send(format!("data: {}\n\n", json!({"object": "text_completion", "choices": [choice]})).into_bytes())
}

fn completes(request: &Recorded) -> Script {
    if request.json()["stream"] == json!(true) {
        return Script::Stream(vec![event("All", None), event(" right.", Some("stop")), Step::Send(DONE.to_vec())]);
    }
    let choice = json!({"index": 0, "text": "All right.", "finish_reason": "stop"});
    Script::json(
        200,
        &json!({"object": "text_completion", "choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}),
    )
}

fn members(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("no object: {value}") };
    members
}

fn ask(prompt: impl Into<Value>, more: Value) -> Request {
    let mut body = json!({"model": "m", "prompt": prompt.into()});
    body.as_object_mut().unwrap().extend(members(more));
    Request::post("/v1/completions", body.to_string())
}

#[tokio::test]
async fn a_prompt_is_learned_from_and_remembered_for_its_user_alone() {
    let world = World::with_upstream(completes, |_| {}).await;
    world.teach(&ask(SECRET, json!({"stream": true})).signed("ana")).await;
    let question = "What is the code of my locker?";
    for more in [json!({}), json!({"stream": true})] {
        let seen = world.forwarded(&ask(question, more.clone()).signed("ana")).await.json();
        let prompt = seen["prompt"].as_str().unwrap();
        assert!(prompt.contains("quagga") && prompt.ends_with(question), "{prompt}");
        let seen = world.forwarded(&ask(question, more.clone()).signed("bob")).await;
        assert_eq!(seen.json()["prompt"], question);
    }
    let seen = world.forwarded(&ask(json!([question]), json!({})).signed("ana")).await.json();
    assert!(seen["prompt"][0].as_str().unwrap().contains("quagga"), "{seen}");
}

#[tokio::test]
async fn a_transcript_is_remembered_for_and_not_learned_from() {
    let world = World::with_upstream(completes, |_| {}).await;
    world.teach(&ask(SECRET, json!({})).signed("ana")).await;
    for prompt in [
        "Seraphina: I live in Eldoria.\nAlice: What is the code of my locker?\nSeraphina:",
        "<|im_start|>user\nI live in Eldoria. What is the code of my locker?<|im_end|>\n<|im_start|>assistant\n",
    ] {
        let seen = world.forwarded(&ask(prompt, json!({})).signed("ana")).await.json();
        let sent = seen["prompt"].as_str().unwrap();
        assert!(sent.contains("quagga") && sent.ends_with(prompt), "{sent}");
    }
    world.teach(&ask("Remember that my bicycle is called Pegasus.", json!({})).signed("ana")).await;
    assert_eq!(world.lessons().await, 2);
    assert!(!world.forwarded(&ask("Where do I live?", json!({})).signed("ana")).await.mentions("Eldoria"));
}

#[tokio::test]
async fn what_has_no_place_for_memory_passes_as_it_came() {
    let world = World::with_upstream(completes, |_| {}).await;
    world.teach(&ask("I live in Oslo.", json!({})).signed("ana")).await;
    for request in [
        ask(json!(["Where do I live?", "Who am I?"]), json!({})),
        ask(json!([1, 2, 3]), json!({"best_of": 2})),
        ask("I live in ", json!({"suffix": "."})),
        ask("Where do I live?", json!({"echo": true})),
        ask("<fim_prefix>I live in <fim_suffix>.<fim_middle>", json!({})),
    ] {
        let sent = request.body.clone();
        assert_eq!(world.forwarded(&request.signed("ana")).await.body, sent);
    }
    let long = world.send(&ask("word ".repeat(9000), json!({})).signed("ana")).await;
    long.assert_refused(400, "context_length_exceeded");
    // llama.cpp's own path has no version segment.
    world
        .send(&Request { target: "/completion".into(), ..ask("hi", json!({})) }.signed("ana"))
        .await
        .assert_refused(404, "unknown_path");
}

#[tokio::test]
async fn an_upstream_cut_ends_in_an_error_event() {
    let cut = |_: &Recorded| Script::Stream(vec![event("half", None), Step::Cut]);
    let world = World::with_upstream(cut, |_| {}).await;
    let answer = world.send(&ask(SECRET, json!({"stream": true})).signed("ana")).await;
    answer.assert_ok();
    let text = answer.text();
    assert!(text.ends_with("\n\ndata: [DONE]\n\n") && text.contains("upstream_failed"), "{text}");
}
