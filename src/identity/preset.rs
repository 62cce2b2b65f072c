//! What a client is known for: its identity headers, what they are worth, and which header names its chats. A preset is one word.

use http::HeaderName;
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::Assurance;
use super::groups::GroupHeader;
use super::header;
use super::http_signature::HttpSignature;
use super::jwt::{OpenWebuiJwt, secrets};
use super::plain::{Decode, HeaderSource};
use super::scalar::{MIN_SECRET, header_name};
use super::shape::allow_name;
use super::source::{Plan, Source};
use crate::setting::{Faults, SecretRef};

/// `LibreChat`'s user id, as its documentation writes it into `librechat.yaml`.
const LIBRECHAT_USER: &str = "x-librechat-user-id";
const LIBRECHAT_CONVERSATION: &str = "x-librechat-conversation-id";
const LITELLM_USERS: [&str; 2] = ["x-litellm-end-user-id", "x-litellm-customer-id"];
const MUXI_USER: &str = "x-muxi-user-id";
const MUXI_TENANT: &str = "x-muxi-tenant-id";
const MUXI_KEY: &str = "x-muxi-client-key";
/// Whom MUXI and AI Optimizer name where they know nobody.
const NOBODY: &str = "0";
/// AI Optimizer's session. Any session there belongs to whoever names it: it is no identity.
const AI_OPTIMIZER_SESSION: &str = "client";
const OPEN_WEBUI_TASK: &str = "x-openwebui-task";

/// A plain header that holds the user's id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(transform = allow_name)]
pub struct HeaderFile {
    /// The header's name: letters, digits and hyphens.
    pub name: String,
    /// How its value is written.
    #[serde(default)]
    pub decode: Decode,
    /// A header that names the user's tenant. Without it a request names nobody, unless the id is compound.
    #[serde(default)]
    pub tenant_header: Option<String>,
    /// The value may be `tenant:name`.
    #[serde(default)]
    pub compound: bool,
    /// `asserted`: the word counts for no more, even from a client that sends its key.
    #[serde(default)]
    pub at_most: Worth,
}

/// What a plain word may count for at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Worth {
    Asserted,
    #[default]
    Vouched,
}

impl HeaderFile {
    pub(super) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), decode: Decode::Plain, tenant_header: None, compound: false, at_most: Worth::Vouched }
    }

    pub(super) fn resolve(&self, path: &str, faults: &mut Faults) -> Option<Source> {
        let tenant = self.tenant_header.as_deref().map(|name| header_name(name, &format!("{path}.tenant_header"), faults));
        let name = header_name(&self.name, path, faults);
        let at_most = match self.at_most {
            Worth::Asserted => Assurance::Asserted,
            Worth::Vouched => Assurance::Vouched,
        };
        let base = HeaderSource::new(name?);
        let tenant = match tenant {
            Some(resolved) => Some(resolved?),
            None => None,
        };
        let compound = self.compound || base.compound;
        Some(HeaderSource { decode: self.decode, tenant, compound, at_most, ..base }.into())
    }
}

/// `Open WebUI`, with or without its signed token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenWebuiFile {
    /// The secret that `Open WebUI` has as `FORWARD_USER_INFO_HEADER_JWT_SECRET`. With it only its signed token counts, and the token's absence
    /// is refused.
    #[serde(default, deserialize_with = "written_secret")]
    pub secret: Option<SecretRef>,
    /// Instead, two of them while one is being replaced.
    #[serde(default)]
    pub secrets: Vec<SecretRef>,
    /// The header that carries the token or, without a secret, the user's id, where `Open WebUI` was told another name than its own.
    #[serde(default)]
    pub header: Option<String>,
}

/// A secret that is left empty is no choice of the plain header, but a slip.
fn written_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretRef>, D::Error> {
    let secret = Option::<SecretRef>::deserialize(deserializer)?;
    secret.map(Some).ok_or_else(|| D::Error::custom("is empty; write {env: NAME} or {file: PATH}, or leave `secret` out"))
}

impl OpenWebuiFile {
    /// Its signed token counts, and nothing else.
    pub(super) fn is_signed(&self) -> bool {
        self.secret.is_some() || !self.secrets.is_empty()
    }

    pub(super) fn resolve(&self, path: &str, plan: &mut Plan, faults: &mut Faults) {
        let usual = if self.is_signed() { header::OPEN_WEBUI_JWT } else { header::OPEN_WEBUI_USER_ID };
        let name = header_name(self.header.as_deref().unwrap_or(usual), &format!("{path}.header"), faults);
        plan.name_sessions(&[header::OPEN_WEBUI_CHAT_ID]);
        plan.name_task(OPEN_WEBUI_TASK);
        let source = if self.is_signed() {
            let secrets = secrets(self.secret.as_ref(), &self.secrets, MIN_SECRET, path, faults);
            name.zip(secrets).map(|(name, secrets)| Source::OpenWebuiJwt(Box::new(OpenWebuiJwt::new(name, secrets))))
        } else {
            name.map(|name| HeaderSource::new(name).into())
        };
        plan.sources.extend(source);
    }
}

