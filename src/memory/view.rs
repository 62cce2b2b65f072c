//! One user's memory, unsealed and indexed, as requests read it.

mod endpoint;
mod retention;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use super::dense::{Dense, Rows, Vector};
use super::index::{self, Index, Slot};
use super::prepared::Prepared;
use super::rank::Item;
use crate::ids::FactId;
use crate::store::{Batch, Embedding, Fact, Injection, Kind, PrefixHash, Spending, Tier, UserData};

/// Injections remembered for one user; the oldest go first.
const MAX_INJECTIONS: usize = 2048;

/// What the facts of one injection take, roughly: this is asked for with every request, so none is looked at.
const INJECTED: usize = 64;

/// A fact and its place in the index while it is current. Its stored analysis lives on as postings only.
#[derive(Debug)]
struct Entry {
    fact: Fact,
    slot: Option<Slot>,
    /// Hash of the folded text: equal for two facts that say the same. Made when it is first asked for, which recall never does.
    saying: OnceLock<u64>,
}

impl Entry {
    fn new(fact: Fact, slot: Option<Slot>) -> Self {
        Self { fact, slot, saying: OnceLock::new() }
    }

    fn saying(&self) -> u64 {
        *self.saying.get_or_init(|| saying(&self.fact.text))
    }
}

#[derive(Debug, Default)]
pub(super) struct View {
    /// Key of this user's prefix hashes. A changed key means that the user was erased since.
    pub(super) key: Option<[u8; 16]>,
    facts: HashMap<FactId, Entry>,
    index: Index,
    by_slot: Vec<FactId>,
    /// Vectors from the built-in table and from the operator's endpoint, by slot.
    built_in: Rows,
    endpoint: Rows,
    /// The model that made those of the endpoint.
    endpoint_model: Option<u64>,
    /// Stored vectors of the endpoint, until it is asked for a model's.
    unread: Vec<Embedding>,
    spending: Spending,
    /// Current facts that may stand in a profile block.
    /// What matters most first; of equals the newer.
    profile: BTreeSet<(u8, Reverse<FactId>)>,
    injections: HashMap<PrefixHash, Injection>,
    learned: HashSet<PrefixHash>,
    text_bytes: usize,
    /// When facts were last learned or closed, in milliseconds since the Unix epoch.
    changed_at: i64,
    /// Unpinned facts with a time to live, by its end.
    expiring: BTreeSet<(i64, FactId)>,
    /// The longest life of a fact, in milliseconds.
    retention: Option<i64>,
}

