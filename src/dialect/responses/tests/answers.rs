//! Reading answers, streamed and not, and ending streams.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::dialect::answer::{Answer, Usage};
use crate::dialect::stream::{MAX_EVENT, Tap};
use crate::dialect::{Dialect, StreamFault};

fn read(body: &Value) -> Answer {
    Dialect::Responses.read_answer(body.to_string().as_bytes()).unwrap()
}

/// Ids, and whether each must be named to be made use of.
fn kept(answer: &Answer) -> Vec<(&str, bool)> {
    answer.kept.iter().map(|kept| (kept.id.as_str(), kept.by_id)).collect()
}

#[test]
fn a_whole_answer_is_read() {
    let answer =
        read(&json!({"id": "resp_1", "object": "response", "created_at": 5, "model": "m", "status": "completed", "error": null,
        "incomplete_details": null, "previous_response_id": "resp_0", "output": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "g"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed"},
            {"type": "code_interpreter_call", "id": "ci_1", "container_id": "cntr_1", "code": "1"},
            {"type": "shell_call", "id": "sh_1", "environment": {"type": "container_reference", "container_id": "cntr_2"}},
            {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]}],
        "usage": {"input_tokens": 12, "input_tokens_details": {"cached_tokens": 3}, "output_tokens": 3, "total_tokens": 15}}));
    assert!(answer.ends_cleanly() && answer.content && !answer.error);
    assert_eq!(answer.finish_reason.as_deref(), Some("completed"));
    assert_eq!(answer.usage, Some(Usage { prompt_tokens: 12, completion_tokens: 3, cached_tokens: 3 }));
    let expected = [("resp_1", false), ("rs_1", true), ("rs_2", false), ("ws_1", true), ("ci_1", true), ("cntr_1", true)];
    assert_eq!(kept(&answer)[..6], expected);
    assert_eq!(kept(&answer)[6..], [("sh_1", false), ("cntr_2", true), ("msg_1", false)]);
}

#[test]
fn only_a_finished_answer_ends_cleanly() {
    for (status, clean, error) in [
        ("completed", true, false),
        ("incomplete", true, false),
        ("queued", false, false),
        ("in_progress", false, false),
        ("failed", false, true),
        ("cancelled", false, true),
        ("brand_new", false, false),
    ] {
        let answer = read(&json!({"id": "r", "status": status, "output": []}));
        assert_eq!((answer.ends_cleanly(), answer.error), (clean, error), "{status}");
    }
    let cut = read(&json!({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}));
    assert_eq!(cut.finish_reason.as_deref(), Some("max_output_tokens"));
    assert!(!read(&json!({"status": "completed", "error": {"message": "no"}})).ends_cleanly());
    assert!(read(&json!({"error": {"message": "no"}})).error);
    for odd in [json!({"usage": 3, "output": [4, null], "status": "completed"}), json!({})] {
        assert!(read(&odd).kept.is_empty());
    }
    for body in ["", "[]", "{", "[DONE]"] {
        assert_eq!(Dialect::Responses.read_answer(body.as_bytes()), None);
    }
}

