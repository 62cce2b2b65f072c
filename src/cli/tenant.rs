//! `memgate tenant …`

use std::io::Write;

use clap::Subcommand;

use super::args::{ConfirmArgs, ControlArgs};
use super::output::{self, Failure};
use super::with_client;
use crate::ids::TenantId;

#[derive(Debug, Subcommand)]
pub(super) enum TenantCommand {
    /// List tenants with their users, bytes and keys.
    List {
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Erase everything that is kept of a tenant's users, and revoke their keys. It cannot be undone. On record.
    Erase {
        #[arg(value_parser = TenantId::parse)]
        name: TenantId,
        #[command(flatten)]
        confirm: ConfirmArgs,
        #[command(flatten)]
        control: ControlArgs,
    },
}

pub(super) fn execute(command: TenantCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        TenantCommand::List { control } => {
            let list = with_client(&control, async |client| client.list_tenants().await)?;
            if control.json {
                return output::print_json(&list, out);
            }
            let rows: Vec<[String; 4]> = list
                .tenants
                .into_iter()
                .map(|row| [row.tenant.as_str().to_owned(), row.users.to_string(), row.bytes.to_string(), row.keys.to_string()])
                .collect();
            output::print_table(["TENANT", "USERS", "BYTES", "KEYS"], &rows, out)?;
        }
        TenantCommand::Erase { name, confirm, control } => {
            confirm.require(&format!("erasing the tenant {}", name.as_str()), name.as_str())?;
            let erased = with_client(&control, async |client| client.erase_tenant(&name).await)?;
            if control.json {
                return output::print_json(&erased, out);
            }
            let name = erased.tenant.as_str();
            if erased.users + erased.files + erased.keys == 0 {
                writeln!(out, "Nothing was kept of the tenant {name}.")?;
            } else {
                let (users, bytes, keys) = (erased.users, erased.bytes, erased.keys);
                writeln!(out, "The tenant {name} was erased: {users} user(s), {bytes} bytes of files, {keys} key(s) revoked.")?;
            }
            writeln!(out, "The audit log has it as {}.", erased.receipt)?;
        }
    }
    Ok(())
}
