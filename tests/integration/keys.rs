//! Personal upstream keys: each request goes with its own person's key, and a key goes nowhere else.

use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::gate::{Settings, UPSTREAM_KEY};
use crate::harness::request::Request;
use crate::harness::upstream::{FakeUpstream, Recorded, Script};
use crate::harness::world::World;
use crate::me::{ask, say};

pub const ANA: &str = "sk-personal-of-ana-aaa111";
pub const BERT: &str = "sk-personal-of-bert-bbb222";

pub async fn put(world: &World, user: &str, provider: &str, key: &str) -> Answer {
    world.send(&say("PUT", &format!("/keys/{provider}"), &json!({"key": key})).signed(user)).await
}

pub async fn keys(world: &World, user: &str) -> Vec<Value> {
    let answer = world.send(&ask("GET", "/keys").signed(user)).await;
    answer.assert_ok();
    answer.json()["keys"].as_array().unwrap().clone()
}

pub fn chat(user: &str) -> Request {
    Request::chat(&["Hello."]).signed(user)
}

/// With which key a chat arrives, and what its answer says of that.
pub async fn arrives_with(world: &World, request: &Request) -> (Option<String>, Option<String>) {
    let answer = world.send(request).await;
    answer.assert_ok();
    let bearer = world.upstream.last().header("authorization").map(|value| value.trim_start_matches("Bearer ").to_owned());
    (bearer, answer.header("x-memgate-key-source").map(str::to_owned))
}

fn served(key: &str, source: &str) -> (Option<String>, Option<String>) {
    (Some(key.to_owned()), Some(source.to_owned()))
}

