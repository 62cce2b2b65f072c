//! Errors in a dialect's own shape. Clients show `message` word for word, so it is written for the person.

use bytes::Bytes;
use serde::Serialize;

use super::Dialect;

/// Ends a stream of events.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

/// Ends an event that was cut in the middle, so that the next one is read as one.
pub const BREAK: &[u8] = b"\n\n";

#[derive(Serialize)]
struct OpenAiError<'a> {
    error: OpenAiDetail<'a>,
}

#[derive(Serialize)]
struct OpenAiDetail<'a> {
    message: &'a str,
    r#type: &'static str,
    param: Option<&'a str>,
    code: &'a str,
}

/// The body of an error response with this HTTP status.
#[must_use]
pub fn body(dialect: Dialect, status: u16, code: &str, message: &str) -> Bytes {
    match dialect {
        Dialect::OpenAi => {
            let error = OpenAiDetail { message, r#type: open_ai_type(status), param: None, code };
            // Strings and nothing else: this cannot fail.
            serde_json::to_vec(&OpenAiError { error }).unwrap_or_default().into()
        }
    }
}

/// An error inside a stream that has already begun. [`DONE`] follows it.
#[must_use]
pub fn stream_error(dialect: Dialect, code: &str, message: &str) -> Bytes {
    let event = body(dialect, 502, code, message);
    [b"data: ", &*event, b"\n\n"].concat().into()
}

fn open_ai_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_shape_that_clients_expect() {
        let body = body(Dialect::OpenAi, 401, "signature_missing", "Say \"who\"\nyou are");
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let expected = serde_json::json!({"error": {
            "message": "Say \"who\"\nyou are", "type": "authentication_error", "param": null, "code": "signature_missing"
        }});
        assert_eq!(value, expected);
        for (status, kind) in [(400, "invalid_request_error"), (403, "invalid_request_error"), (413, "invalid_request_error")] {
            assert_eq!(open_ai_type(status), kind);
        }
        assert_eq!((open_ai_type(429), open_ai_type(502)), ("rate_limit_error", "server_error"));
    }

    #[test]
    fn a_stream_error_is_one_event() {
        let event = stream_error(Dialect::OpenAi, "upstream_cut", "line\n\nbreak");
        let text = std::str::from_utf8(&event).unwrap();
        assert!(text.starts_with("data: {\"error\":{") && text.ends_with("}\n\n"), "{text}");
        assert_eq!(text.matches('\n').count(), 2, "{text}");
    }
}
