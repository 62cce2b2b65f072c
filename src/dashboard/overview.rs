//! How everything goes, at a glance. Whoever is not signed in sees health alone.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::health::show_checks;
use super::installation::upstream_table;
use super::page::{Group, PageRoute};
use super::plot::{Chart, Line, Unit, bar};
use super::shell::{
    Frame, Sheet, Tone, ago, badge, bytes_text, clock, count, empty, encode, inert, live_switch, moment, notice, number, table,
    words,
};
use crate::admin::api::{ClientActivity, Count, DecisionCount, Overview, Series};
use crate::admin::{Access, Control, Problem, Via};

pub(super) fn pages() -> Vec<PageRoute> {
    // The router lets everybody in; the navigation names it to those who see more than health there.
    vec![PageRoute::get("/", Access::Public, show).in_nav(Group::Traffic, "Overview").named_to(Access::View)]
}

async fn show(State(control): State<Control>, frame: Frame) -> Result<Response, Problem> {
    let Some(by) = frame.by() else {
        let checks = show_checks(&control.check_health().await);
        let body = html! { (checks) p { a.button.primary href="/sign-in" { "Sign in" } } };
        return Ok(frame.show(Sheet::new("Health", body).lead(html! { "Sign in to see more." })));
    };
    if !by.role().may(Access::View) {
        return Ok(Redirect::to("/audit").into_response());
    }
    let overview = control.show_overview(by).await?;
    let lead = html! {
        "Mode " strong { (inert(&overview.mode)) }
        @if let Some(shadow) = &overview.shadow { ", shadow " strong { (inert(shadow)) } }
        " · up since " (moment(overview.started_at, frame.now()))
    };
    let body = html! {
        @if by.via() == Via::Open {
            (notice(Tone::Warn, html! {
                "No credential is configured, so whoever reaches this address is the operator. It listens on this machine alone. "
                "Set " code { "admin.credentials" } " to ask for a sign-in."
            }))
        }
        (view(&overview, frame.now()))
    };
    Ok(frame.show(Sheet::new("Overview", body).lead(lead).actions(live_switch(&frame))))
}

/// The part that updates by itself.
fn view(overview: &Overview, now: i64) -> Markup {
    let Overview { series, .. } = overview;
    html! {
        div #live data-event="overview" data-live="on" {
            (figures(overview))
            @if overview.audit_dropped > 0 {
                (notice(Tone::Bad, html! {
                    (count(overview.audit_dropped)) " audit records were lost: the disk was too slow or is full."
                }))
            }
            div.cards {
                @for chart in charts(series) { div.card { (chart.draw()) } }
                section.card aria-labelledby="recalls" { h2 #recalls { "Recalls since the start" } (recall_table(&overview.recalls)) }
            }
            h2 { "Decisions since the start" }
            (decision_table(&overview.decisions))
            h2 { "Users by client" }
            (activity_table(&overview.activity))
            h2 { "Upstreams" }
            (upstream_table(&overview.upstreams))
            p.muted { "Read at " (clock(overview.now)) " UTC, " (ago(overview.now, now)) "." }
        }
    }
}

