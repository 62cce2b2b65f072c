//! Words as text again.

use std::borrow::Cow;

use super::words::Word;

/// The words as they stand in the turn.
pub(super) fn quote(turn: &str, words: &[Word]) -> String {
    let range = words.first().map(|word| word.start).zip(words.last().map(|word| word.end));
    range.and_then(|(start, end)| turn.get(start..end)).unwrap_or_default().to_owned()
}

/// The words one by one, where some between them were left out.
pub(super) fn saying(turn: &str, words: &[Word]) -> String {
    let mut text = String::new();
    let mut end = None;
    for word in words {
        let gap = end.and_then(|end| turn.get(end..word.start)).unwrap_or_default();
        text.push_str(if gap.contains(char::is_whitespace) { " " } else { gap });
        text.push_str(turn.get(word.start..word.end).unwrap_or_default());
        end = Some(word.end);
    }
    text
}

/// White space collapsed, emphasis marks dropped, first letter upper case.
pub(super) fn tidy(quote: &str) -> String {
    let emphasised = quote.contains("**") || quote.contains("__");
    let bare = if emphasised { Cow::Owned(quote.replace("**", "").replace("__", "")) } else { Cow::Borrowed(quote) };
    let joined = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut chars = joined.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
