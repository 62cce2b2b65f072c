//! Whose memory the person's API opens: each route by trust mode and evidence, and never another's.

use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::request::Request;
use crate::harness::sign::Signature;
use crate::harness::world::World;
use crate::me::{ME, add, ask, list, say};

/// What only the owner's memory holds.
const SECRET: &str = "aardvark";
const NOBODYS: &str = "018f0000000070008000000000000000";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Evidence {
    Verified,
    Vouched,
    Asserted,
    Nothing,
    Forged,
}

const EVIDENCE: [Evidence; 5] = [Evidence::Verified, Evidence::Vouched, Evidence::Asserted, Evidence::Nothing, Evidence::Forged];

fn by(evidence: Evidence, request: Request) -> Request {
    match evidence {
        Evidence::Verified => request.signed("bert"),
        Evidence::Vouched => request.vouched("carla"),
        Evidence::Asserted => request.header("X-Memgate-User", "dora"),
        Evidence::Nothing => request,
        // The owner's own name, with a key that is not the server's.
        Evidence::Forged => {
            let mut signature = Signature::of("ana", &request.method, &request.target, &request.body);
            "not the right key, though long enough".clone_into(&mut signature.key);
            request.headers(signature.headers())
        }
    }
}

/// Every route, with the status for a person who has nothing. The owner's fact stands for an id that was guessed or seen.
fn routes(id: &str) -> Vec<(Request, u16)> {
    let fact = format!("/memories/{id}");
    vec![
        (ask("GET", ""), 200),
        (ask("GET", "/memories"), 200),
        (ask("GET", &format!("/memories?q={SECRET}&history=true")), 200),
        (ask("GET", &fact), 404),
        (say("PATCH", &fact, &json!({"pinned": true})), 404),
        (say("PATCH", &fact, &json!({"text": "stolen"})), 404),
        (ask("DELETE", &format!("{fact}?history=true")), 404),
        (ask("GET", "/memories/export"), 200),
        (
            say(
                "POST",
                "/explain",
                &json!({"model": "m", "messages": [{"role": "user", "content": "What is the code of my locker?"}]}),
            ),
            200,
        ),
        (say("POST", "/memories", &json!({"text": "My own word"})), 201),
        (say("POST", "/memories/import", &json!({"text": "Another word of mine"})), 200),
        (say("POST", "/erase", &json!({"confirm": "erase"})), 200),
    ]
}

/// What the table of the trust modes says of such a request.
fn expected(mode: &str, evidence: Evidence, admitted: u16) -> (u16, Option<&'static str>) {
    match (evidence, mode) {
        (Evidence::Vouched | Evidence::Asserted, "strict") => (401, Some("evidence_too_weak")),
        (Evidence::Nothing, "strict" | "required") => (401, Some("identity_missing")),
        (Evidence::Forged, "strict" | "required") => (401, Some("signature_invalid")),
        // Nothing tells such people apart, so no sandbox is theirs.
        (Evidence::Nothing, "quarantine") | (Evidence::Forged, "legacy") => (403, Some("no_memory_scope")),
        _ => (admitted, (admitted == 404).then_some("memory_not_found")),
    }
}

