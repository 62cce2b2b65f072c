//! Changes of members, byte by byte.

mod properties;

use std::collections::BTreeMap;

use serde_json::Number;

use super::*;
use crate::dialect::knobs::{Knob, Sent};

fn parse(dialect: Dialect, body: &str) -> Conversation {
    dialect.parse(body.to_owned().into()).unwrap()
}

fn edited(dialect: Dialect, body: &str, edits: &Edits) -> String {
    let conversation = parse(dialect, body);
    conversation.check(edits).unwrap();
    String::from_utf8(conversation.rewrite(edits).to_vec()).unwrap()
}

fn set(knob: Knob, number: f64) -> Edits {
    Edits { fields: [(knob, Number::from_f64(number))].into(), ..Edits::default() }
}

fn most(tokens: u64) -> Edits {
    Edits { fields: [(Knob::MaxTokens, Some(tokens.into()))].into(), ..Edits::default() }
}

fn only(names: &[&str]) -> Edits {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Edits { tools: Some(Allowed { lists: vec![names] }), ..Edits::default() }
}

const CHAT: Dialect = Dialect::ChatCompletions;

#[test]
fn numbers_go_where_each_dialect_has_them() {
    for (dialect, body, edits, expected) in [
        (CHAT, r#"{"messages":[]}"#, set(Knob::Temperature, 0.5), r#"{"temperature":0.5,"messages":[]}"#),
        (CHAT, r#"{"messages":[], "temperature" : 2 }"#, set(Knob::Temperature, 0.5), r#"{"messages":[], "temperature" : 0.5 }"#),
        (CHAT, r#"{"temperature":null,"messages":[]}"#, set(Knob::Temperature, 0.5), r#"{"temperature":0.5,"messages":[]}"#),
        (CHAT, r#"{"messages":[]}"#, most(9), r#"{"max_tokens":9,"messages":[]}"#),
        (CHAT, r#"{"max_completion_tokens":99,"messages":[]}"#, most(9), r#"{"max_completion_tokens":9,"messages":[]}"#),
        (
            CHAT,
            r#"{"max_completion_tokens":99,"max_tokens":7,"messages":[]}"#,
            most(9),
            r#"{"max_completion_tokens":9,"max_tokens":9,"messages":[]}"#,
        ),
        (
            CHAT,
            r#"{"max_tokens":null,"max_completion_tokens":99,"messages":[]}"#,
            most(9),
            r#"{"max_tokens":null,"max_completion_tokens":9,"messages":[]}"#,
        ),
        (Dialect::Completions, r#"{"prompt":"p"}"#, most(9), r#"{"max_tokens":9,"prompt":"p"}"#),
        (Dialect::Completions, r" { } ", most(9), r#" {"max_tokens":9 } "#),
        (Dialect::Responses, r#"{"input":"p"}"#, most(9), r#"{"max_output_tokens":9,"input":"p"}"#),
        (Dialect::Responses, r#"{"input":"p"}"#, set(Knob::PresencePenalty, 1.0), r#"{"input":"p"}"#),
        (Dialect::Messages, r#"{"max_tokens":1,"messages":[]}"#, most(9), r#"{"max_tokens":9,"messages":[]}"#),
        (Dialect::Messages, r#"{"messages":[]}"#, set(Knob::Temperature, 1.5), r#"{"temperature":1,"messages":[]}"#),
        (Dialect::Messages, r#"{"messages":[]}"#, set(Knob::FrequencyPenalty, 1.0), r#"{"messages":[]}"#),
        (
            Dialect::Messages,
            r#"{"thinking":{"type":"enabled","budget_tokens":1024},"temperature":1,"messages":[]}"#,
            set(Knob::Temperature, 0.5),
            r#"{"thinking":{"type":"enabled","budget_tokens":1024},"temperature":1,"messages":[]}"#,
        ),
        (
            Dialect::Messages,
            r#"{"thinking":{"type":"disabled"},"messages":[]}"#,
            set(Knob::TopP, 0.5),
            r#"{"top_p":0.5,"thinking":{"type":"disabled"},"messages":[]}"#,
        ),
        (Dialect::CountTokens, r#"{"messages":[]}"#, most(9), r#"{"messages":[]}"#),
        (Dialect::OllamaChat, r#"{"messages":[]}"#, most(9), r#"{"options":{"num_predict":9},"messages":[]}"#),
        (Dialect::OllamaChat, r"{}", most(9), r#"{"options":{"num_predict":9}}"#),
        (Dialect::OllamaChat, r#"{"options": null }"#, most(9), r#"{"options": {"num_predict":9} }"#),
        (Dialect::OllamaChat, r#"{"options":{ }}"#, most(9), r#"{"options":{"num_predict":9 }}"#),
        (
            Dialect::OllamaGenerate,
            r#"{"prompt":"p","options":{"num_ctx":5,"num_predict":-1}}"#,
            most(9),
            r#"{"prompt":"p","options":{"num_ctx":5,"num_predict":9}}"#,
        ),
        // Nobody knows what that is.
        (Dialect::OllamaGenerate, r#"{"options":"x"}"#, most(9), r#"{"options":"x"}"#),
    ] {
        assert_eq!(edited(dialect, body, &edits), expected, "{dialect:?}");
    }
}

#[test]
fn what_is_taken_out_takes_one_comma_along() {
    let edits = |knobs: &[Knob]| Edits { fields: knobs.iter().map(|knob| (*knob, None)).collect(), ..Edits::default() };
    for (body, knobs, expected) in [
        (r#"{ "temperature":1 , "messages":[]}"#, &[Knob::Temperature][..], r#"{ "messages":[]}"#),
        (r#"{"messages":[] , "temperature":1 }"#, &[Knob::Temperature], r#"{"messages":[] }"#),
        (r#"{"top_p":1,"messages":[],"temperature":1}"#, &[Knob::Temperature, Knob::TopP], r#"{"messages":[]}"#),
        (r#"{"messages":[],"top_p":1, "temperature":1}"#, &[Knob::Temperature, Knob::TopP], r#"{"messages":[]}"#),
        (r#"{"messages":[]}"#, &[Knob::Temperature], r#"{"messages":[]}"#),
    ] {
        assert_eq!(edited(CHAT, body, &edits(knobs)), expected);
    }
    let both = Edits { fields: [(Knob::TopP, None), (Knob::Temperature, Number::from_f64(0.5))].into(), ..Edits::default() };
    assert_eq!(edited(CHAT, r#"{"top_p":1,"messages":[]}"#, &both), r#"{"temperature":0.5,"messages":[]}"#);
    let alone = Edits { fields: [(Knob::TopP, None), (Knob::Temperature, Number::from_f64(0.5))].into(), ..Edits::default() };
    assert_eq!(edited(Dialect::Completions, r#"{"top_p":1}"#, &alone), r#"{"temperature":0.5}"#);
}

#[test]
fn the_model_is_named_anew() {
    let edits = Edits { model: Some("a\"b".into()), ..Edits::default() };
    for (body, expected) in [
        (r#"{"messages":[]}"#, r#"{"model":"a\"b","messages":[]}"#),
        (r#"{"messages":[],"model":"x" }"#, r#"{"messages":[],"model":"a\"b" }"#),
        (r#"{"model":null,"messages":[]}"#, r#"{"model":"a\"b","messages":[]}"#),
    ] {
        assert_eq!(edited(CHAT, body, &edits), expected);
    }
}

#[test]
fn instructions_stand_in_front_of_what_memory_has_to_say() {
    let edits = Edits { preamble: Some("P".into()), system: Some("M".into()), ..Edits::default() };
    for (dialect, body, expected) in [
        (
            CHAT,
            r#"{"messages":[{"role":"system","content":"S"}]}"#,
            r#"{"messages":[{"role":"system","content":"S\n\nP\n\nM"}]}"#,
        ),
        (Dialect::Messages, r#"{"messages":[]}"#, r#"{"system":"P\n\nM","messages":[]}"#),
        (Dialect::Responses, r#"{"input":"q"}"#, r#"{"instructions":"P\n\nM","input":"q"}"#),
        (Dialect::Completions, r#"{"prompt":"q"}"#, r#"{"prompt":"P\n\nM\n\nq"}"#),
        (Dialect::OllamaGenerate, r#"{"prompt":"q","system":"S"}"#, r#"{"prompt":"q","system":"S\n\nP\n\nM"}"#),
        (
            Dialect::OllamaChat,
            r#"{"messages":[{"role":"user","content":"q"}]}"#,
            r#"{"messages":[{"role":"user","content":"P\n\nM\n\nq"}]}"#,
        ),
    ] {
        assert_eq!(edited(dialect, body, &edits), expected, "{dialect:?}");
        let alone = edited(dialect, body, &Edits { system: None, ..edits.clone() });
        assert_eq!(alone, expected.replace("\\n\\nM", ""), "{dialect:?}");
    }
}

#[test]
fn tools_that_are_not_allowed_go_and_with_the_last_what_chooses_among_them() {
    let function = |name: &str| format!(r#"{{"type":"function","function":{{"name":"{name}"}}}}"#);
    let (a, b) = (function("search_web"), function("delete"));
    let body = |rest: &str| format!(r#"{{"messages":[], {rest}}}"#);
    for (before, names, after) in [
        (format!(r#""tools":[ {a} , {b} ]"#), &["search_*"][..], format!(r#""tools":[ {a} ]"#)),
        (
            format!(r#""tools":[{b},{a},{b}],"tool_choice":"auto""#),
            &["search_web"],
            format!(r#""tools":[{a}],"tool_choice":"auto""#),
        ),
        (format!(r#""tools":[{a}],"functions":[{{"name":"delete"}}],"x":1"#), &["s*"], format!(r#""tools":[{a}],"x":1"#)),
        (format!(r#""tools":[{b}],"tool_choice":"required","parallel_tool_calls":true,"x":1"#), &["s*"], r#""x":1"#.to_owned()),
        (format!(r#""x":1,"tools":[{b}]"#), &[], r#""x":1"#.to_owned()),
        (r#""tools":[{"type":"function"}],"x":1"#.to_owned(), &["s*"], r#""x":1"#.to_owned()),
        (r#""tools":{"a":1},"x":1"#.to_owned(), &["s*"], r#""x":1"#.to_owned()),
        (r#""tools":[],"functions":null,"x":1"#.to_owned(), &[], r#""tools":[],"functions":null,"x":1"#.to_owned()),
        (format!(r#""tools":[{a},{b}]"#), &["*"], format!(r#""tools":[{a},{b}]"#)),
    ] {
        assert_eq!(edited(CHAT, &body(&before), &only(names)), body(&after), "{names:?}");
    }
    for (dialect, before, names, after) in [
        (
            Dialect::Responses,
            r#"{"input":"q","tools":[{"type":"web_search"},{"type":"function","name":"f"}]}"#,
            &["web_search"],
            r#"{"input":"q","tools":[{"type":"web_search"}]}"#,
        ),
        (
            Dialect::Responses,
            r#"{"input":"q","tools":[{"type":"mcp","server_label":"s"},{"type":"function","name":"f"}]}"#,
            &["mcp"],
            r#"{"input":"q","tools":[{"type":"mcp","server_label":"s"}]}"#,
        ),
        (
            Dialect::Messages,
            r#"{"messages":[],"tools":[{"name":"f","input_schema":{}},{"type":"web_search_20250305","name":"web_search"}]}"#,
            &["f"],
            r#"{"messages":[],"tools":[{"name":"f","input_schema":{}}]}"#,
        ),
        (
            Dialect::CountTokens,
            r#"{"messages":[],"mcp_servers":[{"type":"url","name":"s"}],"tool_choice":{"type":"auto"}}"#,
            &["f"],
            r#"{"messages":[]}"#,
        ),
        (
            Dialect::OllamaChat,
            r#"{"messages":[],"tools":[{"type":"function","function":{"name":"g"}}]}"#,
            &["f"],
            r#"{"messages":[]}"#,
        ),
    ] {
        assert_eq!(edited(dialect, before, &only(names)), after, "{dialect:?}");
    }
}

#[test]
fn a_demand_for_a_tool_that_goes_is_refused() {
    let check = |dialect: Dialect, body: &str| parse(dialect, body).check(&only(&["ok_*"]));
    for (dialect, choice) in [
        (CHAT, r#""tool_choice":{"type":"function","function":{"name":"delete"}}"#),
        (CHAT, r#""tool_choice":{"type":"custom","custom":{"name":"delete"}}"#),
        (
            CHAT,
            r#""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"delete"}}]}}"#,
        ),
        (CHAT, r#""function_call":{"name":"delete"}"#),
        (Dialect::Messages, r#""tool_choice":{"type":"tool","name":"delete"}"#),
        (Dialect::Responses, r#""input":"q","tool_choice":{"type":"web_search"}"#),
        (Dialect::Responses, r#""input":"q","tool_choice":{"type":"function","name":"delete"}"#),
    ] {
        let fault = check(dialect, &format!(r#"{{"messages":[],{choice}}}"#)).unwrap_err();
        assert_eq!(fault.code(), "tool_not_allowed", "{choice}");
        assert!(
            check(dialect, &format!(r#"{{"messages":[],{}}}"#, choice.replace("delete", "ok_1").replace("web_search", "ok_1")))
                .is_ok()
        );
    }
    for choice in [r#""auto""#, r#""required""#, r#"{"type":"auto"}"#, r#"{"type":"any"}"#, "null", "7"] {
        assert_eq!(check(Dialect::Messages, &format!(r#"{{"messages":[],"tool_choice":{choice}}}"#)), Ok(()), "{choice}");
    }
}

#[test]
fn doubt_is_refused_only_where_it_is_acted_on() {
    for (dialect, body, edits, code) in [
        (CHAT, r#"{"messages":[],"temperature":1,"temperature":2}"#, set(Knob::Temperature, 0.5), "ambiguous_key"),
        (CHAT, r#"{"messages":[],"Temperature":1}"#, set(Knob::Temperature, 0.5), "ambiguous_key"),
        (CHAT, r#"{"messages":[],"tool_choice":1,"tool_choice":2}"#, only(&["x"]), "ambiguous_key"),
        (CHAT, r#"{"messages":[],"tools":[{"name":"x","name":"y"}]}"#, only(&["x"]), "ambiguous_key"),
        (CHAT, r#"{"messages":[],"tools":[{"Name":"y"}]}"#, only(&["x"]), "ambiguous_key"),
        (Dialect::OllamaChat, r#"{"messages":[],"options":{"top_p":1,"TOP_P":1}}"#, set(Knob::TopP, 0.5), "ambiguous_key"),
    ] {
        let conversation = parse(dialect, body);
        assert_eq!(conversation.check(&edits).unwrap_err().code(), code, "{body}");
        let other = Edits { model: Some("m".into()), ..most(5) };
        assert_eq!(conversation.check(&other), Ok(()), "{body}");
    }
}

#[test]
fn what_a_request_says_of_numbers_is_read() {
    let said = |dialect: Dialect, body: &str, knob| parse(dialect, body).knob(knob);
    assert_eq!(said(CHAT, r#"{"messages":[],"temperature":0.5}"#, Knob::Temperature), Some(Sent::Number(0.5)));
    assert_eq!(said(CHAT, r#"{"messages":[],"temperature":null}"#, Knob::Temperature), None);
    assert_eq!(said(CHAT, r#"{"messages":[],"temperature":"0.5"}"#, Knob::Temperature), Some(Sent::Unreadable));
    let two = r#"{"messages":[],"max_tokens":5,"max_completion_tokens":500}"#;
    assert_eq!(said(CHAT, two, Knob::MaxTokens), Some(Sent::Number(500.0)));
    assert_eq!(said(Dialect::OllamaChat, r#"{"options":{"num_predict":-1}}"#, Knob::MaxTokens), Some(Sent::Number(-1.0)));
    assert_eq!(said(Dialect::OllamaChat, r#"{"num_predict":5}"#, Knob::MaxTokens), None);
}

#[test]
fn without_changes_the_bytes_are_the_same_allocation() {
    let conversation = parse(CHAT, r#"{"messages":[],"tools":[{"name":"x"}]}"#);
    let none = Edits { fields: BTreeMap::from([(Knob::Temperature, None)]), ..only(&["*"]) };
    assert_eq!(conversation.rewrite(&none).as_ptr(), conversation.body().as_ptr());
}

#[test]
fn of_a_number_that_is_there_twice_nothing_is_read() {
    for body in [
        r#"{"temperature":0.1,"temperature":1.9,"messages":[]}"#,
        r#"{"temperature":null,"temperature":1.9,"messages":[]}"#,
        r#"{"temperature":0.1,"Temperature":1.9,"messages":[]}"#,
        r#"{"TEMPERATURE":0.1,"messages":[]}"#,
    ] {
        assert_eq!(parse(CHAT, body).knob(Knob::Temperature), Some(Sent::Unreadable), "{body}");
    }
    let options = r#"{"messages":[],"options":{"top_p":0.1,"Top_P":0.9}}"#;
    assert_eq!(parse(Dialect::OllamaChat, options).knob(Knob::TopP), Some(Sent::Unreadable));
}

#[test]
fn how_much_may_be_answered_is_read_as_the_most_that_a_backend_may_take() {
    for (dialect, members, limit, answers, least) in [
        (CHAT, "", None, 1, 1),
        (CHAT, r#","max_tokens":7"#, Some(7), 1, 1),
        (CHAT, r#","max_tokens":700,"max_completion_tokens":1"#, Some(700), 1, 1),
        (CHAT, r#","max_tokens":7.5,"n":3,"best_of":9"#, Some(8), 3, 1),
        (CHAT, r#","max_tokens":1e300,"n":-1"#, Some(u64::MAX), 1, 1),
        (CHAT, r#","max_tokens":0,"n":null"#, None, 1, 1),
        (CHAT, r#","max_tokens":"7","n":0"#, None, 1, 1),
        (Dialect::Completions, r#","max_tokens":7,"n":2,"best_of":5"#, Some(7), 5, 1),
        (Dialect::Completions, r#","max_tokens":0"#, Some(0), 1, 1),
        (Dialect::OllamaChat, r#","options":{"num_predict":-1}"#, None, 1, 1),
        (Dialect::OllamaChat, r#","options":{"num_predict":5,"n":4},"n":4"#, Some(5), 1, 1),
        (CHAT, r#","n":1,"n":9"#, None, u64::MAX, 1),
        (CHAT, r#","N":9"#, None, u64::MAX, 1),
        (Dialect::Messages, r#","max_tokens":9,"thinking":{"type":"enabled","budget_tokens":4}"#, Some(9), 1, 5),
        (Dialect::Messages, r#","max_tokens":9,"thinking":{"type":"disabled","budget_tokens":4}"#, Some(9), 1, 1),
        (Dialect::Messages, r#","max_tokens":9,"thinking":{"type":"adaptive"}"#, Some(9), 1, 1),
        (CHAT, r#","max_tokens":9,"thinking":{"type":"enabled","budget_tokens":4}"#, Some(9), 1, 1),
    ] {
        let first = if dialect == Dialect::Completions { r#""prompt":"a""# } else { r#""messages":[]"# };
        let conversation = parse(dialect, &format!("{{{first}{members}}}"));
        let read = (conversation.answer_limit(), conversation.answers(), conversation.least_answer());
        assert_eq!(read, (limit, answers, least), "{dialect:?} {members}");
    }
}
