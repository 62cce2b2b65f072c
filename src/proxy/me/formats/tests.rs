//! Files as their programs write them.

use super::*;

const NOW: i64 = 1_770_000_000_000;

fn read_all(body: &str) -> Contents {
    read(body.as_bytes(), None, NOW).unwrap()
}

#[test]
fn formats_are_told_apart() {
    for (body, format) in [
        (r#"{"text": "x"}"#, Format::Memgate),
        (r#"[{"id": "1", "user_id": "u", "content": "x", "created_at": 1, "updated_at": 1}]"#, Format::OpenWebui),
        (r#"{"id": "1", "user_id": "u", "content": "x"}"#, Format::OpenWebui),
        (
            r#"{"user_name": "A", "character_name": "B", "create_date": "2024-1-1@1h1m1s", "chat_metadata": {}}"#,
            Format::Sillytavern,
        ),
        (r#"{"name": "A", "is_user": true, "mes": "x"}"#, Format::Sillytavern),
    ] {
        assert_eq!(read_all(body).format, format, "{body}");
    }
    for body in ["", "secret", "{}", "[]", r#"{"role": "user"}"#, "[1"] {
        let fault = read(body.as_bytes(), None, NOW).unwrap_err();
        assert_eq!((fault.status, fault.code), (400, "import_format"), "{body}");
        assert!(!fault.message.contains("secret"));
    }
    assert_eq!(read(b"", Some(Format::Memgate), NOW).unwrap().lines, 0);
}

#[test]
fn times_of_many_writers_are_one() {
    let at = 1_687_184_400_000;
    for text in [
        "1687184400000",
        "\"1687184400000\"",
        "1687184400",
        "\"2023-06-19T14:20:00Z\"",
        "\"2023-06-19T14:20:00.000Z\"",
        "\"June 19, 2023 2:20pm\"",
        "\"June 19, 2023 02:20PM\"",
        "\"2023-6-19 @14h 20m 00s 365ms\"",
        "\"2023-06-19@14h20m00s\"",
    ] {
        assert_eq!(chat_time(&serde_json::from_str(text).unwrap()), Some(at), "{text}");
    }
    for text in ["null", "\"\"", "\"soon\"", "\"@\"", "\"2023-99-99@99h99m99s\"", "{}"] {
        assert_eq!(chat_time(&serde_json::from_str(text).unwrap()), None, "{text}");
    }
}

#[test]
fn only_the_persons_turns_of_a_chat_count() {
    let chat = r#"{"user_name": "Ana", "character_name": "Bot", "create_date": "2023-06-19@14h20m00s", "chat_metadata": {}}
{"name": "Bot", "is_user": false, "mes": "I live in Rome.", "send_date": "June 19, 2023 2:21pm"}

{"name": "Ana", "is_user": true, "mes": "I live in Bern. <memory_context>x</memory_context>", "send_date": "June 19, 2023 2:22pm"}
{"name": "Ana", "is_user": true, "is_system": true, "mes": "hidden", "send_date": 9999999999999}
not json
{"name": "Ana", "is_user": true, "mes": "I like tea."}"#;
    let contents = read_all(chat);
    let turns: Vec<_> = contents.turns.iter().map(|turn| (turn.line, turn.text.as_str())).collect();
    assert_eq!(turns, [(4, "I live in Bern."), (7, "I like tea.")]);
    assert_eq!((contents.turns[0].at, contents.turns[1].at), (1_687_184_520_000, NOW), "no time lies in the future");
    assert_eq!((contents.others, contents.rejected), (3, vec![(6, "malformed")]));
}

#[test]
fn memories_of_open_webui_are_notes_and_doubtful_where_a_model_wrote_them() {
    let list = r#"[{"id": "1", "user_id": "u", "content": " User likes tea ", "updated_at": 1700000100, "created_at": 1700000000},
        {"id": "2", "user_id": "u", "content": "x", "meta": {"created_by": "tool"}}, {"id": "3"}, {"content": ""}]"#;
    let contents = read_all(list);
    let [first, second] = &contents.facts[..] else { panic!("{contents:?}") };
    assert_eq!((first.text.as_str(), first.kind, first.tier), ("User likes tea", Kind::Note, Tier::Passing));
    assert_eq!((first.created_at, first.valid_at, first.doubtful), (1_700_000_000_000, 1_700_000_100_000, false));
    assert!(second.doubtful && second.created_at == NOW);
    assert_eq!(contents.rejected, [(3, "malformed"), (4, "empty")]);
    let mixed = r#"[{"user_id": "u", "content": "x"}, {"user_id": "v", "content": "y"}]"#;
    assert_eq!(read(mixed.as_bytes(), None, NOW).unwrap_err().code, "import_mixed_people");
}

#[test]
fn exported_lines_are_checked() {
    let lines = r#"{"text": "I live in Bern", "kind": "profile", "slot": "city", "created_at": "2099-01-01T00:00:00Z", "new_field": 1}
{"text": "x", "kind": "secret"}
{"text": "x", "slot": "No Slot"}
{"text": "x", "created_at": "yesterday"}
{"text": "x", "expires_at": "2020-01-01T00:00:00Z"}
{"text": "y", "source": {"origin": "import:import:rule:city\u0007", "quote": ""}}"#;
    let contents = read_all(lines);
    assert_eq!(contents.rejected, [(2, "malformed"), (3, "slot_invalid"), (4, "time_invalid"), (5, "expired")]);
    assert_eq!((contents.facts[0].created_at, contents.facts[0].origin.as_str()), (NOW, "import:memgate"));
    assert_eq!((contents.facts[1].origin.as_str(), contents.facts[1].quote.as_str()), ("import:rule:city", "y"));
}

#[test]
fn files_are_bounded() {
    let long = "{\"text\": \"x\"}\n".repeat(MAX_LINES + 1);
    assert_eq!(read(long.as_bytes(), None, NOW).unwrap_err().status, 413);
}
