//! What an operator changes in a person's memory. Each act is on record with the reason of the visit.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use super::view::{Written, delete_form, edit_form};
use super::{ask_again, parameters, show, title};
use crate::admin::api::{AddFact, AmendFact, FactFilter};
use crate::admin::{BrowserSession, Problem, SafeForm};
use crate::dashboard::people::links::of_user;
use crate::dashboard::people::notice::see;
use crate::dashboard::people::parts::{Desk, Sent, answer, mendable, missing, read_user};
use crate::dashboard::shell::{Asked, inert_whole};
use crate::ids::{FactId, UserId};

/// Most facts that one form changes: as many as a page can list.
const MOST_SELECTED: usize = 200;

/// What a button asks for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(in crate::dashboard::people) struct Change {
    r#do: String,
}

/// What a button's word stands for, and the word that tells of it afterwards.
fn read_change(word: &str) -> Result<(AmendFact, &'static str), Problem> {
    let status = |word: &str| AmendFact { status: Some(word.to_owned()), ..AmendFact::default() };
    let pinned = |pinned| AmendFact { pinned: Some(pinned), ..AmendFact::default() };
    match word {
        "approve" => Ok((status("active"), "approved")),
        "forget" => Ok((status("forgotten"), "forgotten")),
        "pin" => Ok((pinned(true), "pinned")),
        "unpin" => Ok((pinned(false), "unpinned")),
        _ => Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_request", "The form asks for what this page does not know.")),
    }
}

fn read_fact(text: &str) -> Result<FactId, Problem> {
    text.parse().map_err(|_| missing("fact"))
}

/// Back to where the reviewer was.
fn back(user: &UserId, filter: &FactFilter, done: &'static str, count: u64) -> Response {
    see(&of_user(user, "/memory"), &parameters(filter), done, count)
}

