//! The model that a body names, and the same body with another name: for bodies that are otherwise passed through.

use std::ops::Range;

use bytes::Bytes;

use super::conversation::Conversation;
use super::json::{Malformed, Member, Reader, decode, escape_into};
use super::keys::folds_to;

/// The model that a body names, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    pub model: String,
    /// The literals with their quotes, in order.
    places: Vec<Range<usize>>,
}

impl Naming {
    /// The texts at these keys of a JSON object. What is empty or null names nothing.
    ///
    /// `None` where nothing is named, or where two readers could find different models: a key that is there twice or in other letters,
    /// no text behind it, two names, or no JSON object.
    #[must_use]
    pub fn of(body: &[u8], keys: &[&str]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let mut seen: Vec<&str> = Vec::new();
        let mut found: Vec<(String, Range<usize>)> = Vec::new();
        let mut doubtful = false;
        let walk = |reader: &mut Reader<'_>, member: Member<'_>| -> Result<(), Malformed> {
            let Some(key) = keys.iter().find(|key| folds_to(&member.key, key)) else { return reader.skip() };
            doubtful |= *key != member.key || seen.contains(key);
            seen.push(key);
            if reader.peek() == Some(b'"') {
                let literal = reader.string()?;
                let text = decode(reader.bytes(), &literal).into_owned();
                found.extend(Some((text, literal.span)).filter(|(text, _)| !text.is_empty()));
            } else {
                let value = reader.value()?;
                doubtful |= reader.bytes().get(value) != Some(b"null");
            }
            Ok(())
        };
        reader.object(walk).ok()?;
        reader.end().ok()?;
        let model = found.first()?.0.clone();
        let one = !doubtful && found.iter().all(|(text, _)| *text == model);
        one.then(|| Self { model, places: found.into_iter().map(|(_, place)| place).collect() })
    }

    /// The body with another name. Every other byte stays.
    #[must_use]
    pub fn rewrite(&self, body: &[u8], name: &str) -> Bytes {
        let mut literal = String::with_capacity(name.len() + 2);
        literal.push('"');
        escape_into(&mut literal, name);
        literal.push('"');
        let mut out = Vec::with_capacity(body.len() + self.places.len() * literal.len());
        let mut copied = 0;
        for place in &self.places {
            out.extend_from_slice(&body[copied..place.start]);
            out.extend_from_slice(literal.as_bytes());
            copied = place.end;
        }
        out.extend_from_slice(&body[copied..]);
        out.into()
    }
}

/// The text at the top-level key `model`; as [`Naming::of`].
#[must_use]
pub fn model_of(body: &[u8]) -> Option<String> {
    Naming::of(body, &["model"]).map(|naming| naming.model)
}

/// The body with `name` at the top-level key `model`. The same one where [`model_of`] finds none.
#[must_use]
pub fn with_model(body: &Bytes, name: &str) -> Bytes {
    Naming::of(body, &["model"]).map_or_else(|| body.clone(), |naming| naming.rewrite(body, name))
}

/// Whether a body names further models, to which some backends go on by themselves: `models` (`OpenRouter`), `fallbacks` (`LiteLLM`).
#[must_use]
pub fn names_more(body: &[u8]) -> bool {
    let mut more = false;
    let walk = |reader: &mut Reader<'_>, member: Member<'_>| -> Result<(), Malformed> {
        let value = reader.value()?;
        let further = ["models", "fallbacks"].iter().any(|key| folds_to(&member.key, key));
        more |= further && reader.bytes().get(value) != Some(b"null");
        Ok(())
    };
    // What cannot be read names nothing: it is refused, or goes only where nothing is closed.
    Reader::new(body).object(walk).is_ok() && more
}

impl Conversation {
    /// As [`names_more`].
    #[must_use]
    pub fn names_more(&self) -> bool {
        names_more(&self.body)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const SHOW: &[&str] = &["model", "name"];

    #[test]
    fn the_model_of_any_body_is_found() {
        assert_eq!(model_of(br#"{"input":["a"],"mod\u0065l":"m\u002f1"}"#).as_deref(), Some("m/1"));
        assert_eq!(model_of(br#"{"nested":{"model":"x"},"model":"y"} "#).as_deref(), Some("y"));
        for body in [
            r#"{"model":"a","model":"b"}"#,
            r#"{"model":"a","Model":"b"}"#,
            r#"{"MODEL":"a"}"#,
            r#"{"model":1}"#,
            r#"{"model":null}"#,
            r#"{"model":""}"#,
            r#"{"model":"a""#,
            r#"["model"]"#,
            "--form\r\n",
            "",
            r#"{"model":"a"}x"#,
        ] {
            assert_eq!(model_of(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn two_keys_name_one_model() {
        for (body, expected) in [
            (r#"{"name":"a"}"#, Some("a")),
            (r#"{"model":"a","name":""}"#, Some("a")),
            (r#"{"model":null,"name":"a"}"#, Some("a")),
            (r#"{"model":"a","name":"a"}"#, Some("a")),
            (r#"{"model":"a","name":"b"}"#, None),
            (r#"{"model":"","Name":"b"}"#, None),
            (r#"{"model":["b"],"name":"a"}"#, None),
            (r#"{"name":"a","name":"a"}"#, None),
            (r#"{"\u212aname":"a"}"#, None),
        ] {
            assert_eq!(Naming::of(body.as_bytes(), SHOW).map(|naming| naming.model).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn further_models_are_noticed() {
        for (body, more) in [
            (r#"{"model":"a","models":["b"]}"#, true),
            (r#"{"fallbacks":[{"a":["b"]}],"model":"a"}"#, true),
            (r#"{"model":"a","Model\u0073":["b"]}"#, true),
            (r#"{"model":"a","models":null}"#, false),
            (r#"{"model":"a","x":{"models":["b"]}}"#, false),
            (r#"{"model":"a"}"#, false),
            ("models", false),
        ] {
            assert_eq!(names_more(body.as_bytes()), more, "{body}");
        }
    }

    #[test]
    fn only_the_name_changes() {
        let body = Bytes::from_static(br#"{ "input" :[1], "mod\u0065l": "fast\u002d" ,"x":{"model":"fast-"}} "#);
        assert_eq!(with_model(&body, "a\"b").as_ref(), br#"{ "input" :[1], "mod\u0065l": "a\"b" ,"x":{"model":"fast-"}} "#);
        let both = br#"{"name":"a","model":"a"}"#;
        assert_eq!(Naming::of(both, SHOW).unwrap().rewrite(both, "bc").as_ref(), br#"{"name":"bc","model":"bc"}"#);
        let none = Bytes::from_static(b"{}");
        assert_eq!(with_model(&none, "m"), none);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(before: String, name in ".{1,40}", old in ".{1,40}") {
            let body = Bytes::from(json!({"a": before, "model": old, "z": [before]}).to_string());
            let changed = with_model(&body, &name);
            prop_assert_eq!(model_of(&changed), Some(name.clone()));
            let mut expected: Value = serde_json::from_slice(&body).unwrap();
            expected["model"] = name.into();
            prop_assert_eq!(serde_json::from_slice::<Value>(&changed).unwrap(), expected);
        }
    }
}
