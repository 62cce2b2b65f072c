//! Whose sessions each route opens: by trust mode and evidence, with ids that were guessed, seen and swapped, over two tenants.

use serde_json::{Value, json};

use crate::harness::request::Request;
use crate::harness::world::World;
use crate::me::{ask, say};
use crate::sessions::{CHAT, by, get, history, keep};

/// What only the owner's sessions hold.
const SECRET: &str = "aardvark";
/// The owner's session, whose key anybody may guess.
const OWNED: &str = "holidays";

/// Every route, with the status for a person who has nothing.
fn routes(id: &str) -> Vec<(Request, u16)> {
    let session = format!("/sessions/{id}");
    vec![
        (ask("GET", "/sessions"), 200),
        (ask("GET", "/sessions?state=idle&limit=1"), 200),
        (ask("GET", "/sessions/export"), 200),
        (ask("GET", &session), 404),
        (say("PATCH", &session, &json!({"title": "stolen"})), 404),
        (ask("DELETE", &format!("{session}/history")), 404),
        (ask("DELETE", &session), 404),
        (Request::new("GET", "/v1/chat/history").header("client", id), 200),
        (Request::new("PATCH", "/v1/chat/history").header("client", id), 200),
        (say("POST", "/sessions", &json!({"title": "My own"})), 201),
    ]
}

/// Who asks, how, and what they are refused with.
type Evidence = (&'static str, fn(Request) -> Request, Option<(u16, &'static str)>);

async fn nobody_gets_at_the_owners(mode: &str) {
    let world = World::start(|file| keep(file, mode)).await;
    let told = format!("My code is {SECRET}");
    world.send(&by("acme:ana", Request::chat(&[&told]).header(CHAT, OWNED))).await.assert_ok();
    let titled = say("PATCH", &format!("/sessions/{OWNED}"), &json!({"title": format!("The {SECRET}")}));
    world.send(&by("acme:ana", titled)).await.assert_ok();
    let owned = history(&world, "acme:ana", OWNED, 1).await;

    let weak = (mode == "strict").then_some((401, "evidence_too_weak"));
    let nameless = match mode {
        "strict" | "required" => Some((401, "identity_missing")),
        "quarantine" => Some((403, "no_memory_scope")),
        _ => None,
    };
    let people: [Evidence; 5] = [
        ("another", |request| by("acme:bert", request), None),
        ("the other tenant's of that name", |request| by("umbra:ana", request), None),
        ("a plain header", |request| request.header("X-Memgate-User", "acme:carla"), weak),
        ("vouched", |request| request.vouched("ana"), weak),
        ("nobody", |request| request, nameless),
    ];
    for (who, as_who, refused) in people {
        for id in [OWNED, "nobodys", "a%2fb", "%zz"] {
            for (request, admitted) in routes(id) {
                // A header is not encoded.
                if request.target == "/v1/chat/history" && id.contains('%') {
                    continue;
                }
                let what = format!("{mode}, {who}: {} {}", request.method, request.target);
                let answer = world.send(&as_who(request.clone())).await;
                let (status, code) = refused.map_or((admitted, None), |(status, code)| (status, Some(code)));
                assert_eq!(answer.status, status, "{what}: {}", answer.text());
                if let Some(code) = code {
                    assert_eq!(answer.code(), code, "{what}");
                }
                assert!(!answer.text().contains(SECRET) && !answer.text().contains(OWNED), "{what}: {}", answer.text());
                if status == 404 {
                    let nowhere = Request { target: request.target.replace(id, "never-was"), ..request };
                    let nobodys = world.send(&as_who(nowhere)).await;
                    assert_eq!((nobodys.status, nobodys.body), (404, answer.body), "{what}: not yours is not there");
                }
            }
        }
    }
    let kept = get(&world, "acme:ana", &format!("/{OWNED}")).await.json();
    assert_eq!((&kept["history"], &kept["title"]), (&owned["history"], &owned["title"]), "nothing of the owner's has changed");
    assert_eq!(world.upstream.take().len(), 1, "nothing but the chat was forwarded");
}

#[tokio::test]
async fn strict_opens_sessions_to_proof_only() {
    nobody_gets_at_the_owners("strict").await;
}

#[tokio::test]
async fn required_opens_sessions_to_their_own_person() {
    nobody_gets_at_the_owners("required").await;
}

#[tokio::test]
async fn quarantine_opens_sandboxes_to_the_unknown() {
    nobody_gets_at_the_owners("quarantine").await;
}

#[tokio::test]
async fn legacy_opens_the_default_users_to_the_unnamed() {
    nobody_gets_at_the_owners("legacy").await;
}

#[tokio::test]
async fn equal_keys_and_cursors_of_two_people_never_meet() {
    let world = World::start(|file| keep(file, "strict")).await;
    let people = [("acme:ana", "aardvark"), ("umbra:ana", "bonobo")];
    for (user, word) in people {
        for n in 0..3 {
            let said = format!("The {word} number {n}");
            world.send(&by(user, Request::chat(&[&said]).header(CHAT, format!("c{n}")))).await.assert_ok();
        }
    }
    for (user, word) in people {
        for n in 0..3 {
            let session = history(&world, user, &format!("c{n}"), 1).await;
            assert_eq!(session["history"][0]["said"], format!("The {word} number {n}"), "{user}");
        }
    }
    let page = |answer: Value| answer["next_cursor"].as_str().unwrap().to_owned();
    let cursor = page(get(&world, "acme:ana", "?limit=1").await.json());
    let theirs = get(&world, "umbra:ana", &format!("?limit=50&cursor={cursor}")).await.text();
    assert!(!theirs.contains("acme"), "{theirs}");
    world.send(&by("acme:ana", ask("DELETE", "/sessions/c1"))).await.assert_ok();
    get(&world, "acme:ana", "/c1").await.assert_refused(404, "session_not_found");
    assert_eq!(history(&world, "umbra:ana", "c1", 1).await["history"][0]["said"], "The bonobo number 1");
    let exported = get(&world, "umbra:ana", "/export").await.text();
    assert!(exported.contains("bonobo") && !exported.contains("aardvark"), "{exported}");
}

#[tokio::test]
async fn a_session_that_anybody_may_name_makes_no_sandbox() {
    let world = World::in_mode("quarantine").await;
    let unnamed = |header: &str| ask("GET", "").header(header, "work");
    world.send(&unnamed("X-Memgate-Session")).await.assert_refused(403, "no_memory_scope");
    world.send(&unnamed("X-OpenWebUI-Chat-Id")).await.assert_ok();
}
