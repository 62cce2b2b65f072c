//! Answers and streams, and what the official libraries make of a stream that memgate has ended.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::dialect::StreamFault;
use crate::dialect::answer::Usage;
use crate::dialect::stream::{MAX_EVENT, Tap};

const STREAM: &str = include_str!("../../../../tests/fixtures/anthropic/stream-tool-use.sse");
const FAULT: StreamFault<'_> = StreamFault { code: "upstream_failed", message: "It \"broke\"\noff." };

fn tap(text: &str) -> Tap {
    let mut tap = Tap::new(Dialect::Messages);
    tap.feed(text.as_bytes());
    tap
}

/// All that a tap tells.
fn told(tap: &Tap) -> (bool, bool, bool, Option<&str>, Option<Usage>, bool, Vec<u8>) {
    (tap.first_token(), tap.done(), tap.error(), tap.finish_reason(), tap.usage(), tap.ends_cleanly(), tap.end(FAULT))
}

/// How a stream ends to the official libraries: they pass over pings and events without a name, throw errors, and take
/// everything else for JSON.
#[derive(Debug, PartialEq)]
enum Seen {
    Whole,
    Thrown(Value),
    Open,
}

fn read_as_a_library(text: &str) -> Seen {
    let mut seen = Seen::Open;
    for event in text.split("\n\n").filter(|event| !event.is_empty()) {
        let field = |name: &str| event.lines().filter_map(|line| line.strip_prefix(name)).next_back().map(str::trim);
        let data: Vec<&str> = event.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        match field("event:") {
            None | Some("ping") => {}
            Some("error") => return Seen::Thrown(serde_json::from_str(&data.join("\n")).unwrap()),
            Some(_) if data.is_empty() => {}
            Some(name) => {
                let value: Value = serde_json::from_str(&data.join("\n")).unwrap_or_else(|e| panic!("no JSON ({e}): {event}"));
                assert_eq!(value["type"], name);
                if name == "message_stop" {
                    seen = Seen::Whole;
                }
            }
        }
    }
    seen
}

#[test]
fn a_stream_is_heard() {
    let usage = Some(Usage { prompt_tokens: 142, completion_tokens: 57, cached_tokens: 100 });
    let whole = tap(STREAM);
    assert_eq!(told(&whole), (true, true, false, Some("tool_use"), usage, true, vec![]));
    let started = STREAM.split_inclusive("\n\n").take(3).collect::<String>();
    let early = Some(Usage { prompt_tokens: 142, completion_tokens: 1, cached_tokens: 100 });
    let tap = tap(&started);
    assert_eq!((tap.first_token(), tap.done(), tap.usage(), tap.ends_cleanly()), (false, false, early, false));
}

#[test]
fn every_cut_ends_in_what_a_library_understands() {
    for end in ["\n", "\r\n"] {
        let stream = STREAM.replace('\n', end);
        let said = stream.find("event: message_stop").unwrap();
        for at in 0..stream.len() {
            let mut tap = Tap::new(Dialect::Messages);
            tap.feed(&stream.as_bytes()[..at]);
            let mut bytes = stream.as_bytes()[..at].to_vec();
            bytes.extend(tap.end(FAULT));
            let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n").replace('\r', "\n");
            match read_as_a_library(&text) {
                Seen::Whole => assert!(tap.ends_cleanly(), "{text}"),
                Seen::Thrown(error) => {
                    assert!(!tap.ends_cleanly() && at < said, "{text}");
                    assert_eq!(error["type"], "error");
                    assert_eq!(error["error"]["type"], "api_error");
                    assert_eq!(error["error"]["code"], FAULT.code);
                    assert_eq!(error["error"]["message"], FAULT.message);
                }
                Seen::Open => panic!("cut at {at}: {text}"),
            }
            let added = tap.end(FAULT);
            tap.feed(&added);
            assert!(tap.done(), "cut at {at}: memgate does not know its own ending");
        }
    }
}

#[test]
fn a_stream_that_lacks_only_its_last_event_gets_it() {
    let at = STREAM.find("event: message_stop").unwrap();
    let tap = tap(&STREAM[..at]);
    assert!(tap.ends_cleanly() && !tap.done());
    assert_eq!(tap.end(FAULT), STREAM[at..].replace(": \"", ":\"").as_bytes());
}