fn figures(overview: &Overview) -> Markup {
    let latest = |points: &[f64]| points.last().map_or("–".to_owned(), |rate| Unit::PerSecond.show(*rate));
    let active: u64 = overview.activity.iter().map(|client| client.active).sum();
    let idle: u64 = overview.activity.iter().map(|client| client.idle).sum();
    let hits = overview.series.recall_hits.iter().rev().flatten().next();
    let figure = |title: &str, value: &str, more: Option<String>| {
        html! { div { dt { (title) } dd { (value) @if let Some(more) = more { " " small { (more) } } } } }
    };
    html! {
        dl.figures {
            (figure("requests now", &latest(&overview.series.requests_per_second), None))
            (figure("refusals now", &latest(&overview.series.refusals_per_second), None))
            (figure("active users", &count(active), Some(format!("{} idle", count(idle)))))
            (figure("cross-scope denials", &count(overview.cross_scope_denials), None))
            (figure("answers streaming", &count(overview.open_streams), Some(format!("{} queued", count(overview.queued)))))
            (figure("tokens saved by trimming", &count(overview.tokens_saved), Some(format!("{} trims", count(overview.trims)))))
            (figure("messages cut", &count(overview.messages_cut), None))
            (figure("recalls that found something", &hits.map_or("–".to_owned(), |share| Unit::Share.show(*share)), None))
            (figure("tokens in", &count(overview.tokens_in), Some(format!("{} out", count(overview.tokens_out)))))
            (figure("waiting to be learned", &bytes_text(overview.learning_queue_bytes), None))
            (figure("users known", &count(overview.users), Some(format!("{} sandboxes", count(overview.sandboxes)))))
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of running requests")]
fn charts(series: &Series) -> Vec<Chart<'_>> {
    let known = |points: &[f64]| points.iter().copied().map(Some).collect();
    let counted = |points: &[u64]| points.iter().map(|count| Some(*count as f64)).collect();
    let chart = |id, title, unit, lines: Vec<(&'static str, Vec<Option<f64>>)>| {
        let lines = lines.into_iter().map(|(name, points)| Line { name, points }).collect();
        Chart { id, title, unit, at: &series.at, lines }
    };
    vec![
        chart(
            "rate",
            "Requests",
            Unit::PerSecond,
            vec![("all", known(&series.requests_per_second)), ("refused", known(&series.refusals_per_second))],
        ),
        chart(
            "duration",
            "Time to the answer's end",
            Unit::Seconds,
            vec![("p50", series.duration_p50.clone()), ("p95", series.duration_p95.clone())],
        ),
        chart(
            "first-token",
            "Time to the first token",
            Unit::Seconds,
            vec![("p50", series.first_token_p50.clone()), ("p95", series.first_token_p95.clone())],
        ),
        chart(
            "load",
            "Answers streaming and requests queued",
            Unit::Count,
            vec![("streaming", counted(&series.open_streams)), ("queued", counted(&series.queued))],
        ),
        chart("recall", "Recalls that found something", Unit::Share, vec![("share", series.recall_hits.clone())]),
    ]
}

/// How a decision is marked.
pub(super) fn decision_badge(decision: &str) -> Markup {
    let tone = match decision {
        "admit" => Tone::Good,
        "sandbox" => Tone::Warn,
        "refuse" => Tone::Bad,
        _ => Tone::Note,
    };
    badge(tone, inert(decision))
}

fn decision_table(decisions: &[DecisionCount]) -> Markup {
    let all = decisions.iter().map(|decision| decision.requests).max().unwrap_or_default();
    let class = |decision: &str| match decision {
        "admit" => "good",
        "sandbox" => "warn",
        "refuse" => "bad",
        _ => "",
    };
    let rows = decisions.iter().map(|found| {
        let DecisionCount { mode, decision, reason, requests } = found;
        html! {
            tr {
                td { (decision_badge(decision)) }
                td { a href={ "/decisions?reason=" (encode(reason)) } { code { (inert(reason)) } } }
                td { (inert(mode)) }
                td.n { (count(*requests)) }
                td.bars { (bar(*requests, all, class(decision))) }
            }
        }
    });
    html! {
        @if decisions.is_empty() { (empty("No request was decided yet.")) } @else {
            (table(
                "Decisions by mode and reason",
                &[words("Decision"), words("Reason"), words("Mode"), number("Requests"), words("Share")],
                rows,
            ))
        }
    }
}

fn activity_table(activity: &[ClientActivity]) -> Markup {
    let most = activity.iter().map(|client| client.active + client.idle).max().unwrap_or_default();
    let rows = activity.iter().map(|found| {
        html! {
            tr {
                th scope="row" { a href={ "/decisions?client=" (encode(&found.client)) } { (inert(&found.client)) } }
                td.n { (count(found.active)) }
                td.n { (count(found.idle)) }
                td.bars { (bar(found.active, most, "good")) }
            }
        }
    });
    html! {
        p.muted { "Active: within five minutes. Idle: within a day." }
        @if activity.is_empty() { (empty("Nobody was seen yet.")) } @else {
            (table("Users by client", &[words("Client"), number("Active"), number("Idle"), words("Active share")], rows))
        }
    }
}

fn recall_table(recalls: &[Count]) -> Markup {
    let all: u64 = recalls.iter().map(|recall| recall.count).sum();
    let rows = recalls.iter().map(|recall| {
        html! {
            tr {
                th scope="row" { (inert(&recall.name)) }
                td.n { (count(recall.count)) }
                td.bars { (bar(recall.count, all, "")) }
            }
        }
    });
    html! {
        @if recalls.is_empty() { (empty("Nothing was recalled yet.")) } @else {
            (table("Recalls by result", &[words("Result"), number("Recalls"), words("Share")], rows))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::tests::{HOSTILE, assert_inert, upstream};

    #[test]
    fn the_overview_shows_strangers_words_inert() {
        for text in HOSTILE.iter() {
            let decision = DecisionCount { mode: text.clone(), decision: text.clone(), reason: text.clone(), requests: 3 };
            let overview = Overview {
                decisions: vec![decision],
                activity: vec![ClientActivity { client: text.clone(), active: 1, idle: 2 }],
                recalls: vec![Count { name: text.clone(), count: 1 }],
                upstreams: vec![upstream(text)],
                ..Overview::default()
            };
            assert_inert(view(&overview, 0));
        }
    }

    #[test]
    fn it_answers_the_operators_questions_at_a_glance() {
        let series = Series {
            step_seconds: 10,
            at: vec![1_700_000_000_000, 1_700_000_010_000],
            requests_per_second: vec![1.0, 2.5],
            refusals_per_second: vec![0.0, 0.5],
            recall_hits: vec![Some(0.25), None],
            ..Series::default()
        };
        let activity = vec![ClientActivity { client: "open-webui".into(), active: 3, idle: 4 }];
        let overview =
            Overview { series, activity, cross_scope_denials: 7, tokens_saved: 1234, audit_dropped: 2, ..Overview::default() };
        let shown = view(&overview, 0).into_string();
        for said in ["2.5/s", "0.5/s", "4 idle", "25 %", "<dd>7</dd>", "1\u{202f}234", "2 audit records were lost"] {
            assert!(shown.contains(said), "{said}");
        }
    }
}
