//! What lasts: one sealed redb file per user, the registry of users and keys, and the journals of turns to learn from.
//!
//! Layout of the storage directory: `master.key` (unless configured elsewhere), `registry.redb`, `learn.journal`, `tutor.journal`,
//! `history.journal`, and `users/<2 hex>/<64 hex>.redb`, named by a keyed hash. A user's data key lives in the registry, wrapped, and nowhere else.
//! `master.key.next` and `*.new` are there while something is replaced, or after a crash.

pub mod disk;
mod drain;
mod edition;
mod entry;
pub mod error;
pub mod fact;
mod journal;
mod keys;
mod ledger;
mod master;
mod overlay;
mod per_user;
mod queued;
mod record;
mod registry;
mod roster;
mod rotate;
mod seal;
pub mod settings;
mod shelf;
#[cfg(any(test, feature = "test-doors"))]
pub mod simulated;
mod tenants;
#[cfg(test)]
mod tests;
mod user_file;
mod users;

use std::ops::RangeInclusive;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::enforce::UserScope;
use crate::ids::{FactId, UserId};
pub use disk::{Disk, FileDisk};
pub use drain::{Go, drain};
pub use entry::{Erasure, UserKeyRecord};
pub use error::{JournalError, StoreError};
pub use fact::{Counted, Fact, Kind, Provenance, Review, Status, Tier};
use journal::Journal;
pub use journal::{JournalEntry, Queue};
use keys::MasterKey;
pub use ledger::{Account, Amount, Ledger};
pub use per_user::{Epoch, PerUser};
use registry::Registry;
pub use roster::{Roll, UserQuery, UserSummary};
pub use rotate::{KeySource, Rotated};
pub use seal::FileId;
use seal::UserSeal;
pub use settings::{StorageFile, StorageSettings, read_master_key};
pub use shelf::{Row, Shelf, ShelfChange};
pub use tenants::{TenantErased, TenantSummary};
use user_file::UserFile;
pub use users::Erased;

/// Keyed 128-bit hash of a turn or of a conversation's prefix. Comparable within one user only.
pub type PrefixHash = [u8; 16];

/// What was injected at one point of a conversation, so that later requests carry the same bytes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injection {
    /// Hash of the conversation up to and including the message that carries the block.
    pub prefix: PrefixHash,
    /// Facts in the order in which they were written. Empty: nothing was injected, and nothing will be.
    pub facts: Vec<FactId>,
    /// Milliseconds since the Unix epoch; the oldest are dropped first.
    pub at: i64,
}

/// Something that an upstream keeps for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Keyed hash of its id and its upstream.
    pub name: PrefixHash,
    /// When it came to be, in milliseconds since the Unix epoch.
    pub at: i64,
}

impl Holding {
    /// How long it is remembered, in milliseconds: the 30 days that `OpenAI` keeps responses (its API reference, "Responses").
    pub const LIFETIME: i64 = 30 * 24 * 60 * 60 * 1000;
}

/// The meaning of a fact's text, as a configured model sees it. Opaque here; see `memory::embed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedding {
    pub fact: FactId,
    /// Hash of the model's name and the text: a changed one makes the vector worthless.
    pub tag: u64,
    /// The vector as `memory::dense` writes it.
    pub vector: Vec<u8>,
}

/// What a user's turns have cost so far, in the tokens of models that memgate itself asks, and which of them may still be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spending {
    /// The day in UTC, counted from the Unix epoch.
    pub day: u32,
    pub tokens: u64,
    /// Something was taken back then, in milliseconds since the Unix epoch: no model is to learn it from a turn that was said before, or
    /// at the same time. 0 for never.
    pub deaf_before: i64,
}

impl Spending {
    /// Whether a model may read a turn that was said then, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn may_read(self, at: i64) -> bool {
        self.deaf_before == 0 || at > self.deaf_before
    }
}

/// Everything that one user's file holds, unsealed.
#[derive(Debug, Default)]
pub struct UserData {
    pub facts: Vec<Fact>,
    pub injections: Vec<Injection>,
    /// Turns that were learned from already: regenerating or resending one teaches nothing twice.
    pub learned: Vec<PrefixHash>,
    pub embeddings: Vec<Embedding>,
    /// Of the latest day on which anything was spent.
    pub spending: Spending,
}

/// Changes to one user's file: all of them or none.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub put: Vec<Fact>,
    pub delete: Vec<FactId>,
    pub injections: Vec<Injection>,
    pub drop_injections: Vec<PrefixHash>,
    pub learned: Vec<PrefixHash>,
    /// The oldest beyond a bound, and those beyond their lifetime, are dropped for them.
    pub holdings: Vec<Holding>,
    /// Facts that are deleted take theirs along.
    pub embeddings: Vec<Embedding>,
    /// Takes the place of what was counted before.
    pub spending: Option<Spending>,
    /// Changes to what is kept beside memory, made in their order.
    pub shelves: Vec<ShelfChange>,
}

