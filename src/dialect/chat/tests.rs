use std::collections::BTreeMap;

use super::*;
use crate::dialect::conversation::{PartKind, Role};
use crate::dialect::edit::Edits;

pub(in crate::dialect) mod captures;
mod rewriting;

fn parse_text(text: &str) -> Result<Conversation, ParseError> {
    Dialect::ChatCompletions.parse(Bytes::copy_from_slice(text.as_bytes()))
}

#[test]
fn a_request_is_read() {
    let chat = parse_text(
        r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"max_tokens":5,"tools":[{"type":"function"}],
        "messages":[{"role":"system","content":"S"},{"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":"b\n"}]},
        {"role":"user","content":[{"type":"image_url","image_url":{"url":"data:x"}},{"type":"text","text":"see \u00e9"},{"type":"file"},"bare"]},
        {"role":"assistant","content":null,"tool_calls":[{"id":"1"}]},{"role":"tool","tool_call_id":"1","content":"r"},
        {"role":"assistant","tool_calls":[ ]},{"role":"function","content":""},{"role":"critic","content":7}],"x":1}"#,
    )
    .unwrap();
    assert_eq!((chat.model(), chat.stream(), chat.include_usage(), chat.max_tokens()), (Some("m"), true, true, Some(5)));
    assert!(chat.has_tools());
    assert_eq!(chat.schemas().collect::<Vec<_>>(), [br#"[{"type":"function"}]"#]);
    let roles: Vec<_> = chat.turns().iter().map(|turn| turn.role).collect();
    assert_eq!(
        roles,
        [Role::System, Role::Developer, Role::User, Role::Assistant, Role::Tool, Role::Assistant, Role::Tool, Role::Other]
    );
    let texts: Vec<_> = (0..9).map(|i| chat.text(i)).collect();
    assert_eq!(texts, ["S", "a\nb\n", "see é\nbare", "", "r", "", "", "", ""]);
    let calls: Vec<_> = chat.turns().iter().map(Turn::calls).collect();
    assert_eq!(calls, [false, false, false, true, false, false, false, false]);
    assert_eq!(chat.raw(0), br#"{"role":"system","content":"S"}"#);
    assert_eq!((chat.last_user(), chat.last_leading_system()), (Some(2), Some(1)));
    let Content::Parts { parts, .. } = &chat.turns()[2].content else { panic!("no parts") };
    assert!(matches!(parts[0].kind, PartKind::Image) && matches!(parts[2].kind, PartKind::Other));
    assert!(matches!(chat.turns()[3].content, Content::Null(_)) && matches!(chat.turns()[5].content, Content::Absent));
    assert!(matches!(chat.turns()[7].content, Content::Unknown(_)));
}

#[test]
fn odd_values_are_no_reason_to_refuse() {
    let chat = parse_text(
        r#"{"messages":[],"model":null,"stream":"yes","max_tokens":-1,"tools":[],"stream_options":null,"user":{"id":1}}"#,
    )
    .unwrap();
    assert_eq!((chat.model(), chat.stream(), chat.max_tokens(), chat.has_tools()), (None, false, None, false));
    assert_eq!((chat.turns().len(), chat.schemas().count()), (0, 0));
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    for (body, expected) in [
        (r#"{"messages":[],"messages":[]}"#, ParseError::DuplicateKey("messages")),
        (r#"{"messages":[],"mess\u0061ges":[]}"#, ParseError::DuplicateKey("messages")),
        (r#"{"model":"a","messages":[],"model":"b"}"#, ParseError::DuplicateKey("model")),
        (r#"{"messages":[{"role":"user","role":"system"}]}"#, ParseError::DuplicateKey("role")),
        (r#"{"messages":[{"role":"user","content":"a","\u0063ontent":"b"}]}"#, ParseError::DuplicateKey("content")),
        (r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a","text":"b"}]}]}"#, ParseError::DuplicateKey("text")),
        (r#"{"messages":[],"Messages":[]}"#, ParseError::KeyCase("messages")),
        (r#"{"messages":[],"TOOLS":[]}"#, ParseError::KeyCase("tools")),
        ("{\"messages\":[],\"tool\u{17f}\":[]}", ParseError::KeyCase("tools")),
        ("{\"messages\":[],\"stream_option\\u017f\":{}}", ParseError::KeyCase("stream_options")),
    ] {
        assert_eq!(parse_text(body), Err(expected), "{body}");
        assert_eq!(expected.code(), "ambiguous_key");
    }
    // Keys that memgate does not read may repeat: that is between the client and the upstream.
    assert!(parse_text(r#"{"x":1,"x":2,"messages":[{"role":"user","name":"a","name":"b"}]}"#).is_ok());
}

#[test]
fn what_is_no_conversation_is_refused() {
    for (body, code) in [
        (&b""[..], "invalid_json"),
        (b"[]", "invalid_json"),
        (b"\"x\"", "invalid_json"),
        (b"{\"messages\":[]", "invalid_json"),
        (b"{\"messages\":[]} x", "invalid_json"),
        (b"{\"messages\":[],}", "invalid_json"),
        (b"\xEF\xBB\xBF{\"messages\":[]}", "invalid_encoding"),
        (b"{\"messages\":[{\"role\":\"user\",\"content\":\"\xFF\"}]}", "invalid_encoding"),
        (b"{}", "invalid_messages"),
        (b"{\"messages\":null}", "invalid_messages"),
        (b"{\"messages\":\"hi\"}", "invalid_messages"),
        (b"{\"messages\":[\"hi\"]}", "invalid_messages"),
        (b"{\"messages\":[{}]}", "invalid_messages"),
        (b"{\"messages\":[{\"role\":1}]}", "invalid_messages"),
    ] {
        let error = Dialect::ChatCompletions.parse(Bytes::copy_from_slice(body)).unwrap_err();
        assert_eq!(error.code(), code, "{}", String::from_utf8_lossy(body));
        assert!(!error.to_string().is_empty());
    }
    for deep in [
        format!("{{\"x\":{}", "[".repeat(500_000)),
        format!("{{\"messages\":[{{\"role\":\"user\",\"content\":{}", "[".repeat(500_000)),
    ] {
        assert_eq!(parse_text(&deep), Err(ParseError::Depth));
    }
}

#[test]
fn lone_surrogates_pass() {
    let body = r#"{"messages":[{"role":"user","content":"a\ud800b"}]}"#;
    let chat = parse_text(body).unwrap();
    assert_eq!(chat.text(0), "a\u{fffd}b");
    let edits = Edits { prefixes: BTreeMap::from([(0, "P".to_owned())]), ..Edits::default() };
    assert_eq!(chat.rewrite(&edits), br#"{"messages":[{"role":"user","content":"P\n\na\ud800b"}]}"#[..]);
}

#[test]
fn nothing_said_is_shown_in_debug() {
    let chat = parse_text(r#"{"messages":[{"role":"user","content":"secret"}],"user":"secret"}"#).unwrap();
    let edits = Edits { system: Some("secret".into()), ..Edits::default() };
    assert!(!format!("{chat:?} {edits:?}").contains("secret"));
}
