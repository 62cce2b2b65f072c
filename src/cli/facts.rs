//! `memgate facts …`

use std::io::Write;

use clap::{Args, Subcommand};

use super::args::{ConfirmArgs, ControlArgs, PageArgs, ReasonArgs};
use super::output::{self, Failure};
use super::{print_page, with_client};
use crate::admin::api::{AddFact, AmendFact, FactFilter, FactView};
use crate::client::Client;
use crate::ids::{FactId, UserId};

#[derive(Debug, Subcommand)]
pub(super) enum FactsCommand {
    /// List what is remembered of a user. On record.
    List {
        /// `tenant:name`, or a name in the default tenant.
        user: UserId,
        #[command(flatten)]
        filter: FilterArgs,
        #[command(flatten)]
        reason: ReasonArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Write a fact for a user. On record.
    Add {
        user: UserId,
        text: String,
        #[arg(long)]
        kind: Option<String>,
        /// Recall it always.
        #[arg(long)]
        pinned: bool,
        #[command(flatten)]
        reason: ReasonArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Change the text or the kind of a fact. On record.
    Edit {
        #[command(flatten)]
        which: WhichArgs,
        #[arg(long, required_unless_present = "kind")]
        text: Option<String>,
        #[arg(long)]
        kind: Option<String>,
    },
    /// Let a fact that waits for a review be recalled. On record.
    Approve(WhichArgs),
    /// Recall a fact always. On record.
    Pin(WhichArgs),
    /// Recall a fact where it fits, again. On record.
    Unpin(WhichArgs),
    /// Recall a fact no more. It stays in the history. On record.
    Forget(WhichArgs),
    /// Delete a fact. It cannot be undone. On record.
    Delete {
        #[command(flatten)]
        which: WhichArgs,
        #[command(flatten)]
        confirm: ConfirmArgs,
    },
}

/// One fact of one user.
#[derive(Debug, Args)]
pub(super) struct WhichArgs {
    user: UserId,
    /// The fact's id.
    fact: FactId,
    #[command(flatten)]
    reason: ReasonArgs,
    #[command(flatten)]
    control: ControlArgs,
}

/// Which facts are listed.
#[derive(Debug, Args)]
pub(super) struct FilterArgs {
    /// What to search for, as recall does.
    #[arg(long)]
    search: Option<String>,
    #[arg(long, value_parser = ["active", "held", "forgotten"])]
    status: Option<String>,
    #[arg(long)]
    kind: Option<String>,
    /// Facts that ceased to hold, too.
    #[arg(long)]
    history: bool,
    #[command(flatten)]
    pub page: PageArgs,
}

impl FilterArgs {
    pub(super) fn filter(&self) -> FactFilter {
        let (search, status, kind) = (self.search.clone(), self.status.clone(), self.kind.clone());
        FactFilter { search, status, kind, history: self.history, cursor: self.page.cursor.clone(), limit: self.page.size() }
    }
}

pub(super) const HEADING: [&str; 7] = ["ID", "TEXT", "KIND", "STATUS", "PINNED", "SINCE", "SAID"];

pub(super) fn execute(command: FactsCommand, out: &mut dyn Write) -> Result<(), Failure> {
    let amend = |status: Option<&str>, pinned| AmendFact { status: status.map(str::to_owned), pinned, ..AmendFact::default() };
    match command {
        FactsCommand::List { user, filter, reason, control } => {
            let ask = async |client: &Client, asked: &FactFilter| client.list_facts(&user, &reason.reason, asked).await;
            print_page(&control, &filter.page, filter.filter(), ask, HEADING, row, out)
        }
        FactsCommand::Add { user, text, kind, pinned, reason, control } => {
            let fact = AddFact { text, kind, pinned };
            let added = with_client(&control, async |client| client.add_fact(&user, &reason.reason, &fact).await)?;
            show(&added, "was added", &control, out)
        }
        FactsCommand::Edit { which, text, kind } => {
            change(&which, &AmendFact { text, kind, ..AmendFact::default() }, "was changed", out)
        }
        FactsCommand::Approve(which) => change(&which, &amend(Some("active"), None), "was approved", out),
        FactsCommand::Pin(which) => change(&which, &amend(None, Some(true)), "was pinned", out),
        FactsCommand::Unpin(which) => change(&which, &amend(None, Some(false)), "was unpinned", out),
        FactsCommand::Forget(which) => change(&which, &amend(Some("forgotten"), None), "was forgotten", out),
        FactsCommand::Delete { which: WhichArgs { user, fact, reason, control }, confirm } => {
            confirm.require(&format!("deleting {fact}"), &fact.to_string())?;
            with_client(&control, async |client| client.delete_fact(&user, &reason.reason, fact).await)?;
            Ok(writeln!(out, "The fact {fact} was deleted.")?)
        }
    }
}

fn change(which: &WhichArgs, change: &AmendFact, done: &str, out: &mut dyn Write) -> Result<(), Failure> {
    let WhichArgs { user, fact, reason, control } = which;
    let fact = with_client(control, async |client| client.amend_fact(user, &reason.reason, *fact, change).await)?;
    show(&fact, done, control, out)
}

fn show(fact: &FactView, done: &str, control: &ControlArgs, out: &mut dyn Write) -> Result<(), Failure> {
    if control.json {
        return output::print_json(fact, out);
    }
    writeln!(out, "The fact {} {done}.", fact.id)?;
    Ok(output::print_table(HEADING, &[row(fact)], out)?)
}

pub(super) fn row(fact: &FactView) -> [String; 7] {
    let source = &fact.source;
    let said = format!("{}, {}, {}", source.client, source.assurance, source.origin);
    let status = match (&fact.held_for, fact.current) {
        (Some(reason), false) if fact.status == "held" => format!("held: {reason}"),
        (_, false) if fact.status == "active" => "of the past".to_owned(),
        _ => fact.status.clone(),
    };
    let since = output::time(fact.valid_at);
    [fact.id.to_string(), fact.text.clone(), fact.kind.clone(), status, output::mark(fact.pinned), since, said]
}
