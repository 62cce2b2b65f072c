//! What a configuration file says, for showing and comparing: what is or may be secret never comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value};

use super::path::{Path, legible};
use crate::setting::Fault;

/// What stands for a value that is or may be secret.
const SECRET: &str = "(secret)";
/// What stands for a value that is not understood: it may be a secret in the wrong place.
const NOT_SHOWN: &str = "(not shown)";
/// Longest value that is shown of a difference, in characters.
const LONGEST_VALUE: usize = 200;
/// Differences that are told at most.
const MOST_CHANGES: usize = 500;
/// Keys with these in their names hold secrets.
const SECRET_WORDS: [&str; 8] = ["key", "secret", "token", "password", "passphrase", "hash", "credential", "private"];
/// Settings that hold none, whatever they are called.
const PLAIN: [&str; 4] = ["max_tokens", "tokens_per_day", "daily_tokens", "shared_key_groups"];
/// How secrets begin, wherever they stand.
const SECRET_STARTS: [&str; 6] = ["mgk_", "sk-", "$argon2", "-----BEGIN", "Bearer ", "Basic "];

/// A file's text, parsed. It does not print: a slip may have put a secret into it.
#[derive(Clone, Default)]
pub struct Source(Value);

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source(…)")
    }
}

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Such as `trust.mode`; entries of a list that have names are told apart by these: `clients[open-webui].key`.
    pub path: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

impl Source {
    pub(super) fn new(document: Value) -> Self {
        Self(document)
    }

    /// YAML without comments, and with what is or may be secret replaced. Where secrets come from, `{env: NAME}` and `{file: PATH}`,
    /// is shown.
    #[must_use]
    pub fn show(&self) -> String {
        serde_yaml::to_string(&redact(&self.0, false)).unwrap_or_default()
    }

    /// What differs in `other`, by path. Values at the paths of `faults` are not shown: they were not understood.
    #[must_use]
    pub fn differences(&self, other: &Self, faults: &[Fault]) -> Vec<Difference> {
        let mut found = Vec::new();
        compare((&Path::default(), ""), Some(&self.0), Some(&other.0), false, &mut found);
        let places: Vec<Path> = faults.iter().map(|fault| Path::parse(&fault.path)).collect();
        let doubtful = |place: &Path| {
            places.iter().any(|at| !at.is_root() && (at.holds(place) || place.holds(at) || place.is_beside_hidden(at)))
        };
        found
            .into_iter()
            .map(|Found { place, names, from, to }| {
                let hide = doubtful(&place);
                let to = to.map(|to| if hide { NOT_SHOWN.to_owned() } else { to });
                Difference { path: names, from, to }
            })
            .collect()
    }
}

struct Found {
    /// Where it stands in the new file.
    place: Path,
    /// As [`Difference::path`].
    names: String,
    from: Option<String>,
    to: Option<String>,
}

/// Whether what stands under this key may be a secret.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    !PLAIN.contains(&key.as_str()) && SECRET_WORDS.iter().any(|word| key.contains(word))
}

/// `{env: NAME}` and `{file: PATH}` say where a secret is, and not what it is.
fn is_reference(object: &Map<String, Value>) -> bool {
    let mut entries = object.iter();
    let (Some((key, Value::String(text))), None) = (entries.next(), entries.next()) else { return false };
    match key.as_str() {
        "env" => text.len() <= 128 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !text.starts_with("mgk_"),
        "file" => !text.contains('\n') && text.len() <= 4096,
        _ => false,
    }
}

