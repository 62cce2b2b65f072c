//! One user: `/users/{user}`. Counts and hints; what is remembered is on a page of its own.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};

use super::links::{of_user, with_query};
use super::notice::told;
use super::parts::{Desk, moment, person, read_user};
use super::users::last_seen;
use super::{budgets, keys, sessions};
use crate::admin::Problem;
use crate::admin::api::{
    BudgetAccount, BudgetFilter, FactCounts, MergeView, Page, SessionFilter, SessionRow, UserDetail, VisitView,
};
use crate::dashboard::shell::{
    Asked, Frame, Sheet, bytes_text, count, empty, encode, facts_list, inert, inert_whole, number, paging, table, words,
};
use crate::identity::Assurance;
use crate::ids::UserId;

/// Sessions and visits that the page shows of the user; the whole lists have pages of their own.
const SHOWN: u32 = 10;

/// What the page tells.
pub(super) struct Told {
    pub detail: UserDetail,
    pub visits: Page<VisitView>,
    pub sessions: Page<SessionRow>,
    pub budgets: Page<BudgetAccount>,
}

pub(super) async fn show(Desk { control, by, frame }: Desk, Path(user): Path<String>) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    let detail = control.show_user(&by, user.clone()).await?;
    let name = user.to_string();
    let filter = SessionFilter { user: Some(name.clone()), limit: Some(SHOWN), ..SessionFilter::default() };
    let sessions = control.list_sessions(&by, filter).await?;
    let mut budgets =
        control.list_budget_accounts(&by, BudgetFilter { user: Some(name.clone()), ..BudgetFilter::default() }).await?;
    // The list also finds those whose names hold this one.
    budgets.items.retain(|account| account.user == name);
    let mut visits = control.list_visits(&by, user.clone(), None).await?;
    if visits.items.len() > SHOWN as usize {
        visits.items.truncate(SHOWN as usize);
        visits.next = Some(String::new());
    }
    let body = html! { (told(&frame)) (view(&frame, &Told { detail, visits, sessions, budgets })) };
    Ok(frame.show(Sheet::new(name, body).actions(acts(&frame, &user))))
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct VisitFilter {
    cursor: Option<String>,
}

/// Who looked at the memory, all of it.
pub(super) async fn show_visits(
    Desk { control, by, frame }: Desk,
    Path(user): Path<String>,
    Asked(VisitFilter { cursor }): Asked<VisitFilter>,
) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    let visits = control.list_visits(&by, user.clone(), cursor.clone()).await?;
    let body = html! {
        p { a href=(of_user(&user, "")) { "Back to the user" } }
        (visited(&visits))
        (paging(&of_user(&user, "/visits"), &[], cursor.as_deref(), visits.next.as_deref()))
    };
    Ok(frame.show(Sheet::new(format!("Visits to {user}"), body)))
}

/// What an operator can do about a user.
fn acts(frame: &Frame, user: &UserId) -> Markup {
    html! {
        @if frame.may_act() {
            a.button.primary href=(of_user(user, "/memory")) { "Memory" }
            a.button href=(of_user(user, "/merge")) { "Merge" }
            a.button href=(of_user(user, "/ratchet")) { "Lower the ratchet" }
            a.button.danger href=(of_user(user, "/erase")) { "Erase" }
        }
    }
}

pub(super) fn view(frame: &Frame, told: &Told) -> Markup {
    let Told { detail, visits, sessions, budgets } = told;
    let user = &detail.row.user;
    let name = user.to_string();
    html! {
        (particulars(detail))
        section aria-labelledby="keys" {
            h2 #keys { "Keys" }
            (keys::listed(frame, &detail.keys_made))
            @if frame.may_act() { p { a href=(with_query("/keys", &[("user", Some(&name))])) { "Make a key for this user" } } }
        }
        section aria-labelledby="upstream-keys" {
            h2 #upstream-keys { "Upstream keys" }
            (upstream_keys(frame, detail))
        }
        section aria-labelledby="visits" {
            h2 #visits { "Visits" }
            p.muted { "Operators who looked at the memory or changed it, and why. The person can read the same." }
            (visited(visits))
            @if visits.next.is_some() { p { a href=(of_user(user, "/visits")) { "All visits" } } }
        }
        section aria-labelledby="merges" {
            h2 #merges { "Merges" }
            (merged(frame, &detail.merges))
        }
        section aria-labelledby="sessions" {
            h2 #sessions { "Live sessions" }
            (sessions::listed(&sessions.items))
            @if sessions.next.is_some() { p { a href=(with_query("/sessions", &[("user", Some(&name))])) { "All sessions" } } }
        }
        section aria-labelledby="budgets" {
            h2 #budgets { "Budgets" }
            (budgets::accounts(frame, &budgets.items))
            @if budgets.next.is_some() { p { a href=(with_query("/budgets", &[("user", Some(&name))])) { "All budgets" } } }
        }
    }
}

