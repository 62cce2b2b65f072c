//! `proxy.yaml`: read, resolved, and every fault of it reported at once. Each fragment is its module's own; here they meet.

mod document;
mod embedding_key;
mod explain;
mod path;
mod read;
mod report;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::admin::{AdminFile, AdminSettings, MetricsFile, MetricsSettings};
use crate::catalog::{Upstream, UpstreamFile, endpoint_of, resolve_upstreams};
use crate::context::{ContextFile, ContextSettings};
use crate::ids::{TenantId, UserId};
use crate::memory::{MemoryFile, MemorySettings};
use crate::parameters::{Rules, SettingsFile};
use crate::policy::{self, ClientFile, GroupFile, TenantFile, TrustFile, TrustSettings};
use crate::proxy::cors::{CorsFile, CorsSettings};
use crate::proxy::settings::{Limits, LimitsFile, resolve_listen};
use crate::proxy::tls::{TlsFile, TlsSettings, check_certificates};
use crate::quota::{self, BudgetFile, Budgets};
use crate::sessions::{SessionFile, SessionSettings};
use crate::setting::{Fault, Faults};
use crate::store::{StorageFile, StorageSettings};
use crate::telemetry::traces::{TracesFile, TracesSettings};
use crate::telemetry::{AuditFile, AuditSettings, LogFile, LogSettings};
use crate::vault::{VaultFile, VaultSettings};
use read::Cuts;
pub use report::{Difference, Source};

/// Where chat clients are awaited, unless the file says otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
/// Largest configuration file that is read, in bytes.
const LARGEST_FILE: u64 = 4 << 20;

/// The configuration of memgate, an identity-enforcing reverse proxy with per-user memory.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConfigFile {
    /// Address and port for chat clients. Default `127.0.0.1:8080`.
    pub listen: Option<String>,
    /// TLS for chat clients. Without it they speak plain HTTP.
    pub tls: Option<TlsFile>,
    /// Pages that may call memgate from a browser. Without it none may.
    pub cors: CorsFile,
    /// The admin API with the dashboard, and the control socket of the command line.
    pub admin: AdminFile,
    /// The listener for Prometheus.
    pub metrics: MetricsFile,
    /// Who is believed, and how far.
    pub trust: TrustFile,
    /// The integrations that call memgate.
    pub clients: Vec<ClientFile>,
    /// The tenants, and what holds for the people of each. With one listed, others but `default` are refused.
    pub tenants: Vec<TenantFile>,
    /// Groups of people, beside those that evidence names.
    pub groups: Vec<GroupFile>,
    /// The model backends that memgate forwards to.
    pub upstreams: Vec<UpstreamFile>,
    /// Whose keys upstreams are shown.
    pub vault: VaultFile,
    /// How conversations are fitted into the model's window.
    pub context: ContextFile,
    /// What is remembered, and how much of it is recalled.
    pub memory: MemoryFile,
    /// Settings of requests: what holds where nobody says otherwise, and what people may change.
    pub settings: SettingsFile,
    /// Sessions: how long they live, and how much of them is kept.
    pub session: SessionFile,
    /// Where memories are kept.
    pub storage: StorageFile,
    /// The audit log.
    pub audit: AuditFile,
    /// How much people, tenants and clients may ask for. Without it nothing is limited.
    pub budgets: Vec<BudgetFile>,
    /// Bounds on what one request or connection may take.
    pub limits: LimitsFile,
    /// Traces for a collector.
    pub traces: TracesFile,
    /// The process log.
    pub log: LogFile,
}

/// A configuration that memgate can run with.
#[derive(Debug)]
pub struct Config {
    pub listen: SocketAddr,
    pub tls: Option<TlsSettings>,
    pub cors: CorsSettings,
    pub admin: AdminSettings,
    pub metrics: MetricsSettings,
    pub trust: TrustSettings,
    pub upstreams: Vec<Upstream>,
    pub vault: VaultSettings,
    pub context: ContextSettings,
    pub memory: MemorySettings,
    pub settings: Rules,
    pub session: SessionSettings,
    pub storage: StorageSettings,
    pub audit: AuditSettings,
    pub budgets: Budgets,
    pub limits: Limits,
    /// None: there are no traces.
    pub traces: Option<TracesSettings>,
    pub log: LogSettings,
    /// What the file says, for showing.
    pub source: Source,
}

