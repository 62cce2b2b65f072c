//! A strict JSON reader that yields byte ranges instead of values, so that a body can be edited by splicing.
//!
//! It accepts what RFC 8259 accepts, with two bounds: nesting up to [`MAX_DEPTH`], and lone surrogates are let through in
//! strings (they are somebody else's text). It never recurses on input.

use std::borrow::Cow;
use std::ops::Range;

/// Deepest nesting that is read. Tool schemas of real clients stay below 20.
pub(super) const MAX_DEPTH: usize = 512;

/// Why a text is no JSON that can be read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// Not JSON; the offset of the byte that cannot stand where it stands.
    Syntax(usize),
    /// Nested deeper than [`MAX_DEPTH`].
    Depth,
}

/// A string as it stands in the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Literal {
    /// The literal with its quotes.
    pub span: Range<usize>,
    pub escaped: bool,
}

/// A member of an object, whose value is still to be read.
#[derive(Debug)]
pub(super) struct Member<'a> {
    /// Decoded.
    pub key: Cow<'a, str>,
    /// Offset of the key's quote.
    pub at: usize,
}

#[derive(Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The first byte of the next token.
    pub fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Offset of the next unread byte.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The end of the text: nothing but white space may be left.
    pub fn end(&mut self) -> Result<(), Malformed> {
        if self.peek().is_none() { Ok(()) } else { Err(self.fault()) }
    }

    fn fault(&self) -> Malformed {
        Malformed::Syntax(self.at)
    }

    /// Reads an object. `member` must read the value of each member.
    pub fn object<E: From<Malformed>>(
        &mut self,
        mut member: impl FnMut(&mut Self, Member<'a>) -> Result<(), E>,
    ) -> Result<Range<usize>, E> {
        let start = self.open(b'{')?;
        if self.peek() != Some(b'}') {
            loop {
                if self.peek() != Some(b'"') {
                    return Err(self.fault().into());
                }
                let literal = self.string()?;
                let key = decode(self.bytes, &literal);
                self.open(b':')?;
                self.peek();
                member(self, Member { key, at: literal.span.start })?;
                if self.peek() != Some(b',') {
                    break;
                }
                self.at += 1;
            }
        }
        self.open(b'}')?;
        Ok(start..self.at)
    }

    /// Reads an array. `element` must read each element.
    pub fn array<E: From<Malformed>>(&mut self, mut element: impl FnMut(&mut Self) -> Result<(), E>) -> Result<Range<usize>, E> {
        let start = self.open(b'[')?;
        if self.peek() != Some(b']') {
            loop {
                self.peek();
                element(self)?;
                if self.peek() != Some(b',') {
                    break;
                }
                self.at += 1;
            }
        }
        self.open(b']')?;
        Ok(start..self.at)
    }

    /// Takes one structural byte, and says where it stands.
    fn open(&mut self, byte: u8) -> Result<usize, Malformed> {
        if self.peek() != Some(byte) {
            return Err(self.fault());
        }
        self.at += 1;
        Ok(self.at - 1)
    }

    /// Reads a string; the next token must start with a quote.
    pub fn string(&mut self) -> Result<Literal, Malformed> {
        let start = self.open(b'"')?;
        let mut escaped = false;
        loop {
            self.at += plain_run(&self.bytes[self.at..]);
            match self.bytes[self.at..] {
                [b'"', ..] => {
                    self.at += 1;
                    return Ok(Literal { span: start..self.at, escaped });
                }
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => self.at += 2,
                [b'\\', b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(u8::is_ascii_hexdigit) => self.at += 6,
                _ => return Err(self.fault()),
            }
            escaped = true;
        }
    }

    /// Skips any value, and says where it stands. Containers are tracked in a bit set, not on the stack.
    pub fn value(&mut self) -> Result<Range<usize>, Malformed> {
        let mut objects = [0_u64; MAX_DEPTH / 64];
        let mut depth = 0;
        self.peek();
        let start = self.at;
        loop {
            // Before a value.
            match self.peek() {
                Some(open @ (b'{' | b'[')) => {
                    if depth == MAX_DEPTH {
                        return Err(Malformed::Depth);
                    }
                    self.at += 1;
                    let bit = 1 << (depth % 64);
                    if open == b'{' {
                        objects[depth / 64] |= bit;
                    } else {
                        objects[depth / 64] &= !bit;
                    }
                    depth += 1;
                    if self.peek() == Some(if open == b'{' { b'}' } else { b']' }) {
                        self.at += 1;
                        depth -= 1;
                    } else {
                        if open == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                Some(b'"') => {
                    self.string()?;
                }
                Some(_) => self.scalar()?,
                None => return Err(self.fault()),
            }
            // After a value: close what ends here.
            loop {
                if depth == 0 {
                    return Ok(start..self.at);
                }
                let object = objects[(depth - 1) / 64] & (1 << ((depth - 1) % 64)) != 0;
                match (self.peek(), object) {
                    (Some(b','), _) => {
                        self.at += 1;
                        if object {
                            self.key()?;
                        }
                        break;
                    }
                    (Some(b'}'), true) | (Some(b']'), false) => {
                        self.at += 1;
                        depth -= 1;
                    }
                    _ => return Err(self.fault()),
                }
            }
        }
    }

    /// Skips any value.
    pub fn skip(&mut self) -> Result<(), Malformed> {
        self.value().map(drop)
    }

    fn key(&mut self) -> Result<(), Malformed> {
        self.string()?;
        self.open(b':').map(drop)
    }

    /// A number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Result<(), Malformed> {
        let rest = &self.bytes[self.at..];
        for word in [&b"true"[..], b"false", b"null"] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(());
            }
        }
        let digits = |from: usize| rest[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let mut end = usize::from(rest.first() == Some(&b'-'));
        let whole = digits(end);
        let leading_zero = whole > 1 && rest[end] == b'0';
        end += whole;
        let mut valid = whole > 0 && !leading_zero;
        if rest.get(end) == Some(&b'.') {
            let fraction = digits(end + 1);
            valid &= fraction > 0;
            end += 1 + fraction;
        }
        if matches!(rest.get(end), Some(b'e' | b'E')) {
            end += 1 + usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end);
            valid &= exponent > 0;
            end += exponent;
        }
        if !valid {
            return Err(self.fault());
        }
        self.at += end;
        Ok(())
    }
}

