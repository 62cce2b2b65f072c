//! Long conversations with tools: what goes, goes with what belongs to it, and what was sent is sent again.

use serde_json::{Value, json};

use super::{QUESTION, SECRET, ask, assert_refused, fitting, fixture, post, say, world};
use crate::harness::request::Request;

const TURN: &str = include_str!("../../fixtures/anthropic/claude-code-turn.json");
const RESULT: &str = include_str!("../../fixtures/anthropic/claude-code-tool-result.json");
const SECOND: &str = include_str!("../../fixtures/anthropic/claude-code-second-turn.json");

/// An exchange in which a tool is called twice, with a reminder and a system message in it.
fn exchange(n: usize) -> [Value; 7] {
    let words = "words and words ".repeat(30);
    let call = |id: &str| json!({"role": "assistant", "content": [{"type": "thinking", "thinking": "", "signature": "s"}, {"type": "tool_use", "id": id, "name": "Read", "input": {"file_path": "/a"}}]});
    let result = |id: &str| json!({"type": "tool_result", "tool_use_id": id, "content": words});
    [
        json!({"role": "user", "content": format!("question {n}")}),
        call(&format!("{n}-first")),
        json!({"role": "user", "content": [result(&format!("{n}-first")), {"type": "text", "text": "<system-reminder>mind</system-reminder>"}]}),
        json!({"role": "system", "content": format!("aside {n}")}),
        call(&format!("{n}-second")),
        json!({"role": "user", "content": [result(&format!("{n}-second")), {"type": "text", "text": "go on, please"}]}),
        json!({"role": "assistant", "content": [{"type": "text", "text": format!("answer {n}")}]}),
    ]
}

/// What the API asks of the order of messages.
fn assert_valid(messages: &[Value]) {
    let holds = |message: &Value, kind: &str| -> Vec<Value> {
        let blocks = message["content"].as_array().into_iter().flatten();
        blocks
            .filter(|block| block["type"] == kind)
            .map(|block| block[if kind == "tool_use" { "id" } else { "tool_use_id" }].clone())
            .collect()
    };
    assert_eq!(messages[0]["role"], "user");
    assert!(holds(&messages[0], "tool_result").is_empty(), "{}", messages[0]);
    for (at, message) in messages.iter().enumerate() {
        let before = at.checked_sub(1).map_or(&Value::Null, |before| &messages[before]);
        let after = messages.get(at + 1).unwrap_or(&Value::Null);
        match message["role"].as_str().unwrap() {
            "system" => assert!(before["role"] == "user" && (after.is_null() || after["role"] == "assistant"), "{at}: {before}"),
            "assistant" => assert_eq!(holds(message, "tool_use"), holds(after, "tool_result"), "{at}"),
            _ => assert_eq!(holds(message, "tool_result"), holds(before, "tool_use"), "{at}"),
        }
        let results_first =
            message["content"].as_array().is_none_or(|blocks| blocks.is_sorted_by_key(|block| block["type"] != "tool_result"));
        assert!(results_first, "{message}");
    }
}