/// HTTP message signatures (RFC 9421) with `hmac-sha256`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpSignatureFile {
    /// The header that names the user, and that the signature must cover; `X-Memgate-User` by default.
    #[serde(default)]
    pub user: Option<String>,
    /// The `tag` that a signature for memgate bears. Others are passed over.
    #[serde(default)]
    pub tag: Option<String>,
}

impl HttpSignatureFile {
    pub(super) fn resolve(&self, path: &str, faults: &mut Faults) -> Option<Source> {
        let user = header_name(self.user.as_deref().unwrap_or(header::USER), &format!("{path}.user"), faults);
        let sound = self.tag.as_ref().is_none_or(|tag| !tag.is_empty() && tag.bytes().all(|b| (0x20..=0x7e).contains(&b)));
        if !sound {
            faults.add(format!("{path}.tag"), "is no tag", "use printable ASCII, such as memgate");
        }
        let tag = self.tag.as_deref().filter(|_| sound).map(Into::into);
        Some(Source::HttpSignature(Box::new(HttpSignature { user: user?, tag })))
    }
}

/// A forward-auth proxy in front of the client or of memgate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForwardAuthFile {
    /// Which proxy it is. Only the headers that it sets itself are read then: a caller could send the others.
    #[serde(default)]
    pub proxy: ForwardAuthProxy,
}

/// Proxies that authenticate people and name them in headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ForwardAuthProxy {
    /// All of the headers below, for a proxy that drops every one of them from what callers send.
    #[default]
    Any,
    /// `Remote-User`: Authelia, and others after the variable of CGI (RFC 3875).
    Authelia,
    /// `X-authentik-username`.
    Authentik,
    /// `X-Forwarded-User` or `X-Auth-Request-User`, else `X-Forwarded-Email` or `X-Auth-Request-Email`.
    Oauth2Proxy,
}

impl ForwardAuthFile {
    /// Names first, and an e-mail address only where no name came: addresses change and are given to others. All that come must agree.
    pub(super) fn resolve(&self, plan: &mut Plan) {
        let (names, mails): (&[&str], &[&str]) = match self.proxy {
            ForwardAuthProxy::Any => (
                &["remote-user", "x-authentik-username", "x-auth-request-user", "x-forwarded-user"],
                &["x-auth-request-email", "x-forwarded-email"],
            ),
            ForwardAuthProxy::Authelia => (&["remote-user"], &[]),
            ForwardAuthProxy::Authentik => (&["x-authentik-username"], &[]),
            ForwardAuthProxy::Oauth2Proxy => {
                (&["x-auth-request-user", "x-forwarded-user"], &["x-auth-request-email", "x-forwarded-email"])
            }
        };
        let by_name = names.iter().map(|name| source(name));
        let by_mail = mails.iter().map(|name| HeaderSource { fallback: true, ..source(name) });
        plan.sources.extend(by_name.chain(by_mail).map(Source::from));
        plan.groups.extend(self.proxy.group_headers());
    }
}

impl ForwardAuthProxy {
    /// Where the proxy lists a person's groups, and what it writes between them.
    fn group_headers(self) -> impl Iterator<Item = GroupHeader> {
        let (authelia, authentik) = (("remote-groups", ','), ("x-authentik-groups", '|'));
        let oauth2 = [("x-auth-request-groups", ','), ("x-forwarded-groups", ',')];
        let listed = match self {
            Self::Any => vec![authelia, authentik, oauth2[0], oauth2[1]],
            Self::Authelia => vec![authelia],
            Self::Authentik => vec![authentik],
            Self::Oauth2Proxy => oauth2.to_vec(),
        };
        listed.into_iter().map(|(name, divider)| GroupHeader { name: HeaderName::from_static(name), divider })
    }
}

fn source(name: &'static str) -> HeaderSource {
    HeaderSource::new(HeaderName::from_static(name))
}

/// The person writes this header in the browser, so that the client's key says nothing of it.
fn asserted(name: &'static str) -> HeaderSource {
    HeaderSource { at_most: Assurance::Asserted, ..source(name) }
}

pub(super) fn silly_tavern(plan: &mut Plan) {
    plan.sources.extend([Source::UserKey, asserted(header::SILLY_TAVERN_USER).into()]);
}

pub(super) fn libre_chat(plan: &mut Plan) {
    plan.sources.push(HeaderSource { decode: Decode::Librechat, ..source(LIBRECHAT_USER) }.into());
    plan.name_sessions(&[LIBRECHAT_CONVERSATION]);
}

/// The gateway hands on what its own caller wrote.
pub(super) fn lite_llm(plan: &mut Plan) {
    plan.sources.extend(LITELLM_USERS.map(|name| asserted(name).into()));
}

pub(super) fn muxi(plan: &mut Plan) {
    let tenant = Some(HeaderName::from_static(MUXI_TENANT));
    plan.sources.push(HeaderSource { tenant, compound: true, nobody: Some(NOBODY), ..source(MUXI_USER) }.into());
    plan.key_headers.push(HeaderName::from_static(MUXI_KEY));
    plan.default_user = Some(NOBODY);
}

pub(super) fn ai_optimizer(plan: &mut Plan) {
    plan.name_sessions(&[AI_OPTIMIZER_SESSION]);
    plan.cues.guessable = true;
    plan.default_user = Some(NOBODY);
}
