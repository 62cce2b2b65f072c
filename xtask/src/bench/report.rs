//! The figures as Markdown: medians over the rounds, ratios taken within a round first.

use std::fmt;

use super::Options;
use super::load::Slice;
use super::variant::Variant;

/// The variant that others are compared with.
const BASE: &str = "pingora, bare";

/// What memgate is expected to reach, printed beside what it reached.
const RPS_RATIO_AT_4_KB_32: f64 = 0.80;
const ADDED_P50_AT_4_KB_1_US: f64 = 150.0;
const ADDED_PER_EVENT_US: f64 = 100.0;

/// What a case is called.
pub fn title(kilobytes: usize, connections: usize) -> String {
    let plural = if connections == 1 { "" } else { "s" };
    format!("{kilobytes} KB, {connections} connection{plural}")
}

/// The figures of one slice.
#[derive(Debug, Clone, Copy)]
struct Figures {
    requests_per_second: f64,
    p50_us: f64,
    p99_us: f64,
    cpu_us: f64,
}

/// One table: for each variant its rounds, in order.
#[derive(Debug)]
pub struct Case {
    title: String,
    rounds: Vec<Vec<Figures>>,
}

impl Case {
    pub fn new(title: String, variants: &[Variant]) -> Self {
        Self { title, rounds: vec![Vec::new(); variants.len()] }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
    pub fn add(&mut self, variant: usize, slice: &Slice) {
        let count = slice.requests.max(1) as f64;
        self.rounds[variant].push(Figures {
            requests_per_second: slice.requests as f64 / slice.elapsed.as_secs_f64(),
            p50_us: percentile_us(&slice.latencies, 0.50),
            p99_us: percentile_us(&slice.latencies, 0.99),
            cpu_us: slice.cpu.as_secs_f64() * 1e6 / count,
        });
    }

    /// Adds the sorted delays of the events of one round.
    pub fn add_stream(&mut self, variant: usize, delays: &[u64]) {
        self.rounds[variant].push(Figures {
            requests_per_second: 0.0,
            p50_us: percentile_us(delays, 0.50),
            p99_us: percentile_us(delays, 0.99),
            cpu_us: 0.0,
        });
    }

    fn median(&self, variant: usize, figure: impl Fn(&Figures) -> f64) -> f64 {
        median(self.rounds[variant].iter().map(figure).collect())
    }

    /// The median over the rounds of `join(figure of this variant, figure of the other)`.
    fn joined(&self, variant: usize, other: usize, figure: impl Fn(&Figures) -> f64, join: impl Fn(f64, f64) -> f64) -> f64 {
        let pairs = self.rounds[variant].iter().zip(&self.rounds[other]);
        median(pairs.map(|(a, b)| join(figure(a), figure(b))).collect())
    }
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index into a slice")]
fn percentile_us(sorted_ns: &[u64], share: f64) -> f64 {
    let Some(last) = sorted_ns.len().checked_sub(1) else { return 0.0 };
    sorted_ns[(last as f64 * share).round() as usize] as f64 / 1e3
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

/// Everything that was measured.
pub struct Report {
    settings: String,
    notes: Vec<String>,
    names: Vec<&'static str>,
    cases: Vec<Case>,
    streams: Option<Case>,
}

impl Report {
    pub fn new(options: &Options, variants: &[Variant], notes: Vec<String>) -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let settings = format!(
            "{cores} cores shared by load, upstream and proxy; {} worker thread(s) a proxy; {} rounds of {} ms a variant, in turn; \
             medians over the rounds, ratios and differences within a round first.",
            options.threads, options.rounds, options.slice_ms
        );
        Self { settings, notes, names: variants.iter().map(|v| v.name).collect(), cases: Vec::new(), streams: None }
    }

    pub fn push(&mut self, case: Case) {
        self.cases.push(case);
    }

    pub fn push_streams(&mut self, case: Case) {
        self.streams = Some(case);
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| *n == name)
    }

    fn targets(&self) -> Vec<(String, String, bool)> {
        let (Some(memgate), Some(base)) = (self.position("memgate"), self.position(BASE)) else { return Vec::new() };
        let case = |title: &str| self.cases.iter().find(|c| c.title == title);
        let mut rows = Vec::new();
        if let Some(case) = case(&title(4, 32)) {
            let ratio = case.joined(memgate, base, |f| f.requests_per_second, |a, b| a / b);
            let name = format!("requests/s at 4 KB and 32 connections, of bare pingora's: at least {RPS_RATIO_AT_4_KB_32:.2}");
            rows.push((name, format!("{ratio:.2}"), ratio >= RPS_RATIO_AT_4_KB_32));
        }
        if let Some(case) = case(&title(4, 1)) {
            let added = case.joined(memgate, 0, |f| f.p50_us, |a, b| a - b);
            let name = format!("p50 added to direct at 4 KB and one connection: below {ADDED_P50_AT_4_KB_1_US} µs");
            rows.push((name, format!("{added:.0} µs"), added < ADDED_P50_AT_4_KB_1_US));
            let added = case.joined(memgate, base, |f| f.p50_us, |a, b| a - b);
            let name = format!("p50 added to bare pingora at 4 KB and one connection: below {ADDED_P50_AT_4_KB_1_US} µs");
            rows.push((name, format!("{added:.0} µs"), added < ADDED_P50_AT_4_KB_1_US));
        }
        if let Some(case) = &self.streams {
            let added = case.joined(memgate, 0, |f| f.p50_us, |a, b| a - b);
            let name = format!("median added to direct for each event of a stream: below {ADDED_PER_EVENT_US} µs");
            rows.push((name, format!("{added:.0} µs"), added < ADDED_PER_EVENT_US));
            let added = case.joined(memgate, base, |f| f.p50_us, |a, b| a - b);
            let name = format!("median added to bare pingora for each event of a stream: below {ADDED_PER_EVENT_US} µs");
            rows.push((name, format!("{added:.0} µs"), added < ADDED_PER_EVENT_US));
        }
        rows
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## memgate bench\n\n{}\n", self.settings)?;
        for note in &self.notes {
            writeln!(f, "- {note}")?;
        }
        let base = self.position(BASE);
        for case in &self.cases {
            writeln!(f, "\n### {}\n", case.title)?;
            writeln!(f, "| | requests/s | of {BASE} | p50 µs | added | p99 µs | added | CPU µs/request | of {BASE} |")?;
            writeln!(f, "|---|---|---|---|---|---|---|---|---|")?;
            for (at, name) in self.names.iter().enumerate() {
                let figure = |pick: fn(&Figures) -> f64| case.median(at, pick);
                let added = |pick: fn(&Figures) -> f64| case.joined(at, 0, pick, |a, b| a - b);
                let share = |pick: fn(&Figures) -> f64| {
                    base.map_or("–".to_owned(), |base| format!("{:.2}", case.joined(at, base, pick, |a, b| a / b)))
                };
                writeln!(
                    f,
                    "| {name} | {:.0} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {} |",
                    figure(|f| f.requests_per_second),
                    share(|f| f.requests_per_second),
                    figure(|f| f.p50_us),
                    added(|f| f.p50_us),
                    figure(|f| f.p99_us),
                    added(|f| f.p99_us),
                    figure(|f| f.cpu_us),
                    share(|f| f.cpu_us),
                )?;
            }
        }
        if let Some(case) = &self.streams {
            writeln!(f, "\n### Streams: delay of each event\n\n| | p50 µs | added | p99 µs | added |\n|---|---|---|---|---|")?;
            for (at, name) in self.names.iter().enumerate() {
                writeln!(
                    f,
                    "| {name} | {:.0} | {:.0} | {:.0} | {:.0} |",
                    case.median(at, |f| f.p50_us),
                    case.joined(at, 0, |f| f.p50_us, |a, b| a - b),
                    case.median(at, |f| f.p99_us),
                    case.joined(at, 0, |f| f.p99_us, |a, b| a - b),
                )?;
            }
        }
        let targets = self.targets();
        if !targets.is_empty() {
            writeln!(f, "\n### Targets\n\n| target | measured | |\n|---|---|---|")?;
        }
        for (target, measured, met) in targets {
            writeln!(f, "| {target} | {measured} | {} |", if met { "met" } else { "missed" })?;
        }
        Ok(())
    }
}
