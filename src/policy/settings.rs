//! The `trust` and `clients` parts of the configuration.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::clients::{Seen, networks, resolve_client};
use super::groups::{GroupFile, Groups};
use super::tenants::{Tenant, TenantFile, Tenants, UnlistedTenants};
use super::{History, Terms, TrustMode, Vouch};
use crate::identity::{Finding, IdentitySettings, Resolution, SigningKeyFile, Source, SourceFile};
use crate::ids::{ClientName, TenantId, UserId};
use crate::setting::{Faults, SecretRef, Span};

const WEEK: Duration = Duration::from_hours(7 * 24);
/// A wider skew makes signatures and tokens live longer than anybody expects.
const MAX_SKEW: Duration = Duration::from_mins(15);

/// Who is believed, and how far.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrustFile {
    /// `strict`, `required`, `quarantine` or `legacy`: how much a request must prove. A client may have its own.
    pub mode: TrustMode,
    /// Decides a second time under this mode, changes nothing, and counts and logs who would be refused.
    pub shadow: Option<TrustMode>,
    /// Networks such as `127.0.0.1/32` whose plain identity headers are worth `asserted`. Empty: nobody's.
    pub trusted_peers: Vec<String>,
    /// By how much the clocks of two machines may differ.
    #[schemars(default = "default_skew_text")]
    pub clock_skew: Span,
    /// Secrets of callers that sign requests, with memgate's own headers or by RFC 9421. Two at a time allow rotation.
    pub signing_keys: Vec<SigningKeyFile>,
    /// How many nonces of signed requests are remembered at most. A full guard refuses signed requests: hold at least
    /// their number in a second times `clock_skew` in seconds.
    #[schemars(range(min = 1))]
    pub replay_capacity: usize,
    /// Who an unnamed person is in `legacy` mode. Clients may have their own; with a fixed tenant it is of that tenant.
    pub default_user: String,
    /// `refuse` or `allow`: once `tenants` lists some, evidence of people of other tenants but `default` is invalid, or is not.
    pub unlisted_tenants: UnlistedTenants,
    /// Where unknown users are served from under `quarantine`.
    pub sandbox: SandboxFile,
}

impl Default for TrustFile {
    fn default() -> Self {
        let identity = IdentitySettings::default();
        Self {
            mode: TrustMode::Required,
            shadow: None,
            trusted_peers: Vec::new(),
            clock_skew: Span(identity.skew),
            signing_keys: Vec::new(),
            replay_capacity: identity.replay_capacity,
            default_user: "default".to_owned(),
            unlisted_tenants: UnlistedTenants::default(),
            sandbox: SandboxFile::default(),
        }
    }
}

/// Sandboxes of unknown users.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SandboxFile {
    /// How long a sandbox is kept after it was made.
    #[schemars(default = "default_expiry_text")]
    pub expiry: Span,
}

impl Default for SandboxFile {
    fn default() -> Self {
        Self { expiry: Span(WEEK) }
    }
}

fn default_skew_text() -> &'static str {
    "60s"
}

fn default_expiry_text() -> &'static str {
    "7d"
}

