//! A document into a typed value, reporting every fault of it and not just the first.
//!
//! serde stops at the first fault. So the faulty node is cut out of the document, and the rest is read again, until it reads.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::document::Document;
use super::explain::{Explanation, explain, missing_field};
use super::path::{Path, Step};
use crate::setting::{Fault, Faults};

/// Faults after which reading ends: a file with more is no configuration of memgate.
const MOST_FAULTS: usize = 100;

/// What was cut out of a document, and how that moved what is left.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    /// Places, as in the file, whose faults are reported.
    cut: Vec<Path>,
    /// For each list that lost items: the places that the remaining ones have in the file.
    moved: HashMap<Path, Vec<usize>>,
}

/// Reads a typed value. `None` when not even the whole of the file has the right shape.
pub(super) fn read<T: DeserializeOwned>(document: Document, faults: &mut Faults) -> (Option<T>, Cuts) {
    let Document { value: mut document, faulty } = document;
    let mut cuts = Cuts { cut: faulty, ..Cuts::default() };
    for _ in 0..MOST_FAULTS {
        let error = match serde_path_to_error::deserialize::<_, T>(&document) {
            Ok(value) => return (Some(value), cuts),
            Err(error) => error,
        };
        let (place, node) = locate(error.path());
        let message = error.inner().to_string();
        let (place, explanation) = match missing_field(&message) {
            Some(field) => (place.key(field), Explanation::missing()),
            None if message.starts_with("unknown field ") => (place.with_last_hidden(), explain(&message)),
            None => (place, explain(&message)),
        };
        let place = cuts.in_file(&place);
        // `key:` with nothing behind it counts as not written. What was cut out as faulty is not missing as well.
        let unset = message.starts_with("invalid type: null") && matches!(node.0.last(), Some(Step::Key(_)));
        if !unset && !cuts.cut.contains(&place) {
            faults.add(place.to_string(), explanation.reason, explanation.remedy);
            cuts.cut.push(place);
        }
        if !cuts.cut_out(&mut document, &node) {
            return (None, cuts);
        }
    }
    faults.add("(file)", format!("has more than {MOST_FAULTS} faults"), "mend those above first");
    (None, cuts)
}

/// Where the fault is, and the innermost node around it that can be cut out: one alternative of several goes as a whole.
fn locate(path: &serde_path_to_error::Path) -> (Path, Path) {
    let (mut place, mut node) = (Path::default(), 0);
    for segment in path {
        let (step, cuttable) = match segment {
            Segment::Seq { index } => (Step::Index(*index), true),
            Segment::Map { key } => (Step::Key(key.clone()), true),
            Segment::Enum { variant } => (Step::Key(variant.clone()), false),
            Segment::Unknown => break,
        };
        place.0.push(step);
        if cuttable {
            node = place.0.len();
        }
    }
    let node = Path(place.0[..node].to_vec());
    (place, node)
}

impl Cuts {
    /// The place in the file of what is at `place` now.
    fn in_file(&self, place: &Path) -> Path {
        let mut found = Path::default();
        for step in &place.0 {
            let step = match step {
                Step::Index(now) => {
                    let moved = self.moved.get(&found).and_then(|places| places.get(*now));
                    Step::Index(*moved.unwrap_or(now))
                }
                Step::Key(key) => Step::Key(key.clone()),
            };
            found.0.push(step);
        }
        found
    }

    /// Cuts a node out. False when there is none: the fault is the whole document's.
    fn cut_out(&mut self, document: &mut Value, node: &Path) -> bool {
        let Some((last, above)) = node.0.split_last() else { return false };
        let parent = above.iter().try_fold(document, |value, step| match step {
            Step::Key(key) => value.get_mut(key),
            Step::Index(index) => value.get_mut(index),
        });
        match (parent, last) {
            (Some(Value::Object(object)), Step::Key(key)) => object.remove(key).is_some(),
            (Some(Value::Array(items)), Step::Index(index)) if *index < items.len() => {
                let place = self.in_file(&Path(above.to_vec()));
                self.moved.entry(place).or_insert_with(|| (0..items.len()).collect()).remove(*index);
                items.remove(*index);
                true
            }
            _ => false,
        }
    }

