//! The installation at a glance: rates, activity, what was turned away, upstreams, clients, budgets and settings.

use serde_json::{Value, json};

use crate::harness::admin::{HOST, ask};
use crate::harness::eventually;
use crate::harness::request::Request;
use crate::harness::world::World;

async fn world(change: impl FnOnce(&mut Value)) -> World {
    World::start(|file| {
        file["admin"]["hosts"] = json!([HOST]);
        change(file);
    })
    .await
}

async fn read(world: &World, path: &str) -> Value {
    let answer = ask(world, &Request::new("GET", path)).await;
    answer.assert_ok();
    answer.json()
}

fn chat(user: &str) -> Request {
    Request::chat(&["Hello"]).vouched(user)
}

fn row<'a>(rows: &'a Value, name: &str) -> &'a Value {
    rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name} in {rows}"))
}

#[tokio::test]
async fn the_overview_adds_up() {
    let world = world(|file| file["trust"]["shadow"] = "strict".into()).await;
    for request in [chat("ana"), chat("ana"), chat("bo"), Request::chat(&["Hello"])] {
        world.send(&request).await;
    }
    // Another's, or never was: the answer does not tell, the counter takes both.
    let nowhere = "018f0000000070008000000000000000";
    for path in [format!("/memgate/v1/me/memories/{nowhere}"), "/memgate/v1/me/sessions/nowhere".to_owned()] {
        assert_eq!(world.send(&Request::new("GET", &path).vouched("ana")).await.status, 404, "{path}");
    }
    let found = eventually("two points and all requests", async || {
        let found = read(&world, "/v1/overview").await;
        let requests: f64 = found["series"]["requests_per_second"].as_array().unwrap().iter().filter_map(Value::as_f64).sum();
        let done =
            found["activity"].as_array().unwrap().iter().any(|client| client["client"] == "open-webui" && client["active"] == 2);
        (done && requests > 0.0).then_some(found)
    })
    .await;
    assert_eq!((&found["mode"], &found["shadow"]), (&json!("required"), &json!("strict")));
    assert_eq!(
        (&found["users"], &found["sandboxes"], &found["cross_scope_denials"]),
        (&json!(2), &json!(0), &json!(2)),
        "{found}"
    );
    let decided = |reason: &str| {
        let counts = found["decisions"].as_array().unwrap().iter().filter(|count| count["reason"] == reason);
        counts.map(|count| count["requests"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((decided("vouched"), decided("identity_missing")), (5, 1));
    assert!(found["tokens_in"].as_u64().unwrap() > 0 && found["tokens_out"].as_u64().unwrap() > 0, "{found}");
    let series = found["series"].as_object().unwrap();
    let length = series["at"].as_array().unwrap().len();
    assert!(length >= 1);
    for (name, list) in series.iter().filter(|(name, _)| *name != "step_seconds") {
        assert_eq!(list.as_array().unwrap().len(), length, "{name}");
    }
    assert!(series["duration_p95"].as_array().unwrap().iter().any(Value::is_number));
    assert_eq!(row(&found["upstreams"], "fake")["requests"], 3);
    let denied = |kind: &str| format!("kind=\"{kind}\"");
    for kind in ["fact", "session"] {
        assert_eq!(world.metric("memgate_cross_scope_denials_total", &[&denied(kind)]).await, 1);
    }
}

#[tokio::test]
async fn a_cut_conversation_saves_tokens_that_are_counted() {
    let world = world(|file| file["upstreams"][0]["window"] = 600.into()).await;
    let long = "word ".repeat(120);
    let turns: Vec<&str> = (0..11).map(|_| long.as_str()).collect();
    world.send(&Request::chat(&turns).vouched("ana")).await.assert_ok();
    let found = read(&world, "/v1/overview").await;
    assert_eq!(found["trims"], 1, "{found}");
    assert!(found["messages_cut"].as_u64().unwrap() >= 2);
    assert!(found["tokens_saved"].as_u64().unwrap() > 200);
}

#[tokio::test]
async fn clients_and_upstreams_are_listed_without_secrets() {
    let world = world(|file| {
        file["upstreams"][0]["concurrency"] = json!({"limit": 3});
        file["upstreams"][0]["models"] = json!(["m", "other"]);
        file["clients"][0]["vouch"] = "verified".into();
    })
    .await;
    world.send(&chat("ana")).await.assert_ok();
    world.send(&Request::chat(&["Hello"])).await;
    let clients = eventually("both requests", async || {
        let clients = read(&world, "/v1/clients").await;
        (row(&clients, "unknown")["requests"] == 1 && row(&clients, "open-webui")["requests"] == 1).then_some(clients)
    })
    .await;
    let known = row(&clients, "open-webui");
    assert_eq!((&known["known_by"], &known["vouch"], &known["active_users"]), (&json!(["key"]), &json!("verified"), &json!(1)));
    assert_eq!((&known["sources"], &known["refused"]), (&json!(["the header x-openwebui-user-id"]), &json!(0)));
    let unknown = row(&clients, "unknown");
    assert_eq!((&unknown["refused"], &unknown["active_users"]), (&json!(1), &json!(0)));
    assert!(unknown["seen_at"].is_i64());
    let upstreams = read(&world, "/v1/upstreams").await;
    let fake = row(&upstreams, "fake");
    assert_eq!((&fake["well"], &fake["condition"], &fake["concurrency"]), (&json!(true), &json!("well"), &json!(3)));
    assert_eq!((&fake["models"], &fake["running"], &fake["waiting"]), (&json!(["m", "other"]), &json!(0), &json!(0)));
    assert!(fake["address"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{fake}");
    for text in [clients.to_string(), upstreams.to_string()] {
        assert!(!text.contains("sk-"), "{text}");
    }
}

#[tokio::test]
async fn budgets_show_who_used_how_much_and_a_reset_is_on_record() {
    let world = world(|file| {
        file["budgets"] = json!([
            {"name": "each", "each": "user", "requests_per_minute": 4, "tokens_per_day": 1_000_000, "soft": 0.5},
            {"name": "all", "requests_per_minute": 100},
        ]);
    })
    .await;
    for user in ["ana", "ana", "ana", "bo"] {
        world.send(&chat(user)).await.assert_ok();
    }
    let rules = read(&world, "/v1/budgets").await;
    assert_eq!((&row(&rules, "each")["accounts"], &row(&rules, "all")["accounts"]), (&json!(2), &json!(0)));
    assert_eq!(row(&rules, "each")["scope"], "all requests, each user apart");
    assert_eq!(row(&rules, "each")["limits"][0], json!({"kind": "requests", "limit": 4}));
    let first = read(&world, "/v1/budgets/users?limit=1").await;
    let second = read(&world, &format!("/v1/budgets/users?limit=1&cursor={}", first["next"].as_str().unwrap())).await;
    assert_eq!((&first["items"][0]["user"], &second["items"][0]["user"]), (&json!("default:ana"), &json!("default:bo")));
    assert_eq!(second.get("next"), None);
    let used = |page: &Value| {
        let limits = page["items"][0]["limits"].as_array().unwrap().clone();
        limits.into_iter().find(|limit| limit["kind"] == "requests").unwrap()["used"].clone()
    };
    assert_eq!((used(&first), used(&second)), (json!(3), json!(1)));
    let soft = read(&world, "/v1/budgets/users?zone=soft").await;
    assert_eq!(soft["items"].as_array().unwrap().len(), 1, "{soft}");
    assert_eq!(read(&world, "/v1/budgets/users?rule=all").await["items"], json!([]));
    let reset = |rule: &str, user: &str| Request::post("/v1/budgets/reset", json!({"rule": rule, "user": user}).to_string());
    assert_eq!(ask(&world, &reset("each", "ana")).await.status, 204);
    assert_eq!(used(&read(&world, "/v1/budgets/users?user=ana").await), json!(0));
    assert_eq!(used(&read(&world, "/v1/budgets/users?user=bo").await), json!(1), "another's stays");
    world.send(&chat("ana2")).await.assert_ok();
    let found =
        async |user: &str| read(&world, &format!("/v1/budgets/users?user={user}")).await["items"].as_array().unwrap().len();
    assert_eq!(
        (found("ana").await, found("default:ana").await, found("default:an").await),
        (2, 1, 2),
        "a part, or all of a name"
    );
    for (request, status) in [(reset("none", "ana"), 404), (reset("all", "ana"), 400), (reset("each", ""), 400)] {
        assert_eq!(ask(&world, &request).await.status, status);
    }
    let acts: Vec<Value> = world.audit().into_iter().filter(|entry| entry["act"] == "budget.reset").collect();
    assert_eq!(acts.iter().map(|act| act["outcome"].as_str().unwrap()).collect::<Vec<_>>(), ["begun", "done"]);
    assert!(acts.iter().all(|act| act["user"] == "default:ana" && act["operator"] == "open"));
}

#[tokio::test]
async fn settings_are_shown_by_layer() {
    let world = world(|file| {
        file["settings"] = json!({
            "configured": {"temperature": 0.5, "max_tokens": 100},
            "clients": {"open-webui": {"depth": 3}},
            "locked": {"max_tokens": "configured"},
            "bounds": {"temperature": [0.0, 1.0]},
        });
    })
    .await;
    let found = read(&world, "/v1/settings").await;
    assert_eq!(found["configured"], json!({"temperature": 0.5, "max_tokens": 100}));
    assert_eq!((&found["clients"], &found["tenants"]), (&json!({"open-webui": {"depth": 3}}), &json!({})));
    assert_eq!(found["locks"]["max_tokens"]["set_by"], "configured");
    assert_eq!(found["locks"]["temperature"], json!({"set_by": "request", "bounds": [0.0, 1.0]}));
}
