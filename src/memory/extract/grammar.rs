//! One language: its table of words, phrases and rules, made ready for reading.

pub(super) use super::class::{Class, Role};
use super::pattern::{Pattern, Rule};
use super::trace::{Map, trace};
use super::words::Word;
use crate::store::Review;

/// A language as it is written down in its file.
#[derive(Debug)]
pub(super) struct Table {
    /// Words by which a sentence is known to be in this language.
    pub(super) common: &'static str,
    pub(super) words: &'static [(Class, &'static str)],
    /// Phrases, parted by commas.
    pub(super) phrases: &'static [(Role, &'static str)],
    /// Words that stand for several: "im" for "i am".
    pub(super) expansions: &'static [(&'static str, &'static str)],
    /// What people leave out at the beginning of a clause, and the phrases before which they do: "i", "live in".
    pub(super) elided: &'static [(&'static str, &'static str)],
    /// Named alternatives, for `{name}` in a pattern.
    pub(super) groups: &'static [(&'static str, &'static str)],
    /// What relatives, topics and attributes are called in slots, and the words for them.
    pub(super) slots: &'static [(&'static str, &'static str)],
    /// What says that something is no longer so: what stands first, and what may have to stand further on.
    pub(super) gone: &'static [(&'static str, &'static str)],
    /// Patterns of clauses that tell nothing of the person.
    pub(super) noise: &'static [&'static str],
    /// Any verb may follow "always" in an order; otherwise only those that address the one who answers.
    pub(super) orders_freely: bool,
    /// What speaks to a model about its orders, and what names a tool, in lower case.
    pub(super) held: &'static [(Review, &'static str)],
    /// The first that fits a clause counts.
    pub(super) rules: &'static [&'static [Rule]],
}

/// How many bytes of a held phrase it is looked up by.
const HELD_KEY: usize = 3;

/// A phrase as words.
type Phrase = Vec<&'static str>;

/// The trace of a phrase's second word, if it has one, and the phrase.
type Opened = (Option<u64>, Phrase);