/// Reads and resolves a configuration file.
///
/// # Errors
/// Every fault of the file: syntax, unknown keys, wrong values, secrets that are not there.
pub fn load(path: &Path) -> Result<Config, Vec<Fault>> {
    examine(path).1
}

/// As [`load`], with what the file says even where it has faults; none where it cannot be parsed.
pub fn examine(path: &Path) -> (Option<Source>, Result<Config, Vec<Fault>>) {
    let Shape { source, file, cuts, faults } = shape(path);
    let config = judge(source.clone().unwrap_or_default(), file, &cuts, faults);
    (source, config)
}

fn judge(source: Source, file: Option<ConfigFile>, cuts: &Cuts, mut faults: Faults) -> Result<Config, Vec<Fault>> {
    let Some(file) = file else { return Err(in_order(faults)) };
    let mut found = Faults::default();
    let config = resolve(&file, &mut found);
    for fault in found.into_vec().into_iter().filter_map(|fault| cuts.translate(fault)) {
        faults.add(fault.path, fault.reason, fault.remedy);
    }
    match config {
        Some(config) if faults.is_empty() => Ok(Config { source, ..config }),
        _ => Err(in_order(faults)),
    }
}

/// Faults of one part of the file together.
fn in_order(faults: Faults) -> Vec<Fault> {
    let mut faults = faults.into_vec();
    faults.sort_by_cached_key(|fault| path::Path::parse(&fault.path));
    faults
}

/// Reads a configuration file without resolving it: no secret is fetched. For commands that need one setting of it.
///
/// What is faulty is left at its default; the faults come along.
pub fn read_shape(path: &Path) -> (Option<ConfigFile>, Vec<Fault>) {
    let Shape { file, faults, .. } = shape(path);
    (file, in_order(faults))
}

/// The JSON schema of the configuration file, for editors.
///
/// # Errors
/// Never, unless a description cannot be written as JSON.
pub fn schema() -> Result<String, serde_json::Error> {
    let mut schema = schemars::schema_for!(ConfigFile);
    schema.insert("title".to_owned(), "memgate proxy.yaml".into());
    serde_json::to_string_pretty(&schema).map(|text| text + "\n")
}

/// A file as it was read, before anything of it is resolved.
struct Shape {
    source: Option<Source>,
    file: Option<ConfigFile>,
    cuts: Cuts,
    faults: Faults,
}

fn shape(path: &Path) -> Shape {
    let mut faults = Faults::default();
    let document = read_text(path, &mut faults).and_then(|text| document::parse(&text, &mut faults));
    let source = document.as_ref().map(|document| Source::new(document.value.clone()));
    let (file, cuts) = document.map_or_else(Default::default, |document| read::read(document, &mut faults));
    Shape { source, file, cuts, faults }
}

fn read_text(path: &Path, faults: &mut Faults) -> Option<String> {
    let place = "(file)";
    match std::fs::metadata(path) {
        Ok(found) if found.len() > LARGEST_FILE => {
            faults.add(place, format!("{} is larger than 4 MiB", path.display()), "name a configuration file with --config");
            return None;
        }
        _ => {}
    }
    std::fs::read_to_string(path)
        .map_err(|error| {
            let remedy = "name a readable file of UTF-8 text with --config";
            faults.add(place, format!("cannot read {}: {error}", path.display()), remedy);
        })
        .ok()
}

