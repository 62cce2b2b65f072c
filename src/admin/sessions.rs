//! Live sessions.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::Method;

use super::api::{Page, SessionFilter, SessionRow, page_size};
use super::control::{Control, parse_user};
use super::endpoint::Endpoint;
use super::people::{bad_cursor, read};
use super::principal::{Access, Principal};
use super::problem::Problem;
use crate::proxy::unix_ms;
use crate::sessions::Mark;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/v1/sessions", Access::View, "Live sessions, the latest first. No titles, no turns.", list)
            .query::<SessionFilter>()
            .answers::<Page<SessionRow>>(),
    ]
}

async fn list(
    State(control): State<Control>,
    by: Principal,
    filter: Result<Query<SessionFilter>, QueryRejection>,
) -> Result<Json<Page<SessionRow>>, Problem> {
    control.list_sessions(&by, read(filter)?).await.map(Json)
}

impl Control {
    /// A page of live sessions, the latest first. One that is used meanwhile moves to the front.
    pub async fn list_sessions(&self, _by: &Principal, filter: SessionFilter) -> Result<Page<SessionRow>, Problem> {
        let SessionFilter { user, cursor, limit } = filter;
        let user = user.filter(|user| !user.is_empty()).as_deref().map(parse_user).transpose()?;
        let behind = cursor.map(|cursor| Mark::decode(&cursor).ok_or_else(bad_cursor)).transpose()?;
        let (live, next) = self.services.sessions.list_live(user.as_ref(), behind, page_size(limit), unix_ms());
        let row = |(user, session): (_, crate::sessions::LiveSession)| SessionRow {
            user,
            session: session.id,
            used_at: session.used_at,
            requests: session.requests,
            running: session.running,
        };
        Ok(Page { items: live.into_iter().map(row).collect(), next: next.map(Mark::encode), total: None })
    }
}
