//! `memgate sessions`

use std::io::Write;

use clap::Args;

use super::args::{ControlArgs, PageArgs};
use super::output::{self, Failure};
use super::print_page;
use crate::admin::api::{SessionFilter, SessionRow};
use crate::client::Client;
use crate::ids::UserId;

#[derive(Debug, Args)]
pub(super) struct SessionArgs {
    /// Of one user alone.
    #[arg(long)]
    user: Option<UserId>,
    #[command(flatten)]
    page: PageArgs,
    #[command(flatten)]
    control: ControlArgs,
}

pub(super) fn list(args: &SessionArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let SessionArgs { user, page, control } = args;
    let user = user.as_ref().map(ToString::to_string);
    let filter = SessionFilter { user, cursor: page.cursor.clone(), limit: page.size() };
    let ask = async |client: &Client, filter: &SessionFilter| client.list_sessions(filter).await;
    let row = |session: &SessionRow| {
        let SessionRow { user, session, used_at, requests, running } = session;
        [user.to_string(), session.as_str().to_owned(), output::time(*used_at), requests.to_string(), running.to_string()]
    };
    print_page(control, page, filter, ask, ["USER", "SESSION", "USED", "REQUESTS", "RUNNING"], row, out)
}
