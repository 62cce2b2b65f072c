//! `memgate tenant …`

use std::io::Write;

use super::args::TenantCommand;
use super::output::{self, Failure};
use super::with_client;

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
        TenantCommand::Erase { name, yes: false, .. } => {
            let name = name.as_str();
            let reason = format!("erasing the tenant {name} cannot be undone: say `memgate tenant erase {name} --yes` to do it");
            return Err(Failure::Usage(reason));
        }
        TenantCommand::Erase { name, yes: true, control } => {
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
