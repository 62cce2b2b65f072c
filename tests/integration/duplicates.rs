//! One turn that is sent more than once: regenerated, swiped, answered by two models, sent again after a failure. It teaches once,
//! and is given the same memory each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::request::Request;
use crate::harness::upstream::{DONE, Recorded, Script, Step, event, last_event};
use crate::harness::world::World;
use crate::me::ask;

const BERN: &str = "I live in Bern.";
const ROME: &str = "I live in Rome now.";

/// A request to one of two models, each with instructions of its own, in a chat that the client names.
fn turn(model: &str, chat: &str, turns: &[&str]) -> Request {
    let role = |n: usize| if n.is_multiple_of(2) { "user" } else { "assistant" };
    let mut messages = vec![json!({"role": "system", "content": format!("You are {model}.")})];
    messages.extend(turns.iter().enumerate().map(|(n, text)| json!({"role": role(n), "content": text})));
    let body = json!({"model": model, "stream": true, "messages": messages});
    Request::post("/v1/chat/completions", body.to_string()).vouched("ana").header("X-OpenWebUI-Chat-Id", chat)
}

/// A turn in a chat that the client does not name, as SillyTavern's are.
fn unnamed(turns: &[&str]) -> Request {
    Request::chat(turns).vouched("ana")
}

/// Where memgate thinks that she lives, and thought before; the current place last.
async fn homes(world: &World) -> Vec<String> {
    let answer = world.send(&ask("GET", "/memories?history=true").vouched("ana")).await;
    answer.assert_ok();
    let facts = answer.json()["memories"].as_array().unwrap().clone();
    let mut homes: Vec<(bool, String)> = facts
        .iter()
        .map(|fact| (fact["superseded_by"].is_null(), fact["text"].as_str().unwrap().to_owned()))
        .filter(|(_, text)| text.contains("live"))
        .collect();
    homes.sort();
    homes.into_iter().map(|(_, text)| text).collect()
}

/// Lets a lesson of another subject pass through the queue: what came before it has been learned by then.
async fn settle(world: &World, word: &str) {
    world.teach(&unnamed(&[&format!("Remember that my {word} is blue.")])).await;
}

/// The messages behind the instructions, as the upstream saw them.
fn said(seen: &Recorded) -> Vec<Value> {
    seen.json()["messages"].as_array().unwrap()[1..].to_vec()
}

#[tokio::test]
async fn a_swipe_after_a_restart_does_not_undo_what_was_said_since() {
    let mut world = World::in_mode("required").await;
    world.teach(&unnamed(&[BERN])).await;
    world.teach(&unnamed(&["Good evening", "Hello", ROME])).await;
    let moved = ["I live in Bern", "I live in Rome now"];
    assert_eq!(homes(&world).await, moved);
    for word in ["boat", "bicycle"] {
        for _ in 0..2 {
            world.send(&unnamed(&[BERN])).await.assert_ok();
        }
        settle(&world, word).await;
        assert_eq!(homes(&world).await, moved, "{word}");
        world.gate.stop();
        world.gate.start();
    }
    // Said anew, in another conversation, it counts again.
    world.teach(&unnamed(&["Good morning", "Hello", BERN])).await;
    assert_eq!(homes(&world).await, ["I live in Bern", "I live in Rome now", "I live in Bern"]);
}

#[tokio::test]
async fn two_models_answer_at_once_and_the_turn_teaches_once() {
    let (go, late) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (first, second) = (Arc::clone(&go), Arc::clone(&late));
    let answer = move |request: &Recorded| {
        let held = match request.json()["model"].as_str() {
            Some("a") => Arc::clone(&first),
            Some("b") => Arc::clone(&second),
            _ => return Script::fitting(request),
        };
        Script::Stream(vec![Step::Send(event("All")), Step::Await(held), Step::Send(last_event()), Step::Send(DONE.to_vec())])
    };
    let world = World::with_upstream(answer, |_| {}).await;
    world.teach(&unnamed(&["Remember that the code of my locker is 4711."])).await;
    world.upstream.take();

    let ask = |model| turn(model, "c1", &["Good evening", "Hello", "I live in Bern. What is the code of my locker?"]);
    let (ask_a, ask_b) = (ask("a"), ask("b"));
    let ends = async {
        // Both are under way before either has ended; the second ends when she has said something else already.
        world.upstream.wait_for_requests(3).await;
        go.notify_one();
        world.wait_for_lessons(2).await;
        world.teach(&turn("m", "c2", &["Good evening", "Hello", ROME])).await;
        late.notify_one();
    };
    let (answer_a, answer_b, ()) = tokio::join!(world.send(&ask_a), world.send(&ask_b), ends);
    answer_a.assert_ok();
    answer_b.assert_ok();
    settle(&world, "boat").await;
    assert_eq!(homes(&world).await, ["I live in Bern", "I live in Rome now"]);

    let seen = world.upstream.take();
    let of = |model: &str| seen.iter().find(|seen| seen.json()["model"] == model).unwrap();
    assert_eq!(said(of("a")), said(of("b")));
    assert!(of("a").mentions("is 4711"));
}

#[tokio::test]
async fn a_regenerated_turn_is_given_the_same_bytes_whatever_was_learned_since() {
    let mut world = World::in_mode("required").await;
    world.teach(&unnamed(&["Remember that the code of my locker is 4711."])).await;
    let question = || turn("a", "c1", &["Good evening", "Hello", "What is the code of my locker?"]);
    let first = world.forwarded(&question()).await;
    assert!(first.mentions("is 4711"), "{}", first.text());
    world.teach(&turn("a", "c2", &["Remember that the code of my locker at work is 9999."])).await;
    let again = world.forwarded(&question()).await;
    world.gate.stop();
    world.gate.start();
    let restarted = world.forwarded(&question()).await;
    assert_eq!((&first.body, &first.body), (&again.body, &restarted.body));
    // Another conversation gets the new one, too.
    let other = world.forwarded(&turn("a", "c3", &["Good night", "Hello", "What is the code of my locker at work?"])).await;
    assert!(other.mentions("9999"), "{}", other.text());
}

#[tokio::test]
async fn a_turn_that_was_refused_teaches_once_when_it_is_sent_again() {
    let failures = Arc::new(AtomicUsize::new(2));
    let left = Arc::clone(&failures);
    let answer = move |request: &Recorded| {
        let fails = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if fails { Script::json(503, &json!({"error": {"message": "busy"}})) } else { Script::fitting(request) }
    };
    let world = World::with_upstream(answer, |_| {}).await;
    for _ in 0..2 {
        assert_eq!(world.send(&unnamed(&[BERN])).await.status, 503);
    }
    settle(&world, "boat").await;
    assert_eq!(homes(&world).await, [""; 0], "what was not answered taught something");
    world.teach(&unnamed(&[BERN])).await;
    world.teach(&unnamed(&["Good evening", "Hello", ROME])).await;
    world.send(&unnamed(&[BERN])).await.assert_ok();
    settle(&world, "bicycle").await;
    assert_eq!(homes(&world).await, ["I live in Bern", "I live in Rome now"]);
}
