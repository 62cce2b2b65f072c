//! What an explicit statement looks like: patterns over the words of a clause, anchored at its beginning.
//!
//! | part | stands for |
//! |---|---|
//! | `in\|at` | one of these words |
//! | `[a\|an]` | the same, or nothing |
//! | `{kin}` | one word of the language's group of that name |
//! | `@…` | the word chosen here names the slot |
//! | `*` | one to four words, the object of the statement |
//! | `#` | a number of years that a person may be old |
//! | `^` | one to three words that begin with capitals, a name |
//! | `~` | the rest, one word at least |
//! | `$` | the end of the clause, or a comma |
//! | `:` | a colon stands in front of what follows |
//! | `-ing`, `lieblings-` | a word that ends or begins so |
//! | `&a\|b` | one of these words comes next, and belongs to what follows |
//!
//! Adverbs ("also", "currently") may stand between.

use std::ops::Range;

use super::grammar::{Class, Grammar};
use super::trace::trace;
use super::words::Word;
use crate::store::Kind;

/// A pattern and what it means.
#[derive(Debug)]
pub(super) struct Rule {
    /// Names the rule in a fact's provenance.
    pub(super) id: &'static str,
    pub(super) pattern: &'static str,
    pub(super) kind: Kind,
    /// The slot that the fact fills; `@` and `*` stand for what they matched. Empty: none. `?job`: only if a trade is named.
    slot: &'static str,
    /// The rest must not begin with such a word.
    not_before: Class,
    /// Longest rest in words.
    max_rest: usize,
    /// It tells what the person does as a habit: not what happened some day.
    lasting: bool,
    /// It says that the slot's value holds no longer.
    pub(super) gone: bool,
}

/// Who the person is.
pub(super) const fn profile(id: &'static str, pattern: &'static str, slot: &'static str) -> Rule {
    Rule { id, pattern, kind: Kind::Profile, slot, not_before: Class::NOT, max_rest: 40, lasting: false, gone: false }
}

/// A name of the person or of a relative.
pub(super) const fn named(id: &'static str, pattern: &'static str, slot: &'static str) -> Rule {
    Rule { not_before: Class::NO_NAME, max_rest: 9, ..profile(id, pattern, slot) }
}

/// A place that the person is tied to.
pub(super) const fn place(id: &'static str, pattern: &'static str, slot: &'static str) -> Rule {
    Rule { not_before: Class::NO_PLACE, max_rest: 14, ..profile(id, pattern, slot) }
}

/// Who the person is, unless a word of the talk stands there: "it gives me hives".
pub(super) const fn worldly(id: &'static str, pattern: &'static str, slot: &'static str) -> Rule {
    Rule { not_before: Class(Class::NOT.0 | Class::TALK.0), ..profile(id, pattern, slot) }
}

/// How the person wants to be answered.
pub(super) const fn order(id: &'static str, pattern: &'static str) -> Rule {
    Rule { kind: Kind::Instruction, ..profile(id, pattern, "") }
}

/// What the person likes or dislikes.
pub(super) const fn taste(id: &'static str, pattern: &'static str, slot: &'static str) -> Rule {
    Rule { kind: Kind::Preference, not_before: Class::TALK, max_rest: 24, ..profile(id, pattern, slot) }
}

/// What the person does as a habit.
pub(super) const fn habit(id: &'static str, pattern: &'static str, slot: &'static str) -> Rule {
    Rule { lasting: true, ..taste(id, pattern, slot) }
}

/// What the person is by trade or otherwise.
pub(super) const fn trade(id: &'static str, pattern: &'static str, slot: &'static str) -> Rule {
    Rule { not_before: Class::NO_TRADE, max_rest: 12, ..profile(id, pattern, slot) }
}

/// What was so and is no longer.
pub(super) const fn past(id: &'static str, pattern: &'static str, slot: &'static str) -> Rule {
    Rule { gone: true, not_before: Class(Class::NOT.0 | Class::TALK.0 | Class::LEAD.0), ..profile(id, pattern, slot) }
}

/// A rule that fits a clause.
#[derive(Debug)]
pub(super) struct Match {
    pub(super) rule: &'static Rule,
    pub(super) slot: Option<String>,
    /// Where the value stands among the clause's words.
    pub(super) value: Range<usize>,
}

#[derive(Debug)]
enum Part {
    Words {
        any: Vec<&'static str>,
        /// The traces of the words; all, where one is an ending or a beginning.
        traces: u64,
        optional: bool,
        chosen: bool,
    },
    /// The next word is one of these, and is not taken.
    Ahead(Vec<&'static str>),
    Object,
    Years,
    Name,
    Rest,
    End,
    Colon,
}

#[derive(Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    /// Traces of the words of which the clause must have one, for each part that asks for a word.
    needs: Vec<u64>,
}

