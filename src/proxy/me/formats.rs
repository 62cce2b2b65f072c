//! Files that memories come in: memgate's own export, Open `WebUI`'s memories, `SillyTavern`'s chats. Pure.
//!
//! Sources: `GET /api/v1/memories/` of Open `WebUI` (`models/memories.py`: `id`, `user_id`, `content` and times in seconds); chat files
//! of `SillyTavern` (`script.js`, `saveChat`: one line of metadata, then a message a line). No fault repeats what a line says.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::input::{is_slot, unfit};
use super::invalid;
use super::shape::{ExportedLine, read_time};
use crate::dialect::words::own_words;
use crate::enforce::Refusal;
use crate::memory::curate::{Incoming, OldTurn};
use crate::store::{Kind, Status, Tier};

/// Lines that are taken at once.
pub const MAX_LINES: usize = 20_000;
/// Longest name of where an imported fact came from, in bytes.
const MAX_ORIGIN: usize = 64;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    Memgate,
    OpenWebui,
    Sillytavern,
}

/// The words of [`Format`].
pub const FORMATS: &str = "memgate, open-webui, sillytavern";

impl Format {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memgate => "memgate",
            Self::OpenWebui => "open-webui",
            Self::Sillytavern => "sillytavern",
        }
    }
}

/// What a file holds.
#[derive(Debug)]
pub struct Contents {
    pub format: Format,
    /// Lines, or members of the list.
    pub lines: usize,
    pub facts: Vec<Incoming>,
    pub turns: Vec<OldTurn>,
    /// Lines that are not the person's words.
    pub others: usize,
    /// Lines that cannot be taken, and why.
    pub rejected: Vec<(usize, &'static str)>,
}

/// Reads a file.
///
/// # Errors
/// When the file as a whole is of no known format, too long, or of several people.
pub fn read(body: &[u8], wanted: Option<Format>, now: i64) -> Result<Contents, Refusal> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let lines = split(body)?;
    if lines.len() > MAX_LINES {
        let message = format!("The file has more than {MAX_LINES} lines. Send it in parts.");
        return Err(Refusal { status: 413, code: "import_too_large", message, detail: String::new() });
    }
    let first = lines.first().map(|(_, line)| *line).unwrap_or_default();
    let format = wanted.or_else(|| detect(first)).ok_or_else(|| {
        let message = format!("The file is of no known format. Name it by `?format=`, one of: {FORMATS}.");
        invalid("import_format", message)
    })?;
    let mut contents =
        Contents { format, lines: lines.len(), facts: Vec::new(), turns: Vec::new(), others: 0, rejected: Vec::new() };
    match format {
        Format::Memgate => contents.read_export(&lines, now),
        Format::OpenWebui => contents.read_open_webui(&lines, now)?,
        Format::Sillytavern => contents.read_chat(&lines, now),
    }
    Ok(contents)
}

type Lines<'a> = Vec<(usize, &'a [u8])>;

/// The members of a JSON list, or the lines that are not empty; numbered from 1.
fn split(body: &[u8]) -> Result<Lines<'_>, Refusal> {
    if body.trim_ascii_start().first() != Some(&b'[') {
        let lines = (1..).zip(body.split(|b| *b == b'\n')).map(|(number, line)| (number, line.trim_ascii()));
        return Ok(lines.filter(|(_, line)| !line.is_empty()).collect());
    }
    let list: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        invalid("import_format", format!("The list breaks off or is no JSON (line {line}, column {column}). Export it again."))
    })?;
    Ok((1..).zip(list.into_iter().map(|member| member.get().as_bytes())).collect())
}

/// The fields that tell formats apart.
#[derive(Deserialize)]
struct Marks {
    #[serde(default)]
    text: Option<Present>,
    #[serde(default)]
    content: Option<Present>,
    #[serde(default)]
    user_name: Option<Present>,
    #[serde(default)]
    chat_metadata: Option<Present>,
    #[serde(default)]
    mes: Option<Present>,
}

type Present = serde::de::IgnoredAny;

fn detect(first: &[u8]) -> Option<Format> {
    let marks: Marks = serde_json::from_slice(first).ok()?;
    if marks.chat_metadata.is_some() || marks.user_name.is_some() || marks.mes.is_some() {
        Some(Format::Sillytavern)
    } else if marks.text.is_some() {
        Some(Format::Memgate)
    } else {
        marks.content.map(|_| Format::OpenWebui)
    }
}

#[derive(Deserialize)]
struct WebuiMemory {
    #[serde(default)]
    user_id: Option<String>,
    content: String,
    #[serde(default)]
    created_at: Option<i64>,
    #[serde(default)]
    updated_at: Option<i64>,
    #[serde(default)]
    meta: Option<WebuiMeta>,
}

#[derive(Deserialize)]
struct WebuiMeta {
    #[serde(default)]
    created_by: Option<String>,
}

#[derive(Deserialize)]
struct ChatLine {
    #[serde(default)]
    mes: Option<String>,
    #[serde(default)]
    is_user: bool,
    /// Hidden from the prompt, or a message of the program.
    #[serde(default)]
    is_system: bool,
    #[serde(default)]
    send_date: serde_json::Value,
    #[serde(default)]
    create_date: serde_json::Value,
}

impl Contents {
    /// One line's JSON, or its rejection.
    fn parse<T: DeserializeOwned>(&mut self, number: usize, line: &[u8]) -> Option<T> {
        let object = line.trim_ascii_start().first() == Some(&b'{');
        let parsed = serde_json::from_slice(line).ok().filter(|_| object);
        if parsed.is_none() {
            self.rejected.push((number, "malformed"));
        }
        parsed
    }

