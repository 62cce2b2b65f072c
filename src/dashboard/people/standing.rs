//! What an operator changes about a user beside the memory: the trust ratchet lowered, an upstream key removed.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};

use super::links::of_user;
use super::notice::see;
use super::parts::{Desk, answer, decide, mendable, missing, moment, read_user};
use super::user::ratchet;
use crate::admin::api::{LowerRatchet, UpstreamKeyHint, UserDetail};
use crate::admin::{BrowserSession, Control, Principal, Problem, Reason, SafeForm};
use crate::dashboard::shell::{Frame, choice_field, encode, facts_list, inert, reason_field};
use crate::identity::Assurance;
use crate::ids::UserId;

/// To what a ratchet can be lowered. Lowering it to the best there is would do nothing.
const LEVELS: [(&str, &str); 4] = [
    ("vouched", "vouched: the word of a client that proved itself is enough"),
    ("asserted", "asserted: the word of a trusted address is enough"),
    ("anonymous", "anonymous: nothing need be proved"),
    ("none", "none: take the ratchet off"),
];

pub(super) async fn ask_ratchet(Desk { control, by, frame }: Desk, Path(user): Path<String>) -> Result<Response, Problem> {
    let detail = control.show_user(&by, read_user(&user)?).await?;
    Ok(answer(&frame, ratchet_title(&detail.row.user), ratchet_form(&frame, &detail, "vouched"), None))
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Level {
    to: String,
}

pub(super) async fn lower_ratchet(
    Desk { control, by, frame }: Desk,
    Path(user): Path<String>,
    SafeForm(Level { to }): SafeForm<Level>,
) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    // A user who never was has no ratchet to lower.
    let detail = control.show_user(&by, user.clone()).await?;
    let lowered = match read_level(&to) {
        Ok(to) => control.lower_ratchet(&by, user.clone(), LowerRatchet { to }).await,
        Err(problem) => Err(problem),
    };
    match lowered {
        Ok(view) => Ok(see(&of_user(&user, ""), &[], if view.lowered { "ratchet_lowered" } else { "ratchet_unchanged" }, 0)),
        Err(problem) => {
            let wrong = mendable(problem)?;
            Ok(answer(&frame, ratchet_title(&user), ratchet_form(&frame, &detail, &to), Some(&wrong)))
        }
    }
}

fn read_level(word: &str) -> Result<Option<Assurance>, Problem> {
    let levels = [Assurance::Anonymous, Assurance::Asserted, Assurance::Vouched];
    match word {
        "none" => Ok(None),
        _ => levels.into_iter().find(|level| level.as_str() == word).map(Some).ok_or_else(|| {
            Problem::new(
                axum::http::StatusCode::BAD_REQUEST,
                "invalid_request",
                "Choose the level that the ratchet is lowered to.",
            )
        }),
    }
}

fn ratchet_title(user: &UserId) -> String {
    format!("Lower the ratchet of {user}")
}

pub(super) fn ratchet_form(frame: &Frame, detail: &UserDetail, to: &str) -> Markup {
    let user = &detail.row.user;
    html! {
        p { "Once somebody was verified, weaker evidence no longer opens their memory: whoever merely claims the name gets nothing. Lower it where the "
            "person has lost the better proof, and only as far as needed. It rises again by itself with the next better proof." }
        (facts_list([("Now", ratchet(detail.row.ratchet))]))
        (frame.form(&of_user(user, "/ratchet"), html! {
            (choice_field("to", "From now on", LEVELS, Some(to)))
            (decide("Lower it", &of_user(user, "")))
        }))
    }
}

fn key_title(user: &UserId) -> String {
    format!("Remove an upstream key of {user}")
}

async fn find_key(control: &Control, by: &Principal, user: &UserId, provider: &str) -> Result<UpstreamKeyHint, Problem> {
    let detail = control.show_user(by, user.clone()).await?;
    detail.upstream_keys.into_iter().find(|key| key.provider == provider).ok_or_else(|| missing("upstream key"))
}

pub(super) async fn ask_key_removal(
    Desk { control, by, frame }: Desk,
    session: BrowserSession,
    Path((user, provider)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    let key = find_key(&control, &by, &user, &provider).await?;
    let reason = session.reason_for(&user);
    let form = removal_form(&frame, &user, &key, reason.as_ref().map(Reason::as_str));
    Ok(answer(&frame, key_title(&user), form, None))
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Why {
    pub reason: String,
}

pub(super) async fn remove_key(
    Desk { control, by, frame }: Desk,
    Path((user, provider)): Path<(String, String)>,
    SafeForm(why): SafeForm<Why>,
) -> Result<Response, Problem> {
    let user = read_user(&user)?;
    let key = find_key(&control, &by, &user, &provider).await?;
    let removed = match Reason::parse(&why.reason) {
        Ok(reason) => control.delete_upstream_key(&by, user.clone(), &reason, provider).await,
        Err(problem) => Err(problem),
    };
    match removed {
        Ok(()) => Ok(see(&of_user(&user, ""), &[], "upstream_key_removed", 0)),
        Err(problem) => {
            let form = removal_form(&frame, &user, &key, Some(&why.reason));
            Ok(answer(&frame, key_title(&user), form, Some(&mendable(problem)?)))
        }
    }
}

pub(super) fn removal_form(frame: &Frame, user: &UserId, key: &UpstreamKeyHint, reason: Option<&str>) -> Markup {
    let action = of_user(user, &format!("/upstream-keys/{}/remove", encode(&key.provider)));
    html! {
        p { "The key that the person has stored for this provider is deleted. Their requests go on with the shared key, where there is one." }
        (facts_list([
            ("Provider", html! { (inert(&key.provider)) }),
            ("Ends in", html! { code { "…" (inert(&key.hint)) } }),
            ("Since", moment(key.created_at)),
        ]))
        (frame.form(&action, html! { (reason_field(reason)) (decide("Remove the key", &of_user(user, ""))) }))
    }
}
