//! `session:` of the configuration: how long sessions live, and how much of them is kept.

use std::collections::HashSet;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::ids::SessionId;
use crate::setting::{Faults, Size, Span};

/// Names that other products keep for their own sessions: of no person's in particular, so none is created or kept here.
pub const RESERVED: [&str; 3] = ["FACTORY", "CONFIGURED", "server"];

const HOUR: Duration = Duration::from_hours(1);
/// In milliseconds.
pub(super) const DAY: i64 = 24 * 60 * 60 * 1000;
const MONTH: Duration = Duration::from_hours(30 * 24);
/// More in RAM than any machine needs.
const MOST_LIVE: usize = 10_000_000;
/// The largest turn that is kept fits, however it is written.
const LEAST_BYTES: u64 = 2 << 20;

/// Sessions: how long they live, and how much of them is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionFile {
    /// How long a session stays in RAM after its last request. What was stored of it stays.
    #[schemars(default = "default_timeout_text")]
    pub timeout: Span,
    /// Sessions in RAM at most. The one that was used least lately makes room; nothing that was stored is lost by it.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub capacity: usize,
    /// Keys of sessions that never make room for others, besides `FACTORY`, `CONFIGURED` and `server`.
    pub protected: Vec<String>,
    /// How long what was stored of a session is kept after its last use.
    #[schemars(default = "default_retention_text")]
    pub retention: Span,
    /// How much is kept of clients with `history: on`.
    pub history: HistoryFile,
}

impl Default for SessionFile {
    fn default() -> Self {
        Self {
            timeout: Span(HOUR),
            capacity: 10_000,
            protected: Vec::new(),
            retention: Span(MONTH),
            history: HistoryFile::default(),
        }
    }
}

/// Bounds of histories. The oldest turns go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HistoryFile {
    /// Turns of one session at most.
    #[schemars(range(min = 1, max = 10_000))]
    pub turns: usize,
    /// Size of one session's turns at most.
    #[schemars(default = "default_bytes_text")]
    pub bytes: Size,
    /// Sessions of one person at most. Of those that nobody created or named, the one that was used least lately goes.
    #[schemars(range(min = 1, max = 10_000))]
    pub sessions: usize,
}

impl Default for HistoryFile {
    fn default() -> Self {
        Self { turns: 500, bytes: Size(4 << 20), sessions: 1_000 }
    }
}

fn default_timeout_text() -> &'static str {
    "1h"
}

fn default_retention_text() -> &'static str {
    "30d"
}

fn default_bytes_text() -> &'static str {
    "4MiB"
}

/// How long sessions live, and how much of them is kept; checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSettings {
    /// In milliseconds.
    pub timeout: i64,
    pub capacity: usize,
    /// The reserved names among them.
    pub protected: HashSet<SessionId>,
    /// In milliseconds.
    pub retention: i64,
    pub history: HistoryFile,
}

impl Default for SessionSettings {
    fn default() -> Self {
        SessionFile::default().resolve("session", &mut Faults::default())
    }
}

impl SessionSettings {
    /// How far the last use of what lasts may be behind, in milliseconds.
    pub(super) fn grain(&self) -> i64 {
        DAY.min(self.retention / 30)
    }
}

impl SessionFile {
    /// Checks the settings. Every fault is reported at `path`; with faults, the result is not to be used.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> SessionSettings {
        let mut count = |key: &str, number: usize, most: usize| {
            if !(1..=most).contains(&number) {
                faults.add(format!("{path}.{key}"), format!("{number} is out of range"), format!("set 1 to {most}"));
            }
        };
        count("capacity", self.capacity, MOST_LIVE);
        count("history.turns", self.history.turns, 10_000);
        count("history.sessions", self.history.sessions, 10_000);
        if self.history.bytes.0 < LEAST_BYTES {
            faults.add(format!("{path}.history.bytes"), "is too small for the largest turn", "set 2MiB or more");
        }
        for (key, span) in [("timeout", self.timeout), ("retention", self.retention)] {
            if span.0.is_zero() {
                faults.add(format!("{path}.{key}"), "is 0, so no session would last", "set a time such as 1h or 30d");
            }
        }
        let mut protected: HashSet<SessionId> = RESERVED.iter().filter_map(|name| SessionId::parse(name).ok()).collect();
        for (index, text) in self.protected.iter().enumerate() {
            match SessionId::parse(text) {
                Ok(id) => drop(protected.insert(id)),
                Err(reason) => faults.add(
                    format!("{path}.protected[{index}]"),
                    format!("the session key {reason}"),
                    "use 1 to 255 printable ASCII characters without blanks, `/` and `\\`",
                ),
            }
        }
        let ms = |span: Span| i64::try_from(span.0.as_millis()).unwrap_or(i64::MAX);
        SessionSettings {
            timeout: ms(self.timeout),
            capacity: self.capacity.max(1),
            protected,
            retention: ms(self.retention),
            history: self.history,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_sound_and_faults_are_named() {
        let mut faults = Faults::default();
        let settings = SessionFile::default().resolve("session", &mut faults);
        assert!(faults.is_empty());
        assert!(RESERVED.iter().all(|name| settings.protected.contains(&SessionId::parse(name).unwrap())));
        let bad = SessionFile {
            timeout: Span(Duration::ZERO),
            capacity: 0,
            protected: vec!["ok".into(), "a/b".into()],
            retention: Span(Duration::ZERO),
            history: HistoryFile { turns: 0, bytes: Size(1), sessions: 100_000 },
        };
        bad.resolve("session", &mut faults);
        let mut paths: Vec<String> = faults.into_vec().into_iter().map(|fault| fault.path).collect();
        paths.sort();
        let wanted = ["capacity", "history.bytes", "history.sessions", "history.turns", "protected[1]", "retention", "timeout"];
        assert_eq!(paths, wanted.map(|key| format!("session.{key}")));
    }
}