/// Length of the run that needs no look: no quote, backslash or control character.
fn plain_run(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return index * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let read = words.len() * 8;
    let special = |b: &u8| *b < 0x20 || *b == b'"' || *b == b'\\';
    read + bytes[read..].iter().position(special).unwrap_or(bytes.len() - read)
}

/// Eight bytes at once: the high bit is set in the first byte (counted from the low end) that is special, and in none before it.
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (control | zeros(word ^ (ONES * 0x22)) | zeros(word ^ (ONES * 0x5c))) & HIGH
}

/// The text of a string literal. Lone surrogates become U+FFFD.
pub(super) fn decode<'a>(bytes: &'a [u8], literal: &Literal) -> Cow<'a, str> {
    let inner = &bytes[literal.span.start + 1..literal.span.end - 1];
    if literal.escaped { Cow::Owned(unescape(inner)) } else { String::from_utf8_lossy(inner) }
}

fn unescape(mut rest: &[u8]) -> String {
    let mut text = String::with_capacity(rest.len());
    loop {
        let run = rest.iter().position(|&b| b == b'\\').unwrap_or(rest.len());
        text.push_str(&String::from_utf8_lossy(&rest[..run]));
        rest = &rest[run..];
        let (character, length) = match rest {
            [b'\\', b'u', ..] => unicode_escape(rest),
            [b'\\', code, ..] => (short_escape(*code), 2),
            _ => return text,
        };
        text.push(character);
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn short_escape(code: u8) -> char {
    match code {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        other => char::from(other),
    }
}

/// The character of one `\uXXXX`, or of a pair, and the bytes that it took.
fn unicode_escape(rest: &[u8]) -> (char, usize) {
    let unit = |at: usize| {
        let hex = rest.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
    };
    let Some(high) = unit(0) else { return (char::REPLACEMENT_CHARACTER, 2) };
    if (0xD800..0xDC00).contains(&high)
        && let Some(low @ 0xDC00..0xE000) = unit(6)
    {
        let pair = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        return (char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}

/// Appends `text` as the inside of a string literal.
pub(super) fn escape_into(out: &mut String, text: &str) {
    let mut rest = text;
    loop {
        let (plain, special) = rest.split_at(plain_run(rest.as_bytes()));
        out.push_str(plain);
        let mut characters = special.chars();
        match characters.next() {
            None => return,
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(sign @ ('"' | '\\')) => out.extend(['\\', sign]),
            Some(control) => {
                let code = u32::from(control);
                out.push_str("\\u00");
                out.extend([code >> 4, code & 15].iter().filter_map(|digit| char::from_digit(*digit, 16)));
            }
        }
        rest = characters.as_str();
    }
}

#[cfg(test)]
mod tests;
