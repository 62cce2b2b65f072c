//! One run that measures, side by side on this machine: direct, nginx, bare pingora and memgate with everything on.
//!
//! Load, upstream and proxies share the machine and the loopback device. Short slices of each variant take turns and the
//! medians over the rounds are reported, ratios within a round first, because machines are noisy.

mod body;
mod load;
mod memgate;
mod process;
mod report;
mod sign;
mod stream;
mod upstream;
mod variant;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use body::Corpus;
use load::Slice;
use report::{Case, Report};
use variant::Variant;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What to measure, and for how long.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Rounds; each measures every variant once.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Length of one slice in milliseconds.
    #[arg(long, default_value_t = 1000)]
    slice_ms: u64,
    /// Worker threads of every proxy.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Body sizes in KB.
    #[arg(long, value_delimiter = ',', default_values_t = [4, 64])]
    kilobytes: Vec<usize>,
    /// Numbers of connections.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 32])]
    connections: Vec<usize>,
    /// Events of each measured stream, 5 ms apart.
    #[arg(long, default_value_t = 200)]
    events: usize,
    /// Streams at once. Their events fall together, so with several the figure is about queueing too.
    #[arg(long, default_value_t = 1)]
    streams: usize,
    /// Variants to leave out: nginx, memgate.
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
    /// The binary to measure.
    #[arg(long, default_value = "target/release/memgate")]
    binary: PathBuf,
}

impl Options {
    fn slice(&self) -> Duration {
        Duration::from_millis(self.slice_ms)
    }
}

/// Runs the comparison and prints it.
pub fn run(options: &Options) -> Outcome<()> {
    let scratch = tempfile::tempdir()?;
    let upstream = upstream::start(options.events)?;
    let (variants, notes) = variant::start_all(options, upstream, scratch.path())?;
    let mut numbers = Numbers(0);
    let mut report = Report::new(options, &variants, notes);
    for &kilobytes in &options.kilobytes {
        let corpus = Corpus::new(kilobytes * 1024, false);
        for &connections in &options.connections {
            let title = report::title(kilobytes, connections);
            eprintln!("{title}");
            let mut case = Case::new(title, &variants);
            for round in 0..options.rounds {
                for at in rotated(variants.len(), round) {
                    case.add(at, &measure(&variants[at], &corpus, &mut numbers, connections, options.slice())?);
                }
            }
            report.push(case);
        }
    }
    eprintln!("streams");
    let corpus = Corpus::new(4096, true);
    let mut case = Case::new("streams".to_owned(), &variants);
    for round in 0..options.rounds {
        for at in rotated(variants.len(), round) {
            case.add_stream(at, &stream::measure(&variants[at], &corpus, numbers.take(options.streams), options.streams)?);
        }
    }
    report.push_streams(case);
    print!("{report}");
    Ok(())
}

/// Numbers of requests, none given twice in a run: no two questions are equal.
struct Numbers(usize);

impl Numbers {
    /// The first of the next `count` numbers.
    fn take(&mut self, count: usize) -> usize {
        let first = self.0;
        self.0 += count;
        first
    }
}

/// Every index once, starting one further each round, so that no variant always follows the same one.
fn rotated(count: usize, round: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |at| (at + round) % count)
}

/// One slice of one variant: the load, and what the proxy's process spent on it.
fn measure(variant: &Variant, corpus: &Corpus, numbers: &mut Numbers, connections: usize, length: Duration) -> Outcome<Slice> {
    // More than the fastest variant has been seen to take: a slice ends early rather than send a request twice.
    let ahead = usize::try_from(length.as_millis())? * 120;
    let requests = sign::requests(corpus, variant.address, numbers.take(ahead), ahead);
    let before = variant.cpu()?;
    let mut slice = load::run(variant.address, corpus, requests, connections, length)?;
    slice.cpu = variant.cpu()?.saturating_sub(before);
    Ok(slice)
}
