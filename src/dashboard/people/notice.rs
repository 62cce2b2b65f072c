//! What was done, told on the page that follows an act: a fixed word and a count in the query, never text, so that a link
//! puts no words into memgate's mouth.

use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::links::with_query;
use crate::dashboard::shell::{Frame, Tone, notice};

/// Words and what they say; `#` stands for the count that came along.
const TOLD: &[(&str, Tone, &str)] = &[
    ("approved", Tone::Good, "The fact is active now."),
    ("edited", Tone::Good, "The fact was changed."),
    ("pinned", Tone::Good, "The fact is pinned: it makes room for no other."),
    ("unpinned", Tone::Good, "The fact is no longer pinned."),
    ("forgotten", Tone::Good, "The fact is no longer used. It is kept as history until it is deleted."),
    ("deleted", Tone::Good, "The fact was deleted."),
    ("added", Tone::Good, "The fact was added."),
    ("all_approved", Tone::Good, "Facts approved: #."),
    ("all_forgotten", Tone::Good, "Facts forgotten: #."),
    ("some", Tone::Warn, "Only some of the facts were changed: #. The others are gone, or cannot be changed so."),
    ("none_selected", Tone::Warn, "Nothing was selected, and nothing was changed."),
    ("visit_begun", Tone::Note, "Your reason is on record with each page that you read from now on."),
    ("ratchet_lowered", Tone::Good, "The ratchet was lowered."),
    ("ratchet_unchanged", Tone::Note, "Nothing was changed: the ratchet was no higher."),
    ("upstream_key_removed", Tone::Good, "The upstream key was removed."),
    ("merged", Tone::Good, "The identities were merged. Facts that came along: #."),
    ("unmerged", Tone::Good, "The merge was undone. Facts that it had brought: #."),
    ("promoted", Tone::Good, "Facts that this user was given: #."),
    ("promoted_ended", Tone::Good, "Facts that this user was given: #. The sandbox is gone."),
    ("sandbox_ended", Tone::Good, "The sandbox and all that was learned in it are gone."),
    ("key_revoked", Tone::Good, "The key was revoked: it opens nothing any more."),
    ("budget_reset", Tone::Good, "What was used was taken off the budget."),
];

/// What the act before says that it did; nothing where the word is none of memgate's.
pub(super) fn told(frame: &Frame) -> Markup {
    let done = frame.done().unwrap_or_default();
    let (word, count) = done.split_once('-').unwrap_or((done, "0"));
    let found = TOLD.iter().find(|(known, ..)| *known == word);
    let count = count.parse::<u64>().unwrap_or_default().to_string();
    html! { @if let Some((_, tone, text)) = found { (notice(*tone, text.replace('#', &count))) } }
}

/// Sends the browser on to a page that tells what was done, and to how many.
pub(super) fn see(path: &str, asked: &[(&str, Option<&str>)], word: &'static str, count: u64) -> Response {
    debug_assert!(TOLD.iter().any(|(known, ..)| *known == word), "{word}");
    let done = if count == 0 { word.to_owned() } else { format!("{word}-{count}") };
    let parameters: Vec<_> = asked.iter().copied().chain([("done", Some(done.as_str()))]).collect();
    Redirect::to(&with_query(path, &parameters)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_words_are_told() {
        let told = |done: &str| told(&Frame::sample(&format!("/users?done={done}"))).into_string();
        assert!(told("merged-3").contains("Facts that came along: 3."));
        assert!(told("promoted-<script>").contains("given: 0."));
        for word in ["", "Your+account+is+closed", "%3Cscript%3E"] {
            assert_eq!(told(word), "");
        }
    }

    #[test]
    fn an_act_is_answered_by_a_page_of_its_own() {
        let answer = see("/users/a", &[("search", Some("x y")), ("kind", None)], "promoted", 2);
        assert_eq!(answer.status(), 303);
        assert_eq!(answer.headers()["location"], "/users/a?search=x%20y&done=promoted-2");
    }
}
