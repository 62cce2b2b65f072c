//! What is remembered of one person, as an operator reviews it.

use maud::{Markup, html};

use super::fact::{self, KINDS, shown};
use super::parameters;
use crate::admin::Reason;
use crate::admin::api::{FactFilter, FactView, Page};
use crate::dashboard::people::links::{of_anyone, of_user, with_query};
use crate::dashboard::people::parts::{decide, text_area, tick};
use crate::dashboard::shell::{
    Frame, Tone, choice_field, empty, filter_form, inert, inert_whole, notice, paging, reason_field, text_field,
};
use crate::ids::UserId;

/// Longest text of a fact in characters, as the storage takes it.
const LONGEST: usize = crate::memory::curate::MAX_TEXT;

const STATUSES: [(&str, &str); 4] = [("", "all"), ("held", "to review"), ("active", "active"), ("forgotten", "forgotten")];

/// What was typed where an act went wrong, to be put right.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(in crate::dashboard::people) struct Written {
    pub text: String,
    pub kind: String,
    pub pinned: String,
}

/// Asks why, before anything is shown. `kept` is what was typed into a form that came too late.
pub(in crate::dashboard::people) fn reason_form(frame: &Frame, user: &UserId, typed: &str, kept: &str) -> Markup {
    html! {
        p { "What is remembered of a person is theirs. Say why you need to see it: your name, the time and the reason are put on record before anything is "
            "shown, and the person can read them. The reason holds for 15 minutes, in this browser, for " strong { (inert(&user.to_string())) }
            " alone; each page that you read meanwhile is put on record anew." }
        (frame.form(&of_anyone(user, "/visit"), html! {
            (reason_field(Some(typed)))
            div.buttons { button.primary type="submit" { "Put on record and open" } a href=(of_anyone(user, "")) { "Cancel" } }
        }))
        @if !kept.is_empty() {
            label { span { "What you had written" } textarea rows="4" readonly dir="auto" { (inert_whole(kept).plain()) } }
        }
    }
}

/// What the review shows.
pub(in crate::dashboard::people) struct Told<'a> {
    pub frame: &'a Frame,
    pub user: &'a UserId,
    pub reason: &'a Reason,
    pub filter: &'a FactFilter,
    pub facts: &'a Page<FactView>,
    /// A new fact that was not taken.
    pub written: &'a Written,
}

pub(in crate::dashboard::people) fn review(told: &Told) -> Markup {
    let Told { frame, user, reason, filter, facts, written } = told;
    let path = of_user(user, "/memory");
    let carried = parameters(filter);
    html! {
        (on_record(reason))
        (filter_form(&path, html! {
            (text_field("search", "Search", filter.search.as_deref()))
            (choice_field("status", "State", STATUSES, filter.status.as_deref()))
            (choice_field("kind", "Kind", [("", "all")].into_iter().chain(KINDS), filter.kind.as_deref()))
            (tick("history", "true", filter.history, "with history and forgotten"))
        }))
        @if facts.items.iter().any(|fact| fact.status == "held") {
            form #selected.buttons.selected method="post" action=(with_query(&of_user(user, "/memory/selected"), &carried)) {
                (frame.token())
                span { "Ticked facts:" }
                button type="submit" name="do" value="approve" { "Approve" }
                button type="submit" name="do" value="forget" { "Forget" }
            }
        }
        @if facts.items.is_empty() { (empty("No facts.")) }
        @else { ol.remembered { @for fact in &facts.items { li.card { (fact::review(frame, user, fact, &carried)) } } } }
        (paging(&path, &carried[..4], filter.cursor.as_deref(), facts.next.as_deref()))
        section aria-labelledby="add" {
            h2 #add { "Add a fact" }
            (add_form(frame, &with_query(&of_user(user, "/memory/added"), &carried), written))
        }
    }
}

/// Reminds the reader of what they said.
pub(in crate::dashboard::people) fn on_record(reason: &Reason) -> Markup {
    notice(Tone::Note, html! { "This look is on record, and the person can read why: “" (inert_whole(reason.as_str())) "”" })
}

fn add_form(frame: &Frame, action: &str, written: &Written) -> Markup {
    let kind = if written.kind.is_empty() { "note" } else { &written.kind };
    frame.form(
        action,
        html! {
            (text_area("text", "One statement about the person", &written.text, LONGEST))
            (choice_field("kind", "Kind of the new fact", KINDS, Some(kind)))
            (tick("pinned", "true", !written.pinned.is_empty(), "Pinned: it makes room for no other"))
            div.buttons { button type="submit" { "Add" } }
        },
    )
}

/// The form in which a fact is changed.
pub(in crate::dashboard::people) fn edit_form(
    frame: &Frame,
    user: &UserId,
    fact: &FactView,
    filter: &FactFilter,
    written: &Written,
) -> Markup {
    let carried = parameters(filter);
    let action = with_query(&of_user(user, &format!("/memory/{}/edit", fact.id)), &carried);
    html! {
        div.card { (shown(fact)) }
        p.muted { "New words make a new fact; the old one is kept as history." }
        (frame.form(&action, html! {
            (text_area("text", "Text", &written.text, LONGEST))
            (choice_field("kind", "Kind", KINDS, Some(&written.kind)))
            div.buttons { button.primary type="submit" { "Save" } a href=(with_query(&of_user(user, "/memory"), &carried)) { "Cancel" } }
        }))
    }
}

/// Asks before a fact is deleted.
pub(in crate::dashboard::people) fn delete_form(frame: &Frame, user: &UserId, fact: &FactView, filter: &FactFilter) -> Markup {
    let carried = parameters(filter);
    let action = with_query(&of_user(user, &format!("/memory/{}/delete", fact.id)), &carried);
    html! {
        p { "This fact is deleted for good, with its quote. To keep it as history, let it be forgotten instead." }
        div.card { (shown(fact)) }
        (frame.form(&action, decide("Delete for good", &with_query(&of_user(user, "/memory"), &carried))))
    }
}
