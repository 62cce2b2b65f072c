//! Tenants: `/tenants`.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::links::with_query;
use super::parts::{Desk, Field, answer, decide, missing};
use crate::admin::api::{TenantErasedView, TenantView};
use crate::admin::{Problem, SafeForm};
use crate::dashboard::shell::{
    Frame, Sheet, Tone, bytes_text, count, empty, encode, facts_list, inert, notice, number, table, words,
};

pub(super) async fn list(desk: Desk) -> Result<Response, Problem> {
    let Desk { control, by, frame } = desk;
    let tenants = control.list_tenants(&by).await?.tenants;
    Ok(frame.show(Sheet::new("Tenants", view(&frame, &tenants))))
}

async fn find(desk: &Desk, tenant: &str) -> Result<TenantView, Problem> {
    let tenants = desk.control.list_tenants(&desk.by).await?.tenants;
    tenants.into_iter().find(|view| view.tenant.as_str() == tenant).ok_or_else(|| missing("tenant"))
}

pub(super) async fn ask_erasure(desk: Desk, Path(tenant): Path<String>) -> Result<Response, Problem> {
    let view = find(&desk, &tenant).await?;
    Ok(answer(&desk.frame, title(&tenant), erase_form(&desk.frame, &view, ""), None))
}

fn title(tenant: &str) -> String {
    format!("Erase the tenant {tenant}")
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Written {
    pub confirm: String,
}

pub(super) async fn erase(
    desk: Desk,
    Path(tenant): Path<String>,
    SafeForm(Written { confirm }): SafeForm<Written>,
) -> Result<Response, Problem> {
    let view = find(&desk, &tenant).await?;
    if confirm.trim() != tenant {
        let wrong = Problem::new(StatusCode::BAD_REQUEST, "confirmation_wrong", "Type the tenant's name as it is written above.");
        return Ok(answer(&desk.frame, title(&tenant), erase_form(&desk.frame, &view, &confirm), Some(&wrong)));
    }
    let erased = desk.control.erase_tenant(&desk.by, view.tenant).await?;
    // The receipt is kept nowhere but in the audit log, so this answer shows it.
    Ok(desk.frame.show(Sheet::new(format!("The tenant {tenant} was erased"), receipt(&erased))))
}

fn erase_path(tenant: &str) -> String {
    format!("/tenants/{}/erase", encode(tenant))
}

pub(super) fn view(frame: &Frame, tenants: &[TenantView]) -> Markup {
    let rows = tenants.iter().map(|row| html! {
        tr {
            th scope="row" { a href=(with_query("/users", &[("tenant", Some(row.tenant.as_str()))])) { (inert(row.tenant.as_str())) } }
            td.n { (count(row.users)) }
            td.n { (bytes_text(row.bytes)) }
            td.n { (count(row.keys)) }
            @if frame.may_act() { td { a href=(erase_path(row.tenant.as_str())) { "Erase" } } }
        }
    });
    let columns = [words("Tenant"), number("Users"), number("On the disk"), number("Keys"), words("Act")];
    let columns = if frame.may_act() { &columns[..] } else { &columns[..4] };
    html! { @if tenants.is_empty() { (empty("Nobody has been seen yet.")) } @else { (table("Tenants", columns, rows)) } }
}

/// Asks before a tenant is erased.
pub(super) fn erase_form(frame: &Frame, tenant: &TenantView, typed: &str) -> Markup {
    let name = tenant.tenant.as_str();
    html! {
        (notice(Tone::Bad, html! {
            "Everything that is kept of everybody in " strong { (inert(name)) } " goes, and their keys are revoked. This cannot be undone. Copies of their files \
             cannot be opened any more; a backup of the registry from before, with the master key, still opens copies of that time."
        }))
        (facts_list([
            ("Users", html! { (count(tenant.users)) }),
            ("On the disk", html! { (bytes_text(tenant.bytes)) }),
            ("Keys", html! { (count(tenant.keys)) }),
        ]))
        (frame.form(&erase_path(name), html! {
            (Field { name: "confirm", label: "The tenant's name once more", value: typed, longest: 64, ..Field::default() })
            (decide("Erase the tenant for good", "/tenants"))
        }))
    }
}

pub(super) fn receipt(erased: &TenantErasedView) -> Markup {
    html! {
        (notice(Tone::Good, "Everything that was kept of this tenant's people is gone."))
        (facts_list([
            ("Receipt", html! { code { (inert(&erased.receipt)) } }),
            ("Users whose memory is gone", html! { (count(erased.users)) }),
            ("Files removed", html! { (count(erased.files)) " (" (bytes_text(erased.bytes)) ")" }),
            ("Keys revoked", html! { (count(erased.keys)) }),
        ]))
        p.muted { "The audit log has this erasure under the receipt's number. The receipt is shown this once: print the page, or note the number." }
        p { a href="/tenants" { "To the tenants" } }
    }
}
