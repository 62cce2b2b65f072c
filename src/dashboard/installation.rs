//! Clients and upstreams, as configured and as they stand.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::page::{Group, PageRoute};
use super::shell::{Frame, Sheet, Tone, badge, count, empty, encode, inert, inert_list, moment, number, optional, table, words};
use crate::admin::api::{ClientRow, UpstreamRow};
use crate::admin::{Access, Control, Principal, Problem};

pub(super) fn pages() -> Vec<PageRoute> {
    vec![
        PageRoute::get("/clients", Access::View, show_clients).in_nav(Group::Installation, "Clients"),
        PageRoute::get("/upstreams", Access::View, show_upstreams).in_nav(Group::Installation, "Upstreams"),
    ]
}

async fn show_clients(State(control): State<Control>, frame: Frame, by: Principal) -> Result<Response, Problem> {
    let clients = control.list_clients(&by).await?;
    let lead = html! { "Who calls memgate, how each proves itself, and what it may say of users." };
    Ok(frame.show(Sheet::new("Clients", client_table(&clients, frame.now())).lead(lead)))
}

async fn show_upstreams(State(control): State<Control>, frame: Frame, by: Principal) -> Result<Response, Problem> {
    let upstreams = control.list_upstreams(&by).await?;
    let lead = html! { "Where requests are forwarded to, and how each upstream is." };
    Ok(frame.show(Sheet::new("Upstreams", upstream_table(&upstreams)).lead(lead)))
}

fn client_table(clients: &[ClientRow], now: i64) -> Markup {
    let rows = clients.iter().map(|client| {
        html! {
            tr {
                th scope="row" { a href={ "/decisions?client=" (encode(&client.name)) } { (inert(&client.name)) } }
                td { (inert(&client.mode)) }
                td { (inert_list(&client.known_by)) }
                td.narrow { (inert_list(&client.sources)) }
                td { (inert(&client.vouch)) }
                td { (optional(client.tenant.as_deref())) }
                td { (inert(&client.memory)) }
                td.n { (count(client.requests)) }
                td.n { (count(client.refused)) }
                td.n { (count(client.active_users)) }
                td { @if let Some(at) = client.seen_at { (moment(at, now)) } @else { span.muted { "never" } } }
            }
        }
    });
    let columns = [
        words("Client"),
        words("Mode"),
        words("Known by"),
        words("Says who by"),
        words("Vouches"),
        words("Tenant"),
        words("Memory"),
        number("Requests"),
        number("Refused"),
        number("Active users"),
        words("Last seen (UTC)"),
    ];
    html! { @if clients.is_empty() { (empty("No client is configured.")) } @else { (table("Clients", &columns, rows)) } }
}

/// The upstreams with their conditions.
pub(super) fn upstream_table(upstreams: &[UpstreamRow]) -> Markup {
    let rows = upstreams.iter().map(|upstream| {
        html! {
            tr {
                th scope="row" { (inert(&upstream.name)) }
                td { (badge(if upstream.well { Tone::Good } else { Tone::Bad }, inert(&upstream.condition))) }
                td.narrow { (inert(&upstream.address)) }
                td { (inert_list(&upstream.dialects)) }
                td.n { (upstream.priority) }
                td.n { (count(upstream.running)) @if let Some(most) = upstream.concurrency { span.muted { " of " (count(most)) } } }
                td.n { (count(upstream.waiting)) }
                td.n { (count(upstream.requests)) }
                td.n { (count(upstream.errors)) }
                td.narrow { @if upstream.models.is_empty() { span.muted { "all" } } @else { (inert_list(&upstream.models)) } }
            }
        }
    });
    let columns = [
        words("Upstream"),
        words("Condition"),
        words("Address"),
        words("Dialects"),
        number("Priority"),
        number("Running"),
        number("Waiting"),
        number("Requests"),
        number("Errors"),
        words("Models"),
    ];
    html! { @if upstreams.is_empty() { (empty("No upstream is configured.")) } @else { (table("Upstreams", &columns, rows)) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::tests::{HOSTILE, assert_inert, upstream};

    #[test]
    fn strangers_words_are_inert_in_both_tables() {
        for text in HOSTILE.iter() {
            assert_inert(upstream_table(&[upstream(text)]));
            let client = ClientRow {
                name: text.clone(),
                mode: text.clone(),
                known_by: vec![text.clone()],
                sources: vec![text.clone()],
                vouch: text.clone(),
                tenant: Some(text.clone()),
                memory: text.clone(),
                requests: 1,
                refused: 0,
                active_users: 1,
                seen_at: Some(0),
            };
            assert_inert(client_table(&[client], 0));
        }
    }
}
