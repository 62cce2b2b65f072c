//! The audit log: who wrote what and when, and whether anybody has touched it since.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::overview::decision_badge;
use super::page::{Group, PageRoute};
use super::shell::{
    Asked, Frame, Sheet, Tone, badge, choice_field, count, empty, encode, facts_list, filter_form, inert, inert_whole, moment,
    notice, number, optional, paging, table, text_field, time_field, utc, words,
};
use crate::admin::api::{AuditFilter, AuditLine, AuditVerification, Page};
use crate::admin::{Access, Control, Principal, Problem, SafeForm};

pub(super) fn pages() -> Vec<PageRoute> {
    vec![
        PageRoute::get("/audit", Access::Audit, list).in_nav(Group::Record, "Audit log"),
        PageRoute::get("/audit/verification", Access::Audit, offer),
        PageRoute::post("/audit/verification", Access::Audit, verify),
    ]
}

/// The filters as the form sends them: times in words.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    #[serde(rename = "type")]
    sort: Option<String>,
    user: Option<String>,
    act: Option<String>,
    operator: Option<String>,
    client: Option<String>,
    id: Option<String>,
    since: Option<String>,
    until: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

impl Wanted {
    fn filter(&self) -> Result<AuditFilter, Problem> {
        let Self { sort, user, act, operator, client, id, cursor, .. } = &self;
        Ok(AuditFilter {
            sort: sort.clone(),
            user: user.clone(),
            act: act.clone(),
            operator: operator.clone(),
            client: client.clone(),
            id: id.clone(),
            since: utc(self.since.as_deref())?,
            until: utc(self.until.as_deref())?,
            cursor: cursor.clone(),
            limit: self.limit,
        })
    }

