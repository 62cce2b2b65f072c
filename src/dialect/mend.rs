//! Completes an event that was cut in the middle, so that its reader finds an error in it instead of a broken text.
//!
//! The official `OpenAI` libraries parse whatever an event holds, and complain about its JSON where they could show a message.

use super::json::Reader;

/// An event of a stream that was cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Half<'a> {
    /// Its whole data lines, if it has any.
    pub data: Option<&'a [u8]>,
    /// The line that was cut.
    pub line: &'a [u8],
}

impl Half<'_> {
    /// Whether a reader takes it for an event, once it is ended.
    pub fn has_data(self) -> bool {
        self.data.is_some() || self.line == b"data" || self.line.starts_with(b"data:")
    }

    /// What makes the data of a server-sent event whole. `rest` tells what must follow that which has come; what it does not know is
    /// left. The line and the event are still to be ended.
    pub fn finish(self, rest: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        if let Some(value) = self.line.strip_prefix(b"data:") {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            return match self.data {
                None => rest(value),
                Some(data) => rest(&[data, b"\n", value].concat()),
            };
        }
        let rest = rest(self.data.unwrap_or_default())?;
        let gap: &[u8] = if self.line.is_empty() { b"" } else { b"\n" };
        Some([gap, b"data: ", &rest].concat())
    }
}

/// Ends a key that was cut, so that it is none that the object has already.
const CUT_KEY: &str = "~";

/// Where in a text its end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before a value; behind an opening bracket there may be none.
    Value { first: bool },
    /// Before a key; behind an opening brace there may be none.
    Key { first: bool },
    /// Behind a key.
    Colon,
    /// Behind a value.
    After,
}

/// What makes `half` an object that ends in `members`. `None` where nothing does.
pub(super) fn complete(half: &[u8], members: &str) -> Option<Vec<u8>> {
    let rest = close_all(half, members)?;
    // What was no JSON before it was cut is none afterwards.
    let whole = [half, &rest].concat();
    let mut reader = Reader::new(&whole);
    let valid = std::str::from_utf8(&whole).is_ok() && reader.skip().and_then(|()| reader.end()).is_ok();
    valid.then_some(rest)
}

fn close_all(half: &[u8], members: &str) -> Option<Vec<u8>> {
    let mut open: Vec<u8> = Vec::new();
    let mut place = Place::Value { first: false };
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&byte) = half.get(at) {
        let rest = &half[at..];
        at += 1;
        place = match (place, byte) {
            (place, b' ' | b'\t' | b'\n' | b'\r') => place,
            (Place::Value { .. }, b'{' | b'[') => {
                open.push(byte);
                if byte == b'{' { Place::Key { first: true } } else { Place::Value { first: true } }
            }
            (Place::Key { first: true } | Place::After, b'}') | (Place::Value { first: true } | Place::After, b']') => {
                open.pop().filter(|start| *start + 2 == byte && !open.is_empty())?;
                Place::After
            }
            (Place::Key { .. } | Place::Value { .. }, b'"') => {
                let is_key = matches!(place, Place::Key { .. });
                if let Some(length) = string_length(rest) {
                    at += length - 1;
                } else {
                    out = string_end(&rest[1..], if is_key { CUT_KEY } else { "" });
                    at = half.len();
                }
                if is_key { Place::Colon } else { Place::After }
            }
            (Place::Colon, b':') => Place::Value { first: false },
            (Place::After, b',') => {
                if *open.last()? == b'{' {
                    Place::Key { first: false }
                } else {
                    Place::Value { first: false }
                }
            }
            (Place::Value { .. }, _) => {
                let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
                at += length.checked_sub(1)?;
                if at == half.len() {
                    out.extend_from_slice(scalar_end(rest)?);
                }
                Place::After
            }
            _ => return None,
        };
    }
    if open.is_empty() {
        // Nothing has come yet.
        return (place == Place::Value { first: false }).then(|| format!("{{{members}}}").into_bytes());
    }
    close(&mut out, &open, place);
    // What is cut between two members of the outermost object needs no comma of its own.
    if open.len() > 1 || !matches!(place, Place::Key { .. }) {
        out.push(b',');
    }
    out.extend_from_slice(members.as_bytes());
    out.push(b'}');
    (open[0] == b'{').then_some(out)
}

/// Closes all but the outermost container.
fn close(out: &mut Vec<u8>, open: &[u8], place: Place) {
    match place {
        Place::Colon => out.extend_from_slice(b":null"),
        Place::Value { first: false } => out.extend_from_slice(b"null"),
        Place::Key { first: false } if open.len() > 1 => out.extend_from_slice(b"\"\":null"),
        _ => {}
    }
    out.extend(open[1..].iter().rev().map(|start| start + 2));
}

