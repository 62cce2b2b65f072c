//! What holds no longer, and what is to be forgotten.

use super::Target;
use super::clause::{skip_fillers, skip_lead, skip_politeness};
use super::grammar::{Class, Grammar, Role, skip};
use super::pattern::{Match, find_rule};
use super::words::Word;

/// A retraction as it was found in a clause.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) target: Target,
    pub(super) forget: bool,
    pub(super) rule: &'static str,
}

/// "Forget that…", "forget everything you know about me".
pub(super) fn find_forget(grammar: &Grammar, words: &[Word], saying: impl Fn(&[Word]) -> String) -> Option<Found> {
    let asked = skip_politeness(grammar, words);
    let found = |target, rule| Some(Found { target, forget: true, rule });
    // "Forget everything I told you about my dog" begins like "forget everything I told you".
    let about = grammar.behind(asked, Role::ForgetAbout).filter(|rest| !rest.is_empty());
    let all = grammar.behind(asked, Role::ForgetAll);
    if all.is_some_and(|all| about.is_none_or(|about| about.len() >= all.len())) {
        return found(Target::Everything, "forget_all");
    }
    if let Some(rest) = grammar.behind(asked, Role::ForgetThat) {
        // "Forget that!" is about the talk.
        let statement = rest.first().is_some_and(|word| !word.is(Class::YOU)) && rest.len() > 1;
        return statement.then(|| Found { target: target_of(grammar, rest, &saying), forget: true, rule: "forget" });
    }
    let rest = about?;
    let bare: &[Word] = match rest {
        [first, more @ ..] if !more.is_empty() && first.is(Class::ARTICLE | Class::SELF) => more,
        rest => rest,
    };
    // "Forget my address": the phrase has the "my" in it.
    let owned = asked.len().checked_sub(rest.len() + 1).and_then(|at| asked.get(at));
    let personal = rest.first().into_iter().chain(owned).any(|word| word.is(Class::SELF));
    if bare.first().is_some_and(|word| word.is(Class::TALK | Class::YOU)) && !personal {
        return None;
    }
    let end = bare.iter().position(|word| word.parted).unwrap_or(bare.len()).max(1);
    let bare = bare.get(..end)?;
    match bare {
        [thing] if personal && grammar.is_slot(thing.text) => {
            found(Target::Slot { slot: grammar.slot_name(thing.text).to_owned(), value: None }, "forget")
        }
        _ => found(Target::Saying(saying(bare)), "forget"),
    }
}

/// "I no longer…", "I used to…", "we broke up".
pub(super) fn find_gone(grammar: &Grammar, clause: &[Word], saying: impl Fn(&[Word]) -> String) -> Option<Found> {
    let bare = skip_lead(skip_fillers(grammar, clause));
    if let Some(found) = find_rule(grammar, bare, true) {
        let open = found.rule.pattern.contains(['~', '^', '*']);
        let value = value_of(bare.get(found.value.clone()).unwrap_or_default(), &saying).filter(|_| open);
        let target = match found.slot {
            Some(slot) => Target::Slot { slot, value },
            None => Target::Saying(value.unwrap_or_default()),
        };
        return Some(Found { target, forget: false, rule: found.rule.id });
    }
    let holding = grammar.gone.iter().find_map(|(first, then)| without(clause, first, then))?;
    let holding = skip_lead(skip_fillers(grammar, &holding));
    let personal = holding.first().is_some_and(|word| word.is(Class::SELF));
    (personal && holding.len() > 1).then(|| Found {
        target: target_of(grammar, holding, &saying),
        forget: false,
        rule: "no_longer",
    })
}

/// The slot that a statement fills, with its value, or else the statement itself.
fn target_of(grammar: &Grammar, statement: &[Word], saying: &impl Fn(&[Word]) -> String) -> Target {
    let statement = skip_lead(skip_fillers(grammar, statement));
    match find_rule(grammar, statement, false) {
        Some(Match { slot: Some(slot), value, .. }) => {
            let value = value_of(statement.get(value).unwrap_or_default(), saying);
            Target::Slot { slot, value }
        }
        _ => Target::Saying(saying(without_reasons(grammar, statement))),
    }
}

/// The statement without what only explains it: "I played drums when I was younger".
fn without_reasons<'a, 't>(grammar: &Grammar, statement: &'a [Word<'t>]) -> &'a [Word<'t>] {
    let explains = |at: usize| {
        let rest = statement.get(at..).unwrap_or_default();
        rest.first().is_some_and(|word| word.is(Class::REASON)) || grammar.opens_with(rest, Role::Temporal)
    };
    let end = (2..statement.len()).find(|at| explains(*at)).unwrap_or(statement.len());
    statement.get(..end).unwrap_or(statement)
}

/// The value without what only explains it: "Paris since May".
fn value_of(words: &[Word], saying: &impl Fn(&[Word]) -> String) -> Option<String> {
    let words = match words {
        [article, rest @ ..] if article.is(Class::ARTICLE) && !rest.is_empty() => rest,
        words => words,
    };
    let end =
        words.iter().position(|word| word.parted || word.is(Class::END | Class::ADVERB | Class::DATED)).unwrap_or(words.len());
    // The first word is the value even behind a comma.
    let value = words.get(..end.max(1).min(words.len()))?;
    (!value.is_empty()).then(|| saying(value))
}

/// The clause without the words that say that it holds no longer, where they stand in it.
fn without<'t>(clause: &[Word<'t>], first: &[&str], then: &[&str]) -> Option<Vec<Word<'t>>> {
    let find = |words: &[Word<'t>], phrase: &[&str]| {
        (0..words.len()).find(|at| words.get(*at..).and_then(|rest| skip(rest, phrase)).is_some())
    };
    let at = find(clause, first)?;
    let (before, rest) = clause.split_at_checked(at)?;
    let rest = rest.get(first.len()..)?;
    let mut left = before.to_vec();
    if then.is_empty() {
        left.extend_from_slice(rest);
    } else {
        let at = find(rest, then)?;
        left.extend_from_slice(rest.get(..at)?);
        left.extend_from_slice(rest.get(at + then.len()..)?);
    }
    Some(left)
}
