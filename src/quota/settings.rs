//! The `budgets` part of the configuration: rules, and whom each of them counts.

use std::collections::HashSet;
use std::hash::Hasher;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;
use siphasher::sip128::{Hasher128, SipHasher24};

use super::account::Kind;
use super::status::KINDS;
use crate::enforce::UserScope;
use crate::identity::Assurance;
use crate::ids::{ClientName, IdError, TenantId, UserId};
use crate::setting::Faults;
use crate::store::Account as AccountKey;

/// A limit beyond which a window would take too much memory for nothing.
const MOST_REQUESTS: u64 = 100_000_000;
/// Rules. Every one of them is looked at for each request.
const MOST_RULES: usize = 256;
/// Tokens that an answer is taken to need where the request does not say how long it may get.
const ASSUMED_OUTPUT: u64 = 1024;

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Each {
    /// Each person; whoever is served without a memory by client and address.
    User,
    Tenant,
    Client,
    /// Each address that requests come from; of IPv6 each /64.
    Peer,
}

impl Each {
    fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Tenant => "tenant",
            Self::Client => "client",
            Self::Peer => "peer",
        }
    }
}

/// A budget: whom it counts, and how much they may have. All that match a request must allow it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetFile {
    /// Name for messages and metrics: lower-case letters, digits, `-`, `_`, `.`. Default: made of `each`, `tenant`, `client` and `assurance`, or
    /// `rule-N`.
    pub name: Option<String>,
    /// What is counted apart: `user`, `tenant`, `client` or `peer`. Default: all whom the rule counts share it.
    pub each: Option<Each>,
    /// Counts this tenant alone.
    pub tenant: Option<String>,
    /// Counts this client alone.
    pub client: Option<String>,
    /// Counts this user alone, written `name` or `tenant:name`.
    pub user: Option<String>,
    /// Counts requests with this assurance alone: `anonymous`, `asserted`, `vouched` or `verified`.
    pub assurance: Option<Assurance>,
    /// Requests in any 60 seconds.
    pub requests_per_minute: Option<u64>,
    /// Requests that are being answered at a time.
    pub streams: Option<u64>,
    /// Sandboxes that may be made in any 60 minutes.
    pub sandboxes_per_hour: Option<u64>,
    /// Tokens of requests and answers in a day (UTC).
    pub tokens_per_day: Option<u64>,
    /// Money in a calendar month (UTC), by the prices of the models.
    pub money_per_month: Option<f64>,
    /// From this part of a limit on answers carry a warning, such as 0.8. Default: none does.
    pub soft: Option<f64>,
    /// Tokens that are reserved for an answer where the request sets no most. Default 1024.
    pub assumed_output: Option<u64>,
    /// Tell the numbers of a budget that several people share. Default: they learn its zone alone.
    pub tell_numbers: bool,
}

/// The limits of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Limits {
    pub requests: Option<u64>,
    pub streams: Option<u64>,
    pub sandboxes: Option<u64>,
    pub tokens: Option<u64>,
    /// In millionths of a unit.
    pub money: Option<u64>,
}

impl Limits {
    pub fn of(&self, kind: Kind) -> Option<u64> {
        match kind {
            Kind::Requests => self.requests,
            Kind::Streams => self.streams,
            Kind::Sandboxes => self.sandboxes,
            Kind::Tokens => self.tokens,
            Kind::Money => self.money,
        }
    }
}

/// Whom a rule counts: who fits every part that is there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Who {
    tenant: Option<TenantId>,
    client: Option<ClientName>,
    user: Option<UserId>,
    assurance: Option<Assurance>,
}

/// A rule, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    name: Box<str>,
    each: Option<Each>,
    who: Who,
    pub(super) limits: Limits,
    /// In thousandths.
    pub(super) soft: Option<u64>,
    pub(super) assumed_output: u64,
    tell_numbers: bool,
}

/// Who is to be counted.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    user: Option<&'a UserId>,
    client: &'a ClientName,
    assurance: Assurance,
    peer: IpAddr,
}

