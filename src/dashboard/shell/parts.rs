//! What pages are made of: tables, paging, forms, notices, badges.

use maud::{Markup, Render, html};

use super::frame::Frame;
use super::text::{encode, inert, inert_whole, optional};
use crate::admin::Reason;

/// What a badge or a notice means. Shown by a sign and by words; colour only underlines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dashboard) enum Tone {
    Good,
    Note,
    Warn,
    Bad,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// A word that stands out.
pub(in crate::dashboard) fn badge(tone: Tone, text: impl Render) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (text) } }
}

/// A box that says something of the whole page, such as what was just done.
pub(in crate::dashboard) fn notice(tone: Tone, text: impl Render) -> Markup {
    let role = if tone == Tone::Bad { "alert" } else { "status" };
    html! { div class={ "notice " (tone.class()) } role=(role) { (text) } }
}

/// What a list says when it has nothing to show.
pub(in crate::dashboard) fn empty(text: impl Render) -> Markup {
    html! { p.empty { (text) } }
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(in crate::dashboard) struct Column {
    title: &'static str,
    number: bool,
}

/// A column of words.
pub(in crate::dashboard) const fn words(title: &'static str) -> Column {
    Column { title, number: false }
}

/// A column of numbers; its cells have the class `n`.
pub(in crate::dashboard) const fn number(title: &'static str) -> Column {
    Column { title, number: true }
}

/// A table in a region of its own, which scrolls where the screen is narrow. `rows` are `tr` elements; `label` says what it lists.
pub(in crate::dashboard) fn table(label: &str, columns: &[Column], rows: impl IntoIterator<Item = Markup>) -> Markup {
    html! {
        div.scroll role="region" tabindex="0" aria-label=(label) {
            table {
                thead { tr { @for column in columns { th.n[column.number] scope="col" { (column.title) } } } }
                tbody { @for row in rows { (row) } }
            }
        }
    }
}

/// The user or sandbox of a request, with a link to what there is to see; a dash for nobody.
pub(in crate::dashboard) fn user_link(user: Option<&str>) -> Markup {
    let Some(user) = user else { return optional(None) };
    let address = match user.strip_prefix("~sandbox:") {
        Some(digest) => format!("/sandboxes/{}", encode(digest)),
        None => format!("/users/{}", encode(user)),
    };
    html! { a href=(address) { (inert(user)) } }
}

/// The switch of a page whose `#live` part updates by itself, and a link that does it once, without a script.
pub(in crate::dashboard) fn live_switch(frame: &Frame) -> Markup {
    html! {
        div.live {
            span #live-state role="status" {}
            button #live-switch type="button" aria-pressed="false" hidden { "Live" }
            a.button href=(frame.target()) { "Reload" }
        }
    }
}

/// Names with what they stand for, such as the particulars of one object.
pub(in crate::dashboard) fn facts_list(pairs: impl IntoIterator<Item = (&'static str, Markup)>) -> Markup {
    html! { dl.particulars { @for (name, value) in pairs { div { dt { (name) } dd { (value) } } } } }
}

/// Links to the first and the next page. `asked` are the filters of the list, without `cursor`.
pub(in crate::dashboard) fn paging(
    path: &str,
    asked: &[(&str, Option<&str>)],
    cursor: Option<&str>,
    next: Option<&str>,
) -> Markup {
    let address = |cursor: Option<&str>| {
        let pairs = asked.iter().copied().chain([("cursor", cursor)]);
        let pairs: Vec<_> = pairs.filter_map(|(name, value)| Some(format!("{name}={}", encode(value?)))).collect();
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
    };
    html! {
        @if cursor.is_some() || next.is_some() {
            nav.paging aria-label="Pages of the list" {
                @if cursor.is_some() { a href=(address(None)) { "« First page" } }
                @if next.is_some() { a rel="next" href=(address(next)) { "Next page ›" } } @else { span.muted { "End of the list" } }
            }
        }
    }
}

/// A form that filters a list by its address. `fields` are labelled inputs.
pub(in crate::dashboard) fn filter_form(action: &str, fields: impl Render) -> Markup {
    html! {
        form.filters role="search" method="get" action=(action) {
            (fields)
            div.buttons { button type="submit" { "Apply" } a href=(action) { "Clear" } }
        }
    }
}

/// A labelled line of text.
pub(in crate::dashboard) fn text_field(name: &str, label: &str, value: Option<&str>) -> Markup {
    html! { label { span { (label) } input type="text" name=(name) value=(inert_whole(value.unwrap_or_default()).plain()) autocomplete="off"; } }
}

/// A labelled time in UTC, as it was asked for.
pub(in crate::dashboard) fn time_field(name: &str, label: &str, value: Option<&str>) -> Markup {
    html! { label { span { (label) } input type="datetime-local" step="1" name=(name) value=(value.unwrap_or_default()); } }
}

/// A labelled choice: values with their words.
pub(in crate::dashboard) fn choice_field<'a>(
    name: &str,
    label: &str,
    choices: impl IntoIterator<Item = (&'a str, &'a str)>,
    chosen: Option<&str>,
) -> Markup {
    html! {
        label {
            span { (label) }
            select name=(name) {
                @for (value, text) in choices {
                    option value=(value) selected[chosen.unwrap_or_default() == value] { (text) }
                }
            }
        }
    }
}

/// Why an operator looks at or changes what is remembered of a person.
pub(in crate::dashboard) fn reason_field(value: Option<&str>) -> Markup {
    html! {
        label.wide {
            span { "Reason (put on record; the person can read it)" }
            input type="text" name="reason" required maxlength=(Reason::LONGEST) value=(inert_whole(value.unwrap_or_default()).plain()) autocomplete="off";
        }
    }
}

/// What a form carries along.
pub(in crate::dashboard) fn hidden_field(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paging_keeps_the_filters() {
        let links = paging("/decisions", &[("user", Some("a&b")), ("client", None)], Some("x"), Some("y\"")).into_string();
        assert!(links.contains(r#"href="/decisions?user=a%26b""#), "{links}");
        assert!(links.contains(r#"href="/decisions?user=a%26b&amp;cursor=y%22""#), "{links}");
        assert_eq!(paging("/users", &[], None, None).into_string(), "");
    }

    #[test]
    fn a_table_scrolls_by_keyboard_and_says_what_it_lists() {
        let made = table("Users", &[words("User"), number("Requests")], [html! { tr { td { "a" } td.n { "1" } } }]).into_string();
        assert!(made.contains(r#"role="region" tabindex="0" aria-label="Users""#), "{made}");
        assert!(made.contains(r#"<th class="n" scope="col">Requests</th>"#), "{made}");
    }
}