async fn nobody_gets_at_the_owners(mode: &str) {
    let world = World::in_mode(mode).await;
    let owned = add(&world, "ana", &json!({"text": format!("The code of my locker is {SECRET}"), "kind": "profile"})).await;
    let id = owned["id"].as_str().unwrap();
    let mut sent = 1;
    for evidence in EVIDENCE {
        for (request, admitted) in routes(id) {
            let what = format!("{mode}, {evidence:?}, {} {}", request.method, request.target);
            let answer = world.send(&by(evidence, request.clone())).await;
            sent += 1;
            let (status, code) = expected(mode, evidence, admitted);
            assert_eq!(answer.status, status, "{what}: {}", answer.text());
            if let Some(code) = code {
                assert_eq!(answer.code(), code, "{what}");
            }
            assert!(!answer.text().contains(SECRET), "{what}: {}", answer.text());
            assert!(!answer.text().contains(id), "{what}: {}", answer.text());
            let advised = mode == "legacy" && matches!(evidence, Evidence::Asserted | Evidence::Nothing);
            assert_eq!(answer.header("x-memgate-advice").is_some(), advised, "{what}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
            if status == 404 {
                let nowhere = Request { target: request.target.replace(id, NOBODYS), ..request };
                let nobodys = world.send(&by(evidence, nowhere)).await;
                sent += 1;
                assert_eq!((nobodys.status, &nobodys.body), (404, &answer.body), "{what}: not yours is not there");
            }
        }
    }
    let kept = list(&world, "ana", "?history=true").await;
    sent += 1;
    assert_eq!(kept, [owned], "nothing of the owner's has changed");
    assert!(world.upstream.take().is_empty());
    // One record for each request, none with a text, and the sandboxes' scopes are nobody's names.
    let records = world.requests_on_record(sent).await;
    assert_eq!(records.len(), sent);
    assert!(records.iter().all(|record| record["route"] == "me"));
    let requests = world.metric("memgate_requests_total", &[]).await;
    assert_eq!(requests, u64::try_from(sent).unwrap());
}

#[tokio::test]
async fn strict_opens_a_memory_to_proof_only() {
    nobody_gets_at_the_owners("strict").await;
}

#[tokio::test]
async fn required_opens_a_memory_to_its_own_person() {
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
async fn an_unknown_claim_gets_a_sandbox_of_its_own() {
    let world = World::in_mode("quarantine").await;
    let claimed = |name: &'static str, request: Request| request.header("X-Memgate-User", name);
    let added = world.send(&claimed("eve", say("POST", "/memories", &json!({"text": "My parrot is called Rio"})))).await;
    assert_eq!(added.status, 201, "{}", added.text());
    assert_eq!((&added.json()["status"], &added.json()["held_for"]), (&json!("held"), &json!("sandbox")));
    let about = world.send(&claimed("eve", ask("GET", ""))).await.json();
    assert_eq!(
        (&about["sandbox"], &about["decision"], &about["reason"]),
        (&json!(true), &json!("sandbox"), &json!("asserted_unknown"))
    );
    assert_eq!(about["tenant"], "~sandbox");
    let path = format!("/memories/{}", added.json()["id"].as_str().unwrap());
    let approved = world.send(&claimed("eve", say("PATCH", &path, &json!({"status": "active"})))).await.json();
    assert_eq!(approved["held_for"], "sandbox", "a sandbox does not promote itself");
    let others: Answer = world.send(&claimed("mallory", ask("GET", "/memories"))).await;
    assert_eq!(others.json()["memories"], json!([]));
    assert!(list(&world, "eve", "").await.is_empty(), "the verified person of that name is another");
    let erased = world.send(&claimed("eve", say("POST", "/erase", &json!({"confirm": "erase"})))).await.json();
    assert_eq!(erased["erased"]["records"]["facts"], 1);
    assert_eq!(world.send(&claimed("eve", ask("GET", "/memories"))).await.json()["memories"], json!([]));
}

#[tokio::test]
async fn another_products_headers_do_not_switch_the_person() {
    let world = World::in_mode("required").await;
    add(&world, "ana", &json!({"text": format!("The code of my locker is {SECRET}")})).await;
    for name in
        ["X-Memgate-User", "X-OpenWebUI-User-Id", "X-St-User", "X-Muxi-User-Id", "X-User-Id", "X-Forwarded-User", "Remote-User"]
    {
        let request = ask("GET", "/memories");
        // Both orders: before the signature's headers and after them.
        let after = request.clone().signed("bert").header(name, "ana");
        let before = request.header(name, "ana").signed("bert");
        for request in [after, before] {
            let answer = world.send(&request).await;
            assert!(matches!(answer.status, 200 | 401), "{name}: {}", answer.text());
            assert!(!answer.text().contains(SECRET), "{name}");
            if answer.status == 200 {
                assert_eq!(answer.json()["memories"], json!([]), "{name}");
            }
        }
    }
    let foreign_body = json!({"text": "x", "user": "ana"});
    world.send(&say("POST", "/memories", &foreign_body).signed("bert")).await.assert_refused(400, "body_invalid");
    world.send(&ask("GET", "/memories?user=ana").signed("bert")).await.assert_refused(400, "parameter_invalid");
}

#[tokio::test]
async fn a_signature_covers_the_body_of_a_change() {
    let world = World::in_mode("strict").await;
    let mut request = say("POST", "/memories", &json!({"text": "I like tea"})).signed("ana");
    request.body = json!({"text": "I like jam"}).to_string().into_bytes();
    world.send(&request).await.assert_refused(401, "signature_invalid");
    let fresh = say("POST", "/erase", &json!({"confirm": "erase"})).signed("ana");
    world.send(&fresh).await.assert_ok();
    world.send(&fresh).await.assert_refused(401, "signature_replayed");
    assert!(list(&world, "ana", "").await.is_empty());
}

#[tokio::test]
async fn nothing_below_memgates_own_path_is_forwarded() {
    let world = World::in_mode("legacy").await;
    let chat = json!({"model": "m", "messages": [{"role": "user", "content": "Hello"}]}).to_string();
    for path in [
        "/memgate",
        "/memgate/",
        "/memgate/v1/chat/completions",
        "/memgate/v1/models",
        "/memgate/v1/embeddings",
        "/memgate/v1/me/",
        "/memgate/v1/ME",
        "/memgate/v1//me",
        "/Memgate/v1/me/erase",
        "/%6demgate/v1/me/erase",
        "/memgate%2fv1%2fme",
        "//memgate/v1/me",
        "/./memgate/v1/me",
    ] {
        for method in ["GET", "POST"] {
            let request = if method == "GET" { Request::new(method, path) } else { Request::post(path, chat.clone()) };
            let answer = world.send(&request.signed("ana")).await;
            assert_eq!((answer.status, answer.code().as_str()), (404, "unknown_path"), "{method} {path}: {}", answer.text());
        }
    }
    let climbing = world.send(&Request::new("GET", "/v1/../memgate/v1/me").signed("ana")).await;
    climbing.assert_refused(400, "path_climbs");
    assert!(world.upstream.take().is_empty());
    let named: Vec<Value> = world.requests_on_record(27).await;
    assert!(named.iter().all(|record| record["upstream"].is_null()));
    assert!(world.send(&Request::new("GET", ME).signed("ana")).await.status == 200);
}