/// Work on one user's file is ordered by one of these locks, chosen by the file's name.
const GATES: usize = 1024;

/// Everything that lasts. A cheap handle: clones share one store. Every method blocks on the disk unless it says otherwise;
/// the caller chooses the thread.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    disk: Arc<dyn Disk>,
    registry: Registry,
    key_source: KeySource,
    /// Held by who replaces the master key.
    rotating: Mutex<()>,
    rules: Journal,
    tutor: Journal,
    history: Journal,
    gates: Box<[Mutex<()>]>,
}

impl Store {
    /// Opens the store, and makes it on first start: directory, master key, registry, journal.
    ///
    /// # Errors
    /// When the disk fails, the master key is missing, does not fit or is readable by others, or another process has the store open.
    pub fn open(settings: &StorageSettings, disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        let (keys, key_source) = if let Some(key) = &settings.master_key {
            (vec![rotate::key_of(key)?], KeySource::Configured)
        } else {
            let sealed = disk.stored(edition::NAME)?.is_some();
            (master::candidates(disk.as_ref(), &settings.dir, sealed)?, KeySource::File)
        };
        let registry = Registry::open(disk.clone(), keys.into_iter().map(MasterKey::new).collect())?;
        if key_source == KeySource::File {
            master::settle(disk.as_ref(), &registry.master())?;
        }
        let rules = Journal::open(disk.clone(), Queue::Rules, settings.journal_limit)?;
        let tutor = Journal::open(disk.clone(), Queue::Tutor, settings.journal_limit)?;
        let history = Journal::open(disk.clone(), Queue::History, settings.journal_limit)?;
        let gates = std::iter::repeat_with(Mutex::default).take(GATES).collect();
        let store =
            Self(Arc::new(Inner { disk, registry, key_source, rotating: Mutex::default(), rules, tutor, history, gates }));
        if let Err(error) = store.remove_doomed() {
            tracing::error!(%error, "files of an erased tenant are still there, unreadable; erase it again to remove them");
        }
        Ok(store)
    }

    /// Everything that is kept of a user. Of one that was never written to: nothing, and nothing is made.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] for a file that is sealed with another key as a whole; else when the disk fails, or a record is damaged
    /// or not this user's.
    pub fn load(&self, scope: &UserScope) -> Result<UserData, StoreError> {
        let id = self.file_id(scope.user());
        let _gate = self.gate(&id);
        match self.seal(&id) {
            Ok(seal) => match self.file(&id).read(&seal) {
                Err(StoreError::Sealed) => Err(self.part_with_foreign(&id, &seal)),
                read => read,
            },
            Err(StoreError::NotEnrolled) => Ok(UserData::default()),
            Err(error) => Err(error),
        }
    }

    /// What a user's facts are counted by, in no order: much less work than to load them. Of a user who was never written to: nothing.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub fn count_facts(&self, scope: &UserScope) -> Result<Vec<Counted>, StoreError> {
        let id = self.file_id(scope.user());
        let _gate = self.gate(&id);
        match self.seal(&id) {
            Ok(seal) => match self.file(&id).count_facts(&seal) {
                Err(StoreError::Sealed) => Err(self.part_with_foreign(&id, &seal)),
                counted => counted,
            },
            Err(StoreError::NotEnrolled) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// What upstreams keep for a user, in no order. Expired ones may be among them.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn holdings(&self, scope: &UserScope) -> Result<Vec<Holding>, StoreError> {
        let id = self.file_id(scope.user());
        let _gate = self.gate(&id);
        self.file(&id).holdings()
    }

