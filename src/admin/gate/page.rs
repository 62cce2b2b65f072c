//! What the gate says to people by itself: a plain page, where programs get problem details.

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::sign_in::SIGN_IN;
use crate::admin::problem::Problem;

/// Whether somebody looks at the answer in a browser.
pub(super) fn is_wanted(parts: &Parts) -> bool {
    let accepts = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|accepts| accepts.contains("text/html")) && !parts.uri.path().starts_with("/v1/")
}

/// A refusal, for whoever asked.
pub(super) fn refuse(problem: Problem, as_page: bool) -> Response {
    match StatusCode::from_u16(problem.status) {
        Ok(status) if as_page => show(status, &problem.title, &problem.detail),
        _ => problem.into_response(),
    }
}

/// A page of a heading and a sentence, with the way to sign in.
pub(super) fn show(status: StatusCode, heading: &str, sentence: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{heading} · memgate</title><main><h1>{heading}</h1><p>{sentence}</p><p><a href=\"{SIGN_IN}\">Sign in</a> · \
         <a href=\"/\">First page</a></p></main></html>",
        heading = escape(heading),
        sentence = escape(sentence),
    );
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], page).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
