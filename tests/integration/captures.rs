//! Requests recorded from Open WebUI and SillyTavern, replayed through the binary in every mode.

mod answers;
mod kept;
mod recorded;

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use self::answers::plausible;
use self::kept::{assert_addressed, assert_body_kept, assert_headers_kept};
use self::recorded::{Capture, Class, Worth, captures, decision, worth};
use crate::harness::gate::JWT_SECRET;
use crate::harness::request::Request;
use crate::harness::world::World;

const MODES: [&str; 4] = ["strict", "required", "quarantine", "legacy"];

/// A world whose upstream speaks every dialect.
async fn world(change: impl FnOnce(&mut Value)) -> World {
    World::with_upstream(plausible, |file| {
        file["context"] = json!({"window": 131_072});
        file["upstreams"][0]["dialects"] = json!(["openai", "anthropic", "ollama"]);
        change(file);
    })
    .await
}

/// Counts of what the replay of one mode came to.
#[derive(Debug, Default)]
struct Tally {
    decisions: BTreeMap<&'static str, usize>,
    purposes: BTreeMap<&'static str, usize>,
    /// Requests that memory was written into.
    extended: usize,
}

/// Sends them all, and holds each against what it must come to. `signed`: the client is configured for Open WebUI's token.
async fn replay(captures: &[&Capture], mode: &str, signed: bool) -> Tally {
    let world = world(|file| {
        file["trust"]["mode"] = mode.into();
        if signed {
            file["clients"][0]["identity"] = json!([{"open_webui": {"secret": {"env": JWT_SECRET.0}}}]);
        }
    })
    .await;
    let mut tally = Tally::default();
    let mut known: HashSet<&str> = HashSet::new();
    for (n, capture) in captures.iter().enumerate() {
        let request = capture.request();
        let answer = world.send(&request).await;
        let record = world.requests_on_record(n + 1).await.pop().unwrap();
        let what = format!("{}, {mode}, signed {signed}: {record}", capture.file);
        let class = capture.class();
        let worth = worth(capture, signed);
        let user = capture.header("x-openwebui-user-id").unwrap_or_default();
        let expected = match decision(worth, mode, class == Class::Passes("models")) {
            // Whoever was admitted once is known.
            "sandbox" if worth == Worth::Asserted && known.contains(user) => "admit",
            decision => decision,
        };
        if expected == "admit" {
            known.insert(user);
        }
        assert_eq!(record["decision"], expected, "{what}");
        *tally.decisions.entry(expected).or_default() += 1;
        let seen = world.upstream.take();
        let purpose = match class {
            _ if expected == "refuse" => {
                assert_eq!((answer.status, seen.len()), (401, 0), "{what}");
                None
            }
            Class::Nothing => {
                assert_eq!((answer.status, seen.len()), (404, 0), "{what}");
                None
            }
            Class::Preflight => panic!("{what}: not here"),
            Class::Passes(route) => {
                assert_eq!((answer.status, seen.len()), (200, 1), "{what}: {}", answer.text());
                assert_eq!(record["route"], route, "{what}");
                assert_eq!(seen[0].body, request.body, "{what}");
                None
            }
            Class::Conversation(purpose) => {
                assert_eq!((answer.status, seen.len()), (200, 1), "{what}: {}", answer.text());
                let extended = assert_body_kept(&what, &request, &seen[0]);
                let remembers = ["turn", "continuation"].contains(&purpose) && expected != "bypass";
                assert!(remembers || !extended, "{what}: memory took part");
                tally.extended += usize::from(extended);
                *tally.purposes.entry(purpose).or_default() += 1;
                Some(purpose)
            }
        };
        assert_eq!(record["purpose"].as_str(), purpose, "{what}");
        for seen in &seen {
            assert_addressed(&what, capture, seen);
            assert_headers_kept(&what, &request, seen);
        }
    }
    println!("{mode}, signed {signed}: {tally:?}");
    let log = world.gate.log();
    assert!(!log.contains("panicked"), "{log}");
    tally
}

fn only(captures: &[Capture], chosen: impl Fn(&Capture) -> bool) -> Vec<&Capture> {
    let chosen: Vec<_> = captures.iter().filter(|capture| capture.class() != Class::Preflight && chosen(capture)).collect();
    assert!(!chosen.is_empty(), "the recorded requests are missing");
    chosen
}