/// A language ready for reading.
#[derive(Debug)]
pub(super) struct Grammar {
    pub(super) common: Vec<&'static str>,
    /// What each word is, and the roles of the phrases that begin with it.
    classes: Map<&'static str, (Class, u32)>,
    /// By role and first word, each with the trace of its second word, if it has one.
    phrases: Map<(Role, &'static str), Vec<Opened>>,
    expansions: Map<&'static str, Phrase>,
    /// By its first word: a phrase, and what was left out before it.
    elided: Map<&'static str, Vec<(Phrase, Phrase)>>,
    slots: Map<&'static str, &'static str>,
    pub(super) gone: Vec<(Phrase, Phrase)>,
    rules: Map<&'static str, Vec<usize>>,
    pub(super) compiled: Vec<(&'static Rule, Pattern)>,
    noise: Map<&'static str, Vec<Pattern>>,
    orders_freely: bool,
    /// By the first letters, which every phrase has.
    held: Map<[u8; HELD_KEY], Vec<(Review, &'static str)>>,
}

impl Grammar {
    pub(super) fn new(table: &'static Table) -> Self {
        let mut classes: Map<&'static str, (Class, u32)> = Map::default();
        for (class, words) in table.words {
            for word in words.split_whitespace() {
                let known = classes.entry(word).or_default();
                known.0 = known.0 | *class;
            }
        }
        let mut phrases: Map<(Role, &'static str), Vec<Opened>> = Map::default();
        for (role, list) in table.phrases {
            for phrase in list.split(',').map(split).filter(|phrase| !phrase.is_empty()) {
                classes.entry(phrase[0]).or_default().1 |= role.bit();
                let second = phrase.get(1).map(|word| trace(word));
                phrases.entry((*role, phrase[0])).or_default().push((second, phrase));
            }
        }
        for known in phrases.values_mut() {
            // The longest first.
            known.sort_by_key(|(_, phrase)| std::cmp::Reverse(phrase.len()));
        }
        let slots = table.slots.iter().flat_map(|(slot, words)| words.split_whitespace().map(move |word| (word, *slot)));
        let compiled: Vec<_> =
            table.rules.iter().copied().flatten().map(|rule| (rule, Pattern::new(rule.pattern, table.groups))).collect();
        let mut rules: Map<&'static str, Vec<usize>> = Map::default();
        for (at, (_, pattern)) in compiled.iter().enumerate() {
            let first = pattern.first_words();
            first.iter().copied().chain(first.is_empty().then_some("")).for_each(|word| rules.entry(word).or_default().push(at));
        }
        let mut elided: Map<&'static str, Vec<(Phrase, Phrase)>> = Map::default();
        for (left_out, list) in table.elided {
            for phrase in list.split(',').map(split).filter(|phrase| !phrase.is_empty()) {
                elided.entry(phrase[0]).or_default().push((phrase, split(left_out)));
            }
        }
        let mut noise: Map<&'static str, Vec<Pattern>> = Map::default();
        for text in table.noise {
            let pattern = Pattern::new(text, table.groups);
            for word in pattern.first_words() {
                noise.entry(word).or_default().push(Pattern::new(text, table.groups));
            }
        }
        let mut held: Map<[u8; HELD_KEY], Vec<(Review, &'static str)>> = Map::default();
        for (why, list) in table.held {
            for phrase in list.split(',') {
                phrase
                    .as_bytes()
                    .first_chunk()
                    .into_iter()
                    .for_each(|first| held.entry(*first).or_default().push((*why, phrase)));
            }
        }
        Self {
            common: split(table.common),
            classes,
            phrases,
            expansions: table.expansions.iter().map(|(word, text)| (*word, split(text))).collect(),
            elided,
            slots: slots.collect(),
            gone: table.gone.iter().map(|(first, then)| (split(first), split(then))).collect(),
            rules,
            compiled,
            noise,
            orders_freely: table.orders_freely,
            held,
        }
    }

    /// The words as this language knows them.
    pub(super) fn read<'t>(&self, words: &[Word<'t>]) -> Vec<Word<'t>> {
        let mut read = Vec::with_capacity(words.len() + 4);
        for word in words {
            match self.expansions.get(word.text) {
                None => read.push(self.know(*word)),
                Some(expansion) => {
                    let mut word = *word;
                    for text in expansion {
                        read.push(self.know(Word { text, ..word }));
                        word = Word { parted: false, announced: false, asked: false, capital: false, ..word };
                    }
                }
            }
        }
        read
    }

    /// The word as this language knows it.
    fn know<'t>(&self, word: Word<'t>) -> Word<'t> {
        let (class, opens) = self.classes.get(word.text).copied().unwrap_or_default();
        Word { class, opens, trace: trace(word.text), ..word }
    }

