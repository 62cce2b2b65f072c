//! Per-user keys: `/keys`.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};

use super::links::{of_user, with_query};
use super::notice::{see, told};
use super::parts::{Desk, Field, Sent, answer, decide, mendable, missing, moment, person};
use crate::admin::api::{MadeUserKey, MakeUserKey, Page, UserKeyView};
use crate::admin::{Problem, SafeForm};
use crate::dashboard::shell::{
    Asked, Frame, Sheet, Tone, empty, facts_list, filter_form, inert, inert_whole, notice, paging, table, text_field, words,
};
use crate::ids::KeyId;

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    pub user: Option<String>,
    /// How many come before the page.
    pub cursor: Option<String>,
}

/// Keys of one page.
const PAGE: usize = 100;

/// What was typed.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Written {
    pub user: String,
    pub label: String,
}

pub(super) async fn list(desk: Desk, Asked(filter): Asked<Filter>) -> Result<Response, Problem> {
    // Whoever comes from a user's page makes a key for that user.
    let written = Written { user: filter.user.clone().unwrap_or_default(), ..Written::default() };
    show(&desk, &filter, &written, None).await
}

async fn show(desk: &Desk, filter: &Filter, written: &Written, wrong: Option<&Problem>) -> Result<Response, Problem> {
    let Desk { control, by, frame } = desk;
    let mut keys = control.list_user_keys(by, filter.user.as_deref()).await?.keys;
    keys.reverse();
    let before = filter.cursor.as_deref().and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let next = (keys.len().saturating_sub(before) > PAGE).then(|| before.saturating_add(PAGE).to_string());
    let items = keys.into_iter().skip(before).take(PAGE).collect();
    let body = html! { (told(frame)) (view(frame, filter, &Page { items, next, total: None }, written)) };
    Ok(answer(frame, "Keys", body, wrong))
}

pub(super) async fn make(desk: Desk, SafeForm(written): SafeForm<Written>) -> Result<Response, Problem> {
    let ask = MakeUserKey { user: written.user.trim().to_owned(), label: written.label.trim().to_owned() };
    match desk.control.make_user_key(&desk.by, ask).await {
        // The key is in this answer alone: no address and no redirect carries it.
        Ok(key) => Ok(desk.frame.show(Sheet::new("A new key", made(&key)))),
        Err(problem) => show(&desk, &Filter::default(), &written, Some(&mendable(problem)?)).await,
    }
}

/// A key that is in force.
async fn find(desk: &Desk, id: &str) -> Result<UserKeyView, Problem> {
    let id: KeyId = id.parse().map_err(|_| missing("key"))?;
    let keys = desk.control.list_user_keys(&desk.by, None).await?.keys;
    keys.into_iter().find(|key| key.id == id && key.revoked_at.is_none()).ok_or_else(|| missing("key"))
}

pub(super) async fn ask_rotation(desk: Desk, Path(id): Path<String>) -> Result<Response, Problem> {
    let key = find(&desk, &id).await?;
    Ok(answer(&desk.frame, "Rotate a key", change_form(&desk.frame, &key, &ROTATION), None))
}

pub(super) async fn rotate(desk: Desk, Path(id): Path<String>, SafeForm(Sent {}): SafeForm<Sent>) -> Result<Response, Problem> {
    let key = find(&desk, &id).await?;
    let key = desk.control.rotate_user_key(&desk.by, &key.id.to_string()).await?;
    Ok(desk.frame.show(Sheet::new("A new key", made(&key))))
}

pub(super) async fn ask_revocation(desk: Desk, Path(id): Path<String>) -> Result<Response, Problem> {
    let key = find(&desk, &id).await?;
    Ok(answer(&desk.frame, "Revoke a key", change_form(&desk.frame, &key, &REVOCATION), None))
}

pub(super) async fn revoke(desk: Desk, Path(id): Path<String>, SafeForm(Sent {}): SafeForm<Sent>) -> Result<Response, Problem> {
    let key = find(&desk, &id).await?;
    desk.control.revoke_user_key(&desk.by, &key.id.to_string()).await?;
    Ok(see("/keys", &[("user", Some(&key.user.to_string()))], "key_revoked", 0))
}

