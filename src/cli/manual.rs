//! `memgate completions` and `memgate man`: what is made of the command line itself.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::args::Cli;
use super::output::Failure;

#[derive(Debug, Args)]
pub(super) struct CompletionArgs {
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManualArgs {
    /// Write the pages of all commands into this directory, in place of printing the first one.
    #[arg(long)]
    dir: Option<PathBuf>,
}

pub(super) fn print_completions(args: &CompletionArgs, out: &mut dyn Write) -> Result<(), Failure> {
    // By way of a buffer: what cannot be written is no panic.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "memgate", &mut script);
    Ok(out.write_all(&script)?)
}

pub(super) fn print_manual(args: &ManualArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let Some(dir) = &args.dir else { return Ok(clap_mangen::Man::new(Cli::command()).render(out)?) };
    std::fs::create_dir_all(dir)?;
    Ok(clap_mangen::generate_to(Cli::command(), dir)?)
}