/// What a pattern found in a clause.
#[derive(Debug, Default)]
pub(super) struct Fit<'t> {
    chosen: Option<&'t str>,
    object: Option<(usize, usize)>,
    /// How many words were matched one by one; the rest stands behind them.
    taken: usize,
}

impl Pattern {
    pub(super) fn new(text: &'static str, groups: &[(&'static str, &'static str)]) -> Self {
        let part = |part: &'static str| match part {
            "*" => Part::Object,
            "#" => Part::Years,
            "^" => Part::Name,
            "~" => Part::Rest,
            "$" => Part::End,
            ":" => Part::Colon,
            ahead if ahead.starts_with('&') => {
                Part::Ahead(ahead.trim_start_matches('&').split('|').flat_map(|word| expand(word, groups)).collect())
            }
            words => {
                let (chosen, words) = words.strip_prefix('@').map_or((false, words), |words| (true, words));
                let inner = words.strip_prefix('[').and_then(|words| words.strip_suffix(']'));
                let any: Vec<_> = inner.unwrap_or(words).split('|').flat_map(|word| expand(word, groups)).collect();
                Part::Words { traces: traces(&any), any, optional: inner.is_some(), chosen }
            }
        };
        let parts: Vec<Part> = text.split_whitespace().map(part).collect();
        let needs = parts.iter().filter_map(needed).collect();
        Self { parts, needs }
    }

    /// Whether a clause with these traces of words may fit.
    fn may_fit(&self, traces: u64) -> bool {
        self.needs.iter().all(|need| need & traces != 0)
    }

    /// Whether the clause must end where the pattern does.
    fn ends(&self) -> bool {
        matches!(self.parts.last(), Some(Part::End))
    }

    /// The words that a clause must begin with to fit.
    pub(super) fn first_words(&self) -> &[&'static str] {
        match self.parts.first() {
            Some(Part::Words { any, .. }) => any,
            _ => &[],
        }
    }

    pub(super) fn fit<'t>(&self, clause: &[Word<'t>]) -> Option<Fit<'t>> {
        let mut found = Fit::default();
        let mut at = 0;
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            let rest = clause.get(at..)?;
            match part {
                Part::Words { any, traces, optional, chosen } => {
                    let takes = |word: &Word| word.trace & traces != 0 && is_one_of(word, any);
                    let skipped = rest.iter().position(|word| takes(word) || at == 0 || !word.is(Class::ADVERB));
                    match skipped.and_then(|skipped| Some((skipped, rest.get(skipped)?))).filter(|(_, word)| takes(word)) {
                        Some((skipped, word)) => {
                            if *chosen {
                                found.chosen = Some(word.text);
                            }
                            at += skipped + 1;
                        }
                        None if *optional => {}
                        None => return None,
                    }
                }
                Part::Ahead(any) => {
                    rest.first().filter(|word| is_one_of(word, any))?;
                }
                Part::Object => {
                    let len = match parts.peek() {
                        Some(Part::Words { any, .. }) => rest.iter().take(5).position(|word| any.contains(&word.text))?,
                        Some(Part::Colon) => rest.iter().take(5).position(|word| word.announced)?,
                        _ => rest.len(),
                    };
                    if len == 0 || rest.get(..len)?.iter().skip(1).any(|word| word.parted) {
                        return None;
                    }
                    found.object = Some((at, at + len));
                    at += len;
                }
                Part::Years => {
                    let years: u8 = rest.first()?.text.parse().ok()?;
                    if !(3..=120).contains(&years) {
                        return None;
                    }
                    at += 1;
                }
                Part::Name => {
                    // "My son, Bruno, …" too.
                    let named =
                        |(at, word): &(usize, &Word)| word.capital && !word.is(Class::NO_NAME) && (!word.parted || *at == 0);
                    let len = rest.iter().enumerate().take(4).take_while(named).count();
                    if !(1..=3).contains(&len) {
                        return None;
                    }
                    found.object = Some((at, at + len));
                    at += len;
                }
                Part::Rest => {
                    rest.first()?;
                }
                Part::Colon => {
                    rest.first().filter(|word| word.announced)?;
                }
                Part::End => {
                    let goes_on =
                        rest.first().is_some_and(|word| !word.parted) && rest.iter().any(|word| !word.is(Class::ADVERB));
                    if goes_on {
                        return None;
                    }
                }
            }
        }
        found.taken = at;
        Some(found)
    }
}

