//! What whole lines give away: code, quotations, transcripts, letters, logs, prompts.

use super::super::words::{is_invisible, is_line_break};
use super::openings::{CLOSINGS, HEADINGS, LEAD_INS, LETTERS, ROLES};
use super::{Mask, Register, line_ranges};

pub(super) fn mask_fences(text: &str, mask: &mut Mask) -> Register {
    // The mark that opened the fence, and how many of it: only as many close it.
    let mut open: Option<(char, usize)> = None;
    for (range, line) in line_ranges(text) {
        let bare = line.trim_start();
        let fencing = bare.chars().next().filter(|c| matches!(c, '`' | '~' | '\'' | '"'));
        let len = fencing.map_or(0, |fencing| bare.chars().take_while(|c| *c == fencing).count());
        let fence = fencing.filter(|_| len >= 3).map(|mark| (mark, len));
        if open.is_some() || fence.is_some() {
            mask.hide(range);
        }
        open = match (open, fence) {
            (Some((opening, len)), Some((closing, times))) if opening == closing && times >= len && is_bare(bare, closing) => {
                None
            }
            (Some(open), _) => Some(open),
            (None, fence) => fence,
        };
    }
    Register::Own
}

fn is_bare(line: &str, mark: char) -> bool {
    line.trim_end().chars().all(|c| c == mark)
}

pub(super) fn mask_lines(text: &str, mask: &mut Mask) -> Register {
    mask_signed(text, mask);
    let chat = text.lines().filter(|line| is_chat(line.trim())).count() > 1;
    let table = text.lines().filter(|line| is_row(line.trim())).count() > 1;
    let mut transcript = 0;
    // A transcript's line runs on to the next empty line, a second one to the end of the turn.
    let mut running = false;
    for (range, line) in line_ranges(text) {
        let bare = line.trim();
        if line == "\n" && text.get(..range.start).is_some_and(|before| before.ends_with('\r')) {
            // The other half of a line break.
            continue;
        }
        if bare.is_empty() {
            running &= transcript > 1;
            continue;
        }
        if is_rule(bare) && !mask.hides(range.start) {
            return Register::Foreign;
        }
        if is_play(bare) {
            return Register::Foreign;
        }
        // A turn reaches us without the white space before its first word, so its second line tells for the first.
        let next = || text.get(range.end..).filter(|_| range.start == 0);
        let indented = is_indented(line)
            || next().is_some_and(|next| is_indented(next) && !next.trim_start_matches([' ', '\t']).starts_with(is_line_break));
        if mask.hides(range.start) {
            continue;
        }
        if opens_letter(bare) || opens_section(bare) {
            mask.hide(range.start..text.len());
            return Register::Own;
        }
        if is_transcript(bare) {
            transcript += 1;
            running = true;
        }
        running |= is_served(bare);
        if running
            || indented
            || table && is_row(bare)
            || is_quoted(bare)
            || is_record(bare)
            || chat && is_chat(bare)
            || is_stamped(bare)
            || bare.chars().any(is_unseemly)
        {
            mask.hide(range);
        }
    }
    Register::Own
}

fn is_indented(line: &str) -> bool {
    line.starts_with('\t') || line.starts_with("    ")
}

/// A line of dashes or the like parts what was typed from what was pasted, and nobody knows which is which.
fn is_rule(line: &str) -> bool {
    let mark = line.chars().next().filter(|c| matches!(c, '-' | '=' | '_' | '*' | '—' | '─' | '+'));
    mark.is_some_and(|mark| line.chars().take_while(|c| *c == mark).count() >= 3)
}

/// "/me waves", "(ooc: back in five)".
fn is_play(line: &str) -> bool {
    head_of(line.trim_start_matches(['(', '[', ' ']), 4).starts_with("ooc:")
        || ["/me ", "/sys ", "/narrate ", "/em "].iter().any(|command| line.starts_with(command))
}

