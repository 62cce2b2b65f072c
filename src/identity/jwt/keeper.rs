//! Keeps the keys of issuers fresh, in tasks off the request's path.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::jwks::{JwksError, KeySet, MAX_DOCUMENT};
use super::keyring::{Keyring, Location};
use crate::identity::{IdentitySettings, Source};
use crate::inference::{DocumentUrl, Fetcher, InferenceError};
use crate::telemetry::{JwksFetch, Metrics};

/// How long one fetch may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// However short-lived an issuer says that its keys are, they are not asked for more often.
const SHORTEST_REFRESH: Duration = Duration::from_mins(5);
/// Waits after failures: doubled from the first to the last.
const FIRST_RETRY: Duration = Duration::from_secs(5);
const LAST_RETRY: Duration = Duration::from_mins(5);
/// How often a file is looked at.
const FILE_LOOK: Duration = Duration::from_secs(5);

/// Why keys could not be had.
#[derive(Debug, Error)]
pub(super) enum FetchError {
    #[error(transparent)]
    Endpoint(#[from] InferenceError),
    #[error("the key set is of no use: {0}")]
    Keys(#[from] JwksError),
    #[error("the file cannot be read: {0}")]
    File(#[from] std::io::Error),
}

impl FetchError {
    fn result(&self) -> JwksFetch {
        match self {
            Self::Endpoint(InferenceError::Status(_)) => JwksFetch::Status,
            Self::Endpoint(InferenceError::TooLarge) | Self::Keys(_) => JwksFetch::Unusable,
            Self::Endpoint(_) | Self::File(_) => JwksFetch::Unreachable,
        }
    }
}

/// One task for each key ring of the configuration.
#[derive(Debug)]
pub struct KeyKeeper {
    runtime: Handle,
    metrics: Arc<Metrics>,
    fetcher: Arc<Fetcher>,
    kept: Mutex<Vec<Kept>>,
}

/// A ring and its task, which ends with this.
#[derive(Debug)]
struct Kept {
    keyring: Arc<Keyring>,
    _running: watch::Sender<()>,
}

impl KeyKeeper {
    /// A keeper whose tasks run on `runtime`.
    #[must_use]
    pub fn new(runtime: Handle, metrics: Arc<Metrics>) -> Self {
        Self { runtime, metrics, fetcher: Arc::new(Fetcher::new(TIMEOUT, MAX_DOCUMENT)), kept: Mutex::default() }
    }

    /// Keeps the keys of this configuration from now on, and no others. What the one before held of the same place and issuer is
    /// carried over.
    pub fn take_up(&self, settings: &IdentitySettings) {
        let sources = settings.clients.iter().flat_map(|client| &client.sources).chain(&settings.default_sources);
        let keyrings = sources.filter_map(|source| match source {
            Source::Jwt(jwt) => jwt.keyring(),
            _ => None,
        });
        let mut kept = self.kept.lock();
        let next = keyrings.map(|keyring| {
            kept.iter().for_each(|older| keyring.inherit(&older.keyring));
            let (running, stop) = watch::channel(());
            self.runtime.spawn(keep(Arc::clone(keyring), Arc::clone(&self.fetcher), Arc::clone(&self.metrics), stop));
            Kept { keyring: Arc::clone(keyring), _running: running }
        });
        *kept = next.collect();
    }
}

/// Fetches a ring's keys whenever it is time or somebody asks, until `stop` closes. A fetch under way is ended first, since requests
/// may wait for it.
async fn keep(keyring: Arc<Keyring>, fetcher: Arc<Fetcher>, metrics: Arc<Metrics>, mut stop: watch::Receiver<()>) {
    let origin = Origin::of(&keyring.location);
    let mut failures = 0;
    let mut wait = keyring.age().map_or(Duration::ZERO, |age| origin.interval(&keyring, None).saturating_sub(age));
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(wait) => {}
            () = keyring.wake.notified() => {}
        }
        keyring.begin_fetch();
        wait = match origin.fetch(&fetcher).await {
            Ok((keys, max_age)) => {
                let changed = keyring.hold(keys);
                if changed || failures > 0 {
                    tracing::info!(issuer = keyring.issuer, "the issuer's keys were taken in");
                }
                if changed || failures > 0 || origin.is_remote() {
                    metrics.models().count_jwks_fetch(JwksFetch::Ok);
                }
                failures = 0;
                origin.interval(&keyring, max_age)
            }
            Err(error) => {
                metrics.models().count_jwks_fetch(error.result());
                // Once, and not again with each try.
                if failures == 0 {
                    tracing::warn!(issuer = keyring.issuer, %error, "the issuer's keys cannot be had; those held stay good for a while");
                }
                failures += 1;
                origin.pause_after(failures).min(keyring.settings.refresh)
            }
        };
        keyring.end_fetch();
    }
}

/// Where a task gets its keys.
enum Origin {
    Remote(DocumentUrl),
    File(PathBuf),
}

impl Origin {
    fn of(location: &Location) -> Self {
        match location {
            Location::Url(url) => Self::Remote(url.clone()),
            Location::File(path) => Self::File(path.clone()),
        }
    }

