//! YAML into a JSON document: every value that JSON does not know is a fault.

use serde_json::Value as Json;
use serde_yaml::Value as Yaml;

use super::path::Path;
use crate::setting::Faults;

/// A document, and the places whose faults are reported already.
#[derive(Debug)]
pub(super) struct Document {
    pub value: Json,
    pub faulty: Vec<Path>,
}

/// Parses a YAML text. A faulty node is reported and left out; a faulty syntax leaves nothing.
pub(super) fn parse(text: &str, faults: &mut Faults) -> Option<Document> {
    let remedy = "mend the YAML there; lists start with `- `, texts with special characters stand in quotes";
    let mut yaml: Yaml = serde_yaml::from_str(text).map_err(|error| faults.add("(file)", error.to_string(), remedy)).ok()?;
    yaml.apply_merge().map_err(|error| faults.add("(file)", error.to_string(), "merge mappings only")).ok()?;
    match yaml {
        // An empty file, or one of comments alone.
        Yaml::Null => Some(Document { value: Json::Object(serde_json::Map::new()), faulty: Vec::new() }),
        Yaml::Mapping(_) => {
            let mut conversion = Conversion { faults, faulty: Vec::new() };
            let value = conversion.convert(yaml, &Path::default())?;
            Some(Document { value, faulty: conversion.faulty })
        }
        _ => {
            faults.add("(file)", "is not a mapping", "write settings as `key: value`, such as `listen: 127.0.0.1:8080`");
            None
        }
    }
}

struct Conversion<'a> {
    faults: &'a mut Faults,
    faulty: Vec<Path>,
}

impl Conversion<'_> {
    fn convert(&mut self, yaml: Yaml, path: &Path) -> Option<Json> {
        match yaml {
            Yaml::Null => Some(Json::Null),
            Yaml::Bool(value) => Some(Json::Bool(value)),
            Yaml::String(text) => Some(Json::String(text)),
            Yaml::Number(number) => match serde_json::to_value(&number) {
                Ok(value @ Json::Number(_)) => Some(value),
                _ => self.refuse(path, "is no finite number", "write a plain number"),
            },
            Yaml::Sequence(items) => {
                let items = items.into_iter().enumerate();
                // A faulty item stays as a gap, so that the places of the others do not change.
                Some(items.map(|(i, item)| self.convert(item, &path.index(i)).unwrap_or(Json::Null)).collect())
            }
            Yaml::Mapping(entries) => {
                let mut object = serde_json::Map::new();
                for (key, value) in entries {
                    let Yaml::String(key) = key else {
                        self.faults.add(path.to_string(), "holds a key that is no text", "put the key in quotes");
                        continue;
                    };
                    if let Some(value) = self.convert(value, &path.key(&key)) {
                        object.insert(key, value);
                    }
                }
                Some(Json::Object(object))
            }
            Yaml::Tagged(_) => {
                self.refuse(path, "holds a YAML tag", "leave the `!tag` out; secrets are {env: NAME} or {file: PATH}")
            }
        }
    }

    fn refuse(&mut self, path: &Path, reason: &str, remedy: &str) -> Option<Json> {
        self.faults.add(path.to_string(), reason, remedy);
        self.faulty.push(path.clone());
        None
    }
}
