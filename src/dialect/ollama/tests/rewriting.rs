//! Rewriting against the same edits made on parsed values.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::dialect::samples::{extra, render};

fn edited(dialect: Dialect, body: &str, edits: &Edits) -> String {
    String::from_utf8(parse(dialect, body).unwrap().rewrite(edits).to_vec()).unwrap()
}

fn turn() -> impl Strategy<Value = Value> {
    let role = prop::sample::select(vec!["system", "user", "user", "assistant", "tool"]);
    let images = prop::option::of(prop::collection::vec("[A-Za-z0-9+/]{0,9}", 0..3));
    (role, any::<String>(), images, extra()).prop_map(|(role, content, images, mut turn)| {
        turn.insert("role".into(), json!(role));
        turn.insert("content".into(), json!(content));
        images.map(|images| turn.insert("images".into(), json!(images)));
        Value::Object(turn)
    })
}

fn chat_body() -> impl Strategy<Value = Value> {
    (prop::collection::vec(turn(), 0..7), extra()).prop_map(|(turns, mut body)| {
        body.insert("messages".into(), Value::from(turns));
        Value::Object(body)
    })
}

fn generate_body() -> impl Strategy<Value = Value> {
    (any::<String>(), prop::option::of(any::<String>()), extra()).prop_map(|(prompt, system, mut body)| {
        body.insert("prompt".into(), json!(prompt));
        system.map(|system| body.insert("system".into(), json!(system)));
        Value::Object(body)
    })
}

fn edits() -> impl Strategy<Value = Edits> {
    (
        prop::collection::btree_set(0_usize..8, 0..5),
        prop::option::of(any::<String>()),
        prop::collection::btree_map(0_usize..8, any::<String>(), 0..4),
    )
        .prop_map(|(cut, system, prefixes)| Edits { cut: cut.into_iter().collect(), system, prefixes, ..Edits::default() })
}

fn put_in_front(block: &str, text: &mut Value) {
    *text = json!(format!("{block}\n\n{}", text.as_str().unwrap()));
}

fn put_behind(block: &str, text: &mut Value) {
    let before = text.as_str().unwrap();
    *text = if before.is_empty() { json!(block) } else { json!(format!("{before}\n\n{block}")) };
}

/// The edits as anyone would make them on values.
fn edit_chat(mut body: Value, edits: &Edits) -> Value {
    let turns = body["messages"].as_array_mut().unwrap();
    for (index, block) in &edits.prefixes {
        if let Some(turn) = turns.get_mut(*index).filter(|turn| turn["role"] == "user") {
            put_in_front(block, &mut turn["content"]);
        }
    }
    if let Some(block) = &edits.system {
        let kept = |index: &usize| !edits.cut.contains(index);
        let leading = turns.iter().take_while(|turn| turn["role"] == "system").count();
        let first_user = (0..turns.len()).filter(kept).find(|index| turns[*index]["role"] == "user");
        match (0..leading).rev().find(kept) {
            Some(index) => put_behind(block, &mut turns[index]["content"]),
            None => first_user.into_iter().for_each(|index| put_in_front(block, &mut turns[index]["content"])),
        }
    }
    let mut index = 0;
    turns.retain(|_| {
        index += 1;
        !edits.cut.contains(&(index - 1))
    });
    body
}

fn edit_generate(mut body: Value, edits: &Edits) -> Value {
    let filled = |body: &Map<String, Value>, key: &str| body.get(key).is_some_and(|text| text != "");
    let object = body.as_object_mut().unwrap();
    let instructed = filled(object, "system");
    if !filled(object, "prompt") {
        if let Some(block) = edits.system.as_ref().filter(|_| instructed) {
            put_behind(block, &mut object["system"]);
        }
        return body;
    }
    let turn = usize::from(instructed);
    if let Some(block) = edits.prefixes.get(&turn) {
        put_in_front(block, &mut object["prompt"]);
    }
    // What stands outside a list is never cut; a block goes to what the cuts leave of it.
    if let Some(block) = &edits.system {
        if instructed {
            put_behind(block, &mut object["system"]);
        } else {
            put_in_front(block, &mut object["prompt"]);
        }
    }
    body
}

proptest! {
    #[test]
    fn no_edits_no_change(chat in chat_body(), generate in generate_body(), style: Vec<u8>) {
        for (dialect, value) in [(Dialect::OllamaChat, chat), (Dialect::OllamaGenerate, generate)] {
            let text = render(&value, &mut style.iter().copied().cycle());
            prop_assert_eq!(edited(dialect, &text, &Edits::default()), text);
        }
    }

    #[test]
    fn edits_of_a_chat_do_what_they_say(value in chat_body(), edits in edits(), style in prop::collection::vec(any::<u8>(), 1..40)) {
        let text = render(&value, &mut style.into_iter().cycle());
        let out = edited(Dialect::OllamaChat, &text, &edits);
        prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), edit_chat(value, &edits), "{}", out);
    }

    #[test]
    fn edits_of_a_prompt_do_what_they_say(value in generate_body(), edits in edits(), style in prop::collection::vec(any::<u8>(), 1..40)) {
        // A plan cuts no turn that stands outside a list.
        let edits = Edits { cut: Vec::new(), ..edits };
        let text = render(&value, &mut style.into_iter().cycle());
        let out = edited(Dialect::OllamaGenerate, &text, &edits);
        prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), edit_generate(value, &edits), "{}", out);
    }

    #[test]
    fn any_text_is_survived(text in "[\\[\\]{}:,\"\\\\mesagprot 0-9]{0,60}") {
        for dialect in [Dialect::OllamaChat, Dialect::OllamaGenerate] {
            let _ = parse(dialect, &text);
            let _ = parse(dialect, &format!("{{\"prompt\":\"x\",\"images\":{text}"));
            let _ = parse(dialect, &format!("{{\"messages\":[{{\"role\":\"user\",\"images\":{text}"));
            let _ = dialect.read_answer(text.as_bytes());
        }
    }
}