#[test]
fn reasons_to_stop() {
    for (reason, teaches) in [
        ("end_turn", true),
        ("max_tokens", true),
        ("stop_sequence", true),
        ("tool_use", true),
        // The server goes on when asked again; the person's words are said.
        ("pause_turn", true),
        ("model_context_window_exceeded", true),
        ("compaction", true),
        ("tomorrow", true),
        ("refusal", false),
    ] {
        let document = format!(r#"{{"type":"message","content":[],"stop_reason":"{reason}","usage":{{"input_tokens":3}}}}"#);
        let answer = Dialect::Messages.read_answer(document.as_bytes()).unwrap();
        assert_eq!(answer.ends_cleanly(), teaches, "{reason}");
        assert_eq!(answer.usage, Some(Usage { prompt_tokens: 3, completion_tokens: 0, ..Usage::default() }));
        let stream = STREAM.replace("\"tool_use\", \"stop_sequence\"", &format!("\"{reason}\", \"stop_sequence\""));
        let whole = tap(&stream);
        assert_eq!((whole.ends_cleanly(), whole.finish_reason()), (teaches, Some(reason)), "{reason}");
        let cut = tap(&stream[..stream.find("event: message_stop").unwrap()]);
        assert!(cut.end(FAULT).starts_with(b"event: message_stop"), "{reason}: the answer was said to its end");
    }
}

#[test]
fn errors_of_the_upstream_end_a_stream_and_teach_nothing() {
    let error =
        "event: error\ndata: {\"type\": \"error\", \"error\": {\"type\": \"overloaded_error\", \"message\": \"Overloaded\"}}\n\n";
    let half: String = STREAM.split_inclusive("\n\n").take(8).collect();
    let tap = tap(&(half + error));
    assert!(tap.error() && tap.done() && !tap.ends_cleanly());
    assert!(tap.end(FAULT).is_empty(), "one error is enough");
    let document = Dialect::Messages.read_answer(br#"{"type":"error","error":{"type":"api_error","message":"m"}}"#).unwrap();
    assert!(document.error && !document.ends_cleanly());
}

#[test]
fn usage_is_read_as_far_as_it_goes() {
    for (counts, usage) in [
        (r#"{"input_tokens":1,"cache_read_input_tokens":2,"cache_creation_input_tokens":4,"output_tokens":8}"#, Some((7, 8, 2))),
        (r#"{"input_tokens":1,"cache_read_input_tokens":null,"output_tokens":8,"server_tool_use":{"x":[]}}"#, Some((1, 8, 0))),
        (r#"{"input_tokens":18446744073709551615,"cache_read_input_tokens":1}"#, Some((u64::MAX, 0, 1))),
        (r#"{"input_tokens":"many"}"#, None),
        ("null", None),
        ("[]", None),
    ] {
        let document = format!(r#"{{"type":"message","content":[{{}}],"stop_reason":"end_turn","usage":{counts}}}"#);
        let answer = Dialect::Messages.read_answer(document.as_bytes()).unwrap();
        let usage = usage.map(|(prompt_tokens, completion_tokens, cached_tokens)| Usage {
            prompt_tokens,
            completion_tokens,
            cached_tokens,
        });
        assert_eq!((answer.usage, answer.content, answer.ends_cleanly()), (usage, true, true), "{counts}");
    }
}

#[test]
fn a_count_spends_nothing_and_ends_nothing() {
    assert_eq!(Dialect::CountTokens.read_answer(br#"{"input_tokens":14}"#), None);
}

#[test]
fn blocks_too_long_to_be_read_are_content() {
    let long = format!("event: content_block_start\ndata: {{\"content_block\":\"{}\"}}\n\n", "x".repeat(MAX_EVENT));
    assert!(tap(&long).first_token());
}

proptest! {
    #[test]
    fn chunks_make_no_difference(
        cuts in prop::collection::vec(0..STREAM.len(), 0..12),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        upto in 0..STREAM.len(),
    ) {
        let text = STREAM.as_bytes()[..upto].iter().map(|b| char::from(*b)).collect::<String>().replace('\n', end);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let mut pieces = Tap::new(Dialect::Messages);
        for pair in cuts.windows(2) {
            pieces.feed(&text.as_bytes()[pair[0]..pair[1]]);
        }
        let whole = tap(&text);
        prop_assert_eq!(told(&pieces), told(&whole));
    }
}
