use super::*;
use crate::dialect::edit::Edits;
use crate::dialect::task::{Purpose, classify};
use crate::dialect::words::own_words;

mod rewriting;
mod streams;

fn parse_text(text: &str) -> Result<Conversation, ParseError> {
    Dialect::Messages.parse(Bytes::copy_from_slice(text.as_bytes()))
}

/// The body of a fixture, as compact as clients write it.
fn fixture(text: &str) -> Conversation {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    parse_text(&value["body"].to_string()).unwrap()
}

fn claude_code() -> [Conversation; 3] {
    [
        fixture(include_str!("../../../tests/fixtures/anthropic/claude-code-turn.json")),
        fixture(include_str!("../../../tests/fixtures/anthropic/claude-code-tool-result.json")),
        fixture(include_str!("../../../tests/fixtures/anthropic/claude-code-second-turn.json")),
    ]
}

#[test]
fn a_request_is_read() {
    let chat = parse_text(
        r#"{"messages":[{"role":"user","content":"hi"},
        {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"x"},
         {"type":"text","text":"a"},{"type":"server_tool_use","id":"s1","name":"web_search","input":{}},{"type":"tool_use","id":"t1","name":"n","input":{"text":"not said"}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"r"}]}]},
        {"role":"system","content":"Be brief."},
        {"role":"assistant","content":[{"type":"text","text":"b"},{"type":"tool_use","id":"t2","name":"n","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t2","content":"r"},{"type":"text","text":"and now?"},{"type":"image","source":{}},{"type":"document","source":{}}]},
        {"role":"critic","content":7}],
        "system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}},{"type":"text","text":"T"}],
        "model":"m","max_tokens":5,"stream":true,"tools":[{"name":"n"}],"output_config":{"effort":"high"},"metadata":{"user_id":"mallory"}}"#,
    )
    .unwrap();
    assert_eq!((chat.model(), chat.stream(), chat.max_tokens(), chat.has_tools()), (Some("m"), true, Some(5), true));
    assert_eq!(chat.schemas().count(), 2);
    let roles: Vec<_> = chat.turns().iter().map(|turn| turn.role).collect();
    let (user, assistant) = (Role::User, Role::Assistant);
    assert_eq!(roles, [Role::System, user, assistant, Role::Tool, Role::Aside, assistant, user, Role::Other]);
    let texts: Vec<_> = (0..8).map(|turn| chat.text(turn)).collect();
    assert_eq!(texts, ["S\nT", "hi", "a", "", "Be brief.", "b", "and now?", ""]);
    let calls: Vec<_> = chat.turns().iter().map(Turn::calls).collect();
    assert_eq!(calls, [false, false, true, false, false, true, false, false]);
    let opens: Vec<_> = (0..8).filter(|turn| chat.turns()[*turn].opens()).collect();
    assert_eq!(opens, [1], "results of tools need the call before them");
    assert_eq!((chat.last_user(), chat.last_leading_system()), (Some(6), Some(0)));
    assert!(chat.raw(0).starts_with(b"[{") && chat.raw(1).starts_with(b"{\"role\""));
    assert_eq!(Dialect::CountTokens.parse(chat.body().clone()).unwrap().turns(), chat.turns());
}

