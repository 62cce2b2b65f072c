//! Strangers' text, shown where it can do nothing: on one line of a terminal, a log or a page.

use std::borrow::Cow;

/// The text with everything that is not seen, or that acts on what shows it, in visible symbols: controls (escape sequences begin
/// with one), what turns the direction of writing, what has no width, tags, ends of lines. One symbol for each character.
///
/// The selectors that make a character an emoji stay: people write them all the time, and all they do is seen.
#[must_use]
pub fn inert(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| symbol(c).is_none()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| symbol(c).unwrap_or(c)).collect())
}

/// What stands for a character that is not shown as it is: its picture where Unicode has one, or the replacement character.
#[must_use]
pub fn symbol(c: char) -> Option<char> {
    match c {
        // "Control Pictures" are in the order of the controls.
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)),
        '\u{7f}' => Some('\u{2421}'),
        // Ends of lines and paragraphs.
        '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\u{2424}'),
        c if c.is_control() || is_unseen(c) => Some(char::REPLACEMENT_CHARACTER),
        _ => None,
    }
}

/// What Unicode calls default-ignorable (`DerivedCoreProperties.txt`), the emoji's selectors apart, and the marks of interlinear
/// annotations.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_acts_is_shown_and_nothing_else_is_touched() {
        for (text, shown) in [
            ("plain, żółć 漢字 🎉 ❤️", "plain, żółć 漢字 🎉 ❤️"),
            ("<script>", "<script>"),
            ("\u{1b}[31mred\u{7}", "␛[31mred␇"),
            ("\u{9b}31m", "\u{fffd}31m"),
            ("a\r\nb\tc\0", "a␍␊b␉c␀"),
            ("a\u{85}b\u{2028}c\u{2029}", "a\u{2424}b\u{2424}c\u{2424}"),
            ("\u{202e}gpj.exe", "\u{fffd}gpj.exe"),
            ("\u{2066}x\u{2069}\u{200f}\u{61c}", "\u{fffd}x\u{fffd}\u{fffd}\u{fffd}"),
            ("ad\u{200b}min\u{200d}\u{feff}\u{ad}", "ad\u{fffd}min\u{fffd}\u{fffd}\u{fffd}"),
            ("\u{e0041}\u{e007f}", "\u{fffd}\u{fffd}"),
            ("\u{7f}", "␡"),
        ] {
            assert_eq!(inert(text), shown, "{text:?}");
        }
        assert!(matches!(inert("alice"), Cow::Borrowed("alice")));
    }

    proptest! {
        #[test]
        fn nothing_that_acts_is_left(text in any::<String>()) {
            let shown = inert(&text);
            prop_assert!(!shown.chars().any(|c| c.is_control() || is_unseen(c)));
            prop_assert_eq!(shown.chars().count(), text.chars().count());
            prop_assert_eq!(inert(&shown), shown.as_ref());
        }

        #[test]
        fn every_character_is_seen_or_stays(c in any::<char>()) {
            let text = c.to_string();
            let shown = inert(&text);
            prop_assert!(shown == text || symbol(c).is_some_and(|symbol| shown == symbol.to_string()));
        }
    }
}
