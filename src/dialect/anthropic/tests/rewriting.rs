//! Rewriting against the same edits made on parsed values.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::dialect::samples::{extra, render};

fn edited(body: &str, edits: &Edits) -> String {
    String::from_utf8(parse_text(body).unwrap().rewrite(edits).to_vec()).unwrap()
}

fn system(block: &str) -> Edits {
    Edits { system: Some(block.to_owned()), ..Edits::default() }
}

fn prefix(turn: usize, block: &str) -> Edits {
    Edits { prefixes: [(turn, block.to_owned())].into(), ..Edits::default() }
}

#[test]
fn the_system_block_goes_behind_what_is_there() {
    for (body, expected) in [
        (r#"{"messages":[]}"#, r#"{"system":"B","messages":[]}"#),
        (r#"{ "messages":[{"role":"user","content":"q"}]}"#, r#"{"system":"B", "messages":[{"role":"user","content":"q"}]}"#),
        (r#"{"messages":[],"system":"S"}"#, r#"{"messages":[],"system":"S\n\nB"}"#),
        (r#"{"system":"","messages":[]}"#, r#"{"system":"B","messages":[]}"#),
        (r#"{"system": null,"messages":[]}"#, r#"{"system": "B","messages":[]}"#),
        (r#"{"system":[],"messages":[]}"#, r#"{"system":[{"type":"text","text":"B"}],"messages":[]}"#),
        (
            r#"{"system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}} ],"messages":[]}"#,
            r#"{"system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}},{"type":"text","text":"B"} ],"messages":[]}"#,
        ),
        // Nobody knows what that is: it is left alone.
        (r#"{"system":7,"messages":[]}"#, r#"{"system":7,"messages":[]}"#),
        // A system message in the list may not come first: it is not the place.
        (
            r#"{"messages":[{"role":"user","content":"q"},{"role":"system","content":"late"}]}"#,
            r#"{"system":"B","messages":[{"role":"user","content":"q"},{"role":"system","content":"late"}]}"#,
        ),
    ] {
        assert_eq!(edited(body, &system("B")), expected);
    }
}

#[test]
fn a_prefix_joins_the_first_text() {
    for (content, expected) in [
        (r#""q""#, r#""M\n\nq""#),
        (r#"[{"type":"text","text":"q"}]"#, r#"[{"type":"text","text":"M\n\nq"}]"#),
        (
            r#"[{"type":"tool_result","tool_use_id":"t","content":"r"},{"type":"text","text":"q","cache_control":{}}]"#,
            r#"[{"type":"tool_result","tool_use_id":"t","content":"r"},{"type":"text","text":"M\n\nq","cache_control":{}}]"#,
        ),
        (
            r#"[{"type":"text","text":"<system-reminder>r</system-reminder>\n"},{"type":"text","text":"q"}]"#,
            r#"[{"type":"text","text":"<system-reminder>r</system-reminder>\n"},{"type":"text","text":"M\n\nq"}]"#,
        ),
        (r#"[{"type":"image","source":{}}]"#, r#"[{"type":"text","text":"M\n\n"},{"type":"image","source":{}}]"#),
        (r#"[{"type":"tool_result","tool_use_id":"t"}]"#, r#"[{"type":"tool_result","tool_use_id":"t"}]"#),
    ] {
        let body = |content: &str| format!(r#"{{"messages":[{{"role":"user","content":{content}}}]}}"#);
        assert_eq!(edited(&body(content), &prefix(0, "M")), body(expected));
    }
}

#[test]
fn what_stands_outside_the_list_is_never_cut() {
    let body = r#"{"system":"S","messages":[{"role":"user"},{"role":"assistant"},{"role":"user"}]}"#;
    let cut = |cut: &[usize]| Edits { cut: cut.to_vec(), ..Edits::default() };
    for (turns, expected) in [
        (&[0][..], body),
        (&[0, 1, 2], r#"{"system":"S","messages":[{"role":"user"}]}"#),
        (&[3], r#"{"system":"S","messages":[{"role":"user"},{"role":"assistant"}]}"#),
        (&[1, 2, 3], r#"{"system":"S","messages":[]}"#),
    ] {
        assert_eq!(edited(body, &cut(turns)), expected, "{turns:?}");
    }
    let both = Edits { cut: vec![0, 1, 2], ..system("B") };
    assert_eq!(edited(body, &both), r#"{"system":"S\n\nB","messages":[{"role":"user"}]}"#);
}

fn is_text(block: &Value) -> bool {
    block["type"] == "text" && block["text"].is_string()
}

/// The edits as anyone would make them on values.
fn edit_value(mut body: Value, edits: &Edits) -> Value {
    let outside = usize::from(body.get("system").is_some());
    let messages = body["messages"].as_array_mut().unwrap();
    for (index, block) in &edits.prefixes {
        let Some(message) = index.checked_sub(outside).and_then(|index| messages.get_mut(index)) else { continue };
        let blocks = message["content"].as_array().cloned().unwrap_or_default();
        let results = blocks.iter().any(|block| block["type"] == "tool_result");
        if message["role"] != "user" || results && !blocks.iter().any(is_text) {
            continue;
        }
        let prefixed = |text: &str| format!("{block}\n\n{text}");
        message["content"] = match message.get("content").cloned().unwrap_or_default() {
            Value::String(text) => prefixed(&text).into(),
            Value::Null => json!(block),
            Value::Array(mut blocks) => {
                match blocks.iter_mut().find(|block| is_text(block)) {
                    Some(block) => block["text"] = prefixed(block["text"].as_str().unwrap()).into(),
                    None => blocks.insert(0, json!({"type": "text", "text": prefixed("")})),
                }
                Value::Array(blocks)
            }
            other => other,
        };
    }
    let mut index = outside;
    messages.retain(|_| {
        index += 1;
        !edits.cut.contains(&(index - 1))
    });
    if let Some(block) = &edits.system {
        let system = body.get("system").cloned();
        body["system"] = match system {
            None | Some(Value::Null) => json!(block),
            Some(Value::String(text)) if text.is_empty() => json!(block),
            Some(Value::String(text)) => json!(format!("{text}\n\n{block}")),
            Some(Value::Array(mut blocks)) => {
                blocks.push(json!({"type": "text", "text": block}));
                blocks.into()
            }
            Some(other) => other,
        };
    }
    body
}

fn block() -> impl Strategy<Value = Value> {
    let text = (any::<String>(), any::<bool>()).prop_map(|(text, breakpoint)| {
        let mut block = json!({"type": "text", "text": text});
        if breakpoint {
            block["cache_control"] = json!({"type": "ephemeral"});
        }
        block
    });
    prop_oneof![
        4 => text,
        1 => Just(json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}})),
        1 => Just(json!({"type": "tool_use", "id": "t", "name": "n", "input": {"text": "x", "role": "user"}})),
        2 => any::<String>().prop_map(|text| json!({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": text}]})),
        1 => Just(json!({"type": "thinking", "thinking": "", "signature": "s"})),
        1 => Just(json!({"type": "text", "text": 1})),
        1 => Just(json!(3)),
    ]
}

fn content() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        3 => any::<String>().prop_map(|text| Some(Value::from(text))),
        4 => prop::collection::vec(block(), 0..4).prop_map(|blocks| Some(Value::from(blocks))),
        1 => Just(Some(json!(null))),
        1 => Just(None),
        1 => Just(Some(json!({"odd": 1}))),
    ]
}

fn message() -> impl Strategy<Value = Value> {
    let role = prop::sample::select(vec!["system", "user", "user", "assistant", "alien"]);
    (role, content(), extra()).prop_map(|(role, content, mut message)| {
        message.insert("role".into(), json!(role));
        content.map(|content| message.insert("content".into(), content));
        Value::Object(message)
    })
}

fn body() -> impl Strategy<Value = Value> {
    (prop::collection::vec(message(), 0..7), content(), extra()).prop_map(|(messages, system, mut body)| {
        body.insert("messages".into(), Value::from(messages));
        system.map(|system| body.insert("system".into(), system));
        Value::Object(body)
    })
}

fn edits() -> impl Strategy<Value = Edits> {
    (
        prop::collection::btree_set(0_usize..8, 0..5),
        proptest::option::of(any::<String>()),
        prop::collection::btree_map(0_usize..8, any::<String>(), 0..4),
    )
        .prop_map(|(cut, system, prefixes)| Edits { cut: cut.into_iter().collect(), system, prefixes, ..Edits::default() })
}

proptest! {
    #[test]
    fn no_edits_no_change(value in body(), style: Vec<u8>) {
        let text = render(&value, &mut style.into_iter().cycle());
        prop_assert_eq!(edited(&text, &Edits::default()), text);
    }

    #[test]
    fn edits_do_what_they_say(value in body(), edits in edits(), style in prop::collection::vec(any::<u8>(), 1..40)) {
        let text = render(&value, &mut style.into_iter().cycle());
        let out = edited(&text, &edits);
        prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), edit_value(value, &edits), "{}", out);
    }

    #[test]
    fn turns_that_are_not_edited_stay_byte_for_byte(value in body(), edits in edits(), style in prop::collection::vec(any::<u8>(), 1..40)) {
        let text = render(&value, &mut style.into_iter().cycle());
        let chat = parse_text(&text).unwrap();
        let after = Dialect::Messages.parse(chat.rewrite(&edits)).unwrap();
        let untouched = (chat.outside..chat.turns().len()).filter(|i| !edits.cut.contains(i) && !edits.prefixes.contains_key(i));
        let mut left = (after.outside..after.turns().len()).map(|i| after.raw(i));
        for raw in untouched.map(|i| chat.raw(i)) {
            prop_assert!(left.any(|other| other == raw));
        }
    }

    #[test]
    fn any_text_is_survived(text in "[\\[\\]{}:,\"\\\\mesagrolcontuxyp 0-9]{0,60}") {
        let _ = parse_text(&text);
        let _ = parse_text(&format!("{{\"messages\":[{{\"role\":\"user\",\"content\":[{{\"type\":\"text\",{text}"));
    }
}