impl View {
    pub(super) fn of(mut data: UserData, key: Option<[u8; 16]>) -> Self {
        data.facts.sort_unstable_by_key(|fact| fact.id);
        let mut view = Self { key, learned: data.learned.into_iter().collect(), ..Self::default() };
        (view.unread, view.spending) = (data.embeddings, data.spending);
        view.injections = data.injections.into_iter().map(|i| (i.prefix, i)).collect();
        view.facts.reserve(data.facts.len());
        view.by_slot.reserve(data.facts.len());
        for mut fact in data.facts {
            view.text_bytes += bytes_of(&fact);
            view.changed_at = view.changed_at.max(changed_at(&fact));
            view.expiring.extend(end_of_life(&fact));
            // Kept until the index is built below.
            let analysis = std::mem::take(&mut fact.analysis);
            if fact.is_current() {
                fact.analysis = analysis;
                view.by_slot.push(fact.id);
            }
            if is_profile(&fact) {
                view.profile.insert(profile_place(&fact));
            }
            view.facts.insert(fact.id, Entry::new(fact, None));
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

    /// How alike a question is to each fact, by slot. Empty where nothing compares with it.
    pub(super) fn cosines(&self, question: &Dense) -> Vec<f32> {
        match question {
            Dense::BuiltIn(vector) => self.built_in.cosines(vector),
            Dense::Endpoint(vector) => self.endpoint.cosines(vector),
        }
    }

    /// Keeps a fact's vector from the operator's endpoint. False where the fact is not current, or where the vector's dimensions are
    /// not those of the others.
    pub(super) fn set_endpoint(&mut self, id: FactId, vector: &Vector) -> bool {
        let slot = self.facts.get(&id).and_then(|entry| entry.slot);
        slot.is_some_and(|slot| self.endpoint.set(slot, vector))
    }

    /// Current facts without a vector from the operator's endpoint.
    pub(super) fn lacking_endpoint(&self) -> impl Iterator<Item = &Fact> {
        let lacks = |entry: &&Entry| entry.slot.is_some_and(|slot| !self.endpoint.has(slot));
        self.facts.values().filter(lacks).map(|entry| &entry.fact)
    }

    /// Forgets every vector from the endpoint: another model's are to come.
    pub(super) fn clear_endpoint(&mut self) {
        self.endpoint = Rows::default();
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

    /// When facts were last learned or closed, in milliseconds since the Unix epoch.
    pub(super) fn changed_at(&self) -> i64 {
        self.changed_at
    }

    /// Facts whose time to live is over.
    pub(super) fn expired(&self, now: i64) -> impl Iterator<Item = FactId> {
        self.expiring.iter().take_while(move |(end, _)| *end <= now).map(|(_, id)| *id)
    }

    /// What the facts take, in bytes of text.
    pub(super) fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    pub(super) fn injections(&self) -> impl Iterator<Item = &Injection> {
        self.injections.values()
    }

    pub(super) fn has_learned(&self, turn: &PrefixHash) -> bool {
        self.learned.contains(turn)
    }

    /// Facts that say the same as `text`, but for marks and letter case.
    pub(super) fn saying(&self, text: &str) -> impl Iterator<Item = &Fact> {
        let wanted = saying(text);
        self.facts.values().filter(move |entry| entry.saying() == wanted).map(|entry| &entry.fact)
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
        self.keep_embeddings(&batch.embeddings);
        self.spending = batch.spending.unwrap_or(self.spending);
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
            + self.built_in.bytes()
            + self.endpoint.bytes()
            + self.unread.iter().map(|embedding| size_of::<Embedding>() + embedding.vector.len()).sum::<usize>()
    }

    fn put(&mut self, mut fact: Fact) {
        retention::cap(&mut fact, self.retention);
        self.changed_at = self.changed_at.max(changed_at(&fact));
        // A fact that is pinned, closed or reviewed says the same, and keeps its vector.
        let kept = self.facts.get(&fact.id).filter(|entry| entry.fact.text == fact.text).and_then(|entry| entry.slot);
        let kept = kept.and_then(|slot| self.endpoint.get(slot));
        self.remove(fact.id);
        self.expiring.extend(end_of_life(&fact));
        let id = fact.id;
        let analysis = std::mem::take(&mut fact.analysis);
        let slot = fact.is_current().then(|| {
            let (document, vector) = document(&fact, &analysis);
            self.by_slot.push(id);
            let slot = self.index.insert(&document);
            if let Some(vector) = vector {
                self.built_in.set(slot, &vector);
            }
            if let Some(vector) = kept {
                self.endpoint.set(slot, &vector);
            }
            slot
        });
        if is_profile(&fact) {
            self.profile.insert(profile_place(&fact));
        }
        self.text_bytes += bytes_of(&fact);
        self.facts.insert(id, Entry::new(fact, slot));
    }

    fn remove(&mut self, id: FactId) {
        if let Some(entry) = self.facts.remove(&id) {
            self.text_bytes = self.text_bytes.saturating_sub(bytes_of(&entry.fact));
            self.profile.remove(&profile_place(&entry.fact));
            if let Some(place) = end_of_life(&entry.fact) {
                self.expiring.remove(&place);
            }
            if let Some(slot) = entry.slot {
                self.index.remove(slot);
                self.built_in.clear(slot);
                self.endpoint.clear(slot);
            }
        }
    }

    /// Indexes every current fact anew, in order of id: a fact's neighbours are those that its session taught around it.
    fn build_index(&mut self) {
        let mut current: Vec<FactId> = self.facts.values().map(|e| &e.fact).filter(|f| f.is_current()).map(|f| f.id).collect();
        current.sort_unstable();
        let mut documents = Vec::with_capacity(current.len());
        let (mut built_in, mut endpoint) = (Rows::of(current.len()), Rows::of(current.len()));
        for (slot, id) in (0..).zip(&current) {
            if let Some(entry) = self.facts.get_mut(id) {
                let before = entry.slot.replace(slot);
                let analysis = std::mem::take(&mut entry.fact.analysis);
                let (document, vector) = document(&entry.fact, &analysis);
                if let Some(vector) = vector {
                    built_in.set(slot, &vector);
                }
                if let Some(vector) = before.and_then(|before| self.endpoint.get(before)) {
                    endpoint.set(slot, &vector);
                }
                documents.push(document);
            }
        }
        (self.built_in, self.endpoint) = (built_in, endpoint);
        self.index = Index::build(documents);
        self.by_slot = current;
    }
}

/// A fact as the ranking sees it, from its stored analysis where that can be read.
fn document(fact: &Fact, stored: &[u8]) -> (index::Entry, Option<Vector>) {
    let Prepared { terms, vector } = Prepared::read_or_make(stored, &fact.text);
    let speaker = fact.source.speaker.as_deref();
    let item = Item { text: &fact.text, speaker, at: Some(fact.valid_at), session: Some(session(fact)) };
    (index::Entry { weight: weight(fact), ..item.complete(terms) }, vector)
}

fn changed_at(fact: &Fact) -> i64 {
    fact.expired_at.map_or(fact.id.made_at(), |at| at.max(fact.id.made_at()))
}

fn end_of_life(fact: &Fact) -> Option<(i64, FactId)> {
    fact.expires_at.filter(|_| !fact.pinned).map(|end| (end, fact.id))
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
pub(super) fn saying(text: &str) -> u64 {
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

/// What a fact's texts take.
pub(super) fn bytes_of(fact: &Fact) -> usize {
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
