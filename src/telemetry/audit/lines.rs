//! Lines of files that may be large, from either end, in blocks.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// Bytes that are read at once, backwards.
const BLOCK: usize = 64 << 10;
/// No record is longer. What has no line break for so long is taken in pieces, so that no file is too much for the memory.
pub(super) const LONGEST: usize = 4 << 20;

/// The lines of a file, the last first.
#[derive(Debug)]
pub(super) struct Backwards {
    file: File,
    /// Where `rest` begins in the file.
    at: u64,
    /// What was read and not given out yet. It ends where the next line ends.
    rest: Vec<u8>,
    begun: bool,
    done: bool,
}

impl Backwards {
    /// The lines before the byte `end`. The first that it gives is what stands behind the last line break, empty in a file that is whole.
    pub(super) fn new(file: File, end: u64) -> Self {
        Self { file, at: end, rest: Vec::new(), begun: false, done: false }
    }

    /// The line before, without its line break, and where it begins.
    pub(super) fn next_line(&mut self) -> io::Result<Option<(u64, Vec<u8>)>> {
        if self.done {
            return Ok(None);
        }
        let mut searched = self.rest.len();
        if self.begun {
            // The line break that ends the line which comes now.
            debug_assert!(self.rest.is_empty() || self.rest.ends_with(b"\n"));
            self.rest.pop();
            searched = self.rest.len();
        }
        self.begun = true;
        loop {
            if let Some(found) = memchr::memrchr(b'\n', &self.rest[..searched]) {
                let line = self.rest.split_off(found + 1);
                return Ok(Some((self.at + found as u64 + 1, line)));
            }
            if self.at == 0 || self.rest.len() >= LONGEST {
                self.done = self.at == 0;
                // A piece has no line break before it that would have to go.
                self.begun = self.done;
                return Ok(Some((self.at, std::mem::take(&mut self.rest))));
            }
            searched = self.read_block()?;
        }
    }

    /// Puts the block before in front of `rest`; its length.
    fn read_block(&mut self) -> io::Result<usize> {
        let length = usize::try_from(self.at).unwrap_or(usize::MAX).min(BLOCK);
        self.at -= length as u64;
        self.file.seek(SeekFrom::Start(self.at))?;
        let mut block = vec![0; length];
        self.file.read_exact(&mut block)?;
        block.append(&mut self.rest);
        self.rest = block;
        Ok(length)
    }
}

/// The lines of a file, the first first.
#[derive(Debug)]
pub(super) struct Forwards {
    reader: BufReader<io::Take<File>>,
    line: Vec<u8>,
}

impl Forwards {
    /// The lines from the byte `start` to the byte `end`.
    pub(super) fn new(mut file: File, start: u64, end: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(start))?;
        let reader = BufReader::with_capacity(1 << 20, file.take(end.saturating_sub(start)));
        Ok(Self { reader, line: Vec::with_capacity(4 << 10) })
    }

    /// The next line, with its line break if it has one.
    pub(super) fn next_line(&mut self) -> io::Result<Option<&[u8]>> {
        self.line.clear();
        let read = (&mut self.reader).take(LONGEST as u64).read_until(b'\n', &mut self.line)?;
        Ok((read > 0).then_some(self.line.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_ways_give_the_same_lines(lens in proptest::collection::vec(0_usize..40_000, 0..12), torn in 0_usize..3) {
            let mut text: Vec<u8> = Vec::new();
            for (n, len) in lens.iter().enumerate() {
                text.extend(std::iter::repeat_n(b'a' + u8::try_from(n).unwrap(), *len));
                text.push(b'\n');
            }
            text.extend(std::iter::repeat_n(b'z', torn * 50_000));
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&text).unwrap();
            let mut backwards = Backwards::new(file.try_clone().unwrap(), text.len() as u64);
            let mut back = Vec::new();
            while let Some((at, line)) = backwards.next_line().unwrap() {
                prop_assert_eq!(&text[usize::try_from(at).unwrap()..][..line.len()], line.as_slice());
                back.push(line);
            }
            back.reverse();
            let expected: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            prop_assert_eq!(&back, &expected);
            let mut forwards = Forwards::new(file, 0, text.len() as u64).unwrap();
            let mut all = Vec::new();
            while let Some(line) = forwards.next_line().unwrap() {
                all.extend_from_slice(line);
            }
            prop_assert_eq!(all, text);
        }
    }
}
