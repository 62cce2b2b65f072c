//! The command line. Commands parse, call what does the work, and print.

mod args;
mod audit;
mod budget;
mod config_file;
mod connect;
mod credential;
mod decisions;
mod doctor;
mod facts;
mod keys;
mod manual;
mod output;
mod overview;
mod sandbox;
mod sessions;
mod sign;
mod table;
mod tenant;
#[cfg(test)]
mod tests;
mod users;
mod vault;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::admin;
use crate::config;
use args::{Cli, Command, ControlArgs, UserCommand};
use connect::{print_page, with_client};
pub use output::Failure;

/// Runs the command line of this process. `run` starts the proxy and returns when it has ended.
pub fn main(run: impl FnOnce(&Path) -> Result<(), Failure>) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version come this way too; they go to standard output and end well.
        Err(usage) => {
            let shown = usage.print();
            return if shown.is_ok() && !usage.use_stderr() { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    table::measure_terminal();
    match execute(cli.command, run, &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has read enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // With standard error gone too, the exit code is what is left to tell.
            let _ = output::report(&failure, &mut io::stderr().lock());
            failure.exit_code()
        }
    }
}

fn execute(command: Command, run: impl FnOnce(&Path) -> Result<(), Failure>, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        Command::Run(file) => run(&file.config),
        Command::Check(file) => {
            config::load(&file.config).map_err(|faults| Failure::config(&file.config, faults))?;
            writeln!(out, "{} is fine.", file.config.display())?;
            Ok(())
        }
        Command::Schema { openapi: true } => Ok(out.write_all(admin::openapi().map_err(Failure::other)?.as_bytes())?),
        Command::Admin(command) => credential::execute(&command, &mut io::stdin().lock(), out),
        Command::Schema { openapi: false } => Ok(out.write_all(config::schema().map_err(Failure::other)?.as_bytes())?),
        Command::Version => Ok(writeln!(out, "memgate {}", env!("CARGO_PKG_VERSION"))?),
        Command::Sign(request) => sign::print_signed(&request, &mut io::stdin().lock(), out),
        Command::Completions(shell) => manual::print_completions(&shell, out),
        Command::Man(pages) => manual::print_manual(&pages, out),
        Command::Doctor(args) => doctor::examine(&args, out),
        Command::Reload(control) => reload(&control, out),
        Command::Status(control) => overview::status(&control, out),
        Command::Overview(control) => overview::overview(&control, out),
        Command::Clients(control) => overview::clients(&control, out),
        Command::Upstreams(control) => overview::upstreams(&control, out),
        Command::Users(command) => users::execute(command, out),
        Command::Facts(command) => facts::execute(command, out),
        Command::Sandbox(command) => sandbox::execute(command, out),
        Command::Keys(command) | Command::User(UserCommand::Key(command)) => keys::execute(command, out),
        Command::User(UserCommand::Trust(command)) => users::lower(command, out),
        Command::Sessions(args) => sessions::list(&args, out),
        Command::Decisions(args) => decisions::list(args, out),
        Command::Explain { request, control } => decisions::explain(&request, &control, out),
        Command::Whatif(args) => decisions::replay(&args, out),
        Command::Shadow(control) => decisions::shadow(&control, out),
        Command::Audit(command) => audit::execute(command, out),
        Command::Budget(command) => budget::execute(command, out),
        Command::Config(command) => config_file::execute(command, out),
        Command::Tenant(command) => tenant::execute(command, out),
        Command::Vault(command) => vault::execute(command, out),
    }
}

fn reload(control: &ControlArgs, out: &mut dyn Write) -> Result<(), Failure> {
    with_client(control, async |client| client.reload().await)?;
    Ok(writeln!(out, "The configuration was applied.")?)
}
