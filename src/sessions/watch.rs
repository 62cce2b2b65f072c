//! Live sessions as operators see them: whose and since when, nothing that was said.

use super::live::{LiveKey, LiveSession};
use super::{Sessions, hash_parts};
use crate::ids::UserId;

/// Where a page of live sessions ended: by when the last of them was used, and the hash that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    used_at: i64,
    hash: [u8; 16],
}

impl Mark {
    /// The mark as a client carries it.
    #[must_use]
    pub fn encode(self) -> String {
        format!("{}.{}", self.used_at, hex::encode(self.hash))
    }

    /// Reads back what [`Mark::encode`] wrote; nothing from anything else.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let (used_at, hash) = text.split_once('.')?;
        let mut read = [0; 16];
        hex::decode_to_slice(hash, &mut read).ok()?;
        Some(Self { used_at: used_at.parse().ok()?, hash: read })
    }
}

impl Sessions {
    /// Live sessions of everybody or of one user, the latest first, behind a mark; and the mark of the next page, if there is one. Answers
    /// from memory.
    #[must_use]
    pub fn list_live(
        &self,
        whose: Option<&UserId>,
        behind: Option<Mark>,
        limit: usize,
        now: i64,
    ) -> (Vec<(UserId, LiveSession)>, Option<Mark>) {
        let file = whose.map(|user| self.store.file_id(user));
        let mut found: Vec<(Mark, LiveKey, LiveSession)> = {
            let all = self.live.lock().all(file, &self.settings.load(), now);
            let marked = all.into_iter().map(|(key, session)| {
                let mark = Mark { used_at: session.used_at, hash: key.hash };
                (mark, key, session)
            });
            marked.filter(|(mark, ..)| behind.is_none_or(|behind| *mark < behind)).collect()
        };
        found.sort_unstable_by(|(a, ..), (b, ..)| b.cmp(a));
        let mut page = Vec::new();
        let mut last = None;
        for (mark, key, session) in found {
            // One of before an erasure has another hash: it belongs to nobody any more.
            let current = self.store.hash_key_of(&key.file).ok();
            let hash = current.map(|current| hash_parts(&current, &[b"session", session.id.as_str().as_bytes()]));
            let Some(user) = self.store.owner_of(&key.file).filter(|_| hash == Some(key.hash)) else { continue };
            if page.len() == limit {
                return (page, last);
            }
            last = Some(mark);
            page.push((user, session));
        }
        (page, None)
    }
}
