//! Whom the shadow mode would refuse, kept over restarts: counted in RAM, written to a small file now and then.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::ids::{ClientName, TenantId, UserId};
use crate::policy::TrustMode;
use crate::telemetry::AuditRecord;

/// Groups that are told apart. Users beyond are counted together.
const MOST_GROUPS: usize = 10_000;
/// A larger file is none of ours.
const LARGEST_FILE: u64 = 16 << 20;

/// Requests of one user, or of nobody, by one client that would be refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub client: ClientName,
    /// Whose scope was granted; none for sandboxes, for requests without a scope, and for users beyond the most that are told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    pub reason: String,
    pub requests: u64,
    /// Milliseconds since the Unix epoch.
    pub first_at: i64,
    pub last_at: i64,
}

/// What the file holds.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    mode: Option<TrustMode>,
    groups: Vec<Group>,
}

#[derive(Debug, Default)]
struct State {
    mode: Option<TrustMode>,
    groups: HashMap<(ClientName, Option<UserId>, Box<str>), Group>,
    changed: bool,
}

/// Whom the shadow mode would refuse.
#[derive(Debug)]
pub struct ShadowBook {
    path: PathBuf,
    state: Mutex<State>,
    /// One writer at a time: the last state must win.
    writing: Mutex<()>,
}

impl ShadowBook {
    /// What an earlier process wrote to `data/shadow.json`, if it can be read. It is a count, so a lost one is no reason not to start.
    #[must_use]
    pub fn open(data: &Path) -> Self {
        let path = data.join("shadow.json");
        let kept = read(&path).unwrap_or_else(|error| {
            tracing::warn!(%error, "what the shadow mode counted before cannot be read; it counts anew");
            Kept::default()
        });
        let key = |group: &Group| (group.client.clone(), group.user.clone(), group.reason.as_str().into());
        let groups = kept.groups.into_iter().take(MOST_GROUPS).map(|group| (key(&group), group)).collect();
        Self { path, state: Mutex::new(State { mode: kept.mode, groups, changed: false }), writing: Mutex::default() }
    }

    /// Counts a request that `mode` would refuse. Another mode than before begins anew.
    pub(super) fn note(&self, mode: TrustMode, record: &AuditRecord, reason: &'static str) {
        let user = record.user.as_ref().filter(|user| *user.tenant() != TenantId::sandbox());
        let mut state = self.state.lock();
        if state.mode != Some(mode) {
            *state = State { mode: Some(mode), ..State::default() };
        }
        state.changed = true;
        let mut key = (record.client.clone(), user.cloned(), Box::from(reason));
        if state.groups.len() >= MOST_GROUPS && !state.groups.contains_key(&key) {
            // Clients and reasons are few.
            key.1 = None;
        }
        let group = state.groups.entry(key.clone()).or_insert_with(|| {
            let (client, user, reason) = key;
            Group { client, user, reason: reason.into(), requests: 0, first_at: record.time, last_at: record.time }
        });
        group.requests += 1;
        group.first_at = group.first_at.min(record.time);
        group.last_at = group.last_at.max(record.time);
    }

    /// What was counted for `mode`, the most requests first.
    #[must_use]
    pub fn groups(&self, mode: TrustMode) -> Vec<Group> {
        let state = self.state.lock();
        let mut groups: Vec<Group> = if state.mode == Some(mode) { state.groups.values().cloned().collect() } else { Vec::new() };
        drop(state);
        groups.sort_by(|a, b| {
            b.requests.cmp(&a.requests).then_with(|| (&a.client, &a.user, &a.reason).cmp(&(&b.client, &b.user, &b.reason)))
        });
        groups
    }

    /// Forgets an erased user.
    pub fn forget(&self, user: &UserId) {
        self.forget_where(|known, _| known == user);
    }

    /// Forgets everybody of an erased tenant.
    pub fn forget_tenant(&self, tenant: &TenantId) {
        self.forget_where(|known, _| known.tenant() == tenant);
    }

