//! What turns teach, by topic.

mod daily;
mod exclusions;
mod explicit;
mod held;
mod languages;
mod passing;
mod properties;
mod retractions;
mod spoken;

use super::*;

fn facts(turn: &str) -> Vec<Candidate> {
    let fact = |statement| match statement {
        Statement::Fact(candidate) => Some(candidate),
        Statement::Retraction(_) => None,
    };
    extract(turn).into_iter().filter_map(fact).collect()
}

fn show(fact: Candidate) -> String {
    match fact.slot {
        Some(slot) => format!("{} [{slot}]", fact.text),
        None => fact.text,
    }
}

/// The explicit statements of a turn, as `text [slot]`.
fn learned(turn: &str) -> Vec<String> {
    let found = facts(turn);
    assert!(found.iter().all(|fact| turn.contains(&fact.quote)), "{turn:?}: a quote is not verbatim");
    found.into_iter().filter(|fact| fact.tier == Tier::Explicit).map(show).collect()
}

/// What a turn says in passing.
fn noted(turn: &str) -> Vec<String> {
    facts(turn).into_iter().filter(|fact| fact.tier == Tier::Passing).map(show).collect()
}

/// The retractions of a turn: the slot and its value, or the saying; whether it is to be forgotten.
fn retracted(turn: &str) -> Vec<(String, bool)> {
    let shown = |statement| match statement {
        Statement::Retraction(Retraction { target, forget, quote, .. }) => {
            assert!(turn.contains(&quote), "{turn:?} does not hold {quote:?}");
            let target = match target {
                Target::Slot { slot, value: Some(value) } => format!("{slot}={value}"),
                Target::Slot { slot, value: None } => slot,
                Target::Saying(words) => format!("\"{words}\""),
                Target::Everything => "everything".to_owned(),
            };
            Some((target, forget))
        }
        Statement::Fact(_) => None,
    };
    extract(turn).into_iter().filter_map(shown).collect()
}
