//! Sandboxes as operators see them.

use maud::{Markup, html};

use crate::admin::Reason;
use crate::admin::api::{FactView, Page, SandboxDetail, SandboxRow};
use crate::dashboard::people::links::{of_sandbox, with_query};
use crate::dashboard::people::memory::{on_record, shown};
use crate::dashboard::people::parts::{Field, decide, moment, tick};
use crate::dashboard::people::user::counts;
use crate::dashboard::people::users::{last_seen, seen_cells};
use crate::dashboard::shell::{Frame, bytes_text, count, empty, facts_list, inert, number, paging, reason_field, table, words};

pub(in crate::dashboard::people) fn list(page: &Page<SandboxRow>, cursor: Option<&str>) -> Markup {
    let rows = page.items.iter().map(|row| {
        html! {
            tr {
                th scope="row" { a href=(of_sandbox(&row.id, "")) { code { (inert(short(&row.id))) } } }
                (seen_cells(row.seen.as_ref()))
                td { (moment(row.created_at)) }
                td { (moment(row.expires_at)) }
                td.n { (bytes_text(row.bytes)) }
            }
        }
    });
    let columns = [
        words("Sandbox"),
        words("Last seen"),
        words("By client"),
        words("Evidence"),
        number("Requests"),
        words("Made"),
        words("Ends"),
        number("On the disk"),
    ];
    html! {
        @if page.items.is_empty() { (empty("There is none.")) } @else { (table("Sandboxes, the youngest first", &columns, rows)) }
        (paging("/sandboxes", &[], cursor, page.next.as_deref()))
    }
}

/// Enough of a digest to tell sandboxes apart by.
pub(in crate::dashboard::people) fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// What an operator can do about a sandbox.
pub(in crate::dashboard::people) fn acts(frame: &Frame, detail: &SandboxDetail) -> Markup {
    let id = &detail.row.id;
    html! {
        @if frame.may_act() {
            a.button.primary href=(of_sandbox(id, "/facts")) { "Review and promote" }
            a.button.danger href=(of_sandbox(id, "/end")) { "End now" }
        }
    }
}

pub(in crate::dashboard::people) fn detail(detail: &SandboxDetail) -> Markup {
    let SandboxDetail { row, facts, waiting_turns } = detail;
    facts_list([
        ("Last seen", last_seen(row.seen.as_ref())),
        ("Made", moment(row.created_at)),
        ("Ends", moment(row.expires_at)),
        ("Facts", counts(*facts)),
        ("Turns to be learned from", html! { (count(*waiting_turns)) }),
        ("On the disk", html! { (bytes_text(row.bytes)) }),
        ("Digest", html! { code { (inert(&row.id)) } }),
    ])
}

/// What was typed and ticked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::dashboard::people) struct Written {
    pub user: String,
    pub reason: String,
    /// Ids of facts, as sent.
    pub facts: Vec<String>,
    pub end: bool,
}

/// A form as it comes: a name may be there several times.
impl From<Vec<(String, String)>> for Written {
    fn from(fields: Vec<(String, String)>) -> Self {
        let mut written = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "user" => written.user = value,
                "reason" => written.reason = value,
                "fact" => written.facts.push(value),
                "end" => written.end = true,
                _ => {}
            }
        }
        written
    }
}

/// What the review shows.
pub(in crate::dashboard::people) struct Told<'a> {
    pub frame: &'a Frame,
    pub id: &'a str,
    /// Of the visit.
    pub reason: &'a Reason,
    pub facts: &'a Page<FactView>,
    pub cursor: Option<&'a str>,
    pub written: &'a Written,
}

/// Each fact is ticked by itself: nothing is given away unread, so nothing is ticked beforehand.
pub(in crate::dashboard::people) fn review(told: &Told) -> Markup {
    let Told { frame, id, reason, facts, cursor, written } = told;
    let path = of_sandbox(id, "/facts");
    let ticked = |fact: &FactView| written.facts.contains(&fact.id.to_string());
    let why = if written.reason.is_empty() { reason.as_str() } else { &written.reason };
    html! {
        (on_record(reason))
        @if facts.items.is_empty() { (empty("Nothing was learned here.")) }
        @else {
            p { "Read each fact, and tick those that are this person's. The others stay where they are." }
            form.promotion method="post" action=(with_query(&path, &[("cursor", *cursor)])) {
                (frame.token())
                ol.remembered {
                    @for fact in &facts.items {
                        li.card { (shown(fact)) (tick("fact", &fact.id.to_string(), ticked(fact), "Give this fact to the user")) }
                    }
                }
                (paging(&path, &[], *cursor, facts.next.as_deref()))
                div.act {
                    (Field { name: "user", label: "Whose they are from now on", value: &written.user,
                        hint: "tenant:name, or a name in the default tenant. This person will be shown what was ticked.", ..Field::default() })
                    (reason_field(Some(why)))
                    (tick("end", "true", written.end, "End the sandbox afterwards: what was not ticked is deleted"))
                    (decide("Give the ticked facts to the user", &of_sandbox(id, "")))
                }
            }
        }
    }
}

/// Asks before a sandbox is ended.
pub(in crate::dashboard::people) fn end_form(frame: &Frame, detail: &SandboxDetail) -> Markup {
    let id = &detail.row.id;
    html! {
        p { "All that was learned in this sandbox is deleted: " (counts(detail.facts)) ". Should the person come again, they start anew. This cannot be undone." }
        (frame.form(&of_sandbox(id, "/end"), decide("End it now", &of_sandbox(id, ""))))
    }
}