/// Resolves every fragment, so that each adds its faults.
fn resolve(file: &ConfigFile, faults: &mut Faults) -> Option<Config> {
    let listen = resolve_listen(file.listen.as_deref().unwrap_or(DEFAULT_LISTEN), "listen", faults);
    let metrics = file.metrics.resolve("metrics", faults);
    if listen.is_some_and(|address| address == metrics.listen && address.port() != 0) {
        faults.add("metrics.listen", "is the address that `listen` has", "give the metrics a port of their own, such as 9464");
    }
    let tls = file.tls.as_ref().map(|tls| tls.resolve("tls", faults));
    check_certificates(&file.clients, file.tls.as_ref(), faults);
    let cors = file.cors.resolve("cors", faults);
    let admin = file.admin.resolve("admin", faults);
    admin.check_apart(&[("listen", listen), ("metrics.listen", Some(metrics.listen))], "admin", faults);
    let trust = policy::resolve(&file.trust, &file.clients, &file.tenants, &file.groups, faults);
    let upstreams = resolve_upstreams(&file.upstreams, "upstreams", faults);
    policy::check_upstreams(&file.tenants, |name| upstreams.iter().any(|upstream| upstream.name == name), faults);
    let vault = file.vault.resolve("vault", faults);
    check_personal_keys(&upstreams, &vault, faults);
    let context = file.context.resolve("context", faults);
    let mut memory = file.memory.resolve("memory", faults);
    memory.retention = trust.tenants.retention();
    file.memory.connect(&mut memory, "memory", &|name| endpoint_of(&upstreams, name), faults);
    embedding_key::lend(&mut memory, &upstreams, &vault);
    let is_client = |name: &str| name == "unknown" || file.clients.iter().any(|client| client.name == name);
    let settings = file.settings.resolve("settings", is_client, faults);
    let session = file.session.resolve("session", faults);
    let storage = file.storage.resolve("storage", faults);
    let audit = file.audit.resolve("audit", faults);
    let clients: Vec<_> = trust.clients.keys().cloned().collect();
    let budgets = quota::resolve(&file.budgets, &clients, "budgets", faults);
    let limits = file.limits.resolve("limits", faults);
    let traces = file.traces.resolve("traces", faults);
    check_tenants(file, &trust, faults);
    // Whoever holds a signing key or a client's key must not be able to open the data with it.
    faults.require_apart("storage.master_key", "give each a secret of its own: `openssl rand -hex 32` makes one");
    faults.require_apart("audit.key", "give each a secret of its own: `openssl rand -hex 32` makes one");
    let (listen, tls) = (listen?, tls.flatten());
    Some(Config {
        listen,
        tls,
        cors,
        admin,
        metrics,
        trust,
        upstreams,
        vault,
        context,
        memory,
        settings,
        session,
        storage,
        audit,
        budgets,
        limits,
        traces,
        log: file.log.clone(),
        source: Source::default(),
    })
}

/// What is said of a tenant that nobody can be of holds for nobody. Names that are none are faults already.
fn check_tenants(file: &ConfigFile, trust: &TrustSettings, faults: &mut Faults) {
    let settings = file.settings.tenants.keys().map(|name| (format!("settings.tenants.{name}"), TenantId::parse(name).ok()));
    let budgets = file.budgets.iter().enumerate().flat_map(|(i, budget)| {
        let tenant = budget.tenant.as_deref().and_then(|name| TenantId::parse(name).ok());
        let user = budget.user.as_deref().and_then(|user| UserId::parse(user).ok());
        [(format!("budgets[{i}].tenant"), tenant), (format!("budgets[{i}].user"), user.map(|user| user.tenant().clone()))]
    });
    let groups = file.groups.iter().enumerate().flat_map(|(i, group)| {
        let tenants = (0_usize..)
            .zip(&group.tenants)
            .map(move |(n, name)| (format!("groups[{i}].tenants[{n}]"), TenantId::parse(name).ok()));
        let users = (0_usize..).zip(&group.users).map(move |(n, user)| {
            (format!("groups[{i}].users[{n}]"), UserId::parse(user).ok().map(|user| user.tenant().clone()))
        });
        tenants.chain(users)
    });
    for (path, tenant) in settings.chain(budgets).chain(groups) {
        if let Some(tenant) = tenant {
            trust.tenants.check(&tenant, &path, faults);
        }
    }
}

/// An upstream for keys of people's own, where nobody may have one, would serve nobody.
fn check_personal_keys(upstreams: &[Upstream], vault: &VaultSettings, faults: &mut Faults) {
    for (i, upstream) in upstreams.iter().enumerate().filter(|(_, upstream)| upstream.require_personal_key && !vault.personal) {
        let reason = format!("asks for personal keys of `{}`, and `vault.personal` is off", upstream.provider_name());
        faults.add(format!("upstreams[{i}].require_personal_key"), reason, "leave one of the two out");
    }
}
