//! The `trust` and `clients` parts of the configuration.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{History, Terms, TrustMode, Vouch};
use crate::identity::{
    CertificateRule, Client, IdentitySettings, KeyHash, Plan, SigningKeyFile, Source, SourceFile, USER_KEY_PREFIX, hash_key,
    long_secret,
};
use crate::ids::{ClientName, UserId};
use crate::setting::{Faults, SecretRef, Span};

const WEEK: Duration = Duration::from_hours(7 * 24);
/// A wider skew makes signatures and tokens live longer than anybody expects.
const MAX_SKEW: Duration = Duration::from_mins(15);
/// Names that memgate itself uses where a client's would stand.
const RESERVED: [&str; 2] = ["unknown", "operator"];

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
    /// Who an unnamed person is in `legacy` mode.
    pub default_user: String,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientPolicy {
    pub mode: TrustMode,
    pub vouch: Vouch,
    pub memory: MemoryAccess,
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
}

impl TrustSettings {
    /// The terms of a client, or the default ones for a client that is not configured.
    #[must_use]
    pub fn terms(&self, client: &ClientName) -> Terms<'_> {
        let ClientPolicy { mode, vouch, .. } = self.policy(client);
        Terms { mode, vouch, default_user: &self.default_user }
    }

    /// What a client's requests may do with their person's memory.
    #[must_use]
    pub fn memory_access(&self, client: &ClientName) -> MemoryAccess {
        self.policy(client).memory
    }

    /// Whether a client's conversations are kept.
    #[must_use]
    pub fn keeps_history(&self, client: &ClientName) -> bool {
        self.policy(client).history == History::On
    }

    fn policy(&self, client: &ClientName) -> ClientPolicy {
        let (memory, history) = Default::default();
        let default = ClientPolicy { mode: self.mode, vouch: Vouch::default(), memory, history };
        self.clients.get(client).copied().unwrap_or(default)
    }
}

/// Resolves `trust` and `clients`. Every fault is collected; with any, the result is not to be used.
pub fn resolve(trust: &TrustFile, clients: &[ClientFile], faults: &mut Faults) -> TrustSettings {
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
        let Some(client) = resolve_client(file, trust, &path, &mut seen, faults) else { continue };
        let ClientFile { vouch, memory, history, .. } = *file;
        policies.insert(client.name.clone(), ClientPolicy { mode: file.mode.unwrap_or(trust.mode), vouch, memory, history });
        identity.clients.push(client);
    }
    let default_user = UserId::parse(&trust.default_user).or_else(|reason| {
        faults.add("trust.default_user", format!("the user id {reason}"), "use a plain name such as `default`");
        UserId::parse("default")
    });
    TrustSettings {
        identity,
        mode: trust.mode,
        shadow: trust.shadow,
        default_user: default_user.unwrap_or_else(|_| unreachable!("`default` is a user id")),
        sandbox_expiry: trust.sandbox.expiry.0,
        clients: policies,
    }
}

/// What must not be there twice.
#[derive(Default)]
struct Seen {
    names: HashSet<ClientName>,
    keys: HashSet<KeyHash>,
    certificates: HashSet<CertificateRule>,
}

fn resolve_client(file: &ClientFile, trust: &TrustFile, path: &str, seen: &mut Seen, faults: &mut Faults) -> Option<Client> {
    let name = client_name(&file.name, &format!("{path}.name"), seen, faults);
    let key = file.key.iter().map(|key| (format!("{path}.key"), key));
    let keys = file.keys.iter().enumerate().map(|(n, key)| (format!("{path}.keys[{n}]"), key));
    let key_hashes: Vec<_> = key.chain(keys).filter_map(|(path, key)| client_key(key, &path, seen, faults)).collect();
    let certificates = client_certificates(&file.certificates, &format!("{path}.certificates"), seen, faults);
    let peers = networks(&file.peers, &format!("{path}.peers"), faults);
    let mut plan = Plan::default();
    for (n, source) in file.identity.iter().enumerate() {
        source.resolve(&format!("{path}.identity[{n}]"), &mut plan, faults);
    }
    plan.set_cues(file.session_header.as_deref(), file.task_header.as_deref(), path, faults);
    if file.mode.unwrap_or(trust.mode) == TrustMode::Legacy {
        plan.believe_placeholders();
    }
    let Plan { sources, cues } = plan;
    if sources.iter().any(Source::needs_signing_key) && trust.signing_keys.is_empty() {
        let remedy = "add a key to trust.signing_keys, or leave the signature out";
        faults.add(format!("{path}.identity"), "expects signatures, but there is no signing key", remedy);
    }
    let keyless = file.key.is_none() && file.keys.is_empty() && file.certificates.is_empty();
    let laxer = file.mode.is_some_and(|mode| mode.is_laxer_than(trust.mode));
    if laxer && keyless && file.peers.is_empty() {
        let reason = "is laxer than trust.mode, and anybody could pass for this client";
        faults.add(format!("{path}.mode"), reason, "give the client a key, a certificate or peers: a laxer mode needs one");
    }
    let vouches = sources.iter().any(Source::can_vouch);
    if file.vouch == Vouch::Verified && (keyless || !vouches) {
        let reason = "`verified` has no effect without a key and a header among the identity sources";
        faults.add(format!("{path}.vouch"), reason, "give the client a key and a header source, or leave vouch out");
    }
    Some(Client { name: name?, key_hashes, certificates, peers, sources, cues })
}

fn client_name(text: &str, path: &str, seen: &mut Seen, faults: &mut Faults) -> Option<ClientName> {
    let Ok(name) = ClientName::parse(text) else {
        faults.add(path, format!("`{text}` is no client name"), "use lower-case letters, digits, `-`, `_`, `.`, at most 64");
        return None;
    };
    if RESERVED.contains(&text) {
        faults.add(path, format!("`{text}` is a name that memgate itself uses"), "choose another name");
    }
    if !seen.names.insert(name.clone()) {
        faults.add(path, format!("`{text}` is there twice"), "give each client a name of its own");
    }
    Some(name)
}

fn client_key(key: &SecretRef, path: &str, seen: &mut Seen, faults: &mut Faults) -> Option<KeyHash> {
    let secret = long_secret(key, path, faults)?;
    if secret.expose().starts_with(USER_KEY_PREFIX.as_bytes()) {
        let reason = format!("starts with {USER_KEY_PREFIX}, as per-user keys do");
        faults.add(path, reason, "make a client key with `openssl rand -hex 32`");
        return None;
    }
    let hash = hash_key(secret.expose());
    if !seen.keys.insert(hash) {
        faults.add(path, "the same key is there twice", "give each client a key of its own");
    }
    Some(hash)
}

fn client_certificates(texts: &[String], path: &str, seen: &mut Seen, faults: &mut Faults) -> Vec<CertificateRule> {
    let mut rules = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Some(rule) = CertificateRule::resolve(text, &path, faults) else { continue };
        if !seen.certificates.insert(rule.clone()) {
            faults.add(path, "the same certificate is there twice", "give each client a certificate of its own");
        }
        rules.push(rule);
    }
    rules
}

/// Networks, or single addresses.
fn networks(texts: &[String], path: &str, faults: &mut Faults) -> Vec<IpNet> {
    let mut found = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        match text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            Ok(net) => found.push(net),
            Err(_) => faults.add(
                format!("{path}[{index}]"),
                format!("`{text}` is no network"),
                "write an address and a prefix length, such as 192.168.1.0/24 or ::1/128",
            ),
        }
    }
    found
}