fn particulars(detail: &UserDetail) -> Markup {
    let mut pairs = vec![
        ("Last seen", last_seen(detail.row.seen.as_ref())),
        ("Known since", moment(detail.row.created_at)),
        ("Ratchet", ratchet(detail.row.ratchet)),
        ("Facts", counts(detail.facts)),
        ("On the disk", html! { (bytes_text(detail.bytes)) }),
        ("Turns to be learned from", html! { (count(detail.waiting_turns)) }),
    ];
    if let Some(seen) = &detail.row.seen {
        pairs.insert(1, ("Requests since memgate started", html! { (count(seen.requests)) }));
    }
    if let Some(at) = detail.erased_at {
        pairs.push(("Last erased", moment(at)));
    }
    facts_list(pairs)
}

/// What a ratchet means.
pub(super) fn ratchet(level: Option<Assurance>) -> Markup {
    html! {
        @match level {
            Some(level) => { strong { (level.as_str()) } ": weaker evidence does not open the memory" },
            None => "none: whatever the trust mode admits opens the memory",
        }
    }
}

pub(super) fn counts(facts: FactCounts) -> Markup {
    let FactCounts { active, held, forgotten, history } = facts;
    html! { (count(active)) " active, " (count(held)) " to review, " (count(forgotten)) " forgotten, " (count(history)) " history" }
}

fn upstream_keys(frame: &Frame, detail: &UserDetail) -> Markup {
    let remove = |provider: &str| of_user(&detail.row.user, &format!("/upstream-keys/{}/remove", encode(provider)));
    let rows = detail.upstream_keys.iter().map(|key| {
        html! {
            tr {
                th scope="row" { (inert(&key.provider)) }
                td { code { "…" (inert(&key.hint)) } }
                td { (moment(key.created_at)) }
                @if frame.may_act() { td { a href=(remove(&key.provider)) { "Remove" } } }
            }
        }
    });
    let columns = [words("Provider"), words("Ends in"), words("Since"), words("Act")];
    let columns = if frame.may_act() { &columns[..] } else { &columns[..3] };
    html! { @if detail.upstream_keys.is_empty() { (empty("None.")) } @else { (table("Upstream keys", columns, rows)) } }
}

/// Visits, the latest first.
pub(super) fn visited(visits: &Page<VisitView>) -> Markup {
    let rows = visits.items.iter().map(|visit| {
        html! {
            tr {
                td { (moment(visit.at)) }
                td { (inert(&visit.operator)) }
                td { code { (inert(&visit.act)) } }
                td { (inert_whole(&visit.reason)) }
            }
        }
    });
    let columns = [words("When"), words("Operator"), words("Act"), words("Reason")];
    html! { @if visits.items.is_empty() { (empty("None.")) } @else { (table("Visits", &columns, rows)) } }
}

/// Merges into this user and out of it.
pub(super) fn merged(frame: &Frame, merges: &[MergeView]) -> Markup {
    let undo = |merge: &MergeView| of_user(&merge.into, &format!("/merges/{}/undo", merge.id));
    let rows = merges.iter().map(|merge| {
        html! {
            tr {
                td { (moment(merge.at)) }
                td { (person(&merge.from)) }
                td { (person(&merge.into)) }
                td.n {
                    (count(merge.facts))
                    @if merge.left > 0 { div.muted { (count(merge.left)) " had no room" } }
                    @if merge.kept > 0 { div.muted { (count(merge.kept)) " stayed" } }
                }
                td { (inert(&merge.operator)) }
                td {
                    @if let Some(at) = merge.undone_at { "undone " (moment(at)) }
                    @else if frame.may_act() { a href=(undo(merge)) { "Undo" } }
                    @else { "in force" }
                }
            }
        }
    });
    let columns = [words("When"), words("From"), words("Into"), number("Facts"), words("Operator"), words("State")];
    html! { @if merges.is_empty() { (empty("None.")) } @else { (table("Merges", &columns, rows)) } }
}
