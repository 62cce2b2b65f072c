//! The anchor: what is kept of the log outside the log, so that what is cut off its end, or taken away whole, is missed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::chain::{ChainKey, GENESIS, Head, Tag};

/// The file's name in the storage directory.
pub const ANCHOR_NAME: &str = "audit.anchor";
/// Longest file: a thousand digests of files and little else.
const LONGEST: u64 = 256 << 10;

/// What the log was when it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Anchor {
    /// The chain reached at least this far, and this was on the disk.
    pub head: Head,
    /// The number of the first record that is kept.
    pub first: u64,
    /// The MAC of the record before it, which was dropped; [`GENESIS`] if there was none.
    pub before: Tag,
    /// SHA-256 of the files of the time before the chain, the oldest first.
    pub former: Vec<Tag>,
}

impl Anchor {
    /// That of a log without records.
    pub const EMPTY: Self = Self { head: Head::START, first: 1, before: GENESIS, former: Vec::new() };
}

/// What was found in the anchor's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Anchor(Anchor),
    Missing,
    /// Damaged, or forged.
    Broken,
    /// Of a chain by another key.
    OtherKey,
}

/// As it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    key: String,
    seq: u64,
    head: String,
    first: u64,
    before: String,
    former: Vec<String>,
}

/// Where the anchor is, and what it is sealed with.
#[derive(Debug, Clone)]
pub(super) struct AnchorFile {
    path: PathBuf,
    key: ChainKey,
}

impl AnchorFile {
    pub(super) fn new(path: PathBuf, key: ChainKey) -> Self {
        Self { path, key }
    }

    /// # Errors
    /// When there is a file that cannot be read.
    pub(super) fn read(&self) -> io::Result<Found> {
        let mut text = Vec::new();
        match File::open(&self.path) {
            Ok(file) => file.take(LONGEST).read_to_end(&mut text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Missing),
            Err(error) => return Err(error),
        };
        Ok(self.parse(&text).unwrap_or(Found::Broken))
    }

    /// Two lines: the JSON, and the MAC over it.
    fn parse(&self, text: &[u8]) -> Option<Found> {
        let at = memchr::memchr(b'\n', text)?;
        let (body, mac) = (&text[..at], text[at + 1..].strip_suffix(b"\n")?);
        let written: Written = serde_json::from_slice(body).ok()?;
        if written.key != self.key.id() {
            return Some(Found::OtherKey);
        }
        let genuine: bool = hex::encode(self.key.seal(body)).as_bytes().ct_eq(mac).into();
        let former = written.former.iter().map(|digest| read_tag(digest)).collect::<Option<_>>()?;
        let head = Head { seq: written.seq, mac: read_tag(&written.head)? };
        genuine.then_some(Found::Anchor(Anchor { head, first: written.first, before: read_tag(&written.before)?, former }))
    }

    /// Puts this in the place of the one before. Lasting on return.
    ///
    /// # Errors
    /// When the disk fails; the one before stands then.
    pub(super) fn write(&self, anchor: &Anchor) -> io::Result<()> {
        let written = Written {
            version: 1,
            key: self.key.id(),
            seq: anchor.head.seq,
            head: hex::encode(anchor.head.mac),
            first: anchor.first,
            before: hex::encode(anchor.before),
            former: anchor.former.iter().map(hex::encode).collect(),
        };
        let mut text = serde_json::to_vec(&written)?;
        let mac = hex::encode(self.key.seal(&text));
        text.push(b'\n');
        text.extend_from_slice(mac.as_bytes());
        text.push(b'\n');
        let dir = self.path.parent().unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let aside = self.path.with_extension("anchor.new");
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&aside)?;
        file.write_all(&text)?;
        file.sync_data()?;
        fs::rename(&aside, &self.path)?;
        File::open(dir)?.sync_all()
    }
}

fn read_tag(text: &str) -> Option<Tag> {
    let mut tag = GENESIS;
    hex::decode_to_slice(text, &mut tag).ok()?;
    Some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_holds_for_its_key_and_as_it_was_written() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join(ANCHOR_NAME);
        let file = |secret: &[u8]| AnchorFile::new(path.clone(), ChainKey::new(secret));
        assert_eq!(file(b"one").read().unwrap(), Found::Missing);
        let head = Head { seq: 9, mac: [3; 32] };
        let anchor = Anchor { head, first: 4, before: [5; 32], former: vec![[1; 32], [2; 32]] };
        file(b"one").write(&anchor).unwrap();
        assert_eq!(file(b"one").read().unwrap(), Found::Anchor(anchor.clone()));
        assert_eq!(file(b"two").read().unwrap(), Found::OtherKey);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert_ne!(file(b"one").read().unwrap(), Found::Anchor(anchor.clone()), "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(file(b"one").read().unwrap(), Found::Broken, "cut at {at}");
        }
    }
}
