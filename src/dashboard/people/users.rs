//! Who there is: `/users`.

use axum::response::Response;
use maud::{Markup, html};

use super::links::of_user;
use super::notice::told;
use super::parts::{Desk, moment, person};
use crate::admin::Problem;
use crate::admin::api::{Page, Seen, UserFilter, UserRow};
use crate::dashboard::shell::{Asked, Sheet, count, empty, filter_form, inert, number, paging, table, text_field, words};
use crate::identity::Assurance;

pub(super) async fn list(Desk { control, by, frame }: Desk, Asked(filter): Asked<UserFilter>) -> Result<Response, Problem> {
    let users = control.list_users(&by, filter.clone()).await?;
    let body = html! { (told(&frame)) (view(&filter, &users)) };
    Ok(frame.show(Sheet::new("Users", body)))
}

pub(super) fn view(filter: &UserFilter, users: &Page<UserRow>) -> Markup {
    let UserFilter { search, tenant, cursor, .. } = filter;
    let (search, tenant, cursor) = (search.as_deref(), tenant.as_deref(), cursor.as_deref());
    let columns = [
        words("User"),
        words("Last seen"),
        words("By client"),
        words("Evidence"),
        number("Requests"),
        words("Ratchet"),
        number("Keys"),
    ];
    html! {
        (filter_form("/users", html! {
            (text_field("search", "Part of the name", search))
            (text_field("tenant", "Tenant", tenant))
        }))
        @if users.items.is_empty() {
            (empty(if search.is_none() && tenant.is_none() { "Nobody has been seen yet." } else { "Nobody is called so." }))
        } @else {
            (table("Users", &columns, users.items.iter().map(row)))
        }
        (paging("/users", &[("search", search), ("tenant", tenant)], cursor, users.next.as_deref()))
        @if let Some(total) = users.total { p.muted { (count(total)) " in all" } }
    }
}

fn row(row: &UserRow) -> Markup {
    html! {
        tr {
            th scope="row" { (person(&row.user)) }
            (seen_cells(row.seen.as_ref()))
            td { (row.ratchet.map_or("–", Assurance::as_str)) }
            td.n { @if row.keys > 0 { a href=(of_user(&row.user, "#keys")) { (row.keys) } } @else { "0" } }
        }
    }
}

/// When, by which client, by what evidence, how often.
pub(super) fn seen_cells(seen: Option<&Seen>) -> Markup {
    html! {
        @if let Some(seen) = seen {
            td { (moment(seen.at)) }
            td { (inert(seen.client.as_str())) }
            td { (evidence(seen)) }
            td.n { (count(seen.requests)) }
        } @else {
            td.muted { "not since the start" } td { "–" } td { "–" } td.n { "0" }
        }
    }
}

/// The source and what it is worth.
pub(super) fn evidence(seen: &Seen) -> Markup {
    html! {
        (inert(seen.source.as_deref().unwrap_or("none")))
        @if let Some(assurance) = &seen.assurance { " (" (inert(assurance)) ")" }
    }
}

/// The same in a sentence.
pub(super) fn last_seen(seen: Option<&Seen>) -> Markup {
    html! {
        @if let Some(seen) = seen { (moment(seen.at)) ", by " (inert(seen.client.as_str())) ", evidence: " (evidence(seen)) }
        @else { span.muted { "not since memgate started" } }
    }
}
