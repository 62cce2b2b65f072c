//! Words and sentences, each with its place in the turn.

use std::ops::Range;

use super::grammar::Class;

/// One word, lower case. Contractions are several words: "don't" is "do" and "not", "j'habite" is "j" and "habite".
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each mark stands by itself")]
pub(super) struct Word<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
    pub(super) end: usize,
    /// The word as one bit, by which patterns are passed over quickly.
    pub(super) trace: u64,
    /// The roles that phrases have which begin with the word, as bits.
    pub(super) opens: u32,
    /// What the word is in the language that the sentence is read in.
    pub(super) class: Class,
    /// A comma, dash, colon or parenthesis stands in front.
    pub(super) parted: bool,
    /// It is a colon.
    pub(super) announced: bool,
    /// It is a mark that opens a question or an exclamation, as in Spanish.
    pub(super) asked: bool,
    /// It begins with a capital.
    pub(super) capital: bool,
}

impl Word<'_> {
    pub(super) fn is(&self, class: Class) -> bool {
        self.class.meets(class)
    }
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each mark stands by itself")]
pub(super) struct Sentence<'t> {
    pub(super) words: Vec<Word<'t>>,
    pub(super) question: bool,
    /// Ended by a full stop or the like, not by the end of the stretch.
    pub(super) ended: bool,
    /// Its last mark is a colon: it announces what follows.
    pub(super) announces: bool,
    /// A face that is made at what is said stands in it or right behind.
    pub(super) wry: bool,
}

/// Faces that people put where they mean the opposite.
const WRY: [char; 3] = ['🙄', '🙃', '😏'];

/// The turn in lower case, every character at its old place: a letter whose lower case is longer or shorter stays as it is.
pub(super) fn fold(turn: &str) -> String {
    if turn.is_ascii() {
        return turn.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(turn.len());
    for c in turn.chars() {
        let mut lower = c.to_lowercase();
        match (lower.next(), lower.next()) {
            (Some(low), None) if low.len_utf8() == c.len_utf8() => folded.push(low),
            _ => folded.push(c),
        }
    }
    folded
}

/// The sentences of `turn[range]`; `folded` is the turn folded.
pub(super) fn sentences<'t>(turn: &str, folded: &'t str, range: Range<usize>) -> Vec<Sentence<'t>> {
    let stretch = turn.get(range.clone()).unwrap_or_default();
    let mut found = Vec::new();
    let mut start = 0;
    let mut address = 0;
    let mut push = |part: Range<usize>, question, ended| {
        let words = words(turn, folded, range.start + part.start..range.start + part.end);
        let wry = stretch.get(part.clone()).unwrap_or_default().contains(WRY);
        if !words.is_empty() {
            let announces =
                stretch.get(part).unwrap_or_default().trim_end_matches(['*', '_', ' ', '\t', '\r']).ends_with([':', '：']);
            found.push(Sentence { words, question, ended, announces, wry });
        } else if let Some(last) = found.last_mut() {
            last.wry |= wry;
        }
    };
    for (i, c) in stretch.char_indices() {
        let after = i + c.len_utf8();
        let behind = || stretch.get(after..).unwrap_or_default();
        address = address.max(i + address_len(stretch.get(i..).unwrap_or_default()));
        let ends = match c {
            _ if i < address => false,
            '!' | '?' | ';' | '…' | '。' | '！' | '？' => true,
            c if is_line_break(c) => true,
            '.' => {
                behind().chars().next().is_none_or(char::is_whitespace)
                    && !is_abbreviation(stretch.get(start..i).unwrap_or_default())
            }
            _ => false,
        };
        if ends {
            // "Really?!" and "?" on the next line belong to what was said before.
            let question = matches!(c, '?' | '？') || behind().trim_start_matches('!').starts_with('?');
            push(start..i, question, true);
            start = after;
        }
    }
    push(start..stretch.len(), false, false);
    found
}

fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let mut chars = word.chars();
    let initial = chars.next().is_some_and(char::is_uppercase) && chars.next().is_none() && word != "I";
    initial
        || ["mr", "mrs", "ms", "dr", "st", "prof", "e.g", "i.e", "vs", "approx", "no", "z.b", "bzw", "sra", "sr", "p.ej", "dott"]
            .iter()
            .any(|a| a.eq_ignore_ascii_case(word))
}

/// Where an address goes on: "://", and all that follows without a space.
fn address_len(rest: &str) -> usize {
    if rest.starts_with("://") { rest.find(char::is_whitespace).unwrap_or(rest.len()) } else { 0 }
}

