//! What is printed, and how a command fails. Strangers' text is made inert on the way out.

use std::fmt::{Display, Write as _};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use thiserror::Error;

pub(super) use super::table::print_table;
use crate::client::ClientError;
use crate::setting::Fault;
use crate::telemetry::inert;

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
        Self::Other(inert(&error.to_string()).into_owned())
    }

    /// A refusal for faults of the configuration is one of the configuration.
    pub(super) fn from_client(error: ClientError, config: &Path) -> Self {
        match error {
            ClientError::Refused(problem) if !problem.faults.is_empty() => {
                Self::config(config, problem.faults.into_iter().map(Into::into).collect())
            }
            ClientError::Address(_) | ClientError::Token => Self::Usage(error.to_string()),
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
    Ok(writeln!(out, "{}", escape(&text))?)
}

/// The same on one line.
pub(super) fn print_json_line(value: &impl Serialize, out: &mut dyn Write) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(Failure::other)?;
    Ok(writeln!(out, "{}", escape(&text))?)
}

/// JSON that says the same, with whatever acts on a terminal as escapes.
fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || matches!(inert(c.encode_utf8(&mut [0; 4])), std::borrow::Cow::Borrowed(_)) {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // A string takes whatever is written to it.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

/// Names with their values, one a line.
pub(super) fn print_fields(fields: &[(&str, String)], out: &mut dyn Write) -> io::Result<()> {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or_default() + 2;
    fields.iter().try_for_each(|(name, value)| writeln!(out, "{}", format!("{name:<width$}{}", inert(value)).trim_end()))
}

/// A time in milliseconds since the Unix epoch, for people: UTC, to the second.
pub(super) fn time(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds).map_or_else(|_| "?".to_owned(), |time| format!("{time:.0}"))
}

/// The same, where there may be none.
pub(super) fn time_or_dash(milliseconds: Option<i64>) -> String {
    milliseconds.map_or_else(|| "-".to_owned(), time)
}

pub(super) fn or_dash(value: Option<impl Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// `yes`, or a dash.
pub(super) fn mark(is: bool) -> String {
    if is { "yes" } else { "-" }.to_owned()
}

/// Words with commas between them, or a dash.
pub(super) fn join(words: &[String]) -> String {
    if words.is_empty() { "-".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_the_same_and_acts_on_no_terminal() {
        let hostile = "\u{1b}[31m\u{9b}2J\u{202e}\u{e0041}\n\"<script>";
        let mut out = Vec::new();
        print_json(&serde_json::json!({"name": hostile}), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|line| inert(line) == line), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["name"], hostile);
    }

    #[test]
    fn fields_stay_on_their_lines() {
        let mut out = Vec::new();
        print_fields(&[("a", "x\ny".to_owned()), ("long name", String::new())], &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a          x␊y\nlong name\n");
    }
}
