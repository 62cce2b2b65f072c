//! Changes to a layer, as people send them: what is named changes, `null` removes, the rest stays.

use serde_json::{Map, Value};
use thiserror::Error;

use super::field::{Field, Layer};
use super::file::{Rules, lies_in};
use super::values::Parameters;

/// Changes to a layer, each of them fit for its field.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch(Vec<(Field, Option<Value>)>);

/// Why changes cannot be made. The text is public and repeats no value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatchError {
    #[error("There is no such setting. Those that there are: {}.", Field::ALL.map(Field::as_str).join(", "))]
    Unknown,
    #[error("`{field}` must be {wanted}.")]
    Invalid { field: &'static str, wanted: &'static str },
    #[error("`{field}` must be from {least} to {most}: the operator has bounded it.")]
    OutOfBounds { field: &'static str, least: String, most: String },
    #[error("`{0}` is set by the operator of this server and cannot be changed here.")]
    Locked(&'static str),
}

impl PatchError {
    /// The stable code of the answer.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown | Self::Invalid { .. } | Self::OutOfBounds { .. } => "settings_invalid",
            Self::Locked(_) => "settings_locked",
        }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Locked(_) => 403,
            _ => 400,
        }
    }
}

impl Patch {
    /// Checks changes to `layer`.
    ///
    /// # Errors
    /// For fields that are not there, values that do not fit, and what the operator keeps.
    pub fn read(changes: Map<String, Value>, layer: Layer, rules: &Rules) -> Result<Self, PatchError> {
        let mut read = Vec::with_capacity(changes.len());
        for (key, value) in changes {
            let field = Field::find(&key).ok_or(PatchError::Unknown)?;
            if value.is_null() {
                read.push((field, None));
                continue;
            }
            if rules.locked.get(&field).is_some_and(|last| layer > *last) {
                return Err(PatchError::Locked(field.as_str()));
            }
            let one = alone(field, &value)?;
            if let Some((least, most)) = rules.bounds.get(&field)
                && one.get(field).is_some_and(|value| !lies_in(&value, (*least, *most)))
            {
                let [least, most] = [least, most].map(f64::to_string);
                return Err(PatchError::OutOfBounds { field: field.as_str(), least, most });
            }
            read.push((field, Some(value)));
        }
        Ok(Self(read))
    }

    /// The layer with the changes made.
    ///
    /// # Errors
    /// Never, for a patch that was read.
    pub(super) fn apply(&self, layer: &Parameters) -> Result<Parameters, serde_json::Error> {
        let Value::Object(mut members) = serde_json::to_value(layer)? else { return Ok(layer.clone()) };
        for (field, value) in &self.0 {
            match value {
                Some(value) => drop(members.insert(field.as_str().to_owned(), value.clone())),
                None => drop(members.remove(field.as_str())),
            }
        }
        serde_json::from_value(Value::Object(members))
    }
}

/// A layer that says this and nothing else.
fn alone(field: Field, value: &Value) -> Result<Parameters, PatchError> {
    let members = Map::from_iter([(field.as_str().to_owned(), value.clone())]);
    let read: Option<Parameters> = serde_json::from_value(Value::Object(members)).ok();
    let invalid = PatchError::Invalid { field: field.as_str(), wanted: field.wanted() };
    read.filter(|read| read.faults().is_empty()).ok_or(invalid)
}
