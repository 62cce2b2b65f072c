//! The disk as the store sees it: named files that redb writes to. Real here, a power-cut simulator in `simulated`.

use std::fmt::Debug;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::ops::Bound;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};
use zeroize::Zeroizing;

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It must be there.
    Existing,
    /// It is made where it is missing.
    Create,
    /// It is made, or emptied.
    Fresh,
}

/// Named files beneath one directory. Names are relative and use `/`; folders are made as needed.
pub trait Disk: Debug + Send + Sync {
    /// Opens a file for reading and writing.
    fn open(&self, name: &str, mode: Mode) -> io::Result<DiskFile>;
    /// Bytes that the file takes on the disk, holes not counted; `None` where there is no file.
    fn stored(&self, name: &str) -> io::Result<Option<u64>>;
    /// Puts the file `from` in the place of `to`, in one step.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Gives a file a second name, unless that is taken: `false` then.
    fn link(&self, from: &str, to: &str) -> io::Result<bool>;
    /// The first bytes of a file, enough for any key as written; `None` where there is no file. Asks for no right to write.
    fn read_short(&self, name: &str) -> io::Result<Option<ShortFile>>;
    /// Removes a file; `false` where there was none.
    fn remove(&self, name: &str) -> io::Result<bool>;
    /// Makes earlier renames, removals and creations in the folder of `name` lasting.
    fn sync_folder(&self, name: &str) -> io::Result<()>;
    /// Whether the folder holds anything.
    fn has_entries(&self, folder: &str) -> io::Result<bool>;
}

/// What [`Disk::read_short`] reads of a file.
#[derive(Debug)]
pub struct ShortFile {
    pub bytes: Zeroizing<Vec<u8>>,
    /// Permission bits.
    pub mode: u32,
}

impl ShortFile {
    /// Bytes that are read at most.
    pub const MOST: usize = 200;
}

/// An open file of a [`Disk`].
#[derive(Debug)]
pub struct DiskFile(Box<dyn StorageBackend>);

impl DiskFile {
    pub fn new(backend: impl StorageBackend) -> Self {
        Self(Box::new(backend))
    }
}

impl StorageBackend for DiskFile {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
    fn close(&self) -> io::Result<()> {
        self.0.close()
    }
    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_range(start, end)
    }
    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_shared_range(start, end)
    }
    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.lock_range(start, end)
    }
    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.lock_shared_range(start, end)
    }
    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.unlock_range(start, end)
    }
    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.query_lock_range(start, end)
    }
}

/// Real files beneath a directory: folders of mode 0700, files of mode 0600.
#[derive(Debug)]
pub struct FileDisk {
    dir: PathBuf,
}

impl FileDisk {
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    fn folder_of(&self, name: &str) -> PathBuf {
        self.dir.join(name).parent().map_or_else(|| self.dir.clone(), Path::to_path_buf)
    }
}

/// Makes a folder, and its place in the folder above lasting.
fn make_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => folder.parent().filter(|above| !above.as_os_str().is_empty()).map_or(Ok(()), sync_folder),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_folder(folder.parent().ok_or(error)?)?;
            make_folder(folder)
        }
        Err(error) => Err(error),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn missing_is<T>(result: io::Result<T>, value: T) -> io::Result<T> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(value),
        other => other,
    }
}

impl Disk for FileDisk {
    fn open(&self, name: &str, mode: Mode) -> io::Result<DiskFile> {
        if mode != Mode::Existing {
            make_folder(&self.folder_of(name))?;
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(mode != Mode::Existing)
            .truncate(mode == Mode::Fresh)
            .mode(0o600)
            .open(self.dir.join(name))?;
        FileBackend::new(file).map(DiskFile::new).map_err(io::Error::other)
    }

    fn stored(&self, name: &str) -> io::Result<Option<u64>> {
        missing_is(self.dir.join(name).metadata().map(|meta| Some(meta.blocks() * 512)), None)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.dir.join(from), self.dir.join(to))
    }

    fn link(&self, from: &str, to: &str) -> io::Result<bool> {
        match std::fs::hard_link(self.dir.join(from), self.dir.join(to)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            linked => linked.map(|()| true),
        }
    }

    fn read_short(&self, name: &str) -> io::Result<Option<ShortFile>> {
        let Some(file) = missing_is(File::open(self.dir.join(name)).map(Some), None)? else { return Ok(None) };
        let mode = file.metadata()?.permissions().mode() & 0o777;
        // Of its full size at once: growing would leave a copy of a key behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * ShortFile::MOST));
        file.take(ShortFile::MOST as u64).read_to_end(&mut bytes)?;
        Ok(Some(ShortFile { bytes, mode }))
    }

    fn remove(&self, name: &str) -> io::Result<bool> {
        missing_is(std::fs::remove_file(self.dir.join(name)).map(|()| true), false)
    }

    fn sync_folder(&self, name: &str) -> io::Result<()> {
        missing_is(sync_folder(&self.folder_of(name)), ())
    }

    fn has_entries(&self, folder: &str) -> io::Result<bool> {
        missing_is(self.dir.join(folder).read_dir().map(|mut entries| entries.next().is_some()), false)
    }
}
