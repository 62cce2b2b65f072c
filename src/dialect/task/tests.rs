use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::dialect::Dialect;
use crate::dialect::chat::tests::captures;
use crate::dialect::words::own_words;

fn purpose(body: &str, header: Option<&str>, chat_id: Option<&str>) -> Purpose {
    classify(&Dialect::ChatCompletions.parse(Bytes::copy_from_slice(body.as_bytes())).unwrap(), header, chat_id).0
}

fn said(text: &str) -> String {
    serde_json::json!({"messages": [{"role": "user", "content": text}]}).to_string()
}

/// What the recording says that a request is, but for what only the header or the chat's id tells.
fn expected(capture: &captures::Capture, by_header: bool) -> Purpose {
    let chat_id = capture.header("X-OpenWebUI-Chat-Id").unwrap_or_default();
    let spoofed = by_header && capture.header("X-Lab-Task").is_some_and(|task| !task.is_empty());
    match capture.kind.as_str() {
        _ if spoofed => Purpose::Task,
        kind if kind.starts_with("task:") => Purpose::Task,
        _ if chat_id.starts_with("temporary:") || chat_id.starts_with("local:") => Purpose::Temporary,
        "st:impersonate" | "st:quiet-prompt" => Purpose::Continuation,
        // `/trigger` lets the character speak again, behind a narrator's line.
        _ if capture.file.contains("page-trigger") => Purpose::Continuation,
        "chat" | "chat-with-rag-context" => Purpose::Turn,
        other => panic!("{other}"),
    }
}

#[test]
fn recorded_requests_are_told_apart() {
    let mut seen = std::collections::BTreeMap::new();
    for capture in captures::captures().iter().filter(|capture| capture.method == "POST") {
        let (chat, chat_id) = (capture.chat(), capture.header("X-OpenWebUI-Chat-Id"));
        let (by_text, _) = classify(&chat, None, chat_id);
        assert_eq!(by_text, expected(capture, false), "by text: {}", capture.file);
        let (by_header, _) = classify(&chat, capture.header("X-Lab-Task"), chat_id);
        assert_eq!(by_header, expected(capture, true), "by header: {}", capture.file);
        *seen.entry(by_text.as_str()).or_insert(0) += 1;
    }
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), ["continuation", "task", "temporary", "turn"]);
}

#[test]
fn of_a_recorded_chat_over_a_file_only_the_question_is_the_persons() {
    let captures = captures::captures();
    let capture = captures.iter().find(|capture| capture.kind == "chat-with-rag-context").unwrap();
    assert_eq!(own_words(&capture.chat().text(0)), "What is the project called?");
    for capture in captures.iter().filter(|capture| capture.kind.starts_with("task:") && !capture.kind.contains("emoji")) {
        if !capture.kind.contains("moa") {
            assert_eq!(own_words(&capture.chat().text(0)), "", "{}", capture.file);
        }
    }
}

#[test]
fn a_chat_over_a_file_is_a_turn_even_without_a_stream() {
    let text = "### Task:\nRespond to the user query using the provided context\n<context><chat_history></context>\nhi";
    assert_eq!(purpose(&said(text), None, None), Purpose::Turn);
}

#[test]
fn only_a_whole_prompt_is_a_task() {
    assert_eq!(purpose(&said("### Task:\nx\n<chat_history>\n"), None, None), Purpose::Task);
    assert_eq!(purpose(&said("### Task:\nPlan my week."), None, None), Purpose::Turn);
    assert_eq!(purpose(&said("Your task is to plan my week."), None, None), Purpose::Turn);
    let streamed = r####"{"stream":true,"messages":[{"role":"user","content":"### Task:\nx\n<chat_history>\n"}]}"####;
    assert_eq!(purpose(streamed, None, None), Purpose::Turn);
    let merged = r#"{"stream":true,"messages":[{"role":"user","content":"You have been provided with a set of responses from various models to the latest user query: \"q\""}]}"#;
    assert_eq!(purpose(merged, None, None), Purpose::Task);
}

#[test]
fn the_header_decides_where_it_is_resolved() {
    let (task, turn) = (said("### Task:\nx\n<chat_history>\n"), said("hi"));
    assert_eq!(purpose(&turn, Some("title_generation"), None), Purpose::Task);
    assert_eq!(purpose(&task, Some(""), None), Purpose::Turn);
    assert_eq!(purpose(&task, Some("{{TASK}}"), None), Purpose::Task);
    assert_eq!(purpose(&turn, Some("{{TASK}}"), None), Purpose::Turn);
}

