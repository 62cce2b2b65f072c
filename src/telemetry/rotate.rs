//! A file of lines that moves aside when it is full: `audit.jsonl`, `audit.1.jsonl`, … the higher the older.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// An open file of lines. Readable by its owner alone.
#[derive(Debug)]
pub(super) struct RotatingFile {
    dir: PathBuf,
    file: File,
    size: u64,
    max_size: u64,
    keep: u32,
    /// The last line may lack its end: a write failed, or the process died inside one.
    torn: bool,
}

impl RotatingFile {
    /// Opens the current file to append to it; makes it and its directory if need be.
    pub(super) fn open(dir: &Path, max_size: u64, keep: u32) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let (file, size, torn) = open_current(dir)?;
        Ok(Self { dir: dir.to_owned(), file, size, max_size, keep, torn })
    }

    /// Appends lines, each of which ends in a line break. Rotates first when they would not fit.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.size > 0 && self.size + lines.len() as u64 > self.max_size {
            self.rotate()?;
        }
        if self.torn {
            self.file.write_all(b"\n")?;
            self.size += 1;
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

    fn rotate(&mut self) -> io::Result<()> {
        self.sync()?;
        for n in (0..self.keep).rev() {
            match fs::rename(path(&self.dir, n), path(&self.dir, n + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        (self.file, self.size, self.torn) = open_current(&self.dir)?;
        Ok(())
    }
}

fn path(dir: &Path, n: u32) -> PathBuf {
    if n == 0 { dir.join("audit.jsonl") } else { dir.join(format!("audit.{n}.jsonl")) }
}

fn open_current(dir: &Path) -> io::Result<(File, u64, bool)> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path(dir, 0))?;
    let size = file.seek(SeekFrom::End(0))?;
    let mut last = [b'\n'];
    if size > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    Ok((file, size, last != [b'\n']))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn read(dir: &Path, n: u32) -> String {
        fs::read_to_string(path(dir, n)).unwrap()
    }

    #[test]
    fn a_full_file_moves_aside_and_the_oldest_goes() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("audit");
        let mut file = RotatingFile::open(&dir, 10, 2).unwrap();
        for line in ["one\n", "two\n", "three\n", "four\n", "five-is-longer-than-a-file\n", "six\n"] {
            file.append(line.as_bytes()).unwrap();
        }
        assert_eq!(
            (read(&dir, 0), read(&dir, 1), read(&dir, 2)),
            ("six\n".into(), "five-is-longer-than-a-file\n".into(), "four\n".into())
        );
        assert!(!path(&dir, 3).exists());
        for (file, mode) in [(dir.clone(), 0o700), (path(&dir, 0), 0o600), (path(&dir, 1), 0o600)] {
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, mode, "{}", file.display());
        }
    }

    #[test]
    fn appending_goes_on_after_a_restart_on_a_line_of_its_own() {
        let temp = tempfile::tempdir().unwrap();
        RotatingFile::open(temp.path(), 1000, 1).unwrap().append(b"{\"whole\":1}\n{\"torn").unwrap();
        RotatingFile::open(temp.path(), 1000, 1).unwrap().append(b"{\"next\":2}\n").unwrap();
        assert_eq!(read(temp.path(), 0), "{\"whole\":1}\n{\"torn\n{\"next\":2}\n");
    }
}
