//! Users as operators see them: lists and counts, visits that the person sees, erasure, keys; whoever never was, and hostile names.

use serde_json::{Value, json};

use crate::harness::admin::{ask, guarded, token_of};
use crate::harness::client::Answer;
use crate::harness::request::Request;
use crate::harness::world::World;
use crate::keys::put;
use crate::me::{add, list};

pub const REASON: &str = "asked by the person";

/// A request of an operator, with a reason.
pub async fn operate(world: &World, method: &str, path: &str, body: Option<Value>) -> Answer {
    let request = Request::new(method, &format!("/v1{path}")).bearer(token_of("operator")).header("x-memgate-reason", REASON);
    let request = match body {
        Some(body) => Request { body: body.to_string().into_bytes(), ..request }.header("Content-Type", "application/json"),
        None => request,
    };
    ask(world, &request).await
}

/// The same, which must succeed.
pub async fn done(world: &World, method: &str, path: &str, body: Option<Value>) -> Value {
    let answer = operate(world, method, path, body).await;
    assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.text());
    if answer.body.is_empty() { Value::Null } else { answer.json() }
}

/// What is on record of operators' acts of one sort, with outcome and reason.
pub fn acts(world: &World, act: &str) -> Vec<Value> {
    world.audit().into_iter().filter(|entry| entry["type"] == "operator" && entry["act"] == act).collect()
}

/// The visits that a person sees.
pub async fn visits(world: &World, user: &str) -> Vec<Value> {
    let answer = world.send(&crate::me::ask("GET", "/visits").signed(user)).await;
    answer.assert_ok();
    answer.json()["visits"].as_array().unwrap().clone()
}

#[tokio::test]
async fn users_are_listed_by_name_in_pages_and_shown_by_counts() {
    let world = guarded(|_| {}).await;
    for user in ["bert", "ana", "acme:zoe", "Carla"] {
        add(&world, user, &json!({"text": format!("The secret of {user} is aardvark")})).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = done(&world, "GET", &format!("/users?limit=2{cursor}"), None).await;
        assert_eq!(page["total"], 4);
        seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["user"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["acme:zoe", "default:Carla", "default:ana", "default:bert"]);
    let users =
        async |query: &str| done(&world, "GET", &format!("/users?{query}"), None).await["items"].as_array().unwrap().len();
    assert_eq!((users("search=AR").await, users("tenant=acme").await, users("search=nobody").await), (1, 1, 0));
    for bad in ["cursor=x", "tenant=Not%20one", "limit=x", "user=x"] {
        assert_eq!(operate(&world, "GET", &format!("/users?{bad}"), None).await.status, 400, "{bad}");
    }

    put(&world, "ana", "fake", "sk-personal-of-ana-aaa111").await;
    let shown = done(&world, "GET", "/users/ana", None).await;
    assert_eq!(shown["facts"], json!({"active": 1, "held": 0, "forgotten": 0, "history": 0}));
    assert_eq!((&shown["ratchet"], &shown["seen"]["client"]), (&json!("verified"), &json!("unknown")));
    assert!(shown["bytes"].as_u64().unwrap() > 0 && shown["upstream_keys"][0]["provider"] == "fake");
    let told = shown.to_string();
    assert!(!told.contains("aardvark") && !told.contains("sk-personal-of-ana"), "{told}");
    assert!(visits(&world, "ana").await.is_empty(), "counting is no visit");

    done(&world, "DELETE", "/users/ana/upstream-keys/fake", None).await;
    assert_eq!(operate(&world, "DELETE", "/users/ana/upstream-keys/fake", None).await.status, 404);
    assert_eq!(visits(&world, "ana").await[0]["act"], "upstream_key.delete");
    assert_eq!(done(&world, "GET", "/users/ana", None).await["upstream_keys"], json!([]));
}

#[tokio::test]
async fn a_look_needs_a_reason_and_is_on_record_and_seen_by_the_person_alone() {
    let world = guarded(|_| {}).await;
    add(&world, "ana", &json!({"text": "My locker opens with aardvark"})).await;
    add(&world, "bert", &json!({"text": "I like tea"})).await;
    let bare = Request::new("GET", "/v1/users/ana/facts").bearer(token_of("operator"));
    let refused = ask(&world, &bare).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (400, Some("reason_required")));
    assert!(visits(&world, "ana").await.is_empty() && acts(&world, "facts.read").is_empty());

    for _ in 0..2 {
        let facts = done(&world, "GET", "/users/ana/facts", None).await;
        assert_eq!(facts["items"][0]["text"], "My locker opens with aardvark");
    }
    let seen = visits(&world, "ana").await;
    let [visit] = &seen[..] else { panic!("looking twice is one visit: {seen:?}") };
    assert_eq!((&visit["operator"], &visit["act"], &visit["reason"]), (&json!("olga"), &json!("facts.read"), &json!(REASON)));
    assert!(visits(&world, "bert").await.is_empty());
    let on_record = acts(&world, "facts.read");
    assert_eq!(on_record.len(), 2, "the audit log has both");
    for record in on_record {
        assert_eq!(
            (&record["operator"], &record["reason"], &record["user"]),
            (&json!("olga"), &json!(REASON), &json!("default:ana"))
        );
    }
    assert_eq!(done(&world, "GET", "/users/ana/visits", None).await["items"][0]["reason"], REASON);
    let viewer = ask(&world, &Request::new("GET", "/v1/users/ana/visits").bearer(token_of("viewer"))).await;
    assert_eq!((&viewer.json()["items"][0]["operator"], &viewer.json()["items"][0]["reason"]), (&json!("olga"), &json!("")));
    let page = world.send(&crate::me::ask("GET", "/visits?limit=1&cursor=x").signed("ana")).await;
    page.assert_refused(400, "cursor_invalid");
}

