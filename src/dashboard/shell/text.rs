//! Text of strangers made inert, and times, sizes and counts in words.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, Render, html};

use crate::telemetry::symbol;

/// Characters that are shown of a name, a path or the like, and of a longer text.
const SHORT: usize = 256;
const LONG: usize = 65_536;
/// Parts of a sentence that are told apart at most.
const PROSE: usize = 64;

/// A stranger's text on its way into a page.
#[derive(Debug, Clone, Copy)]
pub(in crate::dashboard) struct Inert<'a> {
    text: &'a str,
    most: usize,
    lines: bool,
}

/// A name, a path or another short text of a stranger: escaped, set apart from the direction of what is around it, control and
/// bidirectional characters as symbols, clipped.
pub(in crate::dashboard) fn inert(text: &str) -> Inert<'_> {
    Inert { text, most: SHORT, lines: false }
}

/// As [`inert`], for longer texts: line ends and tabs stay.
pub(in crate::dashboard) fn inert_whole(text: &str) -> Inert<'_> {
    Inert { text, most: LONG, lines: true }
}

impl Inert<'_> {
    /// As plain text, for where no element can be, such as a title.
    pub(in crate::dashboard) fn plain(self) -> String {
        let (shown, rest) = self.shown();
        let shown: String = shown.chars().map(|c| self.symbol(c)).collect();
        if rest == 0 { shown } else { format!("{shown}…") }
    }

    /// What is shown, and the bytes that are not.
    fn shown(&self) -> (&str, usize) {
        match self.text.char_indices().nth(self.most) {
            Some((end, _)) => (&self.text[..end], self.text.len() - end),
            None => (self.text, 0),
        }
    }

    fn symbol(self, c: char) -> char {
        match c {
            '\n' | '\t' if self.lines => c,
            // Joiners stay: words and emoji need them.
            '\u{200c}' | '\u{200d}' => c,
            _ => symbol(c).unwrap_or(c),
        }
    }
}

impl Render for Inert<'_> {
    fn render_to(&self, buffer: &mut String) {
        let (shown, rest) = self.shown();
        let harmless = shown.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let shown: Cow<'_, str> =
            if harmless { shown.into() } else { shown.chars().map(|c| self.symbol(c)).collect::<String>().into() };
        buffer.push_str("<bdi>");
        shown.render_to(buffer);
        buffer.push_str("</bdi>");
        if rest > 0 {
            html! { span.muted { "… (" (bytes_text(rest as u64)) " more)" } }.render_to(buffer);
        }
    }
}

/// Several of them, each inert, with commas between.
pub(in crate::dashboard) fn inert_list(texts: &[String]) -> Markup {
    html! {
        @if texts.is_empty() { span.muted { "–" } }
        @for (place, text) in texts.iter().enumerate() { @if place > 0 { ", " } (inert(text)) }
    }
}

/// A sentence with words of programs between backticks, inert all the same.
pub(in crate::dashboard) fn prose(text: &str) -> Markup {
    let parts: Vec<_> = text.split('`').collect();
    html! {
        @if parts.len().is_multiple_of(2) || parts.len() > PROSE { (inert_whole(text)) } @else {
            @for (place, part) in parts.into_iter().enumerate() {
                @if place % 2 == 1 { code { (inert_whole(part)) } } @else { (inert_whole(part)) }
            }
        }
    }
}

/// An optional text of a stranger; a dash where there is none.
pub(in crate::dashboard) fn optional(text: Option<&str>) -> Markup {
    html! { @if let Some(text) = text { (inert(text)) } @else { span.muted { "–" } } }
}

/// A part of an address: everything but unreserved characters percent-encoded (RFC 3986).
pub(in crate::dashboard) fn encode(text: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// A time as programs read it, and as people do, in UTC.
fn written(ms: i64) -> Option<(String, String)> {
    let time = Timestamp::from_millisecond(ms).ok()?.to_zoned(TimeZone::UTC);
    Some((time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), time.strftime("%Y-%m-%d %H:%M:%S").to_string()))
}

/// A time, and how long ago that was; of today the time of day alone. Milliseconds since the Unix epoch.
pub(in crate::dashboard) fn moment(ms: i64, now: i64) -> Markup {
    const DAY: i64 = 86_400_000;
    let is_today = ms.div_euclid(DAY) == now.div_euclid(DAY);
    html! {
        @if let Some((exact, shown)) = written(ms) {
            time datetime=(exact) { (shown.get(if is_today { 11 } else { 0 }..).unwrap_or_default()) } " " span.ago { (ago(ms, now)) }
        } @else { span.muted { "–" } }
    }
}

