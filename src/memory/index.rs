//! The index of one user's facts: postings by term, in memory.
//!
//! A large sorted segment and a small one beside it: adding a fact touches the small one only, and reading stays two binary
//! searches a term. Removed documents are marked, and dropped when the segments are next merged.

use std::collections::HashMap;

use super::analysis::{Analysis, Language, Term};
use super::dates::Day;

/// A document's place in an [`Index`]. Valid until the document is removed.
pub type Slot = u32;

/// No neighbour.
pub(super) const NONE: Slot = Slot::MAX;

#[derive(Debug, Clone, Copy)]
pub(super) struct Posting {
    pub(super) slot: Slot,
    pub(super) count: u16,
}

#[derive(Debug, Default)]
struct Segment {
    terms: Vec<Term>,
    /// `starts[i]..starts[i + 1]` are the postings of `terms[i]`.
    starts: Vec<u32>,
    postings: Vec<Posting>,
}

impl Segment {
    fn of(mut rows: Vec<(Term, Posting)>) -> Self {
        rows.sort_unstable_by_key(|(term, posting)| u64::from(*term) << 32 | u64::from(posting.slot));
        let mut segment = Self { postings: Vec::with_capacity(rows.len()), ..Self::default() };
        for (term, posting) in rows {
            if segment.terms.last() != Some(&term) {
                segment.terms.push(term);
                segment.starts.push(position(segment.postings.len()));
            }
            segment.postings.push(posting);
        }
        segment.starts.push(position(segment.postings.len()));
        segment
    }

