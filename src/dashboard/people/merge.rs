//! Two identities of one person: brought together and taken apart again.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};

use super::links::of_user;
use super::notice::see;
use super::parts::{Desk, Field, answer, decide, mendable, missing, moment, person, read_user};
use super::standing::Why;
use super::user::{counts, merged, ratchet};
use crate::admin::api::{MergeUsers, MergeView, UserDetail};
use crate::admin::{BrowserSession, Control, Principal, Problem, Reason, SafeForm};
use crate::dashboard::shell::{Asked, Frame, hidden_field, inert, reason_field};
use crate::ids::{RequestId, UserId};

/// What was typed.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Written {
    pub from: String,
    pub reason: String,
}

fn title(user: &UserId) -> String {
    format!("Merge into {user}")
}

/// Both sides of a merge, as far as they are known.
async fn compare(
    control: &Control,
    by: &Principal,
    into: &UserId,
    from: &str,
) -> Result<(UserDetail, Option<UserDetail>, Option<Problem>), Problem> {
    let into = control.show_user(by, into.clone()).await?;
    if from.is_empty() {
        return Ok((into, None, None));
    }
    let unknown = |()| {
        Problem::new(
            axum::http::StatusCode::NOT_FOUND,
            "not_found",
            "Nobody is called so. Names of the default tenant need no tenant before them.",
        )
    };
    let from = match UserId::parse(from.trim()) {
        Ok(from) => {
            control.show_user(by, from).await.map_err(|problem| if problem.status == 404 { unknown(()) } else { problem })
        }
        Err(_) => Err(unknown(())),
    };
    Ok(match from {
        Ok(from) => (into, Some(from), None),
        Err(problem) => (into, None, Some(problem)),
    })
}

pub(super) async fn ask(
    Desk { control, by, frame }: Desk,
    session: BrowserSession,
    Path(user): Path<String>,
    Asked(mut written): Asked<Written>,
) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    let (into, from, wrong) = compare(&control, &by, &user, &written.from).await?;
    written.reason = session.reason_for(&user).map(|reason| reason.as_str().to_owned()).unwrap_or_default();
    Ok(answer(&frame, title(&user), form(&frame, &into, from.as_ref(), &written), wrong.as_ref()))
}

pub(super) async fn merge(
    Desk { control, by, frame }: Desk,
    Path(user): Path<String>,
    SafeForm(written): SafeForm<Written>,
) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    let (into, from, unknown) = compare(&control, &by, &user, &written.from).await?;
    let wrong = match (unknown, Reason::parse(&written.reason)) {
        (Some(problem), _) | (None, Err(problem)) => problem,
        (None, Ok(reason)) => {
            match control.merge_users(&by, user.clone(), &reason, MergeUsers { from: written.from.clone() }).await {
                Ok(merge) => return Ok(see(&of_user(&user, ""), &[], "merged", merge.facts)),
                // An identity that is gone meanwhile is a slip on the form, too.
                Err(problem) => problem,
            }
        }
    };
    Ok(answer(&frame, title(&user), form(&frame, &into, from.as_ref(), &written), Some(&wrong)))
}

/// A merge into this user that can be undone.
async fn find(control: &Control, by: &Principal, user: &UserId, id: &str) -> Result<MergeView, Problem> {
    let id: RequestId = id.parse().map_err(|_| missing("merge"))?;
    let detail = control.show_user(by, user.clone()).await?;
    let fits = |merge: &MergeView| merge.id == id && merge.into == *user && merge.undone_at.is_none();
    detail.merges.into_iter().find(fits).ok_or_else(|| missing("merge"))
}

pub(super) async fn ask_undo(
    Desk { control, by, frame }: Desk,
    session: BrowserSession,
    Path((user, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    let merge = find(&control, &by, &user, &id).await?;
    let reason = session.reason_for(&user);
    Ok(answer(&frame, "Undo a merge", undo_form(&frame, &merge, reason.as_ref().map(Reason::as_str)), None))
}

pub(super) async fn undo(
    Desk { control, by, frame }: Desk,
    Path((user, id)): Path<(String, String)>,
    SafeForm(why): SafeForm<Why>,
) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    let merge = find(&control, &by, &user, &id).await?;
    let done = match Reason::parse(&why.reason) {
        Ok(reason) => control.undo_merge(&by, user.clone(), &reason, merge.id).await,
        Err(problem) => Err(problem),
    };
    match done {
        Ok(merge) => Ok(see(&of_user(&user, ""), &[], "unmerged", merge.facts)),
        Err(problem) => {
            Ok(answer(&frame, "Undo a merge", undo_form(&frame, &merge, Some(&why.reason)), Some(&mendable(problem)?)))
        }
    }
}

/// Asks for the other identity and, once there is one, shows both and asks why.
pub(super) fn form(frame: &Frame, into: &UserDetail, from: Option<&UserDetail>, written: &Written) -> Markup {
    let user = &into.row.user;
    html! {
        p { "Where one person is known by two names, say by two clients, what is remembered under the other name is brought here. "
            "The other identity keeps nothing that is recalled. A merge can be undone." }
        form.act method="get" action=(of_user(user, "/merge")) {
            (Field { name: "from", label: "The other identity", value: &written.from,
                hint: "tenant:name, or a name in the default tenant.", ..Field::default() })
            div.buttons { button type="submit" { "Compare" } a href=(of_user(user, "")) { "Cancel" } }
        }
        @if let Some(from) = from { (confirmation(frame, into, from, &written.reason)) }
        section aria-labelledby="merges" {
            h2 #merges { "Merges so far" }
            (merged(frame, &into.merges))
        }
    }
}

fn confirmation(frame: &Frame, into: &UserDetail, from: &UserDetail, reason: &str) -> Markup {
    let side = |title: &str, detail: &UserDetail| {
        html! {
            div.card {
                h3 { (title) }
                dl {
                    dt { "User" } dd { (person(&detail.row.user)) }
                    dt { "Facts" } dd { (counts(detail.facts)) }
                    dt { "Known since" } dd { (moment(detail.row.created_at)) }
                    dt { "Ratchet" } dd { (ratchet(detail.row.ratchet)) }
                }
            }
        }
    };
    let (user, other) = (&into.row.user, &from.row.user);
    html! {
        section aria-labelledby="compare" {
            h2 #compare { "Is this the same person?" }
            div.cards { (side("From", from)) (side("Into", into)) }
            p { "Facts of " strong { (inert(&other.to_string())) } " become facts of " strong { (inert(&user.to_string())) }
                ", who can read them. If these are two people, one sees what the other said." }
            (frame.form(&of_user(user, "/merge"), html! {
                (hidden_field("from", &other.to_string()))
                (reason_field(Some(reason)))
                (decide("Merge", &of_user(user, "")))
            }))
        }
    }
}

/// Asks before a merge is undone.
pub(super) fn undo_form(frame: &Frame, merge: &MergeView, reason: Option<&str>) -> Markup {
    html! {
        p { "What came from " (person(&merge.from)) " to " (person(&merge.into)) " (" (merge.facts) " facts, " (moment(merge.at))
            ") goes back. What was learned since stays where it is." }
        (frame.form(&of_user(&merge.into, &format!("/merges/{}/undo", merge.id)), html! {
            (reason_field(reason))
            (decide("Undo the merge", &of_user(&merge.into, "")))
        }))
    }
}
