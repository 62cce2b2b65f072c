//! What was found, and how it is told.

use std::io::Write;

use serde::Serialize;

use crate::cli::output::{self, Failure};
use crate::telemetry::inert;

/// How a check ended. Ordered: the worst one is the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Ok,
    /// It could not be looked at, or was not to be.
    Skipped,
    Warning,
    Failed,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// One check: what was looked at, what was found, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// The part of the installation, such as a client's name.
    pub part: String,
    pub outcome: Outcome,
    pub found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// All checks, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Findings {
    checks: Vec<Check>,
}

#[derive(Debug, Serialize)]
struct Verdict<'a> {
    verdict: Outcome,
    checks: &'a [Check],
}

impl Findings {
    pub(super) fn ok(&mut self, part: &str, found: impl Into<String>) {
        self.add(part, Outcome::Ok, found, None);
    }

    pub(super) fn skipped(&mut self, part: &str, why: impl Into<String>) {
        self.add(part, Outcome::Skipped, why, None);
    }

    pub(super) fn warn(&mut self, part: &str, found: impl Into<String>, remedy: impl Into<String>) {
        self.add(part, Outcome::Warning, found, Some(remedy.into()));
    }

    pub(super) fn fail(&mut self, part: &str, found: impl Into<String>, remedy: impl Into<String>) {
        self.add(part, Outcome::Failed, found, Some(remedy.into()));
    }

    fn add(&mut self, part: &str, outcome: Outcome, found: impl Into<String>, remedy: Option<String>) {
        self.checks.push(Check { part: part.to_owned(), outcome, found: found.into(), remedy });
    }

    /// What was judged of a part.
    pub(super) fn note(&mut self, part: &str, judged: Judged) {
        self.add(part, judged.outcome, judged.found, judged.remedy);
    }

    /// The worst of all. What was skipped makes nothing worse.
    pub(super) fn verdict(&self) -> Outcome {
        match self.checks.iter().map(|check| check.outcome).max() {
            Some(worst @ (Outcome::Warning | Outcome::Failed)) => worst,
            _ => Outcome::Ok,
        }
    }

    pub(super) fn print(&self, json: bool, out: &mut dyn Write) -> Result<(), Failure> {
        if json {
            return output::print_json(&Verdict { verdict: self.verdict(), checks: &self.checks }, out);
        }
        for Check { part, outcome, found, remedy } in &self.checks {
            write!(out, "{:<8}  {}: {}", outcome.as_str(), inert(part), inert(found))?;
            if let Some(remedy) = remedy {
                write!(out, " Remedy: {}", inert(remedy))?;
            }
            writeln!(out)?;
        }
        let count = |outcome| self.checks.iter().filter(|check| check.outcome == outcome).count();
        let [failed, warnings, skipped] = [Outcome::Failed, Outcome::Warning, Outcome::Skipped].map(count);
        let verdict = self.verdict().as_str();
        let checks = self.checks.len();
        Ok(writeln!(
            out,
            "\nverdict: {verdict} ({checks} checks: {failed} failed, {warnings} with a warning, {skipped} skipped)"
        )?)
    }
}

/// What a check came to, before it is known of which part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    pub outcome: Outcome,
    pub found: String,
    pub remedy: Option<String>,
}

impl Judged {
    pub(super) fn ok(found: impl Into<String>) -> Self {
        Self { outcome: Outcome::Ok, found: found.into(), remedy: None }
    }

    pub(super) fn warning(found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { outcome: Outcome::Warning, found: found.into(), remedy: Some(remedy.into()) }
    }

    pub(super) fn failed(found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failed, found: found.into(), remedy: Some(remedy.into()) }
    }
}