fn is_inner(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '\'' | '’' | '-' | '/' | '+' | '#' | '@' | '&' | '.' | '_')
        // Combining marks of decomposed letters, and the joiners of scripts that need them.
        || matches!(c, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}')
}

/// What stood before the word that is being read.
#[derive(Default, Clone, Copy)]
struct Before {
    parted: bool,
    announced: bool,
    asked: bool,
}

fn words<'t>(turn: &str, folded: &'t str, range: Range<usize>) -> Vec<Word<'t>> {
    let mut found = Vec::with_capacity(range.len() / 5 + 1);
    let mut start = None;
    let mut before = Before::default();
    let sentence = turn.get(range.clone()).unwrap_or_default();
    let mut address = 0;
    for (i, c) in sentence.char_indices().chain([(sentence.len(), ' ')]) {
        address = address.max(i + address_len(sentence.get(i..).unwrap_or_default()));
        // "10:30", "host:8080/path".
        let clock = || {
            let behind = sentence.get(i + 1..).and_then(|rest| rest.chars().next());
            c == ':' && start.is_some() && behind.is_some_and(|c| c.is_ascii_digit())
        };
        if i < address || is_inner(c) || clock() {
            start.get_or_insert(range.start + i);
            continue;
        }
        if let Some(from) = start.take() {
            let raw = folded.get(from..range.start + i).unwrap_or_default();
            if raw.bytes().any(|b| b.is_ascii_alphanumeric() || b >= 0x80) {
                let capital =
                    turn.get(from..).and_then(|t| t.chars().find(|c| c.is_alphanumeric())).is_some_and(char::is_uppercase);
                push_word(&mut found, raw, from, std::mem::take(&mut before), capital);
            } else {
                before.parted = true;
            }
        }
        before.announced |= matches!(c, ':' | '：');
        before.asked |= matches!(c, '¿' | '¡');
        before.parted |= matches!(c, ',' | ':' | '：' | '(' | ')' | '—' | '–' | '¿' | '¡' | '，' | '、');
    }
    found
}

/// Pronouns that French and Portuguese write behind the verb with a hyphen.
const PRONOUNS: [&str; 8] = ["moi", "toi", "nous", "vous", "me", "te", "se", "lhe"];

fn push_word<'t>(found: &mut Vec<Word<'t>>, raw: &'t str, at: usize, before: Before, capital: bool) {
    let apostrophe = |c: char| matches!(c, '\'' | '’');
    let trimmed = raw.trim_matches(|c: char| apostrophe(c) || matches!(c, '-' | '.' | '/' | '_'));
    let mut at = at + raw.find(trimmed).unwrap_or(0);
    let mut before = before;
    let mut push = |text: &'t str, start: usize, end: usize, capital: bool| {
        let Before { parted, announced, asked } = std::mem::take(&mut before);
        if !text.is_empty() {
            found.push(Word { text, start, end, trace: 0, opens: 0, class: Class::default(), parted, announced, asked, capital });
        }
    };
    let mut rest = trimmed;
    let mut first = true;
    while let Some(i) = rest.find(apostrophe) {
        let mark = rest.get(i..).and_then(|r| r.chars().next()).map_or(1, char::len_utf8);
        let (head, tail) = (rest.get(..i).unwrap_or_default(), rest.get(i + mark..).unwrap_or_default());
        let end = at + rest.len();
        match (head, tail) {
            ("can", "t") => {
                push("can", at, at + i, capital && first);
                push("not", at + i, end, false);
                return;
            }
            ("won", "t") => {
                push("will", at, at + i, capital && first);
                push("not", at + i, end, false);
                return;
            }
            (negated, "t") if negated.ends_with('n') => {
                push(negated.strip_suffix('n').unwrap_or(negated), at, at + i - 1, capital && first);
                push("not", at + i - 1, end, false);
                return;
            }
            (_, "s") => {
                push(head, at, at + i, capital && first);
                push("'s", at + i, end, false);
                return;
            }
            _ => push(head, at, at + i, capital && first),
        }
        at += i + mark;
        rest = tail;
        first = false;
    }
    // "Appelle-moi", "chamo-me": the pronoun is a word of its own.
    match rest.rsplit_once('-') {
        Some((verb, pronoun)) if PRONOUNS.contains(&pronoun) => {
            push(verb, at, at + verb.len(), capital);
            push(pronoun, at + verb.len() + 1, at + rest.len(), false);
        }
        _ => push(rest, at, at + rest.len(), capital),
    }
}

/// Zero-width and steering characters, and the invisible alphabet of language tags.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Every character that any reader takes for the end of a line.
pub(super) fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
