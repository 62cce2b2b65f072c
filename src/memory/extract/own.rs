//! Which parts of a turn are the person's own words: everything that was pasted, quoted, injected or played is left out.

use std::ops::Range;

/// A stretch of the person's own words, as a byte range of the turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) range: Range<usize>,
    /// Something was left out right before or behind it, on the same line: its first or last clause may be a torso.
    pub(super) torn_start: bool,
    pub(super) torn_end: bool,
}

/// Lines that begin with these and a colon are the person's; any other `Name: …` is somebody's line in a transcript.
const LEAD_INS: [&str; 17] = [
    "remember",
    "please remember",
    "remember this",
    "note",
    "please note",
    "fyi",
    "btw",
    "ps",
    "p.s.",
    "keep in mind",
    "reminder",
    "important",
    "context",
    "about me",
    "update",
    "edit",
    "for the record",
];

/// Tags whose text runs to the end of the turn where nobody closed them: injected by chat UIs and by memgate.
const INJECTED: [&str; 12] = [
    crate::memory::render::TAG,
    "memory_context",
    "context",
    "source",
    "document",
    "documents",
    "retrieved_context",
    "user_context",
    "chat_history",
    "file",
    "attached_files",
    "system",
];

/// Openings of prompts that a chat UI writes in the person's name.
const TASK_PROMPTS: [&str; 3] =
    ["### task", "your task is to reflect the speaker's", "you have been provided with a set of responses"];

/// The person's own stretches of `text`, in order. None for a turn that plays a role or that a chat UI wrote.
pub(super) fn own_words(text: &str) -> Vec<Stretch> {
    let opening = text.trim_start();
    let is_task =
        TASK_PROMPTS.iter().any(|p| starts_with_folded(opening, p)) || text.lines().any(|l| starts_with_folded(l, "### task"));
    if is_task {
        return Vec::new();
    }
    let mut mask = Mask(vec![false; text.len()]);
    mask_fences(text, &mut mask);
    mask_tags(text, &mut mask);
    mask_lines(text, &mut mask);
    if mask_spans(text, &mut mask) == Register::Played {
        return Vec::new();
    }
    mask.stretches(text)
}

#[derive(PartialEq, Eq)]
enum Register {
    Plain,
    /// `*Actions*` stand in the text: what is said around them is a character's.
    Played,
}

struct Mask(Vec<bool>);

impl Mask {
    fn hide(&mut self, range: Range<usize>) {
        if let Some(part) = self.0.get_mut(range) {
            part.fill(true);
        }
    }

    fn hides(&self, at: usize) -> bool {
        self.0.get(at).copied().unwrap_or(false)
    }

    fn stretches(&self, text: &str) -> Vec<Stretch> {
        let mut found: Vec<Stretch> = Vec::new();
        let mut start = None;
        for at in 0..=text.len() {
            let open = at < text.len() && !self.hides(at);
            match (start, open) {
                (None, true) => start = Some(at),
                (Some(from), false) => {
                    let before = text.get(..from).unwrap_or_default();
                    let torn_start = from > 0 && !before.ends_with('\n');
                    let torn_end = at < text.len() && !text.get(from..at).unwrap_or_default().ends_with('\n');
                    found.push(Stretch { range: from..at, torn_start, torn_end });
                    start = None;
                }
                _ => {}
            }
        }
        found
    }
}

/// Each line with its line break, as byte ranges.
fn line_ranges(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let range = at..at + line.len();
        at = range.end;
        (range, line)
    })
}

fn mask_fences(text: &str, mask: &mut Mask) {
    let mut open: Option<&str> = None;
    for (range, line) in line_ranges(text) {
        let bare = line.trim_start();
        let fence = ["```", "~~~"].into_iter().find(|fence| bare.starts_with(fence));
        if open.is_some() || fence.is_some() {
            mask.hide(range);
        }
        open = match open {
            Some(open) if fence == Some(open) => None,
            Some(open) => Some(open),
            None => fence,
        };
    }
}

fn mask_tags(text: &str, mask: &mut Mask) {
    let mut at = 0;
    while let Some(open) = text.get(at..).and_then(|rest| rest.find('<')).map(|i| at + i) {
        at = open + 1;
        let rest = text.get(at..).unwrap_or_default();
        let name_len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'|')).count();
        let name = rest.get(..name_len).unwrap_or_default();
        if name.is_empty() {
            continue;
        }
        let Some(tag_end) = rest.find('>').map(|i| at + i + 1) else {
            if INJECTED.iter().any(|t| t.eq_ignore_ascii_case(name)) {
                mask.hide(open..text.len());
            }
            continue;
        };
        let end = match find_closing(text, tag_end, name) {
            Some(end) => end,
            None if INJECTED.iter().any(|t| t.eq_ignore_ascii_case(name)) => text.len(),
            None => tag_end,
        };
        mask.hide(open..end);
        at = end;
    }
}

/// The end of the last `</name>` behind `from`: nested tags of one name count as one.
fn find_closing(text: &str, from: usize, name: &str) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.rmatch_indices("</").find_map(|(i, _)| {
        let behind = rest.get(i + 2..)?;
        let same = behind.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name));
        let close = behind.get(name.len()..)?.find('>')?;
        same.then_some(from + i + 2 + name.len() + close + 1)
    })
}

fn mask_lines(text: &str, mask: &mut Mask) {
    for (range, line) in line_ranges(text) {
        let bare = line.trim_start();
        let indented = line.starts_with('\t') || line.starts_with("    ");
        if bare.starts_with('>') || indented && !bare.is_empty() || is_transcript(bare) {
            mask.hide(range);
        }
    }
}

