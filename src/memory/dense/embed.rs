//! The vector of a text by the built-in table: the sum of its pieces' vectors, whose lengths are their weights.

use std::sync::LazyLock;

use super::stored::Stale;
use super::table::Table;
use super::wordpiece::each_word;
use super::{Vector, stored};

/// The table, or nothing where the program was built with a damaged one: then words alone decide.
pub(super) static TABLE: LazyLock<Option<Table<'static>>> = LazyLock::new(|| Table::parse(include_bytes!("table.bin")));

/// Only the end of a longer text counts, in bytes: what a person asks stands there, and facts are shorter.
const MOST: usize = 2048;

/// Where more than this share of the words are in pieces or unknown, the text is in a language that the table does not know.
const MOST_BROKEN: f32 = 0.6;

/// The vector of a text by the built-in table. Nothing where the table does not know its language, or where it holds no word.
#[must_use]
pub fn embed(text: &str) -> Option<Vector> {
    embed_by(TABLE.as_ref()?, text)
}

/// The stored form of a text's built-in vector, or of its having none.
pub(crate) fn encode(vector: Option<&Vector>) -> Vec<u8> {
    TABLE.as_ref().map(|table| stored::encode(vector, table.number)).unwrap_or_default()
}

/// Reads what [`encode`] wrote.
pub(crate) fn read(bytes: &[u8]) -> Result<Option<Vector>, Stale> {
    let (number, dimensions) = TABLE.as_ref().map_or((0, 0), |table| (table.number, table.dimensions));
    stored::decode(bytes, number, dimensions)
}

pub(super) fn embed_by(table: &Table<'_>, text: &str) -> Option<Vector> {
    let mut from = text.len().saturating_sub(MOST);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let text = text.get(from..).unwrap_or_default();
    let mut sum = vec![0.0; table.dimensions];
    let (mut words, mut broken) = (0usize, 0usize);
    each_word(text, table, |word, rows| {
        if word.chars().all(char::is_alphabetic) {
            words += 1;
            broken += usize::from(rows.len() != 1);
        }
        for row in rows {
            table.add(*row, &mut sum);
        }
    });
    #[expect(clippy::cast_precision_loss, reason = "at most two thousand")]
    let is_foreign = broken as f32 > words as f32 * MOST_BROKEN;
    if words == 0 || is_foreign { None } else { Vector::of(&sum) }
}
