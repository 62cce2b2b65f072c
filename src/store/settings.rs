//! The `storage` fragment of the configuration.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::setting::{Faults, Secret, SecretRef, Size};

const DEFAULT_JOURNAL_LIMIT: u64 = 64 << 20;
const MASTER_KEY_REMEDY: &str = "give 64 hexadecimal digits, as `openssl rand -hex 32` prints them";

/// Where users' memories are kept, and the key that seals them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StorageFile {
    /// Embedded storage: one sealed file per user.
    pub redb: RedbFile,
    /// The key that seals everything: 64 hexadecimal digits. Without it, one is made in the directory on first start.
    pub master_key: Option<SecretRef>,
    /// How much may wait to be learned from. Beyond it, turns are answered but not learned. Default: 64MiB.
    pub journal_limit: Option<Size>,
}

/// Embedded storage.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RedbFile {
    /// The directory; made on first start. Default: `data`.
    pub dir: PathBuf,
}

impl Default for RedbFile {
    fn default() -> Self {
        Self { dir: "data".into() }
    }
}

/// Storage as it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageSettings {
    pub dir: PathBuf,
    /// 32 bytes. Without it the key is read from `master.key` in the directory, or made there.
    pub master_key: Option<Secret>,
    /// Bytes of the journal that may wait to be learned from.
    pub journal_limit: u64,
}

impl StorageSettings {
    /// Everything at its default but the directory.
    #[must_use]
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), master_key: None, journal_limit: DEFAULT_JOURNAL_LIMIT }
    }
}

impl StorageFile {
    /// Checks the fragment and reads the master key. Faults are collected at `path`.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> StorageSettings {
        if self.redb.dir.as_os_str().is_empty() {
            faults.add(format!("{path}.redb.dir"), "is empty", "name a directory, such as `data`");
        }
        let master_key = self.master_key.as_ref().and_then(|source| {
            let path = format!("{path}.master_key");
            let text = source.resolve(&path, faults)?;
            let key = read_master_key(text.expose());
            if key.is_none() {
                faults.add(path, "is not a 256-bit key", MASTER_KEY_REMEDY);
            }
            key
        });
        let journal_limit = self.journal_limit.map_or(DEFAULT_JOURNAL_LIMIT, |size| size.0);
        if journal_limit < 1 << 20 {
            faults.add(format!("{path}.journal_limit"), "is below 1MiB", "allow at least 1MiB, or leave it out");
        }
        StorageSettings { dir: self.redb.dir.clone(), master_key, journal_limit }
    }
}

/// The 32 bytes of a master key that is written as 64 hexadecimal digits.
pub fn read_master_key(text: &[u8]) -> Option<Secret> {
    parse_master_key(text).map(|key| Secret::new(key.as_slice()))
}

pub(super) fn parse_master_key(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_ascii(), key.as_mut_slice()).ok()?;
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(json: &serde_json::Value) -> (StorageSettings, Vec<String>) {
        let mut faults = Faults::default();
        let settings = serde_json::from_value::<StorageFile>(json.clone()).unwrap().resolve("storage", &mut faults);
        (settings, faults.into_vec().into_iter().map(|fault| fault.path).collect())
    }

    #[test]
    fn an_empty_fragment_means_the_defaults() {
        let (settings, faults) = resolve(&serde_json::json!({}));
        assert_eq!((settings.dir, settings.master_key, settings.journal_limit), ("data".into(), None, 64 << 20));
        assert!(faults.is_empty());
    }

    #[test]
    fn faults_name_their_path() {
        let key = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(key.path(), "short").unwrap();
        let json = serde_json::json!({"redb": {"dir": ""}, "master_key": {"file": key.path()}, "journal_limit": "1KiB"});
        assert_eq!(resolve(&json).1, ["storage.redb.dir", "storage.master_key", "storage.journal_limit"]);
        std::fs::write(key.path(), "0f".repeat(32) + "\n").unwrap();
        let (settings, faults) = resolve(&serde_json::json!({"master_key": {"file": key.path()}}));
        assert_eq!((settings.master_key, faults.len()), (Some(Secret::new(&[0x0f; 32])), 0));
    }

    #[test]
    fn unknown_settings_are_refused() {
        assert!(serde_json::from_value::<StorageFile>(serde_json::json!({"postgres": {}})).is_err());
    }
}
