//! Ends a line in which a stream broke off: its rest makes it one whole object. Clients read line by line, and one that is no JSON would hide
//! the error behind it.

use super::super::json::Reader;

/// What may be missing of a name, a value or a member, so that the next member can follow.
const REST: [&str; 14] = ["", "0", "null", ":null", "\"\":null", "rue", "ue", "e", "alse", "lse", "se", "ull", "ll", "l"];

/// What makes the beginning of an object a whole one that ends in `members`, which are written with the closing brace. `None` where `start` is
/// no such beginning.
pub(super) fn complete(start: &[u8], members: &str) -> Option<String> {
    let Unfinished { quote, closers } = Unfinished::read(start)?;
    REST.iter().map(|rest| format!("{quote}{rest}{closers},{members}")).find(|end| {
        let whole = [start, end.as_bytes()].concat();
        let mut reader = Reader::new(&whole);
        reader.peek() == Some(b'{') && reader.value().is_ok() && reader.end().is_ok()
    })
}

/// What is open where a text breaks off.
struct Unfinished {
    /// Ends the string that it breaks off in, and the escape in it.
    quote: String,
    /// Ends all but the outermost of the open values.
    closers: String,
}

impl Unfinished {
    fn read(start: &[u8]) -> Option<Self> {
        let mut open = Vec::new();
        let mut in_string = false;
        // Characters of an escape that are still to come; zero just behind the backslash.
        let mut escape: Option<usize> = None;
        for byte in start {
            match (in_string, escape, byte) {
                (true, Some(0), b'u') => escape = Some(4),
                (true, Some(0 | 1), _) => escape = None,
                (true, Some(left), _) => escape = Some(left - 1),
                (true, None, b'\\') => escape = Some(0),
                (_, _, b'"') => in_string = !in_string,
                (false, _, b'{') => open.push('}'),
                (false, _, b'[') => open.push(']'),
                (false, _, b'}' | b']') => drop(open.pop()?),
                _ => {}
            }
        }
        let (_, inner) = open.split_first()?;
        let quote = match (in_string, escape) {
            (false, _) => String::new(),
            (true, None) => "\"".to_owned(),
            (true, Some(0)) => "\\\"".to_owned(),
            (true, Some(left)) => "0".repeat(left) + "\"",
        };
        Some(Self { quote, closers: inner.iter().rev().collect() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_line_is_mended_wherever_it_breaks_off() {
        let line = r#"{"a":[true,{"b":null}, [ ] ,-1.5e+7,"\\\"\u00e9 ä"],"m\n":{"c":"x","d":false,"e":{}} , "done":false"#;
        for cut in (1..=line.len()).filter(|cut| line.is_char_boundary(*cut)) {
            let end = complete(&line.as_bytes()[..cut], "\"error\":\"E\"}").unwrap_or_else(|| panic!("{}", &line[..cut]));
            let whole = format!("{}{end}", &line[..cut]);
            let value: Value = serde_json::from_str(&whole).unwrap_or_else(|e| panic!("{e}: {whole}"));
            assert_eq!(value["error"], json!("E"), "{whole}");
        }
    }

    #[test]
    fn what_is_no_object_is_left() {
        for start in ["", " ", "[1,", "\"x", "x", "{\"a\":1}", "{\"a\":1}{", "{x", "{\"a\":1 2", "}"] {
            assert_eq!(complete(start.as_bytes(), "\"error\":1}"), None, "{start}");
        }
    }
}
