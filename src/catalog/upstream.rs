//! Upstreams, as they are configured and as they are called.

use std::sync::Arc;
use std::time::Duration;

use super::access::{Asker, Audience};
use super::balance::{Concurrency, Health};
use super::file::{Builtin, SharedState, UpstreamFile};
use super::model::{Model, find, resolve_models};
use crate::dialect::Api;
use crate::ids::GroupName;
use crate::inference::Endpoint;
use crate::memory::Reached;
use crate::policy::MemoryAccess;
use crate::provider::{self, ApiKey, AuthStyle, Provider};
use crate::setting::{Faults, Span};
use crate::store::Kind;

/// The largest share of requests, beside which others get the smallest.
const MAX_WEIGHT: u32 = 1000;

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
    /// Whose API it is, where the configuration says so.
    pub provider: Option<&'static Provider>,
    pub models: Vec<Arc<Model>>,
    /// For whom it is.
    pub audience: Audience,
    /// Those with the least number come first.
    pub priority: u32,
    /// The share of requests beside others of its priority; 1 to 1000.
    pub weight: u32,
    /// The configuration says which share it takes, so that it is one of several on purpose.
    pub shares: bool,
    pub dialects: Vec<Api>,
    /// The operator's own key.
    pub key: Option<ApiKey>,
    /// How a key is presented, whoever's it is.
    pub auth: AuthStyle,
    /// Nobody is served with `key`.
    pub require_personal_key: bool,
    /// The groups whose people are served with `key`; empty for everybody.
    pub shared_key_groups: Vec<GroupName>,
    pub http2: bool,
    pub read_timeout: Duration,
    pub memory: MemoryAccess,
    /// Kinds of facts that never go there.
    pub never_send: Vec<Kind>,
    pub shared_state: SharedState,
    pub health: Health,
    pub concurrency: Option<Concurrency>,
}

impl Upstream {
    /// The provider whose keys it is shown. Without a preset that is the upstream itself.
    #[must_use]
    pub fn provider_name(&self) -> &str {
        self.provider.map_or(&self.name, |provider| provider.name)
    }

    /// Whether it serves embeddings, as far as is known: its provider does.
    #[must_use]
    pub fn embeds(&self) -> bool {
        self.provider.is_some_and(|provider| provider.embeds)
    }

