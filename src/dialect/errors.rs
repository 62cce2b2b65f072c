//! Errors in a dialect's own shape. Clients show `message` word for word, so it is written for the person.

use bytes::Bytes;
use serde::Serialize;

use super::Api;

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

#[derive(Serialize)]
struct AnthropicError<'a> {
    r#type: &'static str,
    error: AnthropicDetail<'a>,
}

#[derive(Serialize)]
struct AnthropicDetail<'a> {
    r#type: &'static str,
    message: &'a str,
    code: &'a str,
}

#[derive(Serialize)]
struct OllamaError<'a> {
    error: &'a str,
    code: &'a str,
}

/// The body of an error response with this HTTP status.
#[must_use]
pub fn body(api: Api, status: u16, code: &str, message: &str) -> Bytes {
    // Strings and nothing else: this cannot fail.
    let written = match api {
        Api::OpenAi => {
            let error = OpenAiDetail { message, r#type: open_ai_type(status), param: None, code };
            serde_json::to_vec(&OpenAiError { error })
        }
        Api::Anthropic => {
            let error = AnthropicDetail { r#type: anthropic_type(status), message, code };
            serde_json::to_vec(&AnthropicError { r#type: "error", error })
        }
        Api::Ollama => serde_json::to_vec(&OllamaError { error: message, code }),
    };
    written.unwrap_or_default().into()
}

/// Anthropic's names (its API reference, "Errors"). Its libraries choose the class of what they throw by the status, not by these.
fn anthropic_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
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
        let body = body(Api::OpenAi, 401, "signature_missing", "Say \"who\"\nyou are");
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
    fn every_family_has_its_own_shape() {
        let read = |api, status| -> serde_json::Value {
            serde_json::from_slice(&body(api, status, "model_not_found", "No such \"model\"")).unwrap()
        };
        let anthropic = serde_json::json!({"type": "error", "error": {
            "type": "not_found_error", "message": "No such \"model\"", "code": "model_not_found"
        }});
        assert_eq!(read(Api::Anthropic, 404), anthropic);
        let ollama = serde_json::json!({"error": "No such \"model\"", "code": "model_not_found"});
        assert_eq!(read(Api::Ollama, 404), ollama);
        for (status, kind) in [
            (401, "authentication_error"),
            (402, "billing_error"),
            (403, "permission_error"),
            (409, "conflict_error"),
            (413, "request_too_large"),
            (429, "rate_limit_error"),
            (502, "api_error"),
            (504, "timeout_error"),
            (529, "overloaded_error"),
            (400, "invalid_request_error"),
            (431, "invalid_request_error"),
        ] {
            assert_eq!(anthropic_type(status), kind);
        }
    }
}
