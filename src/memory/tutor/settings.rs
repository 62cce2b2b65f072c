//! The model that learns beside the rules: its part of `memory.learn` in the configuration.

use std::time::Duration;

use crate::inference::Endpoint;
use crate::memory::embed::{Reached, Upstreams, check_endpoint, check_model, check_timeout, find_upstream};
use crate::memory::settings::LearnFile;
use crate::setting::Faults;
use crate::store::Kind;

/// The learning model as it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TutorSettings {
    pub endpoint: Endpoint,
    pub model: String,
    pub timeout: Duration,
    /// Turns in one call, at most.
    pub batch: usize,
    /// How long a turn waits for others of its conversation.
    pub wait: Duration,
    /// Tokens for one person and day.
    pub daily_tokens: u64,
    /// Kinds of statements whose turns are not sent.
    pub never_send: Vec<Kind>,
}

const TIMEOUT: Duration = Duration::from_mins(1);
const BATCH: usize = 8;
const MAX_BATCH: usize = 32;
const WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_hours(1);
const DAILY_TOKENS: u64 = 50_000;

impl LearnFile {
    /// Checks the settings of the model; `upstream` gives the endpoint of an upstream by name, or what speaks against it.
    pub(in crate::memory) fn resolve_tutor(
        &self,
        path: &str,
        upstream: &Upstreams<'_>,
        faults: &mut Faults,
    ) -> Option<TutorSettings> {
        let (name, model) = match (&self.upstream, &self.model) {
            (Some(name), Some(model)) => (name, check_model(model, path, faults)),
            (None, None) => {
                let set = self.timeout.is_some() || self.batch.is_some() || self.wait.is_some() || self.daily_tokens.is_some();
                if set || !self.never_send.is_empty() {
                    faults.add(format!("{path}.upstream"), "is missing", "name the upstream and the `model` that learns");
                }
                return None;
            }
            (Some(_), None) => {
                faults.add(format!("{path}.model"), "is missing", "write the model's name as the upstream knows it");
                return None;
            }
            (None, Some(_)) => {
                faults.add(format!("{path}.upstream"), "is missing", "name the upstream that has the model");
                return None;
            }
        };
        let reached = find_upstream(name, &format!("{path}.upstream"), upstream, faults);
        let timeout = check_timeout(self.timeout, TIMEOUT, path, faults);
        let batch = self.batch.map_or(BATCH, |n| usize::try_from(n).unwrap_or(usize::MAX));
        if !(1..=MAX_BATCH).contains(&batch) {
            faults.add(format!("{path}.batch"), "is not between 1 and 32", "leave it out for 8");
        }
        let wait = self.wait.map_or(WAIT, |span| span.0);
        if wait > LONGEST_WAIT {
            faults.add(format!("{path}.wait"), "is longer than an hour", "leave it out for 30s");
        }
        let daily_tokens = self.daily_tokens.map_or(DAILY_TOKENS, u64::from);
        if daily_tokens < super::MOST_TOKENS {
            let reason = format!("does not pay for one call, which may take {} tokens", super::MOST_TOKENS);
            faults.add(format!("{path}.daily_tokens"), reason, "leave it out for 50000");
        }
        let Reached { endpoint, mut never_send } = check_endpoint(reached?, path, faults);
        never_send.extend(&self.never_send);
        Some(TutorSettings { endpoint, model, timeout, batch, wait, daily_tokens, never_send })
    }
}
