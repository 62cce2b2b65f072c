//! One user's memory, unsealed and indexed, as requests read it.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::analysis::Analysis;
use super::index::{self, Index, Slot};
use super::rank::Item;
use crate::ids::FactId;
use crate::store::{Batch, Fact, Injection, Kind, PrefixHash, Tier, UserData};

/// Injections remembered for one user; the oldest go first.
const MAX_INJECTIONS: usize = 2048;

/// What the facts of one injection take, roughly: this is asked for with every request, so none is looked at.
const INJECTED: usize = 64;

/// A fact and its place in the index while it is current. Its stored analysis lives on as postings only.
#[derive(Debug)]
struct Entry {
    fact: Fact,
    slot: Option<Slot>,
    /// Hash of the folded text: equal for two facts that say the same.
    saying: u64,
}

#[derive(Debug, Default)]
pub(super) struct View {
    /// Key of this user's prefix hashes. A changed key means that the user was erased since.
    pub(super) key: Option<[u8; 16]>,
    facts: HashMap<FactId, Entry>,
    index: Index,
    by_slot: Vec<FactId>,
    /// Current facts that may stand in a profile block.
    /// What matters most first; of equals the newer.
    profile: BTreeSet<(u8, Reverse<FactId>)>,
    injections: HashMap<PrefixHash, Injection>,
    learned: HashSet<PrefixHash>,
    text_bytes: usize,
    /// The fact that was learned last; ids are in order of time.
    latest: Option<FactId>,
}

impl View {
    pub(super) fn of(mut data: UserData, key: Option<[u8; 16]>) -> Self {
        data.facts.sort_unstable_by_key(|fact| fact.id);
        let mut view = Self { key, learned: data.learned.into_iter().collect(), ..Self::default() };
        view.injections = data.injections.into_iter().map(|i| (i.prefix, i)).collect();
        view.latest = data.facts.last().map(|fact| fact.id);
        for mut fact in data.facts {
            view.text_bytes += bytes_of(&fact);
            let saying = saying(&fact.text);
            // Kept until the index is built below.
            let analysis = std::mem::take(&mut fact.analysis);
            if fact.is_current() {
                fact.analysis = analysis;
                view.by_slot.push(fact.id);
            }
            if is_profile(&fact) {
                view.profile.insert(profile_place(&fact));
            }
            view.facts.insert(fact.id, Entry { fact, slot: None, saying });
        }
        view.build_index();
        view
    }

    pub(super) fn fact(&self, id: FactId) -> Option<&Fact> {
        self.facts.get(&id).map(|entry| &entry.fact)
    }

    pub(super) fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.facts.values().map(|entry| &entry.fact)
    }

    pub(super) fn len(&self) -> usize {
        self.facts.len()
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    pub(super) fn fact_at(&self, slot: Slot) -> Option<FactId> {
        self.by_slot.get(slot as usize).copied()
    }

    /// What may stand in a profile block, in the order in which it is chosen.
    pub(super) fn profile(&self) -> impl Iterator<Item = &Fact> {
        self.profile.iter().filter_map(|(_, id)| self.fact(id.0))
    }

    pub(super) fn injection(&self, prefix: &PrefixHash) -> Option<&Injection> {
        self.injections.get(prefix)
    }

    /// When the last fact was learned, in milliseconds since the Unix epoch.
    pub(super) fn learned_at(&self) -> i64 {
        self.latest.map_or(i64::MIN, |id| id.made_at())
    }

    pub(super) fn has_learned(&self, turn: &PrefixHash) -> bool {
        self.learned.contains(turn)
    }

    /// Whether a fact that still holds, or waits for review, says the same.
    pub(super) fn says(&self, text: &str) -> bool {
        let wanted = saying(text);
        self.facts.values().any(|entry| entry.saying == wanted && entry.fact.invalid_at.is_none())
    }

    /// Makes the changes of a batch that the store has committed.
    pub(super) fn apply(&mut self, batch: Batch) {
        for id in batch.delete {
            self.remove(id);
        }
        for fact in batch.put {
            self.put(fact);
        }
        for prefix in batch.drop_injections {
            self.injections.remove(&prefix);
        }
        for injection in batch.injections {
            self.note(injection);
        }
        self.learned.extend(batch.learned);
        if self.index.is_sparse() {
            self.build_index();
        }
    }

    /// Remembers what was injected, as the disk does: a choice is made anew only where the one before no longer holds.
    pub(super) fn note(&mut self, injection: Injection) {
        self.injections.insert(injection.prefix, injection);
    }

    /// The oldest injections beyond the bound: a quarter at once, so that this seldom happens.
    pub(super) fn stale_injections(&self) -> Vec<PrefixHash> {
        if self.injections.len() <= MAX_INJECTIONS {
            return Vec::new();
        }
        let mut by_age: Vec<(i64, PrefixHash)> = self.injections.values().map(|i| (i.at, i.prefix)).collect();
        by_age.sort_unstable();
        by_age.truncate(self.injections.len() - MAX_INJECTIONS * 3 / 4);
        by_age.into_iter().map(|(_, prefix)| prefix).collect()
    }

    /// Approximate size on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.text_bytes
            + self.injections.len() * INJECTED
            + self.facts.capacity() * (size_of::<Entry>() + 17)
            + self.injections.capacity() * (size_of::<Injection>() + 17)
            + self.learned.capacity() * 17
            + self.by_slot.capacity() * 16
            + self.profile.len() * 24
            + self.index.bytes()
    }

    fn put(&mut self, mut fact: Fact) {
        self.latest = self.latest.max(Some(fact.id));
        self.remove(fact.id);
        let id = fact.id;
        let analysis = std::mem::take(&mut fact.analysis);
        let slot = fact.is_current().then(|| {
            self.by_slot.push(id);
            self.index.insert(&document(&fact, &analysis))
        });
        if is_profile(&fact) {
            self.profile.insert(profile_place(&fact));
        }
        self.text_bytes += bytes_of(&fact);
        let saying = saying(&fact.text);
        self.facts.insert(id, Entry { fact, slot, saying });
    }

    fn remove(&mut self, id: FactId) {
        if let Some(entry) = self.facts.remove(&id) {
            self.text_bytes = self.text_bytes.saturating_sub(bytes_of(&entry.fact));
            self.profile.remove(&profile_place(&entry.fact));
            if let Some(slot) = entry.slot {
                self.index.remove(slot);
            }
        }
    }

    /// Indexes every current fact anew, in order of id: a fact's neighbours are those that its session taught around it.
    fn build_index(&mut self) {
        let mut current: Vec<FactId> = self.facts.values().map(|e| &e.fact).filter(|f| f.is_current()).map(|f| f.id).collect();
        current.sort_unstable();
        let mut documents = Vec::with_capacity(current.len());
        for (slot, id) in (0..).zip(&current) {
            if let Some(entry) = self.facts.get_mut(id) {
                entry.slot = Some(slot);
                let analysis = std::mem::take(&mut entry.fact.analysis);
                documents.push(document(&entry.fact, &analysis));
            }
        }
        self.index = Index::build(documents);
        self.by_slot = current;
    }
}

