//! `memgate keys …`

use std::io::Write;

use clap::Subcommand;

use super::args::ControlArgs;
use super::output::{self, Failure};
use super::with_client;
use crate::admin::api::{MadeUserKey, UserKeyView};
use crate::ids::{KeyId, UserId};

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a key and show it, this once.
    Add {
        /// `tenant:name`, or a name in the default tenant.
        user: UserId,
        /// What to call the key, such as `laptop`.
        #[arg(long, default_value = "")]
        label: String,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// List keys, of one user or of all.
    List {
        user: Option<UserId>,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Make a key in place of another, which is revoked, and show it, this once.
    Rotate {
        id: KeyId,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Revoke a key by its id.
    Revoke {
        id: KeyId,
        #[command(flatten)]
        control: ControlArgs,
    },
}

pub(super) fn execute(command: KeysCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        KeysCommand::Add { user, label, control } => {
            let made = with_client(&control, async |client| client.make_user_key(&user, &label).await)?;
            show_made(&made, &control, out)
        }
        KeysCommand::Rotate { id, control } => {
            let made = with_client(&control, async |client| client.rotate_user_key(id).await)?;
            show_made(&made, &control, out)
        }
        KeysCommand::List { user, control } => {
            let list = with_client(&control, async |client| client.list_user_keys(user.as_ref()).await)?;
            if control.json { output::print_json(&list, out) } else { print(&list.keys, out) }
        }
        KeysCommand::Revoke { id, control } => {
            with_client(&control, async |client| client.revoke_user_key(id).await)?;
            Ok(writeln!(out, "The key {id} was revoked.")?)
        }
    }
}

/// The key stands alone on its line, so that scripts can take it.
fn show_made(made: &MadeUserKey, control: &ControlArgs, out: &mut dyn Write) -> Result<(), Failure> {
    if control.json {
        return output::print_json(made, out);
    }
    writeln!(out, "{}", made.key.0)?;
    Ok(writeln!(out, "This key stands for {} and is not shown again. Its id is {}.", made.user, made.id)?)
}

pub(super) fn print(keys: &[UserKeyView], out: &mut dyn Write) -> Result<(), Failure> {
    let rows: Vec<[String; 6]> = keys
        .iter()
        .map(|key| {
            let (created, revoked) = (output::time(key.created_at), output::time_or_dash(key.revoked_at));
            [key.id.to_string(), key.user.to_string(), key.label.clone(), format!("…{}", key.hint), created, revoked]
        })
        .collect();
    Ok(output::print_table(["ID", "USER", "LABEL", "KEY", "CREATED", "REVOKED"], &rows, out)?)
}
