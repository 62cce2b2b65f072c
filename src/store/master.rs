//! The master key's file: made on first start, for its owner alone; replaced by way of a second file.

use std::path::{Path, PathBuf};

use redb::StorageBackend;
use zeroize::Zeroizing;

use super::disk::{Disk, Mode, ShortFile};
use super::error::StoreError;
use super::keys::{Key, MasterKey};
use super::seal::random_key;
use super::settings::parse_master_key;

const NAME: &str = "master.key";
/// The key that is to take the place of the present one. A crash may leave it; whichever of the two fits the registry counts.
const NEXT: &str = "master.key.next";

/// Keys that may fit, likeliest first: that of `master.key`, made where it is missing unless `sealed` says that data await another; then
/// that of a rotation which was cut short. `dir` is where the disk is, for messages.
pub(super) fn candidates(disk: &dyn Disk, dir: &Path, sealed: bool) -> Result<Vec<Key>, StoreError> {
    let next = disk.read_short(NEXT)?.and_then(|file| parse_master_key(&file.bytes));
    let present = match disk.read_short(NAME)? {
        Some(file) => Some(read(dir.join(NAME), &file)?),
        None if !sealed => Some(make(disk, dir)?),
        None if next.is_some() => None,
        None => return Err(StoreError::MissingMasterKey(dir.join(NAME))),
    };
    Ok(present.into_iter().chain(next).collect())
}

/// Brings the files in line with the key in use: finishes a rotation that was cut short after it held, clears away one that did not.
pub(super) fn settle(disk: &dyn Disk, in_use: &MasterKey) -> Result<(), StoreError> {
    match disk.read_short(NEXT)?.map(|file| parse_master_key(&file.bytes)) {
        Some(Some(next)) if in_use.is(next.as_slice()) => put_in_place(disk),
        Some(_) => {
            disk.remove(NEXT)?;
            Ok(disk.sync_folder(NEXT)?)
        }
        None => Ok(()),
    }
}

/// Writes a key beside the present one. Lasting on return.
pub(super) fn write_aside(disk: &dyn Disk, key: &Key) -> Result<(), StoreError> {
    write(disk, NEXT, key)?;
    Ok(disk.sync_folder(NEXT)?)
}

/// Puts the key that was written aside in the place of the present one. Lasting on return.
pub(super) fn put_in_place(disk: &dyn Disk) -> Result<(), StoreError> {
    disk.rename(NEXT, NAME)?;
    Ok(disk.sync_folder(NAME)?)
}

fn read(path: PathBuf, file: &ShortFile) -> Result<Key, StoreError> {
    if file.mode & 0o077 != 0 {
        return Err(StoreError::OpenMasterKey { path, mode: file.mode });
    }
    parse_master_key(&file.bytes).ok_or(StoreError::MalformedMasterKey(path))
}

fn write(disk: &dyn Disk, name: &str, key: &Key) -> Result<(), StoreError> {
    let text = Zeroizing::new(hex::encode(key.as_slice()) + "\n");
    // Made anew, so that its mode is that of a new file.
    disk.remove(name)?;
    let file = disk.open(name, Mode::Fresh)?;
    file.write(0, text.as_bytes())?;
    Ok(file.sync_data()?)
}

fn make(disk: &dyn Disk, dir: &Path) -> Result<Key, StoreError> {
    let key = random_key()?;
    // Written aside, then linked: a crash leaves no half key, and of two first starts one wins and both read its key.
    let aside = format!("{NAME}.{}", std::process::id());
    write(disk, &aside, &key)?;
    let linked = disk.link(&aside, NAME)?;
    disk.remove(&aside)?;
    disk.sync_folder(NAME)?;
    if linked {
        return Ok(key);
    }
    let path = dir.join(NAME);
    match disk.read_short(NAME)? {
        Some(file) => read(path, &file),
        None => Err(StoreError::MissingMasterKey(path)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::disk::FileDisk;
    use super::*;

    fn keys_in(dir: &Path, sealed: bool) -> Result<Vec<Key>, StoreError> {
        candidates(&FileDisk::new(dir), dir, sealed)
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("data");
        let made = keys_in(&dir, false).unwrap();
        assert_eq!((made.len(), &made), (1, &keys_in(&dir, false).unwrap()));
        let bits = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((bits(&dir), bits(&dir.join(NAME))), (0o700, 0o600));
        assert_eq!(dir.read_dir().unwrap().count(), 1);
        // One that its owner cannot even write to will do.
        std::fs::set_permissions(dir.join(NAME), PermissionsExt::from_mode(0o400)).unwrap();
        assert_eq!(made, keys_in(&dir, true).unwrap());
    }

    #[test]
    fn keys_that_others_can_read_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        keys_in(dir.path(), false).unwrap();
        let path = dir.path().join(NAME);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert!(matches!(keys_in(dir.path(), false), Err(StoreError::OpenMasterKey { mode: 0o640, .. })));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&path, "no key").unwrap();
        assert!(matches!(keys_in(dir.path(), false), Err(StoreError::MalformedMasterKey(_))));
    }

    #[test]
    fn no_new_key_is_made_beside_sealed_data() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(keys_in(dir.path(), true), Err(StoreError::MissingMasterKey(_))));
        assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_key_that_was_written_aside_is_tried_and_then_placed_or_cleared_away() {
        let dir = tempfile::tempdir().unwrap();
        let disk = FileDisk::new(dir.path());
        let present = keys_in(dir.path(), false).unwrap();
        let next = Zeroizing::new([4; 32]);
        for (in_use, kept) in [(&present[0], &present[0]), (&next, &next)] {
            write_aside(&disk, &next).unwrap();
            assert_eq!(keys_in(dir.path(), true).unwrap(), [present[0].clone(), next.clone()]);
            settle(&disk, &MasterKey::new(in_use.clone())).unwrap();
            assert_eq!(keys_in(dir.path(), true).unwrap(), std::slice::from_ref(kept));
            assert_eq!(dir.path().read_dir().unwrap().count(), 1);
        }
        // One that was cut short is none.
        std::fs::write(dir.path().join(NEXT), "0f0f").unwrap();
        assert_eq!(keys_in(dir.path(), true).unwrap(), std::slice::from_ref(&next));
        settle(&disk, &MasterKey::new(next)).unwrap();
        assert_eq!(dir.path().read_dir().unwrap().count(), 1);
    }
}