#[test]
fn the_id_is_found_at_the_start_of_a_document_that_is_too_long() {
    let start = br#"{"id":"resp_1","object":"response","status":"completed","output":[{"id":"ig_1","result":"iVBO"#;
    let kept = Dialect::Responses.read_kept(start);
    assert_eq!(kept.iter().map(|kept| kept.id.as_str()).collect::<Vec<_>>(), ["resp_1"]);
    assert!(Dialect::Responses.read_kept(br#"{"output":[{"id":"ig_1"#).is_empty());
    assert!(Dialect::Responses.read_kept(b"").is_empty());
}

fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}

fn response(status: &str) -> Value {
    json!({"id": "resp_1", "object": "response", "created_at": 17, "model": "m", "status": status, "output": [], "error": null})
}

fn opening() -> String {
    let created = event(&json!({"type": "response.created", "sequence_number": 0, "response": response("in_progress")}));
    created + &event(&json!({"type": "response.in_progress", "sequence_number": 1, "response": response("in_progress")}))
}

fn whole() -> String {
    let mut last = response("completed");
    last["usage"] = json!({"input_tokens": 7, "output_tokens": 2, "total_tokens": 9});
    [
        opening(),
        event(&json!({"type": "response.output_item.added", "sequence_number": 2, "output_index": 0,
            "item": {"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress", "content": []}})),
        event(&json!({"type": "response.output_text.delta", "sequence_number": 3, "item_id": "msg_1", "delta": "H\u{e9}"})),
        event(&json!({"type": "response.output_text.done", "sequence_number": 4, "item_id": "msg_1", "text": "H\u{e9}"})),
        event(&json!({"type": "response.completed", "sequence_number": 5, "response": last})),
    ]
    .concat()
}

fn tap(text: &str) -> Tap {
    let mut tap = Tap::new(Dialect::Responses);
    tap.feed(text.as_bytes());
    tap
}

#[test]
fn a_stream_is_heard_to_its_end() {
    let mut first = Vec::new();
    let mut tap = Tap::new(Dialect::Responses);
    for event in whole().split_inclusive("\n\n") {
        tap.feed(event.as_bytes());
        first.push(tap.first_token());
    }
    assert_eq!(first, [false, false, false, true, true, true]);
    assert!(tap.done() && tap.ends_cleanly() && tap.end(FAULT).is_empty());
    assert_eq!(
        (tap.finish_reason(), tap.usage()),
        (Some("completed"), Some(Usage { prompt_tokens: 7, completion_tokens: 2, ..Usage::default() }))
    );
    let ids: Vec<_> = tap.take_kept().into_iter().map(|kept| (kept.id, kept.by_id)).collect();
    let again = |id: &str| (id.to_owned(), false);
    assert_eq!(ids, [again("resp_1"), again("resp_1"), again("msg_1"), again("resp_1")]);
    assert!(tap.take_kept().is_empty());
}

#[test]
fn every_delta_is_a_token_and_every_end_is_told() {
    for kind in [
        "refusal",
        "function_call_arguments",
        "reasoning_text",
        "reasoning_summary_text",
        "custom_tool_call_input",
        "mcp_call_arguments",
    ] {
        assert!(tap(&event(&json!({"type": format!("response.{kind}.delta"), "delta": "x"}))).first_token(), "{kind}");
    }
    let mut cut = response("incomplete");
    cut["incomplete_details"] = json!({"reason": "max_output_tokens"});
    let cut = tap(&event(&json!({"type": "response.incomplete", "response": cut})));
    assert!(cut.ends_cleanly() && cut.finish_reason() == Some("max_output_tokens"));
    for (kind, more) in
        [("response.failed", json!({"response": response("failed")})), ("error", json!({"code": "x", "message": "no"}))]
    {
        let mut data = more;
        data["type"] = kind.into();
        let failed = tap(&(opening() + &event(&data)));
        // The upstream has told its own reason; memgate adds none.
        assert!(failed.error() && !failed.ends_cleanly() && failed.end(FAULT).is_empty(), "{kind}");
    }
    // Neither the terminator of another dialect nor the answer being worked on is an end.
    for text in [opening() + "data: [DONE]\n\n", event(&json!({"type": "response.queued", "response": response("queued")}))] {
        assert!(!tap(&text).ends_cleanly() && !tap(&text).done());
    }
}

#[test]
fn an_end_that_is_too_long_to_be_read_is_known_by_its_name() {
    let mut last = response("completed");
    last["output"] = json!([{"type": "message", "content": "x".repeat(MAX_EVENT)}]);
    let stream = opening() + &event(&json!({"type": "response.completed", "sequence_number": 2, "response": last}));
    for chunk in [1000, usize::MAX] {
        let mut tap = Tap::new(Dialect::Responses);
        for bytes in stream.as_bytes().chunks(chunk.min(stream.len())) {
            tap.feed(bytes);
        }
        assert!(tap.done() && tap.ends_cleanly(), "{chunk}");
    }
}

const FAULT: StreamFault<'_> = StreamFault { code: "upstream_failed", message: "It \"broke\"." };

/// The events of a stream's end: name and data.
fn ends(tap: &Tap) -> Vec<(String, Value)> {
    let text = String::from_utf8(tap.end(FAULT)).unwrap();
    let events = text.split("\n\n").filter(|event| !event.is_empty());
    events
        .map(|event| {
            let (name, data) = event.trim_start().split_once('\n').unwrap();
            (
                name.strip_prefix("event: ").unwrap().to_owned(),
                serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_broken_stream_ends_as_clients_expect() {
    let half = opening() + &event(&json!({"type": "response.output_text.delta", "sequence_number": 3, "delta": "H"}));
    let events = ends(&tap(&half));
    let [(error, error_data), (failed, failed_data)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((error.as_str(), failed.as_str()), ("error", "response.failed"));
    let mut shown = error_data.clone();
    assert_eq!(shown["error"].take()["message"], FAULT.message);
    assert_eq!(
        shown,
        json!({"type": "error", "sequence_number": 4, "code": FAULT.code, "message": FAULT.message, "param": null, "error": null})
    );
    let response = &failed_data["response"];
    assert_eq!((&failed_data["type"], &failed_data["sequence_number"]), (&json!("response.failed"), &json!(5)));
    assert_eq!((&response["id"], &response["model"], &response["created_at"]), (&json!("resp_1"), &json!("m"), &json!(17)));
    assert_eq!((&response["status"], &response["error"]["message"]), (&json!("failed"), &json!(FAULT.message)));
    // Nothing was said, and events without numbers.
    let events = ends(&tap(""));
    assert_eq!((&events[0].1["sequence_number"], &events[1].1["response"]["id"]), (&json!(0), &json!("")));
    // Its own end is understood.
    let mut mended = tap(&half);
    mended.feed(&tap(&half).end(FAULT));
    assert!(mended.done() && mended.error() && !mended.ends_cleanly());
}

/// What the official libraries for Python and Node do with a stream: they parse the data of each event, and raise its `error`.
fn raised(stream: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(stream).unwrap().replace("\r\n", "\n").replace('\r', "\n");
    for event in text.split("\n\n").filter(|event| !event.is_empty()) {
        let data: Vec<&str> = event.lines().filter_map(|line| line.strip_prefix("data:")).collect();
        let data: Value = serde_json::from_str(&data.join("\n")).unwrap_or_else(|e| panic!("{e}: {event}"));
        if let Some(message) = data["error"]["message"].as_str() {
            return Some(message.to_owned());
        }
    }
    None
}

#[test]
fn a_stream_may_be_cut_anywhere() {
    for end in ["\n", "\r\n", "\r"] {
        let stream = whole().replace('\n', end).into_bytes();
        for cut in 0..stream.len() {
            let mut tap = Tap::new(Dialect::Responses);
            tap.feed(&stream[..cut]);
            let rest = tap.end(FAULT);
            // Once the last event is there, nothing is missing.
            let expected = (!tap.done()).then(|| FAULT.message.to_owned());
            assert_eq!(raised(&[&stream[..cut], &rest].concat()), expected, "{}", String::from_utf8_lossy(&stream[..cut]));
        }
    }
}

#[test]
fn an_event_that_was_too_long_still_counts() {
    let long =
        event(&json!({"type": "response.output_item.done", "sequence_number": 2, "item": {"result": "x".repeat(MAX_EVENT)}}));
    assert_eq!(ends(&tap(&(opening() + &long)))[0].1["sequence_number"], 3);
}

proptest! {
    #[test]
    fn chunks_make_no_difference(cuts in prop::collection::vec(0..whole().len(), 0..12), end in prop::sample::select(vec!["\n", "\r\n", "\r"])) {
        let text = whole().replace('\n', end);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let mut pieces = Tap::new(Dialect::Responses);
        for pair in cuts.windows(2) {
            pieces.feed(&text.as_bytes()[pair[0]..pair[1]]);
        }
        let mut at_once = tap(&text);
        prop_assert!(pieces.done() && pieces.ends_cleanly());
        prop_assert_eq!(pieces.usage(), at_once.usage());
        prop_assert_eq!(pieces.take_kept(), at_once.take_kept());
    }

    #[test]
    fn any_bytes_are_survived(data in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"event data:\n{}[]\"".to_vec())], 0..80)) {
        let _ = Dialect::Responses.read_answer(&data);
        let _ = Dialect::Responses.read_kept(&data);
        let mut tap = Tap::new(Dialect::Responses);
        tap.feed(&data);
        let _ = tap.end(FAULT);
    }
}
