//! Clients, and how a request is recognised as coming from one of them.

use std::fmt;
use std::net::IpAddr;

use http::HeaderName;
use ipnet::IpNet;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::groups::GroupHeader;
use super::header::{self, Cues, View, bearer};
use super::jwt::is_placeholder;
use super::source::Source;
use super::{CertificateRule, ClientCertificate, Invalid, KeyHash, code};
use crate::ids::{ClientName, TenantId};

/// How a per-user key starts. No client key may start so.
pub const USER_KEY_PREFIX: &str = "mgk_";

/// A configured integration.
#[derive(Clone)]
pub struct Client {
    pub name: ClientName,
    /// SHA-256 of each key that the client may send; two while a key is being rotated.
    pub key_hashes: Vec<KeyHash>,
    /// By which certificates the client is known; two pins while one is being rotated.
    pub certificates: Vec<CertificateRule>,
    /// Addresses that are this client's even without a key. They recognise, they do not authenticate.
    pub peers: Vec<IpNet>,
    pub sources: Vec<Source>,
    /// Which headers name its chats and tasks.
    pub cues: Cues,
    /// The tenant of everybody whom the client speaks for. Evidence of another's user is invalid.
    pub tenant: Option<TenantId>,
    /// Headers that list the user's groups, believed where the client authenticated itself.
    pub groups: Vec<GroupHeader>,
    /// Headers that may carry the client's key beside the usual ones.
    pub key_headers: Vec<HeaderName>,
}

impl Client {
    /// Neither a key, a certificate nor an address sets the client apart: whoever looks like it is taken for it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.key_hashes.is_empty() && self.certificates.is_empty() && self.peers.is_empty()
    }

    /// Whether the request bears a trace of the client: one of its sources, or a chat as its product names them.
    fn leaves_trace(&self, view: &View<'_>, user_key: bool) -> bool {
        self.sources.iter().any(|source| source.leaves_trace(view, user_key))
            || self.cues.sessions.iter().any(|name| view.carries(name.as_str()))
    }

    /// Every header that the client's settings give a meaning to.
    pub(super) fn headers(&self) -> impl Iterator<Item = &HeaderName> {
        let sources = self.sources.iter().flat_map(Source::headers);
        let groups = self.groups.iter().map(|groups| &groups.name);
        sources.chain(self.cues.headers()).chain(groups).chain(&self.key_headers)
    }

    /// The client is configured for a signed source.
    #[must_use]
    pub fn demands_signature(&self) -> bool {
        self.sources.iter().any(Source::is_signed)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, key_hashes, certificates, peers, sources, cues, tenant, groups, key_headers } = self;
        let keys = key_hashes.len();
        let mut text = f.debug_struct("Client");
        text.field("name", name).field("keys", &keys).field("certificates", &certificates.len());
        text.field("peers", peers).field("sources", sources).field("cues", cues);
        text.field("tenant", tenant).field("groups", groups).field("key_headers", key_headers).finish()
    }
}

/// The SHA-256 of a key, by which keys are compared.
#[must_use]
pub fn hash_key(key: &[u8]) -> KeyHash {
    KeyHash(Sha256::digest(key).into())
}

/// One credential that a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credential {
    pub hash: KeyHash,
    /// It is written as a per-user key, where such a key may stand.
    pub user_key: bool,
    /// The header that carries it, where it is one for keys of certain clients alone.
    pub only_in: Option<HeaderName>,
}

/// The credentials of a request, each once. An empty bearer, another scheme, a repeated header, or a placeholder that a chat UI left
/// unresolved for all its people counts as none.
pub(super) fn credentials(view: &View<'_>, clients: &[Client]) -> Vec<Credential> {
    let mut found: Vec<Credential> = Vec::new();
    for name in header::CREDENTIALS {
        let Some(value) = view.get(name) else { continue };
        let key = if *name == "authorization" { bearer(value) } else { value.trim_ascii() };
        if key.is_empty() || is_placeholder(key) {
            continue;
        }
        let user_key = key.starts_with(USER_KEY_PREFIX.as_bytes());
        let credential = Credential { hash: hash_key(key), user_key, only_in: None };
        if !found.contains(&credential) {
            found.push(credential);
        }
    }
    for name in clients.iter().flat_map(|client| &client.key_headers) {
        let Some(key) = view.get(name.as_str()).map(<[u8]>::trim_ascii) else { continue };
        let credential = Credential { hash: hash_key(key), user_key: false, only_in: Some(name.clone()) };
        if !key.is_empty() && !is_placeholder(key) && !found.contains(&credential) {
            found.push(credential);
        }
    }
    found
}

/// Which client a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recognised<'a> {
    pub client: Option<&'a Client>,
    /// By its key or its certificate.
    pub authenticated: bool,
    /// SHA-256 of a credential that nobody here knows.
    pub stray: Option<KeyHash>,
}

/// By key or certificate, which must not disagree; else by the peer's address; else the first open client of which the request bears a trace.
pub(super) fn recognise<'a>(
    clients: &'a [Client],
    credentials: &[Credential],
    view: &View<'_>,
    peer: IpAddr,
    certificate: Option<&ClientCertificate>,
) -> Result<Recognised<'a>, Invalid> {
    let mut keyed: Option<&Client> = None;
    let mut stray = None;
    for credential in credentials.iter().filter(|credential| !credential.user_key) {
        match by_key(clients, credential) {
            Some(client) if keyed.is_some_and(|other| other.name != client.name) => {
                let message = "The request carries keys of two clients. Send one, in Authorization, x-api-key or api-key.";
                return Err(Invalid::new(code::CLIENT_CONFLICT, message));
            }
            Some(client) => keyed = Some(client),
            None => stray = stray.or(Some(credential.hash)),
        }
    }
    if let Some(certificate) = certificate {
        // One that nobody here knows is no stray credential: it is a program's, and does not tell the people behind it apart.
        for client in clients.iter().filter(|client| certificate.fits(&client.certificates)) {
            if keyed.is_some_and(|other| other.name != client.name) {
                let message = "The connection's certificate and the request's key, or two names of the certificate, are of different \
                               clients. Use one client's.";
                return Err(Invalid::new(code::CLIENT_CONFLICT, message));
            }
            keyed = Some(client);
        }
    }
    let user_key = credentials.iter().any(|credential| credential.user_key);
    let client = keyed
        .or_else(|| clients.iter().find(|client| client.peers.iter().any(|net| net.contains(&peer))))
        .or_else(|| clients.iter().filter(|client| client.is_open()).find(|client| client.leaves_trace(view, user_key)));
    Ok(Recognised { client, authenticated: keyed.is_some(), stray })
}

/// Compares with every key of every client, so that the time taken tells nothing.
fn by_key<'a>(clients: &'a [Client], credential: &Credential) -> Option<&'a Client> {
    let mut found = None;
    for client in clients {
        let may_stand = credential.only_in.as_ref().is_none_or(|name| client.key_headers.contains(name));
        let hits = client.key_hashes.iter().map(|key| key.0.ct_eq(&credential.hash.0));
        if bool::from(hits.fold(Choice::from(0), |any, hit| any | hit)) && may_stand {
            found = Some(client);
        }
    }
    found
}
