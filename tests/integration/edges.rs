//! The edges of HTTP: odd answers, odd connections, old clients. Each ends as clearly as the ordinary ones.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::harness::client::Client;
use crate::harness::request::{Framing, Request};
use crate::harness::upstream::{DONE, Recorded, Script, event, last_event};
use crate::harness::world::World;

fn whole_stream() -> Vec<u8> {
    [event("all of it"), last_event(), DONE.to_vec()].concat()
}

/// An upstream whose every answer is these bytes.
async fn world_of(head: &str, body: &[u8]) -> World {
    let raw = [head.as_bytes(), b"\r\n", body].concat();
    World::with_upstream(move |_| Script::Raw(raw.clone()), |_| {}).await
}

#[tokio::test]
async fn a_compressed_stream_passes_unchanged() {
    let coded = b"\x1f\x8b\x08\x00 not to be read by anybody in between";
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n",
        coded.len()
    );
    let world = world_of(&head, coded).await;
    let answer = world.send(&Request::streamed_chat(&["Hello"]).vouched("ana")).await;
    answer.assert_ok();
    assert_eq!(answer.body, coded);
}

#[tokio::test]
async fn a_stream_by_length_passes_and_a_cut_one_is_ended() {
    let body = whole_stream();
    let head = |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {length}\r\n");
    let world = world_of(&head(body.len()), &body).await;
    let answer = world.send(&Request::streamed_chat(&["Hello"]).vouched("ana")).await;
    answer.assert_ok();
    assert_eq!(answer.body, body);

    let half = event("half");
    let world = world_of(&head(body.len()), &half).await;
    let answer = world.send(&Request::streamed_chat(&["Hello"]).vouched("ana")).await;
    answer.assert_ok();
    assert!(answer.body.starts_with(&half) && answer.body.ends_with(DONE), "{}", answer.text());
    assert!(answer.text().contains("upstream_failed"), "{}", answer.text());
}

#[tokio::test]
async fn a_stream_that_ends_with_its_connection_passes() {
    let world = world_of("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n", &whole_stream()).await;
    let answer = world.send(&Request::streamed_chat(&["Hello"]).vouched("ana")).await;
    answer.assert_ok();
    assert_eq!(answer.body, whole_stream());
}

#[tokio::test]
async fn an_old_client_gets_a_stream_without_chunks() {
    let world = World::with_upstream(|_| Script::streams("All of it"), |_| {}).await;
    let request = Request::streamed_chat(&["Hello"]).vouched("ana");
    let head = String::from_utf8(request.head()).unwrap().replace("HTTP/1.1", "HTTP/1.0");
    let mut client = Client::connect(world.gate.address()).await;
    client.send(head.as_bytes()).await;
    client.send(&request.body).await;
    let answer = client.read_answer().await;
    assert_eq!((answer.status, answer.header("transfer-encoding")), (200, None), "{}", answer.text());
    assert!(answer.text().starts_with("data: {") && answer.body.ends_with(DONE), "{}", answer.text());
    assert_eq!(world.requests_on_record(1).await[0]["outcome"], "complete");
}

#[tokio::test]
async fn an_answer_without_a_body_leaves_the_connection_usable() {
    for status in ["204 No Content", "304 Not Modified"] {
        let world = world_of(&format!("HTTP/1.1 {status}\r\n"), b"").await;
        let mut client = Client::connect(world.gate.address()).await;
        for request in [Request::chat(&["Hello"]), Request::post("/v1/embeddings", "{}"), Request::new("GET", "/v1/models")] {
            let answer = client.exchange(&request.vouched("ana")).await;
            assert_eq!((answer.status, answer.complete), (status[..3].parse().unwrap(), true), "{status}");
        }
        let records = world.requests_on_record(3).await;
        assert!(records.iter().all(|record| record["outcome"] == "complete"), "{records:?}");
    }
}

#[tokio::test]
async fn interim_answers_of_the_upstream_are_no_answers() {
    let body = whole_stream();
    let head = format!(
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {}\r\n",
        body.len()
    );
    let world = world_of(&head, &body).await;
    let mut client = Client::connect(world.gate.address()).await;
    client.send_request(&Request::streamed_chat(&["Hello"]).vouched("ana")).await;
    let mut head = client.read_head().await;
    if head.status == 103 {
        head = client.read_head().await;
    }
    assert_eq!(head.status, 200);
    assert_eq!(world.requests_on_record(1).await[0]["status"], 200);
}

#[tokio::test]
async fn upgrades_are_not_passed_on() {
    let world = World::start(|file| file["upstreams"][0]["shared_state"] = "allow".into()).await;
    let request = Request::new("GET", "/v1/realtime").vouched("ana");
    let request = request.header("Connection", "Upgrade").header("Upgrade", "websocket");
    world.send(&request).await.assert_ok();
    let seen = world.upstream.last();
    assert_eq!((seen.header("upgrade"), seen.header("authorization")), (None, Some("Bearer sk-upstream-own-key")));
}

