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
        None => frame.show(Sheet::new("Sign in", sign_in_form(next))),
        Some(by) if by.via() == Via::Open => frame.show(Sheet::new("Sign in", open_gate())),
        Some(by) => {
            let body = html! { p { "You are signed in as " strong { (inert(by.name())) } ", " (by.role().as_str()) "." } p { a href=(next) { "Go on" } } };
            frame.show(Sheet::new("Sign in", body))
        }
    }
}

fn sign_in_form(next: &str) -> Markup {
    html! {
        form.act method="post" action="/sign-in" {
            (hidden_field("next", next))
            label { span { "Name of the credential" } input type="text" name="name" required autocomplete="username" autocapitalize="none" spellcheck="false"; }
            label { span { "Password" } input type="password" name="password" required autocomplete="current-password"; }
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
        p { "To ask for a sign-in, make a credential with " code { "memgate credential" } " and put it below " code { "admin.credentials" } "." }
        p { a href="/" { "To the overview" } }
    }
}
