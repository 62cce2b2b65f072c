//! Explicit statements in a person's turn, without a model.
//!
//! The person's own words first (`own`), then sentences and clauses (`clause`), then what they say (`rules`, `orders`).
//! Precision comes before completeness: what is doubtful is not remembered.

mod clause;
mod frame;
mod hold;
mod orders;
mod own;
mod rules;
#[cfg(test)]
mod tests;

use crate::store::{Kind, Review, Tier};

use clause::{Sentence, Word};
use frame::{is_condition, is_request, is_tag, opens_fiction, skip_fillers};
pub(super) use hold::needs_review;

/// A longer turn was pasted, not said.
const MAX_TURN: usize = 16 << 10;
/// Facts that one turn may teach.
pub const MAX_FACTS: usize = 8;

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
    statements(turn).into_iter().map(Statement::Fact).collect()
}

fn statements(turn: &str) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    if turn.len() > MAX_TURN || !may_teach(turn) {
        return found;
    }
    'turn: for stretch in own::own_words(turn) {
        let sentences = clause::sentences(turn, stretch.range);
        let last = sentences.len().saturating_sub(1);
        for (at, sentence) in sentences.iter().enumerate() {
            if opens_fiction(&sentence.words) {
                break 'turn;
            }
            let cut_off = stretch.torn_start && at == 0 || stretch.torn_end && at == last && !sentence.ended;
            if !cut_off {
                read_sentence(turn, sentence, &mut found);
            }
            if found.len() >= MAX_FACTS {
                found.truncate(MAX_FACTS);
                break 'turn;
            }
        }
    }
    found
}

/// The person's own stretches of a turn, up to where they begin to make something up: what a model may draw facts from.
pub(super) fn own_text(turn: &str) -> Vec<String> {
    let mut found = Vec::new();
    for stretch in own::own_words(turn) {
        let (start, end) = (stretch.range.start, stretch.range.end);
        let sentences = clause::sentences(turn, stretch.range);
        let fiction = sentences.iter().find(|sentence| opens_fiction(&sentence.words));
        let fiction = fiction.and_then(|sentence| sentence.words.first()).map(|word| word.range.start);
        let text = turn.get(start..fiction.unwrap_or(end)).unwrap_or_default().trim();
        found.extend((!text.is_empty()).then(|| text.to_owned()));
        if fiction.is_some() {
            break;
        }
    }
    found
}

/// Why a statement must wait for a review, whoever drew it.
pub(super) fn review_of(text: &str, _kind: Kind) -> Option<Review> {
    hold::needs_review(text).then_some(Review::Instruction)
}

/// A cheap look: whether any statement could stand in the turn. May say yes in vain, never no.
#[must_use]
pub fn may_teach(turn: &str) -> bool {
    const MARKS: [&str; 14] =
        ["i", "im", "ive", "my", "we", "our", "remember", "call", "always", "never", "forward", "whenever", "time", "future"];
    const MORE: [&str; 5] = ["i'm", "i've", "forget", "mind", "now"];
    turn.len() <= MAX_TURN
        && turn.split(|c: char| !c.is_alphanumeric() && c != '\'').any(|word| {
            let word = word.trim_matches('\'');
            MARKS.iter().chain(&MORE).any(|mark| word.eq_ignore_ascii_case(mark))
        })
}

fn read_sentence(turn: &str, sentence: &Sentence, found: &mut Vec<Candidate>) {
    let words = skip_fillers(&sentence.words);
    if let Some(wished) = orders::find_wish(words) {
        read_wish(turn, wished, found);
        return;
    }
    if !sentence.question && orders::is_standing_order(words) {
        found.extend(candidate(turn, words, Kind::Instruction, None, "standing"));
        return;
    }
    let clauses = clause::clauses(&sentence.words);
    let last = clauses.len().saturating_sub(1);
    // "I live in Berlin, right?" asks for what it seems to say.
    let tagged = sentence.question && clauses.last().is_some_and(|tag| is_tag(tag));
    for (at, clause) in clauses.into_iter().enumerate() {
        let asks = sentence.question && at == last || tagged;
        if is_condition(clause) {
            return;
        }
        if !asks {
            found.extend(read_clause(turn, clause));
        }
    }
}

fn read_clause(turn: &str, clause: &[Word]) -> Option<Candidate> {
    let clause = skip_fillers(clause);
    let found = rules::find_rule(clause)?;
    candidate(turn, clause, found.rule.kind, found.slot, found.rule.id)
}

/// What was asked to be remembered: statements with a rule of their own each by itself, anything else as one.
fn read_wish(turn: &str, wished: &[Word], found: &mut Vec<Candidate>) {
    let mut clauses = clause::clauses(wished).into_iter().peekable();
    let Some(first) = clauses.peek().copied() else { return };
    if orders::is_standing_order(first) || orders::is_standing_order(wished) {
        found.extend(candidate(turn, wished, Kind::Instruction, None, "remember"));
    } else if rules::find_rule(first).is_some() {
        found.extend(clauses.filter_map(|clause| read_clause(turn, clause)));
    } else {
        let len = clauses.take_while(|clause| !is_request(clause)).map(<[Word]>::len).sum::<usize>();
        let personal = wished.first().is_some_and(|w| matches!(w.text.as_str(), "i" | "my" | "we" | "our"));
        let kind = if personal { Kind::Profile } else { Kind::Note };
        found.extend(wished.get(..len).and_then(|words| candidate(turn, words, kind, None, "remember")));
    }
}

fn candidate(turn: &str, words: &[Word], kind: Kind, slot: Option<String>, rule: &str) -> Option<Candidate> {
    let range = words.first()?.range.start..words.last()?.range.end;
    let quote = turn.get(range)?;
    let text = tidy(quote);
    let held_for = review_of(&text, kind);
    (text.chars().count() > 3).then(|| Candidate {
        text,
        kind,
        slot,
        quote: quote.to_owned(),
        origin: format!("rule:{rule}"),
        tier: Tier::Explicit,
        held_for,
    })
}

/// White space collapsed, emphasis marks dropped, first letter upper case.
fn tidy(quote: &str) -> String {
    let bare = quote.replace("**", "").replace("__", "");
    let joined = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut chars = joined.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