    /// A fault found in what is left, at its place in the file; none if it only follows from what was cut out.
    pub(super) fn translate(&self, fault: Fault) -> Option<Fault> {
        if self.cut.is_empty() {
            return Some(fault);
        }
        let place = self.in_file(&Path::parse(&fault.path));
        let follows = self.cut.iter().any(|cut| place.holds(cut));
        (!follows).then(|| Fault { path: place.to_string(), ..fault })
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::setting::{SecretRef, Size, Span};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read for its faults alone")]
    struct File {
        #[serde(default)]
        listen: String,
        #[serde(default)]
        limit: Option<Size>,
        #[serde(default)]
        items: Vec<Item>,
        #[serde(default)]
        mode: Option<Mode>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read for its faults alone")]
    struct Item {
        name: String,
        #[serde(default)]
        key: Option<SecretRef>,
        #[serde(default)]
        sources: Vec<Source>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case", deny_unknown_fields)]
    #[expect(dead_code, reason = "read for its faults alone")]
    enum Source {
        UserKey,
        Header(String),
        Jwt {
            secret: SecretRef,
            #[serde(default)]
            skew: Option<Span>,
        },
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Mode {
        Strict,
    }

    fn faults_of(value: Value) -> Vec<String> {
        let mut faults = Faults::default();
        let _ = read::<File>(Document { value, faulty: Vec::new() }, &mut faults);
        faults.into_vec().iter().map(|fault| format!("{}: {}", fault.path, fault.reason)).collect()
    }

    #[test]
    fn every_fault_is_found_at_its_place_in_the_file() {
        let document = json!({
            "lisen": 1,
            "listen": 5,
            "limit": "20",
            "mode": "strikt",
            "items": [
                {"key": {"env": "A"}},
                {"name": "ok", "keyy": 1, "sources": ["user_key", {"jwt": {"secret": "hunter2", "skew": "60"}}, {"header": 7}, "nope"]},
                {"name": 5, "key": {"env": "A", "file": "b"}},
                {"name": "last", "sources": [{"jwt": {}}, {"header": "h"}, {"jwt": {"secret": {"env": "A"}, "extra": 1}}]},
                "no item",
            ],
        });
        let mut found = faults_of(document);
        found.sort();
        assert_eq!(
            found,
            [
                "items[0].name: is missing",
                "items[1].keyy: is no known key",
                "items[1].sources[1].jwt.secret: is not where a secret comes from",
                "items[1].sources[1].jwt.skew: `60` is no duration",
                "items[1].sources[2].header: is a number, not a text",
                "items[1].sources[3]: is no known word",
                "items[2].key: does not have exactly one key",
                "items[2].name: is a number, not a text",
                "items[3].sources[0].jwt.secret: is missing",
                "items[3].sources[2].jwt.extra: is no known key",
                "items[4]: is a text, not a mapping",
                "limit: `20` is no size",
                "lisen: is no known key",
                "listen: is a number, not a text",
                "mode: `strikt` is no known word",
            ]
        );
    }

    #[test]
    fn faults_of_what_is_left_are_at_their_place_and_do_not_follow_from_a_cut() {
        let mut faults = Faults::default();
        let value = json!({"items": [{"nam": "a"}, {"name": "b"}], "listen": 5});
        let document = Document { value, faulty: Vec::new() };
        let (file, cuts) = read::<File>(document, &mut faults);
        assert_eq!(file.unwrap().items.len(), 1);
        let fault = |path: &str| Fault { path: path.to_owned(), reason: String::new(), remedy: String::new() };
        let place = |path: &str| cuts.translate(fault(path)).map(|fault| fault.path);
        assert_eq!(place("items[0].name").as_deref(), Some("items[1].name"));
        assert_eq!(place("limit").as_deref(), Some("limit"));
        assert_eq!((place("items"), place("listen")), (None, None));
    }

    #[test]
    fn a_hopeless_file_ends() {
        let items: Vec<Value> = (0..500).map(Value::from).collect();
        assert_eq!(faults_of(json!({"items": items})).len(), MOST_FAULTS + 1);
        assert_eq!(faults_of(json!(5)), ["(file): is a number, not a mapping"]);
    }
}