#[tokio::test]
async fn an_erased_user_is_as_one_that_never_was() {
    let world = guarded(|_| {}).await;
    add(&world, "ana", &json!({"text": "My locker opens with aardvark"})).await;
    done(&world, "GET", "/users/ana/facts", None).await;
    for wrong in ["", "erase", "bert", "acme:ana"] {
        let refused = operate(&world, "POST", "/users/ana/erasure", Some(json!({"confirm": wrong}))).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (400, Some("confirmation_missing")), "{wrong}");
    }
    assert_eq!(list(&world, "ana", "").await.len(), 1);
    let erased = done(&world, "POST", "/users/ana/erasure", Some(json!({"confirm": "default:ana"}))).await;
    assert_eq!((&erased["records"]["facts"], &erased["records"]["visits"]), (&json!(1), &json!(1)));
    let on_record = acts(&world, "user.erase");
    assert_eq!(on_record.iter().map(|record| record["outcome"].as_str().unwrap()).collect::<Vec<_>>(), ["begun", "done"]);
    assert!(on_record.iter().all(|record| record["receipt"] == erased["receipt"] && record["reason"] == REASON));
    let fact = "018f0000000070008000000000000000";
    for (method, path, body) in [
        ("GET", "", None),
        ("GET", "/facts", None),
        ("POST", "/facts", Some(json!({"text": "I like tea"}))),
        ("PATCH", &*format!("/facts/{fact}"), Some(json!({"pinned": true}))),
        ("DELETE", &*format!("/facts/{fact}"), None),
        ("GET", "/visits", None),
        ("POST", "/merges", Some(json!({"from": "bert"}))),
        ("DELETE", &*format!("/merges/{fact}"), None),
        ("DELETE", "/upstream-keys/fake", None),
    ] {
        let erased = operate(&world, method, &format!("/users/ana{path}"), body.clone()).await;
        let never = operate(&world, method, &format!("/users/invented{path}"), body).await;
        assert_eq!((erased.status, erased.text()), (404, never.text()), "{method} {path}");
    }
    let erasing = async |who: &str| {
        let answer = operate(&world, "POST", &format!("/users/{who}/erasure"), Some(json!({"confirm": who}))).await;
        (answer.status, answer.text())
    };
    assert_eq!(erasing("ana").await, erasing("invented").await);
    assert_eq!(done(&world, "GET", "/users", None).await["items"], json!([]));
    assert_eq!(done(&world, "GET", "/decisions?user=ana", None).await["items"], json!([]));
    assert!(visits(&world, "ana").await.is_empty(), "an erasure takes the visits along");
    add(&world, "ana", &json!({"text": "I am back"})).await;
    assert!(done(&world, "GET", "/users/ana", None).await["erased_at"].is_number());
}

