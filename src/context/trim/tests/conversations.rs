//! What is left of real bodies is still a conversation of its dialect.

use serde_json::{Value, json};

use super::*;
use crate::context::assemble;
use crate::dialect::Dialect;

/// A conversation that is written by letters, and what is left of it after trimming, with memory written into it. None where it does not
/// fit.
fn trimmed(dialect: Dialect, body: &Value, tokens: &[u64], settings: &ContextSettings) -> Option<Value> {
    let conversation = dialect.parse(body.to_string().into()).unwrap();
    let turns = conversation.turns();
    let trim = plan(turns, &load(&tokens[..turns.len()], 0), settings).ok()?;
    let blocks = (0..turns.len()).map(|turn| (turn, "M".to_owned())).collect();
    let edits = assemble(&conversation, &trim, Some("S".to_owned()), blocks);
    Some(serde_json::from_slice(&conversation.rewrite(&edits)).unwrap())
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

/// Anthropic's: `u`ser or `U`ser in blocks, `c`all or two `C`alls, their results `t`, with `T` words or a `R`eminder, `a`nswer, `n`ote.
fn messages(letters: &str) -> Value {
    let mut pending: Vec<String> = Vec::new();
    let list = letters.char_indices().map(|(at, letter)| {
        let user = |content: Value| json!({"role": "user", "content": content});
        let mut results = |more: Option<Value>| {
            let results = pending.drain(..).map(|id| json!({"type": "tool_result", "tool_use_id": id, "content": "r"}));
            user(results.chain(more).collect())
        };
        match letter {
            'u' => user(json!(format!("words {at}"))),
            'U' => user(json!([{"type": "image", "source": {}}, text("words")])),
            't' => results(None),
            'T' => results(Some(text("words"))),
            'R' => results(Some(text("<system-reminder>r</system-reminder>"))),
            'n' => json!({"role": "system", "content": "note"}),
            'a' => json!({"role": "assistant", "content": "answer"}),
            calls => {
                let ids = if calls == 'C' { 0..2 } else { 0..1 };
                pending = ids.map(|n| format!("{at}.{n}")).collect();
                let calls = pending.iter().map(|id| json!({"type": "tool_use", "id": id, "name": "f", "input": {}}));
                json!({"role": "assistant", "content": std::iter::once(text("Well.")).chain(calls).collect::<Vec<_>>()})
            }
        }
    });
    let list: Vec<Value> = list.collect();
    json!({"system": "I", "messages": list})
}

fn ids<'a>(message: &'a Value, kind: &str, key: &str) -> Vec<&'a str> {
    let blocks = message["content"].as_array().into_iter().flatten();
    blocks.filter(|block| block["type"] == kind).map(|block| block[key].as_str().unwrap()).collect()
}

/// `OpenAI`'s: `u`ser, `d`eveloper, `r`easoning, `c`all, its `o`utputs, `a`nswer, something `x` new.
fn items(letters: &str) -> Value {
    let mut pending: Vec<String> = Vec::new();
    let mut list = Vec::new();
    for (at, letter) in letters.char_indices() {
        match letter {
            'u' => list.push(json!({"role": "user", "content": [{"type": "input_text", "text": format!("words {at}")}]})),
            'd' => list.push(json!({"role": "developer", "content": format!("do {at}")})),
            'r' => list.push(json!({"type": "reasoning", "encrypted_content": "e", "summary": []})),
            'x' => list.push(json!({"type": "tomorrow"})),
            'a' => list.push(json!({"type": "message", "role": "assistant", "content": "answer"})),
            'o' => list.extend(pending.drain(..).map(|id| json!({"type": "function_call_output", "call_id": id, "output": "r"}))),
            _ => {
                pending.push(at.to_string());
                list.push(json!({"type": "function_call", "call_id": at.to_string(), "name": "f", "arguments": "{}"}));
            }
        }
    }
    json!({"instructions": "I", "input": list})
}

fn calls<'a>(input: &'a [Value], kind: &str) -> Vec<&'a str> {
    input.iter().filter(|item| item["type"] == kind).map(|item| item["call_id"].as_str().unwrap()).collect()
}

fn tokens() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(0_u64..120, 400)
}

proptest! {
    #[test]
    fn messages_keep_their_pairs_and_start_with_words(
        exchanges in prop::collection::vec("[uU]n?([cC][tTR]n?){0,3}a?", 1..12), tokens in tokens(), settings in any_settings(),
    ) {
        let body = messages(&exchanges.concat());
        let Some(left) = trimmed(Dialect::Messages, &body, &tokens, &settings) else { return Ok(()) };
        prop_assert_eq!(&left["system"], "I\n\nS");
        let (all, kept) = (body["messages"].as_array().unwrap(), left["messages"].as_array().unwrap());
        let first = &kept[0];
        prop_assert!(first["role"] == "user" && ids(first, "tool_result", "tool_use_id").is_empty(), "{first}");
        // The words of the last turn of the person, with all that follows.
        prop_assert!(kept.len() >= all.len() - all.iter().rposition(|message| message["role"] == "user").unwrap());
        let spoken: Vec<&Value> = kept.iter().filter(|message| message["role"] != "system").collect();
        for pair in spoken.windows(2) {
            prop_assert_eq!(ids(pair[0], "tool_use", "id"), ids(pair[1], "tool_result", "tool_use_id"));
        }
        for (at, message) in kept.iter().enumerate() {
            prop_assert!(message["role"] != "system" || kept[at - 1]["role"] == "user", "a note stands behind {}", kept[at - 1]);
            let blocks = message["content"].as_array().map(Vec::as_slice).unwrap_or_default();
            let results = blocks.iter().take_while(|block| block["type"] == "tool_result").count();
            prop_assert_eq!(results, ids(message, "tool_result", "tool_use_id").len(), "{}", message);
            prop_assert!(blocks.iter().all(|block| block["text"] != ""), "{message}");
        }
    }

    #[test]
    fn items_keep_their_pairs_and_start_with_words(
        exchanges in prop::collection::vec("d?u{1,2}(r?c{1,2}d?o){0,3}(r?x?a)?", 1..12), tokens in tokens(), settings in any_settings(),
    ) {
        let body = items(&exchanges.concat());
        let Some(left) = trimmed(Dialect::Responses, &body, &tokens, &settings) else { return Ok(()) };
        let (all, kept) = (body["input"].as_array().unwrap(), left["input"].as_array().unwrap());
        prop_assert_eq!(calls(kept, "function_call"), calls(kept, "function_call_output"));
        let developers = |items: &[Value]| items.iter().filter(|item| item["role"] == "developer").count();
        prop_assert_eq!(developers(all), developers(kept));
        prop_assert!(left["instructions"].as_str().unwrap().starts_with('I'));
        let spoken: Vec<&Value> = kept.iter().filter(|item| item["role"] != "developer").collect();
        prop_assert_eq!(&spoken[0]["role"], "user");
        prop_assert!(kept.len() >= all.len() - all.iter().rposition(|item| item["role"] == "user").unwrap());
        for pair in spoken.windows(2) {
            prop_assert!(pair[0]["type"] != "reasoning" || pair[1]["role"] != "user", "reasoning stands alone");
        }
        // Nothing is written into what is no message.
        for item in kept.iter().filter(|item| item["type"] != "message" && item.get("role").is_none()) {
            prop_assert!(all.contains(item), "{item}");
        }
    }
}
