//! Scalars of the configuration file: durations, sizes, secrets, and the list of faults that a check collects.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// One thing wrong with the configuration: where, why, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Path of the setting, such as `clients[0].key`.
    pub path: String,
    /// What is wrong.
    pub reason: String,
    /// What mends it.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    remedy: {}", self.path, self.reason, self.remedy)
    }
}

/// Collects every fault of a configuration, so that one check reports them all.
#[derive(Debug, Default)]
pub struct Faults {
    found: Vec<Fault>,
    /// Secrets that were read, each with its path: some must be like no other.
    secrets: Vec<(String, Secret)>,
}

impl Faults {
    pub fn add(&mut self, path: impl Into<String>, reason: impl Into<String>, remedy: impl Into<String>) {
        self.found.push(Fault { path: path.into(), reason: reason.into(), remedy: remedy.into() });
    }

    /// Adds a fault for each secret that is the one at `path`, too. To be asked once all were read.
    pub fn require_apart(&mut self, path: &str, remedy: &str) {
        let text = |secret: &Secret| Zeroizing::new(secret.expose().trim_ascii().to_ascii_lowercase());
        let Some(own) = self.secrets.iter().find(|(at, _)| at == path).map(|(_, secret)| text(secret)) else { return };
        let others = self.secrets.iter().filter(|(at, secret)| at != path && text(secret) == own);
        let others: Vec<String> = others.map(|(at, _)| at.clone()).collect();
        for other in others {
            self.add(path, format!("is the secret of {other}, too"), remedy);
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    #[must_use]
    pub fn into_vec(self) -> Vec<Fault> {
        self.found
    }
}

/// A duration with a unit: `50ms`, `60s`, `1h 30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        humantime::parse_duration(text)
            .map(Self)
            .map_err(|_| format!("`{text}` is no duration; write one with a unit, such as 50ms, 60s or 1h"))
    }
}

/// A size in bytes with a unit: `512KiB`, `20MiB`, `64B`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

impl FromStr for Size {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("`{text}` is no size; write one with a unit, such as 64KiB or 20MiB");
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor: u64 = match unit.trim() {
            "B" => 1,
            "kB" => 1_000,
            "KiB" => 1 << 10,
            "MB" => 1_000_000,
            "MiB" => 1 << 20,
            "GB" => 1_000_000_000,
            "GiB" => 1 << 30,
            _ => return Err(fault()),
        };
        number.parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).map(Self).ok_or_else(fault)
    }
}

macro_rules! text_setting {
    ($name:ident, $pattern:literal, $description:literal) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "pattern": $pattern, "description": $description})
            }
        }
    };
}

text_setting!(Span, r"^\s*([0-9]+\s*[a-zA-Z]+\s*)+$", "A duration with a unit: 50ms, 60s, 1h 30m");
text_setting!(Size, r"^[0-9]+ ?(B|kB|KiB|MB|MiB|GB|GiB)$", "A size with a unit: 64KiB, 20MiB");

/// Where a secret comes from. The secret itself never stands in the configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum SecretRef {
    /// The name of an environment variable.
    Env(String),
    /// The path of a file; one trailing line break is dropped.
    File(PathBuf),
}

impl SecretRef {
    /// Reads the secret. A missing, unreadable or empty one is a fault at `path`.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> Option<Secret> {
        let (text, remedy) = match self {
            Self::Env(name) => (
                std::env::var(name).map_err(|_| format!("environment variable {name} is not set")),
                format!("set {name} in the environment of memgate, or use {{file: PATH}}"),
            ),
            Self::File(file) => (
                std::fs::read_to_string(file).map_err(|e| format!("cannot read {}: {e}", file.display())),
                format!("create {} with the secret in it, readable by memgate alone", file.display()),
            ),
        };
        let text = text.map(Zeroizing::new).and_then(|text| {
            let value = text.trim_end_matches(['\r', '\n']);
            if value.is_empty() { Err("the secret is empty".to_owned()) } else { Ok(Secret::new(value.as_bytes())) }
        });
        let secret = text.map_err(|reason| faults.add(path, reason, remedy)).ok()?;
        faults.secrets.push((path.to_owned(), secret.clone()));
        Some(secret)
    }
}

/// Secret bytes: wiped on drop, never printed, never serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// The bytes themselves. Each caller of this is a place to review.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_required() {
        assert_eq!("1h 30m".parse(), Ok(Span(Duration::from_mins(90))));
        assert_eq!("20MiB".parse(), Ok(Size(20 << 20)));
        for bad in ["20", "", "MiB", "99999999999GiB", "-1B", "1.5MiB"] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
        assert!("60".parse::<Span>().is_err());
    }

    #[test]
    fn a_secret_that_stands_elsewhere_too_is_told_with_the_place() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut faults = Faults::default();
        for (path, text) in [("a", "KEY\n"), ("b", "other"), ("c", "key "), ("a", "KEY")] {
            std::fs::write(file.path(), text).unwrap();
            SecretRef::File(file.path().to_owned()).resolve(path, &mut faults).unwrap();
        }
        faults.require_apart("nowhere", "");
        faults.require_apart("b", "");
        assert!(faults.is_empty());
        faults.require_apart("a", "make another");
        let [fault] = &faults.into_vec()[..] else { panic!() };
        assert_eq!(fault.to_string(), "a: is the secret of c, too\n    remedy: make another");
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", Secret::new(b"hunter2")), "Secret(…)");
    }
}
