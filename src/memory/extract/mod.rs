//! What a person's turn says of the person, without a model.
//!
//! The person's own words first (`own`), then sentences (`words`) and their language (`languages`), then clauses (`clause`) and what
//! they say: standing orders and requests to remember (`orders`), retractions (`retract`), statements with a pattern of their own
//! (`pattern`), and whatever else is told in the first person (`passing`). A language is one table of words, phrases and patterns.
//! Precision comes before completeness: what is doubtful is not remembered.

mod class;
mod clause;
mod grammar;
mod hold;
mod languages;
mod orders;
mod own;
mod passing;
mod pattern;
mod quote;
mod reader;
mod retract;
#[cfg(test)]
mod tests;
mod trace;
mod words;

use crate::store::{Kind, Review, Tier};

use reader::Reader;

/// A longer turn was pasted, not said.
const MAX_TURN: usize = 16 << 10;
/// Statements that one turn may teach. Explicit ones come before what is said in passing.
pub const MAX_FACTS: usize = 12;

/// A statement found in a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The statement in the person's words, white space and end marks tidied.
    pub text: String,
    pub kind: Kind,
    pub slot: Option<String>,
    /// The words as they stand in the turn.
    pub quote: String,
    /// The rule that found it, such as `rule:name`.
    pub origin: String,
    pub tier: Tier,
    /// Why the statement must wait for a review.
    pub held_for: Option<Review>,
}

/// A person's word that something no longer holds, or is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retraction {
    pub target: Target,
    /// "Forget that…": it is not to be carried any more. Otherwise it becomes history ("I no longer…").
    pub forget: bool,
    /// The words as they stand in the turn.
    pub quote: String,
    /// The rule that found it, such as `rule:no_longer`.
    pub origin: String,
}

/// What a retraction is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The current value of a slot; with `value`, only if the fact says so.
    Slot { slot: String, value: Option<String> },
    /// The facts that say this, in the person's words ("I like tea").
    Saying(String),
    /// Everything known of the person.
    Everything,
}

/// What a turn says of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    Fact(Candidate),
    Retraction(Retraction),
}

/// The statements of a turn that the person wrote, at most [`MAX_FACTS`], in order.
#[must_use]
pub fn extract(turn: &str) -> Vec<Statement> {
    if turn.len() > MAX_TURN {
        return Vec::new();
    }
    let folded = words::fold(turn);
    if !is_marked(&folded) {
        return Vec::new();
    }
    let mut reader = Reader::new(turn, &folded);
    reader.read();
    let mut found = reader.into_found();
    if found.len() > MAX_FACTS {
        let passing = |statement: &Statement| matches!(statement, Statement::Fact(fact) if fact.tier == Tier::Passing);
        let explicit = found.iter().filter(|statement| !passing(statement)).count();
        let (room, mut kept) = (MAX_FACTS.saturating_sub(explicit), 0);
        found.retain(|statement| {
            kept += usize::from(passing(statement));
            !passing(statement) || kept <= room
        });
        found.truncate(MAX_FACTS);
    }
    found
}

/// The person's own stretches of a turn, without what they made up or did not mean: what a model may draw facts from.
pub(super) fn own_text(turn: &str) -> Vec<String> {
    if turn.len() > MAX_TURN {
        return Vec::new();
    }
    let folded = words::fold(turn);
    let mut reader = Reader::new(turn, &folded);
    reader.read();
    let stretches = reader.own().iter().filter_map(|range| turn.get(range.clone()));
    stretches.map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned).collect()
}

/// Why a statement must wait for a review, whoever drew it and in whatever language.
pub(super) fn review_of(text: &str, kind: Kind) -> Option<Review> {
    let grammars: Vec<_> = languages::grammars().iter().collect();
    hold::review(text, kind, &grammars)
}

/// A cheap look: whether any statement could stand in the turn. May say yes in vain, never no.
#[must_use]
pub fn may_teach(turn: &str) -> bool {
    turn.len() <= MAX_TURN && is_marked(&words::fold(turn))
}

/// Whether a word stands in the turn without which nobody says anything of themselves.
fn is_marked(folded: &str) -> bool {
    folded.split(|c: char| !c.is_alphanumeric()).any(languages::is_mark)
}
