//! Sandboxes over the admin API: listed, looked into, promoted fact by fact, ended.

use serde_json::{Value, json};

use crate::admin_people::{acts, done, operate, visits};
use crate::harness::admin::guarded;
use crate::harness::request::Request;
use crate::harness::world::World;
use crate::me::{add, list};

fn unknown(text: &str, who: &str) -> Request {
    Request::chat(&[text]).header("X-Memgate-User", who)
}

async fn quarantine() -> World {
    guarded(|file| file["trust"]["mode"] = "quarantine".into()).await
}

async fn sandboxes(world: &World) -> Vec<Value> {
    done(world, "GET", "/sandboxes", None).await["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_was_reviewed_is_promoted_and_the_rest_stays_apart() {
    let world = quarantine().await;
    add(&world, "ana", &json!({"text": "I like tea"})).await;
    world.teach(&unknown("Remember that my locker opens with aardvark.", "ana-to-be")).await;
    world.teach(&unknown("Remember that my bike is stolen.", "ana-to-be")).await;
    world.teach(&unknown("I keep goats.", "somebody else")).await;
    let listed = sandboxes(&world).await;
    assert_eq!((listed.len(), done(&world, "GET", "/users", None).await["total"].as_u64()), (2, Some(1)), "no sandbox is a user");
    let first = done(&world, "GET", "/sandboxes?limit=1", None).await;
    let next = done(&world, "GET", &format!("/sandboxes?limit=1&cursor={}", first["next"].as_str().unwrap()), None).await;
    assert_eq!([&first["items"][0]["id"], &next["items"][0]["id"]], [&listed[0]["id"], &listed[1]["id"]], "the youngest first");
    let id = listed[1]["id"].as_str().unwrap();
    let shown = done(&world, "GET", &format!("/sandboxes/{id}"), None).await;
    assert_eq!((&shown["facts"]["held"], shown["expires_at"].as_i64() > shown["created_at"].as_i64()), (&json!(2), true));
    let facts = done(&world, "GET", &format!("/sandboxes/{id}/facts?search=locker"), None).await;
    let fact = &facts["items"][0];
    assert!(fact["held_for"] == "sandbox" && fact["text"].as_str().unwrap().contains("aardvark"), "{facts}");

    let path = format!("/sandboxes/{id}/promotion");
    for (body, status) in [
        (json!({"user": "ana", "facts": []}), 400),
        (json!({"user": "~sandbox:x", "facts": [fact["id"]]}), 400),
        (json!({"user": "invented", "facts": [fact["id"]]}), 404),
        (json!({"user": "ana", "facts": [fact["id"], "018f0000-0000-7000-8000-000000000000"]}), 404),
    ] {
        let answer = operate(&world, "POST", &path, Some(body.clone())).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    assert_eq!(list(&world, "ana", "").await.len(), 1, "all or none");
    for written in [1, 0] {
        let promoted = done(&world, "POST", &path, Some(json!({"user": "ana", "facts": [fact["id"]]}))).await;
        assert_eq!(promoted["written"].as_array().unwrap().len(), written, "{promoted}");
    }
    let seen = world.forwarded(&Request::chat(&["What opens my locker, and where is my bike?"]).signed("ana")).await;
    assert!(seen.mentions("aardvark") && !seen.mentions("stolen"));
    let own = list(&world, "ana", "?q=locker").await;
    assert!(own[0]["source"]["origin"].as_str().unwrap().starts_with("promoted:"), "{own:?}");
    assert_eq!(visits(&world, "ana").await[0]["act"], "facts.promote");
    assert!(acts(&world, "sandbox.promote").iter().all(|record| record["user"] == json!(format!("~sandbox:{id}"))));
    let left = done(&world, "GET", &format!("/sandboxes/{id}/facts"), None).await;
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_sandbox_ends_with_what_waits_in_it() {
    let world = quarantine().await;
    add(&world, "ana", &json!({"text": "I like tea"})).await;
    world.teach(&unknown("Remember that my locker opens with aardvark.", "x")).await;
    let id = sandboxes(&world).await[0]["id"].as_str().unwrap().to_owned();
    let facts = done(&world, "GET", &format!("/sandboxes/{id}/facts"), None).await;
    let body = json!({"user": "ana", "facts": [facts["items"][0]["id"]], "end": true});
    let promoted = done(&world, "POST", &format!("/sandboxes/{id}/promotion"), Some(body.clone())).await;
    assert_eq!((&promoted["ended"], sandboxes(&world).await.len()), (&json!(true), 0));
    let never = "0".repeat(64);
    for (method, path, body) in
        [("GET", "", None), ("GET", "/facts", None), ("POST", "/promotion", Some(body)), ("DELETE", "", None)]
    {
        let ended = operate(&world, method, &format!("/sandboxes/{id}{path}"), body.clone()).await;
        let invented = operate(&world, method, &format!("/sandboxes/{never}{path}"), body).await;
        assert_eq!((ended.status, ended.text()), (404, invented.text()), "{method} {path}");
    }
    assert!(list(&world, "ana", "?q=locker").await.len() == 1);
    world.teach(&unknown("Remember that my bike is stolen.", "x")).await;
    let again = sandboxes(&world).await[0]["id"].as_str().unwrap().to_owned();
    done(&world, "DELETE", &format!("/sandboxes/{again}"), None).await;
    assert!(sandboxes(&world).await.is_empty());
    assert_eq!(acts(&world, "sandbox.end").len(), 4);
}
