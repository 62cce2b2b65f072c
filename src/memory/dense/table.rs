//! The built-in table: a vector for each piece of a word, distilled from a sentence encoder. `scripts/table` makes it.
//!
//! The file, all numbers little-endian: the magic; six 32-bit numbers: the table's number (CRC-32 of what follows the note), the
//! dimensions, the pieces that begin a word, those that go on with one, the bytes of the note, the bytes of all pieces; the note on
//! licences; where each piece begins and the last one ends (32 bits each); the pieces, sorted within each of the two kinds; a
//! scale for each row (32-bit float); the rows, one signed byte a dimension.

const MAGIC: &[u8; 8] = b"memgtabl";

/// A table as it lies in its file: nothing is copied or built when it is opened.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    pub(super) number: u32,
    pub(super) dimensions: usize,
    starts: Pieces<'a>,
    inners: Pieces<'a>,
    scales: &'a [u8],
    values: &'a [u8],
}

impl<'a> Table<'a> {
    /// Reads a table. Nothing where the lengths are not those that the header tells.
    pub(super) fn parse(file: &'a [u8]) -> Option<Self> {
        let mut rest = file.strip_prefix(MAGIC)?;
        let number = pull(&mut rest)?;
        let mut size = || pull(&mut rest).and_then(|n| usize::try_from(n).ok());
        let (dimensions, starts, inners, note, text) = (size()?, size()?, size()?, size()?, size()?);
        let rows = starts.checked_add(inners)?;
        let _note = take(&mut rest, note)?;
        let offsets = take(&mut rest, rows.checked_add(1)?.checked_mul(4)?)?;
        let text = take(&mut rest, text)?;
        let scales = take(&mut rest, rows.checked_mul(4)?)?;
        let values = take(&mut rest, rows.checked_mul(dimensions)?)?;
        let of = |first, count| Pieces { offsets, text, first, count };
        let table = Self { number, dimensions, starts: of(0, starts), inners: of(starts, inners), scales, values };
        (rest.is_empty() && dimensions > 0).then_some(table)
    }

    /// Pieces that begin a word.
    pub(super) fn starts(&self) -> &Pieces<'a> {
        &self.starts
    }

    /// Pieces that go on with one.
    pub(super) fn inners(&self) -> &Pieces<'a> {
        &self.inners
    }

    /// Adds a row to `sum`, which has as many components.
    pub(super) fn add(&self, row: usize, sum: &mut [f32]) {
        let Some(scale) = self.scales.get(row * 4..).and_then(<[u8]>::first_chunk) else { return };
        let Some(values) = self.values.get(row * self.dimensions..(row + 1) * self.dimensions) else { return };
        let scale = f32::from_le_bytes(*scale);
        for (sum, value) in sum.iter_mut().zip(values) {
            *sum += f32::from(i8::from_le_bytes([*value])) * scale;
        }
    }
}

/// Pieces of one kind, sorted by their bytes.
#[derive(Clone, Copy)]
pub(super) struct Pieces<'a> {
    offsets: &'a [u8],
    text: &'a [u8],
    first: usize,
    count: usize,
}

impl Pieces<'_> {
    /// The longest piece that `word` begins with: its row and its length.
    pub(super) fn longest(&self, word: &[u8]) -> Option<(usize, usize)> {
        let mut word = word;
        loop {
            // The last piece that does not come after the word. Where it is no beginning of it, no beginning is longer than what
            // the two have in common.
            let row = self.not_after(word)?;
            let piece = self.piece(row);
            let common = piece.iter().zip(word).take_while(|(a, b)| a == b).count();
            if common == piece.len() {
                return Some((row, common));
            }
            word = word.get(..common).filter(|word| !word.is_empty())?;
        }
    }

    fn not_after(&self, word: &[u8]) -> Option<usize> {
        let (mut low, mut high) = (self.first, self.first + self.count);
        while low < high {
            let middle = low.midpoint(high);
            if self.piece(middle) <= word { low = middle + 1 } else { high = middle }
        }
        low.checked_sub(1).filter(|row| *row >= self.first)
    }

    fn piece(&self, row: usize) -> &[u8] {
        let at = |n: usize| {
            let bytes = self.offsets.get(n * 4..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
            usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX)
        };
        self.text.get(at(row)..at(row + 1)).unwrap_or_default()
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head)
}

fn pull(rest: &mut &[u8]) -> Option<u32> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(u32::from_le_bytes(*head))
}
