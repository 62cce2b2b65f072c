//! Lists of models in each family's form.
//!
//! What a backend says of a model passes as it is. What the operator says of it stands beside it at `memgate`, a key that clients do not
//! know and pass over.

use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::super::me::input::Parameters;
use super::models::Entry;
use crate::catalog::{Capability, Model, Price};
use crate::dialect::Api;
use crate::enforce::Refusal;

/// Models of a page of Anthropic's list, unless the client says how many, and the most (its API reference, "List Models").
const PAGE: usize = 20;
const MOST: usize = 1000;

/// Which part of a list is asked for. Only Anthropic's has parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Page {
    All,
    Part { limit: usize, from: From },
}

/// Where a part begins, or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum From {
    Start,
    After(String),
    Before(String),
}

impl Page {
    /// # Errors
    /// When the parameters are wrong.
    pub(super) fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let limit = parameters.count("limit", PAGE, MOST)?;
        let from = match (parameters.get("after_id"), parameters.get("before_id")) {
            (None, None) => From::Start,
            (Some(id), None) => From::After(id.to_owned()),
            (None, Some(id)) => From::Before(id.to_owned()),
            (Some(_), Some(_)) => return Err(invalid("`after_id` and `before_id` exclude each other. Send one of them.")),
        };
        Ok(Self::Part { limit: limit.max(1), from })
    }

    /// The part of `entries`, and whether there is more in its direction.
    fn cut<'a>(&self, entries: &'a [Entry]) -> Result<(&'a [Entry], bool), Refusal> {
        let Self::Part { limit, from } = self else { return Ok((entries, false)) };
        let find = |id: &str| {
            let found = entries.iter().position(|entry| entry.name == id);
            found.ok_or_else(|| {
                invalid("The list has no model with this id. Begin at its start, without `after_id` and `before_id`.")
            })
        };
        Ok(match from {
            From::Before(id) => {
                let before = &entries[..find(id)?];
                let start = before.len().saturating_sub(*limit);
                (&before[start..], start > 0)
            }
            From::Start | From::After(_) => {
                let rest = if let From::After(id) = from { &entries[find(id)? + 1..] } else { entries };
                let end = rest.len().min(*limit);
                (&rest[..end], end < rest.len())
            }
        })
    }
}

fn invalid(message: &str) -> Refusal {
    Refusal { status: 400, code: "parameter_invalid", message: message.to_owned(), detail: String::new() }
}

pub(super) fn open_ai(entries: &[Entry]) -> Value {
    json!({"object": "list", "data": members(Api::OpenAi, entries)})
}

pub(super) fn ollama(entries: &[Entry]) -> Value {
    json!({"models": members(Api::Ollama, entries)})
}

/// # Errors
/// When the part begins at a model that is not there.
pub(super) fn anthropic(entries: &[Entry], page: &Page) -> Result<Value, Refusal> {
    let (part, has_more) = page.cut(entries)?;
    let id = |entry: Option<&Entry>| entry.map(|entry| entry.name.clone());
    let (first_id, last_id) = (id(part.first()), id(part.last()));
    Ok(json!({"data": members(Api::Anthropic, part), "has_more": has_more, "first_id": first_id, "last_id": last_id}))
}

fn members(form: Api, entries: &[Entry]) -> Vec<Map<String, Value>> {
    entries.iter().map(|entry| member(form, entry)).collect()
}

/// A model in a family's form.
pub(super) fn member(form: Api, entry: &Entry) -> Map<String, Value> {
    let name = &entry.name;
    let mut told: Map<String, Value> =
        entry.raw.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    if form == Api::Ollama && (entry.api != Api::Ollama || told.is_empty()) {
        told = named(name, told.get("created").and_then(Value::as_i64));
    }
    let mut fill = |key: &str, value: Value| {
        told.entry(key).or_insert(value);
    };
    match form {
        Api::OpenAi => {
            fill("object", json!("model"));
            fill("created", json!(0));
            fill("owned_by", json!("memgate"));
            told.insert("id".to_owned(), json!(name));
        }
        Api::Anthropic => {
            fill("type", json!("model"));
            fill("display_name", json!(name));
            fill("created_at", json!(jiff::Timestamp::UNIX_EPOCH.to_string()));
            told.insert("id".to_owned(), json!(name));
        }
        Api::Ollama => {
            told.insert("name".to_owned(), json!(name));
            told.insert("model".to_owned(), json!(name));
        }
    }
    told.remove("memgate");
    if let Some(described) = Described::of(&entry.model) {
        told.insert("memgate".to_owned(), json!(described));
    }
    told
}

/// A model of Ollama's form of which only the name is known. Clients cut the digest short and read the time, so both are there.
fn named(name: &str, created: Option<i64>) -> Map<String, Value> {
    let created = created.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()).unwrap_or_default();
    let details =
        json!({"parent_model": "", "format": "", "family": "", "families": [], "parameter_size": "", "quantization_level": ""});
    let members = [
        ("name", json!(name)),
        ("model", json!(name)),
        ("modified_at", json!(created.to_string())),
        ("size", json!(0)),
        ("digest", json!(hex::encode(Sha256::digest(name)))),
        ("details", details),
    ];
    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// What the operator says of a model.
#[derive(Debug, Serialize)]
struct Described<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    capabilities: &'a [Capability],
    /// For a million tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Price>,
}

impl<'a> Described<'a> {
    /// `None` where nothing is said.
    fn of(model: &'a Model) -> Option<Self> {
        let Model { window, max_output, price, capabilities, .. } = model;
        let said = window.is_some() || max_output.is_some() || price.is_some() || !capabilities.is_empty();
        said.then(|| Self { window: *window, max_output: *max_output, capabilities, price: *price })
    }
}

#[cfg(test)]
mod tests;
