//! Streams pass byte for byte and at once; however the upstream or the client ends them, the other side sees a clean end.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::harness::client::{Answer, Client};
use crate::harness::request::Request;
use crate::harness::upstream::{DONE, Recorded, Script, Step, event, last_event};
use crate::harness::world::World;

const SECRET: &str = "Remember that the code of my locker is quagga.";
const MARKER: &str = "Remember that my bicycle is called Pegasus.";
const QUESTION: &str = "What is the code of my locker, and what is my bicycle called?";

/// Answers by `steps` where the last turn says `SECRET`, fittingly otherwise.
fn scripted(steps: Vec<Step>) -> impl Fn(&Recorded) -> Script + Send + Sync + 'static {
    move |request| {
        if request.text().contains("quagga") && !request.text().contains("bicycle") {
            Script::Stream(steps.clone())
        } else {
            Script::fitting(request)
        }
    }
}

/// Whether the turn with `SECRET` was learned from. Turns are learned from in order, so a later one tells when to look.
async fn was_learned(world: &World) -> bool {
    let before = world.metric("memgate_facts_written_total", &[]).await;
    world.teach(&Request::chat(&[MARKER]).vouched("ana")).await;
    let seen = world.forwarded(&Request::chat(&[QUESTION]).vouched("ana")).await;
    assert!(world.metric("memgate_facts_written_total", &[]).await > before);
    assert!(seen.mentions("Pegasus"), "{}", seen.text());
    seen.mentions("quagga")
}

/// The data of each event.
fn events(answer: &Answer) -> Vec<String> {
    let text = answer.text();
    assert!(text.ends_with("\n\n"), "{text:?}");
    text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).map(str::to_owned).collect()
}

#[tokio::test]
async fn bytes_pass_unchanged_at_any_border() {
    let mut whole = Vec::new();
    whole.extend_from_slice(b": a comment\n\n");
    whole.extend_from_slice(&event("na\u{ef}ve \u{1f99c} \"quoted\" \\ \u{2028}"));
    whole.extend_from_slice(b"event: odd\r\nid: 7\r\ndata: {\"unknown\": [1, 2,  3]}\r\n\r\n");
    whole.extend_from_slice(
        b"data:{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0}]},\"finish_reason\":null}]}\n\n",
    );
    whole.extend_from_slice(&last_event());
    whole.extend_from_slice(b"data: {\"choices\": [], \"usage\": {\"prompt_tokens\": 9, \"completion_tokens\": 1}}\n\n");
    whole.extend_from_slice(DONE);
    for size in [1, 2, 3, 7, 64, 1000] {
        let steps: Vec<Step> = whole.chunks(size).map(|piece| Step::Send(piece.to_vec())).collect();
        let world = World::with_upstream(move |_| Script::Stream(steps.clone()), |_| {}).await;
        let answer = world.send(&Request::streamed_chat(&["Hello"]).vouched("ana")).await;
        answer.assert_ok();
        assert_eq!(answer.text(), String::from_utf8_lossy(&whole), "pieces of {size}");
    }
}

#[tokio::test]
async fn events_pass_at_once() {
    let go = Arc::new(Notify::new());
    let steps =
        vec![Step::Send(event("first")), Step::Await(Arc::clone(&go)), Step::Send(last_event()), Step::Send(DONE.to_vec())];
    let world = World::with_upstream(move |_| Script::Stream(steps.clone()), |_| {}).await;
    let mut client = Client::connect(world.gate.address()).await;
    client.send_request(&Request::streamed_chat(&["Hello"]).vouched("ana")).await;
    assert_eq!(client.read_head().await.status, 200);
    assert_eq!(client.read_chunk().await, Some(event("first")));
    assert_eq!(world.metric("memgate_open_streams", &[]).await, 1);
    go.notify_one();
    let mut rest = Vec::new();
    while let Some(chunk) = client.read_chunk().await.filter(|chunk| !chunk.is_empty()) {
        rest.extend(chunk);
    }
    assert_eq!(rest, [last_event(), DONE.to_vec()].concat());
}

#[tokio::test]
async fn a_stream_that_ends_well_is_learned_from() {
    let world = World::start(|_| {}).await;
    world.teach(&Request::streamed_chat(&[SECRET]).vouched("ana")).await;
    assert!(was_learned(&world).await);
}

async fn a_cut_is_ended_cleanly(steps: Vec<Step>, sent: &[u8]) {
    let world = World::with_upstream(scripted(steps), |_| {}).await;
    let answer = world.send(&Request::streamed_chat(&[SECRET]).vouched("ana")).await;
    answer.assert_ok();
    assert!(answer.body.starts_with(sent), "{}", answer.text());
    let mut events = events(&answer);
    assert_eq!(events.pop().as_deref(), Some("[DONE]"));
    let error: Value = serde_json::from_str(&events.pop().unwrap()).unwrap();
    assert_eq!(error["error"]["code"], "upstream_failed", "{error}");
    assert!(error["error"]["message"].as_str().unwrap().len() > 20, "{error}");
    assert!(!was_learned(&world).await, "half an answer was learned from");
    let records = world.requests_on_record(1).await;
    assert_eq!(records[0]["outcome"], "upstream_failed", "{}", records[0]);
}

