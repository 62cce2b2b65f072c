//! What lasts of sessions: a record for each, and its turns. As they stand, sealed, in the person's file.

use std::collections::VecDeque;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::settings::HistoryFile;
use crate::ids::{ClientName, RequestId};
use crate::store::{Row, Shelf, ShelfChange, StoreError};

/// Most text that is kept of what a person said in one turn, in bytes.
pub const MOST_SAID: usize = 64 << 10;
/// Most text that is kept of the answers to one turn, in bytes.
pub const MOST_ANSWERED: usize = 256 << 10;

/// Version of the stored forms.
const VERSION: u8 = 1;

/// A session that lasts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub created_at: i64,
    pub used_at: i64,
    pub title: Option<String>,
    /// The person made or named it, so that it is not there for its turns alone.
    pub wanted: bool,
    /// The place of the next turn.
    pub next: u64,
    /// Sizes of the turns that are there, as stored.
    pub sizes: VecDeque<u32>,
    /// Turns that were said then or before are not kept: the history was cleared, or the session deleted.
    #[serde(default)]
    pub cleared_at: i64,
    /// The session was deleted. What is left keeps turns from it that were on their way.
    #[serde(default)]
    pub gone: bool,
}

/// A turn of a session: what the person said, and what was answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Keyed hash of the conversation up to and with what the person said: the same for an answer that is made again.
    pub(super) hash: [u8; 16],
    /// When it was said, in milliseconds since the Unix epoch.
    pub at: i64,
    pub client: ClientName,
    /// The person's own words.
    pub said: String,
    /// Images that came with them.
    #[serde(default)]
    pub images: usize,
    pub replies: Vec<Reply>,
    /// Something was too long to be kept whole.
    #[serde(default)]
    pub cut: bool,
}

/// One answer. A turn has several where tools were called in between.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Keyed hash of the whole conversation that was answered.
    pub(super) tail: [u8; 16],
    pub request: RequestId,
    pub model: String,
    /// When it ended, in milliseconds since the Unix epoch.
    pub at: i64,
    pub text: String,
    /// Names of the tools that it called.
    #[serde(default)]
    pub tools: Vec<String>,
}

/// A turn with one answer, on its way into the history.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedTurn {
    /// Keyed hash of the conversation up to and with what the person said.
    pub turn: [u8; 16],
    /// Keyed hash of the whole conversation.
    pub tail: [u8; 16],
    pub request: RequestId,
    pub model: String,
    /// What the person said, when, and with how many images.
    pub said: String,
    pub at: i64,
    pub images: usize,
    /// What was answered, and when that ended.
    pub text: String,
    pub tools: Vec<String>,
    pub ended_at: i64,
    pub cut: bool,
}

macro_rules! shown_without_text {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("at", &self.at).finish_non_exhaustive()
            }
        }
    )+};
}
shown_without_text!(Turn, QueuedTurn, Reply);

/// The stored form.
///
/// # Errors
/// Never, in fact: strings and numbers can always be written.
pub(super) fn encode(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, value).map_err(|_| StoreError::Malformed)?;
    Ok(bytes)
}

/// Reads the stored form; nothing for one of another version or that is damaged.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match bytes {
        [VERSION, json @ ..] => serde_json::from_slice(json).ok(),
        _ => None,
    }
}

impl Record {
    pub fn new(now: i64) -> Self {
        Self { created_at: now, used_at: now, ..Self::default() }
    }

    /// The place of the oldest turn that is there.
    pub fn first(&self) -> u64 {
        self.next.saturating_sub(self.sizes.len() as u64)
    }

    /// Bytes of the turns that are there, as stored.
    pub fn bytes(&self) -> u64 {
        self.sizes.iter().map(|size| u64::from(*size)).sum()
    }

    /// Takes a turn in. `last`: the latest one that is there. Returns what is to be written of turns.
    ///
    /// # Errors
    /// As [`encode`].
    pub fn append(
        &mut self,
        key: &str,
        last: Option<Turn>,
        queued: QueuedTurn,
        client: &ClientName,
        bounds: &HistoryFile,
    ) -> Result<Vec<ShelfChange>, StoreError> {
        self.used_at = self.used_at.max(queued.ended_at);
        let mut turn = last.filter(|last| last.hash == queued.turn);
        let order = if turn.is_some() { self.next.saturating_sub(1) } else { self.next };
        let turn = turn.get_or_insert_with(|| Turn::of(&queued, client));
        turn.answer(queued);
        let value = encode(turn)?;
        let size = u32::try_from(value.len()).unwrap_or(u32::MAX);
        if order == self.next {
            self.next += 1;
            self.sizes.push_back(size);
        } else if let Some(last) = self.sizes.back_mut() {
            *last = size;
        }
        let mut changes = vec![ShelfChange::Put(Shelf::Turns, Row { name: key.into(), order, value: value.into() })];
        let first = self.first();
        while self.sizes.len() > bounds.turns || (self.sizes.len() > 1 && self.bytes() > bounds.bytes.0) {
            self.sizes.pop_front();
        }
        if self.first() > first {
            changes.push(ShelfChange::Remove(Shelf::Turns, key.into(), first..=self.first() - 1));
        }
        Ok(changes)
    }

    /// Forgets the turns: those that were said up to now, also where they are still on their way.
    pub fn clear(&mut self, now: i64) -> usize {
        self.cleared_at = now;
        std::mem::take(&mut self.sizes).len()
    }
}

impl Turn {
    fn of(queued: &QueuedTurn, client: &ClientName) -> Self {
        Self {
            hash: queued.turn,
            at: queued.at,
            client: client.clone(),
            said: queued.said.clone(),
            images: queued.images,
            replies: Vec::new(),
            cut: false,
        }
    }

    /// Takes an answer in. One that is made again takes the place of the former, and of all that followed from it.
    fn answer(&mut self, queued: QueuedTurn) {
        if let Some(again) = self.replies.iter().position(|reply| reply.tail == queued.tail) {
            self.replies.truncate(again);
        }
        let QueuedTurn { tail, request, model, text, tools, ended_at, cut, .. } = queued;
        self.cut |= cut;
        self.replies.push(Reply { tail, request, model, at: ended_at, text, tools });
        let length = |replies: &[Reply]| replies.iter().map(|reply| reply.text.len()).sum::<usize>();
        while self.replies.len() > 1 && (length(&self.replies) > MOST_ANSWERED || self.replies.len() > MOST_REPLIES) {
            self.replies.remove(0);
            self.cut = true;
        }
    }
}

/// Most answers to one turn.
const MOST_REPLIES: usize = 64;