/// The length of a string with its quotes; `None` where it has no end.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// What ends a string that was cut: the rest of an escape, of a surrogate pair or of a character, then `tail` and the quote.
fn string_end(text: &[u8], tail: &str) -> Vec<u8> {
    let mut end = Vec::new();
    let mut at = 0;
    // Behind the first half of a surrogate pair, the second one is due.
    let mut paired = false;
    while at < text.len() {
        let left = text.len() - at;
        let due = std::mem::take(&mut paired);
        at += match text[at] {
            b'\\' if left == 1 || text[at + 1] == b'u' => {
                let mut escape: Vec<u8> = text[at..].iter().copied().take(6).collect();
                let whole: &[u8] = match (due, left) {
                    (true, _) => b"\\uDC00",
                    (false, 1) => b"\\\\",
                    (false, _) => b"\\u0000",
                };
                let rest = whole.get(escape.len()..).unwrap_or_default();
                escape.extend_from_slice(rest);
                end.extend_from_slice(rest);
                paired =
                    !due && escape.len() == 6 && matches!(&escape[2..4], [b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B']);
                6
            }
            b'\\' => 2,
            lead @ 0xC0.. => {
                let length = match lead {
                    0xF0.. => 4,
                    0xE0..=0xEF => 3,
                    _ => 2,
                };
                // The least second byte that the first allows (RFC 3629, section 4).
                let second = [(0xE0, 0xA0), (0xF0, 0x90)].iter().find(|(first, _)| *first == lead).map_or(0x80, |pair| pair.1);
                end.extend((left..length).map(|n| if n == 1 { second } else { 0x80 }));
                length
            }
            _ => 1,
        };
    }
    if paired {
        end.extend_from_slice(b"\\uDC00");
    }
    end.extend_from_slice(tail.as_bytes());
    end.push(b'"');
    end
}

/// What ends a number or a word that was cut.
fn scalar_end(text: &[u8]) -> Option<&'static [u8]> {
    if let Some(word) = [&b"true"[..], b"false", b"null"].into_iter().find(|word| word.starts_with(text)) {
        return Some(&word[text.len()..]);
    }
    match text.last()? {
        b'0'..=b'9' => Some(b""),
        b'-' | b'+' | b'.' | b'e' | b'E' => Some(b"0"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::dialect::samples::{extra, render};

    const MEMBERS: &str = r#""type":"error","error":{"message":"no"}"#;

    #[test]
    fn every_cut_of_a_text_is_made_an_error() {
        let text = r#" { "type" : "a\u00e9\\\"é語🎉\uD83C\udf89" , "n" : [ -1.5e+3 , true , [ ] , { } , { "b" : null , "c" : "" } ] , "f" : false } "#;
        let bytes = text.as_bytes();
        for cut in 0..text.trim_end().len() {
            let rest = complete(&bytes[..cut], MEMBERS).unwrap_or_else(|| panic!("{:?}", &text.get(..cut)));
            let whole = [&bytes[..cut], &rest].concat();
            let value: Value =
                serde_json::from_slice(&whole).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&whole)));
            assert_eq!((&value["type"], &value["error"]["message"]), (&json!("error"), &json!("no")), "{cut}");
        }
    }

    #[test]
    fn what_is_whole_or_no_object_is_left() {
        for text in [
            "{}",
            "{} ",
            "[",
            "[1",
            "1",
            "\"a",
            "[DONE]",
            "x",
            "{x",
            "{]",
            "{\"a\"}",
            "{\"a\":1]",
            "{\"a\":tru}",
            "{\"a\":?",
            "{\"a\u{1}",
            "{\"a\":01",
            "}",
        ] {
            assert_eq!(complete(text.as_bytes(), MEMBERS), None, "{text}");
        }
    }

    #[test]
    fn broken_characters_are_left() {
        assert_eq!(complete(b"{\"a\x80", MEMBERS), None);
        assert!(complete(b"{\"a\xC3", MEMBERS).is_some());
    }

    #[test]
    fn the_data_of_an_event_ends_wherever_it_was_cut() {
        for (data, line, expected) in [
            (None, "", "data: {\"M\":1}"),
            (None, "event: respon", "\ndata: {\"M\":1}"),
            (None, "da", "\ndata: {\"M\":1}"),
            (None, "data:", "{\"M\":1}"),
            (None, "data: {", "\"M\":1}"),
            (None, "data: {\"a\":\"b", "\",\"M\":1}"),
            (Some("{\"a\":"), "", "data: null,\"M\":1}"),
            (Some("{\"a\":"), "data: [1", "],\"M\":1}"),
            (Some("{\"a\":"), "da", "\ndata: null,\"M\":1}"),
        ] {
            let out = Half { data: data.map(str::as_bytes), line: line.as_bytes() }.finish(|half| complete(half, "\"M\":1"));
            let out = out.map(|out| String::from_utf8(out).unwrap());
            assert_eq!(out.as_deref(), Some(expected), "{data:?} {line}");
        }
        assert_eq!(Half { data: Some(b"{}"), line: b"" }.finish(|half| complete(half, "\"M\":1")), None);
    }

    proptest! {
        #[test]
        fn any_object_can_be_cut_anywhere(members in extra(), nested in extra(), style: Vec<u8>, cut in 0_usize..400) {
            let mut value = Value::Object(members);
            value["nested"] = json!([nested, {"more": nested}]);
            let text = render(&value, &mut style.into_iter().cycle());
            let half = &text.as_bytes()[..cut.min(text.trim_end().len() - 1)];
            let whole = [half, &complete(half, MEMBERS).unwrap()].concat();
            prop_assert_eq!(&serde_json::from_slice::<Value>(&whole).unwrap()["type"], "error");
        }

        #[test]
        fn any_bytes_are_survived(half in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\",:\\u0tfn".to_vec())], 0..40)) {
            if let Some(rest) = complete(&half, MEMBERS) {
                let whole = [half, rest].concat();
                prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&whole).is_ok() && std::str::from_utf8(&whole).is_ok());
            }
        }
    }
}
