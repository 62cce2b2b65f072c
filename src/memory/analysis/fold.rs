//! Unicode folding and words. The marks of a word stay until it is stemmed, since stemmers go by them.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// One unit of a text, folded but for the marks on its letters.
pub(super) enum Word<'a> {
    /// A word between separators.
    Plain(&'a str),
    /// Two neighbouring characters (or a single one that stands alone) of a script written without spaces.
    Gram(&'a str),
}

/// Longest word in bytes that counts: what is longer is no word (base64, a URL) and would only bloat the index.
const MAX_WORD: usize = 64;

/// Words of French and Italian that lose their vowel before another one: they say nothing, and hide the word behind them.
const ELIDED: [&str; 17] =
    ["l", "d", "j", "m", "t", "s", "c", "n", "qu", "un", "all", "dall", "dell", "nell", "sull", "quell", "quest"];

/// Calls `sink` with each folded word of `text`.
pub(super) fn each_word(text: &str, mut sink: impl FnMut(Word<'_>)) {
    if text.is_ascii() {
        split(text.chars().map(|c| c.to_ascii_lowercase()), &mut sink);
    } else {
        let mut base = ' ';
        let folded = text.nfkd().filter(|&c| {
            let keep = !strips(base, c);
            if !is_combining_mark(c) {
                base = c;
            }
            keep
        });
        // Composed again, so that Hangul syllables and kana count as one character.
        split(folded.nfc().flat_map(char::to_lowercase), &mut sink);
    }
}

/// A word without the marks that carry no meaning for a search, and with letters that stand for two written out.
pub(super) fn strip_marks(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let mut base = ' ';
    let letters = word.nfd().filter(|&c| {
        let keep = !matches!(c, '\u{300}'..='\u{36f}') || is_cyrillic(base);
        if !is_combining_mark(c) {
            base = c;
        }
        keep
    });
    let mut stripped = String::with_capacity(word.len());
    for c in letters.nfc() {
        match c {
            'ß' => stripped.push_str("ss"),
            'æ' => stripped.push_str("ae"),
            'œ' => stripped.push_str("oe"),
            'ø' => stripped.push('o'),
            'ł' => stripped.push('l'),
            'đ' => stripped.push('d'),
            'ı' => stripped.push('i'),
            c => stripped.push(c),
        }
    }
    Cow::Owned(stripped)
}

fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52f}')
}

/// Whether the mark `c` on `base` means nothing to a stemmer either. In Cyrillic only stress and the dots of ё are such.
fn strips(base: char, c: char) -> bool {
    match c {
        '\u{300}'..='\u{36f}' => is_cyrillic(base) && matches!(c, '\u{301}' | '\u{308}'),
        // Further diacritics; Hebrew points; Arabic vowel signs; the soft hyphen and zero-width joiners.
        '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}'
        | '\u{591}'..='\u{5c7}'
        | '\u{64b}'..='\u{65f}'
        | '\u{670}'
        | '\u{ad}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'
        | '\u{feff}' => true,
        _ => false,
    }
}

fn split(chars: impl Iterator<Item = char>, sink: &mut impl FnMut(Word<'_>)) {
    let mut word = String::new();
    let mut gram = Grams::default();
    for c in chars {
        if is_spaceless(c) {
            flush(&mut word, sink);
            gram.push(c, sink);
            continue;
        }
        gram.end(sink);
        match c {
            '\'' | '’' => word.push('\''),
            c if c.is_alphanumeric() || is_combining_mark(c) => word.push(c),
            _ => flush(&mut word, sink),
        }
    }
    flush(&mut word, sink);
    gram.end(sink);
}

fn flush(word: &mut String, sink: &mut impl FnMut(Word<'_>)) {
    if word.len() <= MAX_WORD {
        let bare = word.trim_matches('\'');
        let bare = bare.strip_suffix("'s").unwrap_or(bare);
        let bare = bare.split_once('\'').filter(|(elided, _)| ELIDED.contains(elided)).map_or(bare, |(_, rest)| rest);
        if bare.contains('\'') {
            sink(Word::Plain(&bare.replace('\'', "")));
        } else if !bare.is_empty() {
            sink(Word::Plain(bare));
        }
    }
    word.clear();
}

/// Chinese, Japanese, Thai, Lao, Khmer, Myanmar and Hangul: words are not parted by spaces, or carry endings no stemmer knows.
fn is_spaceless(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[derive(Default)]
struct Grams {
    last: Option<char>,
    paired: bool,
}

impl Grams {
    fn push(&mut self, c: char, sink: &mut impl FnMut(Word<'_>)) {
        if let Some(last) = self.last {
            let mut pair = String::with_capacity(8);
            pair.extend([last, c]);
            sink(Word::Gram(&pair));
            self.paired = true;
        }
        self.last = Some(c);
    }

    fn end(&mut self, sink: &mut impl FnMut(Word<'_>)) {
        if let Some(last) = self.last.take()
            && !std::mem::take(&mut self.paired)
        {
            sink(Word::Gram(last.encode_utf8(&mut [0; 4])));
        }
        self.paired = false;
    }
}
