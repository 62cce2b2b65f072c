use bytes::Bytes;

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
fn what_each_purpose_allows() {
    let table = [Purpose::Turn, Purpose::Task, Purpose::Temporary, Purpose::Continuation].map(|p| (p.recalls(), p.learns()));
    assert_eq!(table, [(true, true), (false, false), (false, false), (true, false)]);
}
