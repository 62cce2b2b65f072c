//! Live sessions: which are in use, and since when. RAM only, bounded; what lasts is elsewhere, so that ending one loses nothing.

use std::collections::HashMap;

use lru::LruCache;

use super::settings::SessionSettings;
use crate::ids::SessionId;
use crate::store::FileId;

/// Whose session, and which, as a hash under the person's own key: after an erasure nothing old is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct LiveKey {
    pub file: FileId,
    pub hash: [u8; 16],
}

/// A session in RAM.
#[derive(Clone, PartialEq, Eq)]
pub struct LiveSession {
    pub id: SessionId,
    /// When its last request came or ended, in milliseconds since the Unix epoch.
    pub used_at: i64,
    /// Requests since it came into RAM.
    pub requests: u64,
    /// Requests whose answers have not ended.
    pub running: u32,
}

impl std::fmt::Debug for LiveSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveSession").field("requests", &self.requests).field("running", &self.running).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Entry {
    session: LiveSession,
    protected: bool,
    /// When its use was last told to what lasts.
    told_at: i64,
    /// Tells it from one of the same key that ended.
    serial: u64,
}

/// What beginning a session came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    /// It is in RAM. `due`: what lasts of it, if anything, should hear of its use.
    Kept { serial: u64, due: bool },
    /// There is no room: all others are protected or in use.
    Unkept,
}

/// Sessions that ended since this was last asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ended {
    pub evicted: u64,
    pub expired: u64,
}

/// The live sessions. Those that rest are kept in the order in which they came to rest, so that each step takes constant time.
#[derive(Debug)]
pub(super) struct Live {
    resting: LruCache<LiveKey, Entry>,
    /// Resting as well, but never making room.
    protected: LruCache<LiveKey, Entry>,
    busy: HashMap<LiveKey, Entry>,
    /// Sessions of answers that a backend keeps, by the answer's id.
    answers: LruCache<LiveKey, SessionId>,
    serial: u64,
    ended: Ended,
}

impl Live {
    pub fn new() -> Self {
        Self {
            resting: LruCache::unbounded(),
            protected: LruCache::unbounded(),
            busy: HashMap::new(),
            answers: LruCache::unbounded(),
            serial: 0,
            ended: Ended::default(),
        }
    }

    /// Counts a request into its session until [`Live::end`].
    pub fn begin(&mut self, key: LiveKey, id: &SessionId, settings: &SessionSettings, now: i64) -> Begun {
        self.expire(settings, now);
        if let Some(mut entry) = self.busy.remove(&key).or_else(|| self.resting.pop(&key)).or_else(|| self.protected.pop(&key)) {
            entry.session.used_at = now;
            entry.session.requests += 1;
            entry.session.running += 1;
            let (serial, due) = (entry.serial, now.saturating_sub(entry.told_at) >= settings.grain());
            entry.told_at = if due { now } else { entry.told_at };
            self.busy.insert(key, entry);
            self.make_room(settings.capacity);
            return Begun::Kept { serial, due };
        }
        if !self.make_room(settings.capacity.saturating_sub(1)) {
            return Begun::Unkept;
        }
        self.serial += 1;
        let session = LiveSession { id: id.clone(), used_at: now, requests: 1, running: 1 };
        let protected = settings.protected.contains(id);
        self.busy.insert(key, Entry { session, protected, told_at: now, serial: self.serial });
        Begun::Kept { serial: self.serial, due: true }
    }

    /// The answer to a request of the session has ended.
    pub fn end(&mut self, key: LiveKey, serial: u64, now: i64) {
        let Some(entry) = self.busy.get_mut(&key).filter(|entry| entry.serial == serial) else { return };
        entry.session.running = entry.session.running.saturating_sub(1);
        entry.session.used_at = entry.session.used_at.max(now);
        if entry.session.running > 0 {
            return;
        }
        if let Some(entry) = self.busy.remove(&key) {
            let rest = if entry.protected { &mut self.protected } else { &mut self.resting };
            rest.put(key, entry);
        }
    }

    /// Evicts until at most this many are left; false where the others may not go.
    fn make_room(&mut self, most: usize) -> bool {
        while self.len() > most {
            if self.resting.pop_lru().is_none() {
                return false;
            }
            self.ended.evicted += 1;
        }
        true
    }

    /// Ends what has rested for too long.
    pub fn expire(&mut self, settings: &SessionSettings, now: i64) {
        for rest in [&mut self.resting, &mut self.protected] {
            while rest.peek_lru().is_some_and(|(_, entry)| is_over(&entry.session, settings, now)) {
                rest.pop_lru();
                self.ended.expired += 1;
            }
        }
    }

    /// The session, if it is in RAM.
    pub fn get(&self, key: &LiveKey, settings: &SessionSettings, now: i64) -> Option<&LiveSession> {
        let entry = self.busy.get(key).or_else(|| self.resting.peek(key)).or_else(|| self.protected.peek(key))?;
        Some(&entry.session).filter(|session| session.running > 0 || !is_over(session, settings, now))
    }

    /// A person's sessions in RAM, in no order; those of before an erasure may be among them.
    pub fn of(&self, file: FileId, settings: &SessionSettings, now: i64) -> Vec<(LiveKey, LiveSession)> {
        self.all(Some(file), settings, now)
    }

    /// The same of everybody, where no file is named.
    pub fn all(&self, file: Option<FileId>, settings: &SessionSettings, now: i64) -> Vec<(LiveKey, LiveSession)> {
        let all = self.busy.iter().chain(self.resting.iter()).chain(self.protected.iter());
        let own = all.filter(|(key, _)| file.is_none_or(|file| key.file == file)).map(|(key, entry)| (*key, &entry.session));
        let own = own.filter(|(_, session)| session.running > 0 || !is_over(session, settings, now));
        own.map(|(key, session)| (key, session.clone())).collect()
    }

    /// Ends a session.
    pub fn forget(&mut self, key: &LiveKey) {
        self.busy.remove(key);
        self.resting.pop(key);
        self.protected.pop(key);
    }

    /// Ends all sessions of a person.
    pub fn forget_all(&mut self, file: FileId) {
        let keys =
            self.busy.keys().chain(self.resting.iter().map(|(key, _)| key)).chain(self.protected.iter().map(|(key, _)| key));
        let keys: Vec<LiveKey> = keys.filter(|key| key.file == file).copied().collect();
        for key in &keys {
            self.forget(key);
        }
        let answers = self.answers.iter().map(|(key, _)| *key).filter(|key| key.file == file);
        for key in answers.collect::<Vec<_>>() {
            self.answers.pop(&key);
        }
    }

    /// Notes in which session an answer was given that a backend keeps.
    pub fn note_answer(&mut self, answer: LiveKey, session: &SessionId, most: usize) {
        self.answers.put(answer, session.clone());
        while self.answers.len() > most {
            self.answers.pop_lru();
        }
    }

    /// The session in which an answer was given, as far as that is known.
    pub fn of_answer(&mut self, answer: &LiveKey) -> Option<SessionId> {
        self.answers.get(answer).cloned()
    }

    /// Sessions in RAM.
    pub fn len(&self) -> usize {
        self.resting.len() + self.protected.len() + self.busy.len()
    }

    /// What ended since this was last asked.
    pub fn take_ended(&mut self) -> Ended {
        std::mem::take(&mut self.ended)
    }
}

fn is_over(session: &LiveSession, settings: &SessionSettings, now: i64) -> bool {
    now.saturating_sub(session.used_at) >= settings.timeout
}
