//! The published keys of one issuer, as they are held in memory. Requests read them without waiting for anybody.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, watch};

use super::jwks::KeySet;
use crate::inference::DocumentUrl;

/// How long a request waits for keys that are being fetched.
const WAIT: Duration = Duration::from_secs(2);
/// Requests that wait so at a time; others are answered at once.
const WAITING: usize = 64;

/// Where an issuer publishes its keys.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::identity) enum Location {
    Url(DocumentUrl),
    File(PathBuf),
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => url.fmt(f),
            Self::File(path) => path.fmt(f),
        }
    }
}

/// For how long keys are good, and how often they are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyringSettings {
    /// The longest time between two fetches.
    pub refresh: Duration,
    /// The shortest time between two fetches that unknown keys bring about.
    pub cool_down: Duration,
    /// How long keys stay good while no newer ones can be had.
    pub max_stale: Duration,
}

impl Default for KeyringSettings {
    fn default() -> Self {
        Self { refresh: Duration::from_hours(1), cool_down: Duration::from_mins(1), max_stale: Duration::from_hours(24) }
    }
}

/// The keys of one issuer under one configuration. They are never shared with another issuer, wherever that one publishes.
#[derive(Debug)]
pub struct Keyring {
    pub(super) location: Location,
    pub(super) issuer: Option<String>,
    pub(super) settings: KeyringSettings,
    held: ArcSwapOption<Held>,
    progress: Mutex<Progress>,
    /// Wakes the task that fetches.
    pub(super) wake: Notify,
    /// Fetches that have ended, well or not.
    ended: watch::Sender<u64>,
    places: Semaphore,
}

#[derive(Debug)]
struct Held {
    keys: Arc<KeySet>,
    /// When they were last seen to be the issuer's.
    seen: Instant,
}

#[derive(Debug)]
struct Progress {
    /// A fetch is asked for or under way.
    pending: bool,
    /// When a request last brought a fetch about.
    demanded: Option<Instant>,
}

impl Keyring {
    /// A ring that is empty until its keys were fetched, unless they are at hand.
    pub(in crate::identity) fn new(
        location: Location,
        issuer: Option<String>,
        settings: KeyringSettings,
        keys: Option<KeySet>,
    ) -> Self {
        let ring = Self {
            location,
            issuer,
            settings,
            held: ArcSwapOption::empty(),
            progress: Mutex::new(Progress { pending: keys.is_none(), demanded: None }),
            wake: Notify::new(),
            ended: watch::Sender::new(0),
            places: Semaphore::new(WAITING),
        };
        if let Some(keys) = keys {
            ring.hold(keys);
        }
        ring
    }

    /// The keys, unless there are none yet or they are too old to be believed.
    pub(super) fn keys(&self) -> Option<Arc<KeySet>> {
        let held = self.held.load();
        let held = held.as_ref().filter(|held| held.seen.elapsed() <= self.settings.max_stale)?;
        Some(Arc::clone(&held.keys))
    }

    /// How long ago the keys were last seen to be the issuer's.
    pub(super) fn age(&self) -> Option<Duration> {
        self.held.load().as_ref().map(|held| held.seen.elapsed())
    }

    /// Takes new keys in. Whether they differ from those before.
    pub(in crate::identity) fn hold(&self, keys: KeySet) -> bool {
        let before = self.held.load();
        let known = before.as_ref().map(|held| &held.keys).filter(|known| ***known == keys);
        let changed = known.is_none();
        let keys = known.map_or_else(|| Arc::new(keys), Arc::clone);
        self.held.store(Some(Arc::new(Held { keys, seen: Instant::now() })));
        changed
    }

    /// Goes on with what another ring holds, where it is one of the same place and issuer.
    pub(super) fn inherit(&self, older: &Self) {
        if (&self.location, &self.issuer) != (&older.location, &older.issuer) {
            return;
        }
        let mut progress = self.progress.lock();
        progress.demanded = older.progress.lock().demanded;
        if let (None, Some(held)) = (self.held.load().as_ref(), older.held.load_full()) {
            self.held.store(Some(held));
            progress.pending = false;
        }
    }

    /// Notes that a fetch begins.
    pub(super) fn begin_fetch(&self) {
        self.progress.lock().pending = true;
    }

    /// Notes that a fetch has ended, and lets those go on who wait for it.
    pub(super) fn end_fetch(&self) {
        self.progress.lock().pending = false;
        self.ended.send_modify(|fetches| *fetches += 1);
    }

    /// Asks for a fetch, unless the last one that was asked for is too recent. Whether one is under way.
    fn demand(&self) -> bool {
        let mut progress = self.progress.lock();
        if progress.pending {
            return true;
        }
        let recent = progress.demanded.is_some_and(|at| at.elapsed() < self.settings.cool_down);
        if !recent {
            *progress = Progress { pending: true, demanded: Some(Instant::now()) };
            self.wake.notify_one();
        }
        !recent
    }

    /// Has the keys fetched, or joins a fetch that is under way, and waits for its end: for a moment, and only where few others
    /// wait. Whether it ended.
    pub(in crate::identity) async fn refreshed(&self) -> bool {
        // Before the demand: a fetch that ends in between is seen.
        let mut ended = self.ended.subscribe();
        if !self.demand() {
            return false;
        }
        let Ok(_place) = self.places.try_acquire() else { return false };
        tokio::time::timeout(WAIT, ended.changed()).await.is_ok_and(|changed| changed.is_ok())
    }
}
