//! What is remembered of one person: shown to operators who say why, each page on record first, and changed by them.

mod acts;
mod fact;
pub(super) mod view;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;

use super::links::of_user;
use super::notice::{see, told};
use super::parts::{Desk, answer, mendable, read_user};
use crate::admin::api::FactFilter;
use crate::admin::{BrowserSession, Problem, Reason, SafeForm};
use crate::dashboard::shell::Asked;
use crate::ids::UserId;
pub(super) use acts::{add, ask_deletion, ask_edit, change, change_selected, delete, edit};
pub(super) use fact::shown;
use view::{Told, Written, review};
pub(super) use view::{on_record, reason_form};

fn title(user: &UserId) -> String {
    format!("Memory of {user}")
}

/// What an address asks for, as parameters of a link that asks for the same.
fn parameters(filter: &FactFilter) -> [(&str, Option<&str>); 5] {
    [
        ("search", filter.search.as_deref()),
        ("status", filter.status.as_deref()),
        ("kind", filter.kind.as_deref()),
        ("history", filter.history.then_some("true")),
        ("cursor", filter.cursor.as_deref()),
    ]
}

/// The memory, if it was said why; else the form that asks.
pub(super) async fn open(
    desk: Desk,
    session: BrowserSession,
    Path(user): Path<String>,
    Asked(filter): Asked<FactFilter>,
) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    match session.reason_for(&user) {
        Some(reason) => show(&desk, &user, &reason, &filter, &Written::default(), None).await,
        None => ask(&desk, &user, "", "", None),
    }
}

/// Asks why, of a user who is there.
fn ask(desk: &Desk, user: &UserId, typed: &str, kept: &str, wrong: Option<&Problem>) -> Result<Response, Problem> {
    desk.control.check_user(&desk.by, user)?;
    Ok(answer(&desk.frame, title(user), reason_form(&desk.frame, user, typed, kept), wrong))
}

/// A form came after its visit had ended: nothing was done, and what was typed is shown to be copied.
fn ask_again(desk: &Desk, user: &UserId, kept: &str) -> Result<Response, Problem> {
    let detail = "Your reason for this visit is more than 15 minutes old. Say it anew, and send the form once more.";
    let wrong = Problem::new(StatusCode::BAD_REQUEST, "reason_required", detail);
    ask(desk, user, "", kept, Some(&wrong))
}

/// Shows a page of facts, on record first.
async fn show(
    desk: &Desk,
    user: &UserId,
    reason: &Reason,
    filter: &FactFilter,
    written: &Written,
    wrong: Option<&Problem>,
) -> Result<Response, Problem> {
    let Desk { control, by, frame } = desk;
    let facts = control.list_facts(by, user.clone(), reason, filter.clone()).await?;
    let body = html! { (told(frame)) (review(&Told { frame, user, reason, filter, facts: &facts, written })) };
    Ok(answer(frame, title(user), body, wrong))
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
    Path(user): Path<String>,
    SafeForm(Visit { reason }): SafeForm<Visit>,
) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    match Reason::parse(&reason) {
        Ok(given) => {
            desk.control.check_user(&desk.by, &user)?;
            session.remember_reason(&user, given);
            Ok(see(&of_user(&user, "/memory"), &[], "visit_begun", 0))
        }
        Err(problem) => ask(&desk, &user, &reason, "", Some(&mendable(problem)?)),
    }
}
