//! Sessions of browsers, in memory alone: they end with the process.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::browser::BrowserSession;
use super::credential::Credential;
use crate::admin::settings::SessionLimits;

/// Most sessions at once, and most of one credential: the one that was idle longest makes room.
const MOST: usize = 1024;
const MOST_OF_ONE: usize = 32;

/// Whom a session belongs to. None: to whoever came through an open gate.
pub(super) type Owner = Option<Arc<Credential>>;

/// What a session is kept under: the SHA-256 of its id. A dump of memory holds no cookie.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SessionKey([u8; 32]);

impl SessionKey {
    pub(super) fn of(id: &str) -> Self {
        Self(Sha256::digest(id.as_bytes()).into())
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(…)")
    }
}

struct Entry {
    owner: Owner,
    browser: BrowserSession,
    born: Instant,
    used: Instant,
}

impl Entry {
    fn is_over(&self, now: Instant, limits: SessionLimits) -> bool {
        let since = |then| now.saturating_duration_since(then);
        since(self.used) >= limits.idle || since(self.born) >= limits.lifetime
    }
}

#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<SessionKey, Entry>>);

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sessions", self.0.lock().len())
    }
}

impl Sessions {
    /// Keeps a new session under its id.
    pub(super) fn open(&self, id: &str, owner: Owner, browser: BrowserSession, now: Instant, limits: SessionLimits) {
        let mut kept = self.0.lock();
        kept.retain(|_, entry| !entry.is_over(now, limits));
        let of_owner = kept.values().filter(|entry| entry.owner == owner).count();
        if kept.len() >= MOST || (owner.is_some() && of_owner >= MOST_OF_ONE) {
            let crowded = |entry: &Entry| of_owner < MOST_OF_ONE || entry.owner == owner;
            let idlest = kept.iter().filter(|(_, entry)| crowded(entry)).min_by_key(|(_, entry)| entry.used);
            if let Some(key) = idlest.map(|(key, _)| *key) {
                kept.remove(&key);
            }
        }
        kept.insert(SessionKey::of(id), Entry { owner, browser, born: now, used: now });
    }

    /// The session, which was used now. None where there is none, or where its time is over.
    pub(super) fn find(&self, key: SessionKey, now: Instant, limits: SessionLimits) -> Option<(Owner, BrowserSession)> {
        let mut kept = self.0.lock();
        let entry = kept.get_mut(&key)?;
        if entry.is_over(now, limits) {
            kept.remove(&key);
            return None;
        }
        entry.used = now;
        Some((entry.owner.clone(), entry.browser.clone()))
    }

    /// Whether it is there still. Asking is no use of it.
    pub(super) fn is_alive(&self, key: SessionKey, now: Instant, limits: SessionLimits) -> bool {
        self.0.lock().get(&key).is_some_and(|entry| !entry.is_over(now, limits))
    }

    pub(super) fn close(&self, key: SessionKey) {
        self.0.lock().remove(&key);
    }

    /// Ends the sessions of all others.
    pub(super) fn keep_only(&self, keep: impl Fn(&Owner) -> bool) {
        self.0.lock().retain(|_, entry| keep(&entry.owner));
    }
}

/// 256 random bits in hexadecimal digits: an id or a token that nobody guesses. None: the system gives no random numbers.
pub(super) fn draw() -> Option<String> {
    let mut bits = [0_u8; 32];
    getrandom::fill(&mut bits).ok()?;
    Some(hex::encode(bits))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::admin::Role;

    const LIMITS: SessionLimits = SessionLimits { idle: Duration::from_secs(60), lifetime: Duration::from_secs(100) };

    fn owner(name: &str) -> Owner {
        let (name, role) = (name.into(), Role::Viewer);
        Some(Arc::new(Credential { name, role, token: None, password: None }))
    }

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn sessions_end_idle_and_of_age() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let find = |id: &str, seconds| sessions.find(SessionKey::of(id), at(start, seconds), LIMITS).is_some();
        for id in ["idle", "busy"] {
            sessions.open(id, owner("anna"), BrowserSession::new(String::new()), start, LIMITS);
        }
        assert!(find("busy", 59) && !find("other", 59));
        assert!(sessions.is_alive(SessionKey::of("idle"), at(start, 59), LIMITS));
        assert!(!find("idle", 60), "asking whether it is alive was no use of it");
        assert!(find("busy", 99) && !find("busy", 100));
        assert!(!find("busy", 1), "what is over stays over");
    }

    #[test]
    fn one_credential_crowds_out_none_but_its_own() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let open = |id: &str, name: &str, seconds| {
            sessions.open(id, owner(name), BrowserSession::new(String::new()), at(start, seconds), LIMITS);
        };
        open("first", "bert", 0);
        for i in 0..=MOST_OF_ONE as u64 {
            open(&format!("a{i}"), "anna", 1 + i / 10);
        }
        let find = |id: &str| sessions.find(SessionKey::of(id), at(start, 5), LIMITS).is_some();
        assert!(find("first") && !find("a0") && find("a1") && find(&format!("a{MOST_OF_ONE}")));
        sessions.keep_only(|owner| owner.as_ref().is_some_and(|owner| &*owner.name == "bert"));
        assert!(find("first") && !find("a1"));
        sessions.close(SessionKey::of("first"));
        assert!(!find("first"));
    }

    #[test]
    fn open_sessions_are_bounded_too() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        for i in 0..MOST + 3 {
            let now = start + Duration::from_millis(i as u64);
            sessions.open(&format!("s{i}"), None, BrowserSession::new(String::new()), now, LIMITS);
        }
        assert_eq!(sessions.0.lock().len(), MOST);
        assert!(sessions.find(SessionKey::of("s2"), at(start, 2), LIMITS).is_none());
        assert!(sessions.find(SessionKey::of("s3"), at(start, 2), LIMITS).is_some());
    }
}
