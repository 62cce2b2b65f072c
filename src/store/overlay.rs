//! A redb file whose changes stay in memory: to read a file without touching it, and to build a new one.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use redb::StorageBackend;

use super::disk::{Disk, DiskFile, Mode};

const PAGE: usize = 4096;
const PAGE_BYTES: u64 = PAGE as u64;

/// Pages in memory over a file, or over nothing. Cloning shares them.
#[derive(Clone)]
pub(super) struct Overlay(Arc<Shared>);

struct Shared {
    base: Option<DiskFile>,
    state: Mutex<State>,
    shut: AtomicBool,
}

struct State {
    len: u64,
    /// Bytes of the file that still show through.
    base_len: u64,
    pages: BTreeMap<u64, Box<[u8; PAGE]>>,
}

/// Where a file is written before it takes its place. A crash may leave one; the next writer empties it.
pub(super) fn aside(name: &str) -> String {
    format!("{name}.new")
}

impl Overlay {
    pub fn empty() -> Self {
        Self::new(None, 0)
    }

    pub fn over(file: DiskFile) -> io::Result<Self> {
        let len = file.len()?;
        Ok(Self::new(Some(file), len))
    }

    fn new(base: Option<DiskFile>, len: u64) -> Self {
        let state = Mutex::new(State { len, base_len: len, pages: BTreeMap::new() });
        Self(Arc::new(Shared { base, state, shut: AtomicBool::new(false) }))
    }

    /// From here on every change fails. redb writes its allocator's state when it closes, which speeds up the next opening of
    /// a large file but takes five pages; it leaves a file alone that it cannot write, as after a crash, and recovers it
    /// when it is next opened.
    pub fn shut(&self) {
        self.0.shut.store(true, Ordering::Release);
    }

    /// Makes a file that has what the overlay has, or puts it in the place of an older one: written aside, then renamed, so
    /// that there is always one or the other, whole. Lasting on return. Only for an overlay over nothing.
    pub fn save(&self, disk: &dyn Disk, name: &str) -> io::Result<()> {
        let aside = aside(name);
        self.write_to(&disk.open(&aside, Mode::Fresh)?)?;
        disk.rename(&aside, name)?;
        disk.sync_folder(name)
    }

    fn write_to(&self, file: &DiskFile) -> io::Result<()> {
        let state = self.0.state.lock();
        file.set_len(state.len)?;
        for (number, page) in &state.pages {
            let offset = number * PAGE_BYTES;
            let used = usize::try_from(state.len.saturating_sub(offset)).map_or(PAGE, |left| left.min(PAGE));
            file.write(offset, &page[..used])?;
        }
        file.sync_data()
    }

    fn check_open(&self) -> io::Result<()> {
        if self.0.shut.load(Ordering::Acquire) { Err(io::Error::other("the overlay is shut")) } else { Ok(()) }
    }
}

impl Shared {
    /// Reads from the file; what lies beyond its end is zero.
    fn read_base(&self, base_len: u64, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let shown = usize::try_from(base_len.saturating_sub(offset)).map_or(out.len(), |left| left.min(out.len()));
        let (there, beyond) = out.split_at_mut(shown);
        beyond.fill(0);
        match &self.base {
            Some(base) if !there.is_empty() => base.read(offset, there),
            _ => Ok(()),
        }
    }
}

/// The part of page `number` that `offset..offset + len` covers: its place in the page, and in the range.
fn shared_part(number: u64, offset: u64, len: usize) -> (usize, usize, usize) {
    let start = number * PAGE_BYTES;
    let (from, to) = (start.max(offset), (start + PAGE_BYTES).min(offset + len as u64));
    let place = |position: u64, origin: u64| usize::try_from(position - origin).unwrap_or(usize::MAX);
    (place(from, start), place(from, offset), place(to, from))
}

