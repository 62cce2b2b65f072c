//! The labelled turns through the production extractor.

use memgate::memory::extract::extract;

use crate::corpus::{Half, Sample, statements};
use crate::score::Report;

fn require(title: &str, turns: &[Sample]) {
    let report = Report::of(turns, &extract);
    println!("{title}\n{report}");
    if let Err(below) = report.verdict() {
        panic!("{title}: {below}\n{report}\n{}", report.faults.join("\n"));
    }
}

#[test]
fn both_halves_are_learned_well() {
    require("dev and test", &[statements(Half::Dev), statements(Half::Test)].concat());
}

#[test]
fn the_half_nobody_tuned_on_is_learned_well() {
    require("test", &statements(Half::Test));
}

/// Kept from whoever writes the rules until they are done.
#[test]
fn turns_nobody_saw_are_learned_well() {
    require("blind", &statements(Half::Blind));
}
