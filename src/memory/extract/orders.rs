//! Standing instructions ("always…", "from now on…") and explicit requests to remember.

use super::clause::{reports, skip_fillers, skip_politeness};
use super::grammar::{Class, Grammar, Role};
use super::words::Word;

/// How far behind an order's verb "always" or "from now on" may stand.
const MAX_GAP: usize = 4;

/// Whether a sentence (leading fillers dropped) tells how to answer from now on.
pub(super) fn is_standing_order(grammar: &Grammar, words: &[Word]) -> bool {
    if words.len() < 3 || reports(words) {
        return false;
    }
    if let Some(rest) = grammar.behind(words, Role::Asked) {
        // "I want you to … whenever …".
        return rest.iter().take(MAX_GAP).any(|word| word.is(Class::ALWAYS))
            || grammar.holds(rest, Role::Whenever)
            || holds_from_now(grammar, rest);
    }
    is_order(grammar, skip_politeness(grammar, words))
}

fn is_order(grammar: &Grammar, words: &[Word]) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    if let Some(rest) = grammar.behind(words, Role::FromNow) {
        return skip_politeness(grammar, skip_fillers(grammar, rest))
            .iter()
            .take(3)
            .any(|word| word.is(Class::ADDRESS | Class::ALWAYS))
            || rest.iter().any(|word| word.parted && word.is(Class::ADDRESS));
    }
    if grammar.opens_with(words, Role::Whenever) {
        return addresses(words) && !words.iter().take(MAX_GAP).any(|word| word.is(Class::TODAY));
    }
    if grammar.opens_with(words, Role::Never) {
        return true;
    }
    if first.is(Class::ALWAYS) {
        return rest.first().is_some_and(|verb| {
            verb.is(Class::ADDRESS) || !verb.is(Class::NO_ORDER) && grammar.orders_freely() && plain(verb.text)
        });
    }
    // "Answer in German from now on", "antworte immer auf Deutsch".
    let always = |words: &[Word]| words.iter().take(MAX_GAP).any(|word| word.is(Class::ALWAYS));
    first.is(Class::ADDRESS)
        && (always(rest)
            || rest.last().is_some_and(|word| word.is(Class::ALWAYS) && word.parted)
            || holds_from_now(grammar, rest))
}

/// Whether an English word may be the verb of an order: "always answered" and "never going" are none.
fn plain(verb: &str) -> bool {
    !verb.ends_with("ed") && !verb.ends_with("ing")
}

fn holds_from_now(grammar: &Grammar, words: &[Word]) -> bool {
    grammar.holds(words, Role::FromNow)
}

/// Whether an order stands behind the condition: "…, answer in German", "… always answer in German".
fn addresses(words: &[Word]) -> bool {
    let towards = words.iter().take(5).any(|word| word.is(Class::TOWARDS));
    // "…, please answer" too.
    let begins = |word: &Word, before: &Word| word.parted || before.parted && before.is(Class::FILLER);
    let orders = |word: &Word, before: &Word| word.is(Class::ALWAYS) || word.is(Class::ADDRESS) && begins(word, before);
    towards && words.iter().skip(2).zip(words.iter().skip(1)).any(|(word, before)| orders(word, before))
}

/// What the person asks to remember: the words behind the asking.
pub(super) fn find_wish<'a, 't>(grammar: &Grammar, words: &'a [Word<'t>], question: bool) -> Option<&'a [Word<'t>]> {
    let asked = skip_politeness(grammar, words);
    // "Remember that book?" asks; "can you remember that …?" does not.
    if question && asked.len() == words.len() {
        return None;
    }
    let plain = grammar.behind(asked, Role::Wish);
    let wished = plain.or_else(|| grammar.behind(asked, Role::PersonalWish))?;
    let wished = skip_politeness(grammar, wished);
    let first = wished.first()?;
    // "Remember the time …", "remember to …": no wish. "Remember: …" is one.
    let task_like = first.is(Class::NO_WISH);
    (first.announced || !task_like && (plain.is_some() || is_personal(wished))).then_some(wished)
}

/// Whether a statement about the person follows, words of time aside.
pub(super) fn is_personal(words: &[Word]) -> bool {
    super::clause::skip_lead(words).first().is_some_and(|word| word.is(Class::SELF))
}
