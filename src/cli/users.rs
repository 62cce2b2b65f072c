//! `memgate users …`

use std::io::Write;

use clap::{Subcommand, ValueEnum};

use super::args::{ConfirmArgs, ControlArgs, PageArgs, ReasonArgs};
use super::output::{self, Failure};
use super::{print_page, with_client};
use crate::admin::api::{ErasedView, MergeView, Seen, UserDetail, UserFilter, UserRow, VisitView};
use crate::client::Client;
use crate::identity::Assurance;
use crate::ids::{RequestId, UserId};

#[derive(Debug, Subcommand)]
pub(super) enum UsersCommand {
    /// List users in the order of their names.
    List {
        /// Part of the name, whatever its case.
        #[arg(long)]
        search: Option<String>,
        #[arg(long)]
        tenant: Option<String>,
        #[command(flatten)]
        page: PageArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Show one user: counts and hints, nothing of what is remembered.
    Show {
        /// `tenant:name`, or a name in the default tenant.
        user: UserId,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Erase all that is kept of a user. It cannot be undone. On record.
    Erase {
        user: UserId,
        #[command(flatten)]
        reason: ReasonArgs,
        #[command(flatten)]
        confirm: ConfirmArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Move what is remembered of another identity of the same person into this one. On record.
    Merge {
        /// Who has it from now on.
        into: UserId,
        /// The other identity.
        from: UserId,
        #[command(flatten)]
        reason: ReasonArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Give back what a merge moved. On record.
    UndoMerge {
        /// Who has it now.
        into: UserId,
        /// The merge's id, as `memgate users show` has it.
        id: RequestId,
        #[command(flatten)]
        reason: ReasonArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// List when operators looked at or changed what is remembered of a user.
    Visits {
        user: UserId,
        #[command(flatten)]
        page: PageArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// How much a user must prove.
    #[command(subcommand)]
    Trust(TrustCommand),
}

#[derive(Debug, Subcommand)]
pub(super) enum TrustCommand {
    /// Lower a user's trust ratchet, so that weaker evidence opens the user's memory again. On record.
    Lower {
        user: UserId,
        /// The weakest evidence that is to do from now on. Left out, the ratchet is taken off.
        #[arg(long)]
        to: Option<Level>,
        #[command(flatten)]
        control: ControlArgs,
    },
}

/// A level that a ratchet can have.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Level {
    Asserted,
    Vouched,
    Verified,
}

impl From<Level> for Assurance {
    fn from(level: Level) -> Self {
        match level {
            Level::Asserted => Self::Asserted,
            Level::Vouched => Self::Vouched,
            Level::Verified => Self::Verified,
        }
    }
}

pub(super) fn execute(command: UsersCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        UsersCommand::List { search, tenant, page, control } => {
            let filter = UserFilter { search, tenant, cursor: page.cursor.clone(), limit: page.size() };
            let ask = async |client: &Client, filter: &UserFilter| client.list_users(filter).await;
            print_page(&control, &page, filter, ask, ["USER", "SINCE", "RATCHET", "KEYS", "SEEN", "BY"], row, out)
        }
        UsersCommand::Show { user, control } => {
            let user = with_client(&control, async |client| client.show_user(&user).await)?;
            if control.json { output::print_json(&user, out) } else { show(user, out) }
        }
        UsersCommand::Erase { user, reason, confirm, control } => {
            confirm.require(&format!("erasing {user}"), &user.to_string())?;
            let erased = with_client(&control, async |client| client.erase_user(&user, &reason.reason).await)?;
            if control.json { output::print_json(&erased, out) } else { tell_erased(&erased, out) }
        }
        UsersCommand::Merge { into, from, reason, control } => {
            let merged = with_client(&control, async |client| client.merge_users(&into, &from, &reason.reason).await)?;
            if control.json {
                return output::print_json(&merged, out);
            }
            let MergeView { id, from, into, facts, .. } = merged;
            writeln!(out, "{facts} fact(s) of {from} are {into}'s now.")?;
            Ok(writeln!(out, "`memgate users undo-merge {into} {id}` gives them back.")?)
        }
        UsersCommand::UndoMerge { into, id, reason, control } => {
            let undone = with_client(&control, async |client| client.undo_merge(&into, id, &reason.reason).await)?;
            if control.json {
                return output::print_json(&undone, out);
            }
            Ok(writeln!(out, "{} has back what was brought into {}.", undone.from, undone.into)?)
        }
        UsersCommand::Visits { user, page, control } => visits(&user, &page, &control, out),
        UsersCommand::Trust(command) => lower(command, out),
    }
}

pub(super) fn lower(command: TrustCommand, out: &mut dyn Write) -> Result<(), Failure> {
    let TrustCommand::Lower { user, to, control } = command;
    let to = to.map(Into::into);
    let view = with_client(&control, async |client| client.lower_ratchet(&user, to).await)?;
    if control.json {
        return output::print_json(&view, out);
    }
    let told = if view.lowered { "was lowered" } else { "was no higher; nothing was changed" };
    Ok(writeln!(out, "The trust ratchet of {} {told}.", view.user)?)
}

fn row(user: &UserRow) -> [String; 6] {
    let ratchet = output::or_dash(user.ratchet.map(Assurance::as_str));
    let (seen, by) = seen_cells(user.seen.as_ref());
    [user.user.to_string(), output::time(user.created_at), ratchet, user.keys.to_string(), seen, by]
}

/// When somebody was last seen, and by which client with what evidence.
pub(super) fn seen_cells(seen: Option<&Seen>) -> (String, String) {
    let by = seen.map(|seen| match &seen.source {
        Some(source) => format!("{}, {source}", seen.client),
        None => seen.client.to_string(),
    });
    (output::time_or_dash(seen.map(|seen| seen.at)), output::or_dash(by))
}

fn show(detail: UserDetail, out: &mut dyn Write) -> Result<(), Failure> {
    let UserDetail { row, facts, bytes, keys_made, upstream_keys, erased_at, merges, waiting_turns } = detail;
    let (seen, by) = seen_cells(row.seen.as_ref());
    let upstream_keys: Vec<_> = upstream_keys.iter().map(|key| format!("{} …{}", key.provider, key.hint)).collect();
    let fields = [
        ("user", row.user.to_string()),
        ("since", output::time(row.created_at)),
        ("ratchet", output::or_dash(row.ratchet.map(Assurance::as_str))),
        ("seen", seen),
        ("by", by),
        ("requests", row.seen.map_or(0, |seen| seen.requests).to_string()),
        ("facts", format!("{} active, {} held", facts.active, facts.held)),
        ("past facts", format!("{} forgotten, {} of the past", facts.forgotten, facts.history)),
        ("file", format!("{bytes} bytes")),
        ("waiting turns", waiting_turns.to_string()),
        ("upstream keys", output::join(&upstream_keys)),
        ("erased", output::time_or_dash(erased_at)),
    ];
    output::print_fields(&fields, out)?;
    if !keys_made.is_empty() {
        writeln!(out)?;
        super::keys::print(&keys_made, out)?;
    }
    if !merges.is_empty() {
        let rows: Vec<[String; 5]> = merges.iter().map(merge_row).collect();
        writeln!(out)?;
        output::print_table(["MERGE", "FROM", "AT", "FACTS", "UNDONE"], &rows, out)?;
    }
    Ok(())
}

fn merge_row(merge: &MergeView) -> [String; 5] {
    let undone = output::time_or_dash(merge.undone_at);
    [merge.id.to_string(), merge.from.to_string(), output::time(merge.at), merge.facts.to_string(), undone]
}

fn tell_erased(erased: &ErasedView, out: &mut dyn Write) -> Result<(), Failure> {
    let records: u64 = erased.records.values().sum();
    writeln!(out, "{} was erased: {records} record(s), {} bytes.", erased.user, erased.bytes)?;
    Ok(writeln!(out, "The audit log has it as {}.", erased.receipt)?)
}

/// The list of visits is asked for by its cursor alone.
#[derive(Debug, Clone)]
struct VisitFilter {
    cursor: Option<String>,
}

impl crate::client::Paged for VisitFilter {
    fn cursor(&mut self) -> &mut Option<String> {
        &mut self.cursor
    }
}

fn visits(user: &UserId, page: &PageArgs, control: &ControlArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let filter = VisitFilter { cursor: page.cursor.clone() };
    let ask = async |client: &Client, filter: &VisitFilter| client.list_visits(user, filter.cursor.as_deref()).await;
    let row = |visit: &VisitView| [output::time(visit.at), visit.operator.clone(), visit.act.clone(), visit.reason.clone()];
    print_page(control, page, filter, ask, ["TIME", "OPERATOR", "ACT", "REASON"], row, out)
}