fn opens_letter(line: &str) -> bool {
    let folded = head_of(line.trim_start_matches(['*', '_', '#', '>', ' ']), 40);
    let letter = LETTERS.iter().any(|opening| folded.starts_with(opening));
    // "Dear diary" and "Dear Bob," open a letter; "dear me, …" does not, nor does "beste ist".
    let salutes = opening_words(&folded) && !line.trim_end().ends_with([',', ':', '!']) && line.split_whitespace().count() > 5;
    letter && (!salutes || formal(&folded) || signs_off(line))
        || folded.contains(" wrote:")
        || folded.contains("original message")
}

/// "Dear Sir" is written to nobody but in a letter.
fn formal(folded: &str) -> bool {
    ["dear sir", "dear madam", "dear mr", "dear ms", "dear dr", "dear prof", "dear editor", "dear customer", "dear team"]
        .iter()
        .any(|opening| folded.starts_with(opening))
}

/// "… Yours, P. Moss", at the end of a line.
fn signs_off(line: &str) -> bool {
    let folded = line.to_lowercase();
    let mut marks =
        folded.rmatch_indices(['.', '!', '?', ',']).map(|(at, _)| folded.get(at + 1..).unwrap_or_default().trim_start());
    marks.any(|rest| rest.split_once(',').is_some_and(|(closing, _)| closing == "yours" || CLOSINGS.contains(&closing)))
}

fn opening_words(folded: &str) -> bool {
    [
        "dear ", "liebe ", "lieber ", "cher ", "chère ", "caro ", "cara ", "beste ", "gentile ", "scene ", "chapter ", "act i",
        "chorus",
    ]
    .iter()
    .any(|opening| folded.starts_with(opening))
}

/// A heading over something that is not the person's: "## Context", "Search results:".
fn opens_section(line: &str) -> bool {
    let heads = line.starts_with('#') || line.ends_with([':', '：']) && line.split_whitespace().count() <= 4;
    heads && {
        let folded = head_of(line.trim_start_matches('#'), 60);
        !folded.contains(" me:") && HEADINGS.iter().any(|heading| folded.contains(heading))
    }
}

/// The first characters of a line in lower case.
fn head_of(line: &str, chars: usize) -> String {
    line.trim_start().chars().take(chars).flat_map(char::to_lowercase).collect()
}

/// A quoted line, a row of a table, a heading.
fn is_quoted(line: &str) -> bool {
    line.starts_with(['>', '＞', '|', '│', '┃', '»', '#', '›', '—', ';', '%']) || line.starts_with("&gt;")
}

/// A line of a log, of JSON, of a stack trace or of markup.
fn is_record(line: &str) -> bool {
    let mut chars = line.chars();
    let first = chars.next();
    let braced =
        first.is_some_and(|c| matches!(c, '{' | '}' | '<' | '@' | '\\' | '$')) || line.starts_with("[{") || line.starts_with('"');
    let stamped = {
        let digits = line.trim_start_matches(['[', '(']).bytes().take_while(u8::is_ascii_digit).count();
        let behind = line.trim_start_matches(['[', '(']).get(digits..).unwrap_or_default();
        // "12:30 …", "2024-05-01 …", "05/01/2024 …", "[3] …": not "3 kids" and not "1. …".
        digits > 0
            && (behind.starts_with([':', '/'])
                || behind.starts_with('-') && digits == 4
                || line.starts_with('[') && behind.starts_with(']'))
    };
    let level = ["INFO", "WARN", "ERROR", "DEBUG", "TRACE", "FATAL", "Traceback", "at "].iter().any(|level| {
        line.strip_prefix(level).is_some_and(|rest| {
            level.ends_with('k') || rest.contains('(') || rest.starts_with([' ', ':', ']']) && *level != "at "
        })
    });
    let comment = ["//", "/*", "*/", "--", "<!"].iter().any(|mark| line.starts_with(mark));
    braced || stamped || level || comment
}

/// "bob: hey": a line of a chat, if it is not the only one.
fn is_chat(line: &str) -> bool {
    let Some((head, tail)) = line.split_once(": ") else { return false };
    let head = head.trim_matches(['<', '>', '@', '[', ']']);
    !tail.trim().is_empty()
        && head.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
        && (1..=20).contains(&head.len())
        && !LEAD_INS.contains(&head.to_lowercase().as_str())
}

