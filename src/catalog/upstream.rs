//! Upstreams, as they are configured and as they are called.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::dialect::Api;
use crate::ids::GroupName;
use crate::inference::Endpoint;
use crate::memory::Reached;
use crate::policy::MemoryAccess;
use crate::provider::{self, ApiKey, AuthStyle};
use crate::setting::{Faults, SecretRef, Span};
use crate::store::Kind;

/// An upstream: a model backend.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamFile {
    /// Name for logs and metrics: lower-case letters, digits, `-`, `_`, `.`.
    pub name: String,
    /// Base URL of the backend's API with its version segment, such as `http://127.0.0.1:11434/v1`. Ollama's own API is looked for beside
    /// it, at `/api`.
    #[serde(default)]
    pub url: Option<String>,
    /// A backend inside memgate. `demo` answers without a model and shows what was injected.
    #[serde(default)]
    pub builtin: Option<Builtin>,
    /// Models served here; `*` stands for any run of characters. The first upstream that lists a model serves it.
    #[serde(default = "any_model")]
    pub models: Vec<String>,
    /// What the backend speaks: `openai`, `anthropic`, `ollama`, or several of them. A request goes only to an upstream that speaks its
    /// dialect; nothing is translated.
    #[serde(default = "open_ai")]
    pub dialects: Vec<Api>,
    /// The key that memgate presents to the backend. The caller's own key never goes there.
    #[serde(default)]
    pub api_key: Option<SecretRef>,
    /// How the key is presented. Default: `x_api_key` where `anthropic` is the only dialect, else `bearer`.
    #[serde(default)]
    pub auth: Option<AuthStyle>,
    /// Whether only people with a key of their own may use this upstream.
    #[serde(default)]
    pub require_personal_key: bool,
    /// Groups whose people may use the operator's key: `api_key` or the environment's. Default: everybody.
    #[serde(default)]
    pub shared_key_groups: Vec<String>,
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

fn open_ai() -> Vec<Api> {
    vec![Api::OpenAi]
}

fn any_model() -> Vec<String> {
    vec!["*".to_owned()]
}

/// Where an upstream is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The demo backend; its address is known once it listens.
    Demo,
    Remote {
        tls: bool,
        host: String,
        port: u16,
    },
}

/// A model backend, ready to be called.
#[derive(Debug, Clone)]
pub struct Upstream {
    pub name: String,
    pub origin: Origin,
    /// Path prefix of the API, without a trailing slash: `/v1`, or empty.
    pub base: String,
    pub models: Vec<String>,
    pub dialects: Vec<Api>,
    pub key: Option<ApiKey>,
    /// How any key is shown.
    pub auth: AuthStyle,
    /// Only keys of people's own are shown.
    pub require_personal_key: bool,
    /// Groups that may use the operator's key; empty for everybody.
    pub shared_key_groups: Vec<GroupName>,
    pub http2: bool,
    pub read_timeout: Duration,
    pub memory: MemoryAccess,
    /// Kinds of facts that never go there.
    pub never_send: Vec<Kind>,
    pub shared_state: SharedState,
}

impl Upstream {
    /// The provider whose keys it is shown. Without a preset that is the upstream itself.
    #[must_use]
    pub fn provider_name(&self) -> &str {
        &self.name
    }

    /// Path of a request of one family: `path` stands below the family's root.
    #[must_use]
    pub fn path_of(&self, api: Api, path: &str) -> String {
        let root = match api {
            Api::OpenAi | Api::Anthropic => self.base.as_str(),
            Api::Ollama => self.base.strip_suffix("/v1").unwrap_or(&self.base),
        };
        format!("{root}{path}")
    }

    #[must_use]
    pub fn speaks(&self, api: Api) -> bool {
        self.dialects.contains(&api)
    }

    /// Whether a model pattern of this upstream covers `model`.
    #[must_use]
    pub fn serves(&self, model: &str) -> bool {
        self.models.iter().any(|pattern| matches_pattern(pattern, model))
    }

    /// Whether it serves embeddings, as far as is known: its provider does.
    #[must_use]
    pub fn embeds(&self) -> bool {
        provider::find(self.provider_name()).is_some_and(|provider| provider.embeds)
    }

    /// Whether the configuration says so of this model in particular, and not of any.
    #[must_use]
    pub fn lists(&self, model: &str) -> bool {
        self.models.iter().any(|pattern| pattern != "*" && matches_pattern(pattern, model))
    }

    /// Whether a model is served under a name that a client of this family may give it: to Ollama `m` is `m:latest`.
    #[must_use]
    pub fn serves_as(&self, api: Api, model: &str) -> bool {
        let other = || match model.strip_suffix(":latest") {
            Some(bare) => self.serves(bare),
            None => !model.contains(':') && self.serves(&format!("{model}:latest")),
        };
        self.serves(model) || (api == Api::Ollama && other())
    }

    /// The authority for the `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        match &self.origin {
            Origin::Demo => "memgate-demo".to_owned(),
            Origin::Remote { tls, host, port } => {
                let default = if *tls { 443 } else { 80 };
                if *port == default { host.clone() } else { format!("{host}:{port}") }
            }
        }
    }
}

