//! Lists of models as backends write them, and one list of what a person may use of them all.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::catalog::{Asker, Model, Upstream};
use crate::dialect::Api;

/// Most models of one list.
const MOST: usize = 10_000;

/// A model as its backend lists it.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub name: String,
    pub raw: Box<RawValue>,
}

/// A model that a person may use, under the name by which it is asked for here.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub name: String,
    /// The dialect of what its backend says.
    pub api: Api,
    /// What its backend says of it, if it can be asked.
    pub raw: Option<Box<RawValue>>,
    pub model: Arc<Model>,
}

impl Entry {
    /// It is declared by this name, rather than by a pattern.
    fn is_declared(&self) -> bool {
        !self.model.is_pattern()
    }
}

#[derive(Deserialize)]
struct OllamaList<'a> {
    #[serde(borrow)]
    models: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct OpenAiList<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct OllamaName {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct OpenAiName {
    id: String,
}

/// Reads a list of one family. `None` where it is none; single entries that cannot be read are left out.
pub(super) fn read(api: Api, document: &[u8]) -> Option<Vec<Listed>> {
    let raw = match api {
        Api::Ollama => serde_json::from_slice::<OllamaList<'_>>(document).ok()?.models.unwrap_or_default(),
        // Anthropic's list is `OpenAI`'s, as far as it is read here.
        Api::OpenAi | Api::Anthropic => serde_json::from_slice::<OpenAiList<'_>>(document).ok()?.data,
    };
    let named = raw.into_iter().filter_map(|raw| {
        let name = name_in(api, raw).filter(|name| !name.is_empty())?;
        Some(Listed { name, raw: raw.to_owned() })
    });
    Some(named.take(MOST).collect())
}

fn name_in(api: Api, raw: &RawValue) -> Option<String> {
    match api {
        Api::Ollama => {
            let OllamaName { model, name } = serde_json::from_str(raw.get()).ok()?;
            model.or(name)
        }
        Api::OpenAi | Api::Anthropic => serde_json::from_str::<OpenAiName>(raw.get()).ok().map(|model| model.id),
    }
}

/// What a person may use of one upstream: the models that it declares, each under its name and its aliases; then what its backend
/// lists and a pattern serves. With `loaded`, of the first only those that the backend lists.
pub(super) fn entries(upstream: &Upstream, api: Api, listed: &[Listed], asker: &Asker, loaded: bool) -> Vec<Entry> {
    let mut found = Vec::new();
    let by_name: HashMap<&str, &Listed> = listed.iter().map(|listed| (listed.name.as_str(), listed)).collect();
    for model in upstream.models.iter().filter(|model| !model.is_pattern() && model.is_open_to(asker)) {
        let wanted = model.upstream_name.as_ref().unwrap_or(&model.name);
        let twin = || {
            let twin = wanted.strip_suffix(":latest").map_or_else(|| format!("{wanted}:latest"), str::to_owned);
            by_name.get(twin.as_str()).filter(|_| api == Api::Ollama)
        };
        let told = by_name.get(wanted.as_str()).or_else(twin);
        if told.is_none() && loaded {
            continue;
        }
        // Ollama's clients know a model by its name with the tag.
        let own = told.filter(|_| model.upstream_name.is_none()).map_or(&model.name, |told| &told.name);
        for name in model.aliases.iter().chain([own]).rev() {
            found.push(Entry { name: name.clone(), api, raw: told.map(|told| told.raw.clone()), model: Arc::clone(model) });
        }
    }
    for Listed { name, raw } in listed {
        if let Some(offer) = upstream.offer(api, name, asker).filter(|offer| !offer.is_exact()) {
            found.push(Entry { name: name.clone(), api, raw: Some(raw.clone()), model: Arc::clone(offer.model) });
        }
    }
    found
}

/// One list, each name once: as the upstream says that would get its requests.
pub(super) fn merge(lists: Vec<Vec<Entry>>) -> Vec<Entry> {
    let mut places = HashMap::new();
    let mut merged: Vec<Entry> = Vec::new();
    for entry in lists.into_iter().flatten() {
        let place = *places.entry(entry.name.clone()).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(known) if entry.is_declared() && !known.is_declared() => *known = entry,
            Some(_) => {}
            None => merged.push(entry),
        }
    }
    merged
}

#[cfg(test)]
mod tests;
