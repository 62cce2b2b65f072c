use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use super::*;

/// Reads a whole text as one value.
fn read(text: &[u8]) -> Result<Range<usize>, Malformed> {
    let mut reader = Reader::new(text);
    let span = reader.value()?;
    reader.end()?;
    Ok(span)
}

/// Whether `serde_json` accepts the text, without building its values (so that lone surrogates pass, as here).
fn accepted(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

#[test]
fn accepts_what_the_rfc_accepts() {
    for text in [
        "0",
        "-0",
        "1.5e+10",
        "1E5",
        "\"\"",
        " [ ] ",
        "{}",
        "[1,2,[3,{\"a\":null}],true,false]",
        "{\"a\":{\"b\":[]},\"c\":[{}]}",
        r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud800""#,
    ] {
        assert!(read(text.as_bytes()).is_ok(), "{text}");
        assert!(accepted(text), "{text}");
    }
    for text in [
        "",
        " ",
        "[1,]",
        "[,1]",
        "{\"a\":1,}",
        "{,}",
        "{\"a\"}",
        "{a:1}",
        "[1 2]",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "tru",
        "nulll",
        "NaN",
        "'a'",
        "\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u123",
        "\"a\nb\"",
        "\"\u{1}\"",
        "[}",
        "{]",
        "[1]]",
        "1 1",
        "[\"a\":1]",
        "{\"a\":1 \"b\":2}",
        "/**/1",
    ] {
        assert!(read(text.as_bytes()).is_err(), "{text}");
        assert!(!accepted(text), "{text}");
    }
}

#[test]
fn nesting_is_bounded_and_needs_no_stack() {
    let nested = |open: &str, close: &str, depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        assert!(read(nested(open, close, MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(read(nested(open, close, MAX_DEPTH + 1).as_bytes()), Err(Malformed::Depth));
        assert_eq!(read(open.repeat(1_000_000).as_bytes()), Err(Malformed::Depth));
    }
    assert_eq!(read("[{\"a\":".repeat(400).as_bytes()), Err(Malformed::Depth));
    // Many containers side by side are no nesting.
    let wide = format!("[{}[]]", "[{}],".repeat(10_000));
    assert!(read(wide.as_bytes()).is_ok());
}

#[test]
fn strings_are_decoded() {
    let decoded = |text: &str| {
        let literal = Reader::new(text.as_bytes()).string().unwrap();
        decode(text.as_bytes(), &literal).into_owned()
    };
    assert_eq!(decoded(r#""mess\u0061ges""#), "messages");
    assert_eq!(decoded(r#""\ud83d\ude00 \u00e9 \"\\\/\b\f\n\r\t""#), "😀 é \"\\/\u{8}\u{c}\n\r\t");
    assert_eq!(decoded(r#""\ud800 \udc00 \ud800x \ud800\u0041""#), "\u{fffd} \u{fffd} \u{fffd}x \u{fffd}A");
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..8).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn values_are_read_whole(value in any_value()) {
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert_eq!(read(text.as_bytes()), Ok(0..text.len()));
        }
    }

    #[test]
    fn damage_is_judged_as_by_another_reader(value in any_value(), at: prop::sample::Index, byte in prop::sample::select(b"[]{}:,\"\\ 0189eE.+-aun\n\x00".to_vec())) {
        let mut text = serde_json::to_string(&value).unwrap();
        let index = at.index(text.len());
        if text.is_char_boundary(index) && text.is_char_boundary(index + 1) {
            text.replace_range(index..=index, char::from(byte).encode_utf8(&mut [0]));
        }
        prop_assert_eq!(read(text.as_bytes()).is_ok(), accepted(&text), "{}", text);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let _ = crate::dialect::model_of(&bytes);
    }

    #[test]
    fn escapes_are_undone(text: String) {
        let mut literal = "\"".to_owned();
        escape_into(&mut literal, &text);
        literal.push('"');
        prop_assert_eq!(serde_json::from_str::<String>(&literal).unwrap(), text.clone());
        let read = Reader::new(literal.as_bytes()).string().unwrap();
        prop_assert_eq!(decode(literal.as_bytes(), &read), text);
    }
}