/// The endpoint of an upstream by name, for memgate's own calls.
///
/// # Errors
/// What speaks against it.
pub fn endpoint_of(upstreams: &[Upstream], name: &str) -> Result<Reached, String> {
    let upstream = upstreams.iter().find(|upstream| upstream.name == name);
    let upstream = upstream.ok_or_else(|| format!("`{name}` names no upstream"))?;
    let Origin::Remote { tls, host, port } = &upstream.origin else {
        return Err(format!("`{name}` is the demo backend, which has no model"));
    };
    let scheme = if *tls { "https" } else { "http" };
    let key = upstream.key.as_ref().map(|key| key.secret.clone());
    let endpoint = Endpoint::parse(&format!("{scheme}://{host}:{port}{}", upstream.base), key)?;
    Ok(Reached { endpoint, never_send: upstream.never_send.clone() })
}

/// `*` in `pattern` stands for any run of characters. Takes no more than a pass for each piece: a caller may write any name.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(inner) = text.strip_prefix(head).and_then(|text| text.strip_suffix(tail)) else { return false };
    // Each piece where it first stands leaves the most to those behind it.
    middle.split('*').try_fold(inner, |left, piece| left.split_once(piece).map(|(_, behind)| behind)).is_some()
}

/// Resolves all upstreams; at least one must be there.
pub fn resolve_upstreams(files: &[UpstreamFile], path: &str, faults: &mut Faults) -> Vec<Upstream> {
    if files.is_empty() {
        faults.add(path, "no upstream is configured", "add one, such as {name: demo, builtin: demo}");
    }
    let mut names = std::collections::HashSet::new();
    files
        .iter()
        .enumerate()
        .filter_map(|(i, file)| {
            let path = format!("{path}[{i}]");
            if !names.insert(file.name.as_str()) {
                faults.add(format!("{path}.name"), format!("`{}` names two upstreams", file.name), "give each its own name");
            }
            resolve_upstream(file, &path, faults)
        })
        .collect()
}

fn resolve_upstream(file: &UpstreamFile, path: &str, faults: &mut Faults) -> Option<Upstream> {
    if crate::ids::ClientName::parse(&file.name).is_err() {
        faults.add(
            format!("{path}.name"),
            "is no name: use lower-case letters, digits, `-`, `_`, `.`",
            "rename the upstream, for example `ollama`",
        );
    }
    if file.models.is_empty() {
        faults.add(format!("{path}.models"), "lists no model", "list models or leave it out to serve all (`*`)");
    }
    let (origin, base) = match (&file.url, file.builtin) {
        (None, Some(Builtin::Demo)) => (Origin::Demo, "/v1".to_owned()),
        (Some(url), None) => parse_url(url)
            .map_err(|reason| {
                faults.add(format!("{path}.url"), reason, "write a base URL such as http://127.0.0.1:11434/v1");
            })
            .ok()?,
        (url, _) => {
            let reason = if url.is_some() { "has both `url` and `builtin`" } else { "has neither `url` nor `builtin`" };
            faults.add(path, reason, "give exactly one of them");
            return None;
        }
    };
    if file.dialects.is_empty() {
        faults.add(format!("{path}.dialects"), "lists no dialect", "list `openai`, `anthropic` or `ollama`, or leave it out");
    }
    let auth = if file.dialects == [Api::Anthropic] { AuthStyle::XApiKey } else { AuthStyle::Bearer };
    let auth = file.auth.unwrap_or(auth);
    let key = file.api_key.as_ref().and_then(|key| {
        let secret = key.resolve(&format!("{path}.api_key"), faults)?;
        let key = ApiKey::new(secret, auth);
        if key.is_none() {
            let remedy = "use a key without line breaks or control characters";
            faults.add(format!("{path}.api_key"), "cannot stand in a header", remedy);
        }
        key
    });
    Some(Upstream {
        name: file.name.clone(),
        origin,
        base,
        models: file.models.clone(),
        dialects: file.dialects.clone(),
        key,
        auth,
        require_personal_key: file.require_personal_key,
        shared_key_groups: resolve_groups(&file.shared_key_groups, path, faults),
        http2: file.http2,
        read_timeout: file.read_timeout.map_or(Duration::from_mins(5), |Span(d)| d),
        memory: file.memory,
        never_send: file.never_send.clone(),
        shared_state: file.shared_state,
    })
}

fn resolve_groups(names: &[String], path: &str, faults: &mut Faults) -> Vec<GroupName> {
    let group = |(i, name): (usize, &String)| {
        GroupName::parse(name)
            .map_err(|reason| {
                let remedy = "write the group as the identity provider or `groups` names it";
                faults.add(format!("{path}.shared_key_groups[{i}]"), reason.to_string(), remedy);
            })
            .ok()
    };
    names.iter().enumerate().filter_map(group).collect()
}

fn parse_url(url: &str) -> Result<(Origin, String), String> {
    let uri: http::Uri = url.parse().map_err(|e| format!("is no URL: {e}"))?;
    let tls = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err("does not start with http:// or https://".to_owned()),
    };
    if uri.query().is_some() {
        return Err("has a query".to_owned());
    }
    let authority = uri.authority().ok_or("names no host")?;
    if authority.as_str().contains('@') {
        return Err("holds credentials; use `api_key`".to_owned());
    }
    let host = authority.host().to_owned();
    let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
    Ok((Origin::Remote { tls, host, port }, uri.path().trim_end_matches('/').to_owned()))
}

#[cfg(test)]
mod tests;
