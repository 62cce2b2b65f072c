//! The harness against itself: a test that leans on it must know that it records what was sent.

use std::sync::Arc;

use tokio::sync::Notify;

use super::client::{Client, send};
use super::h2c;
use super::request::{Framing, Request};
use super::upstream::{DONE, FakeUpstream, Script, Step, event};

#[tokio::test]
async fn bodies_are_recorded_exactly_however_they_are_framed() {
    let upstream = FakeUpstream::start(|r| Script::says(&r.body.len().to_string())).await;
    let body: Vec<u8> = (0..200_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    for framing in [Framing::Length, Framing::Chunked] {
        let request = Request::post("/v1/x?y=z", body.clone()).header("X-Twice", "1").header("x-twice", b"\xe9").framed(framing);
        for answer in [send(upstream.address, &request).await, h2c::send(upstream.address, &request).await.unwrap()] {
            answer.assert_ok();
            assert_eq!(answer.json()["choices"][0]["message"]["content"], "200000");
            let seen = upstream.last();
            assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/v1/x?y=z"));
            assert_eq!(seen.body, body);
            let twice: Vec<&str> =
                seen.headers.iter().filter(|h| h.0.eq_ignore_ascii_case("x-twice")).map(|h| h.1.as_str()).collect();
            assert_eq!(twice, ["1", "é"]);
        }
    }
    assert_eq!(upstream.take().len(), 4);
}

#[tokio::test]
async fn streams_end_break_off_or_wait_as_scripted() {
    let go = Arc::new(Notify::new());
    let gate = Arc::clone(&go);
    let upstream = FakeUpstream::start(move |request| match request.target.as_str() {
        "/cut" => Script::Stream(vec![Step::Send(event("half")), Step::Cut]),
        "/wait" => Script::Stream(vec![Step::Send(event("one")), Step::Await(Arc::clone(&gate)), Step::Send(DONE.to_vec())]),
        _ => Script::streams("a b c"),
    })
    .await;
    let whole = send(upstream.address, &Request::new("GET", "/")).await;
    assert!(whole.complete && whole.body.ends_with(DONE));
    let cut = send(upstream.address, &Request::new("GET", "/cut")).await;
    assert_eq!((cut.complete, cut.body), (false, event("half")));

    let mut client = Client::connect(upstream.address).await;
    client.send_request(&Request::new("GET", "/wait")).await;
    assert_eq!(client.read_head().await.status, 200);
    assert_eq!(client.read_chunk().await, Some(event("one")));
    go.notify_one();
    assert_eq!(client.read_chunk().await, Some(DONE.to_vec()));
    assert_eq!(client.read_chunk().await, Some(Vec::new()));

    client.send_request(&Request::new("GET", "/wait")).await;
    assert_eq!(client.read_head().await.status, 200);
    drop(client);
    upstream.wait_for_leavers(1).await;
}
