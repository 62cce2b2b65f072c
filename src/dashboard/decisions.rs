//! What was decided on recent requests, and why.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::overview::decision_badge;
use super::page::{Group, PageRoute};
use super::shell::{
    Asked, Frame, Sheet, Tone, choice_field, count, empty, encode, facts_list, filter_form, inert, inert_whole, live_switch,
    moment, notice, number, optional, paging, prose, table, text_field, time_field, user_link, utc, words,
};
use crate::admin::api::{DecisionFilter, DecisionRow, Explanation, ModeOutcome, Page};
use crate::admin::{Access, Control, Principal, Problem};
use crate::ids::RequestId;

/// Trust modes with their words for a choice.
pub(super) const MODES: [(&str, &str); 4] =
    [("strict", "strict"), ("required", "required"), ("quarantine", "quarantine"), ("legacy", "legacy")];

pub(super) fn pages() -> Vec<PageRoute> {
    vec![
        PageRoute::get("/decisions", Access::View, list).in_nav(Group::Traffic, "Decisions"),
        PageRoute::get("/decisions/{request}", Access::View, explain),
    ]
}

/// The filters as the form sends them: times in words.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    user: Option<String>,
    client: Option<String>,
    mode: Option<String>,
    decision: Option<String>,
    reason: Option<String>,
    route: Option<String>,
    search: Option<String>,
    since: Option<String>,
    until: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

impl Wanted {
    fn filter(&self) -> Result<DecisionFilter, Problem> {
        let Self { user, client, mode, decision, reason, route, search, cursor, .. } = &self;
        Ok(DecisionFilter {
            user: user.clone(),
            client: client.clone(),
            mode: mode.clone(),
            decision: decision.clone(),
            reason: reason.clone(),
            route: route.clone(),
            search: search.clone(),
            since: utc(self.since.as_deref())?,
            until: utc(self.until.as_deref())?,
            cursor: cursor.clone(),
            limit: self.limit,
        })
    }

    fn pairs(&self) -> Vec<(&'static str, Option<&str>)> {
        vec![
            ("user", self.user.as_deref()),
            ("client", self.client.as_deref()),
            ("mode", self.mode.as_deref()),
            ("decision", self.decision.as_deref()),
            ("reason", self.reason.as_deref()),
            ("route", self.route.as_deref()),
            ("search", self.search.as_deref()),
            ("since", self.since.as_deref()),
            ("until", self.until.as_deref()),
        ]
    }
}

async fn list(
    State(control): State<Control>,
    frame: Frame,
    by: Principal,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Problem> {
    let page = control.list_decisions(&by, wanted.filter()?).await?;
    let body = html! { (filters(&wanted)) (listing(&page, &wanted, frame.now())) };
    let lead =
        html! { "Requests that have ended, the newest first. Kept in memory since the start; the audit log has them all." };
    Ok(frame.show(Sheet::new("Decisions", body).lead(lead).actions(live_switch(&frame))))
}

async fn explain(
    State(control): State<Control>,
    frame: Frame,
    by: Principal,
    Path(request): Path<String>,
) -> Result<Response, Problem> {
    let unknown = |_| Problem::new(StatusCode::NOT_FOUND, "not_found", "No request has this id.");
    let request: RequestId = request.parse().map_err(unknown)?;
    let explanation = control.explain_decision(&by, request).await?;
    let lead = html! { a href="/decisions" { "All decisions" } };
    Ok(frame.show(Sheet::new("Why this was decided so", explanation_view(&explanation, frame.now())).lead(lead)))
}

fn filters(wanted: &Wanted) -> Markup {
    let decisions = [("", "any"), ("admit", "admit"), ("sandbox", "sandbox"), ("bypass", "bypass"), ("refuse", "refuse")];
    let modes = [("", "any")].into_iter().chain(MODES);
    filter_form(
        "/decisions",
        html! {
            (text_field("user", "User", wanted.user.as_deref()))
            (text_field("client", "Client", wanted.client.as_deref()))
            (choice_field("decision", "Decision", decisions, wanted.decision.as_deref()))
            (choice_field("mode", "Mode", modes, wanted.mode.as_deref()))
            (text_field("reason", "Reason", wanted.reason.as_deref()))
            (text_field("route", "Route", wanted.route.as_deref()))
            (text_field("search", "Id, path, model or peer", wanted.search.as_deref()))
            (time_field("since", "From (UTC)", wanted.since.as_deref()))
            (time_field("until", "To (UTC)", wanted.until.as_deref()))
        },
    )
}

fn listing(page: &Page<DecisionRow>, wanted: &Wanted, now: i64) -> Markup {
    let columns = [
        words("Time (UTC)"),
        words("Decision"),
        words("Reason"),
        words("User"),
        words("Client"),
        words("Evidence"),
        words("Mode"),
        words("Route"),
        words("Model"),
        number("Status"),
        number("Took"),
        number("First token"),
    ];
    html! {
        div #live data-event="decision" data-live="off" {
            @if page.items.is_empty() { (empty("No request fits.")) }
            @else { (table("Decisions", &columns, page.items.iter().map(|row| decision_row(row, now)))) }
            (paging("/decisions", &wanted.pairs(), wanted.cursor.as_deref(), page.next.as_deref()))
        }
    }
}

fn decision_row(row: &DecisionRow, now: i64) -> Markup {
    html! {
        tr {
            td { a href={ "/decisions/" (encode(&row.request)) } { (moment(row.time, now)) } }
            td { (decision_badge(&row.decision)) }
            td { code { (inert(&row.reason)) } @if let Some(shadow) = &row.shadow { br; span.muted.together { "shadow: " code { (inert(shadow)) } } } }
            td.narrow { (user_link(row.user.as_deref())) }
            td.name { (inert(&row.client)) }
            td { (optional(row.source.as_deref())) @if let Some(level) = &row.assurance { br; span.muted { (inert(level)) } } }
            td { (inert(&row.mode)) }
            td { (inert(&row.route)) }
            td.narrow { (optional(row.model.as_deref())) }
            td.n { (status(row)) }
            td.n { (milliseconds(Some(row.duration_ms))) }
            td.n { (milliseconds(row.first_token_ms)) }
        }
    }
}

