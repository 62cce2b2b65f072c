//! Text to word pieces, by the rules of BERT's uncased vocabularies (Devlin et al. 2019; Wu et al. 2016).
//!
//! Lower case, marks stripped, punctuation and CJK characters on their own; then each word from its start by the longest piece that
//! the vocabulary has. A word that does not come out even is unknown as a whole. One deviation: any symbol stands alone, not only
//! punctuation, which spares a table of Unicode categories and changes no meaning.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::table::Table;

/// A word of more characters is unknown.
const MAX_WORD: usize = 100;

/// Calls `sink` with the rows of each word's pieces; with none where the word is unknown.
pub(super) fn each_word(text: &str, table: &Table<'_>, mut sink: impl FnMut(&str, &[usize])) {
    if text.is_ascii() {
        split(text.chars().map(|c| c.to_ascii_lowercase()), table, &mut sink);
    } else {
        split(text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase), table, &mut sink);
    }
}

fn split(chars: impl Iterator<Item = char>, table: &Table<'_>, sink: &mut impl FnMut(&str, &[usize])) {
    let (mut word, mut rows) = (String::new(), Vec::new());
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            pieces(word, table, &mut rows);
            sink(word, &rows);
            word.clear();
        }
    };
    for c in chars {
        // A control character is no part of a text; the others of this kind are blanks.
        if c.is_alphanumeric() && !is_cjk(c) {
            word.push(c);
        } else if c.is_whitespace() {
            end(&mut word);
        } else if !c.is_control() && !is_invisible(c) {
            end(&mut word);
            word.push(c);
            end(&mut word);
        }
    }
    end(&mut word);
}

/// The rows of a word's pieces, longest first from its start.
fn pieces(word: &str, table: &Table<'_>, rows: &mut Vec<usize>) {
    rows.clear();
    if word.len() > MAX_WORD && word.chars().count() > MAX_WORD {
        return;
    }
    let mut rest = word.as_bytes();
    while !rest.is_empty() {
        let list = if rows.is_empty() { table.starts() } else { table.inners() };
        let Some((row, length)) = list.longest(rest) else {
            rows.clear();
            return;
        };
        rows.push(row);
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// Ideographs, which BERT takes for words of their own. Kana and Hangul it does not.
fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ceaf}' | '\u{2f800}'..='\u{2fa1f}')
}

/// Format characters: the soft hyphen, zero-width ones, marks of direction, the byte order mark.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}
