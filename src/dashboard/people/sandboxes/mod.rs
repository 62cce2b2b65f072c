//! People whom nobody knows yet: `/sandboxes`. Counts for everybody; what was learned, to operators who say why.

pub(super) mod view;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;

use super::links::{of_sandbox, of_user};
use super::memory::reason_form;
use super::notice::{see, told};
use super::parts::{Desk, Sent, answer, missing};
use crate::admin::api::{FactFilter, PromoteSandbox, SandboxDetail, SandboxFilter};
use crate::admin::{BrowserSession, Problem, Reason, SafeForm};
use crate::dashboard::shell::{Asked, Sheet};
use crate::ids::{TenantId, UserId};
use view::{Told, Written};

/// Most facts that one promotion takes: as many as a page can list.
const MOST_TICKED: usize = 200;

pub(super) async fn list(desk: Desk, Asked(filter): Asked<SandboxFilter>) -> Result<Response, Problem> {
    let Desk { control, by, frame } = desk;
    let page = control.list_sandboxes(&by, filter.clone()).await?;
    let lead = html! {
        "In quarantine mode, somebody unknown gets a memory of their own, which ends by itself. What was learned in it can be given to a user, fact by fact."
    };
    let body = html! { (told(&frame)) (view::list(&page, filter.cursor.as_deref())) };
    Ok(frame.show(Sheet::new("Sandboxes", body).lead(lead)))
}

pub(super) async fn show(desk: Desk, Path(id): Path<String>) -> Result<Response, Problem> {
    let Desk { control, by, frame } = desk;
    let detail = control.show_sandbox(&by, &id).await?;
    let body = html! { (told(&frame)) (view::detail(&detail)) };
    Ok(frame.show(Sheet::new(title(&id), body).actions(view::acts(&frame, &detail))))
}

fn title(id: &str) -> String {
    format!("Sandbox {}", view::short(id))
}

/// Whose memory a sandbox is.
fn guest(detail: &SandboxDetail) -> Result<UserId, Problem> {
    UserId::new(TenantId::sandbox(), &detail.row.id).map_err(|_| missing("sandbox"))
}

/// The facts, if it was said why; else the form that asks.
pub(super) async fn open(
    desk: Desk,
    session: BrowserSession,
    Path(id): Path<String>,
    Asked(filter): Asked<SandboxFilter>,
) -> Result<Response, Problem> {
    let detail = desk.control.show_sandbox(&desk.by, &id).await?;
    let user = guest(&detail)?;
    match session.reason_for(&user) {
        Some(reason) => review(&desk, &detail, &reason, &filter, &Written::default(), None).await,
        None => Ok(answer(&desk.frame, title(&id), reason_form(&desk.frame, &user, "", ""), None)),
    }
}

async fn review(
    desk: &Desk,
    detail: &SandboxDetail,
    reason: &Reason,
    filter: &SandboxFilter,
    written: &Written,
    wrong: Option<&Problem>,
) -> Result<Response, Problem> {
    let Desk { control, by, frame } = desk;
    let (id, cursor) = (detail.row.id.as_str(), filter.cursor.clone());
    let facts = FactFilter { cursor: cursor.clone(), limit: filter.limit, ..FactFilter::default() };
    let facts = control.list_facts(by, guest(detail)?, reason, facts).await?;
    let told = Told { frame, id, reason, facts: &facts, cursor: cursor.as_deref(), written };
    Ok(answer(frame, title(id), view::review(&told), wrong))
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Visit {
    reason: String,
}

/// Begins a visit: what is read from now on is on record with this reason.
pub(super) async fn visit(
    desk: Desk,
    session: BrowserSession,
    Path(id): Path<String>,
    SafeForm(Visit { reason }): SafeForm<Visit>,
) -> Result<Response, Problem> {
    let detail = desk.control.show_sandbox(&desk.by, &id).await?;
    let user = guest(&detail)?;
    match Reason::parse(&reason) {
        Ok(given) => {
            session.remember_reason(&user, given);
            Ok(see(&of_sandbox(&id, "/facts"), &[], "visit_begun", 0))
        }
        Err(wrong) => Ok(answer(&desk.frame, title(&id), reason_form(&desk.frame, &user, &reason, ""), Some(&wrong))),
    }
}

/// Gives what was ticked to a user.
pub(super) async fn promote(
    desk: Desk,
    session: BrowserSession,
    Path(id): Path<String>,
    Asked(filter): Asked<SandboxFilter>,
    SafeForm(fields): SafeForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let written = Written::from(fields);
    let detail = desk.control.show_sandbox(&desk.by, &id).await?;
    let user = guest(&detail)?;
    let Some(visit) = session.reason_for(&user) else {
        return Ok(answer(&desk.frame, title(&id), reason_form(&desk.frame, &user, &written.reason, ""), None));
    };
    let facts = written
        .facts
        .iter()
        .take(MOST_TICKED)
        .map(|fact| fact.parse().map_err(|_| missing("fact")))
        .collect::<Result<Vec<_>, _>>()?;
    let ask = PromoteSandbox { user: written.user.trim().to_owned(), facts, end: written.end };
    let wrong = match Reason::parse(&written.reason) {
        Ok(_) if ask.facts.is_empty() => {
            Problem::new(StatusCode::BAD_REQUEST, "invalid_request", "Tick the facts that are this person's; none was ticked.")
        }
        Ok(reason) => match desk.control.promote_sandbox(&desk.by, &id, &reason, ask).await {
            Ok(done) => {
                let word = if done.ended { "promoted_ended" } else { "promoted" };
                return Ok(see(&of_user(&done.user, ""), &[], word, done.written.len() as u64));
            }
            // An unknown user is a slip on the form, too.
            Err(problem) => problem,
        },
        Err(problem) => problem,
    };
    review(&desk, &detail, &visit, &filter, &written, Some(&wrong)).await
}

pub(super) async fn ask_end(desk: Desk, Path(id): Path<String>) -> Result<Response, Problem> {
    let detail = desk.control.show_sandbox(&desk.by, &id).await?;
    Ok(answer(&desk.frame, format!("End {}", title(&id)), view::end_form(&desk.frame, &detail), None))
}

pub(super) async fn end(desk: Desk, Path(id): Path<String>, SafeForm(Sent {}): SafeForm<Sent>) -> Result<Response, Problem> {
    desk.control.end_sandbox(&desk.by, &id).await?;
    Ok(see("/sandboxes", &[], "sandbox_ended", 0))
}
