//! A file of lines that moves aside when it is full: `audit.jsonl`, `audit.1.jsonl`, … the higher the older.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// An open file of lines. Readable by its owner alone.
#[derive(Debug)]
pub(super) struct RotatingFile {
    dir: PathBuf,
    file: File,
    size: u64,
    max_size: u64,
    /// A write failed: what it left beyond `size` has to go first.
    torn: bool,
}

impl RotatingFile {
    /// Opens the current file to append to it; makes it and its directory if need be.
    pub(super) fn open(dir: &Path, max_size: u64) -> io::Result<Self> {
        make_dir(dir)?;
        let (file, size) = open_current(dir)?;
        Ok(Self { dir: dir.to_owned(), file, size, max_size, torn: false })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Bytes of the current file.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Whether the file has to move aside before lines of this length are appended.
    pub(super) fn is_full_for(&self, length: usize) -> bool {
        self.size > 0 && self.size + length as u64 > self.max_size
    }

    /// Appends lines, each of which ends in a line break: all of them or none.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.size)?;
        }
        self.torn = true;
        self.file.write_all(lines)?;
        self.torn = false;
        self.size += lines.len() as u64;
        Ok(())
    }

    /// Makes what was appended last beyond a power cut.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Moves the file aside, lasting, and begins a new one. Files make room up to the first number that is free.
    pub(super) fn rotate(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.size)?;
            self.torn = false;
        }
        self.sync()?;
        let mut free = 1;
        while path(&self.dir, free).exists() {
            free += 1;
        }
        for number in (0..free).rev() {
            fs::rename(path(&self.dir, number), path(&self.dir, number + 1))?;
        }
        (self.file, self.size) = open_current(&self.dir)?;
        File::open(&self.dir)?.sync_all()
    }
}

pub(super) fn make_dir(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// The path of the file with this number; 0 is the current one.
pub(super) fn path(dir: &Path, number: u32) -> PathBuf {
    if number == 0 { dir.join("audit.jsonl") } else { dir.join(format!("audit.{number}.jsonl")) }
}

/// The numbers of the files that there are, the newest first.
pub(super) fn numbers(dir: &Path) -> io::Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("audit.")).and_then(|rest| match rest {
            "jsonl" => Some(0),
            rest => rest.strip_suffix(".jsonl")?.parse().ok(),
        });
        // `audit.01.jsonl` is none of them.
        found.extend(number.filter(|number| path(dir, *number).file_name() == Some(&name)));
    }
    found.sort_unstable();
    Ok(found)
}

fn open_current(dir: &Path) -> io::Result<(File, u64)> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path(dir, 0))?;
    let size = file.seek(SeekFrom::End(0))?;
    Ok((file, size))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn read(dir: &Path, n: u32) -> String {
        fs::read_to_string(path(dir, n)).unwrap()
    }

    #[test]
    fn a_full_file_moves_aside_to_the_first_free_number() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("audit");
        let mut file = RotatingFile::open(&dir, 10).unwrap();
        for line in ["one\n", "two\n", "three\n", "four\n", "five-is-longer-than-a-file\n", "six\n"] {
            if file.is_full_for(line.len()) {
                file.rotate().unwrap();
            }
            file.append(line.as_bytes()).unwrap();
        }
        let all = [0, 1, 2, 3, 4].map(|n| read(&dir, n));
        assert_eq!(all, ["six\n", "five-is-longer-than-a-file\n", "four\n", "three\n", "one\ntwo\n"].map(str::to_owned));
        // A crash between two renames leaves a number free.
        fs::remove_file(path(&dir, 2)).unwrap();
        file.rotate().unwrap();
        assert_eq!(numbers(&dir).unwrap(), [0, 1, 2, 3, 4]);
        assert_eq!((read(&dir, 1), read(&dir, 3)), ("six\n".into(), "three\n".into()));
        for (file, mode) in [(dir.clone(), 0o700), (path(&dir, 0), 0o600), (path(&dir, 1), 0o600)] {
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, mode, "{}", file.display());
        }
    }

    #[test]
    fn only_files_of_the_log_are_numbered() {
        let temp = tempfile::tempdir().unwrap();
        for name in ["audit.jsonl", "audit.7.jsonl", "audit.01.jsonl", "audit.jsonl.gz", "audit.x.jsonl", "other"] {
            fs::write(temp.path().join(name), "").unwrap();
        }
        assert_eq!(numbers(temp.path()).unwrap(), [0, 7]);
    }
}
