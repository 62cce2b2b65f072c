//! What can go wrong in the store. No message holds a user's name or words.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

/// Why the store did not do what it was asked. Cheap to clone: writers that share one transaction share its failure.
#[derive(Debug, Clone, Error)]
pub enum StoreError {
    #[error("the disk failed: {0}")]
    Disk(Arc<io::Error>),
    #[error("the database failed: {0}")]
    Database(Arc<redb::Error>),
    #[error("another process uses this storage directory")]
    InUse,
    #[error("the master key does not fit this storage directory: it was sealed with another key")]
    WrongMasterKey,
    #[error(
        "the master key was replaced at {}, and this is one from before: give memgate the key that took its place",
        when(*at)
    )]
    FormerMasterKey {
        /// Milliseconds since the Unix epoch.
        at: i64,
    },
    #[error("the master key comes from the configuration (`storage.master_key`), so its successor must be handed in")]
    MasterKeyWanted,
    #[error("the master key is being replaced already")]
    RotationRunning,
    #[error("{} is missing, but the directory holds sealed data: put the key back, or start with an empty directory", .0.display())]
    MissingMasterKey(PathBuf),
    #[error("{} can be read by others (mode {mode:o}): run `chmod 600` on it, and make a new key if it may have leaked", path.display())]
    OpenMasterKey { path: PathBuf, mode: u32 },
    #[error("{} holds no master key: 64 hexadecimal digits are expected", .0.display())]
    MalformedMasterKey(PathBuf),
    #[error("users' files are there, but the registry with their keys is missing: put registry.redb back from a backup")]
    MissingRegistry,
    #[error("was written by a newer version of memgate")]
    Newer,
    #[error("a record is damaged, or belongs to another user")]
    Sealed,
    /// The file was set aside by the time this is returned: asking again starts with none.
    #[error(
        "a user's file is sealed with another key: from a backup older than an erasure, or beside another registry; it was set aside"
    )]
    Foreign,
    #[error("a record cannot be read")]
    Malformed,
    #[error("the user is not enrolled, or was erased")]
    NotEnrolled,
    #[error("the system gives no random numbers")]
    Random,
}

/// UTC to the second.
fn when(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds).map_or_else(|_| "some time".to_owned(), |time| format!("{time:.0}"))
}

impl StoreError {
    /// Whether trying again can help: a full disk is emptied some day, a damaged file stays damaged, and must not hold up what waits
    /// behind it.
    #[must_use]
    pub fn will_pass(&self) -> bool {
        match self {
            Self::Disk(error) => !matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData),
            Self::Database(error) => matches!(**error, redb::Error::PreviousIo | redb::Error::LockPoisoned(_)),
            // The file that was in the way is gone.
            Self::InUse | Self::Random | Self::Foreign => true,
            _ => false,
        }
    }
}

/// Why a turn was not queued for learning.
#[derive(Debug, Clone, Error)]
pub enum JournalError {
    /// The byte limit is reached: the learner is behind.
    #[error("the learning queue is full")]
    Full,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::Disk(Arc::new(error))
    }
}

impl From<redb::Error> for StoreError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::DatabaseAlreadyOpen => Self::InUse,
            redb::Error::Io(error) => error.into(),
            other => Self::Database(Arc::new(other)),
        }
    }
}

macro_rules! widen {
    ($($narrow:ident),*) => {
        $(impl From<redb::$narrow> for StoreError {
            fn from(error: redb::$narrow) -> Self {
                redb::Error::from(error).into()
            }
        })*
    };
}
widen!(DatabaseError, TransactionError, TableError, StorageError, CommitError);
