//! How often somebody may try a password: some times at once, then ever more seldom, by address and by name. Tables are bounded.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

/// Attempts that cost no wait.
const FREE: u32 = 5;
/// Longest wait of an address, and of a name: whoever tries a name for the sake of its owner's wait holds them up for no longer.
const LONGEST_OF_PEER: Duration = Duration::from_mins(15);
const LONGEST_OF_NAME: Duration = Duration::from_mins(1);
/// After which time without an attempt all is forgotten.
const MEMORY: Duration = Duration::from_hours(1);
/// Most entries of a table: the one that was tried least lately makes room.
const MOST: usize = 4096;

#[derive(Clone, Copy)]
struct Tries {
    count: u32,
    not_before: Instant,
    last: Instant,
}

struct Table<K> {
    entries: HashMap<K, Tries>,
    longest: Duration,
}

impl<K: Hash + Eq + Copy> Table<K> {
    fn new(longest: Duration) -> Self {
        Self { entries: HashMap::new(), longest }
    }

    fn wait(&self, key: &K, now: Instant) -> Option<Duration> {
        let until = self.entries.get(key)?.not_before;
        until.checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// Counts an attempt as one that fails, until it is said to have succeeded: attempts at the same time count as well.
    fn count(&mut self, key: K, now: Instant) {
        if !self.entries.contains_key(&key) && self.entries.len() >= MOST {
            self.entries.retain(|_, tries| now.saturating_duration_since(tries.last) < MEMORY);
            if self.entries.len() >= MOST {
                let oldest = self.entries.iter().min_by_key(|(_, tries)| tries.last).map(|(key, _)| *key);
                oldest.map(|key| self.entries.remove(&key));
            }
        }
        let tries = self.entries.entry(key).or_insert(Tries { count: 0, not_before: now, last: now });
        if now.saturating_duration_since(tries.last) >= MEMORY {
            tries.count = 0;
        }
        tries.count = tries.count.saturating_add(1);
        tries.last = now;
        if tries.count >= FREE {
            let doubled = 1_u64 << (tries.count - FREE).min(20);
            tries.not_before = now + Duration::from_secs(doubled).min(self.longest);
        }
    }
}

/// Who tried how often.
pub(super) struct Attempts {
    tables: Mutex<(Table<IpAddr>, Table<[u8; 32]>)>,
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempts")
    }
}

impl Default for Attempts {
    fn default() -> Self {
        Self { tables: Mutex::new((Table::new(LONGEST_OF_PEER), Table::new(LONGEST_OF_NAME))) }
    }
}

impl Attempts {
    /// Begins an attempt, which counts unless it succeeds.
    ///
    /// # Errors
    /// How long to wait first. Such an attempt does not count: waiting ends, whoever hammers.
    pub(super) fn begin(&self, peer: IpAddr, name: &str, now: Instant) -> Result<(), Duration> {
        let (peer, name) = (network(peer), digest(name));
        let mut tables = self.tables.lock();
        let (peers, names) = &mut *tables;
        if let Some(wait) = peers.wait(&peer, now).max(names.wait(&name, now)) {
            return Err(wait);
        }
        peers.count(peer, now);
        names.count(name, now);
        Ok(())
    }

    /// The attempt was a good one: what came before is forgotten.
    pub(super) fn succeed(&self, peer: IpAddr, name: &str) {
        let mut tables = self.tables.lock();
        tables.0.entries.remove(&network(peer));
        tables.1.entries.remove(&digest(name));
    }
}

/// Names are a stranger's, and of any length.
fn digest(name: &str) -> [u8; 32] {
    Sha256::digest(name.as_bytes()).into()
}

/// Whoever has one address of IPv6 has the 2^64 beside it as well.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn waits_double_up_to_the_longest_and_do_not_grow_by_hammering() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for _ in 0..FREE {
            assert_eq!(attempts.begin(peer(1), "anna", start), Ok(()));
        }
        let mut now = start;
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            for _ in 0..100 {
                assert_eq!(attempts.begin(peer(1), &format!("name{expected}"), now), Err(secs(expected)));
            }
            now += secs(expected);
            assert_eq!(attempts.begin(peer(1), &format!("name{expected}"), now), Ok(()));
        }
    }

    #[test]
    fn a_name_waits_whoever_tries_it_and_for_a_minute_at_most() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for i in 0..FREE {
            assert_eq!(attempts.begin(peer(i as u8), "anna", start), Ok(()));
        }
        assert_eq!(attempts.begin(peer(99), "anna", start), Err(secs(1)));
        assert_eq!(attempts.begin(peer(99), "bert", start), Ok(()), "others are not held up");
        let mut now = start;
        for i in 0..20 {
            now += secs(60);
            assert_eq!(attempts.begin(peer(100 + i), "anna", now), Ok(()));
        }
        assert_eq!(attempts.begin(peer(200), "anna", now), Err(secs(60)));
        attempts.succeed(peer(119), "anna");
        assert_eq!(attempts.begin(peer(200), "anna", now), Ok(()));
    }

    #[test]
    fn an_hour_forgets_and_tables_are_bounded() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for _ in 0..FREE {
            attempts.begin(peer(1), "anna", start).unwrap();
        }
        for _ in 1..FREE {
            assert_eq!(attempts.begin(peer(1), "anna", start + MEMORY), Ok(()), "all was forgotten");
        }
        for i in 0..MOST as u32 + 10 {
            let _ = attempts.begin(IpAddr::from(i.to_be_bytes()), &format!("n{i}"), start + MEMORY);
        }
        let tables = attempts.tables.lock();
        assert_eq!((tables.0.entries.len(), tables.1.entries.len()), (MOST, MOST));
    }

    #[test]
    fn neighbours_in_ipv6_are_one_and_mapped_addresses_are_ipv4() {
        let v6 = |text: &str| network(text.parse().unwrap());
        assert_eq!(v6("2001:db8:1:2::1"), v6("2001:db8:1:2:ffff::9"));
        assert_ne!(v6("2001:db8:1:2::1"), v6("2001:db8:1:3::1"));
        assert_eq!(v6("::ffff:192.0.2.7"), peer(7));
    }
}
