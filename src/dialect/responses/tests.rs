//! Reading requests: turns, roles, what goes together, what is named.

use std::collections::BTreeMap;

use super::*;
use crate::dialect::Dialect;
use crate::dialect::conversation::{Content, Role, Turn};
use crate::dialect::edit::Edits;
use crate::dialect::stored::ReferenceKind::{self, Container, Conversation as Talk, Item, Response};

mod answers;
mod rewriting;

fn parse_text(text: &str) -> Result<Conversation, ParseError> {
    Dialect::Responses.parse(Bytes::copy_from_slice(text.as_bytes()))
}

/// Role, whether it opens an exchange, whether it hangs on what is before it.
fn shape(body: &str) -> Vec<(Role, bool, bool)> {
    parse_text(body).unwrap().turns().iter().map(|turn| (turn.role, turn.opens(), turn.answers)).collect()
}

const FIRST: &str = include_str!("../../../tests/fixtures/responses/codex-first.json");
const SECOND: &str = include_str!("../../../tests/fixtures/responses/codex-second.json");
const TOOL_LOOP: &str = include_str!("../../../tests/fixtures/responses/codex-tool-loop.json");

#[test]
fn a_text_is_a_turn() {
    let chat = parse_text(r#"{"model":"m","input":"hi \u00e9","max_output_tokens":7,"stream":true}"#).unwrap();
    assert_eq!((chat.model(), chat.stream(), chat.max_tokens(), chat.has_tools()), (Some("m"), true, Some(7), false));
    assert_eq!((chat.turns().len(), chat.text(0), chat.outside, chat.last_user()), (1, "hi é".into(), 1, Some(0)));
    assert!(chat.turns()[0].opens() && chat.last_leading_system().is_none());
    let chat = parse_text(r#"{"input":"hi","instructions":"be kind"}"#).unwrap();
    assert_eq!(
        (chat.text(0), chat.text(1), chat.outside, chat.last_leading_system()),
        ("be kind".into(), "hi".into(), 2, Some(0))
    );
}

#[test]
fn a_list_is_read_item_by_item() {
    let chat = parse_text(
        r#"{"instructions":"I","tools":[{"type":"function"}],"text":{"format":{"type":"json_schema"}},"input":[
        {"role":"developer","content":"D"},
        {"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"data:x"},{"type":"input_file","file_data":"x"}]},
        {"type":"message","role":"assistant","id":"msg_1","content":[{"type":"output_text","text":"b"},{"type":"refusal","refusal":"c"}]},
        {"type":"function_call","call_id":"1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"1","output":"r"},
        {"role":"critic","content":"x"}]}"#,
    )
    .unwrap();
    let roles: Vec<_> = chat.turns().iter().map(|turn| turn.role).collect();
    assert_eq!(roles, [Role::System, Role::Developer, Role::User, Role::Assistant, Role::Assistant, Role::Tool, Role::Other]);
    let texts: Vec<_> = (0..7).map(|turn| chat.text(turn)).collect();
    assert_eq!(texts, ["I", "D", "a", "b", "", "", "x"]);
    assert_eq!(chat.turns().iter().map(Turn::calls).collect::<Vec<_>>(), [false, false, false, false, true, false, false]);
    assert_eq!((chat.has_tools(), chat.schemas().count(), chat.outside), (true, 2, 1));
    assert_eq!((chat.last_user(), chat.last_leading_system()), (Some(2), Some(1)));
}

#[test]
fn an_exchange_is_one_whatever_items_it_has() {
    use Role::{Assistant, Other, Tool, User};
    let shapes = shape(
        r#"{"input":[{"type":"reasoning","id":"rs","summary":[],"encrypted_content":"x"},{"type":"function_call"},{"type":"function_call_output"},
        {"type":"compaction","encrypted_content":"x"},{"type":"brand_new"},{"role":"assistant","content":"x"},
        {"role":"user","content":"a"},{"role":"developer","content":"d"},{"role":"user","content":"b"},
        {"role":"assistant","content":"x"},{"type":"mcp_call","id":"m"},{"type":"mcp_approval_response"},{"role":"user","content":"c"}]}"#,
    );
    assert_eq!(
        shapes,
        [
            (Assistant, false, false),
            (Assistant, false, true),
            (Tool, false, true),
            (Other, false, true),
            (Other, false, true),
            (Assistant, false, true),
            (User, true, false),
            (Role::Developer, false, false),
            (User, false, true),
            (Assistant, false, false),
            (Assistant, false, true),
            (Tool, false, true),
            (User, true, false),
        ]
    );
    // A result without its call in sight, as where the call lies at the upstream.
    assert_eq!(shape(r#"{"previous_response_id":"r","input":[{"type":"function_call_output"}]}"#), [(Tool, false, true)]);
}

#[test]
fn codex_is_read() {
    for (body, turns, last) in
        [(FIRST, 5, "Why does the build of the boat fail?"), (SECOND, 18, "Thanks. I moved to Oslo, so set the time zone.")]
    {
        let chat = parse_text(body).unwrap();
        assert_eq!((chat.turns().len(), chat.text(chat.last_user().unwrap())), (turns, last.into()));
        assert_eq!(chat.last_leading_system(), Some(1));
        assert_eq!(chat.turns().iter().filter(|turn| turn.opens()).count(), if body == FIRST { 1 } else { 2 });
        assert!(chat.stored().references().is_empty() && !chat.stored().keeps() && !chat.stored().completes());
        assert_eq!(chat.rewrite(&Edits::default()), body);
    }
    let chat = parse_text(TOOL_LOOP).unwrap();
    assert_eq!(chat.turns().last().map(|turn| turn.role), Some(Role::Tool));
}

#[test]
fn what_lies_at_the_upstream_is_named() {
    for (body, expected) in [
        (r#"{"input":"x"}"#, vec![]),
        (r#"{"input":"x","previous_response_id":null,"conversation":null}"#, vec![]),
        (r#"{"input":"x","previous_response_id":"resp_1"}"#, vec![(Response, "resp_1")]),
        (r#"{"previous_response_id":"resp_1"}"#, vec![(Response, "resp_1")]),
        (r#"{"input":"x","request_id":"resp_1"}"#, vec![(Response, "resp_1")]),
        (
            r#"{"input":"x","prompt_cache_options":{"mode":"implicit","comparison_response_id":"resp_1"}}"#,
            vec![(Response, "resp_1")],
        ),
        (r#"{"input":"x","prompt_cache_options":"resp_1"}"#, vec![]),
        (r#"{"input":"x","conversation":"conv_1"}"#, vec![(Talk, "conv_1")]),
        (r#"{"input":[],"conversation":{"id":"conv_\u0031"}}"#, vec![(Talk, "conv_1")]),
        (
            r#"{"input":"x","tools":[{"type":"code_interpreter","container":"cntr_1"},{"type":"function"},7]}"#,
            vec![(Container, "cntr_1")],
        ),
        (
            r#"{"input":"x","tools":[{"type":"shell","environment":{"type":"container_reference","container_id":"cntr_1"}}]}"#,
            vec![(Container, "cntr_1")],
        ),
        (r#"{"input":"x","tools":[{"type":"code_interpreter","container":{"type":"auto"}},{"environment":"x"}]}"#, vec![]),
        (r#"{"input":"x","tools":{"container":"cntr_1"}}"#, vec![]),
        (
            r#"{"input":[{"type":"item_reference","id":"msg_1"},{"id":"msg_2"},{"type":null,"id":"msg_3"}]}"#,
            vec![(Item, "msg_1"), (Item, "msg_2"), (Item, "msg_3")],
        ),
        (r#"{"input":[{"type":"item_reference","id":"msg_1","role":"user","content":"hi"}]}"#, vec![(Item, "msg_1")]),
        (r#"{"input":[{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"x"}]}]}"#, vec![(Item, "rs_1")]),
        (r#"{"input":[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":""}]}"#, vec![(Item, "rs_1")]),
        (r#"{"input":[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"g"}]}"#, vec![]),
        (r#"{"input":[{"type":"reasoning","id":"rs_1","content":[{"type":"reasoning_text","text":"x"}]}]}"#, vec![]),
        (r#"{"input":[{"type":"reasoning","id":"rs_1","content":[]}]}"#, vec![(Item, "rs_1")]),
        (r#"{"input":[{"type":"image_generation_call","id":"ig_1"}]}"#, vec![(Item, "ig_1")]),
        (r#"{"input":[{"type":"image_generation_call","id":"ig_1","result":"iVBO"}]}"#, vec![]),
        (r#"{"input":[{"type":"web_search_call","id":"ws_1","action":{}}]}"#, vec![(Item, "ws_1")]),
        (r#"{"input":[{"type":"web_search_call","action":{}}]}"#, vec![]),
        (r#"{"input":[{"type":"brand_new","id":"new_1","content":"x"}]}"#, vec![(Item, "new_1")]),
        (
            r#"{"input":[{"role":"assistant","id":"msg_1","content":"x"},{"type":"function_call","id":"fc_1"},{"type":"compaction","id":"c","encrypted_content":"x"}]}"#,
            vec![],
        ),
        (r#"{"input":[{"type":"message","role":"assistant","id":"msg_1"}]}"#, vec![(Item, "msg_1")]),
    ] {
        let chat = parse_text(body).unwrap();
        let names: Vec<(ReferenceKind, &str)> = chat.stored().references().iter().map(|r| (r.kind, r.id.as_str())).collect();
        assert_eq!(names, expected, "{body}");
        assert_eq!(chat.stored().completes(), !expected.is_empty(), "{body}");
        assert!(chat.stored().keeps());
    }
    assert!(!parse_text(r#"{"input":"x","store":false}"#).unwrap().stored().keeps());
    assert!(parse_text(r#"{"input":"x","store":null}"#).unwrap().stored().keeps());
}

#[test]
fn what_is_no_request_is_refused() {
    for (body, expected) in [
        ("{}", ParseError::NoText("input")),
        (r#"{"input":null}"#, ParseError::NoText("input")),
        (r#"{"input":{}}"#, ParseError::NoText("input")),
        (r#"{"input":["hi"]}"#, ParseError::Item(0)),
        (r#"{"input":[{},null]}"#, ParseError::Item(1)),
        (r#"{"input":"a","input":"b"}"#, ParseError::DuplicateKey("input")),
        (r#"{"input":"a","Input":"b"}"#, ParseError::KeyCase("input")),
        (
            r#"{"input":"a","previous_response_id":"a","previous_response_id":"b"}"#,
            ParseError::DuplicateKey("previous_response_id"),
        ),
        (r#"{"input":"a","Previous_Response_Id":"a"}"#, ParseError::KeyCase("previous_response_id")),
        (r#"{"input":"a","conversation":{"id":"a","ID":"b"}}"#, ParseError::KeyCase("id")),
        (r#"{"input":[{"type":"item_reference","id":"a","id":"b"}]}"#, ParseError::DuplicateKey("id")),
        (r#"{"input":[{"type":"message","type":"item_reference"}]}"#, ParseError::DuplicateKey("type")),
    ] {
        assert_eq!(parse_text(body), Err(expected), "{body}");
        assert!(!expected.to_string().is_empty());
    }
    for body in
        [r#"{"prompt":{"id":"pmpt_1"}}"#, r#"{"conversation":"conv_1","input":null}"#, r#"{"input":[]}"#, r#"{"input":""}"#]
    {
        assert!(parse_text(body).is_ok(), "{body}");
    }
}

fn edited(body: &str, edits: &Edits) -> String {
    String::from_utf8(parse_text(body).unwrap().rewrite(edits).to_vec()).unwrap()
}

fn memory() -> Edits {
    Edits {
        system: Some("P".to_owned()),
        prefixes: BTreeMap::from([(0, "F".to_owned()), (1, "F".to_owned())]),
        ..Edits::default()
    }
}

#[test]
fn memory_has_its_places() {
    for (body, expected) in [
        (r#"{"input":"hi"}"#, r#"{"instructions":"P","input":"F\n\nhi"}"#),
        (r#"{"input":"hi","instructions":"I"}"#, r#"{"input":"F\n\nhi","instructions":"I\n\nP"}"#),
        (r#"{"instructions":null,"input":"hi"}"#, r#"{"instructions":"P","input":"F\n\nhi"}"#),
        (r#"{"instructions":"","input":"hi"}"#, r#"{"instructions":"P","input":"F\n\nhi"}"#),
        (r#"{"instructions":5,"input":"hi"}"#, r#"{"instructions":5,"input":"F\n\nhi"}"#),
        (
            r#"{"input":[{"role":"user","content":"hi"}],"previous_response_id":"r"}"#,
            r#"{"instructions":"P","input":[{"role":"user","content":"F\n\nhi"}],"previous_response_id":"r"}"#,
        ),
        (
            r#"{"input":[{"role":"developer","content":[{"type":"input_text","text":"d"}]},{"role":"user","content":[{"type":"input_text","text":"hi"}]}]}"#,
            r#"{"input":[{"role":"developer","content":[{"type":"input_text","text":"d"},{"type":"input_text","text":"P"}]},{"role":"user","content":[{"type":"input_text","text":"F\n\n"},{"type":"input_text","text":"hi"}]}]}"#,
        ),
        // A stored template has instructions of its own.
        (r#"{"prompt":{"id":"p"},"input":"hi"}"#, r#"{"prompt":{"id":"p"},"input":"P\n\nF\n\nhi"}"#),
        (
            r#"{"prompt":{"id":"p"},"instructions":null,"input":"hi"}"#,
            r#"{"prompt":{"id":"p"},"instructions":null,"input":"P\n\nF\n\nhi"}"#,
        ),
        (
            r#"{"prompt":{"id":"p"},"instructions":"I","input":"hi"}"#,
            r#"{"prompt":{"id":"p"},"instructions":"I\n\nP","input":"F\n\nhi"}"#,
        ),
        (r#"{"prompt":{"id":"p"}}"#, r#"{"prompt":{"id":"p"}}"#),
        (
            r#"{"input":[{"type":"function_call_output","output":"r"}]}"#,
            r#"{"instructions":"P","input":[{"type":"function_call_output","output":"r"}]}"#,
        ),
    ] {
        assert_eq!(edited(body, &memory()), expected, "{body}");
    }
}

#[test]
fn instructions_are_never_cut_and_items_are() {
    let body = r#"{"instructions":"I","input":[ {"role":"user"} , {"type":"reasoning"} , {"role":"user","content":"b"} ]}"#;
    assert_eq!(
        edited(body, &Edits { cut: vec![1, 2], ..Edits::default() }),
        r#"{"instructions":"I","input":[ {"role":"user","content":"b"} ]}"#
    );
    let chat = parse_text(body).unwrap();
    assert!(chat.turns()[0].role.instructs() && matches!(chat.turns()[0].content, Content::Text(_)));
}

#[test]
fn nothing_said_is_shown_in_debug() {
    assert!(!format!("{:?}", parse_text(r#"{"input":"secret","instructions":"secret"}"#).unwrap()).contains("secret"));
}
