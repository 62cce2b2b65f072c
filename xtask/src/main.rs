//! Chores of the repository: `cargo xtask bench` compares memgate with other proxies on this machine, `cargo xtask recall` ranks a
//! data set with the production code.

mod bench;
mod passthrough;
mod recall;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

/// As memgate's own: what is timed here allocates as it does there.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Chores of the memgate repository.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Compare direct, nginx, bare pingora and memgate side by side; prints Markdown.
    Bench(bench::Options),
    /// Rank a data set's items for its questions, through the real store; prints Markdown.
    Recall(recall::Options),
    /// Forward everything, do nothing: the bare pingora of the comparison.
    #[command(hide = true)]
    Passthrough {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        upstream: SocketAddr,
        #[arg(long, default_value_t = 1)]
        threads: usize,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Bench(options) => bench::run(&options),
        Chore::Recall(options) => recall::run(&options),
        Chore::Passthrough { listen, upstream, threads } => passthrough::run(listen, upstream, threads),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("xtask: {fault}");
            ExitCode::FAILURE
        }
    }
}
