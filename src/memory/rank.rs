//! The ranking: BM25 over stems, helped by the neighbours of the same session, by who said it, and by the dates that are named.
//!
//! A short turn says little by itself ("Yes, last May!"), so a part of its neighbours' words counts for it. A long one
//! speaks for itself, and neighbours would only drown it: the part shrinks with length.

use super::analysis::{Analysis, Language, Term, Words, speaker_term};
use super::dates::{self, Span, day_of};
use super::index::{Document, Entry, Index, Slot};

/// Term saturation and length normalisation of BM25 (Robertson and Zaragoza 2009).
const K1: f32 = 0.9;
const B: f32 = 0.2;
/// How much of a term in the next and the next but one item of the session counts for a short document.
const NEAR: f32 = 0.3;
const NEXT_BUT_ONE: f32 = 0.15;
/// How much of the next item's likeness to the question counts for a short document.
const LIKENESS: f32 = 0.1;
/// What neighbours lend counts as one occurrence at most.
const LENT: f32 = 1.0;
/// Up to this many terms a document is short.
const SHORT: f32 = 60.0;
/// What it counts that the person named in the question said it, and that it was said on a day that the question names; in parts
/// of what a rare term would count.
const SPEAKER: f32 = 2.0;
const DATE: f32 = 1.5;
/// A question's text beyond this many bytes is not searched for: a pasted document asks nothing.
const MAX_QUERY: usize = 4096;

/// From this many documents on, a term in more than this share of them is passed over where the question has a better one: it
/// tells none from another, and takes longest to count.
const MANY: f32 = 64.0;
const COMMON: f32 = 0.8;

/// Something to rank. Facts and the turns of an evaluation set go through the same code.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    pub text: &'a str,
    pub speaker: Option<&'a str>,
    /// When it was said, in milliseconds since the Unix epoch.
    pub at: Option<i64>,
    /// Any number that stands for its session. Items of one session follow each other in order.
    pub session: Option<u64>,
}

impl Item<'_> {
    /// The item as it is indexed.
    #[must_use]
    pub fn analyse(&self) -> Entry {
        self.complete(Analysis::of(self.text))
    }

    /// As [`Item::analyse`], where the text was analysed before.
    #[must_use]
    pub fn complete(&self, text: Analysis) -> Entry {
        let names: Vec<Term> = self.speaker.map(|name| Words::of(name).terms(text.language().bit())).unwrap_or_default();
        let terms = text.with(names.iter().flat_map(|&name| [name, speaker_term(name)]));
        // The speaker's mark is no word of the document.
        let len = terms.len().saturating_sub(u32::try_from(names.len()).unwrap_or(u32::MAX));
        Entry { terms, len, session: self.session, day: self.at.and_then(day_of), weight: 1.0 }
    }
}

/// A question, folded, before it is asked of anybody's documents.
#[derive(Debug, Clone)]
pub struct Query {
    words: Words,
    spans: Vec<Span>,
}

impl Query {
    /// `now` is when it is asked, in milliseconds since the Unix epoch: what "yesterday" is reckoned from.
    #[must_use]
    pub fn of(text: &str, now: i64) -> Self {
        // What a person asks stands at the end of a long message.
        let mut from = text.len().saturating_sub(MAX_QUERY);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let words = Words::of(text.get(from..).unwrap_or_default());
        let spans = dates::find(words.plain(), words.guess(), now);
        Self { words, spans }
    }

    /// The language that it seems to be in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.words.guess().language
    }
}

/// A document found, and how well it fits. Scores compare within one query only.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    pub slot: Slot,
    pub score: f32,
}

/// The best `limit` documents for a question, best first; ties go to the newer one. `keep` leaves documents out.
#[must_use]
pub fn rank(index: &Index, query: &Query, limit: usize, keep: impl Fn(Slot) -> bool) -> Vec<Hit> {
    best(index, &scores(index, query), limit, keep)
}

