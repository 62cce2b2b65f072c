//! How commands speak to the running memgate.

use std::io::Write;

use serde::Serialize;

use super::args::{ControlArgs, PageArgs};
use super::output::{self, Failure};
use crate::admin::api::Page;
use crate::client::{Client, ClientError, Paged, gather};
use crate::config;
use crate::setting::{Faults, Secret, SecretRef};

/// The environment variable that holds the token for an admin listener.
const TOKEN: &str = "MEMGATE_ADMIN_TOKEN";
/// Most entries that are shown of a list.
const MOST: usize = 100_000;

/// Calls the running memgate: at the address, by the socket that was named, or by the one that the configuration names.
pub(super) fn with_client<T>(
    control: &ControlArgs,
    call: impl AsyncFnOnce(Client) -> Result<T, ClientError>,
) -> Result<T, Failure> {
    let client = connect(control)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(call(client)).map_err(|error| Failure::from_client(error, &control.config))
}

/// A client of the memgate that was named. Connects when it is first used.
pub(super) fn connect(control: &ControlArgs) -> Result<Client, Failure> {
    let client = if let Some(url) = &control.url {
        Client::at(url, read_token(control)?.as_ref())
    } else if let Some(socket) = &control.socket {
        Client::new(socket)
    } else {
        // Faults elsewhere in the file are no obstacle: `memgate reload` is how a running memgate tells of them.
        let (file, faults) = config::read_shape(&control.config);
        let file = file.ok_or_else(|| Failure::config(&control.config, faults))?;
        Client::new(&file.admin.resolve("admin", &mut Faults::default()).socket)
    };
    client.map_err(|error| Failure::from_client(error, &control.config))
}

fn read_token(control: &ControlArgs) -> Result<Option<Secret>, Failure> {
    let (place, source) = match &control.token_file {
        Some(path) => ("--token-file", SecretRef::File(path.clone())),
        None if std::env::var_os(TOKEN).is_some() => (TOKEN, SecretRef::Env(TOKEN.to_owned())),
        // An admin listener without credentials asks for none.
        None => return Ok(None),
    };
    let mut faults = Faults::default();
    if let Some(token) = source.resolve(place, &mut faults) {
        return Ok(Some(token));
    }
    let reasons: Vec<String> = faults.into_vec().into_iter().map(|fault| fault.reason).collect();
    Err(Failure::Usage(format!("{place}: {}", reasons.join("; "))))
}

/// Shows a page of a list, or the whole list.
#[expect(clippy::needless_pass_by_value, reason = "callers write the closures where they call")]
pub(super) fn print_page<F: Paged, T: Serialize, const N: usize>(
    control: &ControlArgs,
    page: &PageArgs,
    filter: F,
    ask: impl AsyncFn(&Client, &F) -> Result<Page<T>, ClientError>,
    heading: [&str; N],
    row: impl Fn(&T) -> [String; N],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let most = if page.all { MOST } else { 1 };
    let found = with_client(control, async |client| gather(filter, most, async |filter: &F| ask(&client, filter).await).await)?;
    if control.json {
        return output::print_json(&found, out);
    }
    let rows: Vec<[String; N]> = found.items.iter().map(row).collect();
    output::print_table(heading, &rows, out)?;
    if let Some(next) = &found.next {
        let of = found.total.map_or_else(String::new, |total| format!(" of {total}"));
        let next = crate::telemetry::inert(next);
        writeln!(out, "\n{}{of} shown. Go on with --cursor {next}, or see --all.", rows.len())?;
    }
    Ok(())
}
