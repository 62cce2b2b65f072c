//! Where evidence may come from, as the configuration says it and as requests are read.

use std::sync::Arc;

use http::HeaderName;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Assurance;
use super::groups::GroupHeader;
use super::header::{self, Cues, View};
use super::http_signature::HttpSignature;
use super::jwt::{CloudflareAccessFile, JwtFile, JwtSource, OpenWebuiJwt};
use super::plain::HeaderSource;
use super::preset::{self, ForwardAuthFile, HeaderFile, HttpSignatureFile, OpenWebuiFile};
use super::scalar::{header_name, long_secret};
use super::shape::allow_words;
use super::signature::{self, SigningKey, is_token};
use crate::setting::{Faults, SecretRef};

/// One place where a client names its users.
#[derive(Debug, Clone)]
pub enum Source {
    /// A per-user key as bearer token.
    UserKey,
    /// A plain header: the client's word, or the peer's.
    Header(Box<HeaderSource>),
    OpenWebuiJwt(Box<OpenWebuiJwt>),
    /// A token of an issuer.
    Jwt(Arc<JwtSource>),
    /// memgate's own signed headers.
    MemgateSignature,
    /// HTTP message signatures (RFC 9421).
    HttpSignature(Box<HttpSignature>),
}

impl From<HeaderSource> for Source {
    fn from(source: HeaderSource) -> Self {
        Self::Header(Box::new(source))
    }
}

impl Source {
    /// The source's evidence is signed: once a client is configured for it, unsigned requests are a downgrade.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        matches!(self, Self::OpenWebuiJwt(_) | Self::Jwt(_) | Self::MemgateSignature | Self::HttpSignature(_))
    }

    /// The issuer whose tokens the source is.
    #[must_use]
    pub fn issuer(&self) -> Option<&JwtSource> {
        if let Self::Jwt(jwt) = self { Some(jwt) } else { None }
    }

    /// The source needs one of `trust.signing_keys`.
    #[must_use]
    pub fn needs_signing_key(&self) -> bool {
        matches!(self, Self::MemgateSignature | Self::HttpSignature(_))
    }

    /// The source's word counts for more from a client that authenticated itself.
    #[must_use]
    pub fn can_vouch(&self) -> bool {
        matches!(self, Self::Header(source) if source.at_most >= Assurance::Vouched)
    }

    /// The headers that the source gives a meaning to, beside credentials and those that are memgate's own.
    pub(super) fn headers(&self) -> Vec<&HeaderName> {
        match self {
            Self::UserKey | Self::MemgateSignature => Vec::new(),
            Self::Header(source) => source.headers().collect(),
            Self::OpenWebuiJwt(jwt) => vec![&jwt.header],
            Self::Jwt(jwt) => vec![jwt.header()],
            Self::HttpSignature(signature) => vec![&signature.user],
        }
    }

    /// Whether the request bears a trace of this source, be it a downgraded one.
    pub(super) fn leaves_trace(&self, view: &View<'_>, user_key: bool) -> bool {
        match self {
            Self::UserKey => user_key,
            Self::Header(source) => view.carries(source.name.as_str()),
            // Where minting the token fails, Open WebUI sends its plain headers instead.
            Self::OpenWebuiJwt(jwt) => view.carries(jwt.header.as_str()) || view.carries(header::OPEN_WEBUI_USER_ID),
            Self::Jwt(jwt) => jwt.leaves_trace(view),
            Self::MemgateSignature => view.carries(header::USER) || signature::is_attempted(view),
            Self::HttpSignature(signature) => view.carries(signature.user.as_str()) || view.carries(header::HTTP_SIGNATURE_INPUT),
        }
    }

    /// What a caller would send, for messages.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::UserKey => "a personal key (`Authorization: Bearer mgk_…`)".to_owned(),
            Self::Header(source) => format!("the header {}", source.name),
            Self::OpenWebuiJwt(jwt) => format!("Open WebUI's signed header {}", jwt.header),
            Self::Jwt(jwt) => jwt.describe(),
            Self::MemgateSignature => "memgate's signed headers (X-Memgate-User with X-Memgate-Signature)".to_owned(),
            Self::HttpSignature(signature) => {
                format!("an HTTP message signature (RFC 9421, hmac-sha256) over the header {}", signature.user)
            }
        }
    }
}

/// What the identity settings of a client come to.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub sources: Vec<Source>,
    pub cues: Cues,
    /// Headers that list the user's groups.
    pub groups: Vec<GroupHeader>,
    /// Headers that carry the client's key beside the usual ones.
    pub key_headers: Vec<HeaderName>,
    /// Who an unnamed person is to the product, in legacy mode.
    pub default_user: Option<&'static str>,
}