    /// Whether the configuration says so of this model in particular, and not of any.
    #[must_use]
    pub fn lists(&self, model: &str) -> bool {
        find(&self.models, model).is_some_and(|(model, _)| !model.is_anything())
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

    /// Whether this person may use it, for some models at least.
    #[must_use]
    pub fn is_open_to(&self, asker: &Asker) -> bool {
        self.audience.admits(asker) && asker.may_reach(&self.name)
    }

    /// Where it is. The demo has no port of its own to tell.
    #[must_use]
    pub fn host_and_port(&self) -> (&str, u16) {
        match &self.origin {
            Origin::Demo => ("memgate-demo", 0),
            Origin::Remote { host, port, .. } => (host, *port),
        }
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
            // Its name would make it a place to which people's keys for that provider go.
            let preset = files.iter().find(|other| other.provider.as_ref() == Some(&file.name));
            if let (None, Some(other)) = (&file.provider, preset) {
                let reason = format!("is the provider of `{}`, so that people's keys for it would go here, too", other.name);
                let remedy = format!("give it another name, or `provider: {}` if it is that provider's API", file.name);
                faults.add(format!("{path}.name"), reason, remedy);
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
    let provider = file.provider.as_deref().and_then(|name| {
        let found = provider::find(name);
        if found.is_none() {
            let known: Vec<&str> = provider::PROVIDERS.iter().map(|provider| provider.name).collect();
            let remedy = format!("write one of {}, or leave it out and give `url`", known.join(", "));
            faults.add(format!("{path}.provider"), format!("`{name}` is no provider that memgate knows"), remedy);
        }
        found
    });
    check_numbers(file, path, faults);
    let models = resolve_models(&file.models, file.window, &format!("{path}.models"), faults);
    let audience = Audience::resolve(file.groups.as_deref(), &format!("{path}.groups"), faults);
    let shared_key_groups = Audience::resolve(file.shared_key_groups.as_deref(), &format!("{path}.shared_key_groups"), faults);
    if file.require_personal_key && file.shared_key_groups.is_some() {
        let reason = "has no effect: `require_personal_key` lets nobody use the shared key";
        faults.add(format!("{path}.shared_key_groups"), reason, "keep one of the two");
    }
    let place = resolve_place(file, provider, path, faults);
    let dialects = match (&file.dialects, provider) {
        (Some(dialects), _) => dialects.clone(),
        (None, Some(provider)) => provider.dialects.to_vec(),
        (None, None) => vec![Api::OpenAi],
    };
    if dialects.is_empty() {
        faults.add(format!("{path}.dialects"), "lists no dialect", "list `openai`, `anthropic` or `ollama`, or leave it out");
    }
    let usual = if dialects == [Api::Anthropic] { AuthStyle::XApiKey } else { AuthStyle::Bearer };
    let auth = file.auth.unwrap_or_else(|| provider.map_or(usual, |provider| provider.auth));
    let key = file.api_key.as_ref().and_then(|key| {
        let secret = key.resolve(&format!("{path}.api_key"), faults)?;
        let key = ApiKey::new(secret, auth);
        if key.is_none() {
            let remedy = "use a key without line breaks or control characters";
            faults.add(format!("{path}.api_key"), "cannot stand in a header", remedy);
        }
        key
    });
    let health = file.health.resolve(&format!("{path}.health"), faults);
    let concurrency = file.concurrency.as_ref().map(|file| file.resolve(&format!("{path}.concurrency"), faults));
    let (origin, base) = place?;
    Some(Upstream {
        name: file.name.clone(),
        origin,
        base,
        provider,
        models,
        audience,
        priority: file.priority,
        weight: file.weight.unwrap_or(1),
        shares: file.weight.is_some(),
        dialects,
        key,
        auth,
        require_personal_key: file.require_personal_key,
        shared_key_groups: shared_key_groups.groups().to_vec(),
        http2: file.http2,
        read_timeout: file.read_timeout.map_or(Duration::from_mins(5), |Span(d)| d),
        memory: file.memory,
        never_send: file.never_send.clone(),
        shared_state: file.shared_state,
        health,
        concurrency,
    })
}

fn check_numbers(file: &UpstreamFile, path: &str, faults: &mut Faults) {
    if file.weight.is_some_and(|weight| !(1..=MAX_WEIGHT).contains(&weight)) {
        faults.add(format!("{path}.weight"), "is not between 1 and 1000", "leave it out for an equal share");
    }
    if file.window == Some(0) {
        let remedy = "set the models' context length, such as 32768, or leave it out";
        faults.add(format!("{path}.window"), "a window of 0 tokens holds nothing", remedy);
    }
}

/// Where it is reached, and the base of its paths.
fn resolve_place(
    file: &UpstreamFile,
    provider: Option<&'static Provider>,
    path: &str,
    faults: &mut Faults,
) -> Option<(Origin, String)> {
    let own = provider.map(|provider| provider.url).filter(|url| !url.is_empty());
    let remedy = "write a base URL such as http://127.0.0.1:11434/v1";
    match (&file.url, file.builtin, own) {
        (None, Some(Builtin::Demo), _) if file.provider.is_none() => Some((Origin::Demo, "/v1".to_owned())),
        (Some(url), None, _) => parse_url(url).map_err(|reason| faults.add(format!("{path}.url"), reason, remedy)).ok(),
        (None, None, Some(url)) => parse_url(url).map_err(|reason| faults.add(format!("{path}.provider"), reason, remedy)).ok(),
        (None, None, None) if provider.is_some() => {
            faults.add(format!("{path}.url"), "is missing: with this provider every account has its own", remedy);
            None
        }
        // An unknown provider is a fault already.
        (None, None, None) if file.provider.is_some() => None,
        (url, builtin, _) => {
            let reason = match (url, builtin) {
                (Some(_), Some(_)) => "has both `url` and `builtin`",
                (None, Some(_)) => "has both `builtin` and `provider`",
                _ => "has neither `url` nor `builtin`",
            };
            faults.add(path, reason, "give exactly one of them");
            None
        }
    }
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
