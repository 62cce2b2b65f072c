//! `memgate vault …`

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;

use super::args::ControlArgs;
use super::output::{self, Failure};
use super::with_client;
use crate::admin::api::ShownKey;
use crate::setting::{Faults, SecretRef};

#[derive(Debug, Subcommand)]
pub(super) enum VaultCommand {
    /// Replace the master key while memgate runs. On record.
    Rotate {
        /// A file with the new key: 64 hexadecimal digits. Left out, memgate makes one, unless `storage.master_key` is configured.
        #[arg(long, conflicts_with = "key_env")]
        key_file: Option<PathBuf>,
        /// The environment variable that holds the new key.
        #[arg(long)]
        key_env: Option<String>,
        #[command(flatten)]
        control: ControlArgs,
    },
}

pub(super) fn execute(command: VaultCommand, out: &mut dyn Write) -> Result<(), Failure> {
    let VaultCommand::Rotate { key_file, key_env, control } = command;
    let source = match (key_file, key_env) {
        (Some(path), _) => Some(("--key-file", SecretRef::File(path))),
        (None, Some(name)) => Some(("--key-env", SecretRef::Env(name))),
        (None, None) => None,
    };
    let key = source.map(|(option, source)| read_key(option, &source)).transpose()?;
    let rotation = with_client(&control, async |client| client.rotate_master_key(key).await)?;
    if control.json {
        return output::print_json(&rotation, out);
    }
    if rotation.replaced {
        writeln!(out, "The master key was replaced, and wraps the keys of {} user(s).", rotation.users)?;
    } else {
        writeln!(out, "This is the master key in use; nothing was changed.")?;
    }
    if rotation.configured {
        writeln!(
            out,
            "Before the next start of memgate, let `storage.master_key` name this key: with the old one it will not start."
        )?;
    } else {
        writeln!(out, "It is in master.key. Back it up, apart from the data; copies of the data from before need the old one.")?;
    }
    Ok(())
}

fn read_key(option: &str, source: &SecretRef) -> Result<ShownKey, Failure> {
    let mut faults = Faults::default();
    if let Some(key) = source.resolve(option, &mut faults) {
        return Ok(ShownKey(String::from_utf8_lossy(key.expose()).into_owned()));
    }
    let reasons: Vec<String> = faults.into_vec().into_iter().map(|fault| fault.reason).collect();
    Err(Failure::Usage(format!("{option}: {}", reasons.join("; "))))
}
