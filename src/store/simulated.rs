//! A disk in memory that fails on demand: power cuts that lose and tear what was not synced, kills, and write errors.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use redb::StorageBackend;
use zeroize::Zeroizing;

use super::disk::{Disk, DiskFile, Mode, ShortFile};

/// What a disk sector is: the unit that is written whole or not at all.
const SECTOR: usize = 512;
const PAGE: usize = 4096;

/// When the disk fails. Acts are counted from one: writes, syncs, changes of length and of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    #[default]
    Never,
    /// From this act on nothing works any more.
    PowerCut { at: u64 },
    /// From this act on, this many writes find no space. Half of each gets through.
    DiskFull { at: u64, writes: u64 },
    /// From this act on, this many do nothing but fail.
    Failing { at: u64, acts: u64 },
}

/// What becomes of a disk whose process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The process was killed: all it wrote is there.
    Killed,
    /// The power went: of what was not synced, the seed chooses what is lost, torn or there.
    PowerCut { seed: u64 },
}

/// A disk in memory. Clones share it.
#[derive(Clone, Default)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    fault: Fault,
    acts: u64,
    files: Vec<Contents>,
    /// Names as a process sees them, and as they last.
    names: BTreeMap<String, usize>,
    lasting_names: BTreeMap<String, usize>,
    name_changes: Vec<NameChange>,
}

#[derive(Clone)]
enum NameChange {
    Put(String, usize),
    Remove(String),
    Rename(String, String),
}

#[derive(Default, Clone)]
struct Contents {
    live: Vec<u8>,
    lasting: Vec<u8>,
    unsynced: Vec<Write>,
}

#[derive(Clone)]
enum Write {
    Bytes(usize, Vec<u8>),
    Length(usize),
}

impl SimulatedDisk {
    #[must_use]
    pub fn new(fault: Fault) -> Self {
        let disk = Self::default();
        disk.set_fault(fault);
        disk
    }

    pub fn set_fault(&self, fault: Fault) {
        self.0.lock().fault = fault;
    }

    /// Acts so far: the places where a power cut can strike.
    #[must_use]
    pub fn acts(&self) -> u64 {
        self.0.lock().acts
    }

    /// The disk as the next process finds it. Handles of the process that ended go on seeing the old one.
    #[must_use]
    pub fn after(&self, end: End) -> Self {
        let state = self.0.lock();
        let (names, files) = match end {
            End::Killed => (state.names.clone(), state.files.iter().map(|file| file.live.clone()).collect()),
            End::PowerCut { seed } => {
                let mut chance = Chance(seed);
                let mut names = state.lasting_names.clone();
                // A journalling file system keeps the order of changes of names.
                let kept = chance.below(state.name_changes.len() + 1);
                state.name_changes.iter().take(kept).for_each(|change| change.apply(&mut names));
                let files: Vec<_> = state.files.iter().map(|file| file.after_power_cut(&mut chance)).collect();
                (names, files)
            }
        };
        let files = files.into_iter().map(|live| Contents { lasting: live.clone(), live, unsynced: Vec::new() }).collect();
        let lasting_names = names.clone();
        Self(Arc::new(Mutex::new(State { files, names, lasting_names, ..State::default() })))
    }

    /// The names of all files.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.lock().names.keys().cloned().collect()
    }

    /// Exchanges what two files hold.
    pub fn swap(&self, a: &str, b: &str) {
        let mut state = self.0.lock();
        if let (Some(&a), Some(&b)) = (state.names.get(a), state.names.get(b)) {
            state.files.swap(a, b);
        }
    }

    /// The bytes of a file.
    #[must_use]
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.0.lock();
        state.names.get(name).and_then(|&at| state.files.get(at)).map(|file| file.live.clone())
    }

    fn change_names(&self, change: NameChange) -> io::Result<()> {
        let mut state = self.0.lock();
        state.act()?;
        change.apply(&mut state.names);
        state.name_changes.push(change);
        Ok(())
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Put(name, at) => {
                names.insert(name.clone(), *at);
            }
            Self::Remove(name) => {
                names.remove(name);
            }
            Self::Rename(from, to) => {
                if let Some(at) = names.remove(from) {
                    names.insert(to.clone(), at);
                }
            }
        }
    }
}

impl State {
    fn act(&mut self) -> io::Result<()> {
        self.acts += 1;
        match self.fault {
            Fault::PowerCut { at } if self.acts >= at => Err(io::Error::other("the power is cut")),
            Fault::Failing { at, acts } if (at..at.saturating_add(acts)).contains(&self.acts) => {
                Err(io::Error::other("the disk does not answer"))
            }
            _ => Ok(()),
        }
    }

    fn is_full(&self) -> bool {
        matches!(self.fault, Fault::DiskFull { at, writes } if (at..at.saturating_add(writes)).contains(&self.acts))
    }
}

