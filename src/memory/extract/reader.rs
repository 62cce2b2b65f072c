//! Reads a turn sentence by sentence and collects what it says.

use std::ops::Range;

use super::clause::{
    announced_text, casts_a_part, clauses, is_condition, is_request, is_tag, opens_fiction, reports, skip_fillers, skip_lead,
};
use super::grammar::{Class, Grammar, Role};
use super::languages::{self, Votes};
use super::pattern::{Match, find_rule};
use super::quote::{quote, saying, tidy};
use super::words::{Sentence, Word, sentences};
use super::{Candidate, Retraction, Statement, Target, hold, orders, own, passing, retract};
use crate::store::{Kind, Review, Tier};

/// Whether there is more to read in the turn.
struct Flow {
    /// What follows, and the sentence itself, is not the person's word.
    stops: bool,
    /// What was said before was not meant.
    unsays: bool,
}

pub(super) struct Reader<'t> {
    turn: &'t str,
    folded: &'t str,
    found: Vec<Statement>,
    own: Vec<Range<usize>>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(turn: &'t str, folded: &'t str) -> Self {
        Self { turn, folded, found: Vec::new(), own: Vec::new() }
    }

    pub(super) fn into_found(self) -> Vec<Statement> {
        self.found
    }

    /// Where the person speaks for themselves, as byte ranges of the turn.
    pub(super) fn own(&self) -> &[Range<usize>] {
        &self.own
    }

    pub(super) fn read(&mut self) {
        // The sarcasm mark holds for all that was said.
        if self.turn.trim_end().ends_with(" /s") || self.turn.trim_end().ends_with(" /j") {
            return;
        }
        let stretches: Vec<_> = own::own_words(self.turn)
            .into_iter()
            .map(|stretch| (sentences(self.turn, self.folded, stretch.range.clone()), stretch))
            .collect();
        let mut whole = Votes::default();
        stretches.iter().flat_map(|(sentences, _)| sentences).for_each(|sentence| whole.count(&sentence.words));
        for (sentences, stretch) in &stretches {
            let last = sentences.len().saturating_sub(1);
            let mut from = stretch.range.start;
            for (at, sentence) in sentences.iter().enumerate() {
                let (Some(first), Some(end)) = (sentence.words.first(), sentence.words.last()) else { continue };
                let before = self.turn.get(stretch.range.start..first.start).unwrap_or_default();
                // A sentence that ended right behind what was left out took the tear with it.
                let torn_start = stretch.torn_start && at == 0 && !before.starts_with(['.', '!', '?']);
                let torn = Torn { start: torn_start, end: stretch.torn_end && at == last && !sentence.ended };
                let flow = self.read_sentence(sentence, torn, &whole);
                if flow.unsays {
                    self.own.clear();
                    from = end.end;
                }
                if flow.stops {
                    self.own.push(from..first.start.max(from));
                    self.hold_beside_orders();
                    return;
                }
            }
            self.own.push(from..stretch.range.end);
        }
        self.hold_beside_orders();
    }

    /// Whoever tells a model to leave its orders may have the rest of the turn dictated as well: none of it is kept unseen.
    fn hold_beside_orders(&mut self) {
        let turn = self.turn;
        let mut texts = self.own.iter().filter_map(|range| turn.get(range.clone()));
        if self.found.is_empty() || !texts.any(|text| hold::commands(text, languages::grammars())) {
            return;
        }
        for statement in &mut self.found {
            if let Statement::Fact(fact) = statement {
                fact.held_for.get_or_insert(Review::Instruction);
            }
        }
    }

    /// Reads the sentence in the languages that it may be in: the first in which it says something explicit has it.
    fn read_sentence(&mut self, sentence: &Sentence<'t>, torn: Torn, whole: &Votes) -> Flow {
        if languages::opens_fiction(&sentence.words) {
            return Flow { stops: true, unsays: false };
        }
        let mut best: Option<Reading> = None;
        for grammar in languages::choose(&sentence.words, whole) {
            let reading = Reading::of(self.turn, grammar, sentence, torn);
            let done = reading.ends || reading.unsays || reading.found.iter().any(is_explicit);
            if done || best.is_none() {
                best = Some(reading);
            }
            if done {
                break;
            }
        }
        let Some(reading) = best else { return Flow { stops: false, unsays: false } };
        if reading.unsays {
            self.found.clear();
        }
        self.found.extend(reading.found);
        Flow { stops: reading.ends, unsays: reading.unsays }
    }
}

fn is_explicit(statement: &Statement) -> bool {
    !matches!(statement, Statement::Fact(fact) if fact.tier == Tier::Passing)
}

/// Whether something was left out right before or behind a sentence: its first or last clause may be a torso.
#[derive(Clone, Copy)]
struct Torn {
    start: bool,
    end: bool,
}