fn status(row: &DecisionRow) -> Markup {
    html! { @if let Some(status) = row.status { (status) } @else { span.muted { "left" } } }
}

fn milliseconds(value: Option<f64>) -> Markup {
    html! {
        @match value {
            Some(ms) if ms >= 1000.0 => (format_args!("{:.1} s", ms / 1000.0)),
            Some(ms) if ms >= 10.0 => (format_args!("{ms:.0} ms")),
            Some(ms) => (format_args!("{ms:.1} ms")),
            None => span.muted { "–" },
        }
    }
}

fn explanation_view(explanation: &Explanation, now: i64) -> Markup {
    let Explanation { row, steps, modes, remedy } = explanation;
    let tokens = |tokens: Option<u64>| html! { @match tokens { Some(tokens) => (count(tokens)), None => span.muted { "–" } } };
    html! {
        @if let Some(remedy) = remedy { (notice(Tone::Warn, html! { strong { "What would help: " } (prose(remedy)) })) }
        (facts_list([
            ("Decision", html! { (decision_badge(&row.decision)) " " code { (inert(&row.reason)) } }),
            ("Request", html! { code { (inert(&row.request)) } }),
            ("Time (UTC)", moment(row.time, now)),
            ("Client", inert_markup(&row.client)),
            ("Peer", inert_markup(&row.peer)),
            ("User", user_link(row.user.as_deref())),
            ("Evidence", html! { (optional(row.source.as_deref())) @if let Some(level) = &row.assurance { ", " (inert(level)) } }),
            ("Mode", html! { (inert(&row.mode)) @if let Some(shadow) = &row.shadow { ", shadow would refuse: " code { (inert(shadow)) } } }),
            ("Asked", html! { (inert(&row.method)) " " (inert(&row.path)) span.muted { " (" (inert(&row.route)) ")" } }),
            ("Model and upstream", html! { (optional(row.model.as_deref())) " at " (optional(row.upstream.as_deref())) }),
            ("Status", html! { (status(row)) ", " (inert(&row.outcome)) @if let Some(error) = &row.error { ", " code { (inert(error)) } } }),
            ("Took", html! { (milliseconds(Some(row.duration_ms))) ", first token " (milliseconds(row.first_token_ms)) }),
            ("Memory", html! { (row.facts_used) " facts used, " (row.messages_cut) " messages cut" }),
            ("Tokens", html! { (tokens(row.tokens_in)) " in, " (tokens(row.tokens_out)) " out" }),
        ]))
        h2 { "Step by step" }
        @if steps.is_empty() { (empty("The steps of this request are not known any more.")) }
        ol.steps {
            @for step in steps { li { strong { (inert(&step.name)) } ": " (inert_whole(&step.result)) p { (prose(&step.why)) } } }
        }
        h2 { "What each mode would decide" }
        (modes_table(modes, &row.mode))
    }
}

fn inert_markup(text: &str) -> Markup {
    html! { (inert(text)) }
}

fn modes_table(modes: &[ModeOutcome], in_force: &str) -> Markup {
    let rows = modes.iter().map(|outcome| {
        html! {
            tr {
                th scope="row" { (inert(&outcome.mode)) @if outcome.mode == in_force { " " span.muted { "(in force)" } } }
                td { (decision_badge(&outcome.decision)) }
                td { code { (inert(&outcome.reason)) } }
            }
        }
    });
    table("Decisions by mode", &[words("Mode"), words("Decision"), words("Reason")], rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::api::Step;
    use crate::dashboard::tests::{HOSTILE, assert_inert, assert_whole, decision};

    #[test]
    fn strangers_words_are_inert_in_the_list_and_in_the_explanation() {
        for text in HOSTILE.iter() {
            let page = Page { items: vec![decision(text)], next: Some(text.clone()), total: None };
            let wanted = Wanted { search: Some(text.clone()), user: Some(text.clone()), ..Wanted::default() };
            assert_inert(listing(&page, &wanted, 0));
            let explanation = Explanation {
                row: decision(text),
                steps: vec![Step { name: text.clone(), result: text.clone(), why: text.clone() }],
                modes: vec![ModeOutcome { mode: text.clone(), decision: text.clone(), reason: text.clone() }],
                remedy: Some(text.clone()),
            };
            assert_inert(explanation_view(&explanation, 0));
        }
    }

    #[test]
    fn what_is_asked_for_stays_in_the_form_and_in_the_links() {
        let wanted = Wanted { client: Some("open-webui".into()), decision: Some("refuse".into()), ..Wanted::default() };
        let page = Page { items: vec![decision("a")], next: Some("older".into()), total: None };
        let body = html! { (filters(&wanted)) (listing(&page, &wanted, 0)) };
        let shown = body.clone().into_string();
        assert!(shown.contains(r#"<option value="refuse" selected>"#), "{shown}");
        assert!(shown.contains(r#"href="/decisions?client=open-webui&amp;decision=refuse&amp;cursor=older""#), "{shown}");
        assert_whole(&Frame::sample("/decisions").render(Sheet::new("Decisions", body)));
    }

    #[test]
    fn times_that_are_none_are_refused() {
        let wanted = Wanted { since: Some("<script>".into()), ..Wanted::default() };
        assert_eq!(wanted.filter().unwrap_err().status, 400);
    }
}
