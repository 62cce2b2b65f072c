//! One turn that is sent more than once: regenerated, swiped, answered by two models, sent again after a failure. It teaches once,
//! and is given the same memory each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::sync::Notify;

use crate::harness::request::Request;
use crate::harness::upstream::{DONE, Recorded, Script, Step, event, last_event};
use crate::harness::world::World;
use crate::me::ask;

const BERN: &str = "I live in Bern.";
const ROME: &str = "I live in Rome now.";

/// A request in a chat that the client names. Models `a` and `b` have the same instructions.
fn turn(model: &str, chat: &str, turns: &[&str]) -> Request {
    let role = |n: usize| if n.is_multiple_of(2) { "user" } else { "assistant" };
    let instructions = if ["a", "b"].contains(&model) { "Be kind.".to_owned() } else { format!("You are {model}.") };
    let mut messages = vec![json!({"role": "system", "content": instructions})];
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
async fn settle(world: &World, thing: &str) {
    world.teach(&unnamed(&[&format!("Remember that my {thing} is blue.")])).await;
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
    let ends: Arc<[Notify; 2]> = Arc::default();
    let held = Arc::clone(&ends);
    let answer = move |request: &Recorded| {
        let body = request.json();
        let Some(model) = ["a", "b"].iter().position(|model| body["model"] == *model) else { return Script::fitting(request) };
        let end = Arc::new(Notify::new());
        let (ends, told) = (Arc::clone(&held), Arc::clone(&end));
        tokio::spawn(async move {
            ends[model].notified().await;
            told.notify_one();
        });
        Script::Stream(vec![Step::Send(event("All")), Step::Await(end), Step::Send(last_event()), Step::Send(DONE.to_vec())])
    };
    let world = World::with_upstream(answer, |_| {}).await;
    world.teach(&unnamed(&["Remember that the code of my locker is 4711."])).await;

    let ask = |model| turn(model, "c1", &["Good evening", "Hello", "I live in Bern. What is the code of my locker?"]);
    let (ask_a, ask_b) = (ask("a"), ask("b"));
    // The second is asked when she has said something else meanwhile: learned a second time, the turn would undo that.
    let late = async {
        world.upstream.wait_for_requests(2).await;
        world.teach(&turn("m", "c2", &["Good evening", "Hello", ROME])).await;
        let end = async {
            world.upstream.wait_for_requests(4).await;
            ends[0].notify_one();
            world.wait_for_lessons(3).await;
            ends[1].notify_one();
        };
        tokio::join!(world.send(&ask_b), end).0
    };
    let (answer_a, answer_b) = tokio::join!(world.send(&ask_a), late);
    answer_a.assert_ok();
    answer_b.assert_ok();
    let seen = world.upstream.take();
    let of = |model: &str| seen.iter().find(|seen| seen.json()["model"] == model).unwrap().json()["messages"].clone();
    assert_eq!(of("a"), of("b"), "both were given the same");
    assert!(of("a").to_string().contains("is 4711"));
    // A third one, with instructions of its own: to it, it is another conversation.
    world.send(&ask("c")).await.assert_ok();
    settle(&world, "boat").await;
    assert_eq!(homes(&world).await, ["I live in Bern", "I live in Rome now"]);
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
