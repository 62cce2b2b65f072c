//! What serde says of a wrong setting, in words for the person who wrote it. Values are not repeated: one may be a secret
//! that was typed into the wrong place.

/// What is wrong with a setting and what mends it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Explanation {
    pub reason: String,
    pub remedy: String,
}

impl Explanation {
    pub(super) fn missing() -> Self {
        explanation("is missing", "add it")
    }
}

fn explanation(reason: impl Into<String>, remedy: impl Into<String>) -> Explanation {
    Explanation { reason: reason.into(), remedy: remedy.into() }
}

/// The name in a message about a missing field.
pub(super) fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

pub(super) fn explain(message: &str) -> Explanation {
    if let Some(rest) = message.strip_prefix("unknown field `") {
        return unknown_key(rest);
    }
    if let Some(rest) = message.strip_prefix("unknown variant `") {
        return unknown_word(rest);
    }
    if let Some((found, expected)) = message.strip_prefix("invalid type: ").and_then(|m| m.split_once(", expected ")) {
        let expected = name_expected(last_expected(message).unwrap_or(expected));
        let found = name_found(found);
        let remedy = match (found, expected) {
            ("a number", "a text") => {
                "give a duration or a size its unit, such as 60s or 20MiB, and put other digits in quotes".to_owned()
            }
            ("true or false", "a word or a mapping with one key") => {
                "write a word, such as on or off where it is a switch".to_owned()
            }
            _ => format!("write {expected}"),
        };
        return explanation(format!("is {found}, not {expected}"), remedy);
    }
    if message.starts_with("invalid value: ") {
        let expected = last_expected(message).unwrap_or_default();
        return if expected == "map with a single key" {
            explanation("does not have exactly one key", "give exactly one of the alternatives")
        } else {
            explanation("has a value that does not fit", format!("write {}", name_expected(expected)))
        };
    }
    match message.split_once("; ") {
        Some((reason, remedy)) => explanation(reason, remedy),
        None => explanation(message, "see what is allowed here: `memgate schema`"),
    }
}

/// A quoted value may itself hold the words `, expected `: the last ones are serde's.
fn last_expected(message: &str) -> Option<&str> {
    message.rsplit_once(", expected ").map(|(_, expected)| expected)
}

fn unknown_key(rest: &str) -> Explanation {
    let (key, allowed) = divide(rest);
    let list = if allowed.is_empty() { "no keys".to_owned() } else { allowed.join(", ") };
    let remedy = match nearest(key, &allowed) {
        Some(near) => format!("did you mean `{near}`? Allowed here: {list}"),
        None => format!("remove it. Allowed here: {list}"),
    };
    explanation("is no known key", remedy)
}

fn unknown_word(rest: &str) -> Explanation {
    let (word, allowed) = divide(rest);
    if allowed == ["env", "file"] {
        return explanation(
            "is not where a secret comes from",
            "write {env: NAME} or {file: PATH}; a secret never stands in this file",
        );
    }
    let list = allowed.join(", ");
    match nearest(word, &allowed) {
        Some(near) => explanation(
            format!("`{}` is no known word", word.escape_debug()),
            format!("did you mean `{near}`? Allowed here: {list}"),
        ),
        None => explanation("is no known word", format!("write one of: {list}")),
    }
}

/// Divides ``x`, expected one of `a`, `b` `` into `x` and the names that were expected.
fn divide(rest: &str) -> (&str, Vec<&str>) {
    let Some((found, expected)) = rest.rsplit_once("`, expected ") else {
        return (rest.rsplit_once("`, ").map_or(rest, |(found, _)| found), Vec::new());
    };
    (found, expected.split('`').skip(1).step_by(2).collect())
}

/// The allowed name that was most likely meant.
fn nearest<'a>(word: &str, allowed: &[&'a str]) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let word = plain(word);
    let near = allowed.iter().map(|name| (strsim::damerau_levenshtein(&word, &plain(name)), *name)).min()?;
    let tolerance = (near.1.len().min(word.len()) / 3).max(1);
    (near.0 <= tolerance).then_some(near.1)
}

fn name_found(found: &str) -> &'static str {
    match found.split([' ', '`', '"']).next().unwrap_or_default() {
        "boolean" => "true or false",
        "integer" | "floating" => "a number",
        "string" | "character" => "a text",
        "sequence" => "a list",
        "map" => "a mapping",
        "null" | "unit" => "empty",
        _ => "of another type",
    }
}

fn name_expected(expected: &str) -> &str {
    match expected {
        "a string" | "a borrowed string" => "a text",
        "a boolean" => "true or false",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "string or map" => "a word or a mapping with one key",
        "a map" => "a mapping",
        "a tuple of size 2" | "tuple of size 2" => "a list of two values",
        _ if expected.starts_with("struct ") => "a mapping",
        _ => expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_near_or_absent() {
        let keys = ["listen", "metrics", "trust", "clients", "upstreams", "trusted_peers", "clock_skew", "mode"];
        for (typed, meant) in [
            ("lisen", Some("listen")),
            ("metric", Some("metrics")),
            ("client", Some("clients")),
            ("upstream", Some("upstreams")),
            ("trusted-peers", Some("trusted_peers")),
            ("trustedPeers", Some("trusted_peers")),
            ("Clock_Skew", Some("clock_skew")),
            ("mdoe", Some("mode")),
            ("port", None),
            ("x", None),
            ("password", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, &keys), meant, "{typed}");
        }
    }

    #[test]
    fn messages_are_for_people_and_repeat_no_value() {
        for (message, reason, remedy) in [
            ("unknown field `x`, there are no fields", "is no known key", "remove it. Allowed here: no keys"),
            (
                "unknown variant `stict`, expected `strict` or `legacy`",
                "`stict` is no known word",
                "did you mean `strict`? Allowed here: strict, legacy",
            ),
            ("unknown variant `hunter2`, expected `strict` or `legacy`", "is no known word", "write one of: strict, legacy"),
            (
                "unknown variant `a`, expected `x`, expected `env` or `file`",
                "is not where a secret comes from",
                "write {env: NAME} or {file: PATH}; a secret never stands in this file",
            ),
            (
                "invalid type: string \"hunter2, expected u8\", expected a boolean",
                "is a text, not true or false",
                "write true or false",
            ),
            (
                "invalid type: integer `123456`, expected string or map",
                "is a number, not a word or a mapping with one key",
                "write a word or a mapping with one key",
            ),
            ("invalid value: integer `-1`, expected u32", "has a value that does not fit", "write a whole number, not negative"),
            ("`60` is no duration; write one with a unit", "`60` is no duration", "write one with a unit"),
        ] {
            assert_eq!(explain(message), explanation(reason, remedy), "{message}");
        }
    }
}
