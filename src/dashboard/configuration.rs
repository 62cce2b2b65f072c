//! The configuration: the file on the disk against what is in force, and the reload between them.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::page::{Group, PageRoute};
use super::shell::{Frame, Sheet, Tone, inert, inert_whole, moment, notice, show_faults, table, words};
use crate::admin::api::{ConfigChange, ConfigCheck, ConfigView};
use crate::admin::{Access, Control, Principal, Problem, SafeForm};

pub(super) fn pages() -> Vec<PageRoute> {
    vec![
        PageRoute::get("/configuration", Access::View, show).in_nav(Group::Installation, "Configuration"),
        PageRoute::get("/configuration/reload", Access::Act, confirm),
        PageRoute::post("/configuration/reload", Access::Act, reload),
    ]
}

async fn show(State(control): State<Control>, frame: Frame, by: Principal) -> Result<Response, Problem> {
    let (config, check) = (control.show_config(&by).await?, control.check_config(&by).await?);
    let body = html! {
        @if frame.done() == Some("reloaded") { (notice(Tone::Good, "The configuration was reloaded. Running answers keep the one before.")) }
        (on_disk(&check))
        @if frame.may_act() && check.valid && !check.changes.is_empty() {
            p { a.button.primary href="/configuration/reload" { "Reload…" } }
        }
        (in_force(&config, frame.now()))
    };
    Ok(frame.show(Sheet::new("Configuration", body)))
}

async fn confirm(State(control): State<Control>, frame: Frame, by: Principal) -> Result<Response, Problem> {
    let check = control.check_config(&by).await?;
    Ok(frame.show(confirmation(&frame, &check)))
}

#[derive(Debug, Deserialize)]
struct Nothing {}

async fn reload(
    State(control): State<Control>,
    by: Principal,
    SafeForm(Nothing {}): SafeForm<Nothing>,
) -> Result<Response, Problem> {
    control.reload_config(&by).await?;
    Ok(Redirect::to("/configuration?done=reloaded").into_response())
}

fn confirmation(frame: &Frame, check: &ConfigCheck) -> Sheet {
    let body = html! {
        (on_disk(check))
        @if check.valid {
            (frame.form("/configuration/reload", html! {
                div.buttons { button.primary type="submit" { "Reload now" } a href="/configuration" { "Leave it as it is" } }
            }))
        } @else { p { a href="/configuration" { "Back" } } }
    };
    Sheet::new("Reload the configuration?", body).lead(
        html! { "New requests follow the file as it is then. Answers that stream keep the configuration that they began under." },
    )
}

/// What the file on the disk would do.
fn on_disk(check: &ConfigCheck) -> Markup {
    html! {
        h2 { "On the disk" }
        @if !check.valid {
            (notice(Tone::Bad, "The file on the disk has faults and cannot be loaded. What is in force stays so."))
            (show_faults(&check.faults))
        } @else if check.changes.is_empty() {
            (notice(Tone::Good, "The file on the disk is valid, and it is what is in force."))
        } @else {
            (notice(Tone::Warn, html! {
                "The file on the disk is valid. " (check.changes.len()) @if check.changes.len() == 1 { " setting differs" } @else { " settings differ" }
                " from what is in force."
            }))
        }
        @if !check.changes.is_empty() { (change_table(&check.changes)) }
    }
}

fn change_table(changes: &[ConfigChange]) -> Markup {
    let side = |text: &Option<String>| html! { @if let Some(text) = text { code { (inert_whole(text)) } } @else { span.muted { "not set" } } };
    let rows = changes.iter().map(|change| {
        html! {
            tr {
                th scope="row" { code { (inert(&change.path)) } }
                td { del { (side(&change.from)) } }
                td { ins { (side(&change.to)) } }
            }
        }
    });
    table("What a reload would change", &[words("Setting"), words("In force"), words("On the disk")], rows)
}

fn in_force(config: &ConfigView, now: i64) -> Markup {
    html! {
        h2 { "In force" }
        p.muted { code { (inert(&config.path)) } ", loaded " (moment(config.loaded_at, now)) ". What is or may be secret is replaced." }
        pre.text role="region" aria-label="The configuration in force" tabindex="0" { (inert_whole(&config.text)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::api::FaultView;
    use crate::dashboard::tests::{HOSTILE, assert_inert, assert_whole};

    #[test]
    fn words_of_the_file_are_inert() {
        for text in HOSTILE.iter() {
            let fault = FaultView { path: text.clone(), reason: text.clone(), remedy: text.clone() };
            let change = ConfigChange { path: text.clone(), from: Some(text.clone()), to: Some(text.clone()) };
            assert_inert(on_disk(&ConfigCheck { valid: false, faults: vec![fault], changes: vec![change] }));
            assert_inert(in_force(&ConfigView { path: text.clone(), loaded_at: 0, text: text.clone() }, 0));
        }
    }

    #[test]
    fn a_reload_is_offered_for_a_valid_file_only() {
        let frame = Frame::sample("/configuration/reload");
        let change = ConfigChange { path: "trust.mode".into(), from: Some("required".into()), to: None };
        let page = |valid| {
            let check = ConfigCheck { valid, faults: Vec::new(), changes: vec![change.clone()] };
            let page = frame.render(confirmation(&frame, &check));
            assert_whole(&page);
            page.into_string()
        };
        assert!(page(true).contains("Reload now") && page(true).contains("not set"));
        assert!(!page(false).contains("Reload now"));
    }
}
