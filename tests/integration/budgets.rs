//! Budgets over real sockets: exact at once, each person's own, and kept.

use std::sync::Arc;

use futures::future::join_all;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::client::{Answer, Client, send};
use crate::harness::eventually;
use crate::harness::request::Request;
use crate::harness::upstream::{Recorded, Script, Step, event};
use crate::harness::world::World;

const AT_ONCE: usize = 64;

fn budgets(rules: Value) -> impl FnOnce(&mut Value) {
    move |file| file["budgets"] = rules
}

fn chat(user: &str) -> Request {
    Request::chat(&["Hello"]).vouched(user)
}

/// A chat that sets how long its answer may get.
fn capped(user: &str, most: u64) -> Request {
    let body = json!({"model": "m", "max_tokens": most, "messages": [{"role": "user", "content": "Hello"}]});
    Request::post("/v1/chat/completions", body.to_string()).vouched(user)
}

fn budget(user: &str) -> Request {
    Request::new("GET", "/memgate/v1/me/budget").vouched(user)
}

/// One limit of one rule, as the person sees it.
async fn limit(world: &World, user: &str, rule: &str, kind: &str) -> Value {
    let answer = world.send(&budget(user)).await;
    answer.assert_ok();
    let body = answer.json();
    let rules = body["rules"].as_array().unwrap();
    let found = rules.iter().find(|found| found["rule"] == rule).unwrap_or_else(|| panic!("no {rule} in {body}"));
    let limits = found["limits"].as_array().unwrap();
    limits.iter().find(|limit| limit["kind"] == kind).unwrap_or_else(|| panic!("no {kind} in {body}")).clone()
}

