//! The page to sign in on. What it sends goes to the gate.

use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::page::PageRoute;
use super::shell::{Asked, Frame, Sheet, Tone, hidden_field, inert, notice};
use super::theme::own_path;
use crate::admin::{Access, Via};

pub(super) fn pages() -> Vec<PageRoute> {
    vec![PageRoute::get("/sign-in", Access::Public, show)]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    /// The page to go on to.
    next: String,
}

async fn show(frame: Frame, Asked(Wanted { next }): Asked<Wanted>) -> Response {
    let next = own_path(&next);
    match frame.by() {
        None => frame.show(Sheet::new("Sign in", sign_in_form(next, frame.says("refused")))),
        Some(by) if by.via() == Via::Open => frame.show(Sheet::new("Sign in", open_gate())),
        Some(by) => {
            let body = html! { p { "You are signed in as " strong { (inert(by.name())) } ", " (by.role().as_str()) "." } p { a href=(next) { "Go on" } } };
            frame.show(Sheet::new("Sign in", body))
        }
    }
}

fn sign_in_form(next: &str, refused: bool) -> Markup {
    html! {
        @if refused { (notice(Tone::Bad, "The name and the password do not belong together. Try again.")) }
        form.act method="post" action="/sign-in" {
            (hidden_field("next", next))
            label { span { "Name of the credential" } input type="text" name="name" required autocomplete="username" autocapitalize="none" spellcheck="false"; }
            label { span { "Password, or token" } input type="password" name="password" required autocomplete="current-password"; }
            div { button.primary type="submit" { "Sign in" } }
        }
        p.muted { "Without signing in, " a href="/" { "health" } " is all there is to see." }
    }
}

fn open_gate() -> Markup {
    html! {
        (notice(Tone::Warn, html! {
            "No credential is configured, so there is nothing to sign in with: whoever reaches this address is the operator. Therefore memgate \
             listens for operators on this machine alone."
        }))
        p { "To ask for a sign-in, write a credential below " code { "admin.credentials" } "; " code { "memgate admin hash-password" } " makes what stands for a password." }
        p { a href="/" { "To the overview" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::tests::{HOSTILE, assert_inert, assert_whole};

    #[test]
    fn the_form_says_when_it_was_refused_and_carries_the_way_on() {
        let frame = Frame::sample("/sign-in?refused&next=%2Fusers");
        assert!(frame.says("refused") && !Frame::sample("/sign-in?next=refused").says("refused"));
        let page = frame.render(Sheet::new("Sign in", sign_in_form("/users", true)));
        assert_whole(&page);
        assert!(page.0.contains("do not belong together") && page.0.contains(r#"name="next" value="/users""#));
        HOSTILE.iter().for_each(|text| assert_inert(sign_in_form(own_path(text), false)));
    }

    #[test]
    fn an_open_gate_is_said_plainly() {
        assert!(open_gate().into_string().contains("No credential is configured"));
    }
}