#[tokio::test]
async fn hostile_names_and_ids_are_turned_away_as_problems() {
    let world = guarded(|_| {}).await;
    add(&world, "ana", &json!({"text": "I like tea"})).await;
    let long = "x".repeat(10_000);
    let names =
        ["%7Esandbox:x", "~sandbox:x", "a%00b", "%ff", "%E2%80%AEana", "..%2F..%2Fetc", "%3Cscript%3E", "%7B%7Bx%7D%7D", &long];
    for name in names {
        for path in ["", "/facts", "/visits"] {
            let answer = operate(&world, "GET", &format!("/users/{name}{path}"), None).await;
            assert!(matches!(answer.status, 400 | 404 | 414), "{name}{path}: {} {}", answer.status, answer.text());
            assert!(!answer.text().contains("<script>") && !answer.text().contains("tea"), "{}", answer.text());
        }
        for path in [format!("/users/ana/facts/{name}"), format!("/users/ana/merges/{name}"), format!("/sandboxes/{name}")] {
            let answer = operate(&world, "DELETE", &path, None).await;
            assert!(matches!(answer.status, 400 | 404 | 414), "{path}: {} {}", answer.status, answer.text());
        }
    }
    assert_eq!(list(&world, "ana", "").await.len(), 1);
}

#[tokio::test]
async fn a_rotated_key_gives_way_to_a_new_one_of_the_same_label() {
    let world = guarded(|_| {}).await;
    let old = done(&world, "POST", "/user-keys", Some(json!({"user": "ana", "label": "laptop"}))).await;
    let with = |key: &Value| crate::me::ask("GET", "").bearer(key["key"].as_str().unwrap());
    world.send(&with(&old)).await.assert_ok();
    let rotation = format!("/user-keys/{}/rotation", old["id"].as_str().unwrap().replace('-', ""));
    let new = done(&world, "POST", &rotation, None).await;
    assert_eq!((&new["user"], world.send(&with(&old)).await.status), (&json!("default:ana"), 401));
    world.send(&with(&new)).await.assert_ok();
    let keys = done(&world, "GET", "/user-keys?user=ana", None).await["keys"].as_array().unwrap().clone();
    assert!(keys.len() == 2 && keys.iter().all(|key| key["label"] == "laptop"), "{keys:?}");
    assert_eq!(keys.iter().filter(|key| key["revoked_at"].is_null()).count(), 1);
    assert_eq!(operate(&world, "POST", &rotation, None).await.status, 404, "once revoked it is none");
    assert_eq!(done(&world, "GET", "/users", None).await["items"][0]["keys"], 1);
}

#[tokio::test]
async fn live_sessions_are_listed_without_what_was_said() {
    let world = guarded(|_| {}).await;
    for (user, session) in [("ana", "c1"), ("ana", "c2"), ("bert", "c1")] {
        let chat = Request::chat(&["My word is aardvark."]).signed(user).header("X-OpenWebUI-Chat-Id", session);
        world.send(&chat).await.assert_ok();
    }
    let page = done(&world, "GET", "/sessions?limit=2", None).await;
    let next = page["next"].as_str().unwrap();
    let rest = done(&world, "GET", &format!("/sessions?cursor={next}"), None).await;
    assert_eq!((page["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (2, 1));
    assert!(!page.to_string().contains("aardvark"));
    assert_eq!(done(&world, "GET", "/sessions?user=bert", None).await["items"][0]["session"], "c1");
    done(&world, "POST", "/users/ana/erasure", Some(json!({"confirm": "ana"}))).await;
    assert_eq!(done(&world, "GET", "/sessions", None).await["items"].as_array().unwrap().len(), 1);
}