#[tokio::test]
async fn an_upstream_cut_between_events_ends_in_an_error_event() {
    a_cut_is_ended_cleanly(vec![Step::Send(event("half")), Step::Cut], &event("half")).await;
}

#[tokio::test]
async fn an_upstream_cut_inside_an_event_ends_in_an_error_event() {
    let half = &event("half a word")[..40];
    a_cut_is_ended_cleanly(
        vec![Step::Send(event("one")), Step::Send(half.to_vec()), Step::Cut],
        &[&event("one")[..], half].concat(),
    )
    .await;
}

#[tokio::test]
async fn a_stream_that_stops_without_its_finish_ends_in_an_error_event() {
    a_cut_is_ended_cleanly(vec![Step::Send(event("half"))], &event("half")).await;
}

#[tokio::test]
async fn a_silent_upstream_ends_in_an_error_event() {
    let never = Arc::new(Notify::new());
    let steps = vec![Step::Send(event("half")), Step::Await(never)];
    let slow = |file: &mut Value| file["upstreams"][0]["read_timeout"] = "300ms".into();
    let world = World::with_upstream(move |_| Script::Stream(steps.clone()), slow).await;
    let answer = world.send(&Request::streamed_chat(&["Hello"]).vouched("ana")).await;
    answer.assert_ok();
    let events = events(&answer);
    assert!(events[1].contains("upstream_timeout") && events[2] == "[DONE]", "{events:?}");
}

#[tokio::test]
async fn a_leaving_client_stops_the_upstream_and_teaches_nothing() {
    let never = Arc::new(Notify::new());
    let steps = vec![Step::Send(event("half")), Step::Await(never), Step::Send(last_event()), Step::Send(DONE.to_vec())];
    let world = World::with_upstream(scripted(steps), |_| {}).await;
    let mut client = Client::connect(world.gate.address()).await;
    client.send_request(&Request::streamed_chat(&[SECRET]).vouched("ana")).await;
    assert_eq!(client.read_head().await.status, 200);
    assert_eq!(client.read_chunk().await, Some(event("half")));
    drop(client);
    world.upstream.wait_for_leavers(1).await;
    let records = world.requests_on_record(1).await;
    assert_eq!(records[0]["outcome"], "client_left", "{}", records[0]);
    assert!(!was_learned(&world).await, "half an answer was learned from");
    assert_eq!(world.metric("memgate_open_streams", &[]).await, 0);
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_stops_the_upstream() {
    let world = World::with_upstream(|_| Script::Never, |_| {}).await;
    let mut client = Client::connect(world.gate.address()).await;
    client.send_request(&Request::chat(&["Hello"]).vouched("ana")).await;
    world.upstream.wait_for_requests(1).await;
    drop(client);
    world.upstream.wait_for_leavers(1).await;
}

#[tokio::test]
async fn errors_of_the_upstream_pass_as_they_are() {
    let error = json!({"error": {"message": "out of tokens", "type": "x", "param": null, "code": "quota"}});
    let body = error.clone();
    let world = World::with_upstream(move |_| Script::json(429, &body), |_| {}).await;
    for request in [Request::chat(&[SECRET]), Request::streamed_chat(&[SECRET])] {
        let answer = world.send(&request.vouched("ana")).await;
        assert_eq!((answer.status, answer.json()), (429, error.clone()));
    }
}

#[tokio::test]
async fn an_upstream_that_gives_no_answer_is_reported_in_the_dialect() {
    let world = World::with_upstream(|_| Script::Close, |_| {}).await;
    world.send(&Request::chat(&["Hello"]).vouched("ana")).await.assert_refused(502, "upstream_failed");

    let slow = |file: &mut Value| file["upstreams"][0]["read_timeout"] = "300ms".into();
    let world = World::with_upstream(|_| Script::Never, slow).await;
    world.send(&Request::streamed_chat(&["Hello"]).vouched("ana")).await.assert_refused(504, "upstream_timeout");

    let nobody = crate::harness::gate::free_address();
    let world = World::start(|file| file["upstreams"][0]["url"] = format!("http://{nobody}/v1").into()).await;
    world.send(&Request::chat(&["Hello"]).vouched("ana")).await.assert_refused(502, "upstream_unreachable");
    assert_eq!(world.metric("memgate_upstream_errors_total", &["kind=\"connect\""]).await, 1);
}

#[tokio::test]
async fn an_answer_cut_outside_a_stream_stays_visibly_incomplete() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"choices\":";
    let raw = move |request: &Recorded| {
        if request.text().contains("quagga") && !request.text().contains("bicycle") {
            Script::Raw(cut.to_vec())
        } else {
            Script::fitting(request)
        }
    };
    let world = World::with_upstream(raw, |_| {}).await;
    let answer = world.send(&Request::chat(&[SECRET]).vouched("ana")).await;
    assert!(answer.status == 502 || !answer.complete, "a cut answer looks whole: {}", answer.text());
    assert!(!was_learned(&world).await, "half an answer was learned from");
}