/// A fact as the ranking sees it, from its stored analysis where that can be read.
fn document(fact: &Fact, analysis: &[u8]) -> index::Entry {
    let speaker = fact.source.speaker.as_deref();
    let item = Item { text: &fact.text, speaker, at: Some(fact.valid_at), session: Some(session(fact)) };
    index::Entry { weight: weight(fact), ..item.complete(Analysis::read_or_make(analysis, &fact.text)) }
}

/// What was said on purpose is a little likelier to be meant than what was said in passing.
fn weight(fact: &Fact) -> f32 {
    if fact.pinned || fact.tier == Tier::Explicit { 1.05 } else { 1.0 }
}

fn session(fact: &Fact) -> u64 {
    let mut hasher = DefaultHasher::new();
    match &fact.source.session {
        Some(session) => session.hash(&mut hasher),
        None => fact.source.turn.hash(&mut hasher),
    }
    hasher.finish()
}

fn is_profile(fact: &Fact) -> bool {
    let explicit = fact.tier == Tier::Explicit && matches!(fact.kind, Kind::Profile | Kind::Preference | Kind::Instruction);
    fact.is_current() && (explicit || fact.pinned)
}

/// Where a fact stands in the profile: what matters most first, of equals the newer.
fn profile_place(fact: &Fact) -> (u8, Reverse<FactId>) {
    let standing = match fact.kind {
        _ if fact.pinned => 0,
        Kind::Instruction => 1,
        Kind::Profile if fact.slot.is_some() => 2,
        Kind::Profile => 3,
        Kind::Preference | Kind::Event | Kind::Note => 4,
    };
    (standing, Reverse(fact.id))
}

/// Hash of the letters and digits of a text, in lower case: how a text is compared with another.
fn saying(text: &str) -> u64 {
    // FNV-1a: over every fact of a user at each cold load, and nobody gains by a collision in their own memory.
    let add = |hash: u64, c: char| (hash ^ u64::from(c)).wrapping_mul(0x100_0000_01b3);
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut parted = false;
    for c in text.chars() {
        if c.is_alphanumeric() {
            if std::mem::take(&mut parted) {
                hash = add(hash, ' ');
            }
            hash = c.to_lowercase().fold(hash, add);
        } else if !matches!(c, '\'' | '’') {
            parted = true;
        }
    }
    hash
}

fn bytes_of(fact: &Fact) -> usize {
    let Fact { text, slot, source, .. } = fact;
    let slot = slot.as_ref().map_or(0, String::len);
    let session = source.session.as_ref().map_or(0, |s| s.as_str().len());
    let speaker = source.speaker.as_ref().map_or(0, String::len);
    text.len()
        + slot
        + source.turn.len()
        + source.quote.len()
        + source.client.as_str().len()
        + session
        + speaker
        + source.origin.len()
}
