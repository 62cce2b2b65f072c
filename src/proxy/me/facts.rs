//! A person's facts: list, look at, add, change, delete.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use super::super::exchange::Exchange;
use super::super::services::Services;
use super::input::{Parameters, body, is_slot, statement};
use super::shape::{FactBody, names, read_time};
use super::{Answer, invalid, off_thread};
use crate::enforce::{Refusal, UserScope};
use crate::ids::FactId;
use crate::memory::curate::{Amendment, Changed, Cursor, Expiry, Filter, Hand, Page, Statement, Wanted};
use crate::store::Kind;

const DEFAULT_PAGE: usize = 50;
const LARGEST_PAGE: usize = 200;
/// Longest question of a search, in bytes.
const MAX_QUERY: usize = 2_000;

const KINDS: &str = "profile, preference, event, instruction, note";
const STATUSES: &str = "active, held, forgotten";
const TIERS: &str = "explicit, passing";

const ADD: &str =
    r#"{"text": "I live in Bern", "kind": "profile", "slot": "city", "pinned": false, "expires_at": "2030-01-01T00:00:00Z"}"#;
const AMEND: &str = r#"{"text": "I live in Basel", "kind": "profile", "pinned": true, "status": "active", "expires_at": null}"#;

#[derive(Debug, Serialize)]
struct PageBody<'a> {
    memories: Vec<FactBody<'a>>,
    /// To be sent as `cursor` for the next page; none after the last one.
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct DeletedBody {
    deleted: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddBody {
    text: String,
    #[serde(default = "note")]
    kind: Kind,
    #[serde(default)]
    slot: Option<String>,
    #[serde(default)]
    pinned: bool,
    #[serde(default)]
    expires_at: Option<String>,
}

fn note() -> Kind {
    Kind::Note
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AmendBody {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    pinned: Option<bool>,
    #[serde(default)]
    status: Option<StatusWord>,
    #[serde(default, deserialize_with = "even_null")]
    expires_at: Expiry<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum StatusWord {
    Active,
    Forgotten,
}

/// Tells `null` from nothing.
fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Expiry<String>, D::Error> {
    Option::deserialize(deserializer).map(|end| end.map_or(Expiry::Never, Expiry::At))
}

pub async fn list(services: &Services, exchange: &Exchange, scope: UserScope, query: &Parameters) -> Result<Answer, Refusal> {
    query.allow(&["q", "kind", "status", "tier", "history", "limit", "cursor"])?;
    let asked = query.get("q").map(str::trim).filter(|q| !q.is_empty());
    if asked.is_some_and(|q| q.len() > MAX_QUERY) {
        return Err(invalid("parameter_invalid", format!("`q` is at most {MAX_QUERY} bytes long.")));
    }
    let filter = Filter {
        query: asked.map(ToOwned::to_owned),
        kind: query.word("kind", KINDS)?,
        status: query.word("status", STATUSES)?,
        tier: query.word("tier", TIERS)?,
        history: query.flag("history")?,
    };
    let limit = query.count("limit", DEFAULT_PAGE, LARGEST_PAGE)?;
    let malformed = || invalid("cursor_invalid", "The cursor is none. Send `next_cursor` of the page before, or leave it out.");
    let cursor = query.get("cursor").map(|text| Cursor::decode(text).ok_or_else(malformed)).transpose()?;
    let (memory, now) = (Arc::clone(&services.memory), exchange.record.time);
    let page = off_thread(move || memory.list(&scope, &filter, cursor.as_ref(), limit, now)).await?;
    let Page { facts, next } = &page;
    let memories = facts.iter().map(FactBody::from).collect();
    Answer::json(200, &PageBody { memories, next_cursor: next.as_ref().map(Cursor::encode) })
}

pub async fn show(services: &Services, scope: UserScope, id: FactId) -> Result<Answer, Refusal> {
    let memory = Arc::clone(&services.memory);
    let shown = off_thread(move || memory.fact(&scope, id)).await?;
    Answer::json(200, &FactBody::from(&shown))
}

pub async fn add(services: &Services, exchange: &mut Exchange, scope: UserScope, bytes: &[u8]) -> Result<Answer, Refusal> {
    let AddBody { text, kind, slot, pinned, expires_at } = body(bytes, ADD)?;
    if slot.as_deref().is_some_and(|slot| !is_slot(slot)) {
        let message = "`slot` is a name of 1 to 64 lower-case letters, digits, `_` and `.`, such as `city`.";
        return Err(invalid("memory_invalid", message));
    }
    let now = exchange.record.time;
    let expires_at = expires_at.map(|text| expiry(&text, now)).transpose()?;
    let said = Statement { by: Hand::Person, text: statement(&text)?, kind, slot, pinned, expires_at };
    let memory = Arc::clone(&services.memory);
    let changed = off_thread(move || memory.add(&scope, &said, now)).await?;
    tell(exchange, &changed);
    Answer::json(if changed.known { 200 } else { 201 }, &FactBody::from(&changed.shown))
}

pub async fn amend(
    services: &Services,
    exchange: &mut Exchange,
    scope: UserScope,
    id: FactId,
    bytes: &[u8],
) -> Result<Answer, Refusal> {
    let AmendBody { text, kind, pinned, status, expires_at } = body(bytes, AMEND)?;
    let now = exchange.record.time;
    let amendment = Amendment {
        by: Hand::Person,
        text: text.as_deref().map(statement).transpose()?,
        kind,
        pinned,
        status: status.map(|status| match status {
            StatusWord::Active => Wanted::Active,
            StatusWord::Forgotten => Wanted::Forgotten,
        }),
        expires_at: match expires_at {
            Expiry::Keep => Expiry::Keep,
            Expiry::Never => Expiry::Never,
            Expiry::At(text) => Expiry::At(expiry(&text, now)?),
        },
    };
    if amendment == Amendment::default() {
        return Err(invalid("memory_invalid", format!("The body changes nothing. Send JSON such as {AMEND}.")));
    }
    let memory = Arc::clone(&services.memory);
    let changed = off_thread(move || memory.amend(&scope, id, &amendment, now)).await?;
    tell(exchange, &changed);
    Answer::json(200, &FactBody::from(&changed.shown))
}

pub async fn delete(
    services: &Services,
    exchange: &mut Exchange,
    scope: UserScope,
    id: FactId,
    query: &Parameters,
) -> Result<Answer, Refusal> {
    query.allow(&["history"])?;
    let history = query.flag("history")?;
    let memory = Arc::clone(&services.memory);
    let deleted = off_thread(move || memory.delete(&scope, id, history)).await?;
    let body = DeletedBody { deleted: names(&deleted) };
    exchange.record.facts_deleted = deleted;
    Answer::json(200, &body)
}

/// Names in the audit record what was changed.
fn tell(exchange: &mut Exchange, changed: &Changed) {
    exchange.record.facts_written.clone_from(&changed.written);
    exchange.record.facts_deleted.clone_from(&changed.deleted);
}

fn expiry(text: &str, now: i64) -> Result<i64, Refusal> {
    let message = "`expires_at` is a time to come, as RFC 3339, such as `2030-01-01T00:00:00Z`.";
    read_time(text).filter(|at| *at > now).ok_or_else(|| invalid("memory_invalid", message))
}
