//! What callers send: parameters of the query, and bodies. Every fault says how to mend it, and none repeats what was said.

use serde::de::DeserializeOwned;

use super::invalid;
use crate::enforce::Refusal;
use crate::identity::percent_decode;
use crate::memory::curate::MAX_TEXT;

/// Parameters of a query, decoded.
#[derive(Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// # Errors
    /// When the query is badly encoded, or names a parameter twice.
    pub fn read(query: Option<&str>) -> Result<Self, Refusal> {
        let mut read = Self::default();
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                return Err(invalid(
                    "parameter_invalid",
                    "A parameter of the query is badly encoded. Encode it as UTF-8 with %XX.",
                ));
            };
            if read.get(&name).is_some() {
                return Err(invalid("parameter_invalid", "A parameter of the query is there twice. Send it once."));
            }
            read.0.push((name, value));
        }
        Ok(read)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// # Errors
    /// When a parameter came that is none of these.
    pub fn allow(&self, names: &[&str]) -> Result<(), Refusal> {
        if self.0.iter().all(|(name, _)| names.contains(&name.as_str())) {
            return Ok(());
        }
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Err(invalid("parameter_invalid", format!("The query has an unknown parameter. This path takes: {known}.")))
    }

    /// One of some words.
    ///
    /// # Errors
    /// When it is another.
    pub fn word<T: DeserializeOwned>(&self, name: &str, words: &str) -> Result<Option<T>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let word = serde_json::from_value(serde_json::Value::String(value.to_owned()));
        word.map(Some).map_err(|_| invalid("parameter_invalid", format!("`{name}` is one of: {words}.")))
    }

    /// # Errors
    /// When it is neither `true` nor `false`.
    pub fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(invalid("parameter_invalid", format!("`{name}` is `true` or `false`."))),
        }
    }

    /// # Errors
    /// When it is no number from 1 to `most`.
    pub fn count(&self, name: &str, default: usize, most: usize) -> Result<usize, Refusal> {
        let Some(value) = self.get(name) else { return Ok(default) };
        let number = value.parse().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| invalid("parameter_invalid", format!("`{name}` is a number from 1 to {most}.")))
    }
}

/// `application/x-www-form-urlencoded`, one name or value of it.
/// Percent signs and `+` taken out, as in a query. `None` where that gives no UTF-8.
pub fn decode(text: &str) -> Option<String> {
    String::from_utf8(percent_decode(text.replace('+', " ").as_bytes())?).ok()
}

/// Reads a body of JSON.
///
/// # Errors
/// When it is none, or not as the example is.
pub fn body<T: DeserializeOwned>(body: &[u8], example: &str) -> Result<T, Refusal> {
    // A list of values would do for an object, in order of the fields: nobody means that.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(invalid("body_invalid", format!("The body is no JSON object. Send JSON such as {example}.")));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let at = if path == "." { String::new() } else { format!(" at `{path}`") };
        (at, error.inner().line(), error.inner().column())
    });
    let whole = read.and_then(|read| reader.end().map(|()| read).map_err(|error| (String::new(), error.line(), error.column())));
    whole.map_err(|(at, line, column)| {
        let message = format!("The body cannot be read{at} (line {line}, column {column}). Send JSON such as {example}.");
        invalid("body_invalid", message)
    })
}

/// Words for a fact: trimmed, not empty, not too long, without control characters.
///
/// # Errors
/// When they are not fit for one.
pub fn statement(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    match unfit(text) {
        None => Ok(text.to_owned()),
        Some(reason) => Err(invalid("memory_invalid", format!("The text {reason}."))),
    }
}

/// What keeps a text from being a fact.
pub fn unfit(text: &str) -> Option<&'static str> {
    match text {
        "" => Some("is empty"),
        _ if text.chars().count() > MAX_TEXT => Some("is longer than 2000 characters"),
        _ if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) => Some("holds control characters"),
        _ => None,
    }
}

/// The name of a slot.
pub fn is_slot(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_and_faults_are_named() {
        let read = Parameters::read(Some("q=caf%C3%A9+au%20lait&limit=3&history=true&kind=note")).unwrap();
        assert_eq!(read.get("q"), Some("café au lait"));
        assert_eq!(read.count("limit", 50, 200).unwrap(), 3);
        assert!(read.flag("history").unwrap() && !read.flag("other").unwrap());
        assert_eq!(read.word::<crate::store::Kind>("kind", "").unwrap(), Some(crate::store::Kind::Note));
        assert!(read.word::<crate::store::Kind>("q", "").is_err() && read.flag("q").is_err() && read.count("q", 1, 2).is_err());
        assert!(read.allow(&["q", "limit", "history"]).is_err());
        assert!(read.count("limit", 50, 2).is_err());
        for bad in ["q=%", "q=%zz", "q=%ff", "q=1&q=2"] {
            assert!(Parameters::read(Some(bad)).is_err(), "{bad}");
        }
        assert!(Parameters::read(None).unwrap().allow(&[]).is_ok());
    }

    #[test]
    fn faults_repeat_nothing_that_was_said() {
        #[derive(Debug, serde::Deserialize)]
        struct Wanted {
            #[serde(rename = "pinned")]
            _pinned: bool,
        }
        for text in [r#"{"pinned": "secret"}"#, r#"{"pinned": true} secret"#, "secret", "", "[true]"] {
            let fault = body::<Wanted>(text.as_bytes(), "{}").unwrap_err();
            assert!(!fault.message.contains("secret") && fault.status == 400, "{}", fault.message);
        }
        assert!(body::<Wanted>(br#" {"pinned": true} "#, "{}").is_ok());
    }

    #[test]
    fn texts_and_slots() {
        assert_eq!(statement(" I like tea\n").unwrap(), "I like tea");
        for bad in ["", " ", "a\u{0}b", "a\u{1b}[31m", &"x".repeat(MAX_TEXT + 1)] {
            assert!(statement(bad).is_err());
        }
        assert!(is_slot("city") && is_slot("pet_name") && !is_slot("") && !is_slot("City") && !is_slot("a b"));
    }
}
