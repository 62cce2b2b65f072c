//! Taking a memory away, and bringing one along.

use std::sync::Arc;

use bytes::Bytes;
use http::header::TRANSFER_ENCODING;
use pingora::proxy::Session;
use serde::Serialize;

use super::super::exchange::Exchange;
use super::super::respond::own_header;
use super::super::services::Services;
use super::formats::{Contents, FORMATS, read};
use super::input::Parameters;
use super::shape::{FactBody, names};
use super::{Answer, failed, off_thread};
use crate::enforce::{Refusal, UserScope};
use crate::ids::{FactId, SessionId};
use crate::memory::Learned;
use crate::memory::curate::Outcome;
use crate::telemetry::LearnedRecord;

/// Facts that an export reads at once: it holds no more of them in RAM, and no lock while it writes.
const PIECE: usize = 256;
/// Lines of an import that its answer speaks of.
const MOST_REPORTED: usize = 2_000;
/// Facts that one audit record names.
const MOST_NAMED: usize = 256;
/// The session in the provenance of what old chats taught.
const CHATS: &str = "import:sillytavern";

/// What became of an import.
#[derive(Debug, Serialize)]
struct ImportBody {
    format: &'static str,
    lines: usize,
    /// Facts that came in, held ones not among them.
    imported: usize,
    held: usize,
    /// Lines that say what is known, or teach nothing.
    skipped: usize,
    rejected: usize,
    report: Vec<LineBody>,
    /// Lines that the report leaves out for its length.
    report_omitted: usize,
}