/// `Name: words`, as in a chat log, a script or an e-mail's head.
fn is_transcript(line: &str) -> bool {
    let Some((head, tail)) = line.split_once(':') else { return false };
    let head = head.trim_matches(['*', '[', ']', '-', ' ']);
    let words = head.split_whitespace().count();
    let is_name = (1..=3).contains(&words) && head.len() <= 40 && head.chars().next().is_some_and(char::is_uppercase);
    let is_lead_in = LEAD_INS.iter().any(|l| l.eq_ignore_ascii_case(head));
    let tail_is_text = tail.starts_with([' ', '\t']) && !tail.trim().is_empty();
    is_name && tail_is_text && !is_lead_in
}

/// Quoted speech, inline code and actions within a line.
fn mask_spans(text: &str, mask: &mut Mask) -> Register {
    for (range, line) in line_ranges(text) {
        let mut rest = line;
        let mut at = range.start;
        while let Some((i, open)) = rest.char_indices().find(|&(i, c)| opens_span(c) && !mask.hides(at + i)) {
            if let Some(behind) = rest.get(i..).and_then(|r| r.strip_prefix("**")) {
                // Strong emphasis, not an action.
                at += rest.len() - behind.len();
                rest = behind;
                continue;
            }
            let before = rest.get(..i).and_then(|b| b.chars().next_back());
            let start = at + i;
            let inner = rest.get(i + open.len_utf8()..).unwrap_or_default();
            let span = closing(open, before, inner).map(|len| inner.get(..len).unwrap_or_default());
            match span {
                Some(span) if open == '*' => {
                    let opens_line = text.get(range.start..start).unwrap_or_default().trim().is_empty();
                    if span.contains(' ') || opens_line {
                        return Register::Played;
                    }
                }
                Some(span) => {
                    let close = inner.get(span.len()..).and_then(|r| r.chars().next()).map_or(0, char::len_utf8);
                    mask.hide(start..start + open.len_utf8() + span.len() + close);
                }
                // A quotation that nobody closed lasts to the end of the line, to be safe.
                None if is_quote(open) => mask.hide(start..range.end),
                None => {}
            }
            let skip = i + open.len_utf8() + span.map_or(0, str::len);
            let skip =
                skip + rest.get(skip..).and_then(|r| r.chars().next()).filter(|_| span.is_some()).map_or(0, char::len_utf8);
            if span.is_none() && is_quote(open) {
                break;
            }
            rest = rest.get(skip..).unwrap_or_default();
            at += skip;
        }
    }
    Register::Plain
}

fn opens_span(c: char) -> bool {
    is_quote(c) || matches!(c, '*' | '`' | '\'')
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '„' | '«' | '”')
}

/// Length of the span that `open` begins, up to its closing mark; `before` is the character in front of it.
fn closing(open: char, before: Option<char>, inner: &str) -> Option<usize> {
    match open {
        '"' | '“' | '„' | '”' => inner.find(['"', '”', '“']),
        '«' => inner.find('»'),
        '`' => inner.find('`'),
        '*' => {
            let len = inner.find('*')?;
            let tight = !inner.starts_with([' ', '*', '\t']) && !inner.get(..len)?.ends_with(' ') && before != Some('*');
            tight.then_some(len)
        }
        // An apostrophe stands within or behind a word; a single quotation mark stands before one and is closed behind several.
        _ if before.is_some_and(char::is_alphanumeric) => None,
        _ => inner.char_indices().find_map(|(i, c)| {
            let behind = inner.get(i + 1..).and_then(|r| r.chars().next());
            let closes = c == '\'' && behind.is_none_or(|b| !b.is_alphanumeric());
            (closes && inner.get(..i)?.contains(' ')).then_some(i)
        }),
    }
}

fn starts_with_folded(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|t| t.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(text: &str) -> String {
        own_words(text).iter().map(|s| text.get(s.range.clone()).unwrap()).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn what_is_not_the_persons_is_left_out() {
        for (text, left) in [
            ("a\n```\nI live in X\n```\nb", "a\n|b"),
            ("a\n```\nI live in X", "a\n"),
            ("a\n> I live in X\nb", "a\n|b"),
            ("she said \"I live in X\" twice", "she said | twice"),
            ("she said “I live in X", "she said "),
            ("it's Bob's, 'I live in X' he said", "it's Bob's, | he said"),
            ("run `my name is x` now", "run | now"),
            ("<memory_context>my name is X</memory_context> hi", " hi"),
            ("<memgate_memory>\nmy name is X", ""),
            ("<a><context>I</context> I live in X</context> hi", " hi"),
            ("Bob: I live in X\nRemember: I live in Y", "Remember: I live in Y"),
            ("    let x = I live;\nb", "b"),
            ("*waves* I am a knight", ""),
            ("I am a knight *draws the sword* now", ""),
            ("this is *really* good", "this is *really* good"),
            ("this is **very important** to me", "this is **very important** to me"),
            ("### Task:\nSummarise. I live in X", ""),
            ("2 < 3 and I live", "2 < 3 and I live"),
        ] {
            assert_eq!(own(text), left, "{text:?}");
        }
    }

    #[test]
    fn torn_stretches_say_so() {
        let stretches = own_words("I like \"x\" and\nyou");
        assert_eq!((stretches[0].torn_start, stretches[0].torn_end), (false, true));
        assert_eq!((stretches[1].torn_start, stretches[1].torn_end), (true, false));
    }
}
