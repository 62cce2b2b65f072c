//! Tenants, groups, models, keys, settings, sessions and budgets in one configuration: what each says, all obey.

use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::gate::UPSTREAM_KEY;
use crate::harness::request::Request;
use crate::harness::upstream::{FakeUpstream, Script};
use crate::harness::world::World;
use crate::keys::put;
use crate::me::{ask, say};

const STAFF: &str = "acme:ana";
const COLLEAGUE: &str = "acme:bert";
const STRANGER: &str = "umbra:ana";

/// Two companies. `acme` has both upstreams, its staff the large model and the shared key; `umbra` has the open upstream alone.
async fn world() -> (World, FakeUpstream) {
    let open = FakeUpstream::start(Script::fitting).await;
    let address = open.address;
    let world = World::start(|file| {
        file["tenants"] = json!([{"name": "acme"}, {"name": "umbra", "upstreams": ["open"]}]);
        file["groups"] = json!([{"name": "staff", "users": [STAFF], "evidence": false}]);
        // An answer of the fake upstream counts 10 and 2 tokens.
        let price = json!({"input": 100_000, "output": 250_000});
        file["upstreams"][0]["models"] = json!([
            {"name": "m", "price": price},
            {"name": "large", "aliases": ["best"], "upstream_name": "large-2", "groups": ["staff"], "price": price},
        ]);
        file["upstreams"][0]["shared_key_groups"] = json!(["staff"]);
        let open = json!({"name": "open", "url": format!("http://{address}/v1"), "models": ["o"]});
        file["upstreams"].as_array_mut().unwrap().push(open);
        file["settings"] =
            json!({"configured": {"temperature": 0.5}, "tenants": {"umbra": {"model": "o"}}, "locked": ["temperature"]});
        file["budgets"] = json!([{"each": "user", "money_per_month": 4, "assumed_output": 2}]);
        file["clients"][0]["history"] = json!("on");
    })
    .await;
    (world, open)
}

fn chat(user: &str, model: &str) -> Request {
    let body = json!({"model": model, "temperature": 1.5, "max_tokens": 2, "messages": [{"role": "user", "content": "Hello"}]});
    Request::post("/v1/chat/completions", body.to_string()).signed(user)
}

async fn money(world: &World, user: &str) -> Value {
    let answer = world.send(&ask("GET", "/budget").signed(user)).await;
    answer.assert_ok();
    let limits = answer.json()["rules"][0]["limits"].clone();
    limits.as_array().unwrap().iter().find(|limit| limit["kind"] == "money").unwrap()["used"].clone()
}

fn models(answer: &Answer) -> Vec<String> {
    let mut names: Vec<String> =
        answer.json()["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn each_has_the_models_of_their_tenant_and_groups() {
    let (world, open) = world().await;
    for (user, expected) in
        [(STAFF, vec!["best", "large", "m", "o"]), (COLLEAGUE, vec!["m", "o"]), (STRANGER, vec!["o"]), ("ana", vec!["m", "o"])]
    {
        let listed = world.send(&Request::new("GET", "/v1/models").signed(user)).await;
        assert_eq!(models(&listed), expected, "{user}");
    }
    let served = world.send(&chat(STAFF, "best")).await;
    served.assert_ok();
    let seen = world.upstream.last();
    assert_eq!((&seen.json()["model"], &seen.json()["temperature"]), (&json!("large-2"), &json!(0.5)));
    assert_eq!(seen.header("authorization"), Some(format!("Bearer {}", UPSTREAM_KEY.1).as_str()));
    drop((world.upstream.take(), open.take()));
    for (user, model) in
        [(COLLEAGUE, "best"), (COLLEAGUE, "large-2"), (STRANGER, "m"), (STRANGER, "best"), ("umbra:bert", "large")]
    {
        world.send(&chat(user, model)).await.assert_refused(404, "model_not_found");
    }
    assert!(world.upstream.take().is_empty() && open.take().is_empty());
    // The tenant's own template chooses the model of a request that names none.
    let unnamed = Request::post("/v1/chat/completions", json!({"messages": [{"role": "user", "content": "Hi"}]}).to_string());
    world.send(&unnamed.signed(STRANGER)).await.assert_ok();
    assert_eq!(open.last().json()["model"], "o");
    assert_eq!(open.last().header("authorization"), None, "the other upstream's key is not this one's");
}

#[tokio::test]
async fn a_key_of_ones_own_opens_what_the_shared_one_does_not_and_costs_no_money() {
    let (world, _open) = world().await;
    world.send(&chat(COLLEAGUE, "m")).await.assert_refused(403, "personal_key_required");
    assert_eq!(put(&world, COLLEAGUE, "fake", "sk-of-bert-himself").await.status, 201);
    let served = world.send(&chat(COLLEAGUE, "m")).await;
    served.assert_ok();
    assert_eq!(served.header("x-memgate-key-source"), Some("personal"));
    assert_eq!(world.upstream.last().header("authorization"), Some("Bearer sk-of-bert-himself"));
    world.send(&chat(COLLEAGUE, "large")).await.assert_refused(404, "model_not_found");
    assert_eq!(money(&world, COLLEAGUE).await, 0.0, "it is his own account");
    // Ten tokens at 0.1 and two at 0.25, twice; a third one does not fit into 4.
    for _ in 0..2 {
        world.send(&chat(STAFF, "m")).await.assert_ok();
    }
    assert_eq!(money(&world, STAFF).await, 3.0);
    world.send(&chat(STAFF, "large")).await.assert_refused(429, "budget_money");
    world.send(&chat(STAFF, "o")).await.assert_ok();
    assert_eq!(money(&world, STRANGER).await, 0.0);
}

#[tokio::test]
async fn a_dry_run_tells_what_each_part_says() {
    let (world, _open) = world().await;
    let body = json!({"model": "best", "temperature": 1.5, "messages": [{"role": "user", "content": "Hello"}]});
    let told = world.send(&say("POST", "/explain", &body).signed(STAFF).header("X-Memgate-Session", "s1")).await;
    told.assert_ok();
    let told = told.json();
    assert_eq!((&told["identity"]["tenant"], &told["identity"]["groups"][0]["name"]), (&json!("acme"), &json!("staff")));
    assert_eq!((&told["model"]["asked"], &told["model"]["upstream_name"]), (&json!("best"), &json!("large-2")));
    assert_eq!(told["model"]["upstreams"][0], json!({"name": "fake", "reason": "by_alias"}));
    assert_eq!((&told["key"]["source"], &told["session"]["id"]), (&json!("shared"), &json!("s1")));
    let temperature = &told["settings"]["temperature"];
    assert_eq!((&temperature["value"], &temperature["layer"]), (&json!(0.5), &json!("configured")));
    assert_eq!(temperature["lost"][0], json!({"layer": "request", "value": 1.5, "why": "locked"}));
    assert!(told["budget"].is_object(), "{told}");
    let refused = world.send(&say("POST", "/explain", &body).signed(COLLEAGUE)).await;
    refused.assert_refused(404, "model_not_found");
    assert!(world.upstream.take().is_empty(), "a dry run asks nobody");
    let sessions = world.send(&ask("GET", "/sessions").signed(STAFF)).await.json();
    assert_eq!(sessions["sessions"], json!([]), "nor does it leave a session");
}
