//! Clauses, and what stands around them. People put facts inside requests: "I'm vegan, what can I cook?"

use super::grammar::{Class, Grammar, Role};
use super::words::Word;

/// Divides a sentence into clauses.
pub(super) fn clauses<'a, 't>(grammar: &Grammar, words: &'a [Word<'t>]) -> Vec<&'a [Word<'t>]> {
    let mut found = Vec::new();
    let mut start = 0;
    let elides = |at: usize| words.get(at..).is_some_and(|words| grammar.elides(words));
    for at in 1..words.len() {
        let (Some(word), Some(first)) = (words.get(at), words.get(start)) else { break };
        // "… and do not drink" goes on with the same subject.
        let denied = words.get(at + 2).is_some_and(|word| word.is(Class::NOT))
            && words.get(at + 1).is_some_and(|word| word.is(Class::REQUEST));
        let joined = word.is(Class::JOINT)
            && !denied
            && !is_pair(grammar, words.get(start..at).unwrap_or_default())
            && (words.get(at + 1).is_some_and(|next| next.is(Class::SUBJECT | Class::SELF | Class::UNSURE)) || elides(at + 1));
        let opened = word.parted && (word.is(Class::OPENER | Class::SELF) || first.is(Class::REASON) || elides(at));
        // A joint behind a comma opens a clause already, and what stands behind the joint goes with it.
        let alone = at == start + 1 && first.is(Class::JOINT);
        if (word.asked || joined || opened) && !alone {
            found.extend(words.get(start..at));
            start = at;
        }
    }
    found.extend(words.get(start..));
    found
}

/// "My brother and I …": one subject of two.
fn is_pair(grammar: &Grammar, before: &[Word]) -> bool {
    let subject = skip_fillers(grammar, before);
    // "My wife Ana and I …" names her first.
    let common = |word: &Word| !word.capital && !grammar.is_slot(word.text);
    let named = matches!(subject, [_, kin, _] if !common(kin));
    (2..=3).contains(&subject.len()) && !named && subject.first().is_some_and(|word| word.is(Class::OWN))
}

/// The words behind greetings, conjunctions and other openings. At least one word is left.
pub(super) fn skip_fillers<'a, 't>(grammar: &Grammar, mut words: &'a [Word<'t>]) -> &'a [Word<'t>] {
    loop {
        // "Note" alone says nothing, "note that" asks to remember.
        if grammar.opens_with(words, Role::Wish) || grammar.opens_with(words, Role::PersonalWish) {
            return words;
        }
        let phrase = grammar.behind(words, Role::Filler).filter(|rest| !rest.is_empty());
        words = match (phrase, words) {
            (Some(rest), _) => rest,
            (None, [first, rest @ ..]) if rest.first().is_some_and(|next| is_filler(first, next)) => rest,
            _ => return words,
        };
    }
}

fn is_filler(word: &Word, next: &Word) -> bool {
    if word.is(Class::SELF) {
        // "Yo" before "vivo" only stresses it.
        return word.is(Class::ADVERB) && next.is(Class::SELF);
    }
    // "Do" stresses within a clause, and asks or denies at its beginning.
    let asks = word.is(Class::ADVERB) && word.is(Class::REQUEST);
    word.is(Class::FILLER | Class::ADVERB) && !word.is(Class::ALWAYS) && !asks
}

/// How many words a statement may have in front of its subject: "two years ago", "in the summer of 2019".
const MAX_LEAD: usize = 7;

/// The words from the subject on, where time or place stands in front of it; all of them otherwise.
pub(super) fn skip_lead<'a, 't>(words: &'a [Word<'t>]) -> &'a [Word<'t>] {
    let leads = words.first().is_some_and(|word| word.is(Class::LEAD) && !word.is(Class::SELF));
    let subject = words.iter().take(MAX_LEAD + 1).position(|word| word.is(Class::SELF)).filter(|_| leads);
    let Some((lead, core)) = subject.and_then(|at| words.split_at_checked(at)) else { return words };
    // "This year I …" leads, "this book I …" does not.
    let pointing = lead.first().is_some_and(|word| word.is(Class::TALK)) && !lead.iter().any(|word| word.is(Class::DATED));
    if pointing { words } else { core }
}

/// Whether nothing in the sentence from this clause on holds unconditionally.
pub(super) fn is_condition(grammar: &Grammar, clause: &[Word]) -> bool {
    // "As" is a filler too ("as I live in Rome, …"), so both readings are looked at.
    [clause, skip_fillers(grammar, clause)].iter().any(|words| grammar.opens_with(words, Role::Condition))
}

/// Behind such a sentence a story, a role or somebody's text begins: nothing further in the turn is the person's word.
pub(super) fn opens_fiction(grammar: &Grammar, words: &[Word]) -> bool {
    let words = skip_fillers(grammar, words);
    let polite = skip_politeness(grammar, words);
    let works_on_text = polite
        .split_first()
        .is_some_and(|(verb, rest)| verb.is(Class::WORK) && rest.iter().any(|word| word.announced || word.is(Class::TEXT)));
    let presents = grammar.opens_with(polite, Role::Presents) && polite.iter().any(|word| word.is(Class::TEXT));
    works_on_text || presents || [words, polite].iter().any(|words| grammar.opens_with(words, Role::Fiction))
}

/// The words behind "please", "could you".
pub(super) fn skip_politeness<'a, 't>(grammar: &Grammar, mut words: &'a [Word<'t>]) -> &'a [Word<'t>] {
    while let Some(rest) = grammar.behind(words, Role::Polite).filter(|rest| !rest.is_empty()) {
        words = rest;
    }
    words
}

/// Whether the clause gives the one who answers a part to play: "you are the dragon", not "you are a great help".
pub(super) fn casts_a_part(grammar: &Grammar, clause: &[Word]) -> bool {
    let clause = skip_fillers(grammar, clause);
    grammar.behind(clause, Role::Cast).is_some_and(|rest| {
        let praise = rest.iter().take(4).any(|word| word.is(Class::PRAISE));
        let part = rest.first().is_some_and(|word| word.is(Class::ARTICLE) || word.capital);
        part && !praise
    })
}

/// Where the words of others begin in a sentence: behind a colon that announces them.
pub(super) fn announced_text(words: &[Word]) -> Option<usize> {
    let at = words.iter().position(|word| word.announced)?;
    let head = words.get(..at)?;
    let speaks = head.iter().any(|word| word.is(Class::TEXT | Class::REPORT | Class::WORK | Class::TONGUE));
    // "His last words were: …".
    (speaks || head.first().is_some_and(|word| word.is(Class::OTHERS))).then_some(at)
}

/// "…, right?": the question is about what was said before it.
pub(super) fn is_tag(clause: &[Word]) -> bool {
    clause.len() <= 3 && clause.first().is_some_and(|word| word.is(Class::TAG))
}

/// A clause that asks for something.
pub(super) fn is_request(grammar: &Grammar, clause: &[Word]) -> bool {
    skip_fillers(grammar, clause).first().is_some_and(|word| word.is(Class::REQUEST))
}

/// Whether somebody else is quoted: "my friend says he …", "according to my doctor …", not "I said …".
pub(super) fn reports(clause: &[Word]) -> bool {
    clause.iter().enumerate().any(|(at, word)| {
        let by_self = clause
            .get(..at)
            .unwrap_or_default()
            .iter()
            .rev()
            .find(|word| !word.is(Class::ADVERB))
            .is_some_and(|word| word.is(Class::SELF));
        word.is(Class::REPORT) && !by_self
    })
}
