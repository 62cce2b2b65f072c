//! Who there is, in order: users by name, sandboxes by age. Kept beside the registry's entries, so that a page of a list costs no pass
//! over all of them. Counts and times only; nothing of what is remembered.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use super::entry::{Entry, Erasure};
use super::{FileId, Store, StoreError};
use crate::identity::Assurance;
use crate::ids::{TenantId, UserId};

/// Names and ages in their order. Whoever was erased is in neither.
#[derive(Default)]
pub(super) struct Roster {
    users: BTreeMap<TenantId, BTreeMap<UserId, FileId>>,
    /// The youngest first.
    sandboxes: BTreeMap<(Reverse<i64>, UserId), FileId>,
}

impl Roster {
    /// Follows a change of one user's entry.
    pub fn follow(&mut self, file: FileId, before: Option<&Entry>, after: Option<&Entry>) {
        if let Some(entry) = before
            && let Some(user) = entry.named()
        {
            if entry.sandbox {
                self.sandboxes.remove(&(Reverse(entry.created), user.clone()));
            } else if let Some(names) = self.users.get_mut(user.tenant()) {
                names.remove(user);
                if names.is_empty() {
                    self.users.remove(user.tenant());
                }
            }
        }
        if let Some(entry) = after
            && let Some(user) = entry.named()
        {
            if entry.sandbox {
                self.sandboxes.insert((Reverse(entry.created), user.clone()), file);
            } else {
                self.users.entry(user.tenant().clone()).or_default().insert(user.clone(), file);
            }
        }
    }
}

/// Which users are listed, in the order of tenant and name.
#[derive(Clone, Copy, Default)]
pub struct UserQuery<'a> {
    pub tenant: Option<&'a TenantId>,
    /// Part of the name, whatever its case.
    pub search: Option<&'a str>,
    /// Those behind this one.
    pub after: Option<&'a UserId>,
    pub limit: usize,
}

/// Without names.
impl std::fmt::Debug for UserQuery<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserQuery").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// What the registry knows of a user or a sandbox. Times in milliseconds since the Unix epoch.
#[derive(Clone, PartialEq, Eq)]
pub struct UserSummary {
    pub user: UserId,
    pub created_at: i64,
    pub ratchet: Option<Assurance>,
    /// Per-user keys that were not revoked.
    pub keys: u32,
    /// The last erasure, of one who came again since.
    pub erased: Option<Erasure>,
}

/// Without the name.
impl std::fmt::Debug for UserSummary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserSummary").field("created_at", &self.created_at).field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// A piece of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roll {
    pub users: Vec<UserSummary>,
    /// There are others behind.
    pub more: bool,
    /// Of the whole list; none where that would have to be counted one by one.
    pub total: Option<u64>,
}

impl Store {
    /// A piece of the list of users; sandboxes are not among them. Answers from memory.
    pub fn list_users(&self, query: UserQuery<'_>) -> Roll {
        let wanted = query.search.map(str::to_lowercase);
        let is_sought = |user: &UserId| wanted.as_ref().is_none_or(|wanted| user.name().to_lowercase().contains(wanted));
        let behind = (query.after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let (mut found, total) = {
            let roster = self.0.registry.roster.read();
            let tenants = || roster.users.iter().filter(|(tenant, _)| query.tenant.is_none_or(|wanted| wanted == *tenant));
            let names = tenants().flat_map(|(_, names)| names.range::<UserId, _>(behind));
            let found = names.filter(|(user, _)| is_sought(user)).take(query.limit + 1).map(|(_, file)| *file);
            let total = wanted.is_none().then(|| tenants().map(|(_, names)| names.len() as u64).sum());
            (found.collect::<Vec<FileId>>(), total)
        };
        let more = found.len() > query.limit;
        found.truncate(query.limit);
        Roll { users: self.summaries(&found), more, total }
    }

    /// A piece of the list of sandboxes, the youngest first, behind the one that was made then and has this user. Answers from memory.
    pub fn list_sandboxes(&self, after: Option<(i64, UserId)>, limit: usize) -> Roll {
        let behind = after.map_or(Bound::Unbounded, |(created, user)| Bound::Excluded((Reverse(created), user)));
        let (mut found, total) = {
            let roster = self.0.registry.roster.read();
            let found = roster.sandboxes.range((behind, Bound::Unbounded)).take(limit + 1).map(|(_, file)| *file);
            (found.collect::<Vec<FileId>>(), roster.sandboxes.len() as u64)
        };
        let more = found.len() > limit;
        found.truncate(limit);
        Roll { users: self.summaries(&found), more, total: Some(total) }
    }

    /// A user, or a sandbox, with a memory. Nothing of one who never was or was erased. Answers from memory.
    pub fn find_user(&self, user: &UserId) -> Option<UserSummary> {
        self.summaries(&[self.file_id(user)]).pop()
    }

    /// Whether the user was erased then or later, in milliseconds since the Unix epoch. Answers from memory.
    pub fn was_erased_since(&self, user: &UserId, time: i64) -> bool {
        let erased = self.0.registry.users.get(&self.file_id(user)).and_then(|entry| entry.erased);
        erased.is_some_and(|erasure| erasure.at >= time)
    }

    /// Whose file it is. Answers from memory.
    pub fn owner_of(&self, file: &FileId) -> Option<UserId> {
        self.0.registry.users.get(file)?.named().cloned()
    }

    /// Bytes of a user's file on the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn bytes_of(&self, user: &UserId) -> Result<u64, StoreError> {
        self.file(&self.file_id(user)).bytes()
    }

    fn summaries(&self, files: &[FileId]) -> Vec<UserSummary> {
        let registry = &self.0.registry;
        let mut keys: HashMap<UserId, u32> = HashMap::new();
        let entries = files.iter().filter_map(|file| {
            let entry = registry.users.get(file)?;
            let user = entry.named()?.clone();
            keys.insert(user.clone(), 0);
            Some(UserSummary { user, created_at: entry.created, ratchet: entry.standing.ratchet, keys: 0, erased: entry.erased })
        });
        let mut found: Vec<UserSummary> = entries.collect();
        for key in registry.keys.iter().filter(|key| key.revoked_at.is_none()) {
            if let Some(count) = keys.get_mut(&key.user) {
                *count += 1;
            }
        }
        for summary in &mut found {
            summary.keys = keys.get(&summary.user).copied().unwrap_or_default();
        }
        found
    }
}