/// An integration that calls the proxy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientFile {
    /// Lower-case letters, digits, `-`, `_`, `.`; a label of metrics and audit records.
    pub name: String,
    /// The API key that this client sends, typed into its connection settings. It authenticates the client.
    #[serde(default)]
    pub key: Option<SecretRef>,
    /// Further keys, for rotation: old and new at a time.
    #[serde(default)]
    pub keys: Vec<SecretRef>,
    /// Certificates that authenticate this client, under `tls.client_ca`: `sha256:FINGERPRINT`, `dns:NAME`, `uri:URI` or `cn:NAME`.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Networks from which requests are this client's even without a key. They recognise it, they do not authenticate it.
    #[serde(default)]
    pub peers: Vec<String>,
    /// Where this client names its users: sources, or presets such as `open_webui`. Default: per-user keys only.
    #[serde(default = "user_keys_only")]
    pub identity: Vec<SourceFile>,
    /// The header that names the chat session, in place of the presets'. `X-Memgate-Session` counts before it.
    #[serde(default)]
    pub session_header: Option<String>,
    /// The header that names a task that the client asks on its own behalf, such as a title: such requests get no memory and teach nothing.
    #[serde(default)]
    pub task_header: Option<String>,
    /// The tenant of everybody whom this client speaks for. Bare names are of it; evidence that names another tenant is invalid.
    #[serde(default)]
    pub tenant: Option<String>,
    /// The header that lists the user's groups, with commas between or as a JSON array. It counts where this client sent its key or
    /// certificate, and itself names the user. Default: the presets'.
    #[serde(default)]
    pub groups_header: Option<String>,
    /// Who an unnamed person is in `legacy` mode. Default: the preset's, or `trust.default_user`.
    #[serde(default)]
    pub default_user: Option<String>,
    /// Stricter or laxer than `trust.mode`. A laxer one needs a key, a certificate or peers.
    #[serde(default)]
    pub mode: Option<TrustMode>,
    /// `verified`: what this client vouches for counts as verified, in every mode.
    #[serde(default)]
    pub vouch: Vouch,
    /// Whether this client's requests read its users' memory and add to it. The upstream has a say, too: the stricter of both counts.
    #[serde(default)]
    pub memory: MemoryAccess,
    /// Whether what its users say and are answered is kept, for them to look at. See `session.history`.
    #[serde(default)]
    pub history: History,
}

/// What requests may do with their person's memory. Ordered: of two, the lesser counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemoryAccess {
    /// Nothing is recalled, nothing is learned.
    Off,
    /// Facts are recalled, none is learned.
    Read,
    #[default]
    ReadWrite,
}

impl MemoryAccess {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Read => "read",
            Self::ReadWrite => "read_write",
        }
    }
}

fn user_keys_only() -> Vec<SourceFile> {
    vec![SourceFile::UserKey]
}

/// Under which terms a client's requests are decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientPolicy {
    pub mode: TrustMode,
    pub vouch: Vouch,
    pub memory: MemoryAccess,
    /// The tenant of all its people.
    pub tenant: Option<TenantId>,
    /// Who an unnamed person is in legacy mode.
    pub default_user: UserId,
    pub history: History,
}

/// Who is believed, resolved and checked.
#[derive(Debug, Clone)]
pub struct TrustSettings {
    pub identity: IdentitySettings,
    pub mode: TrustMode,
    pub shadow: Option<TrustMode>,
    pub default_user: UserId,
    /// How long a sandbox is kept after it was made.
    pub sandbox_expiry: Duration,
    pub clients: HashMap<ClientName, ClientPolicy>,
    pub tenants: Tenants,
    pub groups: Groups,
}

impl TrustSettings {
    /// The terms of a request: those of its client, or the default ones, and of its tenant, of whose mode the stricter counts.
    #[must_use]
    pub fn terms(&self, resolution: &Resolution) -> Terms<'_> {
        let client = self.clients.get(&resolution.client);
        let default_user = client.map_or(&self.default_user, |client| &client.default_user);
        let default_user = match &resolution.tenant {
            Some(tenant) if tenant != default_user.tenant() => Cow::Owned(default_user.moved_to(tenant.clone())),
            _ => Cow::Borrowed(default_user),
        };
        let tenant = tenant_of(resolution, &default_user);
        let mode = client.map_or(self.mode, |client| client.mode);
        let own = self.tenant(tenant).and_then(|tenant| tenant.mode);
        let mode = own.filter(|own| mode.is_laxer_than(*own)).unwrap_or(mode);
        let vouch = client.map_or_else(Vouch::default, |client| client.vouch);
        let tenant_listed = self.tenants.admits(tenant);
        Terms { mode, vouch, default_user, tenant_listed }
    }

    /// The least that the tenant asks for whose terms these are.
    pub(super) fn floor(&self, resolution: &Resolution, terms: &Terms<'_>) -> Option<TrustMode> {
        self.tenant(tenant_of(resolution, &terms.default_user))?.mode
    }

    /// What holds for a tenant's people, where it is listed.
    #[must_use]
    pub fn tenant(&self, name: &TenantId) -> Option<&Tenant> {
        self.tenants.get(name)
    }

    /// The tenant that a client is fixed to.
    #[must_use]
    pub fn fixed_tenant(&self, client: &ClientName) -> Option<&TenantId> {
        self.clients.get(client)?.tenant.as_ref()
    }

    /// What a client's requests may do with their person's memory.
    #[must_use]
    pub fn memory_access(&self, client: &ClientName) -> MemoryAccess {
        self.clients.get(client).map_or_else(MemoryAccess::default, |client| client.memory)
    }

    /// Whether a client's conversations are kept.
    #[must_use]
    pub fn keeps_history(&self, client: &ClientName) -> bool {
        self.clients.get(client).is_some_and(|client| client.history == History::On)
    }
}

