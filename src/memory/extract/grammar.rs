//! One language: its table of words, phrases and rules, made ready for reading.

use std::collections::HashMap;
use std::ops::BitOr;

use super::pattern::{Pattern, Rule};
use super::words::Word;
use crate::store::Review;

/// What a word is, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Class(pub(super) u64);

impl Class {
    /// Says nothing at the beginning of a clause: greetings, conjunctions.
    pub(super) const FILLER: Self = Self(1);
    /// May stand between the words of a pattern.
    pub(super) const ADVERB: Self = Self(1 << 1);
    /// Joins clauses: "and", "but".
    pub(super) const JOINT: Self = Self(1 << 2);
    /// Begins a clause behind a comma.
    pub(super) const OPENER: Self = Self(1 << 3);
    /// Begins a clause behind a joint, without a comma.
    pub(super) const SUBJECT: Self = Self(1 << 4);
    /// Begins a clause that ends at the next comma: "since", "because".
    pub(super) const REASON: Self = Self(1 << 5);
    /// The first person: "I", "my", "we", and verb forms that say it alone.
    pub(super) const SELF: Self = Self(1 << 6);
    /// Begins a request or a question.
    pub(super) const REQUEST: Self = Self(1 << 7);
    /// Makes a statement no statement of fact: "would", "maybe".
    pub(super) const UNSURE: Self = Self(1 << 8);
    /// Holds for today only.
    pub(super) const TODAY: Self = Self(1 << 9);
    /// Cannot begin a name.
    pub(super) const NO_NAME: Self = Self(1 << 10);
    /// What people say they like and mean the conversation: "that", "your", "answer".
    pub(super) const TALK: Self = Self(1 << 11);
    /// Cannot begin the name of a place.
    pub(super) const NO_PLACE: Self = Self(1 << 12);
    /// Not what a person is by trade: "a bit", "a fool".
    pub(super) const NO_TRADE: Self = Self(1 << 13);
    /// Addresses the one who answers: "answer", "use".
    pub(super) const ADDRESS: Self = Self(1 << 14);
    /// "Always", "never".
    pub(super) const ALWAYS: Self = Self(1 << 15);
    /// Begins words of time or place that may stand before the subject: "in", "last".
    pub(super) const LEAD: Self = Self(1 << 16);
    /// Ends the value of a slot: "since", "because".
    pub(super) const END: Self = Self(1 << 17);
    /// Works on a text: "translate".
    pub(super) const WORK: Self = Self(1 << 18);
    /// The text that is worked on.
    pub(super) const TEXT: Self = Self(1 << 19);
    /// Somebody says something: "says", "wrote".
    pub(super) const REPORT: Self = Self(1 << 20);
    /// Says when: "yesterday", "ago", months.
    pub(super) const DATED: Self = Self(1 << 21);
    /// A verb of the past.
    pub(super) const PAST: Self = Self(1 << 22);
    /// "You", "your".
    pub(super) const YOU: Self = Self(1 << 23);
    pub(super) const ARTICLE: Self = Self(1 << 24);
    pub(super) const NOT: Self = Self(1 << 25);
    /// Begins a tag question: "…, right?".
    pub(super) const TAG: Self = Self(1 << 26);
    /// Cannot follow "always" or "never" in an order.
    pub(super) const NO_ORDER: Self = Self(1 << 27);
    /// What a person does towards the one who answers: "ask", "send".
    pub(super) const TOWARDS: Self = Self(1 << 28);
    /// A trade: "nurse".
    pub(super) const TRADE: Self = Self(1 << 29);
    /// Other people: "he", "they", "she".
    pub(super) const OTHERS: Self = Self(1 << 30);
    /// What one says of a good answer: "you are a great help".
    pub(super) const PRAISE: Self = Self(1 << 31);
    /// The first person as somebody to whom things happen: "me".
    pub(super) const OBJECT: Self = Self(1 << 33);
    /// Behind "remember", a memory or a task: "remember when…", "remember to…".
    pub(super) const NO_WISH: Self = Self(1 << 32);
    /// A language, into which something is put: "in French".
    pub(super) const TONGUE: Self = Self(1 << 34);

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Class {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What a phrase is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Says nothing at the beginning of a clause.
    Filler,
    /// Nothing behind it in the sentence holds unconditionally: "if".
    Condition,
    /// What stands behind holds at a time only: "when".
    Temporal,
    /// A story, a role or somebody's text begins.
    Fiction,
    /// Anywhere in the turn: it was not meant.
    Joke,
    /// Anywhere in the turn: a part is played, before and behind.
    Play,
    /// Somebody's text may follow, if the sentence names one: "here is", "feedback on".
    Presents,
    /// "Remember that": anything may follow.
    Wish,
    /// "Note that": only a statement in the first person may follow, since tasks are worded so too.
    PersonalWish,
    Polite,
    /// "From now on".
    FromNow,
    /// "I want you to": an order, if "always" stands in it.
    Asked,
    /// "Do not ever": an order follows.
    Never,
    /// "You know": what follows is told, even where it ends as a question.
    Known,
    /// "You are", "you play": a part to play follows.
    Cast,
    /// "Whenever", "every time": an order may stand behind the condition.
    Whenever,
    /// "Forget that": a statement follows.
    ForgetThat,
    /// "Forget what I said about": words follow that the facts hold.
    ForgetAbout,
    /// "Forget everything you know about me": nothing follows.
    ForgetAll,
    /// The beginning of a clause that tells nothing of the person: "I think", "I need help".
    Noise,
}

impl Role {
    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

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

/// A language ready for reading.
#[derive(Debug)]
pub(super) struct Grammar {
    pub(super) common: Vec<&'static str>,
    /// What each word is, and the roles of the phrases that begin with it.
    classes: HashMap<&'static str, (Class, u32)>,
    /// By role and first word, each with the trace of its second word, if it has one.
    phrases: HashMap<(Role, &'static str), Vec<(Option<u64>, Phrase)>>,
    expansions: HashMap<&'static str, Phrase>,
    /// By its first word: a phrase, and what was left out before it.
    elided: HashMap<&'static str, Vec<(Phrase, Phrase)>>,
    slots: HashMap<&'static str, &'static str>,
    pub(super) gone: Vec<(Phrase, Phrase)>,
    rules: HashMap<&'static str, Vec<usize>>,
    pub(super) compiled: Vec<(&'static Rule, Pattern)>,
    noise: HashMap<&'static str, Vec<Pattern>>,
    orders_freely: bool,
    /// By the first letters, which every phrase has.
    held: HashMap<[u8; HELD_KEY], Vec<(Review, &'static str)>>,
}

impl Grammar {
    pub(super) fn new(table: &'static Table) -> Self {
        let mut classes: HashMap<&'static str, (Class, u32)> = HashMap::new();
        for (class, words) in table.words {
            for word in words.split_whitespace() {
                let known = classes.entry(word).or_default();
                known.0 = known.0 | *class;
            }
        }
        let mut phrases: HashMap<(Role, &'static str), Vec<(Option<u64>, Phrase)>> = HashMap::new();
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
        let mut rules: HashMap<&'static str, Vec<usize>> = HashMap::new();
        for (at, (_, pattern)) in compiled.iter().enumerate() {
            let first = pattern.first_words();
            first.iter().copied().chain(first.is_empty().then_some("")).for_each(|word| rules.entry(word).or_default().push(at));
        }
        let mut elided: HashMap<&'static str, Vec<(Phrase, Phrase)>> = HashMap::new();
        for (left_out, list) in table.elided {
            for phrase in list.split(',').map(split).filter(|phrase| !phrase.is_empty()) {
                elided.entry(phrase[0]).or_default().push((phrase, split(left_out)));
            }
        }
        let mut noise: HashMap<&'static str, Vec<Pattern>> = HashMap::new();
        for text in table.noise {
            let pattern = Pattern::new(text, table.groups);
            for word in pattern.first_words() {
                noise.entry(word).or_default().push(Pattern::new(text, table.groups));
            }
        }
        let mut held: HashMap<[u8; HELD_KEY], Vec<(Review, &'static str)>> = HashMap::new();
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

/// A word as one bit of 64: of two texts without a common bit, none has a word of the other.
pub(super) fn trace(word: &str) -> u64 {
    let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    1 << (hash >> 58)
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
