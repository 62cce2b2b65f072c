//! Groups as the configuration makes them, beside those that evidence names.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::identity::{Client, tenant_name};
use crate::ids::{ClientName, GroupName, TenantId, UserId};
use crate::setting::Faults;

/// A group of people.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupFile {
    /// Its name, as models and keys refer to it.
    pub name: String,
    /// Who is in it: `name`, or `tenant:name`.
    #[serde(default)]
    pub users: Vec<String>,
    /// Tenants whose people are all in it.
    #[serde(default)]
    pub tenants: Vec<String>,
    /// Clients whose people are all in it, while they use that client.
    #[serde(default)]
    pub clients: Vec<String>,
    /// `false`: only this list makes members; a token or a header that names the group counts for nothing.
    #[serde(default = "yes")]
    pub evidence: bool,
}

fn yes() -> bool {
    true
}

/// A group, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub name: GroupName,
    users: Vec<UserId>,
    tenants: Vec<TenantId>,
    clients: Vec<ClientName>,
    /// Evidence may name it, too.
    evidence: bool,
}

/// From where somebody's membership comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembershipSource {
    Evidence,
    Configuration,
}

impl MembershipSource {
    /// The word for people: `evidence`, `configuration`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Configuration => "configuration",
        }
    }
}

/// A group that somebody is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub group: GroupName,
    pub source: MembershipSource,
}

/// All groups of a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups(Vec<Group>);

impl Groups {
    /// Resolves the list at `groups`. What cannot be meant is a fault.
    pub(super) fn resolve(files: &[GroupFile], clients: &[Client], faults: &mut Faults) -> Self {
        let mut groups: Vec<Group> = Vec::with_capacity(files.len());
        for (index, file) in files.iter().enumerate() {
            let path = format!("groups[{index}]");
            let Some(group) = resolve_group(file, clients, &path, faults) else { continue };
            if groups.iter().any(|other| other.name == group.name) {
                faults.add(format!("{path}.name"), format!("`{}` is there twice", file.name), "list each group once");
            }
            groups.push(group);
        }
        Self(groups)
    }

    /// The groups of a person: those of the evidence, unless the configuration keeps them for itself, and those of the configuration.
    #[must_use]
    pub fn of(&self, user: &UserId, client: &ClientName, evidence: &[GroupName]) -> Vec<Membership> {
        let reserved = |name: &GroupName| self.0.iter().any(|group| group.name == *name && !group.evidence);
        let made = |name: &GroupName| self.0.iter().any(|group| group.name == *name && group.holds(user, client));
        let claimed = evidence.iter().filter(|name| !reserved(name) && !made(name));
        let claimed = claimed.map(|name| Membership { group: name.clone(), source: MembershipSource::Evidence });
        let configured = self.0.iter().filter(|group| group.holds(user, client));
        let configured =
            configured.map(|group| Membership { group: group.name.clone(), source: MembershipSource::Configuration });
        claimed.chain(configured).collect()
    }
}

impl Group {
    fn holds(&self, user: &UserId, client: &ClientName) -> bool {
        self.users.contains(user) || self.tenants.contains(user.tenant()) || self.clients.contains(client)
    }
}

fn resolve_group(file: &GroupFile, clients: &[Client], path: &str, faults: &mut Faults) -> Option<Group> {
    let name = GroupName::parse(&file.name).map_err(|reason| {
        faults.add(format!("{path}.name"), format!("the group's name {reason}"), "use a plain name, such as staff");
    });
    let mut users = Vec::with_capacity(file.users.len());
    for (n, text) in file.users.iter().enumerate() {
        match UserId::parse(text) {
            Ok(user) => users.push(user),
            Err(reason) => {
                faults.add(format!("{path}.users[{n}]"), format!("the user id {reason}"), "write `name` or `tenant:name`");
            }
        }
    }
    let tenants = file.tenants.iter().enumerate();
    let tenants = tenants.filter_map(|(n, text)| tenant_name(text, &format!("{path}.tenants[{n}]"), faults)).collect();
    let mut members = Vec::with_capacity(file.clients.len());
    for (n, text) in file.clients.iter().enumerate() {
        let path = format!("{path}.clients[{n}]");
        match clients.iter().find(|client| client.name.as_str() == text) {
            None => faults.add(path, format!("there is no client `{text}`"), "write the name of one in `clients`"),
            Some(client) if client.is_open() => {
                let reason = "anybody could pass for this client, and so for a member";
                faults.add(path, reason, "give the client a key, a certificate or peers, or list users");
            }
            Some(client) => members.push(client.name.clone()),
        }
    }
    Some(Group { name: name.ok()?, users, tenants, clients: members, evidence: file.evidence })
}