fn tenant_of<'a>(resolution: &'a Resolution, default_user: &'a UserId) -> &'a TenantId {
    match &resolution.finding {
        Finding::Valid(evidence) => evidence.user.tenant(),
        // Whose tenant a lie is about, nobody knows: it is dealt with as one of nobody's.
        Finding::None { .. } | Finding::Invalid(_) => default_user.tenant(),
    }
}

/// Resolves `trust`, `clients`, `tenants` and `groups`. Every fault is collected; with any, the result is not to be used.
pub fn resolve(
    trust: &TrustFile,
    clients: &[ClientFile],
    tenants: &[TenantFile],
    groups: &[GroupFile],
    faults: &mut Faults,
) -> TrustSettings {
    let tenants = Tenants::resolve(tenants, trust.unlisted_tenants, faults);
    let default_user = UserId::parse(&trust.default_user).or_else(|reason| {
        faults.add("trust.default_user", format!("the user id {reason}"), "use a plain name such as `default`");
        UserId::parse("default")
    });
    let default_user = default_user.unwrap_or_else(|_| unreachable!("`default` is a user id"));
    tenants.check(default_user.tenant(), "trust.default_user", faults);
    let mut identity = IdentitySettings {
        trusted_peers: networks(&trust.trusted_peers, "trust.trusted_peers", faults),
        skew: trust.clock_skew.0,
        replay_capacity: trust.replay_capacity,
        ..IdentitySettings::default()
    };
    if trust.clock_skew.0 > MAX_SKEW {
        faults.add("trust.clock_skew", "is more than 15 minutes", "keep the clocks in step (NTP) and allow about 60s");
    }
    if trust.replay_capacity == 0 {
        faults.add("trust.replay_capacity", "is 0, so no signed request could pass", "leave it out, or allow some");
    }
    for (index, file) in trust.signing_keys.iter().enumerate() {
        let path = format!("trust.signing_keys[{index}]");
        if trust.signing_keys[..index].iter().any(|earlier| earlier.id == file.id) {
            faults.add(format!("{path}.id"), format!("`{}` is there twice", file.id), "give each key an id of its own");
        }
        identity.signing_keys.extend(file.resolve(&path, faults));
    }
    let mut policies = HashMap::new();
    let mut seen = Seen::default();
    for (index, file) in clients.iter().enumerate() {
        let path = format!("clients[{index}]");
        let Some((client, unnamed)) = resolve_client(file, trust, &path, &mut seen, faults) else { continue };
        let ClientFile { vouch, memory, history, .. } = *file;
        if let Some((tenant, setting)) = unnamed.tenant() {
            tenants.check(tenant, &format!("{path}.{setting}"), faults);
        }
        let default_user = unnamed.or(&default_user);
        for jwt in client.sources.iter().filter_map(Source::issuer) {
            jwt.fixed_tenant().into_iter().for_each(|fixed| tenants.check(fixed, &format!("{path}.identity"), faults));
        }
        let (mode, tenant) = (file.mode.unwrap_or(trust.mode), client.tenant.clone());
        policies.insert(client.name.clone(), ClientPolicy { mode, vouch, memory, tenant, default_user, history });
        identity.clients.push(client);
    }
    let groups = Groups::resolve(groups, &identity.clients, faults);
    TrustSettings {
        identity,
        mode: trust.mode,
        shadow: trust.shadow,
        default_user,
        sandbox_expiry: trust.sandbox.expiry.0,
        clients: policies,
        tenants,
        groups,
    }
}
