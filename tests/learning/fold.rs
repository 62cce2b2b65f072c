//! Compares words past the disguises that a model would see through.

use unicode_normalization::UnicodeNormalization;

/// Compatibility forms, tag characters, unseen characters and case are levelled; any space is one blank.
pub fn fold(text: &str) -> String {
    let seen: String = text.chars().filter_map(reveal).nfkc().collect();
    seen.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the text contains the phrase, disguised or not.
pub fn contains(text: &str, phrase: &str) -> bool {
    fold(text).contains(&fold(phrase))
}

/// Whether the text contains each word of the phrase, at the start of a word: inflected forms count, chance hits inside others don't.
/// Words of up to three letters have to stand alone.
pub fn contains_words(text: &str, phrase: &str) -> bool {
    let text = fold(text);
    fold(phrase).split_whitespace().all(|word| has_word(&text, word))
}

fn has_word(text: &str, word: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let short = word.chars().count() <= 3;
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        !(inside(before) || short && inside(after))
    })
}

/// Characters that are drawn as nothing, by Unicode's `Default_Ignorable_Code_Point` and general category `Cf`.
pub fn is_unseen(c: char) -> bool {
    matches!(u32::from(c), 0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2 | 0x115f..=0x1160 | 0x17b4..=0x17b5
        | 0x180b..=0x180f | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
        | 0xfff0..=0xfffb | 0x110bd | 0x110cd | 0x13430..=0x1343f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

fn reveal(c: char) -> Option<char> {
    match u32::from(c) {
        tag @ 0xe0020..=0xe007e => char::from_u32(tag - 0xe0000),
        _ => (!is_unseen(c)).then_some(c),
    }
}

#[test]
fn disguises_are_seen_through() {
    assert!(contains("a\u{200b}b\u{e0043}  ｄ", "abc D"));
    assert!(contains_words("on the 9th of March", "march 9th"));
    assert!(contains_words("ik heb pinda's", "pinda") && contains_words("Call me Bo!", "bo"));
    assert!(
        !contains_words("an above-board tutor", "bo") && !contains_words("a tutor", "tu") && !contains_words("unhappy", "happy")
    );
    assert!(!contains("abd", "abc"));
}