impl<'a> Asker<'a> {
    /// Without a scope nobody in particular asks: that is worth as much as anybody unnamed.
    #[must_use]
    pub fn of(scope: Option<&'a UserScope>, client: &'a ClientName, peer: IpAddr) -> Self {
        let assurance = scope.map_or(Assurance::Anonymous, UserScope::assurance);
        Self { user: scope.map(UserScope::user), client, assurance, peer }
    }
}

impl Rule {
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it limits, and to how much; money in millionths.
    pub fn limits(&self) -> impl Iterator<Item = (Kind, u64)> + '_ {
        KINDS.into_iter().filter_map(|kind| Some((kind, self.limits.of(kind)?)))
    }

    /// Whether it counts this user, and nobody else together with them.
    #[must_use]
    pub fn counts_apart(&self, user: &UserId) -> bool {
        self.asker_of(user).is_some_and(|asker| self.counts(&asker))
    }

    /// Whom it counts, and what it counts apart, in words.
    #[must_use]
    pub fn describe(&self) -> String {
        let Who { tenant, client, user, assurance } = &self.who;
        let said = [
            user.as_ref().map(|user| format!("the user {user}")),
            tenant.as_ref().map(|tenant| format!("the tenant {}", tenant.as_str())),
            client.as_ref().map(|client| format!("the client {client}")),
            assurance.map(|assurance| format!("the assurance {}", assurance.as_str())),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        let whom = if said.is_empty() { "all requests".to_owned() } else { format!("requests of {}", said.join(" and ")) };
        match self.each {
            Some(each) => format!("{whom}, each {} apart", each.as_str()),
            None => format!("{whom}, together"),
        }
    }

    /// A user as a request of theirs that it counts would have them; none where it counts others together with them.
    pub(super) fn asker_of<'a>(&'a self, user: &'a UserId) -> Option<Asker<'a>> {
        static NOBODYS: LazyLock<ClientName> = LazyLock::new(ClientName::unknown);
        let personal = self.who.user.is_some() || self.each == Some(Each::User);
        personal.then(|| Asker {
            user: Some(user),
            client: self.who.client.as_ref().unwrap_or(&NOBODYS),
            assurance: self.who.assurance.unwrap_or(Assurance::Verified),
            peer: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        })
    }

    fn counts(&self, asker: &Asker<'_>) -> bool {
        let Who { tenant, client, user, assurance } = &self.who;
        tenant.as_ref().is_none_or(|tenant| asker.user.is_some_and(|user| user.tenant() == tenant))
            && client.as_ref().is_none_or(|client| client == asker.client)
            && user.as_ref().is_none_or(|user| asker.user == Some(user))
            && assurance.is_none_or(|assurance| assurance == asker.assurance)
    }

    /// Whether what this rule counts of somebody is theirs alone.
    fn is_personal(&self, asker: &Asker<'_>) -> bool {
        self.who.user.is_some() || (self.each == Some(Each::User) && asker.user.is_some())
    }

    /// Whether this person may see the numbers.
    pub(super) fn tells(&self, asker: &Asker<'_>) -> bool {
        self.tell_numbers || self.is_personal(asker)
    }

    /// The account on which somebody is counted; none where the rule does not count them.
    pub(super) fn account_of(&self, asker: &Asker<'_>, key: &[u8; 16]) -> Option<AccountKey> {
        if !self.counts(asker) {
            return None;
        }
        let mut hash = Hash(SipHasher24::new_with_key(key));
        // Neither the name nor the limits: changing them must not make anybody's use forgotten.
        hash.add(self.each.map(|each| each.as_str().as_bytes()));
        hash.add(self.who.tenant.as_ref().map(|tenant| tenant.as_str().as_bytes()));
        hash.add(self.who.client.as_ref().map(|client| client.as_str().as_bytes()));
        hash.add(self.who.user.as_ref().map(UserId::encode).as_deref());
        hash.add(self.who.assurance.map(|assurance| assurance.as_str().as_bytes()));
        match (self.each, asker.user) {
            (None, _) => {}
            (Some(Each::User), Some(user)) => hash.add(Some(&user.encode())),
            (Some(Each::User), None) => {
                hash.add(None);
                hash.add(Some(asker.client.as_str().as_bytes()));
                hash.add(Some(&network_of(asker.peer)));
            }
            (Some(Each::Tenant), user) => hash.add(Some(user?.tenant().as_str().as_bytes())),
            (Some(Each::Client), _) => hash.add(Some(asker.client.as_str().as_bytes())),
            (Some(Each::Peer), _) => hash.add(Some(&network_of(asker.peer))),
        }
        Some(hash.0.finish128().as_bytes())
    }
}

