//! The exposition in `OpenMetrics` 1.0, which Prometheus asks for and which alone carries exemplars: from a slow bucket to one request in it.

use std::fmt::Write;

use parking_lot::Mutex;
use prometheus::proto::{LabelPair, MetricFamily, MetricType};

use crate::ids::RequestId;

/// The type of the exposition.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// One request as an example of the others in its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exemplar {
    pub request: RequestId,
    /// Its trace, where it has one that is exported (W3C trace context).
    pub trace: Option<[u8; 16]>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    of: Exemplar,
    value: f64,
    /// Milliseconds since the Unix epoch.
    at: i64,
}

/// The last exemplar of each bucket of one histogram.
#[derive(Debug)]
pub(super) struct Exemplars {
    bounds: &'static [f64],
    slots: Vec<Mutex<Option<Sample>>>,
}

impl Exemplars {
    pub fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, slots: (0..=bounds.len()).map(|_| Mutex::new(None)).collect() }
    }

    /// Notes an observation. Waits for nobody: of two at once, one is enough.
    pub fn note(&self, value: f64, of: Exemplar, at: i64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        if let Some(mut slot) = self.slots.get(bucket).and_then(Mutex::try_lock) {
            *slot = Some(Sample { of, value, at });
        }
    }
}

/// Finds the exemplars of a histogram by its family's name and its labels.
pub(super) type Find<'a> = dyn Fn(&str, &[LabelPair]) -> Option<&'a Exemplars> + 'a;

/// All families, in the order given.
pub(super) fn encode(families: &[MetricFamily], find: &Find<'_>) -> String {
    let mut out = String::with_capacity(64 << 10);
    for family in families {
        // Writing to a string cannot fail.
        let _ = encode_family(family, find, &mut out);
    }
    out.push_str("# EOF\n");
    out
}

fn encode_family(family: &MetricFamily, find: &Find<'_>, out: &mut String) -> std::fmt::Result {
    let full = family.name();
    let (name, kind) = match family.get_field_type() {
        MetricType::COUNTER => (full.strip_suffix("_total").unwrap_or(full), "counter"),
        MetricType::HISTOGRAM => (full, "histogram"),
        _ => (full, "gauge"),
    };
    writeln!(out, "# TYPE {name} {kind}")?;
    if let Some(unit) = ["seconds", "bytes"].into_iter().find(|unit| name.ends_with(&format!("_{unit}"))) {
        writeln!(out, "# UNIT {name} {unit}")?;
    }
    writeln!(out, "# HELP {name} {}", escape(family.help()))?;
    for metric in family.get_metric() {
        let labels = metric.get_label();
        match kind {
            "counter" => line(out, name, "_total", labels, None, metric.get_counter().get_value())?,
            "gauge" => line(out, name, "", labels, None, metric.get_gauge().get_value())?,
            _ => {
                let histogram = metric.get_histogram();
                let exemplars = find(full, labels);
                let count = histogram.get_sample_count();
                // The infinite bucket is everything, and stands after those with a bound.
                let buckets = histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite());
                let buckets = buckets.map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()));
                for (slot, (bound, cumulative)) in buckets.chain([(f64::INFINITY, count)]).enumerate() {
                    sample(out, name, "_bucket", labels, Some(bound))?;
                    write!(out, "{cumulative}")?;
                    if let Some(found) = exemplars.and_then(|all| *all.slots.get(slot)?.lock()) {
                        exemplar(out, &found)?;
                    }
                    out.push('\n');
                }
                line(out, name, "_sum", labels, None, histogram.get_sample_sum())?;
                sample(out, name, "_count", labels, None)?;
                writeln!(out, "{count}")?;
            }
        }
    }
    Ok(())
}

fn line(out: &mut String, name: &str, suffix: &str, labels: &[LabelPair], le: Option<f64>, value: f64) -> std::fmt::Result {
    sample(out, name, suffix, labels, le)?;
    writeln!(out, "{value}")
}

/// A sample's name and labels, and the space before its value.
fn sample(out: &mut String, name: &str, suffix: &str, labels: &[LabelPair], le: Option<f64>) -> std::fmt::Result {
    write!(out, "{name}{suffix}")?;
    let bound = le.map(|bound| if bound.is_finite() { format!("{bound:?}") } else { "+Inf".to_owned() });
    let pairs = labels.iter().map(|label| (label.name(), escape(label.value())));
    let pairs: Vec<String> =
        pairs.chain(bound.map(|bound| ("le", bound))).map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    if !pairs.is_empty() {
        write!(out, "{{{}}}", pairs.join(","))?;
    }
    out.write_char(' ')
}

fn exemplar(out: &mut String, Sample { of, value, at }: &Sample) -> std::fmt::Result {
    write!(out, " # {{request=\"{}\"", of.request)?;
    if let Some(trace) = of.trace {
        write!(out, ",trace_id=\"{}\"", hex::encode(trace))?;
    }
    write!(out, "}} {value} {}.{:03}", at.div_euclid(1000), at.rem_euclid(1000))
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}
