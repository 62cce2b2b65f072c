//! The command line. Commands parse, call what does the work, and print.

mod args;
mod credential;
mod output;
mod sign;
mod tenant;
#[cfg(test)]
mod tests;
mod user;
mod vault;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::admin;
use crate::client::Client;
use crate::config;
use crate::setting::Faults;
use args::{Cli, Command, ControlArgs};
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
        Command::Reload(control) => reload(&control, out),
        Command::Status(control) => status(&control, out),
        Command::User(command) => user::execute(command, out),
        Command::Tenant(command) => tenant::execute(command, out),
        Command::Vault(command) => vault::execute(command, out),
    }
}

fn reload(control: &ControlArgs, out: &mut dyn Write) -> Result<(), Failure> {
    with_client(control, async |client| client.reload().await)?;
    Ok(writeln!(out, "The configuration was applied.")?)
}

fn status(control: &ControlArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let status = with_client(control, async |client| client.status().await)?;
    if control.json {
        return output::print_json(&status, out);
    }
    let rows = [
        ("version", status.version),
        ("started", output::time(status.started_at)),
        ("open streams", status.open_streams.to_string()),
        ("learning queue", format!("{} bytes", status.learning_queue_bytes)),
    ];
    for (name, value) in rows {
        writeln!(out, "{name:<16}{value}")?;
    }
    Ok(())
}

/// Calls the running memgate, by the socket that was named or that the configuration names.
fn with_client<T>(
    control: &ControlArgs,
    call: impl AsyncFnOnce(Client) -> Result<T, crate::client::ClientError>,
) -> Result<T, Failure> {
    let socket = if let Some(socket) = &control.socket {
        socket.clone()
    } else {
        // Faults elsewhere in the file are no obstacle: `memgate reload` is how a running memgate tells of them.
        let (file, faults) = config::read_shape(&control.config);
        let file = file.ok_or_else(|| Failure::config(&control.config, faults))?;
        file.admin.resolve("admin", &mut Faults::default()).socket
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { call(Client::new(&socket)?).await }).map_err(|error| Failure::from_client(error, &control.config))
}
