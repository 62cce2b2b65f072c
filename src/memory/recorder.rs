//! Injections, and ids of what upstreams keep, to the disk, off the request's path. Losing an injection costs a prompt cache, losing
//! an id an answer that cannot be gone on with; neither a fact.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::Memory;
use super::learner::clock;
use super::view::View;
use crate::enforce::{Ticket, UserScope};
use crate::ids::FactId;
use crate::store::{Batch, Holding, Injection, StoreError};

/// What was injected for one request, or is kept of its answer.
pub(super) struct Note {
    pub(super) ticket: Ticket,
    pub(super) injections: Vec<Injection>,
    pub(super) holdings: Vec<Holding>,
    /// The key that the holdings' names were made with.
    pub(super) key: Option<[u8; 16]>,
}

/// Requests whose injections may wait to be written.
pub(super) const CAPACITY: usize = 4096;
/// How long injections gather, so that a user's next ones share a commit.
const GATHER: Duration = Duration::from_secs(2);
/// How long a request waits for the view.
const PATIENCE: Duration = Duration::from_millis(1);
/// Most injections of one user in a commit, the newest. No person chats faster; a program that does keeps them in RAM alone.
const MOST: usize = 128;

impl Memory {
    /// Remembers what a request carries: in RAM at once, on the disk soon after. Call it when the request goes out. A view that
    /// others hold, such as a learner that plans, is not waited for: then the recorder writes to RAM, too.
    pub fn remember_injections(&self, scope: &UserScope, fresh: Vec<Injection>) {
        if fresh.is_empty() {
            return;
        }
        if let Some(place) = self.views.peek(scope.user())
            && let Some(mut guard) = place.view.try_write_for(PATIENCE)
            && let Some(view) = guard.as_mut()
        {
            for injection in &fresh {
                view.note(injection.clone());
            }
            place.measure(view);
        }
        let note = Note { ticket: self.tickets.issue(scope, None), injections: fresh, holdings: Vec::new(), key: None };
        if self.notes.try_send(note).is_err() {
            self.counters.injections_lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes injections until `shutdown` turns true; then writes what is left and returns. Run it once.
    pub async fn run_recorder(self: Arc<Self>, mut shutdown: watch::Receiver<bool>) {
        let Some(mut inbox) = self.inbox.lock().take() else { return };
        let mut open = true;
        while open {
            let mut notes = Vec::new();
            tokio::select! {
                _ = inbox.recv_many(&mut notes, CAPACITY) => {
                    tokio::select! {
                        () = sleep(GATHER) => {}
                        () = ended(&mut shutdown) => open = false,
                    }
                }
                () = ended(&mut shutdown) => open = false,
            }
            while let Ok(note) = inbox.try_recv() {
                notes.push(note);
            }
            let memory = self.clone();
            // A panic in there loses these notes only.
            let _ = tokio::task::spawn_blocking(move || memory.record(notes)).await;
        }
    }

    /// Commits notes, those of one user together.
    fn record(&self, notes: Vec<Note>) {
        let mut by_ticket: HashMap<Box<[u8]>, Note> = HashMap::new();
        for note in notes {
            match by_ticket.entry(note.ticket.as_bytes().into()) {
                std::collections::hash_map::Entry::Occupied(mut entry) => entry.get_mut().take(note),
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(note);
                }
            }
        }
        for note in by_ticket.into_values() {
            let written = self.tickets.redeem(&note.ticket).ok().map(|(scope, _)| self.record_one(&scope, note));
            if !matches!(written, Some(Ok(()))) {
                self.counters.injections_lost.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.views.shrink();
    }

    /// Writes injections, and drops what is beyond the bound or has run out.
    fn record_one(&self, scope: &UserScope, note: Note) -> Result<(), StoreError> {
        let Note { mut injections, mut holdings, key, .. } = note;
        if key.is_some() && key != self.store.hash_key(scope).ok() {
            // The user was erased since: what was held before is nobody's.
            holdings.clear();
        }
        let place = self.views.peek(scope.user());
        let _writer = place.as_ref().map(|place| place.writer.lock());
        let look = |view: &View| (view.stale_injections(), view.expired(clock()).collect::<Vec<FactId>>());
        let (stale, expired) = place.as_ref().and_then(|place| place.view.read().as_ref().map(look)).unwrap_or_default();
        let old = injections.len().saturating_sub(MOST);
        injections.drain(..old);
        let unnoted = |view: &View| injections.iter().filter(|i| view.injection(&i.prefix).is_none()).cloned().collect();
        let unnoted: Vec<Injection> =
            place.as_ref().and_then(|place| place.view.read().as_ref().map(unnoted)).unwrap_or_default();
        let batch = Batch { injections, holdings, drop_injections: stale.clone(), delete: expired.clone(), ..Batch::default() };
        let committed = self.store.commit(scope, batch);
        if let (Err(StoreError::Foreign), Some(place)) = (&committed, &place) {
            // What is in RAM is no longer what is on the disk.
            *place.view.write() = None;
        }
        committed?;
        self.counters.facts_expired.fetch_add(expired.len() as u64, Ordering::Relaxed);
        if let Some(place) = place.as_ref().filter(|_| !(stale.is_empty() && expired.is_empty() && unnoted.is_empty()))
            && let Some(view) = place.view.write().as_mut()
        {
            view.apply(Batch { injections: unnoted, drop_injections: stale, delete: expired, ..Batch::default() });
            place.measure(view);
        }
        Ok(())
    }
}

impl Note {
    /// Takes over what a later note of the same scope holds.
    fn take(&mut self, later: Self) {
        self.injections.extend(later.injections);
        if later.key.is_some() && later.key != self.key {
            self.holdings.clear();
            self.key = later.key;
        }
        self.holdings.extend(later.holdings);
    }
}

/// Returns when `shutdown` is true, or its sender is gone.
pub(super) async fn ended(shutdown: &mut watch::Receiver<bool>) {
    // An error means that nobody can ask for the end any more: that is the end.
    let _ = shutdown.wait_for(|end| *end).await;
}
