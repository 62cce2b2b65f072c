//! Exit codes only: everything else is in the library.

use std::path::Path;
use std::process::ExitCode;

use memgate::app::{self, AppError};
use memgate::cli::{self, Failure};
use mimalloc::MiMalloc;

/// A request makes many small allocations across threads; the system's allocator takes twice as long for them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    cli::main(run)
}

fn run(config: &Path) -> Result<(), Failure> {
    match app::run(config) {
        Err(AppError::Config(faults)) => Err(Failure::config(config, faults)),
        ended => ended.map_err(Failure::other),
    }
}
