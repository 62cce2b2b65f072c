//! The tokeniser and the table, on a table of a few pieces and on the one that is shipped.

use serde::Deserialize;

use super::Vector;
use super::embed::{TABLE, embed_by};
use super::table::Table;
use super::wordpiece::each_word;

/// A table's file: pieces that begin a word, pieces that go on with one, both sorted, and a row for each.
fn file(starts: &[&str], inners: &[&str], rows: &[[i8; 2]]) -> Vec<u8> {
    let pieces: Vec<&str> = starts.iter().chain(inners).copied().collect();
    let text = pieces.concat();
    let mut file = b"memgtabl".to_vec();
    for number in [7, 2, starts.len(), inners.len(), 3, text.len()] {
        file.extend(u32::try_from(number).unwrap().to_le_bytes());
    }
    file.extend(b"any");
    let mut at = 0u32;
    for piece in pieces.iter().chain([&""]) {
        file.extend(at.to_le_bytes());
        at += u32::try_from(piece.len()).unwrap();
    }
    file.extend(text.bytes());
    file.extend(rows.iter().flat_map(|_| 0.5f32.to_le_bytes()));
    file.extend(rows.iter().flatten().map(|value| value.to_be_bytes()[0]));
    file
}

/// Rows: 0 `!`, 1 `a`, 2 `be`, 3 `bee`, 4 `über` (which is never found: marks are stripped), 5 `東`, 6 `##e`, 7 `##es`, 8 `##st`.
fn small() -> Vec<u8> {
    let starts = ["!", "a", "be", "bee", "über", "東"];
    file(&starts, &["e", "es", "st"], &[[0, 0], [1, 0], [0, 2], [3, 3], [0, 9], [0, -4], [1, 1], [2, 2], [3, 0]])
}

fn words(text: &str) -> Vec<(String, Vec<usize>)> {
    let file = small();
    let mut words = Vec::new();
    each_word(text, &Table::parse(&file).unwrap(), |word, rows| words.push((word.to_owned(), rows.to_vec())));
    words
}

fn rows(text: &str) -> Vec<Vec<usize>> {
    words(text).into_iter().map(|(_, rows)| rows).collect()
}

#[test]
fn the_longest_piece_wins() {
    assert_eq!(rows("bee bees beest best"), [vec![3], vec![], vec![3, 8], vec![2, 8]]);
    assert_eq!(rows("beees"), [vec![3, 7]]);
    assert_eq!(rows("ae aes aee"), [vec![1, 6], vec![1, 7], vec![1, 6, 6]]);
}

#[test]
fn case_and_marks_do_not_matter() {
    assert_eq!(rows("BÉE Á"), [[3], [1]]);
    assert_eq!(rows("über"), [Vec::<usize>::new()]);
}

#[test]
fn symbols_and_ideographs_stand_alone() {
    assert_eq!(rows("a!bee"), [vec![1], vec![0], vec![3]]);
    assert_eq!(rows("a東a"), [[1], [5], [1]]);
    assert_eq!(rows("be\u{200b}e\u{0}\t a\u{a0}a"), [[3], [1], [1]]);
}

#[test]
fn a_word_with_a_stranger_in_it_is_unknown_as_a_whole() {
    assert_eq!(rows("beq qbe"), [[0usize; 0]; 2]);
    assert_eq!(rows(&format!("b{}", "e".repeat(99))).len(), 1);
    assert!(!rows(&format!("b{}", "e".repeat(99)))[0].is_empty());
    assert!(rows(&format!("b{}", "e".repeat(100)))[0].is_empty());
    assert!(words("").is_empty());
}

#[test]
fn a_text_is_the_sum_of_its_pieces() {
    let file = small();
    let table = Table::parse(&file).unwrap();
    let cosine =
        |text: &str, components: &[f32]| embed_by(&table, text).unwrap().cosine(&Vector::of(components).unwrap()).unwrap();
    assert!(cosine("a", &[1.0, 0.0]) > 0.99);
    assert!(cosine("a be", &[1.0, 2.0]) > 0.99);
    assert!(cosine("a be a!", &[1.0, 1.0]) > 0.99);
}

#[test]
fn a_text_in_another_language_has_no_vector() {
    let file = small();
    let embed = |text| embed_by(&Table::parse(&file).unwrap(), text);
    assert!(embed("a bee best").is_some());
    assert!(embed("best aes bee").is_none());
    assert!(embed("wo warst du").is_none());
    assert!(embed("! 西 !").is_none() && embed("").is_none() && embed("2024").is_none());
}

#[test]
fn a_damaged_table_is_none() {
    let file = small();
    for cut in 0..file.len() {
        assert!(Table::parse(&file[..cut]).is_none(), "{cut}");
    }
    let mut longer = file.clone();
    longer.push(0);
    assert!(Table::parse(&longer).is_none());
    let mut huge = file;
    huge[16..20].fill(0xff);
    assert!(Table::parse(&huge).is_none());
}

/// What `scripts/table` says of a text.
#[derive(Deserialize)]
struct Expected {
    text: String,
    pieces: Vec<usize>,
    vector: Vec<f32>,
}

#[test]
fn the_shipped_table_says_what_its_script_says() {
    let table = TABLE.as_ref().unwrap();
    let expected: Vec<Expected> = serde_json::from_str(include_str!("expected.json")).unwrap();
    assert!(!expected.is_empty());
    for Expected { text, pieces, vector } in expected {
        let mut found: Vec<usize> = Vec::new();
        each_word(&text, table, |_, rows| found.extend(rows));
        assert_eq!(found, pieces, "{text}");
        assert_eq!(vector.len(), table.dimensions);
        let ours = embed_by(table, &text).unwrap();
        assert!(ours.cosine(&Vector::of(&vector).unwrap()).unwrap() > 0.995, "{text}");
    }
}