#[derive(Debug, Serialize)]
struct LineBody {
    line: usize,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl LineBody {
    fn of(line: usize, outcome: &'static str, ids: &[FactId], reason: Option<&'static str>) -> Self {
        Self { line, outcome, ids: names(ids), reason }
    }
}

/// Writes every fact as a line of JSON, the oldest first. A memory that is erased meanwhile ends the export.
pub async fn export(
    services: &Services,
    session: &mut Session,
    exchange: &mut Exchange,
    scope: UserScope,
) -> pingora::Result<()> {
    let mut scope = scope;
    let mut after = None;
    let mut begun = false;
    loop {
        let memory = Arc::clone(&services.memory);
        let piece = off_thread(move || Ok((memory.facts_after(&scope, after, PIECE)?, scope))).await;
        let facts = match piece {
            Ok((facts, same)) => {
                scope = same;
                facts
            }
            Err(refusal) if begun => {
                // The client sees that it got a part only: the chunked body does not end.
                return Err(pingora::Error::explain(pingora::ErrorType::InternalError, refusal.detail));
            }
            Err(refusal) => return super::super::respond::answer_refusal(session, exchange, &refusal).await,
        };
        if !begun {
            begin(session, exchange).await?;
            begun = true;
        }
        let Some(last) = facts.last() else { break };
        after = Some(last.fact.id);
        let mut lines = Vec::with_capacity(facts.len() * 512);
        for shown in &facts {
            serde_json::to_writer(&mut lines, &FactBody::from(shown))
                .map_err(|error| pingora::Error::explain(pingora::ErrorType::InternalError, error.to_string()))?;
            lines.push(b'\n');
        }
        exchange.record.bytes_out += lines.len() as u64;
        session.write_response_body(Some(lines.into()), false).await?;
        if facts.len() < PIECE {
            break;
        }
    }
    session.write_response_body(Some(Bytes::new()), true).await
}

pub(super) async fn begin(session: &mut Session, exchange: &mut Exchange) -> pingora::Result<()> {
    let mut header = own_header(exchange, 200, "application/x-ndjson")?;
    match session.req_header().version {
        http::Version::HTTP_11 => header.insert_header(TRANSFER_ENCODING, "chunked")?,
        // HTTP/1.0 knows no chunks: there the end of the connection is the end of the body.
        http::Version::HTTP_10 => session.set_keepalive(None),
        _ => {}
    }
    exchange.record.status = Some(200);
    session.write_response_header(Box::new(header), false).await
}

pub async fn import(
    services: &Services,
    exchange: &Exchange,
    scope: UserScope,
    query: &Parameters,
    body: Bytes,
) -> Result<Answer, Refusal> {
    query.allow(&["format"])?;
    let (wanted, now) = (query.word("format", FORMATS)?, exchange.record.time);
    let parsed = tokio::task::spawn_blocking(move || read(&body, wanted, now)).await;
    let Contents { format, lines, facts, turns, others, rejected } = parsed.map_err(|error| failed(&error.to_string()))??;
    if !turns.is_empty() && !exchange.runtime.memory.learn.of(&scope) {
        let message = "Nothing is learned from what you say under this evidence (`memory.learn`), so neither from old chats.";
        return Err(Refusal { status: 403, code: "learning_off", message: message.to_owned(), detail: String::new() });
    }
    let (memory, user) = (Arc::clone(&services.memory), scope.user().clone());
    let request = exchange.record.request;
    let (outcomes, learned) = off_thread(move || {
        let outcomes = memory.import(&scope, facts, now)?;
        let session = SessionId::parse(CHATS).unwrap_or_else(|_| unreachable!("the name is a session's"));
        Ok((outcomes, memory.import_turns(&scope, &session, &request.to_string(), turns)?))
    })
    .await?;

    let mut answer = ImportBody {
        format: format.as_str(),
        lines,
        imported: 0,
        held: 0,
        skipped: others,
        rejected: rejected.len(),
        report: rejected.into_iter().map(|(line, reason)| LineBody::of(line, "rejected", &[], Some(reason))).collect(),
        report_omitted: 0,
    };
    let mut written = Vec::new();
    answer.count_facts(&outcomes, &mut written);
    let mut closed = Vec::new();
    answer.count_turns(&learned, &mut written, &mut closed);
    answer.report.sort_by_key(|line| line.line);
    answer.report_omitted = answer.report.len().saturating_sub(MOST_REPORTED);
    answer.report.truncate(MOST_REPORTED);
    for (at, ids) in written.chunks(MOST_NAMED).enumerate() {
        services.audit.record(LearnedRecord {
            time: now,
            request,
            user: user.clone(),
            facts_written: ids.to_vec(),
            facts_closed: if at == 0 { std::mem::take(&mut closed) } else { Vec::new() },
        });
    }
    Answer::json(200, &answer)
}

impl ImportBody {
    fn count_facts(&mut self, outcomes: &[(usize, Outcome)], written: &mut Vec<FactId>) {
        for (line, outcome) in outcomes {
            match outcome {
                Outcome::Imported(id) => {
                    self.imported += 1;
                    written.push(*id);
                }
                Outcome::Held(id) => {
                    self.held += 1;
                    written.push(*id);
                    self.report.push(LineBody::of(*line, "held", &[*id], Some("needs_review")));
                }
                Outcome::Known(id) => {
                    self.skipped += 1;
                    self.report.push(LineBody::of(*line, "skipped", &[*id], Some("known")));
                }
                Outcome::Full => {
                    self.rejected += 1;
                    self.report.push(LineBody::of(*line, "rejected", &[], Some("memory_full")));
                }
            }
        }
    }

    fn count_turns(&mut self, turns: &[(usize, Learned)], written: &mut Vec<FactId>, closed: &mut Vec<FactId>) {
        for (line, learned) in turns {
            if learned.facts.is_empty() {
                self.skipped += 1;
                continue;
            }
            let held = learned.held.len();
            self.held += held;
            self.imported += learned.facts.len() - held;
            let outcome = if held == learned.facts.len() { "held" } else { "imported" };
            self.report.push(LineBody::of(*line, outcome, &learned.facts, None));
            written.extend_from_slice(&learned.facts);
            closed.extend(learned.closed());
        }
    }
}
