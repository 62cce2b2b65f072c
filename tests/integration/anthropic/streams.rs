//! Streams of this dialect: passed as they are, ended where the upstream does not, and stopped where the client leaves.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{SECRET, STREAM, events, fitting, post, was_learned, world};
use crate::harness::client::Client;
use crate::harness::request::Request;
use crate::harness::upstream::{Recorded, Script, Step};
use crate::harness::world::World;

fn streamed(text: &str) -> Request {
    let body = json!({"model": "m", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": text}]});
    post("/v1/messages", &body).vouched("ana")
}

/// Streams by `steps`, answers fittingly what is not streamed.
async fn scripted(steps: Vec<Step>, change: impl FnOnce(&mut Value)) -> World {
    let answer = move |request: &Recorded| {
        if request.json()["stream"] == json!(true) { Script::Stream(steps.clone()) } else { fitting(request) }
    };
    world(answer, change).await
}

#[tokio::test]
async fn a_stream_passes_unchanged_and_is_learned_from() {
    for size in [1, 7, 100] {
        let steps = STREAM.as_bytes().chunks(size).map(|piece| Step::Send(piece.to_vec())).collect();
        let world = scripted(steps, |_| {}).await;
        let answer = world.send(&streamed(SECRET)).await;
        answer.assert_ok();
        assert_eq!(answer.text(), STREAM, "pieces of {size}");
        assert!(was_learned(&world, |request| request.vouched("ana")).await);
        let record = world.requests_on_record(1).await.remove(0);
        assert_eq!((&record["tokens_in"], &record["tokens_out"]), (&json!(142), &json!(57)), "{record}");
        assert!(record["first_token_ms"].is_number(), "{record}");
    }
}

/// The upstream leaves in the middle: the client sees what came, and then an error that the official libraries throw.
async fn a_cut_ends_in_an_error(sent: &str, ending: &str, steps: Vec<Step>, change: impl FnOnce(&mut Value), code: &str) {
    let world = scripted(steps, change).await;
    let answer = world.send(&streamed(SECRET)).await;
    answer.assert_ok();
    let text = answer.text();
    let added = text.strip_prefix(sent).unwrap_or_else(|| panic!("{text}"));
    let error = added
        .strip_prefix(ending)
        .and_then(|rest| rest.strip_prefix("event: error\ndata: "))
        .unwrap_or_else(|| panic!("{added}"));
    let error: Value = serde_json::from_str(error.strip_suffix("\n\n").unwrap()).unwrap();
    assert_eq!((&error["type"], &error["error"]["type"]), (&json!("error"), &json!("api_error")), "{error}");
    assert_eq!(error["error"]["code"], code);
    assert!(error["error"]["message"].as_str().unwrap().len() > 20, "{error}");
    assert!(!was_learned(&world, |request| request.vouched("ana")).await, "half an answer was learned from");
    assert_eq!(world.requests_on_record(1).await[0]["outcome"], "upstream_failed");
}

fn send(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

#[tokio::test]
async fn an_upstream_that_breaks_off_between_events() {
    let half: String = STREAM.split_inclusive("\n\n").take(8).collect();
    a_cut_ends_in_an_error(&half, "", vec![send(&half), Step::Cut], |_| {}, "upstream_failed").await;
    // The connection ends well, the message does not.
    a_cut_ends_in_an_error(&half, "", vec![send(&half)], |_| {}, "upstream_failed").await;
}

#[tokio::test]
async fn an_upstream_that_breaks_off_inside_an_event() {
    let half = &STREAM[..STREAM.find("look at").unwrap()];
    a_cut_ends_in_an_error(
        half,
        "\"},\"type\":\"ping\"}\nevent: ping\n\n",
        vec![send(half), Step::Cut],
        |_| {},
        "upstream_failed",
    )
    .await;
}

#[tokio::test]
async fn an_upstream_that_falls_silent() {
    let half: String = STREAM.split_inclusive("\n\n").take(8).collect();
    let steps = vec![send(&half), Step::Await(Arc::new(Notify::new()))];
    let slow = |file: &mut Value| file["upstreams"][0]["read_timeout"] = "300ms".into();
    a_cut_ends_in_an_error(&half, "", steps, slow, "upstream_timeout").await;
}

#[tokio::test]
async fn a_whole_message_gets_the_end_that_it_lacks() {
    let whole = &STREAM[..STREAM.find("event: message_stop").unwrap()];
    let world = scripted(vec![send(whole), Step::Cut], |_| {}).await;
    let answer = world.send(&streamed(SECRET)).await;
    answer.assert_ok();
    assert_eq!(answer.text(), format!("{whole}event: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n"));
    assert!(was_learned(&world, |request| request.vouched("ana")).await);
}

#[tokio::test]
async fn an_error_of_the_upstream_is_the_last_event_and_teaches_nothing() {
    let half: String = STREAM.split_inclusive("\n\n").take(8).collect();
    let whole = half
        + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    let world = scripted(vec![send(&whole)], |_| {}).await;
    let answer = world.send(&streamed(SECRET)).await;
    answer.assert_ok();
    assert_eq!(answer.text(), whole);
    assert!(!was_learned(&world, |request| request.vouched("ana")).await);
}

#[tokio::test]
async fn a_leaving_client_stops_the_upstream_and_teaches_nothing() {
    let mut steps = events();
    let first = steps.remove(0);
    let steps = [vec![first.clone(), Step::Await(Arc::new(Notify::new()))], steps].concat();
    let world = scripted(steps, |_| {}).await;
    let mut client = Client::connect(world.gate.address()).await;
    client.send_request(&streamed(SECRET)).await;
    assert_eq!(client.read_head().await.status, 200);
    let Step::Send(first) = first else { panic!("no event") };
    assert_eq!(client.read_chunk().await, Some(first));
    drop(client);
    world.upstream.wait_for_leavers(1).await;
    assert_eq!(world.requests_on_record(1).await[0]["outcome"], "client_left");
    assert!(!was_learned(&world, |request| request.vouched("ana")).await);
}
