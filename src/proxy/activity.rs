//! Who was seen when, by which client, and how they were identified. RAM only, bounded.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroUsize;
use std::time::Duration;

use lru::LruCache;
use parking_lot::Mutex;

use crate::ids::{ClientName, TenantId, UserId};
use crate::telemetry::AuditRecord;

/// Who asked within this is active; within a day, idle.
const ACTIVE: Duration = Duration::from_mins(5);
const IDLE: Duration = Duration::from_hours(24);

/// Users and sandboxes in RAM. Beyond, those go who were not seen the longest.
const MOST_USERS: usize = 100_000;
/// Parts with a lock of their own, so that counting all holds up few.
const PARTS: usize = 16;

/// When and how a user or a sandbox was last seen, since the process started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Milliseconds since the Unix epoch.
    pub at: i64,
    pub client: ClientName,
    pub source: Option<&'static str>,
    pub assurance: Option<&'static str>,
    pub requests: u64,
}

/// What a client asked for since the process started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientUse {
    pub requests: u64,
    pub refused: u64,
    /// Milliseconds since the Unix epoch.
    pub seen_at: Option<i64>,
    /// Users last seen by this client, within five minutes and within a day before that.
    pub active: u64,
    pub idle: u64,
}

/// Who was seen. Cheap to note, off the answer's path.
pub struct Activity {
    parts: Vec<Mutex<LruCache<UserId, Seen>>>,
    clients: Mutex<HashMap<ClientName, ClientUse>>,
    draws: RandomState,
}

impl std::fmt::Debug for Activity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Activity").finish_non_exhaustive()
    }
}

impl Default for Activity {
    fn default() -> Self {
        let most = NonZeroUsize::new(MOST_USERS / PARTS).unwrap_or(NonZeroUsize::MIN);
        // Room is made as users come.
        let part = || {
            let mut part = LruCache::unbounded();
            part.resize(most);
            Mutex::new(part)
        };
        Self { parts: (0..PARTS).map(|_| part()).collect(), clients: Mutex::default(), draws: RandomState::new() }
    }
}

impl Activity {
    fn part(&self, user: &UserId) -> &Mutex<LruCache<UserId, Seen>> {
        #[expect(clippy::cast_possible_truncation, reason = "any bits do")]
        let hash = self.draws.hash_one(user) as usize;
        &self.parts[hash % PARTS]
    }

    /// Notes a request that has ended. A user is seen only where their scope was granted.
    pub fn note(&self, record: &AuditRecord) {
        let AuditRecord { time, client, source, assurance, .. } = record;
        {
            let mut clients = self.clients.lock();
            if !clients.contains_key(client) {
                clients.insert(client.clone(), ClientUse::default());
            }
            if let Some(used) = clients.get_mut(client) {
                used.requests += 1;
                used.refused += u64::from(record.error.is_some());
                used.seen_at = used.seen_at.max(Some(*time));
            }
        }
        let Some(user) = &record.user else { return };
        let mut part = self.part(user).lock();
        if let Some(seen) = part.get_mut(user) {
            seen.requests += 1;
            if *time >= seen.at {
                (seen.at, seen.source, seen.assurance) = (*time, *source, *assurance);
                if seen.client != *client {
                    seen.client = client.clone();
                }
            }
        } else {
            let seen = Seen { at: *time, client: client.clone(), source: *source, assurance: *assurance, requests: 1 };
            part.put(user.clone(), seen);
        }
    }

    /// When a user or a sandbox was last seen; none where that was before the start, or long ago.
    #[must_use]
    pub fn seen(&self, user: &UserId) -> Option<Seen> {
        self.part(user).lock().peek(user).cloned()
    }

    /// Forgets an erased user.
    pub fn forget(&self, user: &UserId) {
        self.part(user).lock().pop(user);
    }

    /// Forgets everybody of an erased tenant.
    pub fn forget_tenant(&self, tenant: &TenantId) {
        for part in &self.parts {
            let mut part = part.lock();
            let gone: Vec<UserId> = part.iter().map(|(user, _)| user).filter(|user| user.tenant() == tenant).cloned().collect();
            for user in &gone {
                part.pop(user);
            }
        }
    }

    /// What each client asked for, and its users.
    #[must_use]
    pub fn by_client(&self, now: i64) -> HashMap<ClientName, ClientUse> {
        let mut clients = self.clients.lock().clone();
        let within = |span: Duration| now.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
        let (active, idle) = (within(ACTIVE), within(IDLE));
        for part in &self.parts {
            for (_, seen) in part.lock().iter() {
                if seen.at < idle {
                    continue;
                }
                let Some(used) = clients.get_mut(&seen.client) else { continue };
                *(if seen.at >= active { &mut used.active } else { &mut used.idle }) += 1;
            }
        }
        clients
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::audit::test_record;

    const HOUR: i64 = 3_600_000;

    fn request(user: &str, client: &str, time: i64) -> AuditRecord {
        let (user, client) = (Some(UserId::parse(user).unwrap()), ClientName::parse(client).unwrap());
        AuditRecord { time, client, user, ..test_record("/v1/models") }
    }

    #[test]
    fn the_last_time_counts_whatever_ends_first() {
        let activity = Activity::default();
        activity.note(&request("alice", "b", 20));
        activity.note(&AuditRecord { assurance: Some("asserted"), ..request("alice", "a", 10) });
        let seen = activity.seen(&UserId::parse("alice").unwrap()).unwrap();
        assert_eq!((seen.at, seen.client.as_str(), seen.assurance, seen.requests), (20, "b", Some("verified"), 2));
        assert_eq!(activity.seen(&UserId::parse("bob").unwrap()), None);
    }

    #[test]
    fn users_are_active_then_idle_then_gone_and_refusals_are_counted() {
        let activity = Activity::default();
        let now = 100 * HOUR;
        for (user, at) in [("a", now), ("b", now - 299_000), ("c", now - HOUR), ("d", now - 25 * HOUR)] {
            activity.note(&request(user, "ui", at));
        }
        activity.note(&AuditRecord { user: None, error: Some("identity_missing"), ..request("x", "ui", now) });
        let used = activity.by_client(now)[&ClientName::parse("ui").unwrap()];
        assert_eq!(used, ClientUse { requests: 5, refused: 1, seen_at: Some(now), active: 2, idle: 1 });
    }

    #[test]
    fn whoever_is_erased_is_forgotten_and_nobody_else() {
        let activity = Activity::default();
        let users = ["acme:a", "acme:b", "globex:a"].map(|user| UserId::parse(user).unwrap());
        for user in &users {
            activity.note(&request(&user.to_string(), "ui", 1));
        }
        activity.forget(&users[0]);
        assert_eq!(users.each_ref().map(|user| activity.seen(user).is_some()), [false, true, true]);
        activity.forget_tenant(users[1].tenant());
        assert_eq!(users.each_ref().map(|user| activity.seen(user).is_some()), [false, false, true]);
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let activity = Activity::default();
        for n in 0..MOST_USERS + 10_000 {
            activity.note(&request(&format!("u{n}"), "ui", 1));
        }
        let held: usize = activity.parts.iter().map(|part| part.lock().len()).sum();
        assert!(held <= MOST_USERS, "{held}");
    }
}