    /// Forgets, of what an earlier process wrote, those who were erased after their last request: it may have ended before it wrote that.
    pub fn forget_erased(&self, was_erased_since: impl Fn(&UserId, i64) -> bool) {
        self.forget_where(was_erased_since);
    }

    fn forget_where(&self, is_gone: impl Fn(&UserId, i64) -> bool) {
        let mut state = self.state.lock();
        let before = state.groups.len();
        state.groups.retain(|_, group| !group.user.as_ref().is_some_and(|user| is_gone(user, group.last_at)));
        state.changed |= state.groups.len() < before;
    }

    /// Writes what has changed since it was last written. Blocks.
    pub fn write(&self) {
        let _writing = self.writing.lock();
        let kept = {
            let mut state = self.state.lock();
            if !std::mem::replace(&mut state.changed, false) {
                return;
            }
            Kept { mode: state.mode, groups: state.groups.values().cloned().collect() }
        };
        let written = serde_json::to_vec(&kept).map_err(io::Error::from).and_then(|bytes| replace(&self.path, &bytes));
        if let Err(error) = written {
            self.state.lock().changed = true;
            tracing::warn!(%error, "what the shadow mode counted cannot be written; it is tried again");
        }
    }
}

fn read(path: &Path) -> io::Result<Kept> {
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::default()),
        found => found?,
    };
    if found.len() > LARGEST_FILE {
        return Err(io::Error::other("it is too large"));
    }
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

/// Puts a new file in the place of the old one, readable by memgate's own account alone.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let next = path.with_extension("json.next");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&next)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(next, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::audit::test_record;

    fn request(user: Option<&str>, time: i64) -> AuditRecord {
        AuditRecord { user: user.map(|user| UserId::try_from(user.to_owned()).unwrap()), time, ..test_record("/v1/models") }
    }

    fn shown(book: &ShadowBook) -> Vec<(Option<String>, u64, i64, i64)> {
        let groups = book.groups(TrustMode::Strict).into_iter();
        groups.map(|group| (group.user.map(Into::into), group.requests, group.first_at, group.last_at)).collect()
    }

    #[test]
    fn counts_outlive_the_process() {
        let dir = tempfile::tempdir().unwrap();
        let book = ShadowBook::open(dir.path());
        for (user, time) in [(Some("alice"), 5), (Some("alice"), 3), (None, 7), (Some("~sandbox:x"), 9)] {
            book.note(TrustMode::Strict, &request(user, time), "evidence_too_weak");
        }
        let expected = vec![(None, 2, 7, 9), (Some("default:alice".to_owned()), 2, 3, 5)];
        assert_eq!(shown(&book), expected);
        book.write();
        let again = ShadowBook::open(dir.path());
        assert_eq!(shown(&again), expected);
        assert!(again.groups(TrustMode::Required).is_empty(), "of another mode");
        again.forget(&UserId::parse("alice").unwrap());
        again.write();
        assert!(!fs::read_to_string(dir.path().join("shadow.json")).unwrap().contains("alice"));
        again.note(TrustMode::Required, &request(None, 1), "identity_missing");
        assert!(shown(&again).is_empty());
    }

    #[test]
    fn what_cannot_be_read_counts_anew() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("shadow.json"), "{\"groups\": 5").unwrap();
        let book = ShadowBook::open(dir.path());
        assert!(shown(&book).is_empty());
        book.note(TrustMode::Strict, &request(None, 1), "evidence_too_weak");
        book.write();
        assert_eq!(shown(&ShadowBook::open(dir.path())).len(), 1);
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let dir = tempfile::tempdir().unwrap();
        let book = ShadowBook::open(dir.path());
        for n in 0..MOST_GROUPS + 50 {
            book.note(TrustMode::Strict, &request(Some(&format!("u{n}")), 1), "evidence_too_weak");
        }
        let groups = book.groups(TrustMode::Strict);
        assert_eq!(groups.len(), MOST_GROUPS + 1);
        assert_eq!((groups[0].user.as_ref(), groups[0].requests), (None, 50));
    }
}
