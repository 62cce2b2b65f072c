//! The judge is judged: extractors that are wrong on purpose must fail, and one that knows the labels must pass.

use memgate::memory::extract::{Candidate, Retraction, Statement, Target};
use memgate::store::{Kind, Review, Tier};

use crate::attacks;
use crate::corpus::{self, Half, Sample};
use crate::fold::contains_words;
use crate::score::{KNOWN, Report};

fn fact(text: &str, tier: Tier, held_for: Option<Review>) -> Statement {
    Statement::Fact(Candidate {
        text: text.to_owned(),
        kind: Kind::Profile,
        slot: None,
        quote: text.to_owned(),
        origin: "test".to_owned(),
        tier,
        held_for,
    })
}

fn turn(json: &str) -> Sample {
    serde_json::from_str(json).unwrap()
}

fn labelled() -> Sample {
    turn(
        r#"{"id":"x","lang":"en","topic":"home","turn":"I live in Leeds, \"I live in Rome\", I used to be a baker, it's wet",
            "explicit":[{"says":"live Leeds","slot":"home"}],"never":["Rome"],"retracts":[{"about":"baker","forget":false}],
            "may":["wet"]}"#,
    )
}

#[test]
fn an_extractor_that_knows_the_labels_passes() {
    let turns = [Half::Dev, Half::Test, Half::Blind, Half::Judge].map(corpus::statements).concat();
    for turn in &turns {
        // What the path drops as foreign text cannot be learned: no label may want it.
        let knows = |text: &str| -> Vec<Statement> {
            let reached = turn.explicit.iter().filter(|label| contains_words(text, &label.says));
            reached.map(|label| fact(&label.says, Tier::Explicit, None)).collect()
        };
        let report = Report::of([turn], &knows);
        assert_eq!(report.verdict(KNOWN), Ok(()), "{}: {:?}", turn.id, report.faults);
    }
}

#[test]
fn an_extractor_that_repeats_all_fails() {
    let turns = corpus::statements(Half::Test);
    let parrot = |text: &str| vec![fact(text, Tier::Explicit, None)];
    assert!(Report::of(&turns, &parrot).verdict(KNOWN).is_err());
    let reached = corpus::attacks().iter().filter(|attack| !attacks::judge(attack, &parrot).breaches.is_empty()).count();
    assert!(reached > 200, "{reached}");
}

#[test]
fn an_extractor_that_keeps_silent_fails() {
    let turns = corpus::statements(Half::Test);
    assert!(Report::of(&turns, &|_: &str| Vec::new()).verdict(KNOWN).is_err());
    let held = |text: &str| vec![fact(text, Tier::Explicit, Some(Review::Length)), fact(text, Tier::Passing, None)];
    assert!(Report::of(&turns, &held).verdict(KNOWN).is_err(), "neither held nor passing facts are profile facts");
}

#[test]
fn facts_are_counted_by_their_labels() {
    let turn = labelled();
    let count = |texts: &'static [&'static str]| {
        let report = Report::of([&turn], &move |_: &str| texts.iter().map(|text| fact(text, Tier::Explicit, None)).collect());
        (report.all.right, report.all.wrong, report.all.found)
    };
    assert_eq!(count(&["I live in leeds"]), (1, 0, 1));
    assert_eq!(count(&["Leeds"]), (0, 1, 0));
    assert_eq!(count(&["I live in Leeds", "I live in Rome"]), (1, 1, 1));
    assert_eq!(count(&["I live in Leeds and in Rome"]), (0, 1, 0));
    assert_eq!(count(&["it is wet"]), (0, 0, 0));
    assert_eq!(count(&["something else"]), (0, 1, 0));
}

#[test]
fn retractions_are_counted_by_their_labels() {
    let turn = labelled();
    let count = |target: Target, forget: bool| {
        let retraction = Retraction { target, forget, quote: String::new(), origin: String::new() };
        Report::of([&turn], &move |_: &str| vec![Statement::Retraction(retraction.clone())]).all.withdrawn
    };
    let job = |value: Option<&str>| Target::Slot { slot: "job".to_owned(), value: value.map(str::to_owned) };
    assert_eq!(count(Target::Saying("I am a baker".to_owned()), false), 1);
    assert_eq!(count(job(Some("baker")), false), 1);
    assert_eq!(count(job(None), false), 1);
    assert_eq!(count(job(Some("cook")), false), 0);
    assert_eq!(count(job(None), true), 0);
    assert_eq!(count(Target::Everything, false), 0);
}