pub(super) fn view(frame: &Frame, filter: &Filter, keys: &Page<UserKeyView>, written: &Written) -> Markup {
    let user = filter.user.as_deref();
    html! {
        p { "A key stands for one person: typed into a chat client as its API key, it proves who speaks. memgate keeps no key, only what tells a right one; its "
            "last characters are shown. How a client as a whole proves itself is told under " a href="/keys/clients" { "keys of clients" } "." }
        (filter_form("/keys", text_field("user", "User (tenant:name)", user)))
        (listed(frame, &keys.items))
        (paging("/keys", &[("user", user)], filter.cursor.as_deref(), keys.next.as_deref()))
        @if frame.may_act() {
            section aria-labelledby="make" {
                h2 #make { "Make a key" }
                (frame.form("/keys", html! {
                    (Field { name: "user", label: "For the user", value: &written.user,
                        hint: "tenant:name, or a name in the default tenant. Somebody new is fine.", ..Field::default() })
                    (Field { name: "label", label: "Label", value: &written.label, longest: 128, required: false,
                        hint: "What you call the key, such as laptop." })
                    div.buttons { button.primary type="submit" { "Make the key" } }
                }))
            }
        }
    }
}

pub(super) fn listed(frame: &Frame, keys: &[UserKeyView]) -> Markup {
    let rows = keys.iter().map(|key| html! {
        tr {
            th scope="row" { @if key.label.is_empty() { "–" } @else { (inert(&key.label)) } }
            td { (person(&key.user)) }
            td { code { "…" (inert(&key.hint)) } }
            td { (moment(key.created_at)) }
            td { @if let Some(at) = key.revoked_at { "revoked " (moment(at)) } @else { "in force" } }
            @if frame.may_act() {
                td {
                    @if key.revoked_at.is_none() {
                        a href={ "/keys/" (key.id) "/rotate" } { "Rotate" } " " a href={ "/keys/" (key.id) "/revoke" } { "Revoke" }
                    }
                }
            }
        }
    });
    let columns = [words("Label"), words("User"), words("Ends in"), words("Made"), words("State"), words("Act")];
    let columns = if frame.may_act() { &columns[..] } else { &columns[..5] };
    html! { @if keys.is_empty() { (empty("None.")) } @else { (table("Keys", columns, rows)) } }
}

/// Shows a key, this once.
pub(super) fn made(made: &MadeUserKey) -> Markup {
    html! {
        (notice(Tone::Good, "The key was made. It is shown this once: memgate does not keep it."))
        (facts_list([("User", person(&made.user))]))
        (secret("The key", &made.key.0))
        p { "Hand it to the person by a way that nobody else reads. They type it into their chat client as its API key." }
        p { a href=(of_user(&made.user, "")) { "To the user" } " · " a href="/keys" { "To the keys" } }
    }
}

/// Something secret, to be copied.
pub(super) fn secret(label: &str, value: &str) -> Markup {
    html! {
        label.secret { span { (label) } input.mono type="text" value=(inert_whole(value).plain()) readonly autocomplete="off" spellcheck="false"; }
    }
}

/// What a page asks before it changes a key.
pub(super) struct Change {
    path: &'static str,
    label: &'static str,
    what: &'static str,
}

pub(super) const ROTATION: Change = Change {
    path: "rotate",
    label: "Make a new key",
    what: "A new key is made and shown once. The old one opens nothing from then on, so have it replaced in the client at once.",
};
pub(super) const REVOCATION: Change = Change {
    path: "revoke",
    label: "Revoke for good",
    what: "Whoever sends this key is refused from now on. This cannot be undone.",
};

pub(super) fn change_form(frame: &Frame, key: &UserKeyView, change: &Change) -> Markup {
    let Change { path, label, what } = change;
    let back = with_query("/keys", &[("user", Some(&key.user.to_string()))]);
    html! {
        (facts_list([
            ("User", person(&key.user)),
            ("Label", html! { @if key.label.is_empty() { "–" } @else { (inert(&key.label)) } }),
            ("Ends in", html! { code { "…" (inert(&key.hint)) } }),
            ("Made", moment(key.created_at)),
        ]))
        p { (what) }
        (frame.form(&format!("/keys/{}/{path}", key.id), decide(label, &back)))
    }
}
