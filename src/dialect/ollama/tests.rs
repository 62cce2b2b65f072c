use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use crate::dialect::Dialect;
use crate::dialect::answer::Usage;
use crate::dialect::conversation::{Conversation, Form, ParseError, Role};
use crate::dialect::edit::Edits;
use crate::dialect::task::{Purpose, classify};

mod rewriting;
mod streams;

fn parse(dialect: Dialect, body: &str) -> Result<Conversation, ParseError> {
    dialect.parse(Bytes::copy_from_slice(body.as_bytes()))
}

fn chat(body: &str) -> Conversation {
    parse(Dialect::OllamaChat, body).unwrap()
}

fn generate(body: &str) -> Conversation {
    parse(Dialect::OllamaGenerate, body).unwrap()
}

fn purpose(conversation: &Conversation) -> Purpose {
    classify(conversation, None, None).0
}

#[test]
fn a_chat_is_read() {
    let chat = chat(
        r#"{"model":"llama3:8b","think":true,"keep_alive":"5m","format":{"type":"object"},"options":{"num_ctx":4096,"num_predict":-1,"seed":1},
        "tools":[{"type":"function"}],"messages":[{"role":"system","content":"S"},{"role":"user","content":"see","images":["AAAA","BBBB"]},
        {"role":"assistant","content":"","thinking":"t","tool_calls":[{"function":{"name":"f"}}]},{"role":"tool","tool_name":"f","content":"r"}]}"#,
    );
    assert_eq!((chat.model(), chat.stream(), chat.max_tokens(), chat.window()), (Some("llama3:8b"), true, None, Some(4096)));
    assert_eq!(chat.schemas().collect::<Vec<_>>(), [br#"[{"type":"function"}]"#], "the answer's format is no part of the prompt");
    let turns: Vec<_> = chat.turns().iter().map(|turn| (turn.role, turn.calls(), turn.answers, turn.images)).collect();
    assert_eq!(
        turns,
        [
            (Role::System, false, false, 0),
            (Role::User, false, false, 2),
            (Role::Assistant, true, false, 0),
            (Role::Tool, false, true, 0)
        ]
    );
    assert!(chat.has_tools() && chat.is_counted());
    assert_eq!(purpose(&chat), Purpose::Continuation);
}

#[test]
fn streams_come_unless_declined() {
    for (stream, expected) in
        [("", true), (r#""stream":true,"#, true), (r#""stream":null,"#, true), (r#""stream":false,"#, false)]
    {
        let text = format!(r#"{{{stream}"messages":[{{"role":"user","content":"hi"}}]}}"#);
        assert_eq!(chat(&text).stream(), expected, "{text}");
        assert_eq!(generate(&format!(r#"{{{stream}"prompt":"hi"}}"#)).stream(), expected);
    }
}

#[test]
fn loading_a_model_is_no_conversation() {
    for body in [r#"{"model":"m"}"#, r#"{"messages":[]}"#, r#"{"messages":null,"keep_alive":0}"#] {
        assert_eq!((chat(body).form(), purpose(&chat(body))), (Form::Closed, Purpose::Task), "{body}");
    }
    for body in [r#"{"model":"m"}"#, r#"{"prompt":"","system":"S"}"#, r#"{"prompt":null,"keep_alive":0}"#] {
        assert_eq!((generate(body).form(), purpose(&generate(body))), (Form::Closed, Purpose::Task), "{body}");
    }
}

#[test]
fn a_prompt_is_a_turn_of_the_person() {
    let request = generate(r#"{"prompt":"I like tea","options":{"num_predict":7},"images":["AAAA"],"system":"S","model":"m"}"#);
    let turns: Vec<_> = request.turns().iter().map(|turn| (turn.role, turn.images)).collect();
    assert_eq!(turns, [(Role::System, 0), (Role::User, 1)]);
    assert_eq!((request.text(0), request.text(1)), ("S".into(), "I like tea".into()));
    assert_eq!((request.max_tokens(), purpose(&request)), (Some(7), Purpose::Turn));
    assert!(!generate(r#"{"prompt":"and?","context":[1,2,3]}"#).is_counted(), "token ids are counted by the upstream alone");
}

#[test]
fn forms_of_prompts_are_told_apart() {
    for (body, expected) in [
        (r#"{"prompt":"hi"}"#, Purpose::Turn),
        (r#"{"prompt":"hi","raw":false,"suffix":"","template":"{{ .Prompt }}"}"#, Purpose::Turn),
        (r#"{"prompt":"hi","raw":true}"#, Purpose::Continuation),
        (r#"{"prompt":"Human: hi\nAI:"}"#, Purpose::Continuation),
        (r#"{"prompt":"<|im_start|>user\nhi","raw":true}"#, Purpose::Continuation),
        (r#"{"prompt":"<|fim_prefix|>a<|fim_suffix|>","raw":true}"#, Purpose::Task),
        (r#"{"prompt":"def f():","suffix":"return 1"}"#, Purpose::Task),
        (r#"{"prompt":"a sunset","width":1024,"height":1024}"#, Purpose::Task),
    ] {
        assert_eq!(purpose(&generate(body)), expected, "{body}");
    }
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    for (dialect, body, expected) in [
        (Dialect::OllamaChat, r#"{"messages":[],"Messages":[]}"#, ParseError::KeyCase("messages")),
        (Dialect::OllamaChat, r#"{"messages":[{"role":"user","content":"a","Content":"b"}]}"#, ParseError::KeyCase("content")),
        (Dialect::OllamaChat, r#"{"messages":[{"role":"user","images":[],"images":[]}]}"#, ParseError::DuplicateKey("images")),
        (Dialect::OllamaChat, r#"{"options":{"num_ctx":1,"num_ctx":2}}"#, ParseError::DuplicateKey("num_ctx")),
        (Dialect::OllamaGenerate, r#"{"prompt":"a","PROMPT":"b"}"#, ParseError::KeyCase("prompt")),
        (Dialect::OllamaGenerate, "{\"prompt\":\"a\",\"\u{17f}ystem\":\"b\"}", ParseError::KeyCase("system")),
        (Dialect::OllamaGenerate, r#"{"raw":true,"raw":false}"#, ParseError::DuplicateKey("raw")),
        (Dialect::OllamaGenerate, r#"{"prompt":["a"]}"#, ParseError::NoText("prompt")),
        (Dialect::OllamaGenerate, r#"{"prompt":"a","system":{}}"#, ParseError::NoText("system")),
        (Dialect::OllamaChat, r#"{"messages":"a"}"#, ParseError::NoMessages),
        (Dialect::OllamaChat, r#"{"messages":["a"]}"#, ParseError::Message(0)),
        (Dialect::OllamaChat, r#"{"messages":[{"content":"a"}]}"#, ParseError::Message(0)),
    ] {
        assert_eq!(parse(dialect, body).unwrap_err(), expected, "{body}");
    }
}

#[test]
fn memory_makes_no_instructions_where_there_are_none() {
    let edits = Edits { system: Some("B".into()), prefixes: BTreeMap::from([(1, "P".to_owned())]), ..Edits::default() };
    let edited = |conversation: Conversation, edits: &Edits| String::from_utf8(conversation.rewrite(edits).to_vec()).unwrap();
    for (body, expected) in [
        (
            r#"{"messages":[{"role":"assistant","content":"a"},{"role":"user","content":"q"}]}"#,
            r#"{"messages":[{"role":"assistant","content":"a"},{"role":"user","content":"B\n\nP\n\nq"}]}"#,
        ),
        (
            r#"{"messages":[{"role":"system","content":""},{"role":"user","content":"q"}]}"#,
            r#"{"messages":[{"role":"system","content":"B"},{"role":"user","content":"P\n\nq"}]}"#,
        ),
        (r#"{"messages":[]}"#, r#"{"messages":[]}"#),
    ] {
        assert_eq!(edited(chat(body), &edits), expected);
    }
    for (body, expected) in [
        (r#"{"prompt":"q","system":"S"}"#, r#"{"prompt":"P\n\nq","system":"S\n\nB"}"#),
        (r#"{"system" : "S", "prompt": "q"}"#, r#"{"system" : "S\n\nB", "prompt": "P\n\nq"}"#),
    ] {
        assert_eq!(edited(generate(body), &edits), expected);
    }
    let first = Edits { prefixes: BTreeMap::from([(0, "P".to_owned())]), ..edits };
    // An empty system text counts for none: Ollama would take one that memory filled for instructions.
    assert_eq!(edited(generate(r#"{"system":"","prompt":"q"}"#), &first), r#"{"system":"","prompt":"B\n\nP\n\nq"}"#);
}

#[test]
fn answers_are_read() {
    for (body, content, reason, usage, error) in [
        (
            r#"{"model":"m","message":{"role":"assistant","content":"hi"},"done":true,"done_reason":"stop","prompt_eval_count":9,"eval_count":2}"#,
            true,
            Some("stop"),
            Some((9, 2)),
            false,
        ),
        (r#"{"response":"hi","done":true,"done_reason":"length","context":[1]}"#, true, Some("length"), None, false),
        (r#"{"response":"hi","done":false}"#, true, None, None, false),
        (r#"{"message":{"content":"","thinking":"hm"},"done":false}"#, true, None, None, false),
        (r#"{"message":{"content":"","tool_calls":[{"function":{}}]}}"#, true, None, None, false),
        (r#"{"message":{"content":""},"done":true,"eval_count":3}"#, false, Some("stop"), Some((0, 3)), false),
        (r#"{"message":{"content":""},"done":true,"done_reason":"load"}"#, false, Some("load"), None, false),
        (r#"{"response":"","done":true,"done_reason":"unload"}"#, false, Some("unload"), None, false),
        (r#"{"error":"no such model"}"#, false, None, None, true),
    ] {
        let answer = Dialect::OllamaChat.read_answer(body.as_bytes()).unwrap();
        let read = (answer.content, answer.finish_reason.as_deref(), answer.usage, answer.error);
        let usage =
            usage.map(|(prompt_tokens, completion_tokens)| Usage { prompt_tokens, completion_tokens, ..Usage::default() });
        assert_eq!(read, (content, reason, usage, error), "{body}");
        assert_eq!(answer.ends_cleanly(), reason.is_some_and(|reason| !reason.ends_with("load")) && !error, "{body}");
    }
    for body in ["", "ok", "7", r#"{"done":"#] {
        assert_eq!(Dialect::OllamaGenerate.read_answer(body.as_bytes()), None, "{body}");
    }
}

/// Requests recorded from Open `WebUI` and `SillyTavern`.
#[test]
fn recorded_requests_pass_unchanged_and_take_edits() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/captures");
    let mut seen = 0;
    for file in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let capture: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let path = capture["path"].as_str().unwrap();
        let route = crate::dialect::route(capture["method"].as_str().unwrap(), path, false);
        let crate::dialect::RouteKind::Conversation(dialect @ (Dialect::OllamaChat | Dialect::OllamaGenerate)) = route.kind
        else {
            continue;
        };
        seen += 1;
        let request = parse(dialect, &capture["body"].to_string()).unwrap();
        assert_eq!(request.rewrite(&Edits::default()), request.body(), "{}", file.display());
        assert!(request.model().is_some_and(|model| model.starts_with("ollama-mock")), "{}", file.display());
        let raw = capture["body"]["raw"] == Value::Bool(true);
        assert_eq!(purpose(&request), if raw { Purpose::Continuation } else { Purpose::Turn }, "{}", file.display());
        let edited = request.rewrite(&Edits { system: Some("BLOCK".into()), ..Edits::default() });
        let after = dialect.parse(edited).unwrap();
        assert!(after.text(after.last_user().unwrap()).starts_with("BLOCK\n\n"), "{}", file.display());
    }
    assert!(seen >= 5, "only {seen}");
}
