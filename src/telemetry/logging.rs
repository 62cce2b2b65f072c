//! The process log on standard error: what memgate does, never what people say.

use std::io::IsTerminal;

use schemars::JsonSchema;
use serde::Deserialize;
use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// The log could not be started: one is running in this process already.
#[derive(Debug, Error)]
#[error("cannot start the log: {0}")]
pub struct LoggingError(String);

/// The process log, written to standard error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogFile {
    /// `json` for machines, `pretty` for people. Default `json`.
    pub format: Format,
    /// How much memgate says. Libraries inside it always log warnings and errors alone. Default `info`.
    pub level: Level,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    #[default]
    Json,
    Pretty,
}

/// The least severity that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// How the process logs. The file's shape needs no resolving.
pub type LogSettings = LogFile;

impl LogSettings {
    /// Starts the log. Once in a process.
    ///
    /// # Errors
    /// When a log was started before.
    pub fn start(&self) -> Result<(), LoggingError> {
        let ansi = std::io::stderr().is_terminal();
        let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(ansi);
        let lines = match self.format {
            Format::Json => lines.json().flatten_event(true).with_ansi(false).boxed(),
            Format::Pretty => lines.boxed(),
        };
        let registry = tracing_subscriber::registry().with(lines.with_filter(self.filter()));
        registry.try_init().map_err(|error| LoggingError(error.to_string()))
    }

    /// Libraries stay at warnings whatever the level: their debug lines hold headers, and headers hold keys.
    fn filter(&self) -> Targets {
        let level = match self.level {
            Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
            Level::Trace => LevelFilter::TRACE,
        };
        Targets::new().with_default(LevelFilter::WARN.min(level)).with_target("memgate", level)
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level as Severity;

    use super::*;

    #[test]
    fn libraries_never_log_below_warnings() {
        let filter = LogFile { format: Format::Json, level: Level::Trace }.filter();
        assert!(filter.would_enable("memgate::proxy", &Severity::TRACE));
        assert!(!filter.would_enable("h2::client", &Severity::INFO));
        let filter = LogFile { format: Format::Json, level: Level::Error }.filter();
        assert!(!filter.would_enable("pingora_core", &Severity::WARN));
    }
}