/// The best `limit` documents by their `scores`, best first; ties go to the newer one. What scores 0 is none.
pub(super) fn best(index: &Index, scores: &[f32], limit: usize, keep: impl Fn(Slot) -> bool) -> Vec<Hit> {
    let mut hits: Vec<Hit> = Vec::new();
    if limit == 0 {
        return hits;
    }
    let mut floor = 0.0;
    for (at, &score) in scores.iter().enumerate() {
        let Ok(slot) = Slot::try_from(at) else { break };
        if score > floor && index.documents.get(at).is_some_and(|d| d.live) && keep(slot) {
            hits.push(Hit { slot, score });
            if hits.len() >= limit.saturating_mul(2).max(64) {
                keep_best(&mut hits, limit);
                // Slots ascend, and of equals the newer one wins: only what is strictly worse may be skipped.
                floor = if hits.len() < limit { 0.0 } else { hits.last().map_or(0.0, |hit| hit.score.next_down().max(0.0)) };
            }
        }
    }
    keep_best(&mut hits, limit);
    hits
}

fn keep_best(hits: &mut Vec<Hit>, limit: usize) {
    let better = |a: &Hit, b: &Hit| b.score.total_cmp(&a.score).then(b.slot.cmp(&a.slot));
    if hits.len() > limit {
        hits.select_nth_unstable_by(limit, better);
        hits.truncate(limit);
    }
    hits.sort_unstable_by(better);
}

/// The score of each document; empty when nothing of the query is known.
#[must_use]
pub fn scores(index: &Index, query: &Query) -> Vec<f32> {
    let mut scores = Scores { index, by_slot: Vec::new() };
    scores.add_terms(&query.words.terms(index.languages()));
    scores.add_dates(&query.spans);
    scores.weigh();
    scores.by_slot
}

struct Scores<'a> {
    index: &'a Index,
    by_slot: Vec<f32>,
}

impl Scores<'_> {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below the precision of a score")]
    fn add_terms(&mut self, terms: &[Term]) {
        let index = self.index;
        let (documents, mean) = (index.len() as f32, index.mean_len());
        let mut counts = Counts::default();
        let known: Vec<(Term, f32)> =
            terms.iter().map(|&term| (term, index.frequency(term) as f32)).filter(|(_, f)| *f > 0.0).collect();
        let is_common = |frequency: f32| documents >= MANY && frequency > documents * COMMON;
        let tells = known.iter().any(|(_, frequency)| !is_common(*frequency));
        for (term, frequency) in known {
            self.open();
            self.add_speaker(term);
            if tells && is_common(frequency) {
                continue;
            }
            counts.spread(index, term);
            let weight = rarity(documents, frequency);
            counts.drain(|slot, count| {
                if let (Some(score), Some(document)) = (self.by_slot.get_mut(slot as usize), index.documents.get(slot as usize)) {
                    let norm = K1 * (1.0 - B + B * document.len as f32 / mean);
                    *score += weight * count * (K1 + 1.0) / (count + norm);
                }
            });
        }
    }

    /// What a person said counts more where the question names that person.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below the precision of a score")]
    fn add_speaker(&mut self, name: Term) {
        let index = self.index;
        let mark = speaker_term(name);
        let weight = SPEAKER * rarity(index.len() as f32, index.frequency(mark) as f32);
        for posting in index.postings(mark) {
            if let Some(score) = self.by_slot.get_mut(posting.slot as usize) {
                *score += weight;
            }
        }
    }

    /// The days that a question names are one more term: the fewer documents fall on them, the more it tells.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below the precision of a score")]
    fn add_dates(&mut self, spans: &[Span]) {
        if spans.is_empty() {
            return;
        }
        let documents = &self.index.documents;
        let days = || documents.iter().map(|document| document.day.filter(|_| document.live));
        let within = days().flatten().filter(|day| spans.iter().any(|span| span.holds(*day))).count();
        let weight = DATE * rarity(self.index.len() as f32, within as f32);
        self.open();
        for (score, day) in self.by_slot.iter_mut().zip(days()) {
            let Some(day) = day else { continue };
            *score += weight * spans.iter().map(|span| span.fit(day)).fold(0.0, f32::max);
        }
    }

    /// What is likelier meant whatever is asked.
    fn weigh(&mut self) {
        for (score, document) in self.by_slot.iter_mut().zip(&self.index.documents) {
            *score *= document.weight;
        }
    }

    fn open(&mut self) {
        if self.by_slot.is_empty() {
            self.by_slot.resize(self.index.documents.len(), 0.0);
        }
    }
}

