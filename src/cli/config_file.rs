//! `memgate config …`

use std::io::Write;

use clap::Subcommand;

use super::args::ControlArgs;
use super::output::{self, Failure};
use super::with_client;
use crate::telemetry::inert;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Show the configuration in force, without secrets.
    Show {
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Check the file on the disk as a reload would take it, and show what would change. A faulty one ends with status 2.
    Check {
        #[command(flatten)]
        control: ControlArgs,
    },
}

pub(super) fn execute(command: ConfigCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        ConfigCommand::Show { control } => {
            let view = with_client(&control, async |client| client.show_config().await)?;
            if control.json {
                return output::print_json(&view, out);
            }
            writeln!(out, "# {}, read {}", inert(&view.path), output::time(view.loaded_at))?;
            view.text.lines().try_for_each(|line| writeln!(out, "{}", inert(line)))?;
            Ok(())
        }
        ConfigCommand::Check { control } => check(&control, out),
    }
}

fn check(control: &ControlArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let check = with_client(control, async |client| client.check_config().await)?;
    if control.json {
        output::print_json(&check, out)?;
    }
    if !check.valid {
        return Err(Failure::config(&control.config, check.faults.into_iter().map(Into::into).collect()));
    }
    if control.json {
        return Ok(());
    }
    if check.changes.is_empty() {
        return Ok(writeln!(out, "The file is fine, and says what is in force.")?);
    }
    writeln!(out, "The file is fine. A reload would change:")?;
    let rows: Vec<[String; 3]> =
        check.changes.into_iter().map(|change| [change.path, output::or_dash(change.from), output::or_dash(change.to)]).collect();
    Ok(output::print_table(["SETTING", "NOW", "THEN"], &rows, out)?)
}