    fn find(&self, term: Term) -> &[Posting] {
        let Ok(at) = self.terms.binary_search(&term) else { return &[] };
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(&from), Some(&to)) => self.postings.get(from as usize..to as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    fn rows(&self) -> impl Iterator<Item = (Term, Posting)> {
        self.terms.iter().flat_map(|&term| self.find(term).iter().map(move |&posting| (term, posting)))
    }

    fn bytes(&self) -> usize {
        self.terms.capacity() * 4 + self.starts.capacity() * 4 + self.postings.capacity() * size_of::<Posting>()
    }
}

fn position(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// What is put into an [`Index`].
#[derive(Debug)]
pub struct Entry {
    pub terms: Analysis,
    /// How many of them count as the document's length.
    pub len: u32,
    /// Any number that stands for its session.
    pub session: Option<u64>,
    pub day: Option<Day>,
    /// How much likelier than others it is to be meant, whatever is asked: 1 for most.
    pub weight: f32,
}

#[derive(Debug)]
pub(super) struct Document {
    /// Number of terms.
    pub(super) len: u32,
    /// Neighbours in the same session, or [`NONE`].
    pub(super) before: Slot,
    pub(super) after: Slot,
    session: Option<u64>,
    pub(super) day: Option<Day>,
    pub(super) weight: f32,
    language: Language,
    pub(super) live: bool,
}

/// Postings of one user's documents, and their order within sessions.
#[derive(Debug, Default)]
pub struct Index {
    base: Segment,
    recent: Segment,
    pub(super) documents: Vec<Document>,
    last_of_session: HashMap<u64, Slot>,
    live: usize,
    total_len: u64,
    /// Live documents of each language.
    spoken: [usize; Language::COUNT],
}

/// A language in fewer documents than one in this many is not the person's own.
const SPOKEN: usize = 20;

/// Rows that the small segment may hold before it is merged, whatever the size of the large one.
const RECENT_ROWS: usize = 512;

impl Index {
    /// An index of many documents at once: one sort instead of one insertion each.
    pub fn build(documents: impl IntoIterator<Item = Entry>) -> Self {
        let mut index = Self::default();
        let mut rows = Vec::new();
        for entry in documents {
            let slot = index.append(&entry);
            rows.extend(entry.terms.terms().iter().map(|&(term, count)| (term, Posting { slot, count })));
        }
        index.base = Segment::of(rows);
        index
    }

    /// Adds a document behind those of its session.
    pub fn insert(&mut self, entry: &Entry) -> Slot {
        let slot = self.append(entry);
        let mut rows: Vec<_> = self.recent.rows().collect();
        rows.extend(entry.terms.terms().iter().map(|&(term, count)| (term, Posting { slot, count })));
        self.recent = Segment::of(rows);
        if self.recent.postings.len() > RECENT_ROWS.max(self.base.postings.len() / 16) {
            self.merge();
        }
        slot
    }

    /// Takes a document out: it is neither found nor counted any more, and its neighbours become each other's.
    pub fn remove(&mut self, slot: Slot) {
        let Some(document) = self.documents.get_mut(slot as usize).filter(|d| d.live) else { return };
        document.live = false;
        let (len, before, after, session) = (document.len, document.before, document.after, document.session);
        if let Some(count) = self.spoken.get_mut(document.language as usize) {
            *count -= 1;
        }
        self.live -= 1;
        self.total_len -= u64::from(len);
        if let Some(neighbour) = self.documents.get_mut(before as usize) {
            neighbour.after = after;
        }
        if let Some(neighbour) = self.documents.get_mut(after as usize) {
            neighbour.before = before;
        } else if let Some(session) = session {
            if before == NONE {
                self.last_of_session.remove(&session);
            } else {
                self.last_of_session.insert(session, before);
            }
        }
    }

    /// Number of documents.
    #[must_use]
    pub fn len(&self) -> usize {
        self.live
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Mean number of terms of a document.
    #[expect(clippy::cast_precision_loss, reason = "a mean needs no more digits")]
    pub(super) fn mean_len(&self) -> f32 {
        if self.live == 0 { 1.0 } else { (self.total_len as f32 / self.live as f32).max(1.0) }
    }

    /// The languages that at least one in [`SPOKEN`] documents is in, as a set of [`Language::bit`]s.
    pub(super) fn languages(&self) -> u32 {
        let spoken = Language::each(u32::MAX).zip(self.spoken).filter(|(_, count)| *count > 0 && count * SPOKEN >= self.live);
        spoken.fold(0, |set, (language, _)| set | language.bit())
    }

    /// Live postings of a term.
    pub(super) fn postings(&self, term: Term) -> impl Iterator<Item = Posting> + Clone {
        let live = |p: &Posting| self.documents.get(p.slot as usize).is_some_and(|d| d.live);
        self.base.find(term).iter().chain(self.recent.find(term)).copied().filter(live)
    }

    /// How many live documents hold a term.
    pub(super) fn frequency(&self, term: Term) -> usize {
        if self.live == self.documents.len() {
            self.base.find(term).len() + self.recent.find(term).len()
        } else {
            self.postings(term).count()
        }
    }

    /// Share of places that are taken by removed documents.
    pub(super) fn is_sparse(&self) -> bool {
        let dead = self.documents.len() - self.live;
        dead > 64 && dead * 4 > self.documents.len()
    }

    /// Approximate size on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.base.bytes()
            + self.recent.bytes()
            + self.documents.capacity() * size_of::<Document>()
            + self.last_of_session.capacity() * 16
    }

    fn append(&mut self, entry: &Entry) -> Slot {
        let Entry { len, session, day, weight, .. } = *entry;
        let language = entry.terms.language();
        let slot = position(self.documents.len());
        let before = session.and_then(|s| self.last_of_session.insert(s, slot)).unwrap_or(NONE);
        if let Some(neighbour) = self.documents.get_mut(before as usize) {
            neighbour.after = slot;
        }
        self.documents.push(Document { len, before, after: NONE, session, day, weight, language, live: true });
        if let Some(count) = self.spoken.get_mut(language as usize) {
            *count += 1;
        }
        self.live += 1;
        self.total_len += u64::from(len);
        slot
    }

    fn merge(&mut self) {
        let documents = &self.documents;
        let rows = self.base.rows().chain(self.recent.rows());
        let rows = rows.filter(|(_, p)| documents.get(p.slot as usize).is_some_and(|d| d.live)).collect();
        self.base = Segment::of(rows);
        self.recent = Segment::default();
    }
}
