//! Rewriting against the same edits made on parsed values.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::dialect::samples::{extra, render};

/// Puts a block before or behind a value that is a text or a list of parts. False where it can take none.
fn add(content: &mut Value, block: &str, front: bool, follows: bool) -> bool {
    match content {
        Value::String(text) if front => *text = format!("{block}\n\n{text}"),
        Value::String(text) if text.is_empty() => block.clone_into(text),
        Value::String(text) => *text = format!("{text}\n\n{block}"),
        Value::Array(parts) if front => {
            let text = |part: &Value| part.is_string() || part["type"] == "input_text";
            let at = if follows { parts.iter().position(text).unwrap_or(parts.len()) } else { 0 };
            parts.insert(at, json!({"type": "input_text", "text": format!("{block}\n\n")}));
        }
        Value::Array(parts) => parts.push(json!({"type": "input_text", "text": block})),
        Value::Null => *content = json!(block),
        _ => return false,
    }
    true
}

fn is_message(item: &Value) -> bool {
    item.get("type").is_none_or(|kind| kind == "message")
}

fn instructs(item: &Value) -> bool {
    is_message(item) && (item["role"] == "system" || item["role"] == "developer")
}

fn is_user(item: &Value) -> bool {
    is_message(item) && item["role"] == "user"
}

/// The edits as anyone would make them on values.
fn edit_value(mut body: Value, edits: &Edits) -> Value {
    let own = usize::from(body.get("instructions").is_some());
    if let Value::String(_) = body["input"] {
        if let Some(block) = edits.prefixes.get(&own) {
            add(&mut body["input"], block, true, false);
        }
        if let Some(block) = &edits.system {
            add_instructions(&mut body, block);
        }
        return body;
    }
    let items = body["input"].as_array_mut().unwrap();
    for (index, block) in &edits.prefixes {
        let Some(at) = index.checked_sub(own).filter(|at| *at < items.len() && is_user(&items[*at])) else { continue };
        let before = items[..at].iter().rfind(|item| !instructs(item));
        let follows = before.is_some_and(is_user);
        let mut content = items[at].get("content").cloned().unwrap_or_default();
        if add(&mut content, block, true, follows) {
            items[at]["content"] = content;
        }
    }
    let cut = |at: usize| edits.cut.contains(&(at + own));
    let leading = items.iter().take_while(|item| instructs(item)).count();
    let target = (0..leading).rev().find(|at| !cut(*at));
    if let (Some(at), Some(block)) = (target, &edits.system) {
        let mut content = items[at].get("content").cloned().unwrap_or_default();
        if add(&mut content, block, false, false) {
            items[at]["content"] = content;
        }
    }
    let mut at = 0;
    items.retain(|_| {
        at += 1;
        !cut(at - 1)
    });
    if let (None, Some(block)) = (target, &edits.system) {
        add_instructions(&mut body, block);
    }
    body
}

fn add_instructions(body: &mut Value, block: &str) {
    let mut content = body.get("instructions").cloned().unwrap_or_default();
    if add(&mut content, block, false, false) {
        body["instructions"] = content;
    }
}

fn content() -> impl Strategy<Value = Option<Value>> {
    let part = prop_oneof![
        any::<String>().prop_map(|text| json!({"type": "input_text", "text": text})),
        Just(json!({"type": "input_image", "image_url": "data:image/png;base64,AAAA"})),
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

fn item() -> impl Strategy<Value = Value> {
    let role = prop::sample::select(vec!["system", "developer", "user", "user", "user", "assistant", "alien"]);
    let message = (role, any::<bool>(), content(), extra()).prop_map(|(role, typed, content, mut item)| {
        item.insert("role".into(), json!(role));
        content.map(|content| item.insert("content".into(), content));
        typed.then(|| item.insert("type".into(), json!("message")));
        Value::Object(item)
    });
    let kinds =
        vec!["reasoning", "function_call", "function_call_output", "custom_tool_call", "item_reference", "compaction", "new"];
    let other = (prop::sample::select(kinds), any::<String>(), extra()).prop_map(|(kind, id, mut item)| {
        item.insert("type".into(), json!(kind));
        item.insert("id".into(), json!(id));
        Value::Object(item)
    });
    prop_oneof![3 => message, 2 => other]
}

fn body() -> impl Strategy<Value = Value> {
    let input = prop_oneof![
        1 => any::<String>().prop_map(Value::from),
        4 => prop::collection::vec(item(), 0..7).prop_map(Value::from),
    ];
    let instructions = prop_oneof![
        2 => any::<String>().prop_map(|text| Some(Value::from(text))),
        2 => Just(None),
        1 => Just(Some(json!(null))),
        1 => Just(Some(json!(7))),
    ];
    (input, instructions, extra()).prop_map(|(input, instructions, mut body)| {
        body.insert("input".into(), input);
        instructions.map(|instructions| body.insert("instructions".into(), instructions));
        Value::Object(body)
    })
}

fn edits() -> impl Strategy<Value = Edits> {
    (
        // Never what stands outside the list.
        prop::collection::btree_set(1_usize..9, 0..5),
        proptest::option::of(any::<String>()),
        prop::collection::btree_map(0_usize..9, any::<String>(), 0..4),
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
        let outside = parse_text(&value.to_string()).unwrap().outside;
        let edits = Edits { cut: edits.cut.into_iter().filter(|at| *at >= outside).collect(), ..edits };
        let text = render(&value, &mut style.into_iter().cycle());
        let out = edited(&text, &edits);
        prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), edit_value(value, &edits), "{}", out);
    }

    #[test]
    fn any_text_is_survived(text in "[\\[\\]{}:,\"\\\\inputroleyd 0-9]{0,60}") {
        let _ = parse_text(&text);
        let _ = parse_text(&format!("{{\"input\":[{{\"role\":\"user\",\"content\":{text}"));
    }
}
