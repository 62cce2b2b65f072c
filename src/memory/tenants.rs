//! The end of a tenant, as far as memory is concerned.

use super::Memory;
use crate::ids::TenantId;
use crate::store::{Erasure, StoreError, TenantErased};

impl Memory {
    /// Erases a tenant for good: its users' data keys and files, and what is in RAM of them. What was said before is not learned after.
    /// Blocks on the disk.
    ///
    /// # Errors
    /// When the store fails; asking again finishes what was begun.
    pub fn erase_tenant(&self, tenant: &TenantId, erasure: Erasure) -> Result<TenantErased, StoreError> {
        let erased = self.store.erase_tenant(tenant, erasure);
        for place in self.views.places_of(tenant) {
            // Who reads a file just now shows it before this, or finds that there is none.
            let _writer = place.writer.lock();
            place.forget();
        }
        erased
    }
}
