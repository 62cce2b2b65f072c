//! What people say of themselves in passing: first-person clauses without a pattern of their own, for recall only.

use super::clause::{is_request, skip_fillers, skip_lead};
use super::grammar::{Class, Grammar};
use super::words::Word;
use crate::store::Kind;

/// A shorter clause says too little: "I see", "we did".
const MIN_WORDS: usize = 4;
/// A longer one is a tale, or was pasted.
const MAX_WORDS: usize = 60;
/// How far into the clause the first person may stand: "the kids and I".
const MAX_SUBJECT: usize = 3;

/// Whether the clause tells something of the person's life, not of the talk with the one who answers.
pub(super) fn tells(grammar: &Grammar, clause: &[Word]) -> bool {
    let bare = skip_fillers(grammar, clause);
    let core = skip_lead(bare);
    let mine = |word: &Word| word.is(Class::SELF | Class::OBJECT);
    // Further on the first person counts where the clause is about a thing: "a gift from my grandma that means a lot to me".
    let about = || core.len() > MIN_WORDS + 1 && core.iter().any(mine) && !core.first().is_some_and(|word| word.is(Class::TALK));
    let personal = core.iter().take(MAX_SUBJECT).any(|word| word.is(Class::SELF)) || about();
    let told = || !bare.iter().any(|word| word.is(Class::YOU | Class::UNSURE | Class::REPORT));
    // Something must be named: "I get them now" says nothing later on.
    let named = || {
        core.iter()
            .skip(1)
            .filter(|word| word.class == Class::default() || word.is(Class::DATED | Class::TRADE))
            .any(|word| word.text.chars().count() > 3)
    };
    (MIN_WORDS..=MAX_WORDS).contains(&bare.len())
        && personal
        && !core.first().is_some_and(|word| word.is(Class::OTHERS))
        && told()
        && named()
        && !is_request(grammar, bare)
        && !grammar.is_noise(core)
        && !grammar.is_noise(bare)
}

/// Whether the clause may go on what was told before: "and it was so powerful".
pub(super) fn continues(grammar: &Grammar, clause: &[Word]) -> bool {
    let bare = skip_fillers(grammar, clause);
    !bare.iter().any(|word| word.is(Class::YOU | Class::UNSURE | Class::REPORT))
        && !is_request(grammar, bare)
        && !grammar.is_noise(skip_lead(bare))
}

/// What sort of note the words are: an event, where they say when, or that it is past.
pub(super) fn kind_of(words: &[Word]) -> Kind {
    let dated = |word: &Word| word.is(Class::DATED | Class::TODAY) || is_year(word.text);
    let verb = words.iter().position(|word| word.is(Class::SELF)).and_then(|at| words.get(at + 1..)).unwrap_or_default();
    let past = verb.iter().find(|word| !word.is(Class::ADVERB)).is_some_and(|word| word.is(Class::PAST));
    if past || words.iter().any(dated) { Kind::Event } else { Kind::Note }
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.parse::<u16>().is_ok_and(|year| (1900..2100).contains(&year))
}
