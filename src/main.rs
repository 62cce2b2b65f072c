//! Exit codes only: everything else is in the library.

use std::path::Path;
use std::process::ExitCode;

use memgate::app::{self, AppError};
use memgate::cli::{self, Failure};

fn main() -> ExitCode {
    cli::main(run)
}

fn run(config: &Path) -> Result<(), Failure> {
    app::run(config).map_err(|error| match error {
        AppError::Config(faults) => Failure::config(config, faults),
        other => Failure::other(other),
    })
}