impl Plan {
    pub(super) fn name_sessions(&mut self, names: &[&'static str]) {
        self.cues.sessions.extend(names.iter().map(|name| HeaderName::from_static(name)));
    }

    pub(super) fn name_task(&mut self, name: &'static str) {
        self.cues.task = Some(HeaderName::from_static(name));
    }

    /// Headers that the client's own settings name count in place of the presets'.
    pub fn set_cues(&mut self, session: Option<&str>, task: Option<&str>, path: &str, faults: &mut Faults) {
        if let Some(name) = session {
            self.cues.sessions = header_name(name, &format!("{path}.session_header"), faults).into_iter().collect();
        }
        if let Some(name) = task {
            self.cues.task = header_name(name, &format!("{path}.task_header"), faults);
        }
    }

    /// A header for groups that the client's own settings name counts in place of the presets'.
    pub fn set_groups(&mut self, header: Option<&str>, path: &str, faults: &mut Faults) {
        if let Some(name) = header {
            let name = header_name(name, &format!("{path}.groups_header"), faults);
            self.groups = name.map(GroupHeader::new).into_iter().collect();
        }
    }
}

/// A source as written in the configuration: a word, or a mapping with one key. Presets know a product's headers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(transform = allow_words)]
pub enum SourceFile {
    /// A per-user key, made by `memgate keys add`, as bearer token. Verified.
    UserKey,
    /// A plain header that holds the user's id. Vouched from a client that sends its key, asserted from a trusted peer.
    Header(HeaderFile),
    /// `Open WebUI`: with `secret` its signed token, verified, and its absence is refused; else its plain id header. Knows its chats and tasks.
    OpenWebui(OpenWebuiFile),
    /// A token (JWT) of an issuer, by its secret or its published keys. Verified; its absence is refused.
    Jwt(Box<JwtFile>),
    /// The token of Cloudflare Access. Verified; its absence is refused.
    CloudflareAccess(CloudflareAccessFile),
    /// memgate's own HMAC headers, by one of `trust.signing_keys`. Verified; their absence is refused.
    MemgateSignature,
    /// HTTP message signatures (RFC 9421), by one of `trust.signing_keys`. Verified; their absence is refused.
    HttpSignature(HttpSignatureFile),
    /// `SillyTavern`: per-user keys, and the header `x-st-user`, which the person writes: asserted at most.
    Sillytavern,
    /// `LibreChat`: `X-LibreChat-User-Id`, with `X-LibreChat-Conversation-Id` as session. Both are set in `librechat.yaml`.
    Librechat,
    /// `LiteLLM`: `x-litellm-end-user-id` and `x-litellm-customer-id`, which its callers write: asserted at most.
    Litellm,
    /// MUXI: `X-Muxi-User-Id`, which may be `tenant:user`, and `X-Muxi-Tenant-Id`; `X-Muxi-Client-Key` carries the client's key, too.
    Muxi,
    /// AI Optimizer: the header `client` names the session, never a user.
    AiOptimizer,
    /// A proxy that authenticates people and names them in headers, such as Authelia.
    ForwardAuth(ForwardAuthFile),
    /// `{}`.
    #[serde(skip)]
    Empty,
}

impl SourceFile {
    /// Adds what the source reads to `plan`, or faults at `path`.
    pub fn resolve(&self, path: &str, plan: &mut Plan, faults: &mut Faults) {
        match self {
            Self::UserKey => plan.sources.push(Source::UserKey),
            Self::MemgateSignature => plan.sources.push(Source::MemgateSignature),
            Self::Header(file) => plan.sources.extend(file.resolve(&format!("{path}.header"), faults)),
            Self::OpenWebui(file) => file.resolve(&format!("{path}.open_webui"), plan, faults),
            Self::HttpSignature(file) => plan.sources.extend(file.resolve(&format!("{path}.http_signature"), faults)),
            Self::Jwt(file) => {
                let source = file.resolve(&format!("{path}.jwt"), faults);
                plan.sources.extend(source.map(|jwt| Source::Jwt(Arc::new(jwt))));
            }
            Self::CloudflareAccess(file) => {
                let source = file.resolve(&format!("{path}.cloudflare_access"), faults);
                plan.sources.extend(source.map(|jwt| Source::Jwt(Arc::new(jwt))));
            }
            Self::Sillytavern => preset::silly_tavern(plan),
            Self::Librechat => preset::libre_chat(plan),
            Self::Litellm => preset::lite_llm(plan),
            Self::Muxi => preset::muxi(plan),
            Self::AiOptimizer => preset::ai_optimizer(plan),
            Self::ForwardAuth(file) => file.resolve(plan),
            Self::Empty => faults.add(path, "names no source", "write one, such as user_key, or remove it"),
        }
    }
}

/// A signing key as written in the configuration. Two at a time allow rotation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SigningKeyFile {
    /// What `X-Memgate-Key-Id`, or the `keyid` of an HTTP message signature, names: 1 to 64 letters, digits, `-`, `_`, `.`.
    pub id: String,
    /// At least 16 bytes; 32 random ones are better.
    pub secret: SecretRef,
}

impl SigningKeyFile {
    /// The key, or faults at `path`.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> Option<SigningKey> {
        let sound = (1..=64).contains(&self.id.len()) && self.id.bytes().all(is_token);
        if !sound {
            faults.add(format!("{path}.id"), "is no key id", "use 1 to 64 letters, digits, `-`, `_`, `.`, such as k1");
        }
        let secret = long_secret(&self.secret, &format!("{path}.secret"), faults)?;
        sound.then(|| SigningKey { id: self.id.as_str().into(), secret })
    }
}
