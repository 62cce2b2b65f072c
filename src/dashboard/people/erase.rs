//! Everything that is kept of a person, erased: `/users/{user}/erase`.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};

use super::links::of_user;
use super::parts::{Desk, Field, answer, decide, mendable, moment, read_user};
use super::user::counts;
use crate::admin::api::{EraseUser, ErasedView, UserDetail};
use crate::admin::{BrowserSession, Problem, Reason, SafeForm};
use crate::dashboard::shell::{
    Frame, Sheet, Tone, bytes_text, count, empty, facts_list, inert, notice, number, reason_field, table, words,
};
use crate::ids::UserId;

/// What was typed.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Written {
    pub confirm: String,
    pub reason: String,
}

fn title(user: &UserId) -> String {
    format!("Erase {user}")
}

pub(super) async fn ask(
    Desk { control, by, frame }: Desk,
    session: BrowserSession,
    Path(user): Path<String>,
) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    let detail = control.show_user(&by, user.clone()).await?;
    let reason = session.reason_for(&user).map(|reason| reason.as_str().to_owned()).unwrap_or_default();
    Ok(answer(&frame, title(&user), form(&frame, &detail, &Written { reason, ..Written::default() }), None))
}

pub(super) async fn erase(
    Desk { control, by, frame }: Desk,
    Path(user): Path<String>,
    SafeForm(written): SafeForm<Written>,
) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    let detail = control.show_user(&by, user.clone()).await?;
    let erased = match Reason::parse(&written.reason) {
        Ok(reason) => {
            control.erase_user(&by, user.clone(), &reason, EraseUser { confirm: written.confirm.trim().to_owned() }).await
        }
        Err(problem) => Err(problem),
    };
    match erased {
        // The receipt is kept nowhere but in the audit log, so this answer shows it.
        Ok(erased) => Ok(frame.show(Sheet::new(format!("{user} was erased"), receipt(&erased)))),
        Err(problem) => Ok(answer(&frame, title(&user), form(&frame, &detail, &written), Some(&mendable(problem)?))),
    }
}

pub(super) fn form(frame: &Frame, detail: &UserDetail, written: &Written) -> Markup {
    let user = &detail.row.user;
    html! {
        (notice(Tone::Bad, html! {
            "All that is kept of " strong { (inert(&user.to_string())) } " goes. This cannot be undone. A copy of the file cannot be opened any more; a backup of the registry from before, with the master key, still \
             opens copies of that time."
        }))
        h2 { "What goes" }
        (facts_list([
            ("Facts", counts(detail.facts)),
            ("On the disk", html! { (bytes_text(detail.bytes)) }),
            ("Turns to be learned from", html! { (count(detail.waiting_turns)) }),
            ("Upstream keys", html! { (detail.upstream_keys.len()) }),
            ("Also", html! { "settings, sessions and their histories" }),
        ]))
        h2 { "What stays" }
        p { "The audit log, which holds ids and counts and no text, and the trust ratchet, so that the erased name does not open to weaker evidence. "
            "Keys that stand for the user are revoked on the " a href="/keys" { "page of keys" } "." }
        (frame.form(&of_user(user, "/erase"), html! {
            (Field { name: "confirm", label: "The user's id once more", value: &written.confirm,
                hint: "As it is written above, with the tenant.", ..Field::default() })
            (reason_field(Some(&written.reason)))
            (decide("Erase for good", &of_user(user, "")))
        }))
    }
}

pub(super) fn receipt(erased: &ErasedView) -> Markup {
    let rows = erased.records.iter().map(|(table, records)| {
        html! {
            tr { th scope="row" { (inert(table)) } td.n { (count(*records)) } }
        }
    });
    html! {
        (notice(Tone::Good, "Everything that was kept of this person is gone."))
        (facts_list([
            ("Receipt", html! { code { (erased.receipt) } }),
            ("When", moment(erased.erased_at)),
            ("Freed on the disk", html! { (bytes_text(erased.bytes)) }),
        ]))
        @if erased.records.is_empty() { (empty("Nothing was there.")) }
        @else { (table("What was removed", &[words("Records"), number("Count")], rows)) }
        p.muted { "The audit log has this erasure under the receipt's number. The receipt is shown this once: print the page, or note the number." }
        p { a href="/users" { "To the users" } }
    }
}