/// The traces of words of which a clause must have one to fit the part.
fn needed(part: &Part) -> Option<u64> {
    match part {
        Part::Words { traces, optional: false, .. } => Some(*traces),
        Part::Ahead(any) => Some(traces(any)),
        _ => None,
    }
}

/// The traces of words; all of them, where one is an ending or a beginning.
fn traces(any: &[&str]) -> u64 {
    let whole = |word: &&str| !word.starts_with('-') && !word.ends_with('-');
    if any.iter().all(whole) { any.iter().fold(0, |traces, word| traces | trace(word)) } else { u64::MAX }
}

fn is_one_of(word: &Word, any: &[&str]) -> bool {
    any.iter().any(|known| match (known.strip_prefix('-'), known.strip_suffix('-')) {
        (Some(ending), _) => word.text.len() > ending.len() && word.text.ends_with(ending),
        (None, Some(beginning)) => word.text.len() > beginning.len() && word.text.starts_with(beginning),
        (None, None) => word.text == *known,
    })
}

fn expand(word: &'static str, groups: &[(&'static str, &'static str)]) -> Vec<&'static str> {
    match word.strip_prefix('{').and_then(|word| word.strip_suffix('}')) {
        Some(name) => groups.iter().filter(|(group, _)| *group == name).flat_map(|(_, words)| words.split_whitespace()).collect(),
        None => vec![word],
    }
}

/// The first rule that `clause` fits, among those of what holds or those of what is gone.
pub(super) fn find_rule(grammar: &Grammar, clause: &[Word], gone: bool) -> Option<Match> {
    let first = clause.first()?;
    let traces = clause.iter().fold(0, |traces, word| traces | word.trace);
    let may_fit = |rule: &Rule, pattern: &Pattern| rule.gone == gone && pattern.may_fit(traces);
    grammar.rules_of(first.text).filter(|(rule, pattern)| may_fit(rule, pattern)).find_map(|(rule, pattern)| {
        let fit = pattern.fit(clause)?;
        let behind = clause.get(fit.taken..)?;
        // What stands behind a comma is no part of what ended there.
        let rest = if pattern.ends() { &[] } else { behind };
        let numbered =
            rule.not_before.meets(Class::NO_NAME) && rest.iter().any(|word| word.text.bytes().all(|b| b.is_ascii_digit()));
        if rest.len() > rule.max_rest
            || begins_with(rest, rule.not_before)
            || numbered
            || rule.lasting && is_dated(clause)
            || rule.kind == Kind::Instruction && clause.iter().any(|word| word.is(Class::ONCE))
        {
            return None;
        }
        let object = fit.object.and_then(|(from, to)| clause.get(from..to));
        if fit.object.is_some_and(|(from, _)| from == 0) && object.is_some_and(|words| begins_with(words, rule.not_before)) {
            return None;
        }
        let slot = match rule.slot {
            "" => None,
            "?job" => rest.iter().take(5).any(|word| word.is(Class::TRADE)).then(|| "job".to_owned()),
            "?trade" => Some(rest.iter().take(3).any(|word| word.is(Class::TRADE)).then(|| "job".to_owned())?),
            template => {
                let chosen = grammar.slot_name(fit.chosen.unwrap_or_default());
                let object = object.map(|words| name_object(grammar, words)).unwrap_or_default();
                Some(template.replace('@', chosen).replace('*', &object))
            }
        };
        // What stands in the middle is the value where nothing stands behind: "dass ich in Köln wohne".
        let last = fit.taken.saturating_sub(1);
        let middle = || fit.object.map_or(last..clause.len(), |(from, to)| from..to);
        let value = if behind.is_empty() { middle() } else { fit.taken..clause.len() };
        Some(Match { rule, slot, value })
    })
}

/// Whether a clause tells of some day, not of what comes again: "every Sunday".
fn is_dated(clause: &[Word]) -> bool {
    let recurs = |at: Option<usize>| at.and_then(|at| clause.get(at)).is_some_and(|word| word.is(Class::EVERY));
    let mut days = clause.iter().enumerate().filter(|(_, word)| word.is(Class::DATED));
    days.any(|(at, _)| !recurs(at.checked_sub(1)) && !recurs(Some(at + 1)))
}

fn name_object(grammar: &Grammar, words: &[Word]) -> String {
    words.iter().map(|word| grammar.slot_name(word.text)).collect::<Vec<_>>().join(" ")
}

/// Whether `rest` begins with a word of `class`, an article before it aside ("the second option").
fn begins_with(rest: &[Word], class: Class) -> bool {
    let Some((first, more)) = rest.split_first() else { return false };
    first.is(class) || first.is(Class::ARTICLE) && more.first().is_some_and(|word| word.is(class))
}
