//! When operators looked at what is remembered of the person, or changed it, and why: `/memgate/v1/me/visits`.

use std::sync::Arc;

use serde::Serialize;

use super::super::services::Services;
use super::call::{Miss, only};
use super::input::Parameters;
use super::shape::when;
use super::{Answer, invalid, off_thread};
use crate::enforce::{Refusal, UserScope};
use crate::memory::MOST_VISITS;

const DEFAULT_PAGE: usize = 50;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    List,
}

/// From the method and what stands below the noun to the call.
pub(super) fn route(method: &str, below: Option<&str>) -> Result<Call, Miss> {
    match below {
        None => only(method, "GET", Call::List),
        Some(_) => Err(Miss::Path),
    }
}

#[derive(Debug, Serialize)]
struct PageBody {
    /// The latest first.
    visits: Vec<VisitBody>,
    /// To be sent as `cursor` for the next page; none after the last one.
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct VisitBody {
    at: String,
    operator: Box<str>,
    act: Box<str>,
    reason: Box<str>,
}

/// Does what is asked for.
pub(super) async fn serve(services: &Services, scope: UserScope, call: &Call, query: &Parameters) -> Result<Answer, Refusal> {
    match call {
        Call::List => list(services, scope, query).await,
    }
}

async fn list(services: &Services, scope: UserScope, query: &Parameters) -> Result<Answer, Refusal> {
    query.allow(&["limit", "cursor"])?;
    let limit = query.count("limit", DEFAULT_PAGE, MOST_VISITS)?;
    let malformed = || invalid("cursor_invalid", "The cursor is none. Send `next_cursor` of the page before, or leave it out.");
    let behind = query.get("cursor").map(|text| text.parse().map_err(|_| malformed())).transpose()?;
    let memory = Arc::clone(&services.memory);
    let (visits, more) = off_thread(move || Ok(memory.visits(&scope, behind, limit)?)).await?;
    let next_cursor = visits.last().filter(|_| more).map(|(order, _)| order.to_string());
    let visits = visits.into_iter().map(|(_, visit)| VisitBody {
        at: when(visit.at),
        operator: visit.operator,
        act: visit.act,
        reason: visit.reason,
    });
    Answer::json(200, &PageBody { visits: visits.collect(), next_cursor })
}
