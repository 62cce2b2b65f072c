//! What would break: recent requests decided once more under another mode, and what the shadow mode has found since it is on.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::decisions::MODES;
use super::overview::decision_badge;
use super::page::{Group, PageRoute};
use super::shell::{
    Asked, Frame, Sheet, Tone, choice_field, count, empty, encode, filter_form, inert, moment, notice, number, prose, table,
    text_field, user_link, words,
};
use crate::admin::api::{ReplayChange, ReplayQuery, ReplayReport, ShadowGroup, ShadowReport};
use crate::admin::{Access, Control, Principal, Problem};

pub(super) fn pages() -> Vec<PageRoute> {
    vec![
        PageRoute::get("/what-if", Access::View, replay).in_nav(Group::Traffic, "What if"),
        PageRoute::get("/shadow", Access::View, shadow).in_nav(Group::Traffic, "Shadow report"),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    mode: Option<String>,
    client: Option<String>,
}

async fn replay(
    State(control): State<Control>,
    frame: Frame,
    by: Principal,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Problem> {
    let report = match &wanted.mode {
        Some(mode) => {
            let query = ReplayQuery { mode: mode.clone(), client: wanted.client.clone() };
            Some(control.replay_decisions(&by, query).await?)
        }
        None => None,
    };
    let body = html! {
        (filter_form("/what-if", html! {
            (choice_field("mode", "Mode", MODES, wanted.mode.as_deref()))
            (text_field("client", "Client (all if empty)", wanted.client.as_deref()))
        }))
        @match report {
            Some(report) => (replay_view(&report, frame.now())),
            None => (empty("Choose a mode to see what it would have decided on the recent requests. Nothing changes.")),
        }
    };
    let lead = html! {
        "Decides on the recent requests once more, under another mode. For a longer view, set " code { "trust.shadow" } " and read the "
        a href="/shadow" { "shadow report" } "."
    };
    Ok(frame.show(Sheet::new("What if", body).lead(lead)))
}

async fn shadow(State(control): State<Control>, frame: Frame, by: Principal) -> Result<Response, Problem> {
    let report = control.report_shadow(&by).await?;
    let lead = html! { "Who the shadow mode would refuse, kept over restarts. It decides a second time and changes nothing." };
    Ok(frame.show(Sheet::new("Shadow report", shadow_view(&report, frame.now())).lead(lead)))
}

fn replay_view(report: &ReplayReport, now: i64) -> Markup {
    let turned_away: u64 = report.changes.iter().filter(|change| change.to == "refuse").map(|change| change.requests).sum();
    let changed: u64 = report.changes.iter().map(|change| change.requests).sum();
    html! {
        @if report.considered == 0 { (notice(Tone::Note, "There were no requests to decide on since the start.")) }
        @else if turned_away > 0 {
            (notice(Tone::Warn, html! {
                "Under " strong { (inert(&report.mode)) } ", " strong { (count(turned_away)) " of " (count(report.considered)) }
                " requests would be refused. The table says what each would need."
            }))
        } @else {
            (notice(Tone::Good, html! {
                "Under " strong { (inert(&report.mode)) } ", none of " (count(report.considered)) " requests would be refused."
            }))
        }
        p.muted {
            (count(report.unchanged)) " unchanged, " (count(changed)) " changed"
            @if let Some(since) = report.since { "; the oldest is of " (moment(since, now)) } "."
        }
        @if !report.changes.is_empty() { (replay_table(&report.changes, now)) }
    }
}

fn replay_table(changes: &[ReplayChange], now: i64) -> Markup {
    let rows = changes.iter().map(|change| {
        html! {
            tr {
                th.name scope="row" { (inert(&change.client)) }
                td { (decision_badge(&change.from)) " → " (decision_badge(&change.to)) br; code { (inert(&change.reason)) } }
                td.n { (count(change.requests)) }
                td.n { (count(change.users)) }
                td { (moment(change.first_at, now)) }
                td { (moment(change.last_at, now)) }
                td.prose { (prose(&change.needs)) }
                td {
                    @for (place, request) in change.examples.iter().take(3).enumerate() {
                        @if place > 0 { br; }
                        a.together href={ "/decisions/" (encode(request)) } { "Example " (place + 1) }
                    }
                }
            }
        }
    });
    let columns = [
        words("Client"),
        words("Change and reason"),
        number("Requests"),
        number("Users"),
        words("Since (UTC)"),
        words("Last (UTC)"),
        words("What they need"),
        words("Examples"),
    ];
    table("What would change", &columns, rows)
}

fn shadow_view(report: &ShadowReport, now: i64) -> Markup {
    let Some(mode) = &report.mode else {
        return html! {
            (notice(Tone::Note, html! {
                "No shadow mode is set. Write " code { "trust: {shadow: strict}" } " into the configuration and reload: from then on memgate \
                 notes here who strict would refuse."
            }))
            @if !report.groups.is_empty() { h2 { "Found before" } (shadow_table(&report.groups, now)) }
        };
    };
    html! {
        @if report.groups.is_empty() {
            (notice(Tone::Good, html! { "Nobody would have been refused by " strong { (inert(mode)) } " yet." }))
        } @else {
            (notice(Tone::Warn, html! { "These would have been refused by " strong { (inert(mode)) } "." }))
            (shadow_table(&report.groups, now))
        }
    }
}

fn shadow_table(groups: &[ShadowGroup], now: i64) -> Markup {
    let rows = groups.iter().map(|group| {
        html! {
            tr {
                th.name scope="row" { (inert(&group.client)) }
                td.narrow { (user_link(group.user.as_deref())) }
                td { code { (inert(&group.reason)) } }
                td.n { (count(group.requests)) }
                td { (moment(group.first_at, now)) }
                td { (moment(group.last_at, now)) }
                td.prose { (prose(&group.needs)) }
            }
        }
    });
    let columns = [
        words("Client"),
        words("User"),
        words("Reason"),
        number("Requests"),
        words("Since (UTC)"),
        words("Last (UTC)"),
        words("What they need"),
    ];
    table("Who would be refused", &columns, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::tests::{HOSTILE, assert_inert};

    fn change(text: &str, to: &str) -> ReplayChange {
        let own = |text: &str| text.to_owned();
        let (client, from, to, reason, needs) = (own(text), own("admit"), own(to), own(text), own(text));
        let (requests, users, first_at, last_at, examples) = (7, 2, 0, 0, vec![own(text)]);
        ReplayChange { client, from, to, reason, requests, users, first_at, last_at, needs, examples }
    }

    fn report(changes: Vec<ReplayChange>) -> ReplayReport {
        ReplayReport { mode: "strict".into(), considered: 10, since: Some(0), unchanged: 3, changes }
    }

    #[test]
    fn strangers_words_are_inert_in_both_reports() {
        for text in HOSTILE.iter() {
            assert_inert(replay_view(&report(vec![change(text, text)]), 0));
            let (client, user, reason, needs) = (text.clone(), Some(text.clone()), text.clone(), text.clone());
            let group = ShadowGroup { client, user, reason, requests: 1, first_at: 0, last_at: 0, needs };
            for mode in [None, Some(text.clone())] {
                assert_inert(shadow_view(&ShadowReport { mode, groups: vec![group.clone()] }, 0));
            }
        }
    }

    #[test]
    fn a_replay_says_first_whether_anybody_would_be_refused() {
        let refused = replay_view(&report(vec![change("a", "refuse"), change("a", "sandbox")]), 0).into_string();
        assert!(refused.contains("<strong>7 of 10</strong>"), "{refused}");
        let fine = replay_view(&report(vec![change("a", "sandbox")]), 0).into_string();
        assert!(fine.contains("none of 10 requests would be refused"), "{fine}");
    }
}