fn redact(value: &Value, secret: bool) -> Value {
    match value {
        Value::Object(object) if is_reference(object) => value.clone(),
        Value::Object(object) => {
            // An `env` that names no variable may be the secret itself.
            let hides = |key: &str| is_secret(key) || key == "env" || (secret && key == "file");
            let entries = object.iter().map(|(key, value)| (key.clone(), redact(value, hides(key))));
            Value::Object(entries.collect())
        }
        Value::Array(items) => items.iter().map(|item| redact(item, secret)).collect(),
        Value::String(_) | Value::Number(_) if secret => SECRET.into(),
        Value::String(text) => redact_text(text).into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// A text that holds no secret: of URLs, users and queries go.
fn redact_text(text: &str) -> String {
    let text = text.trim();
    if SECRET_STARTS.iter().any(|start| text.starts_with(start)) {
        return SECRET.to_owned();
    }
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let authority = authority.rsplit_once('@').map_or_else(|| authority.to_owned(), |(_, host)| format!("{SECRET}@{host}"));
    let path = path.find(['?', '#']).map_or_else(|| path.to_owned(), |at| format!("{}?{SECRET}", &path[..at]));
    format!("{scheme}://{authority}{path}")
}

/// Collects what differs below `place`. A difference inside a secret is told without its values.
fn compare((place, names): (&Path, &str), from: Option<&Value>, to: Option<&Value>, secret: bool, found: &mut Vec<Found>) {
    if from == to || found.len() >= MOST_CHANGES {
        return;
    }
    let reference = |value: Option<&Value>| value.and_then(Value::as_object).is_some_and(is_reference);
    if reference(from) || reference(to) {
        return found.push(Found {
            place: place.clone(),
            names: names.to_owned(),
            from: told(from, secret),
            to: told(to, secret),
        });
    }
    if let (Some(Value::Object(_)) | None, Some(Value::Object(_)) | None) = (from, to) {
        let empty = Map::new();
        let of = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_else(|| empty.clone());
        let (from, to) = (of(from), of(to));
        if !from.is_empty() || !to.is_empty() {
            let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
            for key in keys {
                compare((&place.key(key), &below(names, key)), from.get(key), to.get(key), is_secret(key), found);
            }
            return;
        }
    }
    if let (Some(Value::Array(_)) | None, Some(Value::Array(_)) | None) = (from, to) {
        let of = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let (from, to) = (of(from), of(to));
        if let (Some(old), Some(new)) = (by_name(&from), by_name(&to)) {
            let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for name in all {
                let (was, is) = (old.get(name).copied(), new.get(name).copied());
                let at = is.or(was).map_or(0, |(at, _)| at);
                let below = (&place.index(at), &*format!("{names}[{}]", legible(name)));
                compare(below, was.map(|(_, value)| value), is.map(|(_, value)| value), secret, found);
            }
            return;
        }
        if from.iter().chain(&to).any(|item| item.is_object() || item.is_array()) {
            for at in 0..from.len().max(to.len()) {
                compare((&place.index(at), &format!("{names}[{at}]")), from.get(at), to.get(at), secret, found);
            }
            return;
        }
    }
    found.push(Found { place: place.clone(), names: names.to_owned(), from: told(from, secret), to: told(to, secret) });
}

/// The name of a setting inside another.
fn below(names: &str, key: &str) -> String {
    if names.is_empty() { legible(key).to_owned() } else { format!("{names}.{}", legible(key)) }
}

/// The entries of a list of which each has a name of its own, such as clients; none where they have not.
fn by_name(items: &[Value]) -> Option<BTreeMap<String, (usize, &Value)>> {
    let mut found = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        let name = item.get("name").or_else(|| item.get("id"))?.as_str()?;
        if found.insert(name.to_owned(), (at, item)).is_some() {
            return None;
        }
    }
    Some(found)
}

/// A value as a difference shows it, in one line.
fn told(value: Option<&Value>, secret: bool) -> Option<String> {
    let shown = match redact(value?, secret) {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let short: String = shown.chars().take(LONGEST_VALUE).collect();
    Some(if short.len() < shown.len() { short + "…" } else { short })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn file() -> Value {
        json!({
            "trust": {"mode": "required", "signing_keys": [{"id": "k1", "secret": {"env": "SIGNING_KEY"}}]},
            "clients": [
                {"name": "ui", "key": {"file": "/run/secrets/ui"}, "identity": ["open_webui"]},
                {"name": "cli", "identity": ["user_key"]},
            ],
            "upstreams": [{"name": "x", "url": "https://ana:hunter2@host:1/v1?api-key=hunter2#hunter2", "shared_key_groups": ["staff"]}],
            "budgets": [{"tokens_per_day": 5}],
            "settings": {"configured": {"preamble": "Be kind.", "max_tokens": 9}},
        })
    }

    /// What must never come out, wherever it stands.
    fn spiked() -> Value {
        let mut spiked = file();
        spiked["trust"]["signing_keys"][0]["secret"] = "hunter2".into();
        spiked["clients"][0]["key"] = json!({"env": "hunter2 with blanks"});
        spiked["clients"][0]["keys"] = json!(["hunter2", {"env": "OTHER"}, 4_711_000]);
        spiked["clients"][1]["apiToken"] = json!({"nested": {"password_hash": "hunter2"}});
        spiked["clients"][1]["tenant"] = "mgk_hunter2".into();
        spiked["admin"] = json!({"credentials": ["hunter2"], "pass": "$argon2id$hunter2", "password": 4_711_000});
        spiked
    }

    #[test]
    fn what_is_shown_holds_no_secret_and_all_the_rest() {
        let shown = Source::new(file()).show();
        for kept in [
            "mode: required",
            "env: SIGNING_KEY",
            "file: /run/secrets/ui",
            "id: k1",
            "tokens_per_day: 5",
            "Be kind.",
            "- staff",
            "max_tokens: 9",
        ] {
            assert!(shown.contains(kept), "{kept} in {shown}");
        }
        assert!(shown.contains("https://(secret)@host:1/v1?(secret)"), "{shown}");
        for text in [shown, Source::new(spiked()).show()] {
            assert!(!text.contains("hunter2") && !text.contains("4711000"), "{text}");
        }
        assert!(!format!("{:?}", Source::new(spiked())).contains("hunter2"));
    }

    #[test]
    fn differences_are_told_by_path_and_hold_no_secret() {
        let mut new = file();
        new["trust"]["mode"] = "strict".into();
        new["clients"] = json!([
            {"name": "new", "identity": ["user_key"]},
            {"name": "ui", "key": {"file": "/run/secrets/other"}, "identity": ["open_webui"], "memory": "off"},
        ]);
        new["budgets"][0]["tokens_per_day"] = Value::Null;
        let told: Vec<String> = Source::new(file())
            .differences(&Source::new(new), &[])
            .into_iter()
            .map(|found| format!("{}: {} -> {}", found.path, found.from.unwrap_or_default(), found.to.unwrap_or_default()))
            .collect();
        let expected = [
            "budgets[0].tokens_per_day: 5 -> null",
            "clients[cli].identity: [\"user_key\"] -> ",
            "clients[cli].name: cli -> ",
            "clients[new].identity:  -> [\"user_key\"]",
            "clients[new].name:  -> new",
            "clients[ui].key: {\"file\":\"/run/secrets/ui\"} -> {\"file\":\"/run/secrets/other\"}",
            "clients[ui].memory:  -> off",
            "trust.mode: required -> strict",
        ];
        assert_eq!(told, expected);
        let all = format!("{:?}", Source::new(file()).differences(&Source::new(spiked()), &[]));
        assert!(all.contains("(secret)") && !all.contains("hunter2") && !all.contains("4711000"), "{all}");
        assert!(Source::new(file()).differences(&Source::new(file()), &[]).is_empty());
    }

    #[test]
    fn what_is_faulty_is_told_without_its_value() {
        let mut new = file();
        new["trust"]["mode"] = "xyzzy".into();
        new["xyzzy"] = json!({"a": "xyzzy", "b": 5});
        new["my odd xyzzy"] = "xyzzy".into();
        new["limits"] = json!({"body": "20MiB"});
        let fault = |path: &str| Fault { path: path.to_owned(), reason: String::new(), remedy: String::new() };
        let faults = [fault("trust.mode"), fault("xyzzy"), fault("(another key)")];
        let told = Source::new(file()).differences(&Source::new(new), &faults);
        assert_eq!(told.len(), 5, "{told:?}");
        for found in &told {
            assert_eq!(found.to.as_deref() == Some(NOT_SHOWN), found.path != "limits.body", "{found:?}");
            assert!(!found.path.contains("odd"), "{found:?}");
        }
    }

    #[test]
    fn a_different_file_altogether_is_told_in_bounds() {
        let many: Map<String, Value> = (0..5_000).map(|n| (format!("k{n}"), n.into())).collect();
        assert_eq!(Source::new(json!({})).differences(&Source::new(many.into()), &[]).len(), MOST_CHANGES);
    }

    #[test]
    fn names_that_hold_no_secret_are_settings() {
        let schema = super::super::schema().unwrap();
        assert!(PLAIN.iter().all(|name| schema.contains(&format!("\"{name}\""))));
    }
}