fn pages_of(offset: u64, len: usize) -> std::ops::Range<u64> {
    offset / PAGE_BYTES..(offset + len as u64).div_ceil(PAGE_BYTES)
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.state.lock().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.0.state.lock();
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > state.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.0.read_base(state.base_len, offset, out)?;
        for (&number, page) in state.pages.range(pages_of(offset, out.len())) {
            let (in_page, in_out, count) = shared_part(number, offset, out.len());
            out[in_out..in_out + count].copy_from_slice(&page[in_page..in_page + count]);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check_open()?;
        let mut state = self.0.state.lock();
        state.len = len;
        state.base_len = state.base_len.min(len);
        let kept = len.div_ceil(PAGE_BYTES);
        state.pages.split_off(&kept);
        let tail = usize::try_from(len % PAGE_BYTES).unwrap_or(0);
        if tail > 0
            && let Some(page) = state.pages.get_mut(&(kept - 1))
        {
            page[tail..].fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check_open()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check_open()?;
        let mut state = self.0.state.lock();
        let State { len, base_len, pages } = &mut *state;
        *len = (*len).max(offset + data.len() as u64);
        for number in pages_of(offset, data.len()) {
            let (in_page, in_data, count) = shared_part(number, offset, data.len());
            let page = match pages.entry(number) {
                std::collections::btree_map::Entry::Occupied(page) => page.into_mut(),
                std::collections::btree_map::Entry::Vacant(slot) => {
                    let mut page = Box::new([0; PAGE]);
                    self.0.read_base(*base_len, number * PAGE_BYTES, page.as_mut_slice())?;
                    slot.insert(page)
                }
            };
            page[in_page..in_page + count].copy_from_slice(&data[in_data..in_data + count]);
        }
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.0.base.as_ref().map_or(Ok(()), StorageBackend::close)
    }
}

impl fmt::Debug for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overlay").field("base", &self.0.base).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use redb::backends::InMemoryBackend;

    use super::*;

    #[derive(Debug, Clone)]
    enum Act {
        Write(u16, Vec<u8>),
        SetLen(u16),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            3 => (0..20_000u16, proptest::collection::vec(any::<u8>(), 1..9000)).prop_map(|(at, data)| Act::Write(at, data)),
            1 => (0..30_000u16).prop_map(Act::SetLen),
        ]
    }

    fn contents(backend: &impl StorageBackend) -> Vec<u8> {
        let mut out = vec![0; usize::try_from(backend.len().unwrap()).unwrap()];
        backend.read(0, &mut out).unwrap();
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn an_overlay_acts_as_a_file_and_leaves_its_base_alone(
            base in proptest::collection::vec(any::<u8>(), 0..20_000),
            acts in proptest::collection::vec(act(), 0..12),
        ) {
            let file = InMemoryBackend::new();
            file.set_len(base.len() as u64).unwrap();
            file.write(0, &base).unwrap();
            let overlay = Overlay::over(DiskFile::new(file)).unwrap();
            let mut model = base.clone();
            for act in acts {
                match act {
                    Act::Write(at, data) => {
                        overlay.write(u64::from(at), &data).unwrap();
                        let end = usize::from(at) + data.len();
                        model.resize(model.len().max(end), 0);
                        model[usize::from(at)..end].copy_from_slice(&data);
                    }
                    Act::SetLen(len) => {
                        overlay.set_len(u64::from(len)).unwrap();
                        model.resize(usize::from(len), 0);
                    }
                }
                prop_assert_eq!(&contents(&overlay), &model);
            }
            prop_assert_eq!(&contents(overlay.0.base.as_ref().unwrap()), &base);
        }
    }

    #[test]
    fn a_shut_overlay_refuses_changes() {
        let overlay = Overlay::empty();
        overlay.write(0, b"x").unwrap();
        overlay.shut();
        assert!(overlay.write(0, b"y").is_err() && overlay.set_len(0).is_err() && overlay.sync_data().is_err());
        assert_eq!(contents(&overlay), b"x");
    }
}
