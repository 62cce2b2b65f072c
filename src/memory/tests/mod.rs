//! Memory over a real store: recall, learning, and what holds when things go wrong.

mod cache;
mod embedding;
mod faults;
mod holdings;
mod keeping;
mod languages;
mod learning;
mod replay;
mod school;
mod tenants;
mod tutoring;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use super::{Lesson, Memory, MemorySettings, Message, RecallMiss, RecallRequest, Recalled, Role, render};
use crate::enforce::{UserScope, test_scope};
use crate::identity::Assurance;
use crate::ids::{RequestId, SessionId};
use crate::store::{Erasure, FileDisk, StorageSettings, Store};

/// A memory over a directory of its own.
struct Rig {
    dir: TempDir,
    memory: Arc<Memory>,
}

impl Rig {
    fn new(settings: MemorySettings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let memory = Arc::new(Memory::new(open(&dir), settings));
        Self { dir, memory }
    }

    /// The same directory in a new process.
    fn restart(self, settings: MemorySettings) -> Self {
        let Self { dir, memory } = self;
        drop(memory);
        let memory = Arc::new(Memory::new(open(&dir), settings));
        Self { dir, memory }
    }

    fn enroll(&self, user: &str) -> UserScope {
        let scope = test_scope(user, Assurance::Verified);
        self.memory.store.enroll(&scope, 0).unwrap();
        scope
    }

    fn teach(&self, scope: &UserScope, text: &str) -> super::Learned {
        let learned = self.memory.learn_from(scope, None, &lesson(text, 1_000)).unwrap();
        // So that what follows is later by the clock.
        std::thread::sleep(Duration::from_millis(2));
        learned
    }

    /// Recalls for a conversation and remembers what was chosen, as the proxy does.
    async fn send(&self, scope: &UserScope, talk: &Talk) -> Recalled {
        let recalled = self.recall(scope, talk).await.unwrap();
        self.memory.remember_injections(scope, recalled.fresh.clone());
        recalled
    }

    async fn recall(&self, scope: &UserScope, talk: &Talk) -> Result<Recalled, RecallMiss> {
        self.recall_within(scope, talk, Duration::from_secs(20)).await
    }

    async fn recall_within(&self, scope: &UserScope, talk: &Talk, deadline: Duration) -> Result<Recalled, RecallMiss> {
        let messages: Vec<Message<'_>> =
            talk.0.iter().map(|(role, text)| Message { role: *role, raw: text.as_bytes() }).collect();
        let query = || talk.0.iter().rfind(|(role, _)| *role == Role::User).map(|(_, text)| text.clone()).unwrap_or_default();
        let request = RecallRequest {
            messages: &messages,
            query: &query,
            tokens: render::estimate_tokens,
            most: usize::MAX,
            withhold: &[],
            now: now(),
        };
        self.memory.recall(scope, &request, deadline).await
    }
}

fn open(dir: &TempDir) -> Store {
    Store::open(&StorageSettings::at(dir.path()), Arc::new(FileDisk::new(dir.path()))).unwrap()
}

/// Milliseconds since the Unix epoch.
fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn lesson(text: &str, at: i64) -> Lesson {
    Lesson { request_id: "r1".to_owned(), text: text.to_owned(), turn: None, at }
}

/// An erasure before anything that the lessons here say.
fn erasure() -> Erasure {
    Erasure { receipt: RequestId::fresh(), at: 0 }
}

fn session(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

/// A conversation.
#[derive(Debug, Clone, Default)]
struct Talk(Vec<(Role, String)>);

impl Talk {
    fn ask(text: &str) -> Self {
        Self::default().user(text)
    }

    fn system(mut self, text: &str) -> Self {
        self.0.push((Role::System, text.to_owned()));
        self
    }

    fn user(mut self, text: &str) -> Self {
        self.0.push((Role::User, text.to_owned()));
        self
    }

    fn answer(mut self, text: &str) -> Self {
        self.0.push((Role::Other, text.to_owned()));
        self
    }
}

/// Everything that a request would carry, as one text.
fn carried(recalled: &Recalled) -> String {
    let turns = recalled.turn_blocks.iter().map(|(_, block)| block.clone());
    recalled.system_block.clone().into_iter().chain(turns).collect()
}
