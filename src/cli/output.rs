//! What is printed, and how a command fails.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use thiserror::Error;

use crate::client::ClientError;
use crate::setting::Fault;

/// Why a command failed.
#[derive(Debug, Error)]
pub enum Failure {
    /// The configuration has faults. Exit status 2.
    #[error("{} has {} fault(s)", path.display(), faults.len())]
    Config { path: PathBuf, faults: Vec<Fault> },
    /// What was typed cannot be done. Exit status 2.
    #[error("{0}")]
    Usage(String),
    /// Everything else. Exit status 1.
    #[error("{0}")]
    Other(String),
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    #[must_use]
    pub fn config(path: &Path, faults: Vec<Fault>) -> Self {
        Self::Config { path: path.to_owned(), faults }
    }

    /// A failure that is told in the error's own words.
    pub fn other(error: impl Display) -> Self {
        Self::Other(error.to_string())
    }

    /// A refusal for faults of the configuration is one of the configuration.
    pub(super) fn from_client(error: ClientError, config: &Path) -> Self {
        match error {
            ClientError::Refused(problem) if !problem.faults.is_empty() => {
                Self::config(config, problem.faults.into_iter().map(Into::into).collect())
            }
            other => Self::other(other),
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config { .. } | Self::Usage(_) => ExitCode::from(2),
            Self::Other(_) | Self::Output(_) => ExitCode::FAILURE,
        }
    }
}

/// Tells a person what went wrong.
pub(super) fn report(failure: &Failure, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "memgate: {failure}")?;
    if let Failure::Config { faults, .. } = failure {
        for fault in faults {
            writeln!(out, "  {fault}")?;
        }
    }
    Ok(())
}

pub(super) fn print_json(value: &impl Serialize, out: &mut dyn Write) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::other)?;
    Ok(writeln!(out, "{text}")?)
}

/// Rows beneath a heading, in columns as wide as their widest cell.
pub(super) fn print_table<const N: usize>(heading: [&str; N], rows: &[[String; N]], out: &mut dyn Write) -> io::Result<()> {
    let heading = heading.map(str::to_owned);
    let lines = || std::iter::once(&heading).chain(rows);
    let mut widths = [0; N];
    for line in lines() {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for line in lines() {
        let cells: Vec<String> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// A time in milliseconds since the Unix epoch, for people: UTC, to the second.
pub(super) fn time(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds).map_or_else(|_| "?".to_owned(), |time| format!("{time:.0}"))
}
