//! What the pages about people are made of, beside the shell's parts.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use maud::{Markup, Render, html};

use super::links::of_anyone;
use crate::admin::{Control, Principal, Problem};
use crate::dashboard::shell::{self, Frame, Sheet, inert, inert_whole};
use crate::ids::UserId;
use crate::proxy::unix_ms;

/// Longest id of a user as typed: a tenant, a colon and a name.
pub(super) const LONGEST_ID: usize = 330;

/// A person or a sandbox, with the way to their page.
pub(super) fn person(user: &UserId) -> Markup {
    html! { a href=(of_anyone(user, "")) { (inert(&user.to_string())) } }
}

/// A time, and how long ago that was.
pub(super) fn moment(ms: i64) -> Markup {
    shell::moment(ms, unix_ms())
}

/// The end of a form that asks before it does something grave.
pub(super) fn decide(label: &str, back: &str) -> Markup {
    html! { div.buttons { button.danger type="submit" { (label) } a href=(back) { "Cancel" } } }
}

/// One line of text to fill in.
pub(super) struct Field<'a> {
    pub name: &'a str,
    pub label: &'a str,
    pub value: &'a str,
    /// What to write, and what comes of it.
    pub hint: &'a str,
    pub required: bool,
    pub longest: usize,
}

impl Default for Field<'_> {
    fn default() -> Self {
        Self { name: "", label: "", value: "", hint: "", required: true, longest: LONGEST_ID }
    }
}

impl Render for Field<'_> {
    fn render(&self) -> Markup {
        let hint = format!("{}-hint", self.name);
        let described = (!self.hint.is_empty()).then_some(&hint);
        html! {
            div {
                label {
                    span { (self.label) }
                    input type="text" name=(self.name) value=(inert_whole(self.value).plain()) required[self.required]
                        maxlength=(self.longest) autocomplete="off" spellcheck="false" dir="auto" aria-describedby=[described];
                }
                @if described.is_some() { small.muted id=(hint) { (self.hint) } }
            }
        }
    }
}

/// A longer text to fill in.
pub(super) fn text_area(name: &str, label: &str, value: &str, longest: usize) -> Markup {
    html! {
        label {
            span { (label) }
            textarea name=(name) rows="4" required maxlength=(longest) dir="auto" { (inert_whole(value).plain()) }
        }
    }
}

/// A box to tick.
pub(super) fn tick(name: &str, value: &str, ticked: bool, label: &str) -> Markup {
    html! { label.check { input type="checkbox" name=(name) value=(value) checked[ticked]; span { (label) } } }
}

/// What went wrong with an act, above the form that it was asked for by.
pub(super) fn problem(problem: Option<&Problem>) -> Markup {
    html! {
        @if let Some(problem) = problem {
            div.notice.bad role="alert" {
                p { strong { "Not done. " } (inert_whole(&problem.detail)) }
                p { "Code: " code { (inert(&problem.code)) } }
            }
        }
    }
}

/// A page on which an act is asked for, anew with what is wrong where it was refused: the status says so to programs.
pub(super) fn answer(frame: &Frame, title: impl Into<String>, body: impl Render, wrong: Option<&Problem>) -> Response {
    let status = wrong.and_then(|problem| StatusCode::from_u16(problem.status).ok());
    frame.show(Sheet::new(title, html! { (problem(wrong)) (body) }).status(status.unwrap_or(StatusCode::OK)))
}

/// Refusals that leave something to put right on the form; of the others, the page is a problem's.
pub(super) fn mendable(problem: Problem) -> Result<Problem, Problem> {
    if matches!(problem.status, 401 | 403 | 404) { Err(problem) } else { Ok(problem) }
}

/// What never was, is gone, or is somebody else's: one page for all of them, in the words of the API.
pub(super) fn missing(what: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}."))
}

/// The user that an address names.
pub(super) fn read_user(text: &str) -> Result<UserId, Problem> {
    UserId::parse(text).map_err(|_| missing("user"))
}

/// What every page works on: the API's methods, who asks, and the frame that the page is shown in.
pub(super) struct Desk {
    pub control: Control,
    pub by: Principal,
    pub frame: Frame,
}

impl FromRequestParts<Control> for Desk {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Problem> {
        let by = Principal::from_request_parts(parts, control).await?;
        let Ok(frame) = Frame::from_request_parts(parts, control).await;
        Ok(Self { control: control.clone(), by, frame })
    }
}

/// A form that says nothing but that it was sent.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
pub(super) struct Sent {}
