//! Who calls, by which key, and what they are told where they may not; which upstream it goes to.

use serde_json::{Value, json};

use super::{QUESTION, SECRET, ask, assert_refused, fitting, fixture, key_of, post, say, says, world};
use crate::harness::request::Request;
use crate::harness::sign::Signature;
use crate::harness::upstream::{Recorded, Script};
use crate::harness::world::World;

const STRICT: fn(&mut Value) = |file| file["trust"]["mode"] = "strict".into();

#[tokio::test]
async fn each_remembers_their_own_by_their_own_key() {
    let world = world(fitting, STRICT).await;
    let (ana, bert) = (key_of(&world, "ana"), key_of(&world, "bert"));
    // As an API key, and as Claude Code sends ANTHROPIC_AUTH_TOKEN.
    let by_ana = |request: Request| request.header("x-api-key", &ana);
    let by_bert = |request: Request| request.bearer(&bert);
    world.teach(&by_ana(say(SECRET))).await;
    world.teach(&by_bert(say("Remember that the code of my locker is zebra."))).await;
    for streamed in [false, true] {
        let body =
            json!({"model": "m", "max_tokens": 9, "stream": streamed, "messages": [{"role": "user", "content": QUESTION}]});
        let question =
            || post("/v1/messages?beta=true", &body).header("anthropic-beta", "output-128k-2025-02-19,context-1m-2025-08-07");
        for (request, own, other) in [(by_ana(question()), "quagga", "zebra"), (by_bert(question()), "zebra", "quagga")] {
            let seen = world.forwarded(&request).await;
            assert!(seen.mentions(own) && !seen.mentions(other), "{}", seen.text());
            assert_eq!(seen.target, "/v1/messages?beta=true");
            assert_eq!(seen.header("anthropic-version"), Some("2023-06-01"));
            assert_eq!(seen.header("anthropic-beta"), Some("output-128k-2025-02-19,context-1m-2025-08-07"));
            assert_eq!(seen.header("x-api-key"), Some("sk-upstream-own-key"), "the upstream's own key");
            assert!(seen.header("authorization").is_none() && !seen.mentions("mgk_"), "{seen:?}");
        }
    }
}

#[tokio::test]
async fn a_key_may_come_in_both_headers() {
    let world = world(fitting, STRICT).await;
    let key = key_of(&world, "ana");
    // Claude Code sends its helper's key in both, and the person's own API key beside a token of the gateway.
    for other in [key.as_str(), "sk-ant-api03-of-the-person"] {
        let seen = world.forwarded(&say("Hello").bearer(&key).header("x-api-key", other)).await;
        assert_eq!(seen.header("x-api-key"), Some("sk-upstream-own-key"));
        assert!(!seen.mentions("sk-ant") && !seen.mentions("mgk_"), "{seen:?}");
    }
    world.requests_on_record(2).await.iter().for_each(|record| assert_eq!(record["user"], "default:ana", "{record}"));
}

#[tokio::test]
async fn the_clients_key_may_be_an_api_key() {
    let world = world(fitting, |_| {}).await;
    let by_client = |request: Request, user: &str| {
        request.header("x-api-key", crate::harness::gate::OPEN_WEBUI_KEY.1).header("X-OpenWebUI-User-Id", user)
    };
    world.teach(&by_client(say(SECRET), "ana")).await;
    assert!(world.forwarded(&by_client(say(QUESTION), "ana")).await.mentions("quagga"));
    assert!(!world.forwarded(&by_client(say(QUESTION), "bert")).await.mentions("quagga"));
}

#[tokio::test]
async fn whoever_may_not_is_told_in_this_dialect() {
    for (mode, refused) in [("strict", true), ("required", true), ("quarantine", false), ("legacy", false)] {
        let world = world(fitting, |file| file["trust"]["mode"] = mode.into()).await;
        for request in [say("Hello"), post("/v1/messages/count_tokens", &json!({"model": "m", "messages": []}))] {
            let forged = {
                let mut signature = Signature::of("ana", &request.method, &request.target, &request.body);
                "not the right key, though long enough".clone_into(&mut signature.key);
                request.clone().headers(signature.headers())
            };
            for (request, code) in [
                (request.clone(), "identity_missing"),
                (request.clone().header("x-api-key", "mgk_gibberish-key-gibberish-key-gibberish-key-0"), "user_key_unknown"),
                (forged, "signature_invalid"),
            ] {
                let answer = world.send(&request).await;
                if refused {
                    assert_refused(&answer, 401, "authentication_error", code);
                } else {
                    answer.assert_ok();
                }
            }
        }
        assert_eq!(world.upstream.take().is_empty(), refused, "{mode}");
    }
    let world = world(fitting, STRICT).await;
    assert_refused(&world.send(&say("Hello").vouched("ana")).await, 401, "authentication_error", "evidence_too_weak");
}

