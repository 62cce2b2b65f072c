//! Nobody reads, changes or feels another's settings: in no mode, by no name, not after an erasure.

use serde_json::json;

use super::{set, settings, turns, world};
use crate::harness::request::Request;
use crate::harness::world::World;
use crate::me::{ask, say};

/// A word that stands in the owner's settings alone.
const SECRET: &str = "aardvark";

async fn everything_of(world: &World, user: &str) -> String {
    let mut seen = String::new();
    for query in ["", "?session=c7", "?layer=FACTORY", "?layer=CONFIGURED", "?layer=server"] {
        seen += &settings(world, user, query).await.to_string();
    }
    let body = json!({"model": "m", "messages": turns()});
    for request in [Request::post("/v1/chat/completions", body.to_string()), say("POST", "/explain", &body)] {
        let session = request.header("X-Memgate-Session", "c7").signed(user);
        seen += &world.send(&session).await.text();
    }
    seen + &world.upstream.take().iter().map(crate::harness::upstream::Recorded::text).collect::<String>()
}

#[tokio::test]
async fn equal_names_and_equal_sessions_do_not_meet() {
    let world = world(json!({})).await;
    for query in ["", "?session=c7"] {
        set(&world, "acme:ana", query, &json!({"preamble": format!("Speak of the {SECRET}."), "model": SECRET})).await;
    }
    assert!(everything_of(&world, "acme:ana").await.contains(SECRET));
    for other in ["umbra:ana", "ana", "acme:bert"] {
        assert!(!everything_of(&world, other).await.contains(SECRET), "{other}");
        set(&world, other, "?session=c7", &json!({"preamble": "Other."})).await;
        world.send(&ask("DELETE", "/settings?session=c7").signed(other)).await.assert_ok();
        world.send(&ask("DELETE", "/settings").signed(other)).await.assert_ok();
    }
    for query in ["", "?session=c7"] {
        assert_eq!(settings(&world, "acme:ana", query).await["own"]["model"], SECRET, "nobody has touched them");
    }
    // Whose settings are there and whose are not cannot be told apart.
    let texts = [settings(&world, "acme:bert", "?session=c7").await, settings(&world, "acme:bert", "?session=c9").await];
    assert_eq!(texts[0].to_string().replace("c7", "c9"), texts[1].to_string());
    let log = world.gate.log() + &serde_json::to_string(&world.audit()).unwrap() + &world.metrics().await;
    assert!(!log.contains("Speak of the"), "{log}");
}

#[tokio::test]
async fn a_plain_header_of_a_trusted_peer_opens_its_own_tenants_settings() {
    let world = world(json!({"tenants": {"acme": {"temperature": 0.125}}})).await;
    let named = |user: &str, request: Request| request.header("X-Memgate-User", user);
    let change = say("PATCH", "/settings", &json!({"max_tokens": 7}));
    world.send(&named("acme:alice", change)).await.assert_ok();
    for (user, max_tokens, temperature) in [
        ("acme:alice", json!(7), json!(0.125)),
        ("umbra:alice", json!(null), json!(null)),
        ("acme:bob", json!(null), json!(0.125)),
    ] {
        let body = world.forwarded(&named(user, Request::chat(&["Hello there"]))).await.json();
        assert_eq!((&body["max_tokens"], &body["temperature"]), (&max_tokens, &temperature), "{user}");
    }
}

/// What each mode says to whom: the status of a call by nobody, by a plain header, and by a forged signature.
const MODES: [(&str, [u16; 3]); 4] =
    [("strict", [401, 401, 401]), ("required", [401, 200, 401]), ("quarantine", [403, 200, 200]), ("legacy", [200, 200, 403])];

#[tokio::test]
async fn each_mode_opens_what_it_opens_of_a_memory_and_never_the_owners() {
    for (mode, [nobody, plain, forged]) in MODES {
        let world = World::in_mode(mode).await;
        set(&world, "ana", "", &json!({"preamble": format!("Speak of the {SECRET}.")})).await;
        let forge = |request: Request| {
            let request = request.signed("ana");
            let spoil = |(name, value): (String, Vec<u8>)| {
                let is_it = name.eq_ignore_ascii_case("x-memgate-signature");
                (name, if is_it { value.iter().map(|b| if *b == b'a' { b'b' } else { b'a' }).collect() } else { value })
            };
            let headers = request.headers.into_iter().map(spoil).collect();
            Request { headers, ..request }
        };
        let calls = || {
            [
                ask("GET", "/settings"),
                ask("GET", "/settings?session=c7"),
                say("PATCH", "/settings", &json!({"preamble": null, "depth": 1})),
                ask("DELETE", "/settings"),
            ]
        };
        for call in calls() {
            for (who, request, status) in [
                ("nobody", call.clone(), nobody),
                ("dora", call.clone().header("X-Memgate-User", "dora"), plain),
                ("forged", forge(call), forged),
            ] {
                let answer = world.send(&request).await;
                assert_eq!(answer.status, status, "{mode}, {who}, {} {}: {}", request.method, request.target, answer.text());
                assert!(!answer.text().contains(SECRET), "{mode}, {who}");
            }
        }
        let own = settings(&world, "ana", "").await;
        assert_eq!(own["own"], json!({"preamble": format!("Speak of the {SECRET}.")}), "{mode}");
    }
}

#[tokio::test]
async fn an_erasure_ends_settings_at_once_and_for_good() {
    let mut world = world(json!({})).await;
    for user in ["ana", "bert"] {
        for query in ["", "?session=c7"] {
            set(&world, user, query, &json!({"preamble": format!("Speak of the {SECRET} of {user}.")})).await;
        }
    }
    world.send(&say("POST", "/erase", &json!({"confirm": "erase"})).signed("ana")).await.assert_ok();
    assert!(!everything_of(&world, "ana").await.contains(SECRET), "at once");
    world.gate.kill();
    world.gate.start();
    assert!(!everything_of(&world, "ana").await.contains(SECRET), "after a restart");
    assert!(everything_of(&world, "bert").await.contains(&format!("{SECRET} of bert")));
}