#[tokio::test]
async fn a_connection_header_cannot_take_the_upstreams_key_away() {
    let world = World::start(|_| {}).await;
    for list in ["content-length, x-a", "host", "authorization, x-b", "x\"y", "a,b,c,d,e,f,g,h,i,j,k,l"] {
        let request = Request::chat(&["Hello"]).signed("ana").header("Connection", list);
        let answer = world.send(&request).await;
        if answer.status != 200 {
            assert_eq!(answer.status, 400, "{list}: {}", answer.text());
            assert_eq!(answer.code(), "connection_header", "{list}");
            continue;
        }
        let seen = world.upstream.last();
        assert_eq!(seen.header("authorization"), Some("Bearer sk-upstream-own-key"), "{list}");
        assert_eq!(seen.header("host"), Some(world.upstream.address.to_string().as_str()), "{list}");
    }
}

#[tokio::test]
async fn a_kept_upstream_connection_that_has_died_costs_nobody_an_answer() {
    for framing in [Framing::Length, Framing::Chunked, Framing::Expect] {
        let (used, closed) = (Mutex::new(Vec::new()), Arc::new(AtomicBool::new(false)));
        let gone = Arc::clone(&closed);
        let answer = move |request: &Recorded| {
            let mut used = used.lock().unwrap();
            if used.contains(&request.connection) && !gone.load(Ordering::SeqCst) {
                gone.store(true, Ordering::SeqCst);
                return Script::Close;
            }
            used.push(request.connection);
            Script::fitting(request)
        };
        let world = World::with_upstream(answer, |_| {}).await;
        // A connection may be kept a moment after its answer was passed on: until then another one is made.
        let mut sent = 0;
        while !closed.load(Ordering::SeqCst) && sent < 100 {
            world.send(&Request::chat(&["Hello"]).vouched("ana").framed(framing)).await.assert_ok();
            sent += 1;
        }
        let seen: Vec<usize> = world.upstream.take().iter().map(|request| request.connection).collect();
        let [.., died, again] = seen.as_slice() else { panic!("{framing:?}: {seen:?}") };
        assert!(closed.load(Ordering::SeqCst) && died != again, "{framing:?}: {seen:?}");
        assert_eq!(seen.len(), sent + 1, "{framing:?}: {seen:?}");
        assert_eq!(world.requests_on_record(sent).await.len(), sent);
    }
}

#[tokio::test]
async fn requests_sent_ahead_are_not_mixed_up() {
    let world = World::start(|_| {}).await;
    let (one, two) = (Request::chat(&["first"]).vouched("ana"), Request::chat(&["second"]).vouched("bert"));
    let mut client = Client::connect(world.gate.address()).await;
    client.send(&[one.head(), one.framed_body(), two.head(), two.framed_body()].concat()).await;
    let answer = client.read_answer().await;
    answer.assert_ok();
    let second = client.read_answer().await;
    assert!(second.status == 0 || second.status == 200, "{second:?}");
    for seen in world.upstream.take() {
        assert!(!(seen.mentions("first") && seen.mentions("second")), "{}", seen.text());
    }
}

#[tokio::test]
async fn a_streamed_body_over_the_limit_is_on_record_as_refused() {
    let world = World::start(|file| file["limits"] = json!({"body": "100KiB"})).await;
    let request = Request::post("/v1/audio/transcriptions", vec![b'x'; 300_000]).header("Content-Type", "audio/wav");
    world.send(&request.vouched("ana").framed(Framing::Chunked)).await.assert_refused(413, "body_too_large");
    assert_eq!(world.requests_on_record(1).await[0]["outcome"], "refused");
}

#[tokio::test]
async fn what_memory_may_add_refuses_no_chat() {
    let world = World::start(|file| file["memory"] = json!({"budget": 9000})).await;
    world.teach(&Request::chat(&["Remember that the boat is called Nemo."]).vouched("ana")).await;
    world.send(&Request::chat(&["What is the boat called?"]).vouched("ana")).await.assert_ok();
}

#[tokio::test]
async fn odd_methods_are_decided_and_answered() {
    let world = World::start(|_| {}).await;
    for method in ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "BREW", "post"] {
        for target in ["/v1/chat/completions", "/v1/models", "/surprise"] {
            let mut client = Client::connect(world.gate.address()).await;
            client.send_request(&Request::new(method, target).header("Connection", "close")).await;
            let head = client.read_head().await;
            assert_eq!(head.status, 401, "{method} {target}");
        }
    }
    assert_eq!(world.upstream.take().len(), 0);
}
