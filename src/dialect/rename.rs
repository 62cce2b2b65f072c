//! The name of the model in a body that is otherwise left as it is.

use bytes::Bytes;

use super::json::{escape_into, find_model};

/// The body with another name in the place of its model's; every other byte stays. `None` where [`super::model_of`] finds none.
#[must_use]
pub fn rename_model(body: &Bytes, name: &str) -> Option<Bytes> {
    let at = find_model(body)?.span;
    let mut literal = String::with_capacity(name.len() + 2);
    literal.push('"');
    escape_into(&mut literal, name);
    literal.push('"');
    if body.get(at.clone())? == literal.as_bytes() {
        return Some(body.clone());
    }
    Some([body.get(..at.start)?, literal.as_bytes(), body.get(at.end..)?].concat().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_alone_changes() {
        for (body, name, renamed) in [
            (r#"{"a": 1, "model" : "m","x":{"model":"m"}}"#, "n", Some(r#"{"a": 1, "model" : "n","x":{"model":"m"}}"#)),
            (r#"{"model":"m"}"#, "a\"b\n", Some(r#"{"model":"a\"b\n"}"#)),
            (r#"{"mod\u0065l":"\u006d"}"#, "n", Some(r#"{"mod\u0065l":"n"}"#)),
            (r#"{"model":"m"}"#, "m", Some(r#"{"model":"m"}"#)),
            (r#"{"model":"m","model":"m"}"#, "n", None),
            (r#"{"model":1}"#, "n", None),
            ("nonsense", "n", None),
        ] {
            let done = rename_model(&Bytes::copy_from_slice(body.as_bytes()), name);
            assert_eq!(done.as_deref(), renamed.map(str::as_bytes), "{body}");
        }
    }
}
