//! `memgate audit …`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::args::{ControlArgs, PageArgs};
use super::output::{self, Failure};
use super::{print_page, with_client};
use crate::admin::api::{AuditFilter, AuditLine, AuditVerification};
use crate::client::Client;
use crate::config;
use crate::store::{FileDisk, StorageSettings, Store, StoreError};
use crate::telemetry::AuditKeeping;
use crate::telemetry::audit::verify_dir;

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// List records, the newest first.
    List {
        #[command(flatten)]
        filter: FilterArgs,
        #[command(flatten)]
        page: PageArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Go through the whole log: is everything there, in its order, as it was written? Ends with 1 if not.
    Verify {
        /// The directory of a log that no memgate writes to: without a running memgate, by the key that the configuration leads to.
        #[arg(long)]
        dir: Option<PathBuf>,
        /// The anchor of that log. Left out, `audit.anchor` in the configured storage directory.
        #[arg(long, requires = "dir")]
        anchor: Option<PathBuf>,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Print records as they are written, one JSON object a line, the oldest first. On record.
    Export {
        #[command(flatten)]
        filter: FilterArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
}

/// Which records. Everything that is said must hold.
#[derive(Debug, Args)]
pub(super) struct FilterArgs {
    /// `request`, `learned`, `operator`, `anchor`, `recovered` or `dropped`.
    #[arg(long = "type")]
    sort: Option<String>,
    /// `tenant:name`, or a name in the default tenant.
    #[arg(long)]
    user: Option<String>,
    /// Such as `facts.read`.
    #[arg(long)]
    act: Option<String>,
    /// The name of the credential by which something was done.
    #[arg(long)]
    operator: Option<String>,
    #[arg(long)]
    client: Option<String>,
    /// The id of a request, a receipt, a key or a fact.
    #[arg(long)]
    id: Option<String>,
    /// The oldest, as a time (2026-01-31T12:00:00Z).
    #[arg(long)]
    since: Option<jiff::Timestamp>,
    /// The youngest.
    #[arg(long)]
    until: Option<jiff::Timestamp>,
}

impl From<FilterArgs> for AuditFilter {
    fn from(args: FilterArgs) -> Self {
        let FilterArgs { sort, user, act, operator, client, id, since, until } = args;
        let [since, until] = [since, until].map(|time| time.map(jiff::Timestamp::as_millisecond));
        Self { sort, user, act, operator, client, id, since, until, cursor: None, limit: None }
    }
}

pub(super) fn execute(command: AuditCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        AuditCommand::List { filter, page, control } => {
            let filter = AuditFilter { cursor: page.cursor.clone(), limit: page.size(), ..filter.into() };
            let ask = async |client: &Client, filter: &AuditFilter| client.list_audit(filter).await;
            print_page(&control, &page, filter, ask, ["SEQ", "TIME", "TYPE", "WHO", "USER", "WHAT"], row, out)
        }
        AuditCommand::Verify { dir: None, control, .. } => {
            let report = with_client(&control, async |client| client.verify_audit().await)?;
            print_verification(&report, control.json, out)
        }
        AuditCommand::Verify { dir: Some(dir), anchor, control } => {
            let began = Instant::now();
            let found = verify_dir(&dir, &keeping(&control.config, anchor)?).map_err(Failure::other)?;
            let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            print_verification(&AuditVerification { took_ms, ..found.into() }, control.json, out)
        }
        AuditCommand::Export { filter, control } => export(&filter.into(), &control, out),
    }
}

/// What a log is verified by while no memgate runs: what one with this configuration would chain it with.
fn keeping(path: &Path, anchor: Option<PathBuf>) -> Result<AuditKeeping, Failure> {
    let config = config::load(path).map_err(|faults| Failure::config(path, faults))?;
    let dir = &config.storage.dir;
    let own = if config.audit.key.is_some() { [0; 32] } else { open_store(&config.storage)?.audit_key() };
    let keeping = AuditKeeping::new(&config.audit, &own, dir);
    Ok(match anchor {
        Some(anchor) => keeping.anchored_at(anchor),
        None => keeping,
    })
}

/// Opens the store for its key. One that is not there is not made.
fn open_store(settings: &StorageSettings) -> Result<Store, Failure> {
    if !settings.dir.join("registry.redb").exists() {
        let dir = settings.dir.display();
        return Err(Failure::Usage(format!("{dir} holds no storage, so there is no key: name the configuration with --config")));
    }
    Store::open(settings, Arc::new(FileDisk::new(&settings.dir))).map_err(|error| match error {
        StoreError::InUse => Failure::Usage("memgate is running: leave out --dir, and it verifies its log itself".to_owned()),
        other => Failure::other(other),
    })
}

fn print_verification(report: &AuditVerification, json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    if json {
        output::print_json(report, out)?;
    } else {
        let span = match (report.first, report.last) {
            (Some(first), Some(last)) => format!(", {first} to {last}"),
            _ => String::new(),
        };
        writeln!(out, "{} record(s) in {} file(s){span}: {} ms.", report.records, report.files, report.took_ms)?;
        for fault in &report.faults {
            let file = crate::telemetry::inert(&fault.file);
            let place = if fault.line == 0 { file.into_owned() } else { format!("{file}, line {}", fault.line) };
            writeln!(out, "{place}: {}", crate::telemetry::inert(&fault.what))?;
        }
        if report.intact {
            writeln!(out, "The log is intact.")?;
        }
    }
    if report.intact { Ok(()) } else { Err(Failure::Other("the audit log is not as it was written".to_owned())) }
}

fn row(line: &AuditLine) -> [String; 6] {
    let AuditLine { seq, record } = line;
    let word = |name: &str| record[name].as_str().map(str::to_owned);
    let joined = |names: &[&str]| names.iter().filter_map(|name| plain(&record[*name])).collect::<Vec<_>>().join(" ");
    let what = match record["type"].as_str() {
        Some("request") => joined(&["decision", "reason", "status", "error", "method", "path"]),
        Some("learned") => {
            let count = |name: &str| record[name].as_array().map_or(0, Vec::len);
            format!("{} written, {} closed", count("facts_written"), count("facts_closed"))
        }
        Some("operator") => joined(&["act", "outcome", "tenant", "key", "other", "count", "reason"]),
        _ => joined(&["cause", "records", "count", "bytes", "first", "from", "to"]),
    };
    let who = word("operator").or_else(|| word("client"));
    [
        seq.to_string(),
        output::or_dash(word("time")),
        output::or_dash(word("type")),
        output::or_dash(who),
        output::or_dash(word("user")),
        what,
    ]
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn export(filter: &AuditFilter, control: &ControlArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let mut written = Ok(());
    with_client(control, async |client| {
        let mut export = client.export_audit(filter).await?;
        while let Some(chunk) = export.chunk().await? {
            written = out.write_all(&chunk);
            if written.is_err() {
                break;
            }
        }
        Ok(())
    })?;
    written?;
    Ok(out.flush()?)
}
