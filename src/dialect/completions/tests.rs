use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::dialect::StreamFault;
use crate::dialect::edit::Edits;
use crate::dialect::samples::{extra, render};
use crate::dialect::stream::Tap;
use crate::dialect::task::{Purpose, classify};

fn parse(body: &str) -> Result<Conversation, ParseError> {
    Dialect::Completions.parse(Bytes::copy_from_slice(body.as_bytes()))
}

fn edited(body: &str, edits: &Edits) -> String {
    String::from_utf8(parse(body).unwrap().rewrite(edits).to_vec()).unwrap()
}

fn purpose(request: &Conversation) -> Purpose {
    classify(request, None, None).0
}

#[test]
fn a_request_is_read() {
    let request = parse(
        r#"{"model":"m","prompt":"I like tea","stream":true,"stream_options":{"include_usage":true},"max_tokens":5,"n":2,"best_of":3}"#,
    )
    .unwrap();
    assert_eq!(
        (request.model(), request.stream(), request.include_usage(), request.max_tokens()),
        (Some("m"), true, true, Some(5))
    );
    assert_eq!((request.text(0), request.turns().len(), request.is_counted()), ("I like tea".into(), 1, true));
    assert!(!parse(r#"{"prompt":"x"}"#).unwrap().stream());
}

#[test]
fn forms_of_prompts_are_told_apart() {
    for (body, expected, turns, counted) in [
        (r#"{"prompt":"I like tea"}"#, Purpose::Turn, 1, true),
        (r#"{"prompt":["I like tea"],"suffix":null,"echo":false}"#, Purpose::Turn, 1, true),
        (r#"{"prompt":"Alice: hi\nSeraphina:"}"#, Purpose::Continuation, 1, true),
        (r#"{"prompt":"[INST] hi [/INST]"}"#, Purpose::Continuation, 1, true),
        (r#"{"prompt":"def f():","suffix":"return 1"}"#, Purpose::Task, 1, false),
        (r#"{"prompt":"<fim_prefix>a<fim_suffix>b"}"#, Purpose::Task, 1, true),
        (r#"{"prompt":"I like tea","echo":true}"#, Purpose::Task, 1, true),
        (r#"{"prompt":["a","b"]}"#, Purpose::Task, 0, false),
        (r#"{"prompt":[1,2,3]}"#, Purpose::Task, 0, false),
        (r#"{"prompt":[7]}"#, Purpose::Task, 0, false),
        (r#"{"prompt":[[1,2],[3]]}"#, Purpose::Task, 0, false),
        (r#"{"prompt":""}"#, Purpose::Task, 0, false),
        (r#"{"prompt":[]}"#, Purpose::Task, 0, false),
        (r#"{"prompt":null}"#, Purpose::Task, 0, false),
        ("{}", Purpose::Task, 0, false),
    ] {
        let request = parse(body).unwrap();
        let told = (purpose(&request), request.turns().len(), request.is_counted());
        assert_eq!(told, (expected, turns, counted), "{body}");
    }
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    for (body, expected) in [
        (r#"{"prompt":"a","prompt":"b"}"#, ParseError::DuplicateKey("prompt")),
        (r#"{"prompt":"a","Prompt":"b"}"#, ParseError::KeyCase("prompt")),
        (r#"{"prompt":"a","echo":true,"echo":false}"#, ParseError::DuplicateKey("echo")),
        (r#"{"prompt":{}}"#, ParseError::NoText("prompt")),
        (r#"{"prompt":7}"#, ParseError::NoText("prompt")),
    ] {
        assert_eq!(parse(body).unwrap_err(), expected, "{body}");
    }
}

#[test]
fn blocks_stand_in_front_of_the_prompt() {
    let edits = Edits { system: Some("B".into()), prefixes: BTreeMap::from([(0, "P\"".to_owned())]), ..Edits::default() };
    for (body, expected) in [
        (r#"{"prompt" : "a\u00e9", "n":1}"#, r#"{"prompt" : "B\n\nP\"\n\na\u00e9", "n":1}"#),
        (r#"{"prompt":[ "a" ]}"#, r#"{"prompt":[ "B\n\nP\"\n\na" ]}"#),
        (r#"{"prompt":["a","b"]}"#, r#"{"prompt":["a","b"]}"#),
    ] {
        assert_eq!(edited(body, &edits), expected);
    }
}

#[test]
fn streams_end_as_those_of_chats_do() {
    let mut tap = Tap::new(Dialect::Completions);
    tap.feed(b"data: {\"choices\":[{\"index\":0,\"text\":\"Hi\",\"finish_reason\":null}]}\n\n");
    assert!(tap.first_token() && !tap.ends_cleanly());
    let ending = tap.end(StreamFault { code: "upstream_failed", message: "It broke." });
    let ending = String::from_utf8(ending).unwrap();
    assert!(ending.starts_with("data: {\"error\"") && ending.ends_with("data: [DONE]\n\n"), "{ending}");
    tap.feed(b"data: {\"choices\":[{\"index\":0,\"text\":\"\",\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3}}\n\n");
    assert!(tap.ends_cleanly() && tap.usage().is_some_and(|usage| usage.prompt_tokens == 3));
    let answer = br#"{"object":"text_completion","choices":[{"text":"Hi","index":0,"finish_reason":"length"}]}"#;
    assert!(Dialect::Completions.read_answer(answer).unwrap().ends_cleanly());
}

fn body() -> impl Strategy<Value = Value> {
    let prompt = prop_oneof![
        3 => any::<String>().prop_map(Value::from),
        1 => any::<String>().prop_map(|text| json!([text])),
        1 => prop::collection::vec(any::<String>(), 2..4).prop_map(Value::from),
        1 => prop::collection::vec(any::<u16>(), 0..4).prop_map(Value::from),
    ];
    (prompt, extra()).prop_map(|(prompt, mut body)| {
        body.insert("prompt".into(), prompt);
        Value::Object(body)
    })
}

proptest! {
    #[test]
    fn no_edits_no_change(value in body(), style: Vec<u8>) {
        let text = render(&value, &mut style.into_iter().cycle());
        prop_assert_eq!(edited(&text, &Edits::default()), text);
    }

    #[test]
    fn edits_do_what_they_say(value in body(), block: String, style in prop::collection::vec(any::<u8>(), 1..40)) {
        let text = render(&value, &mut style.into_iter().cycle());
        let out = edited(&text, &Edits { system: Some(block.clone()), ..Edits::default() });
        let mut expected = value;
        let prompt = expected.pointer_mut("/prompt").unwrap();
        let lone = match prompt {
            Value::Array(elements) if elements.len() == 1 => &mut elements[0],
            other => other,
        };
        if let Some(text) = lone.as_str().filter(|text| !text.is_empty()) {
            *lone = json!(format!("{block}\n\n{text}"));
        }
        prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), expected, "{}", out);
    }

    #[test]
    fn any_text_is_survived(text in "[\\[\\]{}:,\"\\\\proms 0-9]{0,60}") {
        let _ = parse(&text);
        let _ = parse(&format!("{{\"prompt\":{text}"));
    }
}
