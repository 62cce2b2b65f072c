//! Rewriting against the same edits made on parsed values.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::dialect::samples::{extra, render};

fn edited(body: &str, edits: &Edits) -> String {
    let bytes = parse_text(body).unwrap().rewrite(edits);
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn system(block: &str) -> Edits {
    Edits { system: Some(block.to_owned()), ..Edits::default() }
}

#[test]
fn without_edits_the_bytes_are_the_same_allocation() {
    let chat = parse_text(r#" { "messages" : [ ] } "#).unwrap();
    assert_eq!(chat.rewrite(&Edits::default()).as_ptr(), chat.body().as_ptr());
}

#[test]
fn the_system_block_goes_behind_the_last_leading_system_turn() {
    for (body, expected) in [
        (r#"{"messages":[]}"#, r#"{"messages":[{"role":"system","content":"B"}]}"#),
        (
            r#"{"messages":[ {"role":"user","content":"q"},{"role":"system","content":"late"}]}"#,
            r#"{"messages":[ {"role":"system","content":"B"},{"role":"user","content":"q"},{"role":"system","content":"late"}]}"#,
        ),
        (
            r#"{"messages":[{"role":"system","content":"a"},{"role":"developer","content":"b"},{"role":"user","content":"q"}]}"#,
            r#"{"messages":[{"role":"system","content":"a"},{"role":"developer","content":"b\n\nB"},{"role":"user","content":"q"}]}"#,
        ),
        (r#"{"messages":[{"role":"system","content":""}]}"#, r#"{"messages":[{"role":"system","content":"B"}]}"#),
        (r#"{"messages":[{"role":"system","content": null}]}"#, r#"{"messages":[{"role":"system","content": "B"}]}"#),
        (r#"{"messages":[{"role":"system"}]}"#, r#"{"messages":[{"content":"B","role":"system"}]}"#),
        (
            r#"{"messages":[{"role":"system","content":[{"type":"text","text":"a","cache_control":{}} ]}]}"#,
            r#"{"messages":[{"role":"system","content":[{"type":"text","text":"a","cache_control":{}},{"type":"text","text":"B"} ]}]}"#,
        ),
        (
            r#"{"messages":[{"role":"system","content":[]}]}"#,
            r#"{"messages":[{"role":"system","content":[{"type":"text","text":"B"}]}]}"#,
        ),
        (
            r#"{"messages":[{"role":"system","content":5}]}"#,
            r#"{"messages":[{"role":"system","content":"B"},{"role":"system","content":5}]}"#,
        ),
    ] {
        assert_eq!(edited(body, &system("B")), expected);
    }
}

#[test]
fn commas_follow_what_is_cut() {
    let body = r#"{"messages":[ {"role":"user"} , {"role":"assistant"} , {"role":"tool"} ]}"#;
    for (cut, expected) in [
        (&[0][..], r#"{"messages":[ {"role":"assistant"} , {"role":"tool"} ]}"#),
        (&[1], r#"{"messages":[ {"role":"user"} , {"role":"tool"} ]}"#),
        (&[2], r#"{"messages":[ {"role":"user"} , {"role":"assistant"} ]}"#),
        (&[0, 2], r#"{"messages":[ {"role":"assistant"} ]}"#),
        (&[0, 1, 2], r#"{"messages":[  ]}"#),
        (&[9], body),
    ] {
        assert_eq!(edited(body, &Edits { cut: cut.to_vec(), ..Edits::default() }), expected, "{cut:?}");
    }
    let all = Edits { cut: vec![0, 1, 2], ..system("B") };
    assert_eq!(edited(body, &all), r#"{"messages":[ {"role":"system","content":"B"} ]}"#);
}

/// The edits as anyone would make them on values.
fn edit_value(mut body: Value, edits: &Edits) -> Value {
    let turns = body["messages"].as_array_mut().unwrap();
    let instructs = |turn: &Value| turn["role"] == "system" || turn["role"] == "developer";
    for (index, block) in &edits.prefixes {
        if let Some(turn) = turns.get_mut(*index).filter(|turn| turn["role"] == "user") {
            let content = turn.get("content").cloned().unwrap_or_default();
            turn["content"] = match content {
                Value::String(text) => json!(format!("{block}\n\n{text}")),
                Value::Array(mut parts) => {
                    parts.insert(0, json!({"type": "text", "text": format!("{block}\n\n")}));
                    Value::Array(parts)
                }
                Value::Null => json!(block),
                other => other,
            };
        }
    }
    let leading = turns.iter().take_while(|turn| instructs(turn)).count();
    let target = (0..leading).rev().find(|index| !edits.cut.contains(index));
    let mut new_first = None;
    if let Some(block) = &edits.system {
        let content = target.map(|index| turns[index].get("content").cloned().unwrap_or_default());
        match (target, content) {
            (Some(index), Some(Value::String(text))) if text.is_empty() => turns[index]["content"] = json!(block),
            (Some(index), Some(Value::String(text))) => turns[index]["content"] = json!(format!("{text}\n\n{block}")),
            (Some(index), Some(Value::Null)) => turns[index]["content"] = json!(block),
            (Some(index), Some(Value::Array(mut parts))) => {
                parts.push(json!({"type": "text", "text": block}));
                turns[index]["content"] = Value::Array(parts);
            }
            _ => new_first = Some(json!({"role": "system", "content": block})),
        }
    }
    let mut index = 0;
    turns.retain(|_| {
        index += 1;
        !edits.cut.contains(&(index - 1))
    });
    turns.splice(0..0, new_first);
    let body = body.as_object_mut().unwrap();
    Value::Object(std::mem::take(body))
}

fn content() -> impl Strategy<Value = Option<Value>> {
    let part = prop_oneof![
        any::<String>().prop_map(|text| json!({"type": "text", "text": text})),
        Just(json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}})),
        any::<String>().prop_map(Value::from),
        Just(json!(3)),
    ];
    prop_oneof![
        4 => any::<String>().prop_map(|text| Some(Value::from(text))),
        2 => prop::collection::vec(part, 0..4).prop_map(|parts| Some(Value::from(parts))),
        1 => Just(Some(json!(null))),
        1 => Just(None),
        1 => Just(Some(json!({"odd": 1}))),
    ]
}

fn turn() -> impl Strategy<Value = Value> {
    let role = prop::sample::select(vec!["system", "developer", "user", "user", "assistant", "tool", "alien"]);
    (role, content(), extra()).prop_map(|(role, content, mut turn)| {
        turn.insert("role".into(), json!(role));
        content.map(|content| turn.insert("content".into(), content));
        Value::Object(turn)
    })
}

fn body() -> impl Strategy<Value = Value> {
    (prop::collection::vec(turn(), 0..7), extra()).prop_map(|(turns, mut body)| {
        body.insert("messages".into(), Value::from(turns));
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
        prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value.clone());
        let out = edited(&text, &edits);
        prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), edit_value(value, &edits), "{}", out);
    }

    #[test]
    fn what_is_not_edited_stays_byte_for_byte(value in body(), edits in edits(), style in prop::collection::vec(any::<u8>(), 1..40)) {
        let text = render(&value, &mut style.into_iter().cycle());
        let chat = parse_text(&text).unwrap();
        let list = chat.list.clone().unwrap();
        let out = chat.rewrite(&edits);
        prop_assert!(out.starts_with(&chat.body[..=list.start]));
        prop_assert!(out.ends_with(&chat.body[list.end - 1..]));
        let after = Dialect::ChatCompletions.parse(out).unwrap();
        let untouched: Vec<_> = (0..chat.turns().len())
            .filter(|i| !edits.cut.contains(i) && !edits.prefixes.contains_key(i) && !chat.turns()[*i].role.instructs())
            .map(|i| chat.raw(i))
            .collect();
        let mut left = (0..after.turns().len()).map(|i| after.raw(i));
        for raw in untouched {
            prop_assert!(left.any(|other| other == raw));
        }
    }

    #[test]
    fn any_text_is_survived(text in "[\\[\\]{}:,\"\\\\mesagrolcontu 0-9]{0,60}") {
        let _ = parse_text(&text);
        let _ = parse_text(&format!("{{\"messages\":[{{\"role\":\"user\",\"content\":{text}"));
    }
}
