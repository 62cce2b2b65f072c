//! The dry run says what a chat then does, and does nothing itself.

use serde_json::{Value, json};

use crate::harness::request::Request;
use crate::harness::upstream::Recorded;
use crate::harness::world::World;
use crate::me::{ask, list, say};

fn chat(turns: &[&str]) -> Value {
    let role = |n: usize| if n.is_multiple_of(2) { "user" } else { "assistant" };
    let mut messages: Vec<Value> = vec![json!({"role": "system", "content": "Be kind."})];
    messages.extend(turns.iter().enumerate().map(|(n, text)| json!({"role": role(n), "content": text})));
    json!({"model": "m", "messages": messages})
}

async fn explain(world: &World, user: &str, body: &Value) -> Value {
    let answer = world.send(&say("POST", "/explain", body).signed(user)).await;
    answer.assert_ok();
    answer.json()
}

fn content(seen: &Recorded, message: usize) -> String {
    seen.json()["messages"][message]["content"].as_str().unwrap().to_owned()
}

/// Sends the chat and compares what went out with what was foretold.
async fn assert_true(world: &World, user: &str, body: &Value) -> Value {
    let told = explain(world, user, body).await;
    let seen = world.forwarded(&Request::post("/v1/chat/completions", body.to_string()).signed(user)).await;
    let messages = body["messages"].as_array().unwrap();
    let cut: Vec<usize> = told["trim"]["cut"].as_array().unwrap().iter().map(|cut| index(&cut["message"])).collect();
    let mut at = 0;
    for (n, message) in messages.iter().enumerate() {
        if cut.contains(&n) {
            continue;
        }
        let said = message["content"].as_str().unwrap();
        let mut wanted = said.to_owned();
        for block in told["blocks"].as_array().unwrap() {
            let text = block["text"].as_str().unwrap();
            match block["in"].as_str().unwrap() {
                "system" if n == 0 => wanted = format!("{said}\n\n{text}"),
                "turn" if index(&block["message"]) == n => wanted = format!("{text}\n\n{said}"),
                _ => {}
            }
        }
        assert_eq!(content(&seen, at), wanted, "message {n}");
        at += 1;
    }
    assert_eq!(seen.json()["messages"].as_array().unwrap().len(), at);
    told
}

fn index(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

#[tokio::test]
async fn a_dry_run_equals_what_a_chat_then_carries() {
    let world = World::in_mode("required").await;
    world.teach(&Request::chat(&["I live in Bern."]).signed("ana")).await;
    world.teach(&Request::chat(&["Remember that the code of my locker is 4711."]).signed("ana")).await;
    let first = chat(&["What is the code of my locker?"]);
    let told = assert_true(&world, "ana", &first).await;
    let facts = told["facts"].as_array().unwrap();
    let of = |text: &str| {
        facts.iter().find(|fact| fact["memory"]["text"].as_str().unwrap().contains(text)).unwrap_or_else(|| panic!("{told}"))
    };
    assert_eq!(of("Bern")["in"], "system");
    assert_eq!((&of("4711")["replayed"], &of("4711")["memory"]["source"]["assurance"]), (&json!(false), &json!("verified")));
    assert_eq!((&told["memory"]["recall"], &told["memory"]["learns"]), (&json!("hit"), &json!(true)));
    assert_eq!((&told["request"]["purpose"], &told["request"]["upstream"]), (&json!("turn"), &json!("fake")));
    assert_eq!((&told["identity"]["user"], &told["identity"]["mode"]), (&json!("ana"), &json!("required")));

    let second = chat(&["What is the code of my locker?", "4711.", "And where do I live?"]);
    let told = assert_true(&world, "ana", &second).await;
    let replayed = told["facts"].as_array().unwrap().iter().filter(|fact| fact["replayed"] == true).count();
    assert!(replayed >= 1, "{told}");
    // Another person's dry run has nothing of it.
    let other = explain(&world, "bert", &second).await;
    assert_eq!((&other["facts"], &other["blocks"], &other["memory"]["recall"]), (&json!([]), &json!([]), &json!("empty")));
}

#[tokio::test]
async fn a_dry_run_foretells_cuts_tasks_and_refusals() {
    let world = World::start(|file| file["context"] = json!({"window": 2048, "reserve": 256})).await;
    world.teach(&Request::chat(&["I live in Bern."]).signed("ana")).await;
    let long = "word ".repeat(250);
    let turns: Vec<&str> = (0..11).map(|n| if n == 10 { "Where do I live?" } else { long.as_str() }).collect();
    let told = assert_true(&world, "ana", &chat(&turns)).await;
    let cut = told["trim"]["cut"].as_array().unwrap();
    assert!(!cut.is_empty() && cut[0]["tokens"].as_u64().unwrap() > 100, "{told}");
    assert_eq!((&cut[0]["message"], &cut[0]["role"]), (&json!(1), &json!("user")));

    let task = json!({"model": "m", "messages": [{"role": "user", "content": "### Task:\nWrite a title.\n<chat_history>x</chat_history>"}]});
    let told = assert_true(&world, "ana", &task).await;
    assert_eq!(
        (&told["request"]["purpose"], &told["memory"]["recalls"], &told["memory"]["recall"]),
        (&json!("task"), &json!(false), &json!("off"))
    );
    assert_eq!(told["request"]["recognised"], json!({"by": "text", "prompt": "open_webui.task"}));
    let temporary = say("POST", "/explain", &chat(&["I like tea."])).header("X-OpenWebUI-Chat-Id", "temporary:1").signed("ana");
    let told = world.send(&temporary).await.json();
    assert_eq!((&told["request"]["purpose"], &told["memory"]["learns"]), (&json!("temporary"), &json!(false)));
    assert_eq!(told["request"]["recognised"], json!({"by": "chat_id"}));

    let huge = chat(&["word ".repeat(4000).as_str()]);
    let refused = world.send(&say("POST", "/explain", &huge).signed("ana")).await;
    let chat_refused = world.send(&Request::post("/v1/chat/completions", huge.to_string()).signed("ana")).await;
    assert_eq!((refused.status, &refused.body), (chat_refused.status, &chat_refused.body));
    refused.assert_refused(400, "context_length_exceeded");
}

#[tokio::test]
async fn a_dry_run_has_no_effects() {
    let world = World::in_mode("required").await;
    world.teach(&Request::chat(&["I live in Bern."]).signed("ana")).await;
    let before = list(&world, "ana", "").await;
    let counted = world.metrics().await;
    let told = chat(&["Remember that the code of my locker is 4711. Where do I live?"]);
    world.upstream.take();
    let first = explain(&world, "ana", &told).await;
    assert_eq!(first["memory"]["recall"], "hit");
    let second = explain(&world, "ana", &told).await;
    assert_eq!(first["facts"], second["facts"], "nothing was remembered of the first run");
    assert!(second["facts"].as_array().unwrap().iter().all(|fact| fact["replayed"] == false), "{second}");
    assert!(world.upstream.take().is_empty(), "nothing was forwarded");
    assert_eq!(list(&world, "ana", "").await, before, "nothing was learned");
    let after = world.metrics().await;
    for name in ["memgate_recall_total", "memgate_facts_injected_total", "memgate_learn_jobs_total", "memgate_trims_total"] {
        let lines = |text: &str| text.lines().filter(|line| line.starts_with(name)).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(&counted), lines(&after), "{name}");
    }
    let record =
        world.requests_on_record(5).await.into_iter().rfind(|record| record["path"] == "/memgate/v1/me/explain").unwrap();
    assert!(record["facts_used"].is_null() && record["upstream"].is_null(), "{record}");
    assert_eq!(world.send(&ask("GET", "").signed("ana")).await.json()["memory"]["waiting_turns"], 0);
}