/// Parts of a hash, each behind its length; present and absent parts differ.
struct Hash(SipHasher24);

impl Hash {
    fn add(&mut self, part: Option<&[u8]>) {
        self.0.write_u8(u8::from(part.is_some()));
        let part = part.unwrap_or_default();
        self.0.write_u64(part.len() as u64);
        self.0.write(part);
    }
}

/// What tells two callers apart by address: of IPv6 the network, since each caller has a whole one.
fn network_of(peer: IpAddr) -> Vec<u8> {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}

/// All rules.
#[derive(Debug, Clone, Default)]
pub struct Budgets {
    pub(super) rules: Vec<Arc<Rule>>,
}

impl Budgets {
    #[must_use]
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }
}

/// Resolves `budgets`. Every fault is collected.
pub fn resolve(files: &[BudgetFile], clients: &[ClientName], path: &str, faults: &mut Faults) -> Budgets {
    if files.len() > MOST_RULES {
        faults.add(path, format!("has more than {MOST_RULES} rules"), "use `each` to give many the same limits by one rule");
    }
    let (mut names, mut counted) = (HashSet::new(), HashSet::new());
    let mut rules = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Some(rule) = resolve_rule(file, index, clients, &path, faults) else { continue };
        if !names.insert(rule.name.clone()) {
            faults.add(format!("{path}.name"), format!("`{}` names two rules", rule.name), "give each a name of its own");
        }
        if !counted.insert((rule.each, rule.who.clone())) {
            let reason = "counts the same people in the same way as an earlier rule";
            faults.add(&path, reason, "put all their limits into one rule");
        }
        rules.push(Arc::new(rule));
    }
    Budgets { rules }
}

