//! Bodies of every size and framing reach the upstream exactly, or are refused.

use crate::harness::client::{Answer, Client};
use crate::harness::h2c;
use crate::harness::request::{Framing, Request};
use crate::harness::world::World;

const FRAMINGS: [Framing; 3] = [Framing::Length, Framing::Chunked, Framing::Expect];
const SMALL: [usize; 4] = [10, 65_535, 65_537, 1_000_000];
const LARGE: usize = 20_000_000;

/// Bytes that no two places of a body share, so that a lost or doubled piece shows.
fn filler(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -"[usize::try_from(state >> 58).unwrap()]
    };
    (0..size).map(|_| byte()).collect()
}

/// A chat of exactly `size` bytes. The bulk stands in a field that memgate does not know, so the conversation stays short.
fn chat_of(size: usize) -> Vec<u8> {
    let head = br#"{"model":"m","messages":[{"role":"user","content":"Hello there"}],"x_bulk":""#;
    let bulk = filler(size - head.len() - 2);
    [&head[..], &bulk, b"\"}"].concat()
}

/// The ways on which a body can be handled.
fn requests(size: usize) -> Vec<(&'static str, Request)> {
    let mut all = vec![
        ("streamed through", Request::post("/v1/embeddings", filler(size)).vouched("ana")),
        ("read for its signature", Request::post("/v1/embeddings", filler(size)).signed("sara")),
    ];
    if size > 200 {
        all.push(("read as a chat", Request::post("/v1/chat/completions", chat_of(size)).vouched("ana")));
    }
    all
}

#[track_caller]
fn assert_arrived(world: &World, what: &str, answer: &Answer, request: &Request) {
    assert_eq!((answer.status, answer.complete), (200, true), "{what}: {}", answer.text());
    let seen = world.upstream.take();
    assert_eq!(seen.len(), 1, "{what}");
    // Not by `assert_eq`: nobody wants to read twenty megabytes.
    assert!(seen[0].body == request.body, "{what}: {} bytes arrived of {}", seen[0].body.len(), request.body.len());
    match (seen[0].header("content-length"), seen[0].header("transfer-encoding")) {
        (Some(length), None) => assert_eq!(length, request.body.len().to_string(), "{what}"),
        (None, Some(coding)) => {
            assert!(coding == "chunked" && what.contains("streamed") && request.framing == Framing::Chunked, "{what}");
        }
        both => panic!("{what}: framed by {both:?}"),
    }
    for hop in ["expect", "connection", "te", "trailer", "keep-alive"] {
        assert_eq!(seen[0].header(hop), None, "{what}: {hop}");
    }
}

async fn bodies_arrive(sizes: &[usize]) {
    let world = World::start(|file| file["limits"] = serde_json::json!({"h2c": true})).await;
    for &size in sizes {
        for framing in FRAMINGS {
            for (what, request) in requests(size) {
                let request = request.framed(framing);
                let what = format!("{what}, {size} bytes, {framing:?}");
                let mut client = Client::connect(world.gate.address()).await;
                let answer = client.exchange(&request).await;
                assert_arrived(&world, &format!("{what}, HTTP/1.1"), &answer, &request);
                // The connection lives on and is in step.
                let next = client.exchange(&Request::new("GET", "/v1/models").vouched("ana")).await;
                assert_eq!(next.status, 200, "after {what}: {}", next.text());
                world.upstream.take();
            }
            if framing != Framing::Expect {
                for (what, request) in requests(size) {
                    let request = request.framed(framing);
                    let answer = h2c::send(world.gate.address(), &request).await.expect("an answer by HTTP/2");
                    assert_arrived(&world, &format!("{what}, {size} bytes, {framing:?}, HTTP/2"), &answer, &request);
                }
            }
        }
    }
}

#[tokio::test]
async fn small_bodies_arrive_exactly() {
    bodies_arrive(&SMALL).await;
}

#[tokio::test]
async fn large_bodies_arrive_exactly() {
    bodies_arrive(&[LARGE]).await;
}

#[tokio::test]
async fn bodies_arrive_exactly_over_an_http2_upstream() {
    let world = World::start(|file| file["upstreams"][0]["http2"] = true.into()).await;
    for size in SMALL {
        for (what, request) in requests(size) {
            world.send(&request).await.assert_ok();
            let seen = world.upstream.take();
            assert!(seen.len() == 1 && seen[0].body == request.body, "{what}, {size} bytes");
        }
    }
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused() {
    let world = World::start(|file| file["limits"] = serde_json::json!({"h2c": true, "body": "100KiB"})).await;
    let over = 100 * 1024 + 1;
    for (what, request) in requests(over) {
        for framing in FRAMINGS {
            let request = request.clone().framed(framing);
            println!("{what}, {framing:?}");
            world.send(&request).await.assert_refused(413, "body_too_large");
            if framing != Framing::Expect {
                let answer = h2c::send(world.gate.address(), &request).await.expect("an answer by HTTP/2");
                answer.assert_refused(413, "body_too_large");
            }
        }
    }
    // Just within it.
    for (what, request) in requests(over - 1) {
        println!("{what}");
        world.send(&request).await.assert_ok();
    }
    let seen = world.upstream.take();
    assert!(seen.iter().all(|request| request.body.len() < over), "too much reached the upstream");
}

#[tokio::test]
async fn an_early_refusal_is_seen_though_the_body_is_not_wanted() {
    let world = World::in_mode("strict").await;
    for framing in FRAMINGS {
        let request = Request::post("/v1/chat/completions", chat_of(2_000_000)).framed(framing);
        world.send(&request).await.assert_refused(401, "identity_missing");
    }
    assert_eq!(world.upstream.take().len(), 0);
}

#[tokio::test]
async fn a_body_that_breaks_off_reaches_nobody() {
    let world = World::start(|_| {}).await;
    let request = Request::post("/v1/chat/completions", chat_of(50_000)).vouched("ana");
    let mut client = Client::connect(world.gate.address()).await;
    client.send(&request.head()).await;
    client.send(&request.body[..20_000]).await;
    drop(client);
    let mut client = Client::connect(world.gate.address()).await;
    client.send(&request.clone().framed(Framing::Chunked).head()).await;
    client.send(b"5\r\nhello\r\nzz\r\n").await;
    let answer = client.read_answer().await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "body_broken"));
    world.requests_on_record(2).await;
    assert_eq!(world.upstream.take().len(), 0);
}
