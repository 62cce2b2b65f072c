//! What was sent for the earlier messages of a conversation is sent again, byte for byte, whatever is learned meanwhile: a backend that
//! caches prompts never computes a prefix anew.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::harness::eventually;
use crate::harness::request::Request;
use crate::harness::sign::random_hex;
use crate::harness::upstream::Recorded;
use crate::harness::world::World;

/// Turns that teach, supersede, take back and ask.
const TURNS: [&str; 12] = [
    "I live in Oslo, and I like tea.",
    "What should I cook tonight?",
    "Remember that the boat is called Nemo.",
    "What is the boat called, and where do I live?",
    "I live in Rome now.",
    "Where do I live? What do I like to drink?",
    "I'm vegan. My name is Ana.",
    "What is my name, and what may I eat?",
    "I no longer live in Rome.",
    "Remember that the dog is brown. Always answer in English.",
    "Which colour has the dog, and what is the boat called?",
    "I work at Acme. Who am I, and where do I work?",
];

/// The first turn behind everything that [`grow`] waits for.
const ALL_TOLD: usize = 10;

/// Waits until memgate knows these of a person.
async fn know(world: &World, user: &str, facts: &[&str]) {
    eventually("all is learned", async || {
        // A fresh opening each time: what a conversation was given stays as it is.
        let question = format!("({}) Where do I work, what is the boat called, and which colour has the dog?", random_hex());
        let seen = world.forwarded(&Request::chat(&[&question]).signed(user)).await;
        facts.iter().all(|fact| seen.mentions(fact)).then_some(())
    })
    .await;
}

#[derive(Deserialize)]
struct Body {
    messages: Vec<Box<RawValue>>,
}

/// The bytes of each message that the upstream saw.
fn messages(seen: &Recorded) -> Vec<String> {
    let body: Body = serde_json::from_slice(&seen.body).unwrap();
    body.messages.iter().map(|message| message.get().to_owned()).collect()
}

/// The bodies of the recorded chats, each conversation once.
fn recorded_chats() -> Vec<(String, Value)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures");
    let mut names: Vec<String> =
        fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.contains("chat") && !name.contains("task"));
    names.sort();
    let mut seen = HashSet::new();
    let read = |name: String| {
        let capture: Value = serde_json::from_slice(&fs::read(dir.join(&name)).unwrap()).unwrap();
        let body = capture["body"].clone();
        let fresh = body["messages"].is_array() && seen.insert(body["messages"].to_string());
        fresh.then_some((name, body))
    };
    names.into_iter().filter_map(read).collect()
}

/// Continues a conversation over [`TURNS`], and returns what the upstream saw at last.
async fn grow(world: &World, user: &str, name: &str, mut body: Value) -> Vec<String> {
    let mut before: Vec<String> = Vec::new();
    for (n, turn) in TURNS.into_iter().enumerate() {
        if n == ALL_TOLD {
            know(world, user, &["Nemo", "brown"]).await;
        }
        let list = body["messages"].as_array_mut().unwrap();
        if n > 0 || list.last().is_none_or(|last| last["role"] != "user") {
            list.push(json!({"role": "user", "content": turn}));
        }
        let request = || Request::post("/v1/chat/completions", body.to_string()).signed(user);
        let after = messages(&world.forwarded(&request()).await);
        assert!(after.len() >= before.len(), "{name}, turn {n}");
        for (at, (old, new)) in before.iter().zip(&after).enumerate() {
            assert_eq!(old, new, "{name}, turn {n}: message {at} changed");
        }
        // A regenerated turn is sent the same bytes, too. An opening may have been taught anew meanwhile.
        if n > 0 {
            assert_eq!(messages(&world.forwarded(&request()).await), after, "{name}, turn {n} again");
        }
        before = after;
        body["messages"].as_array_mut().unwrap().push(json!({"role": "assistant", "content": "Well."}));
    }
    before
}

#[tokio::test]
async fn recorded_conversations_keep_their_prefix_while_memory_learns() {
    let world = World::start(|file| file["context"] = json!({"window": 1_000_000})).await;
    let chats = recorded_chats();
    assert!(chats.len() > 20, "{}", chats.len());
    let mut remembered = 0;
    for (n, (name, body)) in chats.into_iter().enumerate() {
        let last = grow(&world, &format!("person-{n}"), &name, body).await.concat();
        remembered += usize::from(last.matches("memgate_memory").count() > 1 && last.matches("Nemo").count() > 1);
    }
    assert!(remembered > 20, "only {remembered} conversations were given anything");
}

#[tokio::test]
async fn a_second_conversation_keeps_its_own_prefix() {
    let world = World::start(|file| file["context"] = json!({"window": 1_000_000})).await;
    let opened = |text: &str| json!({"model": "m", "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": text}]});
    grow(&world, "ana", "first", opened("Good morning")).await;
    know(&world, "ana", &["Acme"]).await;
    let second = grow(&world, "ana", "second", opened("Good evening")).await.concat();
    assert!(second.contains("Acme"));
}
