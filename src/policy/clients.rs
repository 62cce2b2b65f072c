//! Clients as they are written, and every fault of them.

use std::collections::HashSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Vouch;
use super::settings::{ClientFile, TrustFile};
use crate::identity::{CertificateRule, Client, KeyHash, Plan, Source, USER_KEY_PREFIX, hash_key, long_secret, tenant_name};
use crate::ids::{ClientName, TenantId, UserId};
use crate::setting::{Faults, SecretRef};

/// Names that memgate itself uses where a client's would stand.
const RESERVED: [&str; 2] = ["unknown", "operator"];

/// What must not be there twice.
#[derive(Default)]
pub(super) struct Seen {
    names: HashSet<ClientName>,
    keys: HashSet<KeyHash>,
    certificates: HashSet<CertificateRule>,
    /// Issuers whose people are told from others' by nothing but a claim, and that claim.
    issuers: HashSet<(String, String)>,
}

/// Who an unnamed person is to a client.
pub(super) struct Unnamed {
    own: Option<UserId>,
    tenant: Option<TenantId>,
}

impl Unnamed {
    /// The tenant that the client's own settings put them in, and which setting does.
    pub(super) fn tenant(&self) -> Option<(&TenantId, &'static str)> {
        let fixed = self.tenant.as_ref().map(|tenant| (tenant, "tenant"));
        fixed.or_else(|| self.own.as_ref().map(|own| (own.tenant(), "default_user")))
    }

    /// The client's own, or else the `usual` one; in the client's tenant.
    pub(super) fn or(self, usual: &UserId) -> UserId {
        let Self { own, tenant } = self;
        own.unwrap_or_else(|| tenant.map_or_else(|| usual.clone(), |tenant| usual.moved_to(tenant)))
    }
}

/// The client, or faults at `path`.
pub(super) fn resolve_client(
    file: &ClientFile,
    trust: &TrustFile,
    path: &str,
    seen: &mut Seen,
    faults: &mut Faults,
) -> Option<(Client, Unnamed)> {
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
    plan.set_groups(file.groups_header.as_deref(), path, faults);
    let tenant = file.tenant.as_ref().and_then(|name| tenant_name(name, &format!("{path}.tenant"), faults));
    let own = default_user(file, &plan, tenant.as_ref(), &format!("{path}.default_user"), faults);
    let Plan { sources, cues, groups, key_headers, .. } = plan;
    check_issuers(&sources, tenant.as_ref(), &format!("{path}.identity"), seen, faults);
    if sources.iter().any(Source::needs_signing_key) && trust.signing_keys.is_empty() {
        let remedy = "add a key to trust.signing_keys, or leave the signature out";
        faults.add(format!("{path}.identity"), "expects signatures, but there is no signing key", remedy);
    }
    let keyless = file.key.is_none() && file.keys.is_empty() && file.certificates.is_empty();
    if file.tenant.is_some() && keyless && file.peers.is_empty() {
        let reason = "anybody's request could be taken for this client's, and would be of its tenant or be refused";
        faults.add(format!("{path}.tenant"), reason, "give the client a key, a certificate or peers: a tenant needs one");
    }
    if file.groups_header.is_some() && keyless {
        let reason = "has no effect: groups are believed only from a client that authenticates itself";
        faults.add(format!("{path}.groups_header"), reason, "give the client a key or a certificate, or leave the header out");
    }
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
    let unnamed = Unnamed { own, tenant: tenant.clone() };
    Some((Client { name: name?, key_hashes, certificates, peers, sources, cues, tenant, groups, key_headers }, unnamed))
}

/// Who an unnamed person is by the client's own settings or its preset's, in its tenant.
fn default_user(file: &ClientFile, plan: &Plan, tenant: Option<&TenantId>, path: &str, faults: &mut Faults) -> Option<UserId> {
    let text = file.default_user.as_deref().or(plan.default_user)?;
    let home = tenant.cloned().unwrap_or_default();
    match UserId::parse_at(text, &home) {
        Ok(user) if tenant.is_some_and(|fixed| fixed != user.tenant()) => {
            faults.add(path, "is of another tenant than the client", "write the bare name, or leave `tenant` out");
            None
        }
        Ok(user) => Some(user),
        Err(reason) => {
            faults.add(path, format!("the user id {reason}"), "use a plain name such as `guest`");
            None
        }
    }
}

/// Faults where issuers are of another tenant than their client, or where two of them could give one name to two people.
fn check_issuers(sources: &[Source], tenant: Option<&TenantId>, path: &str, seen: &mut Seen, faults: &mut Faults) {
    for jwt in sources.iter().filter_map(Source::issuer) {
        if tenant.is_some_and(|tenant| jwt.fixed_tenant().is_some_and(|fixed| fixed != tenant)) {
            let reason = "an issuer's `fixed_tenant` is another than the client's `tenant`: no token could pass";
            faults.add(path, reason, "keep one of the two");
        }
        let Some((issuer, claim)) = jwt.namespace().filter(|_| tenant.is_none()) else { continue };
        if seen.issuers.iter().any(|(other, same)| other != issuer && same == claim) {
            let reason = format!(
                "two issuers name people of the tenant `default` by `{claim}`: one name there may be two people, who would share a memory"
            );
            let remedy = "give an issuer a `fixed_tenant`, a `tenant` claim or a client with a `tenant`; where all are the same people, \
                          write `fixed_tenant: default`";
            faults.add(path, reason, remedy);
        }
        seen.issuers.insert((issuer.to_owned(), claim.to_owned()));
    }
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
pub(super) fn networks(texts: &[String], path: &str, faults: &mut Faults) -> Vec<IpNet> {
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
