//! `memgate sandbox …`

use std::io::Write;

use clap::Subcommand;

use super::args::{ConfirmArgs, ControlArgs, PageArgs, ReasonArgs};
use super::facts::{self, FilterArgs};
use super::output::{self, Failure};
use super::users::seen_cells;
use super::{print_page, with_client};
use crate::admin::api::{FactFilter, PromoteSandbox, SandboxDetail, SandboxFilter, SandboxRow};
use crate::client::Client;
use crate::ids::{FactId, UserId};

#[derive(Debug, Subcommand)]
pub(super) enum SandboxCommand {
    /// List sandboxes, the youngest first.
    List {
        #[command(flatten)]
        page: PageArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Show one sandbox: counts, nothing of what is remembered.
    Show {
        /// The digest that names it.
        id: String,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// List what is remembered in a sandbox. On record.
    Facts {
        id: String,
        #[command(flatten)]
        filter: FilterArgs,
        #[command(flatten)]
        reason: ReasonArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Give facts that you have reviewed to a user. On record.
    Promote {
        id: String,
        /// Whose they are from now on.
        #[arg(long)]
        to: UserId,
        /// The facts that are approved, by id. The others stay where they are.
        #[arg(long = "fact", required = true)]
        facts: Vec<FactId>,
        /// End the sandbox afterwards, with what is left in it.
        #[arg(long)]
        end: bool,
        #[command(flatten)]
        reason: ReasonArgs,
        #[command(flatten)]
        confirm: ConfirmArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// End a sandbox with all that is in it. It cannot be undone. On record.
    End {
        id: String,
        #[command(flatten)]
        confirm: ConfirmArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
}

pub(super) fn execute(command: SandboxCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        SandboxCommand::List { page, control } => {
            let filter = SandboxFilter { cursor: page.cursor.clone(), limit: page.size() };
            let ask = async |client: &Client, filter: &SandboxFilter| client.list_sandboxes(filter).await;
            print_page(&control, &page, filter, ask, ["ID", "SINCE", "UNTIL", "SEEN", "BY", "BYTES"], row, out)
        }
        SandboxCommand::Show { id, control } => {
            let sandbox = with_client(&control, async |client| client.show_sandbox(&id).await)?;
            if control.json { output::print_json(&sandbox, out) } else { show(sandbox, out) }
        }
        SandboxCommand::Facts { id, filter, reason, control } => {
            let ask = async |client: &Client, asked: &FactFilter| client.list_sandbox_facts(&id, &reason.reason, asked).await;
            print_page(&control, &filter.page, filter.filter(), ask, facts::HEADING, facts::row, out)
        }
        SandboxCommand::Promote { id, to, facts, end, reason, confirm, control } => {
            if end {
                confirm.require("ending the sandbox", "end")?;
            }
            let promotion = PromoteSandbox { user: to.to_string(), facts, end };
            let promoted = with_client(&control, async |client| client.promote_sandbox(&id, &reason.reason, &promotion).await)?;
            if control.json {
                return output::print_json(&promoted, out);
            }
            let (user, written, known) = (promoted.user, promoted.written.len(), promoted.known);
            writeln!(out, "{user} has {written} fact(s) more; {known} were known already.")?;
            if promoted.ended {
                writeln!(out, "The sandbox was ended.")?;
            }
            Ok(())
        }
        SandboxCommand::End { id, confirm, control } => {
            confirm.require("ending the sandbox", "end")?;
            with_client(&control, async |client| client.end_sandbox(&id).await)?;
            Ok(writeln!(out, "The sandbox was ended.")?)
        }
    }
}

fn row(sandbox: &SandboxRow) -> [String; 6] {
    let (seen, by) = seen_cells(sandbox.seen.as_ref());
    let (since, until) = (output::time(sandbox.created_at), output::time(sandbox.expires_at));
    [sandbox.id.clone(), since, until, seen, by, sandbox.bytes.to_string()]
}

fn show(detail: SandboxDetail, out: &mut dyn Write) -> Result<(), Failure> {
    let SandboxDetail { row, facts, waiting_turns } = detail;
    let (seen, by) = seen_cells(row.seen.as_ref());
    let fields = [
        ("sandbox", row.id),
        ("since", output::time(row.created_at)),
        ("until", output::time(row.expires_at)),
        ("seen", seen),
        ("by", by),
        ("facts", format!("{} active, {} held, {} forgotten", facts.active, facts.held, facts.forgotten)),
        ("waiting turns", waiting_turns.to_string()),
        ("file", format!("{} bytes", row.bytes)),
    ];
    Ok(output::print_fields(&fields, out)?)
}