/// The time of day, in UTC.
pub(in crate::dashboard) fn clock(ms: i64) -> Markup {
    html! {
        @if let Some((exact, shown)) = written(ms) { time datetime=(exact) { (shown.get(11..).unwrap_or_default()) } }
    }
}

/// Such as `3 min ago`, or `in 2 h`.
pub(in crate::dashboard) fn ago(ms: i64, now: i64) -> String {
    let seconds = now.saturating_sub(ms) / 1000;
    let (distance, unit) = match seconds.unsigned_abs() {
        s @ 0..60 => (s, "s"),
        s @ 60..3600 => (s / 60, "min"),
        s @ 3600..172_800 => (s / 3600, "h"),
        s => (s / 86_400, "days"),
    };
    match seconds {
        0 => "now".to_owned(),
        1.. => format!("{distance} {unit} ago"),
        _ => format!("in {distance} {unit}"),
    }
}

/// A number with thousands set apart by thin spaces that do not break.
pub(in crate::dashboard) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut spaced = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            spaced.push('\u{202f}');
        }
        spaced.push(digit);
    }
    spaced
}

/// Bytes in binary units.
pub(in crate::dashboard) fn bytes_text(bytes: u64) -> String {
    let (mut whole, mut rest, mut unit) = (bytes, 0, 0);
    while whole >= 1024 && unit < 4 {
        (whole, rest, unit) = (whole / 1024, whole % 1024, unit + 1);
    }
    let unit = ["B", "KiB", "MiB", "GiB", "TiB"][unit];
    if rest > 0 && whole < 10 { format!("{whole}.{} {unit}", rest * 10 / 1024) } else { format!("{whole} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_inert() {
        for (text, shown) in [
            ("<script>alert(1)</script>", "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"),
            ("\"><img onerror=x>", "<bdi>&quot;&gt;&lt;img onerror=x&gt;</bdi>"),
            ("\u{1b}[31mred", "<bdi>␛[31mred</bdi>"),
            ("a\u{202e}b\u{200b}c\u{9b}", "<bdi>a\u{fffd}b\u{fffd}c\u{fffd}</bdi>"),
            ("one\ntwo", "<bdi>one␊two</bdi>"),
        ] {
            assert_eq!(inert(text).render().into_string(), shown);
        }
        assert_eq!(inert_whole("one\n\ttwo\u{1b}").render().into_string(), "<bdi>one\n\ttwo␛</bdi>");
    }

    #[test]
    fn words_of_programs_stand_out_in_a_sentence() {
        assert_eq!(prose("Set `a<b` now.").into_string(), "<bdi>Set </bdi><code><bdi>a&lt;b</bdi></code><bdi> now.</bdi>");
        assert_eq!(prose("One ` alone").into_string(), "<bdi>One ` alone</bdi>");
        assert!(prose(&"`".repeat(100_000)).into_string().len() < 100_000);
    }

    #[test]
    fn long_text_is_clipped_between_characters() {
        let long = "é".repeat(100_000);
        let shown = inert(&long).render().into_string();
        assert!(shown.len() < 1000 && shown.contains("more)"), "{shown}");
        assert_eq!(inert(&long).plain().chars().count(), SHORT + 1);
    }

    #[test]
    fn times_are_utc_with_how_long_ago() {
        let shown = |now| moment(1_700_000_000_000, now).into_string();
        let time = |text, ago| format!(r#"<time datetime="2023-11-14T22:13:20Z">{text}</time> <span class="ago">{ago}</span>"#);
        assert_eq!(shown(1_700_000_185_000), time("22:13:20", "3 min ago"));
        assert_eq!(shown(1_700_007_200_000), time("2023-11-14 22:13:20", "2 h ago"));
        assert_eq!((ago(0, 100), ago(5000, 0), ago(0, 400_000_000)), ("now".into(), "in 5 s".into(), "4 days ago".into()));
        assert!(moment(i64::MAX, 0).into_string().contains('–'));
    }

    #[test]
    fn numbers_and_sizes_are_readable() {
        assert_eq!((count(999), count(1_234_567)), ("999".into(), "1\u{202f}234\u{202f}567".into()));
        assert_eq!(
            (bytes_text(1023), bytes_text(1536), bytes_text(64 << 20)),
            ("1023 B".into(), "1.5 KiB".into(), "64 MiB".into())
        );
    }

    #[test]
    fn parts_of_addresses_hold_nothing_that_ends_them() {
        assert_eq!(encode("a/b?c=d&e#é\"<"), "a%2Fb%3Fc%3Dd%26e%23%C3%A9%22%3C");
    }
}