pub(in crate::dashboard::people) async fn change(
    desk: Desk,
    session: BrowserSession,
    Path((user, fact)): Path<(String, String)>,
    Asked(filter): Asked<FactFilter>,
    SafeForm(Change { r#do }): SafeForm<Change>,
) -> Result<Response, Problem> {
    let (user, fact) = (read_user(&user)?, read_fact(&fact)?);
    let (change, done) = read_change(&r#do)?;
    let Some(reason) = session.reason_for(&user) else { return ask_again(&desk, &user, "") };
    match desk.control.amend_fact(&desk.by, user.clone(), &reason, fact, change).await {
        Ok(_) => Ok(back(&user, &filter, done, 0)),
        Err(problem) => show(&desk, &user, &reason, &filter, &Written::default(), Some(&mendable(problem)?)).await,
    }
}

/// Approves or forgets what was ticked: each fact by an act of its own.
pub(in crate::dashboard::people) async fn change_selected(
    desk: Desk,
    session: BrowserSession,
    Path(user): Path<String>,
    Asked(filter): Asked<FactFilter>,
    SafeForm(fields): SafeForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    let of = |wanted: &'static str| fields.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let (change, all) = match of("do").next() {
        Some("approve") => (read_change("approve")?.0, "all_approved"),
        other => (read_change(other.filter(|word| *word == "forget").unwrap_or_default())?.0, "all_forgotten"),
    };
    let facts = of("fact").take(MOST_SELECTED).map(read_fact).collect::<Result<Vec<_>, _>>()?;
    let Some(reason) = session.reason_for(&user) else { return ask_again(&desk, &user, "") };
    if facts.is_empty() {
        return Ok(back(&user, &filter, "none_selected", 0));
    }
    let mut changed = 0;
    for &fact in &facts {
        match desk.control.amend_fact(&desk.by, user.clone(), &reason, fact, change.clone()).await {
            Ok(_) => changed += 1,
            // It was deleted or changed meanwhile; the others are still as they were ticked.
            Err(problem) if problem.status < 500 => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(back(&user, &filter, if changed == facts.len() { all } else { "some" }, changed as u64))
}

pub(in crate::dashboard::people) async fn add(
    desk: Desk,
    session: BrowserSession,
    Path(user): Path<String>,
    Asked(filter): Asked<FactFilter>,
    SafeForm(written): SafeForm<Written>,
) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    let Some(reason) = session.reason_for(&user) else { return ask_again(&desk, &user, &written.text) };
    let kind = (!written.kind.is_empty()).then(|| written.kind.clone());
    let fact = AddFact { text: written.text.trim().to_owned(), kind, pinned: !written.pinned.is_empty() };
    match desk.control.add_fact(&desk.by, user.clone(), &reason, fact).await {
        Ok(_) => Ok(back(&user, &filter, "added", 0)),
        Err(problem) => show(&desk, &user, &reason, &filter, &written, Some(&mendable(problem)?)).await,
    }
}

pub(in crate::dashboard::people) async fn ask_edit(
    desk: Desk,
    session: BrowserSession,
    Path((user, fact)): Path<(String, String)>,
    Asked(filter): Asked<FactFilter>,
) -> Result<Response, Problem> {
    let (user, fact) = (read_user(&user)?, read_fact(&fact)?);
    let Some(reason) = session.reason_for(&user) else { return super::ask(&desk, &user, "", "", None) };
    let fact = desk.control.show_fact(&desk.by, user.clone(), &reason, fact).await?;
    let written = Written { text: fact.text.clone(), kind: fact.kind.clone(), ..Written::default() };
    Ok(answer(&desk.frame, title(&user), edit_form(&desk.frame, &user, &fact, &filter, &written), None))
}

pub(in crate::dashboard::people) async fn edit(
    desk: Desk,
    session: BrowserSession,
    Path((user, fact)): Path<(String, String)>,
    Asked(filter): Asked<FactFilter>,
    SafeForm(written): SafeForm<Written>,
) -> Result<Response, Problem> {
    let (user, fact) = (read_user(&user)?, read_fact(&fact)?);
    let Some(reason) = session.reason_for(&user) else { return ask_again(&desk, &user, &written.text) };
    let before = desk.control.show_fact(&desk.by, user.clone(), &reason, fact).await?;
    // The form shows what is invisible as symbols, and browsers end lines in two characters: only what was changed there is a change.
    let text = written.text.replace("\r\n", "\n").trim().to_owned();
    let text = (text != inert_whole(&before.text).plain()).then_some(text);
    let kind = (written.kind != before.kind).then(|| written.kind.clone());
    match desk.control.amend_fact(&desk.by, user.clone(), &reason, fact, AmendFact { text, kind, ..AmendFact::default() }).await {
        Ok(_) => Ok(back(&user, &filter, "edited", 0)),
        Err(problem) => {
            let form = edit_form(&desk.frame, &user, &before, &filter, &written);
            Ok(answer(&desk.frame, title(&user), form, Some(&mendable(problem)?)))
        }
    }
}

pub(in crate::dashboard::people) async fn ask_deletion(
    desk: Desk,
    session: BrowserSession,
    Path((user, fact)): Path<(String, String)>,
    Asked(filter): Asked<FactFilter>,
) -> Result<Response, Problem> {
    let (user, fact) = (read_user(&user)?, read_fact(&fact)?);
    let Some(reason) = session.reason_for(&user) else { return super::ask(&desk, &user, "", "", None) };
    let fact = desk.control.show_fact(&desk.by, user.clone(), &reason, fact).await?;
    Ok(answer(&desk.frame, "Delete a fact", delete_form(&desk.frame, &user, &fact, &filter), None))
}

pub(in crate::dashboard::people) async fn delete(
    desk: Desk,
    session: BrowserSession,
    Path((user, fact)): Path<(String, String)>,
    Asked(filter): Asked<FactFilter>,
    SafeForm(Sent {}): SafeForm<Sent>,
) -> Result<Response, Problem> {
    let (user, fact) = (read_user(&user)?, read_fact(&fact)?);
    let Some(reason) = session.reason_for(&user) else { return ask_again(&desk, &user, "") };
    desk.control.delete_fact(&desk.by, user.clone(), &reason, fact).await?;
    Ok(back(&user, &filter, "deleted", 0))
}
