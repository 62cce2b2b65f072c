//! Personal upstream keys are nobody else's: by no route, in no file, after no failure.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use serde_json::{Value, json};

use crate::harness::find;
use crate::harness::gate::UPSTREAM_KEY;
use crate::harness::request::Request;
use crate::harness::sign::Signature;
use crate::harness::world::World;
use crate::keys::{ANA, BERT, arrives_with, chat, keys, put};
use crate::me::{ask, export, say};

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => found.extend(files_below(&entry.path())),
            kind if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

#[tokio::test]
async fn a_key_is_written_and_told_nowhere() {
    let mut world = World::start(|file| file["log"] = json!({"level": "debug"})).await;
    assert_eq!(put(&world, "ana", "fake", ANA).await.status, 201);
    let mut told = vec![put(&world, "ana", "openai", ANA).await.text()];
    for request in [
        ask("GET", "/keys"),
        ask("GET", "/keys/fake"),
        ask("POST", "/keys/fake/test"),
        ask("POST", "/keys/openai/test"),
        ask("GET", ""),
        ask("DELETE", "/keys/openai"),
        say("PUT", "/keys/fake", &json!({"key": format!("{ANA}\r\nX-Evil: 1")})),
        say("PUT", "/keys/fake", &json!({"key": format!("{ANA} {ANA}")})),
        say("PUT", "/keys/fake", &json!({"kee": ANA})),
        say("PUT", "/keys/fake", &json!([ANA])),
        say("POST", "/explain", &json!({"model": "m", "messages": [{"role": "user", "content": "Hello."}]})),
    ] {
        told.push(world.send(&request.signed("ana")).await.text());
    }
    arrives_with(&world, &chat("ana")).await;
    told.push(export(&world, "ana").await.text());
    told.push(world.metrics().await);
    for text in &told {
        assert!(!text.contains(ANA) && !text.contains(&ANA[..12]), "{text}");
    }
    assert!(told[0].contains("...aaa111"), "{}", told[0]);
    world.gate.stop();
    let files = files_below(world.gate.dir());
    assert!(files.len() > 4, "{files:?}");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        assert!(find(&bytes, ANA.as_bytes()).is_none(), "{}", file.display());
    }
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let world = World::in_mode("required").await;
    let long = "k".repeat(4097);
    for key in [
        "",
        "short",
        &long,
        "sk-0123456789\r\nX-Evil: 1",
        "sk-0123456789\nfoo",
        "sk 0123456789",
        "mgk_0123456789abcdef",
        "sk-€0123456",
    ] {
        let refused = put(&world, "ana", "fake", key).await;
        refused.assert_refused(400, "key_invalid");
    }
    for body in [json!({}), json!({"key": 5}), json!({"key": ANA, "more": 1}), json!({"key": null})] {
        world.send(&say("PUT", "/keys/fake", &body).signed("ana")).await.assert_refused(400, "body_invalid");
    }
    let untyped = Request { headers: vec![], ..say("PUT", "/keys/fake", &json!({"key": ANA})) };
    world.send(&untyped.signed("ana")).await.assert_refused(415, "content_type");
    assert_eq!(keys(&world, "ana").await, [Value::Null; 0]);
    assert_eq!(put(&world, "ana", "fake", &format!(" {ANA}\n")).await.status, 201);
    assert_eq!(arrives_with(&world, &chat("ana")).await.0.as_deref(), Some(ANA), "without what stood around it");
}

/// Every route, with its status for a person who has no key.
fn routes(provider: &str) -> Vec<(Request, u16)> {
    vec![
        (ask("GET", "/keys"), 200),
        (ask("GET", &format!("/keys/{provider}")), 404),
        (ask("POST", &format!("/keys/{provider}/test")), 404),
        (ask("DELETE", &format!("/keys/{provider}")), 404),
    ]
}

#[tokio::test]
async fn nobody_reaches_anothers_in_any_mode() {
    for mode in ["strict", "required", "quarantine", "legacy"] {
        let world = World::in_mode(mode).await;
        for user in ["acme:ana", "umbra:ana"] {
            assert_eq!(put(&world, user, "fake", ANA).await.status, 201, "{mode}");
        }
        world.send(&ask("DELETE", "/keys/fake").signed("umbra:ana")).await.assert_ok();
        assert_eq!(keys(&world, "acme:ana").await.len(), 1, "{mode}: an equal name of another tenant");
        for name in ["signed", "vouched", "asserted", "nothing", "forged"] {
            for (request, admitted) in routes("fake") {
                let what = format!("{mode}, {name}, {} {}", request.method, request.target);
                let nowhere = Request { target: request.target.replace("/fake", "/nobodys"), ..request.clone() };
                let by = |request: Request| match name {
                    "signed" => request.signed("bert"),
                    "vouched" => request.vouched("carla"),
                    "asserted" => request.header("X-Memgate-User", "dora"),
                    "nothing" => request,
                    _ => {
                        let mut signature = Signature::of("acme:ana", &request.method, &request.target, &request.body);
                        "not the right key, though long enough".clone_into(&mut signature.key);
                        request.headers(signature.headers())
                    }
                };
                let expected = match (name, mode) {
                    ("vouched" | "asserted" | "nothing" | "forged", "strict") | ("nothing" | "forged", "required") => 401,
                    ("nothing", "quarantine") | ("forged", "legacy") => 403,
                    // A sandbox has no vault.
                    ("asserted" | "forged", "quarantine") if request.target.ends_with("/test") => 403,
                    _ => admitted,
                };
                let answer = world.send(&by(request)).await;
                assert_eq!(answer.status, expected, "{what}: {}", answer.text());
                assert!(!answer.text().contains("aaa111"), "{what}: {}", answer.text());
                if expected == 404 {
                    let nobodys = world.send(&by(nowhere)).await;
                    assert_eq!((nobodys.status, nobodys.body), (404, answer.body), "{what}: not yours is not there");
                }
            }
        }
        assert_eq!(keys(&world, "acme:ana").await.len(), 1, "{mode}");
        assert!(world.upstream.take().is_empty(), "{mode}: nothing was tested");
    }
}

