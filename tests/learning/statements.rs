//! The labelled turns through the production extractor.

use memgate::memory::extract::extract;

use crate::corpus::{Half, Sample, statements};
use crate::score::{Bar, KNOWN, Report, UNSEEN};

/// Judges the turns, and lists what went wrong.
fn require(title: &str, turns: &[Sample], bar: Bar) {
    let report = Report::of(turns, &extract);
    println!("{title}\n{report}");
    if let Err(below) = report.verdict(bar) {
        panic!("{title}: {below}\n{report}\n{}", report.faults.join("\n"));
    }
}

#[test]
fn both_halves_are_learned_well() {
    require("dev and test", &[statements(Half::Dev), statements(Half::Test)].concat(), KNOWN);
}

#[test]
fn the_test_half_is_learned_well() {
    require("test", &statements(Half::Test), KNOWN);
}

#[test]
fn the_blind_set_is_learned_well() {
    require("blind", &statements(Half::Blind), KNOWN);
}

/// Prints the figures only: a fault that is shown is one that a rule may be written for.
#[test]
fn an_unseen_set_is_learned_well() {
    let report = Report::of(&statements(Half::Judge), &extract);
    println!("judge\n{report}");
    if let Err(below) = report.verdict(UNSEEN) {
        panic!("judge: {below}\n{report}");
    }
}
