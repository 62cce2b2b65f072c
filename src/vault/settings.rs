//! `vault` of the configuration: which sources of upstream keys there are.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::provider::{ApiKey, AuthStyle, PROVIDERS};
use crate::setting::{Faults, Secret};

/// Whether something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    On,
    Off,
}

/// Which keys upstreams are shown. They are tried in this order; the first that there is, and that the person may use, counts.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VaultFile {
    /// Whether people may store keys of their own, and have them used. Default: `on`.
    pub personal: Option<Switch>,
    /// Whether `upstreams[].api_key` is used for people's requests. Default: `on`.
    pub shared: Option<Switch>,
    /// Whether the environment variable that the provider's vendor names, such as `OPENAI_API_KEY`, is used where an upstream has no
    /// `api_key`. Default: `off`, since what was set for another program is nobody's leave to spend it here.
    pub environment: Option<Switch>,
}

/// The same, with the keys that the environment holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultSettings {
    pub personal: bool,
    pub shared: bool,
    /// By provider; none where the environment is not to be used.
    pub environment: Option<BTreeMap<&'static str, Secret>>,
}

impl Default for VaultSettings {
    fn default() -> Self {
        Self { personal: true, shared: true, environment: None }
    }
}

impl VaultFile {
    /// Reads the environment where it is to be used. A variable whose value cannot be shown to a provider is a fault.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> VaultSettings {
        self.resolve_with(path, |name| std::env::var(name).ok(), faults)
    }

    fn resolve_with(&self, path: &str, variable: impl Fn(&str) -> Option<String>, faults: &mut Faults) -> VaultSettings {
        let is_on = |switch: Option<Switch>, default| switch.unwrap_or(default) == Switch::On;
        let environment = is_on(self.environment, Switch::Off).then(|| {
            let found = PROVIDERS.iter().filter_map(|provider| {
                let set = |name: &&'static str| Some((*name, variable(name).filter(|value| !value.trim().is_empty())?));
                let (name, value) = provider.environment.iter().find_map(set)?;
                let secret = Secret::new(value.trim().as_bytes());
                if ApiKey::new(secret.clone(), AuthStyle::Bearer).is_none() {
                    let remedy = "set it to a key without line breaks or control characters, or unset it";
                    faults.add(format!("{path}.environment"), format!("the variable {name} holds no key"), remedy);
                    return None;
                }
                Some((provider.name, secret))
            });
            found.collect()
        });
        VaultSettings { personal: is_on(self.personal, Switch::On), shared: is_on(self.shared, Switch::On), environment }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(json: &str, variables: &[(&str, &str)]) -> (VaultSettings, Vec<String>) {
        let file: VaultFile = serde_json::from_str(json).unwrap();
        let mut faults = Faults::default();
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let settings = file.resolve_with("vault", variable, &mut faults);
        (settings, faults.into_vec().into_iter().map(|fault| fault.reason).collect())
    }

    #[test]
    fn the_environment_is_read_only_where_it_is_wanted() {
        let variables = [("COHERE_API_KEY", "co-2"), ("CO_API_KEY", " co-1 "), ("GROQ_API_KEY", " "), ("OPENAI_API_KEY", "sk-1")];
        assert_eq!(resolve("{}", &variables), (VaultSettings::default(), vec![]));
        let (settings, faults) = resolve(r#"{"environment": "on", "shared": "off", "personal": "off"}"#, &variables);
        let known = [("cohere", Secret::new(b"co-1")), ("openai", Secret::new(b"sk-1"))];
        assert_eq!(settings, VaultSettings { personal: false, shared: false, environment: Some(known.into()) });
        assert_eq!(faults, [""; 0]);
        assert!(serde_json::from_str::<VaultFile>(r#"{"environment": true}"#).is_err());
    }

    #[test]
    fn a_variable_that_is_no_key_is_a_fault_and_not_repeated() {
        let (settings, faults) = resolve(r#"{"environment": "on"}"#, &[("OPENAI_API_KEY", "sk-secret\r\nx: y")]);
        assert_eq!(settings.environment, Some(BTreeMap::new()));
        assert_eq!(faults, ["the variable OPENAI_API_KEY holds no key"]);
    }
}