/// How much a term tells that `frequency` of all documents hold.
fn rarity(documents: f32, frequency: f32) -> f32 {
    (1.0 + (documents - frequency + 0.5) / (frequency + 0.5)).ln()
}

/// How often one term occurs in each document, and what its neighbours lend.
#[derive(Default)]
struct Counts {
    by_slot: Vec<Count>,
    touched: Vec<Slot>,
}

#[derive(Default, Clone, Copy, PartialEq)]
struct Count {
    own: f32,
    lent: f32,
}

impl Counts {
    fn spread(&mut self, index: &Index, term: Term) {
        self.by_slot.resize(index.documents.len(), Count::default());
        let document = |slot: Slot| index.documents.get(slot as usize);
        for posting in index.postings(term) {
            let count = f32::from(posting.count);
            self.add(posting.slot, Count { own: count, lent: 0.0 });
            let Some(here) = document(posting.slot) else { continue };
            for (near, step) in [(here.before, back as Step), (here.after, ahead)] {
                let Some(neighbour) = document(near) else { continue };
                self.add(near, Count { own: 0.0, lent: count * NEAR * openness(neighbour) });
                if let Some(far) = document(step(neighbour)) {
                    self.add(step(neighbour), Count { own: 0.0, lent: count * NEXT_BUT_ONE * openness(far) });
                }
            }
        }
    }

    fn add(&mut self, slot: Slot, more: Count) {
        if let Some(count) = self.by_slot.get_mut(slot as usize)
            && more != Count::default()
        {
            if *count == Count::default() {
                self.touched.push(slot);
            }
            count.own += more.own;
            count.lent += more.lent;
        }
    }

    fn drain(&mut self, mut sink: impl FnMut(Slot, f32)) {
        for slot in self.touched.drain(..) {
            if let Some(count) = self.by_slot.get_mut(slot as usize) {
                let Count { own, lent } = std::mem::take(count);
                sink(slot, own + lent.min(LENT));
            }
        }
    }
}

type Step = fn(&Document) -> Slot;

fn back(document: &Document) -> Slot {
    document.before
}

fn ahead(document: &Document) -> Slot {
    document.after
}

/// Lets each document take a part of its neighbours' likeness to a question. `cosines` by slot.
pub(super) fn lend(index: &Index, cosines: &[f32]) -> Vec<f32> {
    let of = |slot: Slot| cosines.get(slot as usize).map_or(0.0, |cosine| cosine.max(0.0));
    let lent = |(cosine, document): (&f32, &Document)| {
        cosine + LIKENESS * openness(document) * (of(document.before) + of(document.after))
    };
    cosines.iter().zip(&index.documents).map(lent).collect()
}