/// The same question in each dialect.
fn dialects(question: &str) -> Vec<(&'static str, Value)> {
    let turns = json!([{"role": "user", "content": question}]);
    vec![
        ("chat_completions", json!({"model": "m", "messages": turns})),
        ("completions", json!({"model": "m", "prompt": question})),
        ("responses", json!({"model": "m", "input": question})),
        ("messages", json!({"model": "m", "max_tokens": 100, "messages": turns})),
        ("count_tokens", json!({"model": "m", "messages": turns})),
        ("ollama_chat", json!({"model": "m", "messages": turns})),
        ("ollama_generate", json!({"model": "m", "prompt": question})),
    ]
}

#[tokio::test]
async fn a_dry_run_takes_every_dialect_and_shows_nobody_anothers() {
    for mode in ["strict", "required", "quarantine", "legacy"] {
        let world = World::start(|file| {
            file["trust"]["mode"] = mode.into();
            file["upstreams"][0]["dialects"] = json!(["openai", "anthropic", "ollama"]);
        })
        .await;
        world.teach(&Request::chat(&["Remember that the code of my locker is 4711."]).signed("ana")).await;
        for (dialect, body) in dialects("What is the code of my locker?") {
            let path = format!("/explain?dialect={dialect}");
            let told = world.send(&say("POST", &path, &body).signed("ana")).await;
            told.assert_ok();
            let told = told.json();
            assert!(told["facts"].to_string().contains("4711"), "{dialect}, {mode}: {told}");
            assert!(told["blocks"].to_string().contains("4711"), "{dialect}, {mode}: {told}");
            assert_eq!(told["request"]["dialect"], dialect, "{told}");
            let counts = dialect == "count_tokens";
            let expected = if counts { ("continuation", "form", false) } else { ("turn", "last_turn", true) };
            let request = &told["request"];
            assert_eq!((&request["purpose"], &request["recognised"]), (&json!(expected.0), &json!({"by": expected.1})), "{told}");
            assert_eq!(told["memory"]["learns"], expected.2, "{told}");

            let other = world.send(&say("POST", &path, &body).signed("bert")).await;
            other.assert_ok();
            assert_eq!((&other.json()["facts"], &other.json()["blocks"]), (&json!([]), &json!([])), "{dialect}, {mode}");
            let nobody = world.send(&say("POST", &path, &body)).await;
            let status = match mode {
                "legacy" => 200,
                // Nothing tells such people apart, so no sandbox is theirs.
                "quarantine" => 403,
                _ => 401,
            };
            assert_eq!(nobody.status, status, "{dialect}, {mode}: {}", nobody.text());
            assert!(!nobody.text().contains("4711"), "{dialect}, {mode}");
        }
        assert_eq!(world.upstream.take().len(), 1, "only the lesson was forwarded");
    }
}

#[tokio::test]
async fn a_dry_run_of_no_dialect_or_of_one_that_nobody_serves_says_so() {
    let world = World::in_mode("required").await;
    let (_, chat) = dialects("hi").swap_remove(0);
    for query in ["dialect=", "dialect=Messages", "dialect=openai", "dialect=messages&dialect=messages", "dialekt=messages"] {
        let refused = world.send(&say("POST", &format!("/explain?{query}"), &chat).signed("ana")).await;
        refused.assert_refused(400, "parameter_invalid");
    }
    let refused = world.send(&say("POST", "/explain?dialect=messages", &chat).signed("ana")).await;
    refused.assert_refused(404, "dialect_not_served");
}