#[tokio::test]
async fn each_person_is_served_with_their_own() {
    let mut world = World::in_mode("required").await;
    let stored = put(&world, "acme:ana", "fake", ANA).await;
    assert_eq!(stored.status, 201, "{}", stored.text());
    let body = stored.json();
    assert_eq!((&body["provider"], &body["hint"], &body["used_at"]), (&json!("fake"), &json!("...aaa111"), &Value::Null));
    assert_eq!(put(&world, "umbra:ana", "fake", BERT).await.status, 201, "an equal name of another tenant");
    for round in ["at once", "after a restart"] {
        assert_eq!(arrives_with(&world, &chat("acme:ana")).await, served(ANA, "personal"), "{round}");
        assert_eq!(arrives_with(&world, &chat("umbra:ana")).await, served(BERT, "personal"), "{round}");
        assert_eq!(arrives_with(&world, &chat("carla")).await, served(UPSTREAM_KEY.1, "shared"), "{round}");
        let streamed = Request::streamed_chat(&["Hello."]).signed("acme:ana");
        assert_eq!(arrives_with(&world, &streamed).await, served(ANA, "personal"), "{round}");
        let embeddings = Request::post("/v1/embeddings", r#"{"model": "m", "input": "x"}"#).signed("acme:ana");
        assert_eq!(arrives_with(&world, &embeddings).await, served(ANA, "personal"), "{round}");
        let models = Request::new("GET", "/v1/models").signed("umbra:ana");
        assert_eq!(arrives_with(&world, &models).await, served(BERT, "personal"), "{round}");
        assert!(keys(&world, "acme:ana").await[0]["used_at"].is_string(), "{round}");
        world.gate.stop();
        world.gate.start();
    }
    assert_eq!(put(&world, "acme:ana", "fake", "sk-another-of-ana").await.status, 200, "one for each provider");
    assert_eq!(arrives_with(&world, &chat("acme:ana")).await, served("sk-another-of-ana", "personal"));
    world.send(&ask("DELETE", "/keys/fake").signed("acme:ana")).await.assert_ok();
    assert_eq!(arrives_with(&world, &chat("acme:ana")).await, served(UPSTREAM_KEY.1, "shared"));
    assert_eq!(arrives_with(&world, &chat("umbra:ana")).await, served(BERT, "personal"));
    let of = |source: &str| [r#"upstream="fake""#.to_owned(), format!(r#"source="{source}""#)];
    let [upstream, source] = of("personal");
    assert!(world.metric("memgate_upstream_keys_total", &[&upstream, &source]).await >= 2);
    let records = world.requests_on_record(10).await;
    let told: Vec<_> = records.iter().filter(|record| record["route"] == "chat").map(|record| record["key"].clone()).collect();
    assert!(told.contains(&json!("personal")) && told.contains(&json!("shared")) && !told.contains(&Value::Null), "{told:?}");
}

#[tokio::test]
async fn a_key_goes_to_no_upstream_but_its_own_providers() {
    let second = FakeUpstream::start(Script::fitting).await;
    let address = second.address;
    let world = World::start(|file| {
        file["upstreams"][0]["models"] = json!(["m"]);
        let other = json!({"name": "other", "url": format!("http://{address}/v1"), "models": ["n"], "auth": "x_api_key"});
        file["upstreams"].as_array_mut().unwrap().push(other);
    })
    .await;
    assert_eq!(put(&world, "ana", "fake", ANA).await.status, 201);
    let to_other = Request::post("/v1/chat/completions", r#"{"model": "n", "messages": [{"role": "user", "content": "Hi"}]}"#);
    let answer = world.send(&to_other.clone().signed("ana")).await;
    answer.assert_ok();
    assert_eq!(answer.header("x-memgate-key-source"), Some("none"), "an upstream without any key is sent none");
    let seen = second.last();
    assert!(!seen.mentions(ANA) && seen.header("authorization").is_none() && seen.header("x-api-key").is_none());
    assert_eq!(put(&world, "ana", "other", BERT).await.status, 201);
    world.send(&to_other.signed("ana")).await.assert_ok();
    assert_eq!(second.last().header("x-api-key"), Some(BERT), "in the way that the upstream is shown keys");
    assert_eq!(arrives_with(&world, &chat("ana")).await, served(ANA, "personal"));
    assert!(world.upstream.take().iter().all(|seen| !seen.mentions(BERT)));
}

#[tokio::test]
async fn a_key_of_ones_own_may_be_required() {
    let world = World::start(|file| file["upstreams"][0]["require_personal_key"] = json!(true)).await;
    let refused = world.send(&chat("ana")).await;
    refused.assert_refused(403, "personal_key_required");
    assert!(refused.text().contains("PUT /memgate/v1/me/keys/fake"), "{}", refused.text());
    assert!(refused.header("x-memgate-key-source").is_none());
    let models = world.send(&Request::new("GET", "/v1/models").signed("ana")).await;
    models.assert_refused(403, "personal_key_required");
    assert!(world.upstream.take().is_empty());
    let told = explain(&world, "ana").await;
    assert_eq!((&told["source"], &told["reason"]), (&Value::Null, &json!("personal_key_required")));
    assert_eq!(told["steps"], json!({"personal": "absent", "shared": "personal_required", "environment": "personal_required"}));
    assert_eq!(put(&world, "ana", "fake", ANA).await.status, 201);
    let told = explain(&world, "ana").await;
    assert_eq!((&told["source"], &told["reason"], &told["provider"]), (&json!("personal"), &json!("own_key"), &json!("fake")));
    assert_eq!(arrives_with(&world, &chat("ana")).await, served(ANA, "personal"));
    world.send(&chat("bert")).await.assert_refused(403, "personal_key_required");
    let records = world.requests_on_record(3).await;
    assert!(records.iter().any(|record| record["error"] == "personal_key_required" && record["key"].is_null()));
}

async fn explain(world: &World, user: &str) -> Value {
    let chat = json!({"model": "m", "messages": [{"role": "user", "content": "Hello."}]});
    let answer = world.send(&say("POST", "/explain", &chat).signed(user)).await;
    answer.assert_ok();
    answer.json()["key"].clone()
}

#[tokio::test]
async fn whoever_is_unproven_is_told_so_in_their_dialect() {
    let world = World::start(|file| {
        file["trust"]["mode"] = json!("legacy");
        file["upstreams"][0]["require_personal_key"] = json!(true);
        file["upstreams"][0]["dialects"] = json!(["openai", "anthropic", "ollama"]);
    })
    .await;
    let forged = |request: Request| request.bearer("mgk_nobodys-key");
    let refused = world.send(&forged(Request::chat(&["Hello."]))).await;
    refused.assert_refused(401, "personal_key_required");
    let turn = r#"{"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}"#;
    let messages = Request::post("/v1/messages", turn).header("anthropic-version", "2023-06-01");
    let body = world.send(&messages.signed("ana")).await.json();
    assert_eq!((&body["type"], &body["error"]["type"]), (&json!("error"), &json!("permission_error")), "{body}");
    assert_eq!(body["error"]["code"], "personal_key_required");
    let body = world.send(&Request::post("/api/chat", turn).signed("ana")).await.json();
    assert!(body["error"].is_string() && body["code"] == "personal_key_required", "{body}");
    assert!(world.upstream.take().is_empty());
}

#[tokio::test]
async fn the_shared_key_is_for_its_groups() {
    let world = World::start(|file| file["upstreams"][0]["shared_key_groups"] = json!(["staff"])).await;
    world.send(&chat("ana")).await.assert_refused(403, "personal_key_required");
    let told = explain(&world, "ana").await;
    assert_eq!((&told["source"], &told["steps"]["shared"]), (&Value::Null, &json!("not_in_group")));
    assert!(world.upstream.take().is_empty());
    assert_eq!(put(&world, "ana", "fake", ANA).await.status, 201);
    assert_eq!(arrives_with(&world, &chat("ana")).await, served(ANA, "personal"));
}

#[tokio::test]
async fn the_operator_can_forbid_each_step() {
    let world = World::start(|file| file["vault"] = json!({"personal": "on", "shared": "off"})).await;
    world.send(&chat("ana")).await.assert_refused(403, "personal_key_required");
    let mut world = world;
    assert_eq!(put(&world, "ana", "fake", ANA).await.status, 201);
    assert_eq!(arrives_with(&world, &chat("ana")).await, served(ANA, "personal"));
    world.gate.settings.file["vault"] = json!({"personal": "off"});
    world.gate.stop();
    world.gate.write_config();
    world.gate.start();
    assert_eq!(arrives_with(&world, &chat("ana")).await, served(UPSTREAM_KEY.1, "shared"));
    put(&world, "ana", "fake", ANA).await.assert_refused(403, "personal_keys_off");
    assert_eq!(keys(&world, "ana").await.len(), 1, "what is stored can still be seen");
    world.send(&ask("DELETE", "/keys/fake").signed("ana")).await.assert_ok();
    world.gate.settings.file["upstreams"][0]["require_personal_key"] = json!(true);
    world.gate.write_config();
    let check = world.gate.check();
    let said = String::from_utf8_lossy(&check.stderr).into_owned() + &String::from_utf8_lossy(&check.stdout);
    assert!(!check.status.success() && said.contains("upstreams[0].require_personal_key"), "{said}");
}

#[tokio::test]
async fn the_environment_serves_where_it_is_wanted() {
    let upstream = FakeUpstream::start(Script::fitting).await;
    let change = |file: &mut Value| {
        let url = file["upstreams"][0]["url"].clone();
        file["upstreams"] = json!([{"name": "openai", "url": url}]);
    };
    let settings = Settings::new(upstream.address).with(change).variable("OPENAI_API_KEY", "sk-of-the-environment");
    let mut world = World { upstream, gate: settings.start() };
    let answer = world.send(&chat("ana")).await;
    answer.assert_ok();
    assert_eq!(answer.header("x-memgate-key-source"), Some("none"), "nobody said that it may be spent");
    assert!(world.upstream.last().header("authorization").is_none());
    world.gate.settings.file["vault"] = json!({"environment": "on"});
    world.gate.stop();
    world.gate.write_config();
    world.gate.start();
    assert_eq!(arrives_with(&world, &chat("ana")).await, served("sk-of-the-environment", "environment"));
    assert_eq!(put(&world, "ana", "openai", ANA).await.status, 201);
    assert_eq!(arrives_with(&world, &chat("ana")).await, served(ANA, "personal"));
    assert_eq!(arrives_with(&world, &chat("bert")).await, served("sk-of-the-environment", "environment"));
    assert!(!world.metrics().await.contains("sk-of-the") && !world.gate.log().contains("sk-of-the"));
}

#[tokio::test]
async fn a_provider_is_asked_whether_a_key_is_good() {
    let answer = |request: &Recorded| match request.header("authorization") {
        _ if request.method != "GET" => Script::fitting(request),
        Some("Bearer sk-personal-of-ana-aaa111") => Script::json(200, &json!({"data": [], "note": "internal-words"})),
        Some("Bearer sk-redirected") => Script::Raw(
            b"HTTP/1.1 302 Found\r\nLocation: /v1/elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
        ),
        Some("Bearer sk-cut-off-abcdef") => Script::Close,
        Some("Bearer sk-too-many-abcdef") => Script::json(429, &json!({})),
        _ => Script::json(401, &json!({"error": "internal-words of the provider"})),
    };
    let world = World::with_upstream(answer, |_| {}).await;
    let test = || ask("POST", "/keys/fake/test").signed("ana");
    world.send(&test()).await.assert_refused(404, "key_not_found");
    for (key, result) in [
        (ANA, "valid"),
        (BERT, "invalid"),
        ("sk-redirected", "unclear"),
        ("sk-cut-off-abcdef", "unreachable"),
        ("sk-too-many-abcdef", "unclear"),
    ] {
        put(&world, "ana", "fake", key).await;
        let tested = world.send(&test()).await;
        tested.assert_ok();
        assert_eq!(tested.json()["result"], result, "{key}: {}", tested.text());
        assert!(!tested.text().contains("internal-words") && !tested.text().contains(key), "{}", tested.text());
        let listed = keys(&world, "ana").await;
        assert_eq!(listed[0]["tested"]["result"], result, "{listed:?}");
        assert_eq!(world.metric("memgate_key_tests_total", &[&format!(r#"result="{result}""#)]).await.min(1), 1);
    }
    let seen = world.upstream.take();
    assert!(seen.iter().all(|seen| (seen.method.as_str(), seen.target.as_str()) == ("GET", "/v1/models")), "{seen:?}");
    assert_eq!(seen.len(), 5, "no redirect is followed, nothing is asked twice");
    world.send(&test()).await.assert_ok();
    let refused = world.send(&test()).await;
    refused.assert_refused(429, "key_test_limit");
    assert!(refused.header("retry-after").is_some_and(|seconds| (1..=60).contains(&seconds.parse::<u64>().unwrap())));
    put(&world, "bert", "fake", BERT).await;
    world.send(&ask("POST", "/keys/fake/test").signed("bert")).await.assert_ok();
    put(&world, "ana", "openai", ANA).await;
    world.send(&ask("POST", "/keys/openai/test").signed("ana")).await.assert_refused(409, "key_without_upstream");
}