    fn pairs(&self) -> Vec<(&'static str, Option<&str>)> {
        vec![
            ("type", self.sort.as_deref()),
            ("user", self.user.as_deref()),
            ("act", self.act.as_deref()),
            ("operator", self.operator.as_deref()),
            ("client", self.client.as_deref()),
            ("id", self.id.as_deref()),
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
    let page = control.list_audit(&by, wanted.filter()?).await?;
    let body = html! { (filters(&wanted)) (listing(&page, &wanted, frame.now())) };
    let actions = html! {
        a.button href="/audit/verification" { "Verify the log" }
        a.button href="/v1/audit/export" { "Export (JSON lines)" }
    };
    let lead = html! { "Who wrote what and when, the newest first. Append-only and chained: verifying it shows any edit." };
    Ok(frame.show(Sheet::new("Audit log", body).lead(lead).actions(actions)))
}

async fn offer(frame: Frame) -> Response {
    frame.show(verification_sheet(&frame, &html! {}))
}

#[derive(Debug, Deserialize)]
struct Nothing {}

/// It changes nothing, but reads the whole log: so it takes a form.
async fn verify(
    State(control): State<Control>,
    frame: Frame,
    by: Principal,
    SafeForm(Nothing {}): SafeForm<Nothing>,
) -> Result<Response, Problem> {
    let found = control.verify_audit(&by).await?;
    Ok(frame.show(verification_sheet(&frame, &verdict(&found))))
}

fn verification_sheet(frame: &Frame, result: &Markup) -> Sheet {
    let body = html! {
        (result)
        (frame.form("/audit/verification", html! { div { button.primary type="submit" { "Verify the whole log" } } }))
        p.muted { "Goes through every record that is kept, and finds any that was edited, removed or put elsewhere." }
    };
    Sheet::new("Verification of the audit log", body).lead(html! { a href="/audit" { "Audit log" } })
}

fn verdict(found: &AuditVerification) -> Markup {
    let number_of = |number: Option<u64>| html! { @match number { Some(number) => (count(number)), None => span.muted { "–" } } };
    let rows = found.faults.iter().map(|fault| {
        html! { tr { th scope="row" { (inert(&fault.file)) } td.n { (count(fault.line)) } td { (inert_whole(&fault.what)) } } }
    });
    html! {
        @if found.intact { (notice(Tone::Good, "The log is whole: nothing was edited, removed or put elsewhere.")) }
        @else { (notice(Tone::Bad, "The log is not whole. Keep its files as they are, and look into what is listed here.")) }
        (facts_list([
            ("Records", html! { (count(found.records)) }),
            ("Files", html! { (found.files) }),
            ("First number kept", number_of(found.first)),
            ("Last number", number_of(found.last)),
            ("Took", html! { (count(found.took_ms)) " ms" }),
        ]))
        @if !found.faults.is_empty() { (table("What is wrong", &[words("File"), number("Line"), words("Fault")], rows)) }
    }
}

fn filters(wanted: &Wanted) -> Markup {
    let sorts = [("", "any"), ("request", "requests"), ("learned", "learned facts"), ("operator", "acts of operators")];
    filter_form(
        "/audit",
        html! {
            (choice_field("type", "Sort", sorts, wanted.sort.as_deref()))
            (text_field("user", "User", wanted.user.as_deref()))
            (text_field("operator", "Operator", wanted.operator.as_deref()))
            (text_field("act", "Act", wanted.act.as_deref()))
            (text_field("client", "Client", wanted.client.as_deref()))
            (text_field("id", "Id of a request, fact, key or receipt", wanted.id.as_deref()))
            (time_field("since", "From (UTC)", wanted.since.as_deref()))
            (time_field("until", "To (UTC)", wanted.until.as_deref()))
        },
    )
}

fn listing(page: &Page<AuditLine>, wanted: &Wanted, now: i64) -> Markup {
    let columns =
        [number("No."), words("Time (UTC)"), words("Who"), words("What"), words("Of whom"), words("Outcome"), words("Record")];
    html! {
        @if page.items.is_empty() { (empty("No record fits.")) }
        @else { (table("Audit log", &columns, page.items.iter().map(|line| line_row(line, now)))) }
        (paging("/audit", &wanted.pairs(), wanted.cursor.as_deref(), page.next.as_deref()))
    }
}

fn line_row(line: &AuditLine, now: i64) -> Markup {
    let word = |name: &str| line.record.get(name).and_then(Value::as_str);
    let time = word("time").and_then(|time| time.parse::<jiff::Timestamp>().ok());
    html! {
        tr {
            td.n { (line.seq) }
            td { @if let Some(time) = time { (moment(time.as_millisecond(), now)) } @else { (optional(word("time"))) } }
            td { (who(word)) }
            td.narrow { (what(&line.record)) }
            td.narrow { (of_whom(word)) }
            td { (outcome(word)) }
            td {
                details {
                    summary { "All fields" }
                    pre.text tabindex="0" { (inert_whole(&serde_json::to_string_pretty(&line.record).unwrap_or_default())) }
                }
            }
        }
    }
}

/// Who did it: an operator, a client's request, or memgate's learner.
fn who<'a>(word: impl Fn(&str) -> Option<&'a str>) -> Markup {
    html! {
        @match word("type") {
            Some("operator") => { (badge(Tone::Warn, "operator")) " " (optional(word("operator"))) }
            Some("learned") => (badge(Tone::Note, "learner")),
            Some(sort) if own_words(sort).is_some() => (badge(Tone::Note, "audit log")),
            _ => { (optional(word("client"))) @if let Some(peer) = word("peer") { br; span.muted { (inert(peer)) } } }
        }
    }
}

/// What the log records of itself.
fn own_words(sort: &str) -> Option<&'static str> {
    match sort {
        "anchor" => Some("anchor of the chain"),
        "recovered" => Some("the log was not as expected"),
        "dropped" => Some("records were lost"),
        _ => None,
    }
}