    fn read_export(&mut self, lines: &Lines<'_>, now: i64) {
        for (number, line) in lines {
            let Some(line) = self.parse::<ExportedLine>(*number, line) else { continue };
            match exported(*number, line, now) {
                Ok(fact) => self.facts.push(fact),
                Err(reason) => self.rejected.push((*number, reason)),
            }
        }
    }

    fn read_open_webui(&mut self, lines: &Lines<'_>, now: i64) -> Result<(), Refusal> {
        let mut people = HashSet::new();
        for (number, line) in lines {
            let Some(memory) = self.parse::<WebuiMemory>(*number, line) else { continue };
            people.extend(memory.user_id);
            let text = memory.content.trim();
            if let Some(reason) = reason_against(text) {
                self.rejected.push((*number, reason));
                continue;
            }
            let created_at = memory.created_at.map_or(now, |at| to_ms(at).min(now));
            // What a model or a background job of Open WebUI wrote there is not the person's word.
            let by_hand = memory.meta.and_then(|meta| meta.created_by).is_none_or(|by| by == "manual");
            self.facts.push(Incoming {
                created_at,
                valid_at: memory.updated_at.map_or(created_at, |at| to_ms(at).min(now)),
                doubtful: !by_hand,
                ..Incoming::bare(*number, text, "import:open-webui", now)
            });
        }
        if people.len() > 1 {
            let message = format!("The file holds the memories of {} people. Each person imports their own.", people.len());
            return Err(invalid("import_mixed_people", message));
        }
        Ok(())
    }

    fn read_chat(&mut self, lines: &Lines<'_>, now: i64) {
        let mut at = now;
        for (number, line) in lines {
            let Some(line) = self.parse::<ChatLine>(*number, line) else { continue };
            at = chat_time(&line.send_date).or_else(|| chat_time(&line.create_date)).unwrap_or(at).min(now);
            match line.mes {
                Some(text) if line.is_user && !line.is_system => {
                    self.turns.push(OldTurn { line: *number, text: own_words(&text).into_owned(), at });
                }
                _ => self.others += 1,
            }
        }
    }
}

fn exported(number: usize, line: ExportedLine, now: i64) -> Result<Incoming, &'static str> {
    let text = line.text.trim();
    if let Some(reason) = reason_against(text) {
        return Err(reason);
    }
    if line.slot.as_deref().is_some_and(|slot| !is_slot(slot)) {
        return Err("slot_invalid");
    }
    let time = |text: Option<String>| text.map(|text| read_time(&text).ok_or("time_invalid")).transpose();
    let created_at = time(line.created_at)?.unwrap_or(now).min(now);
    let expires_at = time(line.expires_at)?;
    if expires_at.is_some_and(|end| end <= now) {
        return Err("expired");
    }
    let source = line.source.map(|source| (source.origin.unwrap_or_default(), source.quote));
    let (origin, quote) = source.unwrap_or_default();
    let origin: String = origin.chars().filter(char::is_ascii_graphic).take(MAX_ORIGIN).collect();
    let origin = origin.trim_start_matches("import:");
    Ok(Incoming {
        id: line.id.and_then(|id| id.parse().ok()),
        superseded_by: line.superseded_by.and_then(|id| id.parse().ok()),
        quote: quote.filter(|quote| unfit(quote).is_none()).unwrap_or_else(|| text.to_owned()),
        kind: line.kind.unwrap_or(Kind::Note),
        slot: line.slot,
        tier: line.tier.unwrap_or(Tier::Passing),
        status: line.status.unwrap_or(Status::Active),
        held_for: line.held_for,
        pinned: line.pinned,
        created_at,
        valid_at: time(line.valid_at)?.unwrap_or(created_at).min(now),
        invalid_at: time(line.invalid_at)?,
        expired_at: time(line.expired_at)?,
        expires_at,
        ..Incoming::bare(number, text, &format!("import:{}", if origin.is_empty() { "memgate" } else { origin }), now)
    })
}

fn reason_against(text: &str) -> Option<&'static str> {
    match unfit(text)? {
        "is empty" => Some("empty"),
        reason if reason.starts_with("is longer") => Some("too_long"),
        _ => Some("control_characters"),
    }
}

/// A number of seconds, or of a smaller unit, as milliseconds: told by its size.
fn to_ms(at: i64) -> i64 {
    match at.unsigned_abs() {
        0..100_000_000_000 => at.saturating_mul(1_000),
        100_000_000_000..100_000_000_000_000 => at,
        100_000_000_000_000..100_000_000_000_000_000 => at / 1_000,
        _ => at / 1_000_000,
    }
}

/// `SillyTavern` has written times in several ways: milliseconds, ISO 8601, `June 19, 2023 2:20pm`, `2023-6-19 @14h 20m 05s 365ms`.
/// Those without an offset are taken as UTC.
fn chat_time(value: &serde_json::Value) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(to_ms(number));
    }
    let text = value.as_str()?.trim();
    if let Some(at) = text.parse().ok().map(to_ms).or_else(|| read_time(text)) {
        return Some(at);
    }
    let parts = || text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let date = if text.contains('@') {
        let numbers: Vec<i16> = parts().map_while(|part| part.parse().ok()).collect();
        let [year, month, day, hour, minute, second, ..] = *numbers.as_slice() else { return None };
        let small = |number: i16| i8::try_from(number).ok();
        jiff::civil::DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second)?, 0).ok()?
    } else {
        jiff::civil::DateTime::strptime("%B %d, %Y %I:%M%p", text).ok()?
    };
    Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests;