impl Contents {
    fn write(&mut self, write: Write) {
        write.apply(&mut self.live);
        self.unsynced.push(write);
    }

    fn after_power_cut(&self, chance: &mut Chance) -> Vec<u8> {
        let mut bytes = self.lasting.clone();
        for write in &self.unsynced {
            match (chance.below(4), write) {
                (0, _) => {}
                (1, Write::Bytes(offset, data)) => {
                    for (number, sector) in data.chunks(SECTOR).enumerate() {
                        if chance.below(2) == 0 {
                            Write::Bytes(offset + number * SECTOR, sector.to_vec()).apply(&mut bytes);
                        }
                    }
                }
                _ => write.apply(&mut bytes),
            }
        }
        bytes
    }
}

impl Write {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Bytes(offset, data) => {
                let end = offset + data.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*offset..end].copy_from_slice(data);
            }
            Self::Length(len) => bytes.resize(*len, 0),
        }
    }
}

/// A small generator of chances (splitmix64): a seed tells the whole run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        position(mixed ^ (mixed >> 31)) % bound
    }
}

fn position(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Disk for SimulatedDisk {
    fn open(&self, name: &str, mode: Mode) -> io::Result<DiskFile> {
        let found = self.0.lock().names.get(name).copied();
        let at = match (found, mode) {
            (Some(at), Mode::Existing | Mode::Create) => at,
            (None, Mode::Existing) => return Err(io::ErrorKind::NotFound.into()),
            (_, Mode::Create | Mode::Fresh) => {
                let at = {
                    let mut state = self.0.lock();
                    state.files.push(Contents::default());
                    state.files.len() - 1
                };
                self.change_names(NameChange::Put(name.into(), at))?;
                at
            }
        };
        Ok(DiskFile::new(SimulatedFile { disk: self.clone(), at }))
    }

    fn stored(&self, name: &str) -> io::Result<Option<u64>> {
        let state = self.0.lock();
        let file = state.names.get(name).map(|&at| &state.files[at]);
        // Compared as slices, which is quick without optimisation too: most of a young file is one hole.
        let is_hole = |page: &[u8]| *page == [0; PAGE][..page.len()];
        Ok(file.map(|file| (file.live.chunks(PAGE).filter(|page| !is_hole(page)).count() * PAGE) as u64))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.change_names(NameChange::Rename(from.into(), to.into()))
    }

    fn link(&self, from: &str, to: &str) -> io::Result<bool> {
        let (found, taken) = {
            let state = self.0.lock();
            (state.names.get(from).copied(), state.names.contains_key(to))
        };
        if taken {
            return Ok(false);
        }
        self.change_names(NameChange::Put(to.into(), found.ok_or(io::ErrorKind::NotFound)?)).map(|()| true)
    }

    fn read_short(&self, name: &str) -> io::Result<Option<ShortFile>> {
        let contents = self.contents(name);
        Ok(contents.map(|mut bytes| {
            bytes.truncate(ShortFile::MOST);
            ShortFile { bytes: Zeroizing::new(bytes), mode: 0o600 }
        }))
    }

    fn remove(&self, name: &str) -> io::Result<bool> {
        if !self.0.lock().names.contains_key(name) {
            return Ok(false);
        }
        self.change_names(NameChange::Remove(name.into())).map(|()| true)
    }

    fn sync_folder(&self, _: &str) -> io::Result<()> {
        let mut state = self.0.lock();
        state.act()?;
        state.lasting_names = state.names.clone();
        state.name_changes.clear();
        Ok(())
    }

    fn has_entries(&self, folder: &str) -> io::Result<bool> {
        Ok(self.0.lock().names.keys().any(|name| name.starts_with(folder)))
    }
}

struct SimulatedFile {
    disk: SimulatedDisk,
    at: usize,
}

impl StorageBackend for SimulatedFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.0.lock().files[self.at].live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.disk.0.lock();
        let start = position(offset);
        let bytes = start.checked_add(out.len()).and_then(|end| state.files[self.at].live.get(start..end));
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        state.act()?;
        state.files[self.at].write(Write::Length(position(len)));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        state.act()?;
        let file = &mut state.files[self.at];
        file.lasting.clone_from(&file.live);
        file.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        let cut = state.act();
        let full = state.is_full();
        let through = if full { &data[..data.len() / 2] } else { data };
        // The write that the power cut struck may have reached the disk, or a part of it; later ones never began.
        let struck = matches!(state.fault, Fault::PowerCut { at } if state.acts == at);
        if cut.is_ok() || struck {
            state.files[self.at].write(Write::Bytes(position(offset), through.to_vec()));
        }
        cut.and_then(|()| if full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) })
    }
}

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedDisk").field("acts", &self.acts()).finish_non_exhaustive()
    }
}

impl fmt::Debug for SimulatedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SimulatedFile").field(&self.at).finish()
    }
}