#[tokio::test]
async fn sandboxes_and_odd_names_have_no_vault() {
    let world = World::in_mode("quarantine").await;
    let eve = |request: Request| request.header("X-Memgate-User", "eve");
    let refused = world.send(&eve(say("PUT", "/keys/fake", &json!({"key": ANA})))).await;
    refused.assert_refused(403, "no_vault_in_sandbox");
    let listed = world.send(&eve(ask("GET", "/keys"))).await;
    assert_eq!(listed.json(), json!({"keys": []}));
    let answer = world.send(&eve(Request::chat(&["Hello."]))).await;
    assert_eq!(answer.header("x-memgate-key-source"), Some("shared"));
    let unknown = world.send(&ask("GET", "/keys/nobodys").signed("ana")).await;
    unknown.assert_refused(404, "key_not_found");
    for name in ["%66ake", "FAKE", "fake%00", "fake;x", "openai%20", "%f0%9f", "a".repeat(2000).as_str()] {
        for method in ["GET", "DELETE"] {
            let answer = world.send(&ask(method, &format!("/keys/{name}")).signed("ana")).await;
            assert_eq!((answer.status, &answer.body), (404, &unknown.body), "{method} {name}");
        }
        let answer = put(&world, "ana", name, ANA).await;
        assert_eq!((answer.status, &answer.body), (404, &unknown.body), "PUT {name}");
    }
    assert_eq!(put(&world, "ana", "mistral", ANA).await.status, 201, "a known provider that no upstream here is of");
}

#[tokio::test]
async fn an_erasure_ends_keys() {
    let world = World::in_mode("required").await;
    put(&world, "ana", "fake", ANA).await;
    put(&world, "bert", "fake", BERT).await;
    assert_eq!(arrives_with(&world, &chat("ana")).await.0.as_deref(), Some(ANA));
    let receipt = world.send(&say("POST", "/erase", &json!({"confirm": "erase"})).signed("ana")).await;
    receipt.assert_ok();
    assert_eq!(receipt.json()["erased"]["records"]["upstream_keys"], 1, "{}", receipt.text());
    assert_eq!(arrives_with(&world, &chat("ana")).await.0.as_deref(), Some(UPSTREAM_KEY.1));
    assert_eq!(keys(&world, "ana").await, [Value::Null; 0]);
    assert_eq!(arrives_with(&world, &chat("bert")).await.0.as_deref(), Some(BERT));
}

const ROWS: TableDefinition<&[u8; 24], &[u8]> = TableDefinition::new("upstream_keys");

/// Spoils the first row of a person's keys.
fn spoil(file: &Path) {
    let db = Database::open(file).unwrap();
    let row = {
        let table = db.begin_read().unwrap().open_table(ROWS).unwrap();
        let (place, sealed) = table.iter().unwrap().next().unwrap().unwrap();
        (*place.value(), sealed.value().to_vec())
    };
    let (place, mut sealed) = row;
    sealed[20] ^= 1;
    let txn = db.begin_write().unwrap();
    txn.open_table(ROWS).unwrap().insert(&place, sealed.as_slice()).unwrap();
    txn.commit().unwrap();
}

#[tokio::test]
async fn keys_that_cannot_be_read_are_replaced_by_nobodys() {
    let mut world = World::in_mode("required").await;
    // With a fact beside it, the file is the person's own, and damaged.
    crate::me::add(&world, "ana", &json!({"text": "I like tea"})).await;
    put(&world, "ana", "fake", ANA).await;
    world.gate.stop();
    let users = files_below(&world.gate.data_dir().join("users"));
    let [file] = &users[..] else { panic!("{users:?}") };
    spoil(file);
    world.gate.start();
    for request in [chat("ana"), chat("ana"), Request::new("GET", "/v1/models").signed("ana"), ask("GET", "/keys").signed("ana")]
    {
        let refused = world.send(&request).await;
        refused.assert_refused(503, "vault_unavailable");
        assert!(refused.header("x-memgate-key-source").is_none());
    }
    assert!(world.upstream.take().is_empty(), "nothing goes on another's account");
    assert_eq!(arrives_with(&world, &chat("bert")).await.0.as_deref(), Some(UPSTREAM_KEY.1), "nobody else is in the way");
    assert!(world.gate.log().contains("could not be read") && !world.gate.log().contains(ANA));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_puts_at_once_leave_one_key() {
    let world = Arc::new(World::in_mode("required").await);
    let puts = (0..64).map(|n| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { put(&world, "ana", "fake", &format!("sk-number-{n:02}-abcdef")).await.status })
    });
    let mut made = 0;
    for put in puts.collect::<Vec<_>>() {
        let status = put.await.unwrap();
        assert!(matches!(status, 200 | 201), "{status}");
        made += usize::from(status == 201);
    }
    assert_eq!(made, 1, "the first one made it, the others took its place");
    assert_eq!(keys(&world, "ana").await.len(), 1);
    let (before, source) = arrives_with(&world, &chat("ana")).await;
    assert!(before.as_ref().unwrap().starts_with("sk-number-") && source.as_deref() == Some("personal"));
    let mut world = Arc::into_inner(world).unwrap();
    world.gate.kill();
    world.gate.start();
    assert_eq!(arrives_with(&world, &chat("ana")).await.0, before, "what was used is what lasts");
}
