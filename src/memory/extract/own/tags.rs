//! Tags of every make: what stands between them was put there by a program, or wants to look so.
//!
//! Tags are sought in the text as a careless reader sees it: invisible characters left out, wide and foreign letters taken for
//! the Latin ones that they look like, HTML entities written out.

use unicode_normalization::UnicodeNormalization;

use super::super::words::is_invisible;
use super::{Mask, Register};

/// Marks by which chat templates tell the speakers apart. A person has no use for them.
const TEMPLATE: [&str; 9] = ["<|", "|>", "[inst]", "[/inst]", "<<sys", "<start_of_turn", "<end_of_turn", "{{char}}", "{{user}}"];

/// A tag whose name holds one of these runs to the end of the turn where nobody closed it.
const CARRIERS: [&str; 36] = [
    "memory",
    "memgate",
    "memories",
    "context",
    "document",
    "doc",
    "source",
    "system",
    "assistant",
    "user",
    "human",
    "tool",
    "function",
    "result",
    "search",
    "retriev",
    "file",
    "history",
    "chat",
    "instruct",
    "prompt",
    "output",
    "response",
    "quote",
    "mail",
    "page",
    "web",
    "snippet",
    "passage",
    "knowledge",
    "attach",
    "fact",
    "profile",
    "think",
    "data",
    "message",
];

/// A character as it looks, and its place.
#[derive(Clone, Copy)]
struct Glyph {
    c: char,
    at: usize,
}

pub(super) fn mask_tags(text: &str, mask: &mut Mask) -> Register {
    if !text.chars().any(|c| matches!(look(c), Some('<' | '>' | '[' | '{' | '&'))) {
        return Register::Own;
    }
    let glyphs = glyphs(text);
    let seen = Seen { glyphs: &glyphs, len: text.len() };
    if (0..glyphs.len()).any(|at| TEMPLATE.iter().any(|mark| seen.reads(at, mark))) {
        return Register::Foreign;
    }
    let mut at = 0;
    while at < glyphs.len() {
        at = seen.mask_tag(at, mask).unwrap_or(at + 1);
    }
    Register::Own
}

struct Seen<'a> {
    glyphs: &'a [Glyph],
    len: usize,
}

impl Seen<'_> {
    fn char(&self, at: usize) -> Option<char> {
        self.glyphs.get(at).map(|glyph| glyph.c)
    }

    /// The place in the text, its end for what lies behind.
    fn place(&self, at: usize) -> usize {
        self.glyphs.get(at).map_or(self.len, |glyph| glyph.at)
    }

    fn reads(&self, at: usize, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.char(at + i) == Some(c))
    }

    fn find(&self, from: usize, text: &str) -> Option<usize> {
        (from..self.glyphs.len()).find(|at| self.reads(*at, text))
    }

    /// Hides what belongs to the tag at `at`; where to go on.
    fn mask_tag(&self, at: usize, mask: &mut Mask) -> Option<usize> {
        let open = self.char(at).filter(|c| matches!(c, '<' | '['))?;
        let close = if open == '<' { '>' } else { ']' };
        if self.reads(at, "<!--") {
            let end = self.find(at + 4, "-->").map_or(self.glyphs.len(), |end| end + 3);
            mask.hide(self.place(at)..self.place(end));
            return Some(end);
        }
        if self.reads(at, "<![cdata[") {
            mask.hide(self.place(at)..self.len);
            return Some(self.glyphs.len());
        }
        let mut start = at + 1;
        while self.char(start).is_some_and(char::is_whitespace) {
            start += 1;
        }
        let closing = self.char(start) == Some('/');
        start += usize::from(closing);
        let name: String =
            (start..).map_while(|i| self.char(i).filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))).take(40).collect();
        let carries = CARRIERS.iter().any(|carrier| name.contains(carrier));
        if name.is_empty() || open == '[' && !carries && !closing {
            return None;
        }
        if closing {
            // What stands before a closing tag that nobody opened was inside once.
            let end = self.find(start, &close.to_string()).map_or(self.glyphs.len(), |end| end + 1);
            let from = if carries { 0 } else { self.place(at) };
            mask.hide(from..self.place(end));
            return Some(end);
        }
        let tag_end = self.find(start, &close.to_string()).map(|end| end + 1);
        let end = match tag_end.and_then(|behind| self.last_closing(behind, open, close, &name)) {
            Some(end) => end,
            None if carries => self.glyphs.len(),
            None => tag_end?,
        };
        mask.hide(self.place(at)..self.place(end));
        Some(end)
    }

    /// Behind the last closing tag of that name: nested tags of one name count as one.
    fn last_closing(&self, from: usize, open: char, close: char, name: &str) -> Option<usize> {
        (from..self.glyphs.len()).rev().find_map(|at| {
            let mut start = at + 1;
            if self.char(at) != Some(open) {
                return None;
            }
            while self.char(start).is_some_and(char::is_whitespace) {
                start += 1;
            }
            if self.char(start) != Some('/') {
                return None;
            }
            start += 1;
            while self.char(start).is_some_and(char::is_whitespace) {
                start += 1;
            }
            self.reads(start, name).then(|| self.find(start, &close.to_string()).map_or(self.glyphs.len(), |end| end + 1))
        })
    }
}

