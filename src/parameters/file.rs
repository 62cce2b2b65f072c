//! `settings:` of the configuration.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::Deserialize;

use super::field::{Field, Layer};
use super::values::{Parameters, Value};
use crate::ids::{ClientName, TenantId};
use crate::setting::Faults;

/// Settings of requests: what holds where nobody says otherwise, and what people may change.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SettingsFile {
    /// The template: what holds for everybody who has not chosen otherwise.
    pub configured: Parameters,
    /// What holds for the people of a tenant, by its name.
    pub tenants: BTreeMap<String, Parameters>,
    /// What holds for requests of a client, by its name.
    pub clients: BTreeMap<String, Parameters>,
    /// Fields that only the operator sets; or a mapping from a field to the last layer that may set it.
    pub locked: LockFile,
    /// Bounds on what people and requests may ask for.
    pub bounds: BoundsFile,
}

/// What is reserved.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "locks nothing that there is; write a list of fields such as [model], or a mapping to the last layer that sets them, such \
                 as {model: client}; fields are those of `configured`, layers configured, tenant, client, user, session, request"
)]
pub enum LockFile {
    /// No later layer than `client` sets these.
    Fields(Vec<Field>),
    /// The last layer that sets each.
    Layers(BTreeMap<Field, Layer>),
}

impl Default for LockFile {
    fn default() -> Self {
        Self::Fields(Vec::new())
    }
}

/// Bounds. What lies outside does not count.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BoundsFile {
    /// Most tokens of an answer. Holds where a request names no number, too.
    pub max_tokens: Option<u64>,
    /// Lowest and highest.
    pub temperature: Option<(f64, f64)>,
    /// Lowest and highest.
    pub top_p: Option<(f64, f64)>,
    /// Lowest and highest.
    pub frequency_penalty: Option<(f64, f64)>,
    /// Lowest and highest.
    pub presence_penalty: Option<(f64, f64)>,
}

/// Between which numbers a field must lie, both included.
pub type Bounds = HashMap<Field, (f64, f64)>;

/// What the operator says, resolved.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    pub configured: Parameters,
    pub tenants: HashMap<TenantId, Parameters>,
    pub clients: HashMap<ClientName, Parameters>,
    /// The last layer that sets a field.
    pub locked: HashMap<Field, Layer>,
    pub bounds: Bounds,
}

impl SettingsFile {
    /// Checks the settings. `is_client` knows the clients that there are. Every fault is reported beneath `path`; with faults, the result
    /// is not to be used.
    pub fn resolve(&self, path: &str, is_client: impl Fn(&str) -> bool, faults: &mut Faults) -> Rules {
        let bounds = self.bounds.resolve(&format!("{path}.bounds"), faults);
        let check = |parameters: &Parameters, path: &str, faults: &mut Faults| {
            for field in parameters.faults() {
                let reason = format!("is not {}", field.wanted());
                faults.add(format!("{path}.{}", field.as_str()), reason, "write such a value, or leave it out");
            }
            for (field, (least, most)) in &bounds {
                if parameters.get(*field).is_some_and(|value| !lies_in(&value, (*least, *most))) {
                    let reason = format!("is outside of `{}.bounds.{}`", root(path), field.as_str());
                    faults.add(format!("{path}.{}", field.as_str()), reason, "choose a value within the bounds, or change them");
                }
            }
        };
        check(&self.configured, &format!("{path}.configured"), faults);
        let mut tenants = HashMap::new();
        for (name, parameters) in &self.tenants {
            let path = format!("{path}.tenants.{name}");
            check(parameters, &path, faults);
            match TenantId::parse(name) {
                Ok(tenant) => drop(tenants.insert(tenant, parameters.clone())),
                Err(error) => faults.add(path, format!("the name of the tenant {error}"), LABEL),
            }
        }
        let mut clients = HashMap::new();
        for (name, parameters) in &self.clients {
            let path = format!("{path}.clients.{name}");
            check(parameters, &path, faults);
            match ClientName::parse(name) {
                Ok(client) if is_client(name) => drop(clients.insert(client, parameters.clone())),
                Ok(_) => faults.add(path, "no client has this name", "name one of `clients`, or `unknown` for requests of none"),
                Err(error) => faults.add(path, format!("the name of the client {error}"), LABEL),
            }
        }
        let locked = self.locked.resolve();
        for field in [Field::Model, Field::MaxTokens] {
            let operators = locked.get(&field).is_some_and(|last| *last < Layer::Request);
            if operators && self.configured.get(field).is_none() && !bounds.contains_key(&field) {
                let reason =
                    format!("`{}` is locked, but the template does not set it, and some requests need one", field.as_str());
                faults.add(format!("{path}.locked"), reason, format!("set `settings.configured.{}`", field.as_str()));
            }
        }
        Rules { configured: self.configured.clone(), tenants, clients, locked, bounds }
    }
}

const LABEL: &str = "use lower-case letters, digits, `-`, `_`, `.`, at most 64";

/// The section that a path is in.
fn root(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

impl LockFile {
    fn resolve(&self) -> HashMap<Field, Layer> {
        match self {
            Self::Fields(fields) => fields.iter().map(|field| (*field, Layer::Client)).collect(),
            Self::Layers(layers) => layers.iter().map(|(field, layer)| (*field, *layer)).collect(),
        }
    }
}

impl BoundsFile {
    fn resolve(&self, path: &str, faults: &mut Faults) -> Bounds {
        let mut bounds = Bounds::new();
        if let Some(most) = self.max_tokens {
            if most == 0 {
                faults.add(format!("{path}.max_tokens"), "0 tokens hold no answer", "allow at least 1, or leave it out");
            }
            bounds.insert(Field::MaxTokens, (1.0, as_number(most)));
        }
        for (field, range, possible) in [
            (Field::Temperature, self.temperature, 0.0..=2.0),
            (Field::TopP, self.top_p, 0.0..=1.0),
            (Field::FrequencyPenalty, self.frequency_penalty, -2.0..=2.0),
            (Field::PresencePenalty, self.presence_penalty, -2.0..=2.0),
        ] {
            let Some((least, most)) = range else { continue };
            if least > most || least.is_nan() || most.is_nan() {
                let remedy = "write the lowest value and the highest, such as [0, 1]";
                faults.add(format!("{path}.{}", field.as_str()), "holds no value at all", remedy);
            } else if !possible.contains(&least) || !possible.contains(&most) {
                let remedy = format!("both ends must be {}", field.wanted());
                faults.add(format!("{path}.{}", field.as_str()), "holds values that this setting cannot have", remedy);
            }
            bounds.insert(field, (least, most));
        }
        bounds
    }
}

/// Whether a number lies within bounds. What is no number does not.
pub(super) fn lies_in(value: &Value, (least, most): (f64, f64)) -> bool {
    match value {
        Value::Number(number) => (least..=most).contains(number),
        Value::Count(count) => (least..=most).contains(&as_number(*count)),
        _ => false,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of tokens are far below 2^53")]
pub(super) fn as_number(count: u64) -> f64 {
    count as f64
}
