//! `upstreams:` as it is written.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::balance::{ConcurrencyFile, HealthFile};
use super::price::PriceFile;
use crate::dialect::Api;
use crate::policy::MemoryAccess;
use crate::provider::AuthStyle;
use crate::setting::{SecretRef, Span};
use crate::store::Kind;

/// An upstream: a model backend.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamFile {
    /// Name for logs and metrics: lower-case letters, digits, `-`, `_`, `.`.
    pub name: String,
    /// Base URL of the backend's API with its version segment, such as `http://127.0.0.1:11434/v1`. Ollama's own API is looked for beside
    /// it, at `/api`. Default: the provider's.
    #[serde(default)]
    pub url: Option<String>,
    /// A backend inside memgate. `demo` answers without a model and shows what was injected.
    #[serde(default)]
    pub builtin: Option<Builtin>,
    /// Whose API it is, such as `openai`: gives `url`, `dialects` and `auth` where they are left out.
    #[serde(default)]
    pub provider: Option<String>,
    /// Models served here: names, patterns in which `*` stands for any run of characters, or mappings that say more of a model.
    #[serde(default = "any_model")]
    pub models: Vec<ModelFile>,
    /// Tokens that its models read and write in one request, unless a model has its own `window`. Default: `context.window`.
    #[serde(default)]
    pub window: Option<u64>,
    /// The groups whose people may use this upstream. Default: everybody.
    #[serde(default)]
    pub groups: Option<Vec<String>>,
    /// Of several upstreams that serve a model, those with the least number come first.
    #[serde(default)]
    pub priority: u32,
    /// The share of requests that it gets beside others of its priority. Default: 1. Two upstreams that both serve anything (`*`) share only
    /// where both write it; else the first of them serves.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1000))]
    pub weight: Option<u32>,
    /// What the backend speaks: `openai`, `anthropic`, `ollama`, or several of them. A request goes only to an upstream that speaks its
    /// dialect; nothing is translated. Default: the provider's, else `openai`.
    #[serde(default)]
    pub dialects: Option<Vec<Api>>,
    /// The key that memgate presents to the backend. The caller's own key never goes there.
    #[serde(default)]
    pub api_key: Option<SecretRef>,
    /// Each person needs a key of their own for this upstream; `api_key` serves memgate's own calls alone.
    #[serde(default)]
    pub require_personal_key: bool,
    /// The groups whose people are served with `api_key`. Default: everybody.
    #[serde(default)]
    pub shared_key_groups: Option<Vec<String>>,
    /// How the key is presented. Default: the provider's way; else `x_api_key` where `anthropic` is the only dialect, else `bearer`.
    #[serde(default)]
    pub auth: Option<AuthStyle>,
    /// Speak HTTP/2 to the backend (prior knowledge without TLS, ALPN with it).
    #[serde(default)]
    pub http2: bool,
    /// Longest silence of the backend within an answer, before it counts as dead.
    #[serde(default)]
    pub read_timeout: Option<Span>,
    /// Whether requests to this backend read the person's memory and add to it. The client has a say, too: the stricter of both counts.
    #[serde(default)]
    pub memory: MemoryAccess,
    /// Kinds of facts that never stand in a request to this backend.
    #[serde(default)]
    pub never_send: Vec<Kind>,
    /// Whether paths are forwarded that reach what the backend keeps for all who use its key: files, batches, assistants, conversations,
    /// stored answers. `allow`: every user of this upstream may reach what any other left there.
    #[serde(default)]
    pub shared_state: SharedState,
    /// When it is taken for ill, and for how long.
    #[serde(default)]
    pub health: HealthFile,
    /// How many requests it gets at once. Default: any number.
    #[serde(default)]
    pub concurrency: Option<ConcurrencyFile>,
}

/// Who reaches what a backend keeps between requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SharedState {
    /// Nobody, but for each person's own stored responses.
    #[default]
    Refuse,
    /// Every user reaches what any other left there.
    Allow,
}

/// Backends inside memgate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Builtin {
    Demo,
}

/// A model as it is written: more of it, or its name or pattern alone.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum ModelFile {
    Described(Box<ModelDescription>),
    Named(String),
}

/// A model.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelDescription {
    /// The name by which clients ask for it, or a pattern.
    pub name: String,
    /// The name by which the backend knows it. Default: the same.
    #[serde(default)]
    pub upstream_name: Option<String>,
    /// Further names by which clients may ask for it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Tokens that it reads and writes in one request. Default: the upstream's `window`.
    #[serde(default)]
    pub window: Option<u64>,
    /// Most tokens that it writes. No more are kept free for the answer.
    #[serde(default)]
    pub max_output: Option<u64>,
    /// What a million tokens cost.
    #[serde(default)]
    pub price: Option<PriceFile>,
    /// What it is good for.
    #[serde(default)]
    pub capabilities: Vec<Capability>,
    /// The groups whose people may use it. Default: all that may use the upstream.
    #[serde(default)]
    pub groups: Option<Vec<String>>,
    /// Nobody may use it: it answers as a model that does not exist. Takes a name out of a pattern.
    #[serde(default)]
    pub hidden: bool,
}

/// What a model is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Capability {
    Chat,
    Completion,
    Vision,
    Audio,
    Tools,
    Reasoning,
    Embeddings,
    Rerank,
    Images,
    Speech,
    Transcription,
    Moderation,
}

fn any_model() -> Vec<ModelFile> {
    vec![ModelFile::Named("*".to_owned())]
}

/// Not derived: a fault within the mapping is to be told at its own place.
impl<'de> Deserialize<'de> for ModelFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = ModelFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name or a mapping")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<ModelFile, E> {
                Ok(ModelFile::Named(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ModelFile, A::Error> {
                let described = ModelDescription::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ModelFile::Described(Box::new(described)))
            }
        }
        deserializer.deserialize_any(Written)
    }
}