    /// The rows of a shelf: all of them in no order, or those of one name whose places are in the range, in their order. Of a user who
    /// was never enrolled: none.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub fn shelf(
        &self,
        scope: &UserScope,
        which: Shelf,
        only: Option<(&str, RangeInclusive<u64>)>,
    ) -> Result<Vec<Row>, StoreError> {
        let id = self.file_id(scope.user());
        let _gate = self.gate(&id);
        match self.seal(&id) {
            Ok(seal) => match self.file(&id).shelf(&seal, which, only) {
                Err(StoreError::Sealed) => Err(self.part_with_foreign(&id, &seal)),
                read => read,
            },
            Err(StoreError::NotEnrolled) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// What is wrong with a file whose records do not open. One that is foreign as a whole is set aside: whoever it was made for, it
    /// must not keep this user from having a memory.
    fn part_with_foreign(&self, id: &FileId, seal: &UserSeal) -> StoreError {
        let file = self.file(id);
        match file.is_foreign(seal).and_then(|foreign| if foreign { file.set_aside() } else { Ok(false) }) {
            Ok(true) => {
                tracing::error!(file = %id, "{}", StoreError::Foreign);
                StoreError::Foreign
            }
            Ok(false) => StoreError::Sealed,
            Err(error) => error,
        }
    }

    /// Changes what is kept of a user: all of the batch or nothing, lasting on return.
    ///
    /// # Errors
    /// [`StoreError::NotEnrolled`] for a user that was never enrolled or was erased; else when the disk fails.
    #[expect(clippy::needless_pass_by_value, reason = "a batch is used up")]
    pub fn commit(&self, scope: &UserScope, batch: Batch) -> Result<(), StoreError> {
        self.write(scope, None, &batch)
    }

    /// The same for changes that were made of what was read in `epoch`: what was erased since must not come back with them.
    ///
    /// # Errors
    /// As [`Store::commit`]; [`StoreError::NotEnrolled`] too where the user was erased and came again meanwhile.
    #[expect(clippy::needless_pass_by_value, reason = "a batch is used up")]
    pub fn commit_in(&self, scope: &UserScope, epoch: Epoch, batch: Batch) -> Result<(), StoreError> {
        self.write(scope, Some(epoch), &batch)
    }

    fn write(&self, scope: &UserScope, epoch: Option<Epoch>, batch: &Batch) -> Result<(), StoreError> {
        let id = self.file_id(scope.user());
        let _gate = self.gate(&id);
        let seal = self.seal(&id)?;
        if epoch.is_some_and(|epoch| epoch.0 != Some(*seal.hash)) {
            return Err(StoreError::NotEnrolled);
        }
        if batch.is_empty() {
            return Ok(());
        }
        // Nothing is added to a file that was put in this one's place meanwhile: the two could not be told apart again.
        if self.file(&id).is_foreign(&seal)? {
            return Err(self.part_with_foreign(&id, &seal));
        }
        self.file(&id).commit(&seal, batch)
    }

    /// The key of the hashes of a user's turns. Stable until the user is erased. Answers from memory.
    ///
    /// # Errors
    /// [`StoreError::NotEnrolled`] for a user without a data key.
    pub fn hash_key(&self, scope: &UserScope) -> Result<[u8; 16], StoreError> {
        self.hash_key_of(&self.file_id(scope.user()))
    }

    /// As [`Store::hash_key`], of the user of a file: for who needs its name anyway, which takes a derivation each time.
    ///
    /// # Errors
    /// As [`Store::hash_key`].
    pub fn hash_key_of(&self, file: &FileId) -> Result<[u8; 16], StoreError> {
        Ok(*self.seal(file)?.hash)
    }

    /// The name of a user's file. Answers from memory.
    pub fn file_id(&self, user: &UserId) -> FileId {
        self.0.registry.naming.file_id(user)
    }

    /// The key of tickets. It stays when the master key is replaced. Answers from memory.
    pub fn ticket_key(&self) -> [u8; 32] {
        self.0.registry.naming.ticket_key()
    }

    /// The key of the hashes under which budgets are counted. It stays when the master key is replaced. Answers from memory.
    pub fn budget_key(&self) -> [u8; 32] {
        self.0.registry.naming.budget_key()
    }

    /// The secret that the audit log is chained with. It stays when the master key is replaced. Answers from memory.
    pub fn audit_key(&self) -> [u8; 32] {
        self.0.registry.naming.audit_key()
    }

    fn gate(&self, id: &FileId) -> MutexGuard<'_, ()> {
        let [first, second, ..] = id.0;
        self.0.gates[usize::from(u16::from_be_bytes([first, second])) % GATES].lock()
    }

    fn file<'a>(&'a self, id: &'a FileId) -> UserFile<'a> {
        UserFile { disk: self.0.disk.as_ref(), id }
    }

    /// The user's keys, unwrapped on first use.
    fn seal(&self, id: &FileId) -> Result<Arc<UserSeal>, StoreError> {
        let vault = self.0.registry.users.get(id).and_then(|entry| entry.vault.clone());
        vault.ok_or(StoreError::NotEnrolled)?.unwrap(id)
    }
}

impl Batch {
    fn is_empty(&self) -> bool {
        let Self { put, delete, injections, drop_injections, learned, holdings, embeddings, spending, shelves } = self;
        let facts = put.is_empty() && delete.is_empty() && embeddings.is_empty();
        facts
            && shelves.is_empty()
            && holdings.is_empty()
            && injections.is_empty()
            && drop_injections.is_empty()
            && learned.is_empty()
            && spending.is_none()
    }
}
