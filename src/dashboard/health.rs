//! Whether memgate serves, and what is wrong. Names no user, so anybody may see it.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::page::{Group, PageRoute};
use super::shell::{Frame, Sheet, Tone, badge, empty, inert, notice, prose, table, words};
use crate::admin::api::Health;
use crate::admin::{Access, Control};

pub(super) fn pages() -> Vec<PageRoute> {
    vec![PageRoute::get("/health", Access::Public, show).in_nav(Group::Installation, "Health")]
}

async fn show(State(control): State<Control>, frame: Frame) -> Response {
    let health = control.check_health().await;
    frame.show(Sheet::new("Health", show_checks(&health)))
}

/// The checks, each with why.
pub(super) fn show_checks(health: &Health) -> Markup {
    let rows = health.checks.iter().map(|check| {
        html! {
            tr {
                th scope="row" { (inert(&check.name)) }
                td { @if check.ok { (badge(Tone::Good, "well")) } @else { (badge(Tone::Bad, "failing")) } }
                td.prose { (prose(&check.detail)) }
            }
        }
    });
    html! {
        @if health.ready { (notice(Tone::Good, "memgate serves requests.")) }
        @else { (notice(Tone::Bad, "memgate does not serve requests now.")) }
        @if health.checks.is_empty() { (empty("There are no checks.")) } @else {
            (table("Checks", &[words("Check"), words("State"), words("Detail")], rows))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::api::HealthCheck;
    use crate::dashboard::tests::{HOSTILE, assert_inert};

    #[test]
    fn checks_say_why_and_run_nothing() {
        for text in HOSTILE.iter() {
            let check = HealthCheck { name: text.clone(), ok: false, detail: text.clone() };
            assert_inert(show_checks(&Health { ready: false, checks: vec![check] }));
        }
    }
}