#[test]
fn what_ends_in_no_word_of_the_person_is_a_continuation() {
    for last in ["assistant", "tool", "system", "developer", "alien"] {
        let body = format!(r#"{{"messages":[{{"role":"user","content":"q"}},{{"role":"{last}","content":"x"}}]}}"#);
        assert_eq!(purpose(&body, None, None), Purpose::Continuation, "{last}");
        assert_eq!(purpose(&body, None, Some("temporary:1")), Purpose::Temporary, "{last}");
    }
    assert_eq!(purpose(r#"{"messages":[]}"#, None, None), Purpose::Continuation);
}

#[test]
fn the_clue_says_what_decided() {
    let told = |body: &str, header, chat_id| {
        classify(&Dialect::ChatCompletions.parse(Bytes::copy_from_slice(body.as_bytes())).unwrap(), header, chat_id).1
    };
    let task = said("### Task:\nx\n<chat_history>\n");
    let prompt = Clue::Prompt("open_webui.task");
    assert_eq!(told(&task, None, None), prompt);
    assert_eq!(told(&task, Some("{{TASK}}"), Some("temporary:1")), prompt);
    assert_eq!(told(&task, Some("tags_generation"), None), Clue::Header);
    assert_eq!(told(&task, Some(""), None), Clue::LastTurn);
    assert_eq!(told(&task, Some(" "), Some("local:1")), Clue::ChatId);
    let clues = [prompt, Clue::Header, Clue::ChatId, Clue::Form, Clue::LastTurn].map(|clue| (clue.as_str(), clue.prompt()));
    let words = [("text", Some("open_webui.task")), ("header", None), ("chat_id", None), ("form", None), ("last_turn", None)];
    assert_eq!(clues, words);
}

#[test]
fn a_chat_of_a_channel_is_kept() {
    // Open WebUI's ids of chats in channels: not saved as chats, but by no means temporary.
    assert_eq!(purpose(&said("hi"), None, Some("channel:1")), Purpose::Turn);
}

#[test]
fn instructions_in_front_leave_a_task_alone() {
    let body = r####"{"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"### Task:\nx\n<chat_history>\n"}]}"####;
    assert_eq!(purpose(body, None, None), Purpose::Task);
}

/// What clients send, and what they do not.
fn texts() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "### Task:\n",
        "<chat_history>",
        "</chat_history>",
        "<environment_details>",
        "</system-reminder>",
        "[Start a new Chat]\n",
        "<task>",
        "</task>",
        "[Continue your last message without repeating its original content.]",
        "quota",
        "\u{d55c}\u{2028}",
    ]);
    prop::collection::vec(prop_oneof![known.prop_map(str::to_owned), ".{0,12}"], 0..6).prop_map(|parts| parts.concat())
}

/// A body with the members of every dialect.
fn bodies() -> impl Strategy<Value = Value> {
    let role = || prop::sample::select(vec!["system", "developer", "user", "assistant", "tool", "function", "critic"]);
    let content = || {
        prop_oneof![
            texts().prop_map(Value::from),
            texts()
                .prop_map(|text| json!([{"type": "text", "text": text}, {"type": "input_text", "text": "x"}, {"type": "image"}])),
            Just(Value::Null),
            Just(json!(7)),
        ]
    };
    let turns = || {
        let turn = (role(), content()).prop_map(|(role, content)| json!({"role": role, "content": content, "type": "message"}));
        prop::collection::vec(turn, 0..4).prop_map(Value::from)
    };
    let lists = (turns(), prop_oneof![turns(), texts().prop_map(Value::from)]);
    let texts = (texts(), content(), content());
    (lists, texts, any::<bool>(), any::<bool>(), 0_u64..3).prop_map(|((messages, input), (prompt, system, instructions), stream, tools, most)| {
        let tools = if tools { json!([{"type": "function", "name": "f"}]) } else { json!([]) };
        json!({"messages": messages, "input": input, "prompt": prompt, "system": system, "instructions": instructions, "model": "m",
            "stream": stream, "tools": tools, "max_tokens": most})
    })
}

proptest! {
    #[test]
    fn any_conversation_of_any_dialect_is_told(
        body in bodies(),
        header in prop::option::of(prop::sample::select(vec!["", " ", "title_generation", "{{TASK}}"])),
        chat_id in prop::option::of(prop::sample::select(vec!["", "temporary:1", "local:", "c1"])),
    ) {
        for dialect in Dialect::ALL {
            let Ok(conversation) = dialect.parse(Bytes::from(body.to_string())) else { continue };
            let (told, clue) = classify(&conversation, header, chat_id);
            // The header decides in both directions.
            prop_assert_eq!(clue == Clue::Header, header == Some("title_generation"));
            prop_assert!(!matches!((header, clue), (Some("" | " "), Clue::Prompt(_))));
            if told.learns() {
                let last = &conversation.turns()[conversation.last_turn().unwrap()];
                prop_assert_eq!((last.role, clue), (Role::User, Clue::LastTurn));
                prop_assert!(!chat_id.is_some_and(is_temporary) && conversation.dialect() != Dialect::CountTokens);
            }
            for turn in 0..conversation.turns().len() {
                let text = conversation.text(turn);
                let own = own_words(&text);
                // Nothing is made up: every line of it was sent.
                prop_assert!(own.lines().all(|line| text.contains(line.trim())), "{own:?} of {text:?}");
            }
        }
    }
}

#[test]
fn what_each_purpose_allows() {
    let table = [Purpose::Turn, Purpose::Task, Purpose::Temporary, Purpose::Continuation].map(|p| (p.recalls(), p.learns()));
    assert_eq!(table, [(true, true), (false, false), (false, false), (true, false)]);
}
