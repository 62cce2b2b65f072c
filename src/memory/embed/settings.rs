//! `memory.embeddings` of the configuration.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::inference::{Client, Endpoint};
use crate::setting::{Faults, SecretRef, Span};
use crate::store::Kind;

/// An endpoint that turns texts into vectors, by which facts are found that share no word with the question.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingsFile {
    /// The name of an upstream: its address and key are used. This or `url`.
    #[serde(default)]
    pub upstream: Option<String>,
    /// Base URL of an `OpenAI`-compatible API with its version segment, such as `http://127.0.0.1:11434/v1`. This or `upstream`.
    #[serde(default)]
    pub url: Option<String>,
    /// The key for `url`, sent as a bearer token.
    #[serde(default)]
    pub api_key: Option<SecretRef>,
    /// The embedding model. Another name has every vector made anew.
    pub model: String,
    /// How long one call may take. A question waits for `memory.recall_deadline` at most. Default: 10s.
    #[serde(default)]
    pub timeout: Option<Span>,
    /// Facts in one call, all of one person. Default: 32.
    #[serde(default)]
    pub batch: Option<u32>,
    /// Kinds of facts that are never sent to the endpoint.
    #[serde(default)]
    pub never_send: Vec<Kind>,
}

/// An upstream as memgate's own calls reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    pub endpoint: Endpoint,
    /// Kinds of facts that must not go there, whatever they are sent for.
    pub never_send: Vec<Kind>,
}

/// Looks an upstream up by name; or says what speaks against it.
pub type Upstreams<'a> = dyn Fn(&str) -> Result<Reached, String> + 'a;

/// Embeddings as they run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingSettings {
    pub endpoint: Endpoint,
    pub model: String,
    pub timeout: Duration,
    pub batch: usize,
    pub never_send: Vec<Kind>,
}

const TIMEOUT: Duration = Duration::from_secs(10);
const BATCH: usize = 32;
const MAX_BATCH: usize = 256;
/// Longest name of a model in bytes.
const MAX_MODEL: usize = 256;

impl EmbeddingsFile {
    /// Checks the fragment; `upstream` gives the endpoint of an upstream by name, or what speaks against it.
    pub fn resolve(&self, path: &str, upstream: &Upstreams<'_>, faults: &mut Faults) -> Option<EmbeddingSettings> {
        let reached = self.endpoint(path, upstream, faults);
        let model = check_model(&self.model, path, faults);
        let timeout = check_timeout(self.timeout, TIMEOUT, path, faults);
        let batch = self.batch.map_or(BATCH, |n| usize::try_from(n).unwrap_or(usize::MAX));
        if !(1..=MAX_BATCH).contains(&batch) {
            faults.add(format!("{path}.batch"), "is not between 1 and 256", "leave it out for 32");
        }
        let Reached { endpoint, mut never_send } = check_endpoint(reached?, path, faults);
        never_send.extend(&self.never_send);
        Some(EmbeddingSettings { endpoint, model, timeout, batch, never_send })
    }

    fn endpoint(&self, path: &str, upstream: &Upstreams<'_>, faults: &mut Faults) -> Option<Reached> {
        if self.api_key.is_some() && self.url.is_none() {
            let remedy = "leave it out: an upstream's own key is used";
            faults.add(format!("{path}.api_key"), "is for `url` alone", remedy);
        }
        match (&self.upstream, &self.url) {
            (Some(name), None) => find_upstream(name, &format!("{path}.upstream"), upstream, faults),
            (None, Some(url)) => {
                let key = match &self.api_key {
                    Some(key) => Some(key.resolve(&format!("{path}.api_key"), faults)?),
                    None => None,
                };
                let remedy = "write a base URL such as http://127.0.0.1:11434/v1";
                let endpoint = Endpoint::parse(url, key);
                let endpoint = endpoint.map_err(|reason| faults.add(format!("{path}.url"), reason, remedy)).ok()?;
                Some(Reached { endpoint, never_send: Vec::new() })
            }
            (upstream, _) => {
                let reason =
                    if upstream.is_some() { "has both `upstream` and `url`" } else { "has neither `upstream` nor `url`" };
                faults.add(path, reason, "give exactly one of them");
                None
            }
        }
    }
}

/// The endpoint of an upstream; a fault at `path` where there is none.
pub(in crate::memory) fn find_upstream(name: &str, path: &str, upstream: &Upstreams<'_>, faults: &mut Faults) -> Option<Reached> {
    upstream(name).map_err(|reason| faults.add(path, reason, "name one of `upstreams` that has a `url`")).ok()
}

pub(in crate::memory) fn check_model(model: &str, path: &str, faults: &mut Faults) -> String {
    if model.trim().is_empty() || model.len() > MAX_MODEL {
        faults.add(format!("{path}.model"), "names no model", "write the model's name as the endpoint knows it");
    }
    model.to_owned()
}

pub(in crate::memory) fn check_timeout(timeout: Option<Span>, default: Duration, path: &str, faults: &mut Faults) -> Duration {
    let timeout = timeout.map_or(default, |span| span.0);
    if timeout.is_zero() || timeout > Duration::from_mins(10) {
        faults.add(format!("{path}.timeout"), "is not between 1ms and 10m", "leave it out for the default");
    }
    timeout
}

/// Tries whether a client can be set up, so that a key or certificates that are no good are found now.
pub(in crate::memory) fn check_endpoint(reached: Reached, path: &str, faults: &mut Faults) -> Reached {
    if let Err(error) = Client::new(reached.endpoint.clone(), Duration::from_secs(1)) {
        let remedy = "use a key without line breaks; for https, install the CA certificates of the system";
        faults.add(path, error.to_string(), remedy);
    }
    reached
}