    fn is_remote(&self) -> bool {
        matches!(self, Self::Remote(_))
    }

    /// When to look again after a success: an issuer may ask for it sooner than configured, never for later.
    fn interval(&self, keyring: &Keyring, max_age: Option<Duration>) -> Duration {
        let refresh = keyring.settings.refresh;
        match self {
            Self::File(_) => FILE_LOOK.min(refresh),
            Self::Remote(_) => max_age.map_or(refresh, |age| age.max(SHORTEST_REFRESH).min(refresh)),
        }
    }

    /// When to try again after so many failures in a row.
    fn pause_after(&self, failures: u32) -> Duration {
        match self {
            Self::File(_) => FILE_LOOK,
            Self::Remote(_) => FIRST_RETRY.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LAST_RETRY),
        }
    }

    async fn fetch(&self, fetcher: &Fetcher) -> Result<(KeySet, Option<Duration>), FetchError> {
        match self {
            Self::File(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || read_file(&path)).await;
                Ok((read.map_err(std::io::Error::other)??, None))
            }
            Self::Remote(url) => {
                let document = fetcher.get(url.as_str(), None).await?;
                Ok((KeySet::parse(&document.bytes)?, document.max_age))
            }
        }
    }
}

/// The keys in a file.
pub(super) fn read_file(path: &Path) -> Result<KeySet, FetchError> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_DOCUMENT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(KeySet::parse(&bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::jwt::keyring::KeyringSettings;

    fn ring(location: &Location, refresh: Duration) -> Keyring {
        Keyring::new(location.clone(), None, KeyringSettings { refresh, ..KeyringSettings::default() }, None)
    }

    #[test]
    fn an_issuer_may_ask_for_more_fetches_within_reason_and_not_for_fewer() {
        let url = Location::Url(DocumentUrl::parse("https://id.example.com/keys").unwrap());
        let (origin, hour, minute) = (Origin::of(&url), Duration::from_hours(1), Duration::from_mins(1));
        for (refresh, max_age, interval) in [
            (hour, None, hour),
            (hour, Some(30 * minute), 30 * minute),
            (hour, Some(24 * hour), hour),
            (hour, Some(Duration::MAX), hour),
            (hour, Some(minute), 5 * minute),
            (hour, Some(Duration::ZERO), 5 * minute),
            (minute, Some(Duration::ZERO), minute),
        ] {
            assert_eq!(origin.interval(&ring(&url, refresh), max_age), interval, "{refresh:?} {max_age:?}");
        }
        let pauses: Vec<_> = (1..9).map(|failures| origin.pause_after(failures).as_secs()).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(origin.pause_after(u32::MAX), LAST_RETRY);
    }

    #[test]
    fn a_file_is_looked_at_often_whatever_befalls_it() {
        let file = Location::File("keys.json".into());
        let origin = Origin::of(&file);
        assert_eq!(origin.interval(&ring(&file, Duration::from_hours(1)), None), FILE_LOOK);
        assert_eq!(origin.pause_after(100), FILE_LOOK);
    }
}