    /// The words behind the longest phrase of `role` that `words` begin with.
    pub(super) fn behind<'a, 't>(&self, words: &'a [Word<'t>], role: Role) -> Option<&'a [Word<'t>]> {
        let first = words.first().filter(|word| word.opens & role.bit() != 0)?;
        let second = words.get(1).map(|word| word.trace);
        let may_fit = |needed: &Option<u64>| needed.is_none() || *needed == second;
        let known = self.phrases.get(&(role, first.text))?;
        known.iter().filter(|(needed, _)| may_fit(needed)).find_map(|(_, phrase)| skip(words, phrase))
    }

    pub(super) fn opens_with(&self, words: &[Word], role: Role) -> bool {
        self.behind(words, role).is_some()
    }

    pub(super) fn holds(&self, words: &[Word], role: Role) -> bool {
        (0..words.len()).any(|at| self.opens_with(words.get(at..).unwrap_or_default(), role))
    }

    /// Rules whose pattern may begin with this word, and behind them those that may begin with any.
    pub(super) fn rules_of(&self, word: &str) -> impl Iterator<Item = (&'static Rule, &Pattern)> {
        let of = |word: &str| self.rules.get(word).into_iter().flatten();
        of(word).chain(of("")).filter_map(|at| self.compiled.get(*at).map(|(rule, pattern)| (*rule, pattern)))
    }

    /// What was left out before `words`, if people leave it out there.
    fn left_out(&self, words: &[Word]) -> Option<&Phrase> {
        let known = self.elided.get(words.first()?.text)?;
        known.iter().find(|(phrase, _)| skip(words, phrase).is_some()).map(|(_, left_out)| left_out)
    }

    /// Whether a clause may begin here whose subject was left out.
    pub(super) fn elides(&self, words: &[Word]) -> bool {
        self.left_out(words).is_some()
    }

    /// The clause with what was left out before it, if something was: "live in Rome" is "I live in Rome".
    pub(super) fn restore<'t>(&self, words: &[Word<'t>]) -> Option<Vec<Word<'t>>> {
        let first = words.first()?;
        let unseen = |text: &&'static str| {
            self.know(Word { text, end: first.start, parted: false, announced: false, asked: false, ..*first })
        };
        Some(self.left_out(words)?.iter().map(unseen).chain(words.iter().copied()).collect())
    }

    pub(super) fn is_noise(&self, words: &[Word]) -> bool {
        let Some(first) = words.first() else { return true };
        self.noise.get(first.text).into_iter().flatten().any(|pattern| pattern.fit(words).is_some())
            || self.opens_with(words, Role::Noise)
    }

    /// The words with which somebody's text may be announced.
    pub(super) fn openings(&self) -> impl Iterator<Item = &'static str> {
        let works = self.classes.iter().filter(|(_, (class, _))| class.meets(Class::WORK)).map(|(word, _)| *word);
        works.chain(self.phrases.keys().filter(|(role, _)| *role == Role::Fiction).map(|(_, word)| *word))
    }

    pub(super) fn orders_freely(&self) -> bool {
        self.orders_freely
    }

    /// Why a text that begins so (in lower case, single spaces) must be reviewed, if it must.
    pub(super) fn holds_back(&self, text: &str) -> impl Iterator<Item = (Review, &'static str)> {
        let phrases = text.as_bytes().first_chunk().and_then(|first| self.held.get(first));
        phrases.into_iter().flatten().filter(move |(_, phrase)| text.starts_with(phrase)).copied()
    }

    /// Whether a word names a slot: "address", "birthday".
    pub(super) fn is_slot(&self, word: &str) -> bool {
        self.slots.contains_key(word)
    }

    /// What a relative, a topic or an attribute is called in a slot.
    pub(super) fn slot_name<'a>(&self, word: &'a str) -> &'a str {
        self.slots.get(word).copied().unwrap_or(word)
    }

    /// The words of this language without which no statement can stand in a turn.
    pub(super) fn marks(&self) -> impl Iterator<Item = &'static str> {
        const MARKING: Class = Class(Class::SELF.0 | Class::ALWAYS.0);
        const ROLES: [Role; 10] = [
            Role::Wish,
            Role::PersonalWish,
            Role::FromNow,
            Role::Asked,
            Role::Whenever,
            Role::Never,
            Role::ForgetThat,
            Role::ForgetAbout,
            Role::ForgetAll,
            Role::Polite,
        ];
        let words = self.classes.iter().filter(|(_, (class, _))| class.meets(MARKING)).map(|(word, _)| *word);
        // "Don't" is cut at its apostrophe.
        let expanded = self
            .expansions
            .iter()
            .filter(|(_, text)| matches!(text.first(), Some(&"i" | &"do" | &"je")))
            .map(|(word, _)| *word)
            .chain(["don"]);
        let phrases = self.phrases.keys().filter(|(role, _)| ROLES.contains(role)).map(|(_, word)| *word);
        let elided = self.elided.keys().copied();
        let gone = self.gone.iter().filter_map(|(first, _)| first.first().copied());
        // A turn is looked through by letters and digits only.
        let bare = |word: &'static str| word.split(|c: char| !c.is_alphanumeric()).next().unwrap_or(word);
        words
            .chain(expanded)
            .chain(phrases)
            .chain(elided)
            .chain(gone)
            .chain(self.rules.keys().copied())
            .map(bare)
            .filter(|word| !word.is_empty())
    }
}

fn split(text: &'static str) -> Phrase {
    text.split_whitespace().collect()
}

/// The words behind `phrase`, where they begin with it.
pub(super) fn skip<'a, 't>(words: &'a [Word<'t>], phrase: &[&str]) -> Option<&'a [Word<'t>]> {
    phrase
        .iter()
        .try_fold(words, |rest, expected| rest.split_first().filter(|(word, _)| word.text == *expected).map(|(_, rest)| rest))
}
