//! A data set: items and questions, JSON lines, gathered by the store that they belong to.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use super::{Outcome, date};

/// Everything of one store: a conversation, or whatever else belongs to one person.
#[derive(Debug, Default)]
pub(super) struct Collection {
    pub(super) items: Vec<Item>,
    pub(super) questions: Vec<Question>,
}

#[derive(Debug)]
pub(super) struct Item {
    /// As the data set writes it: it goes out unchanged.
    pub(super) id: Value,
    pub(super) text: String,
    pub(super) speaker: Option<String>,
    /// Milliseconds since the Unix epoch.
    pub(super) at: Option<i64>,
    pub(super) session: Option<String>,
    /// What the item is evidence of: other items' ids, or its own.
    pub(super) stands_for: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Question {
    pub(super) id: Value,
    pub(super) text: String,
    /// When it is asked, in milliseconds since the Unix epoch.
    pub(super) at: Option<i64>,
    pub(super) evidence: Vec<String>,
}

/// Reads both files. Stores come in the order in which the items name them; fields that are not known are passed over.
pub(super) fn read(items: &Path, questions: &Path) -> Outcome<Vec<Collection>> {
    let mut collections: Vec<Collection> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for line in lines(items)? {
        let place = *places.entry(word(&line["store"])).or_insert_with(|| {
            collections.push(Collection::default());
            collections.len() - 1
        });
        collections[place].items.push(item(&line)?);
    }
    for line in lines(questions)? {
        let place = places.get(&word(&line["store"])).ok_or_else(|| format!("a question's store has no items: {line}"))?;
        collections[*place].questions.push(question(&line)?);
    }
    Ok(collections)
}

fn lines(path: &Path) -> Outcome<Vec<Value>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| serde_json::from_str(line).map_err(|error| format!("{}:{number}: {error}", path.display()).into()))
        .collect()
}

fn item(line: &Value) -> Outcome<Item> {
    let own = || vec![word(&line["id"])];
    Ok(Item {
        id: line["id"].clone(),
        text: text(line, "text")?,
        speaker: line["speaker"].as_str().filter(|name| !name.is_empty()).map(str::to_owned),
        at: date::read(&line["date"]),
        session: Some(word(&line["session"])).filter(|session| !session.is_empty()),
        stands_for: line["src"].as_array().map_or_else(own, |ids| ids.iter().map(word).collect()),
    })
}

fn question(line: &Value) -> Outcome<Question> {
    Ok(Question {
        id: line["qid"].clone(),
        text: text(line, "query")?,
        at: date::read(&line["date"]),
        evidence: line["evidence"].as_array().map(|ids| ids.iter().map(word).collect()).unwrap_or_default(),
    })
}

fn text(line: &Value, field: &str) -> Outcome<String> {
    let text = line[field].as_str().ok_or_else(|| format!("`{field}` is not a text: {line}"))?;
    Ok(text.to_owned())
}

/// A name that may be written as a number.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