fn what(record: &Value) -> Markup {
    let word = |name: &str| record.get(name).and_then(Value::as_str);
    let several = |name: &str| record.get(name).and_then(Value::as_array).map_or(0, Vec::len);
    let facts = [("facts_used", "used"), ("facts_written", "written"), ("facts_closed", "closed"), ("facts_deleted", "deleted")];
    html! {
        @if let Some(words) = word("type").and_then(own_words) {
            (words) @if let Some(cause) = word("cause") { br; code { (inert(cause)) } }
        }
        @if let Some(act) = word("act") { code { (inert(act)) } }
        @if let Some(method) = word("method") { (inert(method)) " " (optional(word("path"))) }
        @if let Some(reason) = word("reason").filter(|_| word("act").is_some()) { br; span.muted { "“" (inert(reason)) "”" } }
        @for (field, what) in facts {
            @if several(field) > 0 { div { (several(field)) " facts " (what) } }
        }
    }
}

/// Whose memory it concerns, with a link to all that concerns them.
fn of_whom<'a>(word: impl Fn(&str) -> Option<&'a str>) -> Markup {
    html! {
        @if let Some(user) = word("user") { a href={ "/audit?user=" (encode(user)) } { (inert(user)) } }
        @else if let Some(tenant) = word("tenant") { "tenant " (inert(tenant)) }
        @else { span.muted { "–" } }
    }
}

fn outcome<'a>(word: impl Fn(&str) -> Option<&'a str>) -> Markup {
    html! {
        @if let Some(decision) = word("decision") { (decision_badge(decision)) " " code { (optional(word("reason"))) } }
        @else if let Some(outcome) = word("outcome") {
            (badge(if outcome == "failed" { Tone::Bad } else { Tone::Note }, inert(outcome)))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::admin::api::AuditFault;
    use crate::dashboard::tests::{HOSTILE, assert_inert, assert_whole};

    #[test]
    fn records_are_inert_whatever_they_hold() {
        for text in HOSTILE.iter() {
            let request = json!({"time": text, "type": "request", "client": text, "peer": text, "user": text, "method": text, "path": text,
                "decision": text, "reason": text, "model": text});
            let act = json!({"time": "2026-01-31T12:00:00.000Z", "type": "operator", "operator": text, "act": text, "reason": text,
                "tenant": text, "outcome": text});
            let odd = json!([text, {"type": [text]}]);
            let items = [request, act, odd].map(|record| AuditLine { seq: 1, record }).to_vec();
            assert_inert(listing(&Page { items, next: Some(text.clone()), total: None }, &Wanted::default(), 0));
            let faults = vec![AuditFault { file: text.clone(), line: 3, what: text.clone() }];
            assert_inert(verdict(&AuditVerification { faults, ..AuditVerification::default() }));
        }
    }

    #[test]
    fn a_record_says_who_did_what_to_whom_and_why() {
        let record = json!({"time": "2026-01-31T12:00:00.000Z", "type": "operator", "operator": "ann", "act": "facts.read",
            "user": "default:bob", "reason": "asked to", "outcome": "done"});
        let shown = line_row(&AuditLine { seq: 12, record }, 0).into_string();
        for said in ["<bdi>ann</bdi>", "facts.read", "“<bdi>asked to</bdi>”", "/audit?user=default%3Abob", "done", ">12<"] {
            assert!(shown.contains(said), "{said} in {shown}");
        }
    }

    #[test]
    fn a_broken_chain_is_told_apart_from_a_whole_one() {
        let shown = |intact| verdict(&AuditVerification { intact, ..AuditVerification::default() }).into_string();
        assert!(shown(true).contains("The log is whole") && shown(false).contains("The log is not whole"));
    }

    #[test]
    fn the_pages_are_whole() {
        let frame = Frame::sample("/audit");
        assert_whole(&frame.render(Sheet::new("Audit log", filters(&Wanted::default()))));
        assert_whole(&frame.render(verification_sheet(&frame, &html! {})));
    }
}