/// How much a document takes from its neighbours: all that is offered while short, next to nothing when long.
#[expect(clippy::cast_precision_loss, reason = "document lengths are small")]
fn openness(document: &Document) -> f32 {
    let ratio = SHORT / (document.len as f32).max(SHORT);
    ratio * ratio
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 15 June 2023.
    const NOW: i64 = 1_686_830_400_000;

    fn item(text: &str, session: u64) -> Item<'_> {
        Item { text, speaker: None, at: None, session: Some(session) }
    }

    fn index(items: &[Item<'_>]) -> Index {
        Index::build(items.iter().map(Item::analyse))
    }

    fn found(index: &Index, query: &str) -> Vec<Slot> {
        rank(index, &Query::of(query, NOW), 10, |_| true).iter().map(|h| h.slot).collect()
    }

    const TEXTS: [&str; 5] =
        ["I adopted a cat", "Her name is Miau", "The weather was dull", "Taxes are due in April", "Pancakes with maple syrup"];

    #[test]
    fn a_match_comes_first_and_its_neighbours_follow() {
        let index = index(&TEXTS.map(|t| item(t, 1)));
        assert_eq!(found(&index, "cats?"), [0, 1, 2]);
        assert!(found(&index, "unknown words").is_empty());
        assert!(found(&index, "").is_empty());
    }

    #[test]
    fn neighbours_end_with_the_session() {
        let index = index(&[item(TEXTS[0], 1), item(TEXTS[1], 2)]);
        assert_eq!(found(&index, "cat"), [0]);
    }

    #[test]
    fn a_long_neighbour_takes_next_to_nothing() {
        let long = "word ".repeat(400);
        let index = index(&[item(TEXTS[0], 1), item(&long, 1), item("short one", 2), item(TEXTS[0], 2)]);
        let hits = rank(&index, &Query::of("cat", NOW), 10, |_| true);
        let score = |slot| hits.iter().find(|h| h.slot == slot).unwrap().score;
        assert!(score(1) < score(2) / 20.0);
    }

    #[test]
    fn removed_documents_are_neither_found_nor_counted() {
        let mut live = index(&TEXTS.map(|t| item(t, 1)));
        live.remove(2);
        let built = index(&[TEXTS[0], TEXTS[1], TEXTS[3], TEXTS[4]].map(|t| item(t, 1)));
        let scores =
            |i: &Index| rank(i, &Query::of("cat weather syrup", NOW), 10, |_| true).iter().map(|h| h.score).collect::<Vec<_>>();
        assert_eq!(scores(&live), scores(&built));
        live.remove(2);
        assert_eq!(live.len(), 4);
    }

    #[test]
    fn one_by_one_is_the_same_as_all_at_once() {
        let texts: Vec<String> = (0..700).map(|n| format!("note {n} about topic{} and place{}", n % 7, n % 31)).collect();
        let items: Vec<Item<'_>> = texts.iter().zip(0u64..).map(|(t, n)| item(t, n / 10)).collect();
        let built = index(&items);
        let mut grown = Index::default();
        for item in &items {
            grown.insert(&item.analyse());
        }
        for query in ["topic3 350", "topic3 place12", "place5", "note"] {
            assert_eq!(found(&built, query), found(&grown, query), "{query}");
            assert_eq!(found(&built, query).len(), 10);
        }
    }

    #[test]
    fn dates_and_speakers_are_found() {
        let may = Item { text: "went hiking", speaker: Some("Melanie"), at: Some(1_683_554_160_000), session: None };
        let june = Item { at: Some(1_686_232_560_000), speaker: Some("John"), ..may };
        let index = index(&[june, may]);
        assert_eq!(found(&index, "hiking in May 2023")[0], 1);
        assert_eq!(found(&index, "did John go hiking")[0], 0);
    }

    #[test]
    fn what_is_left_out_does_not_take_a_place() {
        let index = index(&["red one", "red two", "red three"].map(|t| item(t, 1)));
        let hits = rank(&index, &Query::of("red", NOW), 1, |slot| slot != 2);
        assert_eq!(hits[0].slot, 1);
    }

    #[test]
    fn of_equals_the_weightier_comes_first() {
        let mut entries = ["red one", "red two", "red three"].map(|t| item(t, 1).analyse());
        entries[1].weight = 1.05;
        let index = Index::build(entries.map(|entry| Entry { session: None, ..entry }));
        assert_eq!(found(&index, "red"), [1, 2, 0]);
    }
}
