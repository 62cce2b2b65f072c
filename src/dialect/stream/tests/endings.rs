//! Streams that were cut, in every dialect: after what memgate adds, a strict reader has found the fault or a whole answer.

use serde_json::Value;

use super::*;

const FAULT: StreamFault<'_> = StreamFault { code: "upstream_failed", message: "It \"broke\"\noff." };

/// A whole stream, and where its answer has been said.
struct Sample {
    dialect: Dialect,
    stream: &'static str,
    said: &'static str,
}

const SAMPLES: [Sample; 6] = [
    Sample { dialect: Dialect::ChatCompletions, stream: super::ANSWER, said: "\"finish_reason\":\"stop\"}]}" },
    Sample {
        dialect: Dialect::Completions,
        stream: concat!(
            "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"text\":\"na\u{ef}ve \\n\",\"finish_reason\":null}]}\n\n",
            "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"text\":\"\",\"finish_reason\":\"length\"}]}\n\n",
            ": waiting\n\n",
            "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n",
            "data:[DONE]\n\n",
        ),
        said: "\"finish_reason\":\"length\"}]}",
    },
    Sample {
        dialect: Dialect::Responses,
        stream: concat!(
            "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"r\"}}\n\n",
            "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":1,\"delta\":\"\u{1f99c}\"}\n\n",
            "event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":2,\"response\":{\"id\":\"r\",\"status\":\"completed\"}}\n\n",
        ),
        said: "\"status\":\"completed\"}}",
    },
    Sample {
        dialect: Dialect::Messages,
        stream: include_str!("../../../../tests/fixtures/anthropic/stream-tool-use.sse"),
        said: "\"stop_reason\": \"tool_use\"",
    },
    Sample {
        dialect: Dialect::OllamaChat,
        stream: concat!(
            "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"na\u{ef}ve \\u00e9\"},\"done\":false}\n",
            "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"eval_count\":2}\n",
        ),
        said: "\"eval_count\":2}",
    },
    Sample {
        dialect: Dialect::OllamaGenerate,
        stream: "{\"response\":\"a\\\"\",\"done\":false}\n{\"response\":\"\",\"done\":true,\"context\":[1,-2.5e+3,null]}\n",
        said: "null]}",
    },
];

/// The data of the events that a reader of the standard hands on (WHATWG HTML, 9.2.6), or lines.
fn events(framing: Framing, stream: &[u8]) -> Vec<String> {
    let text = String::from_utf8(stream.to_vec()).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(stream)));
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n").replace('\r', "\n");
    if framing == Framing::Ndjson {
        return text.lines().map(str::to_owned).collect();
    }
    let (whole, _half) = text.rsplit_once("\n\n").unwrap_or_default();
    let data = |event: &str| {
        let lines =
            event.lines().filter_map(|line| line.strip_prefix("data").filter(|rest| rest.is_empty() || rest.starts_with(':')));
        let values: Vec<&str> = lines.map(|rest| rest.strip_prefix(": ").or(rest.strip_prefix(':')).unwrap_or(rest)).collect();
        (!values.is_empty()).then(|| values.join("\n"))
    };
    whole.split("\n\n").filter_map(data).collect()
}

/// The fault that a reader finds who takes every event for JSON; none where the answer has its end. Panics at anything else.
fn find_fault(framing: Framing, stream: &[u8]) -> Option<String> {
    for data in events(framing, stream) {
        if data.trim() == "[DONE]" {
            return None;
        }
        let value: Value =
            serde_json::from_str(&data).unwrap_or_else(|e| panic!("{e}: {data:?} of {}", String::from_utf8_lossy(stream)));
        let error = &value["error"];
        if let Some(message) = error.as_str().or(error["message"].as_str()) {
            return Some(message.to_owned());
        }
        if value["done"] == true || value["type"] == "message_stop" || value["type"] == "response.completed" {
            return None;
        }
    }
    panic!("no end: {}", String::from_utf8_lossy(stream));
}

#[test]
fn a_stream_that_is_cut_anywhere_has_an_end_or_a_fault() {
    for Sample { dialect, stream, said } in SAMPLES {
        let framing = dialect.framing();
        let ends: &[&str] = if framing == Framing::Sse { &["\n", "\r\n", "\r"] } else { &["\n"] };
        let marks: &[&str] = if framing == Framing::Sse { &["", "\u{feff}"] } else { &[""] };
        for (end, bom) in ends.iter().flat_map(|end| marks.iter().map(move |bom| (end, bom))) {
            let text = format!("{bom}{}", stream.replace('\n', end));
            let said = text.find(said).unwrap() + said.len();
            for cut in bom.len()..=text.len() {
                // A reader decodes what it gets: half a character that stands in no text is nobody's to mend.
                let part = &text.as_bytes()[..cut];
                let mut tap = Tap::new(dialect);
                tap.feed(part);
                tap.close();
                let clean = tap.ends_cleanly();
                let ending = tap.end(FAULT);
                let fault = find_fault(framing, &[part, &ending].concat());
                let shown = String::from_utf8_lossy(part);
                assert!(fault.as_deref().is_none_or(|message| message == FAULT.message), "{fault:?}: {shown}");
                assert!(!clean || fault.is_none(), "{dialect:?}: a whole answer got a fault: {shown}");
                assert!(cut >= said || fault.is_some(), "{dialect:?}: half an answer looks whole: {shown}");
                tap.feed(&ending);
                assert!(tap.done(), "{dialect:?}: memgate does not know its own ending: {shown}");
            }
        }
    }
}

#[test]
fn what_comes_after_the_answer_may_be_cut_too() {
    let finished = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    for (half, added) in [
        ("data: [", "DONE]\n\ndata: [DONE]\n\n"),
        ("data: [DON", "E]\n\ndata: [DONE]\n\n"),
        ("data:", "{\"choices\":[]}\n\ndata: [DONE]\n\n"),
        ("data: {\"usage\":{\"prompt_tok", "~\":null},\"choices\":[]}\n\ndata: [DONE]\n\n"),
        (": still", "\n\ndata: [DONE]\n\n"),
        ("event: mess", "\n\ndata: [DONE]\n\n"),
    ] {
        let tap = tap(format!("{finished}{half}").as_bytes());
        assert_eq!(String::from_utf8(tap.end(FAULT)).unwrap(), added, "{half}");
    }
    // Without its reason the terminator alone tells that an answer is whole.
    assert_eq!(tap(b"data: [DON").end(FAULT)[..4], *b"E]\n\n");
}

#[test]
fn pieces_of_any_size_are_heard_and_ended_alike() {
    for Sample { dialect, stream, .. } in SAMPLES {
        let text = stream.replace('\n', if dialect.framing() == Framing::Sse { "\r\n" } else { "\n" });
        for part in (0..=text.len()).step_by(7).map(|cut| &text.as_bytes()[..cut]) {
            let mut at_once = Tap::new(dialect);
            at_once.feed(part);
            for size in [1, 2, 5, 64] {
                let mut pieces = Tap::new(dialect);
                part.chunks(size).for_each(|piece| pieces.feed(piece));
                assert_eq!(told(&pieces), told(&at_once), "{dialect:?} in pieces of {size}: {}", String::from_utf8_lossy(part));
                assert_eq!(pieces.end(FAULT), at_once.end(FAULT), "{dialect:?} in pieces of {size}");
            }
        }
    }
}