#[tokio::test]
async fn what_cannot_be_served_is_told_in_this_dialect() {
    let world = world(fitting, |file| file["upstreams"][0]["models"] = json!(["claude-*"])).await;
    assert_refused(&world.send(&say("Hello").vouched("ana")).await, 404, "not_found_error", "model_not_found");
    for (body, code) in [("{", "invalid_json"), ("{}", "invalid_messages"), (r#"{"messages":[],"Messages":[]}"#, "ambiguous_key")]
    {
        let request = Request::post("/v1/messages", body).vouched("ana");
        assert_refused(&world.send(&request).await, 400, "invalid_request_error", code);
    }
    let thread = json!({"model": "claude-m", "thread": {"type": "continue", "previous_message_id": "msg_of_bert"},
        "messages": [{"role": "user", "content": "Say it again"}]});
    let answer = world.send(&post("/v1/messages", &thread).vouched("ana")).await;
    assert_refused(&answer, 400, "invalid_request_error", "shared_state");
    assert!(world.upstream.take().is_empty());

    let chats_only = World::start(|_| {}).await;
    assert_refused(&chats_only.send(&say("Hello").vouched("ana")).await, 404, "not_found_error", "dialect_not_served");

    let nobody = crate::harness::gate::free_address();
    let world = super::world(fitting, |file| file["upstreams"][0]["url"] = format!("http://{nobody}/v1").into()).await;
    assert_refused(&world.send(&say("Hello").vouched("ana")).await, 502, "api_error", "upstream_unreachable");
    let slow = |file: &mut Value| file["upstreams"][0]["read_timeout"] = "300ms".into();
    let world = super::world(|_| Script::Never, slow).await;
    assert_refused(&world.send(&say("Hello").vouched("ana")).await, 504, "timeout_error", "upstream_timeout");
}

#[tokio::test]
async fn errors_of_the_upstream_pass_as_they_are() {
    let body = r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.1: `thinking` blocks cannot be modified"},"request_id":"req_1"}"#;
    let raw = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nrequest-id: req_1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let world = world(move |_| Script::Raw(raw.clone().into_bytes()), |_| {}).await;
    let answer = world.send(&say(SECRET).vouched("ana")).await;
    assert_eq!((answer.status, answer.text().as_str(), answer.header("request-id")), (400, body, Some("req_1")));
}

#[tokio::test]
async fn each_dialect_goes_to_an_upstream_that_speaks_it() {
    let answer = |request: &Recorded| if request.target.starts_with("/v1") { fitting(request) } else { Script::fitting(request) };
    let world = world(answer, |file| {
        let mut chats = file["upstreams"][0].clone();
        chats["name"] = "chats".into();
        chats["url"] = chats["url"].as_str().unwrap().replace("/v1", "/openai/v1").into();
        chats["dialects"] = json!(["openai"]);
        file["upstreams"].as_array_mut().unwrap().insert(0, chats);
    })
    .await;
    let models = || Request::new("GET", "/v1/models?limit=1000");
    for (request, target) in [
        (models().header("anthropic-version", "2023-06-01"), "/v1/models?limit=1000"),
        (models(), "/openai/v1/models?limit=1000"),
        (say("Hello"), "/v1/messages"),
        (Request::chat(&["Hello"]), "/openai/v1/chat/completions"),
    ] {
        assert_eq!(world.forwarded(&request.vouched("ana")).await.target, target);
    }
}

#[tokio::test]
async fn a_probe_is_answered_and_goes_nowhere() {
    let world = world(fitting, |_| {}).await;
    for path in ["/api/hello", "/"] {
        let mut client = crate::harness::client::Client::connect(world.gate.address()).await;
        client.send_request(&Request::new("HEAD", path).vouched("ana")).await;
        assert_eq!(client.read_head().await.status, 404, "{path}");
        // Nothing follows the head.
        assert!(client.exchange(&say("Hello").vouched("ana")).await.status == 200, "{path}");
    }
    assert!(world.upstream.take().iter().all(|seen| seen.target == "/v1/messages"));
}

#[tokio::test]
async fn recorded_clients_get_through() {
    let sillytavern = include_str!("../../fixtures/anthropic/sillytavern-011-messages-reverse-proxy-claude.json");
    let open_webui = include_str!("../../fixtures/anthropic/open-webui-041-messages-count-tokens-anthropic-messages.json");
    let world = world(fitting, |_| {}).await;
    let key = key_of(&world, "ana");
    for request in
        [fixture(sillytavern).header("x-api-key", &key), fixture(open_webui).bearer(crate::harness::gate::OPEN_WEBUI_KEY.1)]
    {
        let seen = world.forwarded(&request).await;
        assert_eq!(seen.body, request.body, "nothing is known of these people: nothing is changed");
        assert_eq!(seen.header("x-api-key"), Some("sk-upstream-own-key"));
        assert!(seen.headers.iter().all(|(name, _)| !name.to_lowercase().starts_with("x-openwebui")), "{seen:?}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_model_teaches_nothing() {
    let refuses = |request: &Recorded| {
        if !request.mentions("quagga") {
            return says("All right then.");
        }
        let usage = json!({"input_tokens": 10, "output_tokens": 0});
        let refusal = json!({"type": "message", "role": "assistant", "content": [], "stop_reason": "refusal", "usage": usage});
        Script::json(200, &refusal)
    };
    let world = world(refuses, |_| {}).await;
    world.send(&ask(&json!([{"role": "user", "content": SECRET}])).vouched("ana")).await.assert_ok();
    assert!(!super::was_learned(&world, |request| request.vouched("ana")).await);
}
