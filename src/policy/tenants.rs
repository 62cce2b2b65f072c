//! Tenants: people who are kept apart from all others, and what holds for all of them.

use std::collections::HashMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::TrustMode;
use crate::identity::tenant_name;
use crate::ids::TenantId;
use crate::setting::{Faults, Span};

/// A shorter one would end a fact before the conversation that it is from.
const MIN_RETENTION: Duration = Duration::from_hours(1);

/// A tenant, and what holds for its people.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantFile {
    /// Lower-case letters, digits, `-`, `_`, `.`. `default` is the tenant of those who have no other.
    pub name: String,
    /// The least that its people must prove. Of this and the client's mode the stricter counts.
    #[serde(default)]
    pub mode: Option<TrustMode>,
    /// The upstreams that its people may use, by name. Default: all.
    #[serde(default)]
    pub upstreams: Option<Vec<String>>,
    /// The longest that facts of its people are kept after they were learned, such as `90d`, whatever `memory.ttl` says. Pinned ones stay.
    #[serde(default)]
    pub retention: Option<Span>,
}

/// What becomes of people whose tenant is not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnlistedTenants {
    /// Their evidence is invalid, once a tenant is listed: else whoever writes a claim or a header could make tenants.
    #[default]
    Refuse,
    Allow,
}

/// A tenant, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub name: TenantId,
    /// The stricter of this and the client's counts.
    pub mode: Option<TrustMode>,
    /// Names of upstreams. None: all.
    pub upstreams: Option<Vec<String>>,
    /// Longest life of facts.
    pub retention: Option<Duration>,
}

/// All tenants of a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tenants {
    listed: HashMap<TenantId, Tenant>,
    unlisted: UnlistedTenants,
}

impl Tenants {
    /// Resolves the list at `tenants`. What cannot be meant is a fault.
    pub(super) fn resolve(files: &[TenantFile], unlisted: UnlistedTenants, faults: &mut Faults) -> Self {
        let mut listed = HashMap::with_capacity(files.len());
        for (index, file) in files.iter().enumerate() {
            let path = format!("tenants[{index}]");
            let retention = file.retention.map(|span| span.0);
            if retention.is_some_and(|span| span < MIN_RETENTION) {
                let remedy = "choose at least 1h, or leave it out to keep facts";
                faults.add(format!("{path}.retention"), "facts would be gone before they are of use", remedy);
            }
            if file.upstreams.as_ref().is_some_and(Vec::is_empty) {
                let remedy = "name at least one upstream, or leave it out to allow all";
                faults.add(format!("{path}.upstreams"), "its people could use no upstream", remedy);
            }
            let Some(name) = tenant_name(&file.name, &format!("{path}.name"), faults) else { continue };
            let tenant = Tenant { name: name.clone(), mode: file.mode, upstreams: file.upstreams.clone(), retention };
            if listed.insert(name, tenant).is_some() {
                faults.add(format!("{path}.name"), format!("`{}` is there twice", file.name), "list each tenant once");
            }
        }
        Self { listed, unlisted }
    }

    /// What holds for a tenant's people, where it is listed.
    #[must_use]
    pub fn get(&self, name: &TenantId) -> Option<&Tenant> {
        self.listed.get(name)
    }

    /// Whether people may be of this tenant. `default` is nobody's invention, so it need not be listed.
    #[must_use]
    pub fn admits(&self, name: &TenantId) -> bool {
        let open = self.listed.is_empty() || self.unlisted == UnlistedTenants::Allow;
        open || self.listed.contains_key(name) || *name == TenantId::default()
    }

    /// A fault at `path` where nobody may be of this tenant.
    pub fn check(&self, name: &TenantId, path: &str, faults: &mut Faults) {
        if !self.admits(name) {
            let reason = format!("`{}` is none of the tenants that are listed", name.as_str());
            faults.add(path, reason, "add it to `tenants`, or set trust.unlisted_tenants to allow");
        }
    }

    /// The longest life of facts, of each tenant that has one.
    #[must_use]
    pub fn retention(&self) -> HashMap<TenantId, Duration> {
        let limits = self.listed.values().filter_map(|tenant| Some((tenant.name.clone(), tenant.retention?)));
        limits.collect()
    }
}

/// Faults where a tenant of the list at `tenants` names an upstream that is not there.
pub fn check_upstreams(files: &[TenantFile], exists: impl Fn(&str) -> bool, faults: &mut Faults) {
    for (index, file) in files.iter().enumerate() {
        for (n, name) in file.upstreams.iter().flatten().enumerate().filter(|(_, name)| !exists(name)) {
            let path = format!("tenants[{index}].upstreams[{n}]");
            faults.add(path, format!("there is no upstream `{name}`"), "write the name of one in `upstreams`");
        }
    }
}