async fn at_once(world: &World, request: &Request) -> Vec<Answer> {
    join_all((0..AT_ONCE).map(|_| send(world.gate.address(), request))).await
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_requests_at_once_exactly_as_many_pass_as_may() {
    let world = World::start(budgets(json!([{"each": "user", "requests_per_minute": 10}]))).await;
    let answers = at_once(&world, &chat("ana")).await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (10, AT_ONCE - 10));
    for refused in answers.iter().filter(|answer| answer.status == 429) {
        refused.assert_refused(429, "budget_requests");
        let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=61).contains(&seconds), "{seconds}");
    }
    assert_eq!(world.upstream.take().len(), 10, "what is refused reaches no upstream");
    // Another person has all of theirs, and so has one of the same name in another tenant.
    for user in ["bob", "acme:ana"] {
        let answers = at_once(&world, &chat(user)).await;
        assert_eq!(count(&answers, 200), 10, "{user}");
    }
    let rule = ["rule=\"each-user\"", "kind=\"requests\""];
    assert_eq!(world.metric("memgate_budget_refusals_total", &rule).await, 3 * (AT_ONCE as u64 - 10));
    let records = world.requests_on_record(3 * AT_ONCE).await;
    let refused = records.iter().find(|record| record["error"] == "budget_requests").unwrap();
    assert_eq!(refused["budget"], json!({"rule": "each-user", "kind": "requests", "zone": "hard"}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_64_requests_at_once_are_counted_to_the_last_one() {
    // Each answer counts 12 tokens by the upstream's own word, and says so.
    let world = World::start(budgets(json!([{"each": "user", "tokens_per_day": 600}]))).await;
    let mut passed = 0;
    // Those that run hold more than they use, so a few rounds are needed to use it up.
    for _ in 0..40 {
        let answers = at_once(&world, &capped("ana", 20)).await;
        passed += count(&answers, 200);
        assert_eq!(count(&answers, 200) + count(&answers, 429), AT_ONCE);
        let shown = limit(&world, "ana", "each-user", "tokens").await;
        assert_eq!((&shown["used"], &shown["reserved"]), (&json!(12 * passed), &json!(0)));
        assert!(12 * passed <= 600, "{passed}");
        if count(&answers, 200) == 0 {
            break;
        }
    }
    let refused = world.send(&capped("ana", 20)).await;
    refused.assert_refused(429, "budget_tokens");
    assert!(refused.text().contains("600 tokens a day") && refused.text().contains("It is reset at"), "{}", refused.text());
    assert!(passed >= 30, "{passed}");
    assert_eq!(world.metric("memgate_charged_tokens_total", &["upstream=\"fake\""]).await, 12 * passed as u64);
    world.send(&capped("bob", 20)).await.assert_ok();
}

#[tokio::test]
async fn a_refusal_has_the_shape_of_its_family() {
    let world = World::start(|file| {
        file["budgets"] = json!([{"each": "user", "requests_per_minute": 1}]);
        file["upstreams"][0]["dialects"] = json!(["openai", "anthropic", "ollama"]);
    })
    .await;
    world.send(&chat("ana")).await.assert_ok();
    let messages = json!([{"role": "user", "content": "Hello"}]);
    let anthropic = json!({"model": "m", "max_tokens": 5, "messages": messages}).to_string();
    let anthropic = Request::post("/v1/messages", anthropic).header("anthropic-version", "2023-06-01").vouched("ana");
    let refused = world.send(&anthropic).await;
    assert_eq!((refused.status, &refused.json()["error"]["type"]), (429, &json!("rate_limit_error")));
    assert_eq!((&refused.json()["error"]["code"], &refused.json()["type"]), (&json!("budget_requests"), &json!("error")));
    let ollama = Request::post("/api/chat", json!({"model": "m", "messages": messages}).to_string()).vouched("ana");
    let refused = world.send(&ollama).await;
    assert_eq!((refused.status, &refused.json()["code"]), (429, &json!("budget_requests")));
    assert!(refused.json()["error"].is_string() && refused.header("retry-after").is_some());
    let refused = world.send(&chat("ana")).await;
    refused.assert_refused(429, "budget_requests");
    assert_eq!(refused.json()["error"]["type"], "rate_limit_error");
    // The person's own API counts as well.
    world.send(&Request::new("GET", "/memgate/v1/me").vouched("ana")).await.assert_refused(429, "budget_requests");
    assert_eq!(world.upstream.take().len(), 1);
}

#[tokio::test]
async fn the_soft_zone_warns_and_shared_numbers_are_not_told() {
    let world = World::start(budgets(json!([
        {"each": "user", "tokens_per_day": 200, "requests_per_minute": 60, "soft": 0.5},
        {"client": "open-webui", "tokens_per_day": 300, "soft": 0.2},
    ])))
    .await;
    // The first request itself holds less than half.
    let first = world.send(&capped("ana", 2)).await;
    first.assert_ok();
    assert_eq!(first.header("x-memgate-budget"), None);
    let mut warned = None;
    for _ in 0..12 {
        let answer = world.send(&capped("ana", 2)).await;
        answer.assert_ok();
        warned = answer.header("x-memgate-budget").map(str::to_owned).or(warned);
    }
    let warned = warned.unwrap();
    let (own, shared): (Vec<&str>, Vec<&str>) = warned.split(", ").partition(|item| item.starts_with("\"each-user\""));
    assert!(own[0].starts_with("\"each-user\";kind=tokens;zone=soft;used=1"), "{warned}");
    assert!(own[0].contains(";limit=200;reset="), "{warned}");
    assert!(shared[0].starts_with("\"client-open-webui\";kind=tokens;zone=soft;reset="), "{warned}");
    // Bob has used nothing of his own; of the client's he learns the zone.
    let bob = world.send(&budget("bob")).await.json();
    let rule = |name: &str| bob["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == name).unwrap().clone();
    assert_eq!((&rule("each-user")["shared"], &rule("each-user")["limits"][1]["used"]), (&json!(false), &json!(0)));
    let shared = rule("client-open-webui");
    assert_eq!((&shared["shared"], &shared["limits"][0]["zone"]), (&json!(true), &json!("soft")));
    for number in ["used", "reserved", "limit"] {
        assert!(shared["limits"][0].get(number).is_none(), "{shared}");
    }
    // Ana uses up the client's; what bob is told holds none of her numbers.
    let refused = eventually("the shared budget's end", async || {
        let answer = world.send(&capped("bob", 2)).await;
        (answer.status == 429).then_some(answer)
    })
    .await;
    refused.assert_refused(429, "budget_tokens");
    assert!(refused.text().contains("share with others") && !refused.text().contains("300"), "{}", refused.text());
    let explained = json!({"model": "m", "max_tokens": 2, "messages": [{"role": "user", "content": "Hello"}]});
    let explained = Request::post("/memgate/v1/me/explain", explained.to_string()).vouched("bob");
    let explained = world.send(&explained).await.json();
    assert_eq!(explained["budget"]["allowed"], false, "{explained}");
    assert_eq!(explained["budget"]["code"], "budget_tokens");
}

/// A world whose streams never end by themselves.
async fn endless(rules: Value, step: fn() -> Step) -> World {
    let answer = move |request: &Recorded| {
        if request.json()["stream"] == json!(true) {
            Script::Stream(vec![Step::Send(event("one two three four")), step()])
        } else {
            Script::fitting(request)
        }
    };
    World::with_upstream(answer, budgets(rules)).await
}

async fn open(world: &World, user: &str) -> Client {
    let mut client = Client::connect(world.gate.address()).await;
    client.send_request(&Request::streamed_chat(&["Hello"]).vouched(user)).await;
    assert_eq!(client.read_head().await.status, 200);
    assert!(client.read_chunk().await.is_some());
    client
}

#[tokio::test]
async fn a_place_is_free_when_the_client_leaves_and_what_was_said_is_charged() {
    let rules = json!([{"each": "user", "streams": 2, "tokens_per_day": 100_000}]);
    let world = endless(rules, || Step::Await(Arc::new(Notify::new()))).await;
    let (first, second) = (open(&world, "ana").await, open(&world, "ana").await);
    world.send(&chat("ana")).await.assert_refused(429, "budget_streams");
    // She can look at it all the same, and bob has places of his own.
    assert_eq!(limit(&world, "ana", "each-user", "streams").await["used"], 2);
    world.send(&chat("bob")).await.assert_ok();
    drop(first);
    eventually("a free place", async || (limit(&world, "ana", "each-user", "streams").await["used"] == 1).then_some(())).await;
    let charged = limit(&world, "ana", "each-user", "tokens").await;
    // The request as counted, and five tokens for the eighteen bytes of the answer.
    assert!(charged["used"].as_u64().unwrap() > 5, "{charged}");
    world.send(&chat("ana")).await.assert_ok();
    drop(second);
    eventually("no reservation", async || {
        let limit = limit(&world, "ana", "each-user", "tokens").await;
        (limit["reserved"] == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_place_is_free_when_the_upstream_dies() {
    let world = endless(json!([{"each": "user", "streams": 1, "tokens_per_day": 100_000}]), || Step::Cut).await;
    for _ in 0..3 {
        let answer = eventually("a place", async || {
            let answer = world.send(&Request::streamed_chat(&["Hello"]).vouched("ana")).await;
            (answer.status == 200).then_some(answer)
        })
        .await;
        assert!(answer.text().contains("upstream_failed"), "{}", answer.text());
    }
    eventually("no place taken", async || (limit(&world, "ana", "each-user", "streams").await["used"] == 0).then_some(())).await;
    assert!(limit(&world, "ana", "each-user", "tokens").await["used"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn what_fails_at_the_upstream_is_given_back() {
    for script in [Script::json(500, &json!({"error": {"message": "no"}})), Script::Close] {
        let world =
            World::with_upstream(move |_| script.clone(), budgets(json!([{"each": "user", "tokens_per_day": 5000}]))).await;
        assert!(world.send(&chat("ana")).await.status >= 500);
        eventually("nothing held", async || {
            let limit = limit(&world, "ana", "each-user", "tokens").await;
            (limit["reserved"] == 0 && limit["used"] == 0).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn what_was_used_outlives_a_kill_and_an_erasure() {
    let mut world = World::start(budgets(json!([{"each": "user", "tokens_per_day": 100_000}]))).await;
    for _ in 0..5 {
        world.send(&chat("ana")).await.assert_ok();
    }
    world.gate.kill();
    world.gate.start();
    assert_eq!(limit(&world, "ana", "each-user", "tokens").await["used"], 60);
    assert_eq!(limit(&world, "bob", "each-user", "tokens").await["used"], 0);
    let erase = Request::post("/memgate/v1/me/erase", json!({"confirm": "erase"}).to_string()).vouched("ana");
    let erased = world.send(&erase).await;
    assert!(erased.status < 300, "{}", erased.text());
    assert_eq!(limit(&world, "ana", "each-user", "tokens").await["used"], 60, "erasing a memory gives no tokens back");
}

#[tokio::test]
async fn a_reload_changes_limits_and_loses_no_count() {
    let mut world = World::start(budgets(json!([{"each": "user", "requests_per_minute": 3, "tokens_per_day": 100_000}]))).await;
    world.send(&chat("ana")).await.assert_ok();
    world.send(&chat("ana")).await.assert_ok();
    world.gate.settings.file["budgets"] = json!([{"each": "user", "requests_per_minute": 4, "tokens_per_day": 20}]);
    world.gate.write_config();
    assert!(world.gate.run(&["reload"]).status.success());
    let shown = limit(&world, "ana", "each-user", "tokens").await;
    assert_eq!((&shown["used"], &shown["limit"], &shown["zone"]), (&json!(24), &json!(20), &json!("hard")));
    world.send(&chat("ana")).await.assert_refused(429, "budget_tokens");
    world.send(&chat("ana")).await.assert_refused(429, "budget_requests");
}

#[tokio::test]
async fn sandboxes_are_capped_and_those_that_are_there_go_on() {
    let world = World::start(|file| {
        file["trust"]["mode"] = "quarantine".into();
        file["trust"]["trusted_peers"] = json!(["127.0.0.1/32"]);
        file["budgets"] = json!([{"each": "peer", "sandboxes_per_hour": 2}]);
    })
    .await;
    let stranger = |name: &str| Request::chat(&["Hello"]).header("X-Memgate-User", name);
    world.send(&stranger("eve")).await.assert_ok();
    world.send(&stranger("mallory")).await.assert_ok();
    let refused = world.send(&stranger("trudy")).await;
    refused.assert_refused(429, "budget_sandboxes");
    assert!(refused.header("retry-after").is_some());
    world.send(&stranger("eve")).await.assert_ok();
    // Whoever proves who they are makes none.
    world.send(&Request::chat(&["Hello"]).signed("ana")).await.assert_ok();
}

#[tokio::test]
async fn the_budget_is_the_persons_own_in_every_mode() {
    for (mode, status, code) in [
        ("strict", 401, "identity_missing"),
        ("required", 401, "identity_missing"),
        ("quarantine", 403, "no_memory_scope"),
        ("legacy", 200, ""),
    ] {
        let world = World::start(|file| {
            file["trust"]["mode"] = mode.into();
            file["budgets"] = json!([{"each": "user", "tokens_per_day": 100_000}]);
        })
        .await;
        world.send(&Request::chat(&["Hello"]).signed("acme:ana")).await.assert_ok();
        for (user, used) in [("acme:ana", 12), ("ana", 0), ("acme:bob", 0)] {
            let seen = world.send(&Request::new("GET", "/memgate/v1/me/budget").signed(user)).await.json();
            assert_eq!(seen["rules"][0]["limits"][0]["used"], used, "{mode} {user}");
        }
        let unnamed = world.send(&Request::new("GET", "/memgate/v1/me/budget")).await;
        if status == 200 {
            // The default user, who has used nothing.
            assert_eq!(unnamed.json()["rules"][0]["limits"][0]["used"], 0, "{mode}");
        } else {
            unnamed.assert_refused(status, code);
        }
        for path in ["/memgate/v1/me/budget/acme:ana", "/memgate/v1/me/budget/", "/memgate/v1/me/budgets"] {
            world.send(&Request::new("GET", path).signed("bob")).await.assert_refused(404, "unknown_path");
        }
        world
            .send(&Request::new("DELETE", "/memgate/v1/me/budget").signed("bob"))
            .await
            .assert_refused(405, "method_not_allowed");
    }
}

#[tokio::test]
async fn other_requests_count_their_json_and_tokens_counts_cost_nothing() {
    let world = World::start(budgets(json!([{"each": "user", "tokens_per_day": 1000}]))).await;
    let text = "x".repeat(380);
    let embed = Request::post("/v1/embeddings", json!({"model": "m", "input": text}).to_string()).vouched("ana");
    world.send(&embed).await.assert_ok();
    let used = limit(&world, "ana", "each-user", "tokens").await["used"].as_u64().unwrap();
    assert_eq!(used, (embed.body.len() as u64).div_ceil(4));
    let big = Request::post("/v1/embeddings", json!({"model": "m", "input": "x".repeat(8000)}).to_string()).vouched("ana");
    world.send(&big).await.assert_refused(429, "budget_tokens");
    world.send(&Request::new("GET", "/v1/models").vouched("ana")).await.assert_ok();
    assert_eq!(limit(&world, "ana", "each-user", "tokens").await["used"], used);
}

#[tokio::test]
async fn what_is_left_is_shared_by_all_answers_of_a_request() {
    let world = World::start(|file| {
        file["budgets"] = json!([{"each": "user", "tokens_per_day": 1000}]);
        file["upstreams"][0]["dialects"] = json!(["openai", "anthropic"]);
    })
    .await;
    let messages = json!([{"role": "user", "content": "Hello"}]);
    let ask = |path: &str, user: &str, more: Value| {
        let mut body = json!({"model": "m", "messages": messages});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Request::post(path, body.to_string()).vouched(user)
    };
    let mut rooms = Vec::new();
    for (user, answers) in [("ana", 1), ("bob", 4)] {
        let request = ask("/v1/chat/completions", user, json!({"max_tokens": 1, "max_completion_tokens": 5000, "n": answers}));
        let seen = world.forwarded(&request).await.json();
        assert_eq!(seen["max_tokens"], seen["max_completion_tokens"], "a backend may read either");
        rooms.push(seen["max_tokens"].as_u64().unwrap());
    }
    assert!(rooms[0] > 900 && rooms[1] == rooms[0] / 4, "{rooms:?}");
    // A model that is to think with more than there is cannot be asked with less.
    let thinking = |budget: u64| json!({"max_tokens": 9000, "thinking": {"type": "enabled", "budget_tokens": budget}});
    let anthropic = |user, budget| ask("/v1/messages", user, thinking(budget)).header("anthropic-version", "2023-06-01");
    let refused = world.send(&anthropic("eve", 4000)).await;
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (429, &json!("budget_tokens")));
    assert!(world.forwarded(&anthropic("eve", 500)).await.json()["max_tokens"].as_u64().unwrap() > 500);
    assert_eq!(limit(&world, "eve", "each-user", "tokens").await["reserved"], 0);
}