#[tokio::test]
async fn a_cut_leaves_a_valid_conversation() {
    let world = world(fitting, |file| file["context"] = json!({"window": 6000, "reserve": 500})).await;
    world.teach(&say(SECRET).vouched("ana")).await;
    let mut cut = 0;
    for exchanges in [1, 3, 5, 8, 13, 21] {
        for part in 1..=7 {
            let mut messages: Vec<Value> = (0..exchanges).flat_map(exchange).collect();
            messages.extend(exchange(99).into_iter().take(part));
            if messages.last().unwrap()["role"] == "assistant" {
                messages.push(json!({"role": "user", "content": QUESTION}));
                // A call needs its result: such a conversation is none of a client.
                if part == 2 || part == 5 {
                    continue;
                }
            }
            let seen = world.forwarded(&ask(&messages.clone().into()).vouched("ana")).await.json();
            let kept = seen["messages"].as_array().unwrap();
            assert_valid(kept);
            assert!(kept.len() <= messages.len());
            cut += messages.len() - kept.len();
            let system = seen["system"].as_str().unwrap_or_default();
            let memory = seen["messages"].to_string() + system;
            assert!(part != 7 || memory.contains("quagga"), "{seen}");
        }
    }
    assert!(cut > 200, "only {cut} messages were cut");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_in_words_that_coding_clients_know() {
    let world = world(fitting, |file| file["context"] = json!({"window": 2000, "reserve": 500})).await;
    let answer = world.send(&say(&"words and words ".repeat(2000)).vouched("ana")).await;
    assert_refused(&answer, 400, "invalid_request_error", "context_length_exceeded");
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    let (needed, limit) = message.strip_prefix("prompt is too long: ").and_then(|rest| rest.split_once(" tokens > ")).unwrap();
    let limit = limit.split_once(" maximum").unwrap().0;
    assert!(needed.parse::<u64>().unwrap() > limit.parse::<u64>().unwrap(), "{message}");
}

#[tokio::test]
async fn coding_clients_teach_only_what_the_person_said() {
    let world = world(fitting, |_| {}).await;
    let by_ana = |text: &str| fixture(text).header("X-OpenWebUI-User-Id", "ana").bearer(crate::harness::gate::OPEN_WEBUI_KEY.1);
    world.teach(&by_ana(TURN)).await;
    world.send(&by_ana(RESULT)).await.assert_ok();
    world.send(&by_ana(SECOND)).await.assert_ok();
    // Turns are learned from in order: this one tells when to look.
    world.teach(&say("Remember that my bicycle is called Pegasus.").vouched("ana")).await;
    let question =
        "Who owns this repository, what is the password of the vault, what is in the notes, and what is the code of my locker?";
    let seen = world.forwarded(&say(question).vouched("ana")).await;
    assert!(seen.mentions("quagga"), "{}", seen.text());
    for other in ["Zebedee", "xylophone", "todo list", "Plan mode"] {
        assert!(!seen.mentions(other), "{other}: {}", seen.text());
    }
}

/// A body without its breakpoints.
fn plain(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            members.remove("cache_control");
            members.iter_mut().for_each(|(_, member)| *member = plain(member.take()));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| *element = plain(element.take())),
        _ => {}
    }
    value
}

#[tokio::test]
async fn what_was_sent_is_sent_again_while_breakpoints_move() {
    let world = world(fitting, |_| {}).await;
    let by_ana = |request: Request| request.vouched("ana");
    world.teach(&by_ana(say("Remember that the code of my locker is zebra."))).await;
    world.teach(&by_ana(say("I live in Oslo."))).await;
    let mut before: Option<Value> = None;
    for text in [TURN, RESULT, SECOND] {
        let request = by_ana(fixture(text));
        let sent: Value = serde_json::from_slice(&request.body).unwrap();
        world.send(&request).await.assert_ok();
        let seen = world.upstream.take().pop().unwrap();
        let breakpoints = |text: &str| text.matches("cache_control").count();
        assert_eq!(breakpoints(&seen.text()), breakpoints(&sent.to_string()), "no breakpoint is added or lost");
        let seen = plain(seen.json());
        assert!(seen.to_string().contains("zebra") && seen.to_string().contains("Oslo"), "{seen}");
        assert_eq!(seen["system"].as_array().unwrap()[..3], plain(sent["system"].clone()).as_array().unwrap()[..]);
        if let Some(before) = before.replace(seen.clone()) {
            assert_eq!(before["system"], seen["system"]);
            assert_eq!(before["tools"], seen["tools"]);
            let (old, new) = (before["messages"].as_array().unwrap(), seen["messages"].as_array().unwrap());
            assert_eq!(old[..], new[..old.len()]);
        }
    }
}

#[tokio::test]
async fn a_text_is_the_same_turn_whatever_its_form() {
    let world = world(fitting, |_| {}).await;
    world.teach(&say(SECRET).vouched("ana")).await;
    let body = |first: Value, rest: &[Value]| {
        let messages = [&[json!({"role": "user", "content": first})], rest].concat();
        post("/v1/messages", &json!({"model": "m", "max_tokens": 9, "messages": messages})).vouched("ana")
    };
    let block = json!([{"type": "text", "text": QUESTION, "cache_control": {"type": "ephemeral"}}]);
    let first = world.forwarded(&body(block, &[])).await.json();
    world.teach(&say("Remember that the code of my locker is zebra.").vouched("ana")).await;
    let rest = [json!({"role": "assistant", "content": "Well."}), json!({"role": "user", "content": "And now?"})];
    let second = world.forwarded(&body(QUESTION.into(), &rest)).await.json();
    assert_eq!(first["messages"][0]["content"][0]["text"], second["messages"][0]["content"]);
    assert_eq!(first["system"], second["system"]);
}
