//! memgate's own calls to models: they help where they answer, and no chat waits or fails for one that does not.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::eventually;
use crate::harness::request::Request;
use crate::harness::upstream::{Recorded, Script};
use crate::harness::world::World;

/// The texts of a call for vectors.
fn inputs(request: &Recorded) -> Vec<String> {
    let body = request.json();
    body["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Whether a text is about animals.
fn vector(text: &str) -> [f32; 3] {
    let text = text.to_lowercase();
    let animals = ["rex", "pet", "dog"].iter().any(|word| text.contains(word));
    if animals { [1.0, 0.0, 0.1] } else { [0.0, 1.0, 0.1] }
}

fn embeds(request: &Recorded) -> Script {
    let data: Vec<Value> = inputs(request).iter().map(|text| json!({"embedding": vector(text)})).collect();
    Script::json(200, &json!({"data": data}))
}

fn is_for_vectors(request: &Recorded) -> bool {
    request.target.ends_with("/embeddings")
}

fn is_for_learning(request: &Recorded) -> bool {
    request.mentions("json_schema")
}

/// The turns of a call for learning.
fn turns(request: &Recorded) -> Vec<String> {
    serde_json::from_str(request.json()["messages"][1]["content"].as_str().unwrap()).unwrap()
}

fn with_embeddings(file: &mut Value) {
    file["trust"]["mode"] = "strict".into();
    file["memory"]["embeddings"] = json!({"upstream": "fake", "model": "embedder"});
}

async fn wait_for_vectors(world: &World, count: u64) {
    eventually(&format!("{count} vectors"), async || {
        (world.metric("memgate_facts_embedded_total", &[]).await >= count).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_finds_what_no_word_finds() {
    let answer = |request: &Recorded| if is_for_vectors(request) { embeds(request) } else { Script::fitting(request) };
    let world = World::with_upstream(answer, with_embeddings).await;
    world.teach(&Request::chat(&["Remember that the walks with Rex are at noon."]).signed("ana")).await;
    world.teach(&Request::chat(&["Remember that the code of the shed is zebra."]).signed("ana")).await;
    wait_for_vectors(&world, 2).await;
    let asked = world.upstream.take().into_iter().find(is_for_vectors).unwrap();
    assert_eq!(asked.header("authorization"), Some("Bearer sk-upstream-own-key"), "the upstream's own key");
    assert!(!asked.mentions("ana"), "nobody's name: {}", asked.text());
    world.send(&Request::chat(&["When does my dog get out?"]).signed("ana")).await.assert_ok();
    let chat = world.upstream.last();
    assert!(chat.mentions("Rex"), "{}", chat.text());
    assert!(world.metric("memgate_embeddings_total", &["result=\"ok\""]).await >= 1);
}

#[tokio::test]
async fn a_chat_does_not_wait_for_an_endpoint_that_hangs() {
    let answer = |request: &Recorded| match is_for_vectors(request) {
        true if inputs(request).iter().any(|text| text.ends_with('?')) => Script::Never,
        true => embeds(request),
        false => Script::fitting(request),
    };
    let world = World::with_upstream(answer, |file| {
        with_embeddings(file);
        file["memory"]["recall_deadline"] = "400ms".into();
        file["memory"]["embeddings"]["timeout"] = "30s".into();
    })
    .await;
    world.teach(&Request::chat(&["Remember that the code of my locker is quagga."]).signed("ana")).await;
    wait_for_vectors(&world, 1).await;
    let seen = eventually("the fact, found by its words", async || {
        world.send(&Request::chat(&["What is the code of my locker?"]).signed("ana")).await.assert_ok();
        let chats = world.upstream.take();
        chats.into_iter().find(|request| !is_for_vectors(request) && request.mentions("quagga"))
    })
    .await;
    assert!(seen.target.ends_with("/chat/completions"));
    assert!(world.metric("memgate_embeddings_total", &["result=\"timeout\""]).await >= 1);
    assert_eq!(world.metric("memgate_recall_total", &["result=\"failed\""]).await, 0);
}

#[tokio::test]
async fn a_broken_endpoint_is_counted_and_left_alone() {
    let answer = |request: &Recorded| match is_for_vectors(request) {
        true if inputs(request).iter().any(|text| text.ends_with('?')) => Script::Close,
        true => embeds(request),
        false => Script::fitting(request),
    };
    let world = World::with_upstream(answer, with_embeddings).await;
    world.teach(&Request::chat(&["Remember that the code of my locker is quagga."]).signed("ana")).await;
    wait_for_vectors(&world, 1).await;
    world.upstream.take();
    for n in 0..8 {
        let chat = Request::chat(&[&format!("Question {n}: what is the code of my locker?")]).signed("ana");
        world.send(&chat).await.assert_ok();
    }
    let (asked, chats): (Vec<_>, Vec<_>) = world.upstream.take().into_iter().partition(is_for_vectors);
    assert!(chats.len() == 8 && chats.iter().all(|chat| chat.mentions("quagga")));
    assert!(asked.len() < 8, "{}", asked.len());
    assert_eq!(world.metric("memgate_embeddings_total", &["result=\"error\""]).await, 3);
    assert_eq!(world.metric("memgate_embeddings_total", &["result=\"skipped\""]).await, 5);
}

#[tokio::test]
async fn two_people_never_share_a_call() {
    let answer = |request: &Recorded| {
        if is_for_vectors(request) {
            embeds(request)
        } else if is_for_learning(request) {
            let facts: Vec<Value> =
                turns(request).iter().map(|turn| json!({"text": turn, "kind": "note", "slot": null, "quote": turn})).collect();
            Script::says(&json!({"facts": facts}).to_string())
        } else {
            Script::fitting(request)
        }
    };
    let world = World::with_upstream(answer, |file| {
        with_embeddings(file);
        file["memory"]["learn"] = json!({"upstream": "fake", "model": "teacher", "wait": "50ms"});
    })
    .await;
    let people = [("ana", "aardvark"), ("bert", "bonobo"), ("carla", "capybara")];
    for n in 0..4 {
        for (person, word) in people {
            let said = format!("The {word} has toy number {n} now");
            world.send(&Request::chat(&[&said]).signed(person)).await.assert_ok();
        }
    }
    let read = async || world.metric("memgate_tutor_turns_total", &["result=\"read\""]).await;
    eventually("twelve turns read", async || (read().await >= 12).then_some(())).await;
    wait_for_vectors(&world, 12).await;
    for (person, word) in people {
        let chat = Request::chat(&[&format!("Which toy has the {word}?")]).signed(person);
        world.send(&chat).await.assert_ok();
    }
    let mut calls = 0;
    for request in world.upstream.take() {
        if is_for_vectors(&request) || is_for_learning(&request) {
            calls += 1;
            let whose = people.iter().filter(|(_, word)| request.mentions(word)).count();
            assert_eq!(whose, 1, "{}", request.text());
            assert!(!people.iter().any(|(person, _)| request.mentions(person)), "{}", request.text());
            assert!(!request.mentions("All right then"), "an answer: {}", request.text());
        } else {
            let [mine, others] = [true, false].map(|mine| {
                let of = |word: &str| request.mentions(word);
                people.iter().filter(|(_, word)| of(word) == mine).count()
            });
            assert_eq!((mine, others), (1, 2), "{}", request.text());
        }
    }
    assert!(calls >= 6, "{calls}");
}

#[tokio::test]
async fn a_turn_that_waits_for_the_model_survives_a_kill() {
    let (hold, caught) = (Arc::new(std::sync::atomic::AtomicBool::new(true)), Arc::new(Notify::new()));
    let (holding, arrived) = (hold.clone(), caught.clone());
    let answer = move |request: &Recorded| {
        if !is_for_learning(request) {
            return Script::fitting(request);
        }
        if holding.load(std::sync::atomic::Ordering::Relaxed) {
            arrived.notify_one();
            return Script::Never;
        }
        let turn = turns(request).remove(0);
        Script::says(&json!({"facts": [{"text": turn, "kind": "note", "slot": null, "quote": turn}]}).to_string())
    };
    let mut world = World::with_upstream(answer, |file| {
        file["trust"]["mode"] = "strict".into();
        file["memory"]["learn"] = json!({"upstream": "fake", "model": "teacher", "wait": "1ms"});
    })
    .await;
    world.send(&Request::chat(&["The toy of the aardvark is red"]).signed("ana")).await.assert_ok();
    crate::harness::within("the call that the kill interrupts", caught.notified()).await;
    world.gate.kill();
    hold.store(false, std::sync::atomic::Ordering::Relaxed);
    world.gate.start();
    eventually("the turn, learned", async || {
        let nonce = crate::harness::sign::random_hex();
        let chat = Request::chat(&[&format!("({nonce}) What colour is the toy?")]).signed("ana");
        world.send(&chat).await.assert_ok();
        let chats = world.upstream.take();
        let learned =
            |request: &Recorded| !is_for_learning(request) && request.mentions("aardvark") && request.mentions("memgate_memory");
        chats.iter().any(learned).then_some(())
    })
    .await;
    for word in ["aardvark", "sk-upstream-own-key"] {
        assert!(!world.gate.log().contains(word), "{}", world.gate.log());
    }
}
