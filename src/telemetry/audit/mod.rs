//! The audit log: one JSON line for every request, learning job and act of an operator. Never text, never a secret.
//!
//! Append-only and chained: see `chain` for what a line ends in, `anchor` for what is kept outside the log, and `verify` for what
//! is found by them.

mod anchor;
mod chain;
mod clipped;
mod lines;
mod log;
mod marks;
mod query;
mod record;
mod recover;
mod retain;
#[cfg(test)]
mod tests;
mod verify;
mod writer;

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use thiserror::Error;

use crate::setting::{Faults, Secret, SecretRef, Size, Span};
#[cfg(test)]
pub(crate) use record::tests::record as test_record;

pub use anchor::ANCHOR_NAME;
pub use clipped::Clipped;
pub use log::{AuditKeeping, AuditLog, Export, verify_dir};
pub use marks::{AnchorCause, AnchorRecord, DroppedRecord, RecoveredCause, RecoveredRecord};
pub use query::{AuditPage, AuditQuery};
pub use record::{ActOutcome, ActRecord, AuditRecord, BudgetNote, Entry, LearnedRecord, Outcome};
pub use verify::{ChainFault, Verification};

/// Why the audit log cannot do its work.
#[derive(Debug, Error)]
pub enum AuditError {
    #[error("cannot open the audit log in {dir}: {source}")]
    Open { dir: PathBuf, source: std::io::Error },
    #[error("another process writes the audit log in {}", .0.display())]
    InUse(PathBuf),
    #[error(
        "the audit log in {} is chained with another key: put that key back, or begin a new log by moving the directory and {} away",
        dir.display(),
        anchor.display()
    )]
    OtherKey { dir: PathBuf, anchor: PathBuf },
    /// The record could not be made to last; an act that depends on it must not happen.
    #[error("cannot write the audit log")]
    Write,
    #[error("cannot read the audit log: {0}")]
    Read(std::io::Error),
    #[error("the audit log is being verified already")]
    Verifying,
    #[error("the audit log is being exported already")]
    Exporting,
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
    /// How long records are kept at most, such as `90d`. Without it their number of files alone counts.
    pub retention: Option<Span>,
    /// The secret that the log is chained with, for those who verify it elsewhere. Default: one that comes from the storage's keys.
    pub key: Option<SecretRef>,
}

/// Where the audit log goes and how much of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSettings {
    pub dir: PathBuf,
    /// Bytes.
    pub max_size: u64,
    pub keep: u32,
    pub retention: Option<Duration>,
    pub key: Option<Secret>,
}

impl AuditSettings {
    /// Everything at its default but the directory.
    #[must_use]
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), max_size: 64 << 20, keep: 8, retention: None, key: None }
    }
}

impl AuditFile {
    /// Fills in the defaults. Files too small for a few records, and too many to move at once, are faults; so are times too short
    /// for files to be dropped by, and secrets that could be guessed.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> AuditSettings {
        let mut settings = AuditSettings::at(self.dir.clone().unwrap_or_else(|| PathBuf::from("data/audit")));
        settings.max_size = self.max_size.map_or(settings.max_size, |Size(bytes)| bytes);
        settings.keep = self.keep.unwrap_or(settings.keep);
        settings.retention = self.retention.map(|Span(time)| time);
        if settings.dir.as_os_str().is_empty() {
            faults.add(format!("{path}.dir"), "is empty", "name a directory, such as data/audit");
        }
        if settings.max_size < 64 << 10 {
            faults.add(format!("{path}.max_size"), "is less than 64KiB", "write a larger size, such as 64MiB");
        }
        if !(1..=1000).contains(&settings.keep) {
            faults.add(format!("{path}.keep"), "is not between 1 and 1000", "keep a few files, such as 8");
        }
        if settings.retention.is_some_and(|time| time < Duration::from_hours(1)) {
            faults.add(format!("{path}.retention"), "is less than an hour", "write a longer time, such as 90d");
        }
        let key = format!("{path}.key");
        settings.key = self.key.as_ref().and_then(|source| source.resolve(&key, faults));
        if settings.key.as_ref().is_some_and(|secret| secret.expose().len() < 16) {
            faults.add(key, "is shorter than 16 bytes", "make one with `openssl rand -hex 32`");
        }
        settings
    }
}
