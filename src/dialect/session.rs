//! The session that a body names: `session_id`, or `metadata.session_id`, in any dialect.
//!
//! Bodies that mention no such key, which are nearly all, are not read a second time. The member passes to the upstream as it came.

use bytes::Bytes;
use memchr::memmem;

use super::conversation::ParseError;
use super::fields;
use super::json::{self, Reader};
use super::keys::Keys;

const BODY_KEYS: &[&str] = &["session_id", "metadata"];
const METADATA_KEYS: &[&str] = &["session_id"];

/// What a body says of its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedSession {
    /// The text of the member, whatever it is.
    Text(String),
    /// It is no text.
    Other,
}

/// The session that a request's body names; the body's own member goes before that of its metadata.
///
/// # Errors
/// When the body is no JSON object, or two readers could take another session from it.
pub fn named_session(body: &Bytes) -> Result<Option<NamedSession>, ParseError> {
    if memmem::find(body, b"session_id\"").is_none() {
        return Ok(None);
    }
    let (mut own, mut of_metadata) = (None, None);
    let mut keys = Keys::new(BODY_KEYS);
    fields::body(body, |reader, member| {
        match keys.recognise(&member.key)? {
            Some("session_id") => own = read(reader)?,
            Some(_) if reader.peek() == Some(b'{') => {
                let mut keys = Keys::new(METADATA_KEYS);
                reader.object(|reader, member| {
                    match keys.recognise(&member.key)? {
                        Some(_) => of_metadata = read(reader)?,
                        None => reader.skip()?,
                    }
                    Ok::<_, ParseError>(())
                })?;
            }
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok(own.or(of_metadata))
}

fn read(reader: &mut Reader<'_>) -> Result<Option<NamedSession>, ParseError> {
    Ok(match reader.peek() {
        Some(b'"') => {
            let literal = reader.string()?;
            Some(NamedSession::Text(json::decode(reader.bytes(), &literal).into_owned()))
        }
        Some(b'n') => {
            reader.skip()?;
            None
        }
        _ => {
            reader.skip()?;
            Some(NamedSession::Other)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_names_one_session_or_none() {
        let text = |text: &str| Some(NamedSession::Text(text.to_owned()));
        for (body, named) in [
            (r#"{"messages":[]}"#, None),
            (r#"{"session_id":"s1"}"#, text("s1")),
            (r#"{"metadata":{"user":"u","session_id":"s2"}}"#, text("s2")),
            (r#"{"metadata":{"session_id":"s2"},"session_id":"s1"}"#, text("s1")),
            (r#"{"session_id":null,"metadata":{"session_id":"s2"}}"#, text("s2")),
            (r#"{"session_id":7}"#, Some(NamedSession::Other)),
            (r#"{"metadata":"session_id\"","x":1}"#, None),
            (r#"{"messages":[{"role":"user","session_id":"inner"}]}"#, None),
            (r#"{"session_id":"a\u0062"}"#, text("ab")),
        ] {
            assert_eq!(named_session(&Bytes::from(body)), Ok(named), "{body}");
        }
        for body in [r#"{"session_id":"a","session_id":"b"}"#, r#"{"Session_Id":"a","session_id":"b"}"#] {
            let error = named_session(&Bytes::from(body)).unwrap_err();
            assert_eq!(error.code(), "ambiguous_key", "{body}");
        }
    }
}
