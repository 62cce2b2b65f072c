//! What a message would cost: memory takes part as it would in the message, and nothing is remembered of it.

use serde_json::{Value, json};

use super::{QUESTION, SECRET, ask, fitting, fixture, post, say, world};

fn count(messages: &Value) -> crate::harness::request::Request {
    post("/v1/messages/count_tokens?beta=true", &json!({"model": "m", "messages": messages}))
}

#[tokio::test]
async fn a_count_is_of_what_would_be_sent() {
    let world = world(fitting, |_| {}).await;
    world.teach(&say(SECRET).vouched("ana")).await;
    let messages = json!([{"role": "user", "content": QUESTION}]);
    let counted = world.forwarded(&count(&messages).vouched("ana")).await;
    assert_eq!(counted.target, "/v1/messages/count_tokens?beta=true");
    assert!(counted.mentions("quagga"), "{}", counted.text());
    let sent = world.forwarded(&ask(&messages).vouched("ana")).await;
    assert_eq!(counted.json()["messages"], sent.json()["messages"]);
    assert_eq!(counted.json()["system"], sent.json()["system"]);
    assert!(!world.forwarded(&count(&messages).vouched("bert")).await.mentions("quagga"));
    let answer = world.send(&count(&messages).vouched("ana")).await;
    assert_eq!(answer.json(), json!({"input_tokens": 42}));
    // Nothing was spent.
    let records = world.requests_on_record(5).await;
    let counts: Vec<_> = records.iter().filter(|record| record["route"] == "count_tokens").collect();
    assert!(counts.len() == 3 && counts.iter().all(|record| record["tokens_in"].is_null()), "{records:?}");
}

#[tokio::test]
async fn a_count_teaches_nothing_and_chooses_nothing_for_later() {
    let world = world(fitting, |_| {}).await;
    world.teach(&say(SECRET).vouched("ana")).await;
    let asks = |question: &str| json!([{"role": "user", "content": "Good morning"}, {"role": "assistant", "content": "Well."}, {"role": "user", "content": question}]);
    let question = asks("What is the code of my locker, and what is my bicycle called?");
    assert!(world.forwarded(&count(&question).vouched("ana")).await.mentions("quagga"));
    world.forwarded(&count(&asks("Remember that the boat is called Nemo.")).vouched("ana")).await;
    let lessons = world.lessons().await;
    world.teach(&say("Remember that my bicycle is called Pegasus.").vouched("ana")).await;
    assert_eq!(world.lessons().await, lessons + 1, "a count taught something");
    // Had the count chosen for this turn, what was learned since would not stand in it.
    let seen = world.forwarded(&ask(&question).vouched("ana")).await;
    assert!(seen.mentions("quagga") && seen.mentions("Pegasus"), "{}", seen.text());
    assert!(!world.forwarded(&say("What is the boat called?").vouched("ana")).await.mentions("Nemo"));
}

#[tokio::test]
async fn a_count_is_of_the_trimmed_conversation() {
    let world = world(fitting, |file| file["context"] = json!({"window": 4000, "reserve": 500})).await;
    let turn = |n: usize| json!({"role": if n.is_multiple_of(2) { "user" } else { "assistant" }, "content": format!("{n} {}", "words and words ".repeat(40))});
    let messages: Value = (0..41).map(turn).collect();
    let counted = world.forwarded(&count(&messages).vouched("ana")).await.json();
    let sent = world.forwarded(&ask(&messages).vouched("ana")).await.json();
    let kept = sent["messages"].as_array().unwrap();
    assert!(kept.len() < 41 && kept[0]["role"] == "user", "{}", kept.len());
    assert_eq!(counted["messages"], sent["messages"]);
}

#[tokio::test]
async fn coding_clients_count_without_a_limit_for_the_answer() {
    let world = world(fitting, |_| {}).await;
    let request = fixture(include_str!("../../fixtures/anthropic/claude-code-count.json")).vouched("ana");
    assert_eq!(world.forwarded(&request).await.body, request.body);
}