/// "12.03.24, 18:20 - Gran: …", as chats are exported.
fn is_stamped(line: &str) -> bool {
    let Some((head, tail)) = line.split_once(": ") else { return false };
    let clock = head.as_bytes().windows(4).any(
        |four| matches!(four, [hour, b':', ten, one] if hour.is_ascii_digit() && ten.is_ascii_digit() && one.is_ascii_digit()),
    );
    let parted = head.contains(" - ") || head.contains(']') || head.contains(" | ") || head.contains('>');
    clock && parted && !tail.trim().is_empty() && head.chars().next_back().is_some_and(char::is_alphabetic)
}

/// A letter that ends with a greeting on a line of its own, from its salutation on, or else from the beginning.
fn mask_signed(text: &str, mask: &mut Mask) {
    let closes = |line: &str| {
        let line = line.trim().trim_end_matches([',', '!', '.']).to_lowercase();
        CLOSINGS.contains(&line.as_str())
    };
    let Some((end, _)) = line_ranges(text).find(|(_, line)| closes(line)) else { return };
    let salutes = |line: &str| line.trim_end().ends_with(',') && line.split_whitespace().count() <= 4;
    let before = line_ranges(text).take_while(|(range, _)| range.start < end.start);
    let start = before.filter(|(_, line)| salutes(line)).map(|(range, _)| range.start).last().unwrap_or(0);
    // The name stands below.
    let below = text.get(end.end..).and_then(|rest| rest.split_inclusive(is_line_break).next()).map_or(0, str::len);
    mask.hide(start..end.end + below);
}

/// "127.0.0.1 …", a line of a server's log.
fn is_served(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    first.matches('.').count() == 3 && first.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// A row of values parted by commas or the like, without the spaces that prose has.
fn is_row(line: &str) -> bool {
    let mut marks = line.char_indices().filter(|(_, c)| matches!(c, ',' | ';' | '\t'));
    marks.any(|(i, _)| {
        let before = line.get(..i).and_then(|b| b.chars().next_back()).is_some_and(|c| !c.is_whitespace());
        before && line.get(i + 1..).and_then(|b| b.chars().next()).is_some_and(|c| !c.is_whitespace())
    })
}

/// Characters that nobody types and that change what is seen: a line with one was pasted.
fn is_unseemly(c: char) -> bool {
    // Joiners and direction marks belong to some scripts, variation selectors to emoji.
    is_invisible(c) && !matches!(c, '\u{200c}'..='\u{200f}' | '\u{61c}' | '\u{fe00}'..='\u{fe0f}')
}

/// `Name: words`, as in a chat log, a script or an e-mail's head; a speaker's name alone on its line.
fn is_transcript(line: &str) -> bool {
    let Some((head, tail)) = line.split_once([':', '：']) else {
        return is_speaker(line) || ROLES.iter().take(4).any(|role| role.eq_ignore_ascii_case(line));
    };
    let head = head.trim_matches(['*', '[', ']', '-', '•', ' ', '_', '(', ')']);
    let head = head.split_once(['(', '[']).map_or(head, |(name, _)| name).trim();
    let words = head.split_whitespace().count();
    let folded = head.to_lowercase();
    if LEAD_INS.contains(&folded.as_str()) || !(1..=3).contains(&words) || head.len() > 40 {
        return false;
    }
    let is_role = ROLES.contains(&folded.as_str());
    let is_name = head.chars().next().is_some_and(char::is_uppercase);
    let told = tail.trim_start_matches(['*', '_']);
    is_role || is_name && told.starts_with([' ', '\t']) && !told.trim().is_empty()
}

/// "JOHN" above what John says.
fn is_speaker(line: &str) -> bool {
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    let first = line.split_whitespace().next().unwrap_or_default();
    letters >= 3
        && line.split_whitespace().count() <= 3
        && line.chars().all(|c| c.is_uppercase() || c.is_whitespace() || matches!(c, '.' | '(' | ')' | '\''))
        && !matches!(first, "I" | "I'M" | "MY" | "WE" | "ICH" | "JE" | "YO" | "IO" | "EU" | "IK" | "Я")
}
