//! The master key's file: made on first start, for its owner alone.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use super::error::StoreError;
use super::seal::random_key;
use super::settings::parse_master_key;

const NAME: &str = "master.key";

/// Reads `master.key` in `dir`. Where it is missing, makes one, unless `sealed` says that data await another.
pub(super) fn read_or_make(dir: &Path, sealed: bool) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let path = dir.join(NAME);
    match File::open(&path) {
        Ok(file) => read(&path, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound && sealed => Err(StoreError::MissingMasterKey(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(dir, &path),
        Err(error) => Err(error.into()),
    }
}

fn read(path: &Path, file: File) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(StoreError::OpenMasterKey { path: path.into(), mode });
    }
    // Long enough for any key as written; a reallocation would leave a copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(256));
    file.take(200).read_to_end(&mut text)?;
    parse_master_key(&text).ok_or_else(|| StoreError::MalformedMasterKey(path.into()))
}

fn make(dir: &Path, path: &Path) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let key = random_key()?;
    let text = Zeroizing::new(hex::encode(key.as_slice()) + "\n");
    // Written aside, then linked: a crash leaves no half key, and of two first starts one wins and both read its key.
    let aside = dir.join(format!("{NAME}.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&aside, path);
    std::fs::remove_file(&aside)?;
    match linked {
        Ok(()) => {
            File::open(dir)?.sync_all()?;
            Ok(key)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(path, File::open(path)?),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("data");
        let made = read_or_make(&dir, false).unwrap();
        assert_eq!(made, read_or_make(&dir, false).unwrap());
        let bits = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((bits(&dir), bits(&dir.join(NAME))), (0o700, 0o600));
        assert_eq!(dir.read_dir().unwrap().count(), 1);
    }

    #[test]
    fn keys_that_others_can_read_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        read_or_make(dir.path(), false).unwrap();
        let path = dir.path().join(NAME);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert!(matches!(read_or_make(dir.path(), false), Err(StoreError::OpenMasterKey { mode: 0o640, .. })));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&path, "no key").unwrap();
        assert!(matches!(read_or_make(dir.path(), false), Err(StoreError::MalformedMasterKey(_))));
    }

    #[test]
    fn no_new_key_is_made_beside_sealed_data() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(read_or_make(dir.path(), true), Err(StoreError::MissingMasterKey(_))));
        assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    }
}
