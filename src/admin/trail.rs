//! The audit log, read, exported and verified.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::api::{AuditFault, AuditFilter, AuditLine, AuditVerification, Page, page_size};
use super::control::{Control, block};
use super::endpoint::Endpoint;
use super::people::{bad_cursor, read};
use super::principal::{Access, Principal};
use super::problem::Problem;
use crate::ids::UserId;
use crate::proxy::unix_ms;
use crate::telemetry::audit::{ActOutcome, AuditError, AuditQuery};
use crate::telemetry::{ActRecord, AuditLog};

/// Longest text of a filter, in bytes: the longest that a record holds are users.
const LONGEST_WORD: usize = 512;
/// Chunks of an export that wait for whoever reads it, and how long it may read nothing.
const CHUNKS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(30);

/// Chunks of an export on their way.
type Chunks = mpsc::Receiver<Result<Bytes, AuditError>>;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let get = Method::GET;
    vec![
        Endpoint::new(get.clone(), "/v1/audit", Access::Audit, "Records of the audit log, the newest first.", list)
            .query::<AuditFilter>()
            .answers::<Page<AuditLine>>(),
        Endpoint::new(get.clone(), "/v1/audit/verification", Access::Audit, "Go through the whole chain of records.", verify)
            .answers::<AuditVerification>(),
        Endpoint::new(
            get,
            "/v1/audit/export",
            Access::Audit,
            "The records as they are written, the oldest first. On record.",
            export,
        )
        .query::<AuditFilter>()
        .content("application/x-ndjson"),
    ]
}

async fn list(
    State(control): State<Control>,
    by: Principal,
    filter: Result<Query<AuditFilter>, QueryRejection>,
) -> Result<Json<Page<AuditLine>>, Problem> {
    control.list_audit(&by, read(filter)?).await.map(Json)
}

async fn verify(State(control): State<Control>, by: Principal) -> Result<Json<AuditVerification>, Problem> {
    control.verify_audit(&by).await.map(Json)
}

async fn export(
    State(control): State<Control>,
    by: Principal,
    filter: Result<Query<AuditFilter>, QueryRejection>,
) -> Result<Response, Problem> {
    let chunks = control.export_audit(&by, read(filter)?).await?;
    let body = Body::from_stream(stream::unfold(chunks, async |mut chunks| chunks.recv().await.map(|chunk| (chunk, chunks))));
    let headers =
        [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.jsonl\"")];
    Ok((headers, body).into_response())
}

impl Control {
    /// A page of the log, the newest first. What a page may read is bounded: it may be empty and say where to go on.
    pub async fn list_audit(&self, _by: &Principal, filter: AuditFilter) -> Result<Page<AuditLine>, Problem> {
        let before = filter.cursor.as_deref().map(str::parse).transpose().map_err(|_| bad_cursor())?;
        let (query, limit) = (query_of(&filter)?, page_size(filter.limit));
        let audit = self.services.audit.clone();
        block(move || {
            let page = audit.page(&query, before, limit)?;
            // A line that was tampered with may be no JSON any more; verification tells of it.
            let item = |(seq, line): (u64, Vec<u8>)| Some(AuditLine { seq, record: serde_json::from_slice(&line).ok()? });
            let items = page.lines.into_iter().filter_map(item).collect();
            Ok(Page { items, next: page.next.map(|seq| seq.to_string()), total: None })
        })
        .await
    }

    /// Goes through the whole chain. One at a time.
    pub async fn verify_audit(&self, _by: &Principal) -> Result<AuditVerification, Problem> {
        let audit = self.services.audit.clone();
        block(move || {
            let began = std::time::Instant::now();
            let verification = audit.verify()?;
            let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            Ok(AuditVerification { took_ms, ..verification.into() })
        })
        .await
    }

    /// The records in chunks of lines, the oldest first: on record first. One at a time.
    pub(super) async fn export_audit(&self, by: &Principal, filter: AuditFilter) -> Result<Chunks, Problem> {
        let query = query_of(&filter)?;
        let act = ActRecord { outcome: ActOutcome::Done, ..ActRecord::begun("audit.export", by.name(), unix_ms()) };
        // Whose records went out, where only one person's did.
        let act = ActRecord { user: filter.user.as_deref().and_then(|user| UserId::parse(user).ok()), ..act };
        let audit = self.services.audit.clone();
        let (started, starting) = oneshot::channel();
        let (chunks, taken) = mpsc::channel(CHUNKS);
        tokio::task::spawn_blocking(move || send_export(&audit, act, &query, started, &chunks));
        starting.await.map_err(|_| Problem::internal("The export was broken off."))??;
        Ok(taken)
    }
}

/// Puts an export on record, says whether that went well, and hands it out.
fn send_export(
    audit: &AuditLog,
    act: ActRecord,
    query: &AuditQuery,
    started: oneshot::Sender<Result<(), AuditError>>,
    chunks: &mpsc::Sender<Result<Bytes, AuditError>>,
) {
    let runtime = Handle::current();
    let export = match audit.begin_export(act) {
        Ok(export) => export,
        Err(error) => return drop(started.send(Err(error))),
    };
    if started.send(Ok(())).is_err() {
        return;
    }
    let take = |chunk: Vec<u8>| {
        let sent = runtime.block_on(tokio::time::timeout(PATIENCE, chunks.send(Ok(chunk.into()))));
        matches!(sent, Ok(Ok(())))
    };
    if let Err(error) = export.run(query, take) {
        // The connection breaks, so that nobody takes a part for the whole.
        let _ = chunks.blocking_send(Err(error));
    }
}

fn query_of(filter: &AuditFilter) -> Result<AuditQuery, Problem> {
    let AuditFilter { sort, user, act, operator, client, id, since, until, cursor: _, limit: _ } = filter;
    let words = [sort, user, act, operator, client, id];
    if words.into_iter().flatten().any(|word| word.is_empty() || word.len() > LONGEST_WORD) {
        return Err(Problem::invalid(format!("A filter is empty, or longer than {LONGEST_WORD} bytes.")));
    }
    let mut query = AuditQuery::default();
    if let Some(sort) = sort {
        query = query.of_type(sort);
    }
    if let Some(user) = user {
        // Sandboxes are found as they are written, though nobody can name them elsewhere.
        let user = if user.contains(':') { user.clone() } else { format!("default:{user}") };
        query = query.with_field(&["user", "other"], &user);
    }
    for (name, value) in [("act", act), ("operator", operator), ("client", client)] {
        if let Some(value) = value {
            query = query.with_field(&[name], value);
        }
    }
    if let Some(id) = id {
        query = query.with_word(id);
    }
    if let Some(since) = since {
        query = query.since(*since);
    }
    if let Some(until) = until {
        query = query.until(*until);
    }
    Ok(query)
}

impl From<crate::telemetry::audit::Verification> for AuditVerification {
    fn from(found: crate::telemetry::audit::Verification) -> Self {
        let intact = found.is_intact();
        let faults = found.faults.into_iter().map(|fault| AuditFault { file: fault.file, line: fault.line, what: fault.what });
        Self {
            intact,
            records: found.records,
            files: found.files,
            first: found.first,
            last: found.last,
            faults: faults.collect(),
            took_ms: 0,
        }
    }
}
