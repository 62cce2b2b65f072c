//! How often a person may have keys tested: each test is a request to somebody else's server.

use std::num::NonZeroUsize;

use lru::LruCache;
use parking_lot::Mutex;

use crate::store::FileId;

/// Tests within a window.
const MOST: u32 = 6;
/// Milliseconds.
const WINDOW: i64 = 60_000;
/// People who are remembered. Beyond that, who tested longest ago is forgotten.
const PEOPLE: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// Counts tests of each person in windows of a minute, the first test of which opens it.
#[derive(Debug)]
pub(super) struct Throttle(Mutex<LruCache<FileId, Window>>);

#[derive(Debug, Clone, Copy)]
struct Window {
    since: i64,
    taken: u32,
}

impl Throttle {
    pub fn new() -> Self {
        Self(Mutex::new(LruCache::new(PEOPLE)))
    }

    /// # Errors
    /// The seconds until there is a test again.
    pub fn take(&self, person: FileId, now_ms: i64) -> Result<(), u64> {
        let mut people = self.0.lock();
        let window = people.get_or_insert_mut(person, || Window { since: now_ms, taken: 0 });
        // A clock that was set back opens a new window, too.
        if !(window.since..window.since + WINDOW).contains(&now_ms) {
            *window = Window { since: now_ms, taken: 0 };
        }
        if window.taken >= MOST {
            let left = window.since + WINDOW - now_ms;
            return Err(u64::try_from(left).unwrap_or(0).div_ceil(1000).max(1));
        }
        window.taken += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::UserId;
    use crate::setting::Secret;
    use crate::store::simulated::SimulatedDisk;
    use crate::store::{StorageSettings, Store};

    #[test]
    fn each_person_has_a_few_in_a_minute() {
        let settings = StorageSettings { master_key: Some(Secret::new(&[9; 32])), ..StorageSettings::at("unused") };
        let store = Store::open(&settings, std::sync::Arc::new(SimulatedDisk::default())).unwrap();
        let [ana, bert] = ["ana", "bert"].map(|name| store.file_id(&UserId::parse(name).unwrap()));
        let throttle = Throttle::new();
        for second in 0..6 {
            assert_eq!(throttle.take(ana, second * 1000), Ok(()));
        }
        assert_eq!(throttle.take(ana, 6_000), Err(54));
        assert_eq!(throttle.take(ana, 59_999), Err(1));
        assert_eq!(throttle.take(bert, 6_000), Ok(()), "another person's own");
        assert_eq!(throttle.take(ana, 60_000), Ok(()));
        assert_eq!(throttle.take(ana, -1), Ok(()), "the clock was set back");
    }
}