#[test]
fn odd_values_are_no_reason_to_refuse() {
    for system in ["null", "7", "[]", "[3]", "{\"text\":1}"] {
        let chat = parse_text(&format!(r#"{{"system":{system},"messages":[],"max_tokens":"many","tools":null}}"#)).unwrap();
        assert_eq!((chat.turns().len(), chat.max_tokens(), chat.has_tools()), (1, None, false), "{system}");
    }
    let chat =
        parse_text(r#"{"messages":[{"role":"user"},{"role":"user","content":["bare",{"type":"text","text":3}]}]}"#).unwrap();
    assert_eq!((chat.turns().len(), chat.last_user(), &*chat.text(1)), (2, Some(1), ""));
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    for (body, expected) in [
        (r#"{"messages":[],"system":"a","system":"b"}"#, ParseError::DuplicateKey("system")),
        (r#"{"messages":[],"System":"a"}"#, ParseError::KeyCase("system")),
        (r#"{"messages":[{"role":"user","content":"a","content":"b"}]}"#, ParseError::DuplicateKey("content")),
        (r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a","Text":"b"}]}]}"#, ParseError::KeyCase("text")),
        (r#"{"messages":[{"role":"user","content":[{"type":"tool_result","type":"text"}]}]}"#, ParseError::DuplicateKey("type")),
        (r#"{"system":"S"}"#, ParseError::NoMessages),
        (r#"{"messages":{}}"#, ParseError::NoMessages),
        (r#"{"messages":[{"content":"a"}]}"#, ParseError::Message(0)),
    ] {
        assert_eq!(parse_text(body), Err(expected), "{body}");
    }
}

#[test]
fn what_the_api_keeps_for_all_is_not_gone_on_with() {
    for (member, expected) in [
        (r#""thread":{"type":"continue","previous_message_id":"msg_1"}"#, Err(ParseError::Kept("thread"))),
        (r#""thread":{"type":"create"}"#, Ok(())),
        (r#""thread":null"#, Ok(())),
        (r#""container":"container_1""#, Err(ParseError::Kept("container"))),
        (r#""container":{"id":"container_1","skills":[]}"#, Err(ParseError::Kept("container"))),
        (r#""container":{"id":null,"skills":[{"skill_id":"pdf"}]}"#, Ok(())),
        (r#""container":{"ID":"container_1"}"#, Err(ParseError::KeyCase("id"))),
    ] {
        assert_eq!(parse_text(&format!(r#"{{{member},"messages":[]}}"#)).map(drop), expected, "{member}");
    }
    assert_eq!(ParseError::Kept("thread").code(), "shared_state");
}

#[test]
fn only_the_persons_words_are_theirs() {
    let [turn, result, second] = claude_code();
    for (chat, purpose, words) in [
        (&turn, Purpose::Turn, "Remember that the code of my locker is quagga. Then look into notes.txt."),
        // The last user turn, but the request goes on with a tool's result.
        (&result, Purpose::Continuation, "Remember that the code of my locker is quagga. Then look into notes.txt."),
        (&second, Purpose::Turn, "What is the code of my locker?"),
    ] {
        assert_eq!(classify(chat, None, None).0, purpose);
        let last = chat.last_user().unwrap();
        assert_eq!(own_words(&chat.text(last)), words);
    }
    assert_eq!(result.turns().last().unwrap().role, Role::Tool, "a reminder is no word of the person");
}

#[test]
fn an_aside_behind_a_clients_own_prompt_hides_nothing() {
    let said = r#"{"role":"user","content":"Hi"},{"role":"assistant","content":"Well."},"#;
    for (before, prompt, purpose) in [
        (said, "CRITICAL: Respond with TEXT ONLY. Do NOT call any tools.", Purpose::Continuation),
        ("", "Please write a 5-10 word title for this", Purpose::Task),
        (said, "And now?", Purpose::Turn),
    ] {
        let prompt = format!(r#"{{"role":"user","content":"{prompt}"}}"#);
        for aside in ["", r#",{"role":"system","content":"Mind."}"#] {
            let chat = parse_text(&format!(r#"{{"messages":[{before}{prompt}{aside}]}}"#)).unwrap();
            assert_eq!(classify(&chat, None, None).0, purpose, "{prompt}{aside}");
        }
    }
}

#[test]
fn a_block_of_memory_disturbs_no_breakpoint() {
    for chat in claude_code() {
        let edits = Edits {
            system: Some("SYSTEM-BLOCK".into()),
            prefixes: chat.last_user().map(|turn| (turn, "TURN-BLOCK".to_owned())).into_iter().collect(),
            ..Edits::default()
        };
        let before: serde_json::Value = serde_json::from_slice(chat.body()).unwrap();
        let after: serde_json::Value = serde_json::from_slice(&chat.rewrite(&edits)).unwrap();
        let (was, is) = (before["system"].as_array().unwrap(), after["system"].as_array().unwrap());
        assert_eq!(is[..was.len()], was[..], "what was there is as it was, and its first block is the first");
        assert_eq!(is[was.len()..], [serde_json::json!({"type": "text", "text": "SYSTEM-BLOCK"})]);
        let breakpoints = |value: &serde_json::Value| value.to_string().matches("cache_control").count();
        assert_eq!(breakpoints(&before), breakpoints(&after));
        assert_eq!(before["tools"], after["tools"]);
        let blocks = |value: &serde_json::Value| -> Vec<usize> {
            let messages = value["messages"].as_array().unwrap();
            messages.iter().map(|message| message["content"].as_array().map_or(0, Vec::len)).collect()
        };
        assert_eq!(blocks(&before), blocks(&after), "the block is part of a text that was there");
        assert_eq!(after.to_string().matches("TURN-BLOCK\\n\\n").count(), 1);
    }
}

#[test]
fn a_turn_is_known_again_when_its_breakpoint_has_moved_on() {
    let [turn, result, second] = claude_code();
    for (earlier, later, kept) in [(&turn, &result, 2), (&result, &second, 4)] {
        for index in 0..kept {
            assert_eq!(earlier.steady(index), later.steady(index), "turn {index}");
        }
    }
    assert_ne!(turn.raw(1), result.raw(1), "the fixture moves none");
}

#[test]
fn recorded_requests_pass_unchanged() {
    for (text, dialect, user) in [
        (
            include_str!("../../../tests/fixtures/anthropic/sillytavern-011-messages-reverse-proxy-claude.json"),
            Dialect::Messages,
            "Write Seraphina's next reply in a fictional chat between Seraphina and Alice.\n[Start a new Chat]\nreverse proxy mode",
        ),
        (
            include_str!("../../../tests/fixtures/anthropic/open-webui-041-messages-count-tokens-anthropic-messages.json"),
            Dialect::CountTokens,
            "hi anthropic",
        ),
    ] {
        let capture: serde_json::Value = serde_json::from_str(text).unwrap();
        let method = capture["method"].as_str().unwrap();
        let route = crate::dialect::route(method, capture["path"].as_str().unwrap(), false);
        assert_eq!(route.kind, crate::dialect::RouteKind::Conversation(dialect));
        let chat = fixture(text);
        assert_eq!(chat.rewrite(&Edits::default()), chat.body());
        assert_eq!(chat.text(chat.last_user().unwrap()), user);
    }
}