/// What a sentence says, read in one language.
struct Reading<'a> {
    turn: &'a str,
    grammar: &'a Grammar,
    found: Vec<Statement>,
    /// The person's own words end here.
    ends: bool,
    /// What was said before was not meant: it was a joke, or a part that is played.
    unsays: bool,
}

#[expect(clippy::similar_names, reason = "a turn, and what was torn off it")]
impl<'a> Reading<'a> {
    fn of(turn: &'a str, grammar: &'a Grammar, sentence: &Sentence, torn: Torn) -> Self {
        let mut reading = Self { turn, grammar, found: Vec::new(), ends: false, unsays: false };
        let words = grammar.read(&sentence.words);
        reading.read(&words, sentence, torn);
        reading
    }

    fn read(&mut self, words: &[Word], sentence: &Sentence, torn: Torn) {
        let grammar = self.grammar;
        let bare = skip_fillers(grammar, words);
        let plays = grammar.holds(words, Role::Play);
        if plays || sentence.wry || grammar.holds(words, Role::Joke) {
            (self.ends, self.unsays) = (plays, !sentence.wry || plays);
            return;
        }
        let whole = !torn.start && !torn.end;
        let turn = self.turn;
        if whole
            && !sentence.question
            && let Some(found) = retract::find_forget(grammar, bare, |words| saying(turn, words))
        {
            self.retract(bare, found);
            return;
        }
        if whole && let Some(wished) = orders::find_wish(grammar, bare, sentence.question) {
            self.read_wish(wished);
            return;
        }
        if opens_fiction(grammar, words) {
            self.ends = true;
            return;
        }
        // "Call me Sam from now on" fills a slot.
        let fills = || statement(grammar, bare).is_some_and(|found| found.slot.is_some());
        if whole && !sentence.question && orders::is_standing_order(grammar, bare) && !fills() {
            self.keep(bare, Kind::Instruction, None, "standing", Tier::Explicit);
            return;
        }
        let announced = announced_text(words);
        self.ends = announced.is_some()
            || sentence.announces && words.iter().any(|word| word.is(Class::TEXT | Class::REPORT | Class::WORK));
        let words = words.get(..announced.unwrap_or(words.len())).unwrap_or_default();
        if !words.is_empty() {
            self.read_clauses(words, sentence.question, torn);
        }
    }

    fn read_clauses(&mut self, words: &[Word], question: bool, torn: Torn) {
        let grammar = self.grammar;
        let mut clauses = clauses(grammar, words);
        if question && let Some((told, asked)) = clauses.last().and_then(|last| split_question(grammar, last)) {
            clauses.pop();
            clauses.extend([told, asked]);
        }
        if clauses.iter().any(|clause| casts_a_part(grammar, clause)) {
            (self.ends, self.unsays) = (true, true);
            return;
        }
        let last = clauses.len().saturating_sub(1);
        // "I live in Berlin, right?" asks for what it seems to say, unless it begins with "you know".
        let told = grammar.opens_with(words, Role::Known);
        let tagged = question && !told && clauses.last().is_some_and(|tag| is_tag(tag));
        let mut run = Run::default();
        for (at, clause) in clauses.into_iter().enumerate() {
            if opens_fiction(grammar, clause) {
                self.ends = true;
                break;
            }
            if is_condition(grammar, clause) || reports(clause) {
                break;
            }
            if let Some(wished) = orders::find_wish(grammar, skip_fillers(grammar, clause), question) {
                self.flush(&mut run);
                self.read_wish(wished);
                continue;
            }
            let asks = question && at == last || tagged;
            let torso = torn.start && at == 0 || torn.end && at == last;
            if asks || torso {
                self.flush(&mut run);
            } else {
                self.read_clause(clause, &mut run);
            }
        }
        self.flush(&mut run);
    }

