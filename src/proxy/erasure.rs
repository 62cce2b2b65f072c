//! The end of everything that is kept of a person, whoever asks for it: on the disk, and in the RAM of all who keep something.

use super::services::Services;
use crate::enforce::UserScope;
use crate::memory::Memory;
use crate::memory::curate::CurateError;
use crate::parameters::Book;
use crate::sessions::Sessions;
use crate::store::{Erased, Erasure};
use crate::vault::Vault;
use std::sync::Arc;

/// Those who keep something of people. A cheap handle.
#[derive(Debug, Clone)]
pub struct Keepers {
    memory: Arc<Memory>,
    vault: Arc<Vault>,
    settings: Arc<Book>,
    sessions: Arc<Sessions>,
}

impl Keepers {
    #[must_use]
    pub fn of(services: &Services) -> Self {
        Self {
            memory: Arc::clone(&services.memory),
            vault: Arc::clone(&services.vault),
            settings: Arc::clone(&services.settings),
            sessions: Arc::clone(&services.sessions),
        }
    }

    /// Erases a person for good. Says what was removed, and how many turns waited to be learned from. [`Services::forget_seen`] is to
    /// follow. Blocks on the disk.
    ///
    /// # Errors
    /// When the store fails; asking again finishes what was begun.
    pub fn erase(&self, scope: &UserScope, erasure: Erasure) -> Result<(Erased, u64), CurateError> {
        let waiting = self.memory.waiting_lessons(scope)?;
        let erased = self.memory.erase(scope, erasure)?;
        self.forget(scope);
        Ok((erased, waiting))
    }

    /// Wipes what is in RAM of a person who was erased, beside the memory.
    pub fn forget(&self, scope: &UserScope) {
        self.vault.forget(scope);
        self.settings.forget(scope);
        self.sessions.forget(scope);
    }
}
