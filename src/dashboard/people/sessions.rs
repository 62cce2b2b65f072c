//! Live sessions: `/sessions`.

use axum::response::Response;
use maud::{Markup, html};

use super::parts::{Desk, moment, person};
use crate::admin::Problem;
use crate::admin::api::{Page, SessionFilter, SessionRow};
use crate::dashboard::shell::{Asked, Sheet, count, empty, filter_form, inert, number, paging, table, text_field, words};

pub(super) async fn list(Desk { control, by, frame }: Desk, Asked(filter): Asked<SessionFilter>) -> Result<Response, Problem> {
    let sessions = control.list_sessions(&by, filter.clone()).await?;
    let lead =
        html! { "Conversations in use, the latest first. Their titles and turns are the person's, and are not shown here." };
    Ok(frame.show(Sheet::new("Sessions", view(&filter, &sessions)).lead(lead)))
}

pub(super) fn view(filter: &SessionFilter, sessions: &Page<SessionRow>) -> Markup {
    let user = filter.user.as_deref();
    html! {
        (filter_form("/sessions", text_field("user", "User (tenant:name)", user)))
        (listed(&sessions.items))
        (paging("/sessions", &[("user", user)], filter.cursor.as_deref(), sessions.next.as_deref()))
    }
}

pub(super) fn listed(sessions: &[SessionRow]) -> Markup {
    let rows = sessions.iter().map(|row| {
        html! {
            tr {
                th scope="row" { (inert(row.session.as_str())) }
                td { (person(&row.user)) }
                td { (moment(row.used_at)) }
                td.n { (count(row.requests)) }
                td.n { (count(row.running.into())) }
            }
        }
    });
    let columns = [words("Session"), words("User"), words("Last used"), number("Requests"), number("Running")];
    html! { @if sessions.is_empty() { (empty("None.")) } @else { (table("Live sessions", &columns, rows)) } }
}
