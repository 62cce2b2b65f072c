//! What a client's and an upstream's `memory` and `never_send` allow.

use serde_json::{Value, json};

use crate::harness::request::Request;
use crate::harness::world::World;

fn chat(model: &str, text: &str) -> Request {
    let body = json!({"model": model, "messages": [{"role": "user", "content": text}]});
    Request::post("/v1/chat/completions", body.to_string())
}

/// Four upstreams at one backend, told apart by the model.
async fn world(change: impl FnOnce(&mut Value)) -> World {
    World::start(|file| {
        let backend = file["upstreams"][0].clone();
        let upstream = |name: &str, more: Value| {
            let mut upstream = backend.clone();
            upstream["name"] = name.into();
            upstream["models"] = json!([name]);
            upstream.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            upstream
        };
        file["upstreams"] = json!([
            upstream("full", json!({})),
            upstream("reads", json!({"memory": "read"})),
            upstream("off", json!({"memory": "off"})),
            upstream("cloud", json!({"never_send": ["profile", "note"]})),
        ]);
        change(file);
    })
    .await
}

#[tokio::test]
async fn an_upstream_reads_or_not_and_learns_or_not() {
    let world = world(|_| {}).await;
    world.teach(&chat("full", "I live in Oslo.").signed("ana")).await;
    for (model, told) in [("full", true), ("reads", true), ("off", false)] {
        let seen = world.forwarded(&chat(model, &format!("Where do I live, {model}?")).signed("ana")).await;
        assert_eq!(seen.mentions("Oslo"), told, "{model}: {}", seen.text());
    }
    // What is said there is not learned; what is said afterwards elsewhere is.
    for model in ["reads", "off"] {
        world.forwarded(&chat(model, &format!("Remember that the boat of {model} is called Nemo.")).signed("ana")).await;
    }
    world.teach(&chat("full", "Remember that the dog is brown.").signed("ana")).await;
    let seen = world.forwarded(&chat("full", "What is the boat called, and which colour has the dog?").signed("ana")).await;
    assert!(seen.mentions("brown") && !seen.mentions("Nemo"), "{}", seen.text());
    let records = world.requests_on_record(7).await;
    let memory: Vec<_> = records.iter().map(|record| record["memory"].as_str()).collect();
    let expected = [None, None, Some("read"), Some("off"), Some("read"), Some("off"), None];
    assert_eq!(memory[..7], expected);
    assert!(world.metric("memgate_recall_total", &["result=\"off\""]).await >= 2);
}

#[tokio::test]
async fn the_stricter_of_client_and_upstream_counts() {
    let world = world(|file| file["clients"][0]["memory"] = "read".into()).await;
    // Bob once without the client's key, then through the client.
    world.teach(&chat("full", "I live in Bergen.").header("X-Memgate-User", "bob")).await;
    let of_client = |model: &str, text: &str| chat(model, text).vouched("bob");
    assert!(world.forwarded(&of_client("full", "Where do I live? I like tea.")).await.mentions("Bergen"));
    assert!(!world.forwarded(&of_client("off", "Where is my home?")).await.mentions("Bergen"));
    world.teach(&chat("full", "I like cake.").header("X-Memgate-User", "bob")).await;
    assert_eq!(world.metric("memgate_facts_written_total", &[]).await, 2, "the client's own turn taught nothing");
}

#[tokio::test]
async fn withheld_kinds_never_reach_the_upstream_even_in_a_conversation_that_carried_them() {
    let world = world(|_| {}).await;
    world
        .teach(&chat("full", "I live in Oslo. Remember that the boat is called Nemo. I prefer short answers.").signed("ana"))
        .await;
    let question = "Where do I live, and what is the boat called?";
    let seen = world.forwarded(&chat("full", question).signed("ana")).await;
    assert!(seen.mentions("Oslo") && seen.mentions("Nemo") && seen.mentions("short answers"), "{}", seen.text());
    let turns = json!([
        {"role": "user", "content": question},
        {"role": "assistant", "content": "You know."},
        {"role": "user", "content": "Say it again, boat and all"},
    ]);
    for (model, told) in [("cloud", false), ("full", true)] {
        let body = json!({"model": model, "messages": turns.clone()}).to_string();
        let seen = world.forwarded(&Request::post("/v1/chat/completions", body).signed("ana")).await;
        assert_eq!((seen.mentions("Oslo"), seen.mentions("Nemo")), (told, told), "{model}: {}", seen.text());
        assert!(seen.mentions("short answers"), "{}", seen.text());
    }
}
