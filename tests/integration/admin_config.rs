//! The configuration as operators see it: in force, on the disk, applied. Secrets stay where they are.

use serde_json::{Value, json};

use crate::harness::admin::{HOST, ask, guarded, token_of};
use crate::harness::gate::{JWT_SECRET, OPEN_WEBUI_KEY, SIGNING_KEY, UPSTREAM_KEY};
use crate::harness::request::Request;
use crate::harness::world::World;

async fn world() -> World {
    World::start(|file| file["admin"]["hosts"] = json!([HOST])).await
}

async fn read(world: &World, path: &str) -> Value {
    let answer = ask(world, &Request::new("GET", path)).await;
    answer.assert_ok();
    let text = answer.text();
    for (_, secret) in [SIGNING_KEY, OPEN_WEBUI_KEY, JWT_SECRET, UPSTREAM_KEY] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
    answer.json()
}

fn change_of<'a>(check: &'a Value, path: &str) -> &'a Value {
    let changes = check["changes"].as_array().unwrap();
    changes.iter().find(|change| change["path"] == path).unwrap_or_else(|| panic!("no {path} in {check}"))
}

#[tokio::test]
async fn what_is_in_force_is_shown_whatever_the_file_says_by_now() {
    let mut world = world().await;
    let shown = read(&world, "/v1/config").await;
    let text = shown["text"].as_str().unwrap();
    for part in ["mode: required", "env: TEST_SIGNING_KEY", "env: TEST_UPSTREAM_KEY", "name: open-webui"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(shown["path"].as_str().unwrap().ends_with("proxy.yaml"));
    assert_eq!(read(&world, "/v1/config/check").await, json!({"valid": true, "faults": [], "changes": []}));

    world.gate.settings.file["trust"]["mode"] = "strict".into();
    world.gate.settings.file["clients"][0]["memory"] = "off".into();
    world.gate.write_config();
    assert_eq!(read(&world, "/v1/config").await, shown);
    let check = read(&world, "/v1/config/check").await;
    assert_eq!((&check["valid"], check["changes"].as_array().unwrap().len()), (&json!(true), 2), "{check}");
    assert_eq!(change_of(&check, "trust.mode"), &json!({"path": "trust.mode", "from": "required", "to": "strict"}));
    assert_eq!(change_of(&check, "clients[open-webui].memory")["from"], Value::Null);

    assert_eq!(ask(&world, &Request::new("POST", "/v1/reload")).await.status, 204);
    let after = read(&world, "/v1/config").await;
    assert!(after["text"].as_str().unwrap().contains("mode: strict"));
    assert!(after["loaded_at"].as_i64() > shown["loaded_at"].as_i64());
    assert_eq!(read(&world, "/v1/config/check").await["changes"], json!([]));
}

#[tokio::test]
async fn a_faulty_file_is_told_without_what_it_holds() {
    let mut world = world().await;
    let file = &mut world.gate.settings.file;
    file["clients"][0]["key"] = "hunter2".into();
    file["trust"]["mode"] = "hunter2".into();
    file["apikey"] = "hunter2".into();
    file["upstreams"][0]["url"] = "http://ana:hunter2@127.0.0.1:1/v1".into();
    file["listen"] = "127.0.0.1:1".into();
    world.gate.write_config();
    let check = read(&world, "/v1/config/check").await;
    assert_eq!(check["valid"], false);
    let places: Vec<&str> = check["faults"].as_array().unwrap().iter().map(|fault| fault["path"].as_str().unwrap()).collect();
    assert!(["clients[0].key", "trust.mode"].iter().all(|path| places.contains(path)), "{places:?}");
    assert_eq!(change_of(&check, "trust.mode")["from"], "required");
    let refused = ask(&world, &Request::new("POST", "/v1/reload")).await;
    assert_eq!((refused.status, refused.json()["code"].clone()), (422, json!("invalid_config")));
    assert!(!refused.text().contains("hunter2"));

    world.gate.write_raw_config("listen: [");
    let check = read(&world, "/v1/config/check").await;
    assert_eq!((&check["valid"], &check["changes"]), (&json!(false), &json!([])));
}

#[tokio::test]
async fn what_needs_a_restart_is_told_before_it_is_tried() {
    let mut world = world().await;
    world.gate.settings.file["limits"] = json!({"threads": 3});
    world.gate.write_config();
    let check = read(&world, "/v1/config/check").await;
    assert_eq!((&check["valid"], &check["faults"][0]["path"]), (&json!(false), &json!("limits.threads")));
    assert_eq!(change_of(&check, "limits.threads")["from"], Value::Null);
}

#[tokio::test]
async fn a_reload_is_an_act_on_record_and_a_viewer_may_not() {
    let mut world = guarded(|_| {}).await;
    let reload = |role: &str| Request::new("POST", "/v1/reload").bearer(token_of(role));
    assert_eq!(ask(&world, &reload("viewer")).await.status, 403);
    assert_eq!(ask(&world, &reload("operator")).await.status, 204);
    world.gate.settings.file["trust"]["mode"] = "lax".into();
    world.gate.write_config();
    assert_eq!(ask(&world, &reload("operator")).await.status, 422);
    let acts: Vec<Value> = world.audit().into_iter().filter(|entry| entry["act"] == "config.reload").collect();
    let told: Vec<(&str, &str)> =
        acts.iter().map(|act| (act["operator"].as_str().unwrap(), act["outcome"].as_str().unwrap())).collect();
    assert_eq!(told, [("olga", "begun"), ("olga", "done"), ("olga", "begun"), ("olga", "failed")]);
    let shown = ask(&world, &Request::new("GET", "/v1/config").bearer(token_of("viewer"))).await;
    shown.assert_ok();
    assert!(!shown.text().contains("$argon2") && shown.text().contains("name: vera"), "{}", shown.text());
}