fn resolve_rule(file: &BudgetFile, index: usize, clients: &[ClientName], path: &str, faults: &mut Faults) -> Option<Rule> {
    let tenant = read(file.tenant.as_deref(), TenantId::parse, &format!("{path}.tenant"), faults);
    let client = read(file.client.as_deref(), ClientName::parse, &format!("{path}.client"), faults);
    let user = read(file.user.as_deref(), UserId::parse, &format!("{path}.user"), faults);
    // Whoever is misspelt is not everybody.
    let misspelt = tenant.is_none() || client.is_none() || user.is_none();
    let (tenant, client, user) = (tenant.flatten(), client.flatten(), user.flatten());
    let who = Who { tenant, client, user, assurance: file.assurance };
    if let Some(client) = who.client.as_ref().filter(|client| !clients.contains(client) && **client != ClientName::unknown()) {
        let remedy = "name one of `clients`, or `unknown` for requests of none of them";
        faults.add(format!("{path}.client"), format!("`{client}` names no client"), remedy);
    }
    if let (Some(user), Some(tenant)) = (&who.user, &who.tenant)
        && user.tenant() != tenant
    {
        let (own, tenant) = (user.tenant().as_str(), tenant.as_str());
        let reason = format!("is of the tenant `{own}` and not of `{tenant}`: the rule counts nobody");
        faults.add(format!("{path}.user"), reason, format!("write `{tenant}:name`, or leave `tenant` out"));
    }
    if who.user.is_some() && file.each.is_some() {
        faults.add(format!("{path}.each"), "stands beside `user`, which is one person", "leave one of them out");
    }
    let mut positive = |name: &str, value: Option<u64>, most: u64| {
        if value.is_some_and(|value| value == 0 || value > most) {
            let remedy = "allow at least 1, or leave the limit out; `clients` and `trust` say who is let in at all";
            faults.add(format!("{path}.{name}"), format!("is not between 1 and {most}"), remedy);
        }
        value
    };
    let limits = Limits {
        requests: positive("requests_per_minute", file.requests_per_minute, MOST_REQUESTS),
        streams: positive("streams", file.streams, MOST_REQUESTS),
        sandboxes: positive("sandboxes_per_hour", file.sandboxes_per_hour, MOST_REQUESTS),
        tokens: positive("tokens_per_day", file.tokens_per_day, u64::MAX),
        money: file.money_per_month.and_then(|money| micro_units(money, &format!("{path}.money_per_month"), faults)),
    };
    if limits == Limits::default() && file.money_per_month.is_none() {
        faults.add(path, "sets no limit", "give one, such as `requests_per_minute: 60`, or leave the rule out");
    }
    if limits.sandboxes.is_some() && (who.user.is_some() || file.each == Some(Each::User)) {
        let remedy = "use `each: client` or `each: peer`";
        faults.add(format!("{path}.sandboxes_per_hour"), "is counted apart by what is made", remedy);
    }
    if file.soft.is_some_and(|soft| !(soft > 0.0 && soft < 1.0)) {
        faults.add(format!("{path}.soft"), "is not between 0 and 1", "give a part of the limit, such as 0.8");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
    let soft = file.soft.map(|soft| (soft.clamp(0.0, 1.0) * 1000.0).round() as u64);
    let assumed_output = file.assumed_output.unwrap_or(ASSUMED_OUTPUT);
    if assumed_output == 0 {
        faults.add(format!("{path}.assumed_output"), "is 0", "give what an answer usually takes, such as 1024");
    }
    let name = file.name.clone().unwrap_or_else(|| default_name(file, index));
    if ClientName::parse(&name).is_err() {
        let remedy = "use lower-case letters, digits, `-`, `_`, `.`; at most 64 bytes";
        faults.add(format!("{path}.name"), "is no name", remedy);
        return None;
    }
    if misspelt {
        return None;
    }
    let tell_numbers = file.tell_numbers;
    Some(Rule { name: name.into(), each: file.each, who, limits, soft, assumed_output, tell_numbers })
}

/// Users are not named in metrics, so a rule for one of them is numbered.
fn default_name(file: &BudgetFile, index: usize) -> String {
    let parts: Vec<String> = [
        file.each.map(|each| format!("each-{}", each.as_str())),
        file.tenant.as_ref().map(|tenant| format!("tenant-{tenant}")),
        file.client.as_ref().map(|client| format!("client-{client}")),
        file.assurance.map(|assurance| assurance.as_str().to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let name = parts.join("-");
    if file.user.is_some() || ClientName::parse(&name).is_err() { format!("rule-{}", index + 1) } else { name }
}

/// A name, if there is one; nothing for what is none.
#[expect(clippy::option_option, reason = "not written, or not readable")]
fn read<T>(text: Option<&str>, parse: impl Fn(&str) -> Result<T, IdError>, path: &str, faults: &mut Faults) -> Option<Option<T>> {
    let remedy = "write it as evidence names it";
    text.map(parse).transpose().map_err(|reason| faults.add(path, format!("the name {reason}"), remedy)).ok()
}

/// Money in millionths of a unit.
fn micro_units(money: f64, path: &str, faults: &mut Faults) -> Option<u64> {
    let micro = (money * 1e6).round();
    if !(1.0..=1e18).contains(&micro) {
        faults.add(path, "is no amount of money that can be counted", "give at least 0.000001, and at most 1000000000000");
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "was checked just now")]
    let micro = micro as u64;
    Some(micro)
}
