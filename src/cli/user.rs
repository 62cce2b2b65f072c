//! `memgate user …`

use std::io::Write;

use super::args::{KeyCommand, TrustCommand, UserCommand};
use super::output::{self, Failure};
use super::with_client;

pub(super) fn execute(command: UserCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        UserCommand::Key(KeyCommand::Add { user, label, control }) => {
            let made = with_client(&control, async |client| client.make_user_key(&user, &label).await)?;
            if control.json {
                return output::print_json(&made, out);
            }
            writeln!(out, "{}", made.key.0)?;
            writeln!(out, "This key stands for {} and is not shown again. Its id is {}.", made.user, made.id)?;
        }
        UserCommand::Key(KeyCommand::List { user, control }) => {
            let list = with_client(&control, async |client| client.list_user_keys(user.as_ref()).await)?;
            if control.json {
                return output::print_json(&list, out);
            }
            let rows: Vec<[String; 6]> = list
                .keys
                .into_iter()
                .map(|key| {
                    let revoked = key.revoked_at.map_or_else(|| "-".to_owned(), output::time);
                    let created = output::time(key.created_at);
                    [key.id.to_string(), key.user.to_string(), key.label, format!("…{}", key.hint), created, revoked]
                })
                .collect();
            output::print_table(["ID", "USER", "LABEL", "KEY", "CREATED", "REVOKED"], &rows, out)?;
        }
        UserCommand::Key(KeyCommand::Revoke { id, control }) => {
            with_client(&control, async |client| client.revoke_user_key(id).await)?;
            writeln!(out, "The key {id} was revoked.")?;
        }
        UserCommand::Trust(TrustCommand::Lower { user, to, control }) => {
            let to = to.map(Into::into);
            let view = with_client(&control, async |client| client.lower_ratchet(&user, to).await)?;
            if control.json {
                return output::print_json(&view, out);
            }
            let told = if view.lowered { "was lowered" } else { "was no higher; nothing was changed" };
            writeln!(out, "The trust ratchet of {} {told}.", view.user)?;
        }
    }
    Ok(())
}
