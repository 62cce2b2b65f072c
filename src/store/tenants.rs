//! Tenants as a whole: counted, and erased.

use std::collections::BTreeMap;

use super::entry::{Entry, Erasure, UserKeyRecord};
use super::{FileId, Store, StoreError};
use crate::ids::TenantId;

/// A tenant as an operator sees it: how much there is, and of nobody what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantSummary {
    pub tenant: TenantId,
    /// Users with a memory.
    pub users: u64,
    /// Bytes of their files on the disk.
    pub bytes: u64,
    /// Personal keys that are good.
    pub keys: u64,
}

/// What the erasure of a tenant removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenantErased {
    /// Users whose data keys are gone.
    pub users: u64,
    /// Personal keys that were revoked.
    pub keys: u64,
    /// Users whose files were removed, those among them that an earlier attempt left behind.
    pub files: u64,
    /// Bytes of these files on the disk.
    pub bytes: u64,
}

impl Store {
    /// Every tenant that has, or had, users with a memory, by name. Blocks on the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn list_tenants(&self) -> Result<Vec<TenantSummary>, StoreError> {
        let registry = &self.0.registry;
        let mut found: BTreeMap<TenantId, TenantSummary> = BTreeMap::new();
        let empty = |tenant: &TenantId| TenantSummary { tenant: tenant.clone(), users: 0, bytes: 0, keys: 0 };
        for tenant in registry.tenants.iter().filter(|tenant| tenant.is_lasting()) {
            found.insert(tenant.key().clone(), empty(tenant.key()));
        }
        let mut files = Vec::new();
        for entry in &registry.users {
            if let Some(vault) = &entry.vault {
                files.push((*entry.key(), vault.user().tenant().clone()));
            }
        }
        for (file, tenant) in files {
            let bytes = self.file(&file).bytes()?;
            let summary = found.entry(tenant).or_insert_with_key(empty);
            summary.users += 1;
            summary.bytes += bytes;
        }
        for key in registry.keys.iter().filter(|key| key.revoked_at.is_none()) {
            found.entry(key.user.tenant().clone()).or_insert_with_key(empty).keys += 1;
        }
        Ok(found.into_values().collect())
    }

    /// Forgets a tenant for good. Its secret, its users' data keys and its personal keys' worth go in one step, which makes every copy of
    /// its users' files unreadable; then the files. Users' standing stays, as with [`Store::erase`]. The tenant may start again.
    ///
    /// # Errors
    /// When the disk fails. Asking again finishes what was begun, and so does a start.
    pub fn erase_tenant(&self, tenant: &TenantId, erasure: Erasure) -> Result<TenantErased, StoreError> {
        let registry = &self.0.registry;
        let is_of_it = |entry: &Entry| entry.vault.as_ref().is_some_and(|vault| vault.user().tenant() == tenant);
        let has_key = |key: &UserKeyRecord| key.user.tenant() == tenant && key.revoked_at.is_none();
        let mut erased = TenantErased::default();
        let there = registry.tenants.contains_key(tenant)
            || registry.users.iter().any(|entry| is_of_it(&entry))
            || registry.keys.iter().any(|key| has_key(&key));
        if there {
            registry.publish(|mut edition| {
                edition.tenants.retain(|(name, _)| name != tenant);
                for (file, entry) in edition.users.iter_mut().filter(|(_, entry)| is_of_it(entry)) {
                    (entry.vault, entry.erased) = (None, Some(erasure));
                    edition.doomed.insert(*file);
                    erased.users += 1;
                }
                for (_, key) in edition.keys.iter_mut().filter(|(_, key)| has_key(key)) {
                    key.revoked_at = Some(erasure.at);
                    erased.keys += 1;
                }
                Ok(edition)
            })?;
        }
        (erased.files, erased.bytes) = self.remove_doomed()?;
        Ok(erased)
    }

    /// Removes the files of erased tenants' users. Says how many users', and how many bytes.
    pub(super) fn remove_doomed(&self) -> Result<(u64, u64), StoreError> {
        let registry = &self.0.registry;
        let doomed: Vec<FileId> = registry.doomed.lock().iter().copied().collect();
        let (mut files, mut bytes) = (0, 0);
        for id in &doomed {
            let _gate = self.gate(id);
            // Who came again since began with an empty file.
            if registry.users.get(id).is_some_and(|entry| entry.vault.is_some()) {
                continue;
            }
            let stored = self.file(id).bytes()?;
            self.file(id).remove()?;
            files += u64::from(stored > 0);
            bytes += stored;
        }
        if !doomed.is_empty() {
            registry.note_removed(&registry.turn()?, &doomed)?;
        }
        Ok((files, bytes))
    }
}
