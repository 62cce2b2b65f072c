//! The audit log: one JSON line for every request, learning job and act of an operator. Never text, never a secret.

mod log;
mod record;
#[cfg(test)]
pub(super) use record::tests::record as record_for_tests;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use thiserror::Error;

use crate::setting::{Faults, Size};
pub use log::AuditLog;
#[cfg(test)]
pub(crate) use record::tests::record as test_record;
pub use record::{ActOutcome, ActRecord, AuditRecord, BudgetNote, Clipped, Entry, LearnedRecord, Outcome};

/// Why the audit log cannot do its work.
#[derive(Debug, Error)]
pub enum AuditError {
    #[error("cannot open the audit log in {dir}: {source}")]
    Open { dir: PathBuf, source: std::io::Error },
    /// The record could not be made to last; an act that depends on it must not happen.
    #[error("cannot write the audit log")]
    Write,
}

/// The audit log: JSON lines, readable by memgate's own account alone.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuditFile {
    /// Directory of the log. Default `data/audit`.
    pub dir: Option<PathBuf>,
    /// Size at which the file moves aside. Default 64MiB.
    pub max_size: Option<Size>,
    /// How many files that moved aside are kept. Default 8.
    pub keep: Option<u32>,
}

/// Where the audit log goes and how much of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSettings {
    pub dir: PathBuf,
    /// Bytes.
    pub max_size: u64,
    pub keep: u32,
}

impl AuditFile {
    /// Fills in the defaults. Files too small for a few records, and too many to move at once, are faults.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> AuditSettings {
        let settings = AuditSettings {
            dir: self.dir.clone().unwrap_or_else(|| PathBuf::from("data/audit")),
            max_size: self.max_size.map_or(64 << 20, |Size(bytes)| bytes),
            keep: self.keep.unwrap_or(8),
        };
        if settings.dir.as_os_str().is_empty() {
            faults.add(format!("{path}.dir"), "is empty", "name a directory, such as data/audit");
        }
        if settings.max_size < 64 << 10 {
            faults.add(format!("{path}.max_size"), "is less than 64KiB", "write a larger size, such as 64MiB");
        }
        if !(1..=1000).contains(&settings.keep) {
            faults.add(format!("{path}.keep"), "is not between 1 and 1000", "keep a few files, such as 8");
        }
        settings
    }
}