fn glyphs(text: &str) -> Vec<Glyph> {
    let mut found = Vec::with_capacity(text.len());
    let mut skip_to = 0;
    for (at, c) in text.char_indices() {
        if at < skip_to {
            continue;
        }
        if c == '&'
            && let Some((c, len)) = entity(text.get(at..).unwrap_or_default())
        {
            found.push(Glyph { c, at });
            skip_to = at + len;
            continue;
        }
        if let Some(c) = look(c) {
            found.push(Glyph { c, at });
        }
    }
    found
}

/// An HTML entity that stands for a mark of interest, and its length; entities of entities too.
fn entity(text: &str) -> Option<(char, usize)> {
    let mut bare = text;
    while let Some(rest) = bare.strip_prefix("&amp;") {
        bare = rest;
    }
    let bare = bare.strip_prefix('&').unwrap_or(bare);
    let (name, _) = bare.get(..bare.find(';').filter(|len| *len <= 8)? + 1)?.split_once(';')?;
    let number = name.strip_prefix('#').and_then(|n| match n.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => n.parse().ok(),
    });
    let c = match (name, number) {
        ("lt" | "LT", _) => '<',
        ("gt" | "GT", _) => '>',
        ("lsqb" | "lbrack", _) => '[',
        ("rsqb" | "rbrack", _) => ']',
        ("sol", _) => '/',
        (_, Some(code)) => look(char::from_u32(code)?)?,
        _ => return None,
    };
    Some((c, text.len() - bare.len() + name.len() + 1))
}

/// The character that `c` looks like; nothing for one that is not seen.
fn look(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c.to_ascii_lowercase());
    }
    if is_invisible(c) {
        return None;
    }
    // Wide, small and mathematical forms of one letter or mark.
    let mut plain = std::iter::once(c).nfkc();
    if let (Some(plain), None) = (plain.next(), plain.next())
        && plain.is_ascii()
    {
        return Some(plain.to_ascii_lowercase());
    }
    Some(match c {
        '‹' | '〈' | '《' | '⟨' | '⟪' | '﹤' | 'ᐸ' | '❮' | '❰' | '˂' | '≺' | '⋖' | '⧼' => '<',
        '›' | '〉' | '》' | '⟩' | '⟫' | '﹥' | 'ᐳ' | '❯' | '❱' | '˃' | '≻' | '⋗' | '⧽' => '>',
        '【' | '〔' | '⟦' | '〚' => '[',
        '】' | '〕' | '⟧' | '〛' => ']',
        '∕' | '⁄' | '╱' | '⧸' => '/',
        'ǀ' | '∣' => '|',
        'а' | 'А' | 'α' | 'Α' | 'ɑ' => 'a',
        'В' | 'Β' => 'b',
        'с' | 'С' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'Е' | 'Ε' => 'e',
        'һ' | 'Н' | 'Η' => 'h',
        'і' | 'І' | 'Ι' | 'ı' | 'ι' => 'i',
        'ј' | 'Ј' => 'j',
        'к' | 'К' | 'Κ' | 'κ' => 'k',
        'м' | 'М' | 'Μ' => 'm',
        'Ν' => 'n',
        'о' | 'О' | 'ο' | 'Ο' => 'o',
        'р' | 'Р' | 'ρ' | 'Ρ' => 'p',
        'ѕ' | 'Ѕ' => 's',
        'т' | 'Т' | 'Τ' | 'τ' => 't',
        'υ' | 'ս' => 'u',
        'х' | 'Х' | 'χ' | 'Χ' => 'x',
        'у' | 'У' | 'Υ' | 'γ' => 'y',
        other => other,
    })
}
