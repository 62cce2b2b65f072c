//! Turns that wait to be learned from, as the store's callers see them.

use super::Store;
use super::error::{JournalError, StoreError};
use super::journal::{Journal, JournalEntry, Queue};
use super::seal::{FileId, Place};
use crate::enforce::{Ticket, UserScope};

impl Store {
    /// Queues a turn to be learned from. It survives the end of the process once this returns. One write, no fsync.
    ///
    /// # Errors
    /// [`JournalError::Full`] beyond the byte limit; else for a user without a data key, or when the disk fails.
    pub fn journal_append(&self, queue: Queue, ticket: &Ticket, scope: &UserScope, payload: &[u8]) -> Result<(), JournalError> {
        let id = self.file_id(scope.user());
        let seal = self.seal(&id)?;
        self.journal(queue).append(ticket, &seal.records.seal(journal_place(queue, ticket, &id), payload)?)
    }

    /// The oldest turn that was not consumed; asking again gives it again. After a restart some that were consumed may come again:
    /// [`super::Batch::learned`] makes learning from them a no-op.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn journal_next(&self, queue: Queue) -> Result<Option<JournalEntry>, StoreError> {
        self.journal(queue).next()
    }

    /// Up to `most` turns that were not consumed, oldest first, without the `skip` oldest ones.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn journal_peek(&self, queue: Queue, skip: usize, most: usize) -> Result<Vec<JournalEntry>, StoreError> {
        self.journal(queue).peek(skip, most)
    }

    /// Opens a turn's payload with the key of the user that its ticket stands for.
    ///
    /// # Errors
    /// When the user was erased since, or the entry is another user's. Such an entry is to be marked as done.
    pub fn journal_open(&self, scope: &UserScope, entry: &JournalEntry) -> Result<Vec<u8>, StoreError> {
        let id = self.file_id(scope.user());
        self.seal(&id)?.records.open(journal_place(entry.queue, &entry.ticket, &id), &entry.sealed)
    }

    /// Marks the oldest turns of one queue as consumed, or unreadable.
    ///
    /// # Errors
    /// When the disk fails; the turns are consumed all the same until a restart.
    pub fn journal_done(&self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        match entries.first() {
            Some(first) => self.journal(first.queue).done(entries),
            None => Ok(()),
        }
    }

    /// How many turns that wait to be learned from are `whose`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn journal_count(&self, queue: Queue, whose: impl Fn(&Ticket) -> bool) -> Result<u64, StoreError> {
        self.journal(queue).count(whose)
    }

    /// Bytes that wait to be learned from. Answers from memory.
    pub fn journal_backlog(&self, queue: Queue) -> u64 {
        self.journal(queue).backlog()
    }

    fn journal(&self, queue: Queue) -> &Journal {
        match queue {
            Queue::Rules => &self.0.rules,
            Queue::Tutor => &self.0.tutor,
            Queue::History => &self.0.history,
        }
    }
}

fn journal_place<'a>(queue: Queue, ticket: &'a Ticket, file: &'a FileId) -> Place<'a> {
    Place { table: queue.table(), key: ticket.as_bytes(), file }
}
