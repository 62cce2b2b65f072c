//! The languages that statements are read in: one table each. To add one, write its file and name it here.

mod de;
mod en;
mod es;
mod fr;
mod it;
mod nl;
mod pt;
mod ru;

use std::collections::HashSet;
use std::sync::LazyLock;

use super::clause;
use super::grammar::{Grammar, Table};
use super::orders::find_wish;
use super::trace::Map;
use super::words::Word;

const COUNT: usize = 8;
/// English first: a sentence without any known word is read so.
static TABLES: [&Table; COUNT] =
    [&en::ENGLISH, &de::GERMAN, &fr::FRENCH, &es::SPANISH, &it::ITALIAN, &pt::PORTUGUESE, &nl::DUTCH, &ru::RUSSIAN];

struct Languages {
    grammars: [Grammar; COUNT],
    /// Frequent words, and the languages that have them.
    common: Map<&'static str, [bool; COUNT]>,
    marks: HashSet<&'static str>,
    /// The words with which somebody's text is announced, and the languages in which they do.
    openings: Map<&'static str, Vec<usize>>,
}

static LANGUAGES: LazyLock<Languages> = LazyLock::new(|| {
    let grammars = TABLES.map(Grammar::new);
    let mut common: Map<&'static str, [bool; COUNT]> = Map::default();
    for (at, grammar) in grammars.iter().enumerate() {
        for word in &grammar.common {
            if let Some(has) = common.entry(word).or_default().get_mut(at) {
                *has = true;
            }
        }
    }
    let marks = grammars.iter().flat_map(Grammar::marks).collect();
    let mut openings: Map<&'static str, Vec<usize>> = Map::default();
    for (at, grammar) in grammars.iter().enumerate() {
        grammar.openings().for_each(|word| openings.entry(word).or_default().push(at));
    }
    Languages { grammars, common, marks, openings }
});

pub(super) fn grammars() -> &'static [Grammar] {
    &LANGUAGES.grammars
}

pub(super) fn english() -> &'static Grammar {
    &LANGUAGES.grammars[0]
}

/// Whether people say something of themselves by this word, in any of the languages.
pub(super) fn is_mark(word: &str) -> bool {
    LANGUAGES.marks.contains(word)
}

/// Whether somebody's text begins here, in whichever language that is said: "vertaal: ich bin Bäcker".
pub(super) fn opens_fiction(words: &[Word]) -> bool {
    let Some(first) = words.first() else { return false };
    let grammars = LANGUAGES.openings.get(first.text).into_iter().flatten().filter_map(|at| LANGUAGES.grammars.get(*at));
    grammars.into_iter().any(|grammar| {
        let words = grammar.read(words);
        // A wish comes before: "remember this text: …".
        find_wish(grammar, &words, false).is_none() && clause::opens_fiction(grammar, &words)
    })
}

/// How many words of a text each language knows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Votes([u32; COUNT]);

impl Votes {
    pub(super) fn count(&mut self, words: &[Word]) {
        for word in words {
            if let Some(has) = LANGUAGES.common.get(word.text) {
                self.0.iter_mut().zip(has).for_each(|(votes, has)| *votes += u32::from(*has));
            }
        }
    }
}

/// The languages that a sentence may be in: those that know the most of its words, the turn's own first among equals.
pub(super) fn choose(words: &[Word], whole: &Votes) -> impl Iterator<Item = &'static Grammar> {
    let mut votes = Votes::default();
    votes.count(words);
    let most = votes.0.iter().copied().max().unwrap_or_default();
    // A vote less may be a name's fault: "Mi esposa se llama Lucía". Without any frequent word it may be any: "Toco cavaquinho".
    let mut near: Vec<(u32, u32, usize)> =
        votes.0.iter().zip(&whole.0).enumerate().map(|(at, (votes, whole))| (*votes, *whole, at)).collect();
    near.retain(|(votes, ..)| votes + 1 >= most && (*votes > 0 || most == 0));
    near.sort_by_key(|(votes, whole, at)| (std::cmp::Reverse((*votes, *whole)), *at));
    near.into_iter().filter_map(|(.., at)| grammars().get(at))
}