#[test]
fn every_recorded_request_is_at_hand() {
    let listed = include_str!("../fixtures/captures/index.tsv").lines().skip(1);
    let listed: Vec<(&str, &str)> =
        listed.map(|line| line.split('\t')).map(|mut l| (l.next().unwrap(), l.nth(1).unwrap())).collect();
    let captures = captures();
    let read: Vec<(&str, &str)> = captures.iter().map(|c| (c.file.as_str(), c.kind.as_str())).collect();
    assert_eq!(listed, read);
    assert!(captures.len() > 150);
    let count = |class: Class| captures.iter().filter(|capture| capture.class() == class).count();
    let purposes = ["turn", "task", "temporary", "continuation"].map(|purpose| count(Class::Conversation(purpose)));
    assert!(purposes.iter().all(|count| *count > 1), "{purposes:?}");
}

#[tokio::test]
async fn recorded_chats_are_decided_and_told_apart_and_kept_whole() {
    let captures = captures();
    for mode in MODES {
        let tally = replay(&only(&captures, Capture::is_plain), mode, false).await;
        // SillyTavern's people have keys that nobody knows here: where they are let in, there are continuations, too.
        let purposes = match mode {
            "strict" => 0,
            "required" => 3,
            _ => 4,
        };
        assert_eq!((tally.purposes.len(), tally.extended > 0), (purposes, purposes > 0), "{mode}: {tally:?}");
    }
}

#[tokio::test]
async fn recorded_chats_are_decided_rightly_where_tokens_are_demanded() {
    let captures = captures();
    for mode in MODES {
        let tally = replay(&only(&captures, Capture::is_plain), mode, true).await;
        assert!(tally.decisions["admit"] >= 2, "{mode}: {tally:?}");
    }
}

#[tokio::test]
async fn recorded_requests_of_the_other_dialects_are_decided_and_told_apart_and_kept_whole() {
    let captures = captures();
    let others = only(&captures, Capture::is_other_dialect);
    assert!(others.len() >= 9, "{}", others.len());
    for mode in MODES {
        for signed in [false, true] {
            replay(&others, mode, signed).await;
        }
    }
}

#[tokio::test]
async fn recorded_requests_of_pages_are_decided_and_kept_whole() {
    let captures = captures();
    let pages = only(&captures, Capture::is_of_page);
    assert!(pages.len() >= 2, "{}", pages.len());
    for mode in MODES {
        for signed in [false, true] {
            replay(&pages, mode, signed).await;
        }
    }
}

#[tokio::test]
async fn recorded_preflights_are_answered_here_and_never_forwarded() {
    let captures = captures();
    let preflights: Vec<_> = captures.iter().filter(|capture| capture.class() == Class::Preflight).collect();
    assert!(preflights.len() >= 2);
    for mode in MODES {
        let world = world(|file| file["trust"]["mode"] = mode.into()).await;
        for capture in &preflights {
            world.send(&capture.request()).await.assert_refused(403, "origin_not_allowed");
        }
        let records = world.requests_on_record(preflights.len()).await;
        assert!(records.iter().all(|record| record["decision"] == "refuse" && record["purpose"].is_null()), "{records:?}");
        assert!(world.upstream.take().is_empty(), "{mode}");
    }
    for mode in MODES {
        let world = world(|file| {
            file["trust"]["mode"] = mode.into();
            file["cors"] = json!({"origins": ["http://127.0.0.1:8201"]});
        })
        .await;
        for capture in &preflights {
            let answer = world.send(&capture.request()).await;
            assert_eq!((answer.status, answer.body.len()), (204, 0), "{}, {mode}", capture.file);
            assert_eq!(answer.header("access-control-allow-origin"), Some("http://127.0.0.1:8201"));
            assert_eq!(answer.header("access-control-allow-headers"), Some("authorization, content-type"));
        }
        assert!(world.upstream.take().is_empty(), "{mode}");
    }
}

#[tokio::test]
async fn tasks_and_temporary_chats_get_no_memory_and_teach_nothing() {
    let world = world(|_| {}).await;
    let user = "00000000-0000-4000-8000-000000000001";
    world.teach(&Request::chat(&["Remember that the name of my cat is Quagga."]).vouched(user)).await;
    let lessons = world.lessons().await;
    let mut asked = BTreeMap::new();
    for capture in captures().iter().filter(|capture| capture.header("x-openwebui-user-id") == Some(user)) {
        let Class::Conversation(purpose @ ("task" | "temporary")) = capture.class() else { continue };
        if worth(capture, false) != Worth::Vouched {
            continue;
        }
        world.upstream.take();
        world.send(&capture.request()).await.assert_ok();
        assert_eq!(world.upstream.last().json(), capture.body, "{}", capture.file);
        *asked.entry(purpose).or_insert(0) += 1;
    }
    assert!(asked["task"] > 5 && asked["temporary"] >= 1, "{asked:?}");
    // The queue keeps order: this lesson is the next one after whatever the tasks might have taught.
    world.teach(&Request::chat(&["Remember that my bicycle is called Pegasus."]).vouched(user)).await;
    assert_eq!(world.lessons().await, lessons + 1);
}
