//! What holds from the start to the end of the process, whatever is reloaded meanwhile.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::Config;
use crate::setting::{Fault, Faults, Secret};
use crate::telemetry::LogSettings;
use crate::telemetry::traces::{Traces, TracesSettings};

use super::AppError;

/// The exporter of traces, where a collector is configured.
pub(super) fn start_traces(config: &Config) -> Result<Traces, AppError> {
    let started = config.traces.as_ref().map(Traces::start).transpose();
    Ok(started.map_err(|error| AppError::Start(error.to_string()))?.unwrap_or_default())
}

/// What a reload cannot change.
#[derive(Debug, PartialEq)]
pub(super) struct Boot {
    listen: SocketAddr,
    tls: bool,
    http2: bool,
    metrics: SocketAddr,
    socket: PathBuf,
    admin: Option<SocketAddr>,
    data: PathBuf,
    audit: PathBuf,
    h2c: bool,
    threads: Option<usize>,
    master_key: Option<Secret>,
    journal_limit: u64,
    audit_size: u64,
    audit_keep: (u32, Option<Duration>),
    audit_key: Option<Secret>,
    cache: (usize, usize),
    log: LogSettings,
    traces: Option<TracesSettings>,
}

impl Boot {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            listen: config.listen,
            tls: config.tls.is_some(),
            http2: config.tls.as_ref().is_some_and(|tls| tls.http2),
            metrics: config.metrics.listen,
            socket: config.admin.socket.clone(),
            admin: config.admin.listen,
            data: config.storage.dir.clone(),
            audit: config.audit.dir.clone(),
            h2c: config.limits.h2c,
            threads: config.limits.threads,
            master_key: config.storage.master_key.clone(),
            journal_limit: config.storage.journal_limit,
            audit_size: config.audit.max_size,
            audit_keep: (config.audit.keep, config.audit.retention),
            audit_key: config.audit.key.clone(),
            cache: (config.memory.cached_users, config.memory.cached_bytes),
            log: config.log.clone(),
            traces: config.traces.clone(),
        }
    }

    /// Settings that differ and need a restart. A master key may follow its rotation: `in_use` knows the one that is.
    pub(super) fn changes(&self, new: &Self, in_use: impl Fn(&Secret) -> bool) -> Vec<Fault> {
        let mut faults = Faults::default();
        let master_key = self.master_key != new.master_key && !new.master_key.as_ref().is_some_and(in_use);
        for (changed, path) in [
            (self.listen != new.listen, "listen"),
            (self.tls != new.tls, "tls"),
            (self.tls == new.tls && self.http2 != new.http2, "tls.http2"),
            (self.metrics != new.metrics, "metrics.listen"),
            (self.socket != new.socket, "admin.socket"),
            (self.admin != new.admin, "admin.listen"),
            (self.data != new.data, "storage.redb.dir"),
            (self.audit != new.audit, "audit.dir"),
            (self.h2c != new.h2c, "limits.h2c"),
            (self.threads != new.threads, "limits.threads"),
            (master_key, "storage.master_key"),
            (self.journal_limit != new.journal_limit, "storage.journal_limit"),
            (self.audit_size != new.audit_size, "audit.max_size"),
            (self.audit_keep.0 != new.audit_keep.0, "audit.keep"),
            (self.audit_keep.1 != new.audit_keep.1, "audit.retention"),
            (self.audit_key != new.audit_key, "audit.key"),
            (self.cache != new.cache, "memory.cache"),
            (self.log != new.log, "log"),
            (self.traces != new.traces, "traces"),
        ] {
            if changed {
                faults.add(path, "cannot change while memgate runs", "restart memgate, or put the old value back");
            }
        }
        faults.into_vec()
    }
}
