//! One fact with why memgate knows it.

use maud::{Markup, html};

use crate::admin::api::FactView;
use crate::dashboard::people::links::{of_user, with_query};
use crate::dashboard::people::parts::moment;
use crate::dashboard::shell::{Frame, Tone, badge, hidden_field, inert, inert_whole};
use crate::ids::UserId;

/// As configured and as shown.
pub(super) const KINDS: [(&str, &str); 5] =
    [("profile", "profile"), ("preference", "preference"), ("event", "event"), ("instruction", "instruction"), ("note", "note")];

/// Milliseconds. What is learned within one holds since then, as people count.
const A_MINUTE: u64 = 60_000;

/// A fact, and what can be done about it. `carried` is what the page was asked for.
pub(super) fn review(frame: &Frame, user: &UserId, fact: &FactView, carried: &[(&str, Option<&str>)]) -> Markup {
    let path = |what: &str| with_query(&of_user(user, &format!("/memory/{}/{what}", fact.id)), carried);
    let change = path("change");
    let button = |word: &str, label: &str| frame.button(&change, label, hidden_field("do", word));
    html! {
        (shown(fact))
        div.buttons {
            @if fact.status == "held" {
                label.check { input type="checkbox" name="fact" value=(fact.id) form="selected"; span { "Tick" } }
                (button("approve", "Approve"))
            }
            @if fact.status == "forgotten" { (button("approve", "Use again")) }
            a.button href=(path("edit")) { "Edit" }
            @if fact.pinned { (button("unpin", "Unpin")) } @else { (button("pin", "Pin")) }
            @if fact.status != "forgotten" { (button("forget", "Forget")) }
            a.button.danger href=(path("delete")) { "Delete" }
        }
    }
}

/// A fact as it is read.
pub(in crate::dashboard::people) fn shown(fact: &FactView) -> Markup {
    let source = &fact.source;
    let mut known = vec![
        ("Learned", moment(fact.created_at)),
        ("Client", html! { (inert(&source.client)) }),
        ("Assurance", html! { (inert(&source.assurance)) }),
        ("Drawn by", html! { (inert(&source.origin)) }),
    ];
    known.extend(source.session.as_ref().map(|session| ("Session", html! { (inert(session)) })));
    known.extend((fact.valid_at.abs_diff(fact.created_at) > A_MINUTE).then(|| ("Holds since", moment(fact.valid_at))));
    known.extend(fact.invalid_at.map(|at| ("Ceased to hold", moment(at))));
    known.extend(fact.expires_at.map(|at| ("Is dropped", moment(at))));
    known.extend(fact.superseded_by.map(|by| ("Replaced by", html! { code { (by) } })));
    html! {
        p.statement { (inert_whole(&fact.text)) }
        p.marks {
            (state(fact)) " " (badge(Tone::Note, inert(&fact.kind)))
            @if fact.pinned { " " (badge(Tone::Note, "pinned")) }
            @if fact.tier == "passing" { " " (badge(Tone::Note, "said in passing")) }
            @if let Some(slot) = &fact.slot { " " (badge(Tone::Note, inert(slot))) }
        }
        @if !source.quote.is_empty() { blockquote { (inert_whole(&source.quote)) } }
        dl.provenance { @for (name, value) in known { div { dt { (name) } dd { (value) } } } }
    }
}

/// What became of the fact.
fn state(fact: &FactView) -> Markup {
    match (fact.status.as_str(), &fact.held_for) {
        ("held", Some(why)) => badge(Tone::Warn, html! { "to review: " (inert(why)) }),
        ("held", None) => badge(Tone::Warn, "to review"),
        ("active", _) if fact.current => badge(Tone::Good, "active"),
        ("active", _) => badge(Tone::Note, "history"),
        (other, _) => badge(Tone::Note, inert(other)),
    }
}