    fn read_clause<'t>(&mut self, clause: &[Word<'t>], run: &mut Run<'t>) {
        let grammar = self.grammar;
        let bare = skip_fillers(grammar, clause);
        let temporal = grammar.opens_with(bare, Role::Temporal);
        let turn = self.turn;
        if !temporal
            && is_certain(bare)
            && let Some(found) = retract::find_gone(grammar, clause, |words| saying(turn, words))
        {
            self.flush(run);
            self.retract(clause, found);
            run.add(clause, true);
            self.flush(run);
        } else if !temporal
            && let Some((said, found)) = [bare, clause].iter().find_map(|said| Some((*said, statement(grammar, said)?)))
        {
            self.flush(run);
            self.keep(said, found.rule.kind, found.slot, found.rule.id, Tier::Explicit);
        } else if passing::tells(grammar, clause) {
            run.add(bare, true);
        } else if run.tells && passing::continues(grammar, clause) {
            run.add(clause, false);
        } else {
            self.flush(run);
        }
    }

    /// What was asked to be remembered: statements with a rule of their own each by itself, anything else as one.
    fn read_wish(&mut self, wished: &[Word]) {
        let grammar = self.grammar;
        let parts = clauses(grammar, wished);
        let Some(first) = parts.first().copied() else { return };
        if announced_text(wished).is_some() {
            self.ends = true;
            return;
        }
        if hold::is_long(&quote(self.turn, wished)) {
            self.keep(wished, Kind::Note, None, "remember", Tier::Explicit);
            return;
        }
        if orders::is_standing_order(grammar, first) || orders::is_standing_order(grammar, wished) {
            self.keep(wished, Kind::Instruction, None, "remember", Tier::Explicit);
            return;
        }
        let end = parts.iter().position(|clause| is_request(grammar, clause) || reports(clause)).unwrap_or(parts.len());
        let parts = parts.get(..end).unwrap_or_default();
        let known = |clause: &[Word]| statement(grammar, skip_fillers(grammar, clause)).is_some();
        if parts.iter().any(|clause| known(clause)) {
            for clause in parts {
                let bare = skip_fillers(grammar, clause);
                match statement(grammar, bare) {
                    Some(found) => self.keep(bare, found.rule.kind, found.slot, found.rule.id, Tier::Explicit),
                    None if bare.len() >= 3 => self.keep(bare, Kind::Note, None, "remember", Tier::Explicit),
                    None => {}
                }
            }
        } else {
            let len = parts.iter().map(|clause| clause.len()).sum::<usize>();
            let kind = if orders::is_personal(wished) { Kind::Profile } else { Kind::Note };
            if let Some(words) = wished.get(..len) {
                self.keep(words, kind, None, "remember", Tier::Explicit);
            }
        }
    }

    fn flush(&mut self, run: &mut Run) {
        let run = std::mem::take(run);
        if run.tells {
            self.keep(&run.words, passing::kind_of(&run.words), None, "passing", Tier::Passing);
        }
    }

    fn retract(&mut self, words: &[Word], found: retract::Found) {
        let empty = matches!(&found.target, Target::Saying(words) if words.is_empty());
        if !empty {
            let (quote, origin) = (quote(self.turn, words), format!("rule:{}", found.rule));
            self.found.push(Statement::Retraction(Retraction { target: found.target, forget: found.forget, quote, origin }));
        }
    }

    fn keep(&mut self, words: &[Word], kind: Kind, slot: Option<String>, rule: &str, tier: Tier) {
        let quote = quote(self.turn, words);
        let text = tidy(&quote);
        if text.chars().count() <= 3 {
            return;
        }
        let english = languages::english();
        let both = [english, self.grammar];
        let len = if std::ptr::eq(self.grammar, english) { 1 } else { 2 };
        let held_for = hold::review(&text, kind, both.get(..len).unwrap_or_default());
        self.found.push(Statement::Fact(Candidate { text, kind, slot, quote, origin: format!("rule:{rule}"), tier, held_for }));
    }
}

/// Clauses that tell one thing, side by side.
#[derive(Default)]
struct Run<'t> {
    words: Vec<Word<'t>>,
    tells: bool,
}

impl<'t> Run<'t> {
    fn add(&mut self, clause: &[Word<'t>], tells: bool) {
        self.words.extend_from_slice(clause);
        self.tells |= tells;
    }
}

/// What makes no statement of fact: doubt, somebody's report, what holds for today only.
fn is_certain(clause: &[Word]) -> bool {
    !clause.iter().any(|word| word.is(Class::UNSURE | Class::REPORT | Class::TODAY))
}

/// "I play the trombone, any tips against dry lips?": what is told before the comma, and what is asked behind it.
fn split_question<'a, 't>(grammar: &Grammar, clause: &'a [Word<'t>]) -> Option<(&'a [Word<'t>], &'a [Word<'t>])> {
    let at = clause.iter().rposition(|word| word.parted).filter(|at| *at > 1)?;
    let (told, asked) = clause.split_at_checked(at)?;
    let personal = told.iter().take(2).any(|word| word.is(Class::SELF)) || grammar.elides(skip_fillers(grammar, told));
    let begins = asked.first().is_some_and(|word| !word.capital && !word.is(Class::TAG));
    (personal && begins && asked.len() > 1).then_some((told, asked))
}

/// The rule that a clause (fillers dropped) fits, if it is an explicit statement that holds.
fn statement(grammar: &Grammar, clause: &[Word]) -> Option<Match> {
    if let Some(restored) = grammar.restore(clause)
        && !restored.is_empty()
        && is_certain(&restored)
        && !grammar.is_noise(&restored)
        && let Some(found) = find_rule(grammar, &restored, false)
    {
        return Some(found);
    }
    if !is_certain(clause) || grammar.is_noise(clause) {
        return None;
    }
    find_rule(grammar, clause, false).or_else(|| {
        let core = skip_lead(clause);
        let lead = clause.len() - core.len();
        // "Seit 2020 wohne ich in Köln": the verb stands before the subject.
        let inverted = lead.checked_sub(1).and_then(|at| clause.get(at..))?;
        find_rule(grammar, core, false).or_else(|| find_rule(grammar, inverted, false))
    })
}
