//! Text in columns.

use proptest::prelude::*;

use super::super::input::Input;
use super::super::text::{ago, bytes, clip, columns, count, pad, wrap};

#[test]
fn what_is_too_long_ends_in_an_ellipsis() {
    for (text, width, clipped) in [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("漢字漢字", 8, "漢字漢字"),
        ("漢字漢字", 7, "漢字漢…"),
        ("漢字漢字", 6, "漢字…"),
        ("x", 1, "x"),
        ("xy", 1, "…"),
        ("xy", 0, ""),
        ("a\nb", 5, "a␊b"),
        ("\u{1b}[31m", 9, "␛[31m"),
        ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}"),
    ] {
        assert_eq!(clip(text, width), clipped, "{text:?} in {width}");
    }
    let marks = format!("z{}z", "\u{301}".repeat(50));
    assert_eq!(clip(&marks, 9).chars().count(), 5, "a tower of marks is cut");
    let long = "x".repeat(10_000_000);
    assert_eq!(clip(&long, 9), "xxxxxxxx…");
    assert!(wrap(&long, 100).len() < 300);
}

#[test]
fn lines_break_between_words() {
    assert_eq!(wrap("one two three", 7), ["one two", "three"].map(String::from));
    assert_eq!(wrap("unbreakable", 4), ["unbr", "eaka", "ble"]);
    assert_eq!(wrap("a\r\nb", 4), ["a", "b"]);
    assert_eq!(wrap("", 4), [""]);
}

#[test]
fn counts_and_times_take_few_columns() {
    assert_eq!([count(9_999), count(10_000), count(12_345_678), count(u64::MAX)], ["9999", "10k", "12M", "18446744073G"]);
    assert_eq!([bytes(0), bytes(2048), bytes(5 << 20), bytes(3 << 30)], ["0 B", "2 KiB", "5 MiB", "3 GiB"]);
    assert_eq!(ago(100_000, 40_000), "1 min ago");
    assert_eq!(ago(0, 7_200_000), "in 2 h");
    // Whatever a clock says.
    ago(i64::MAX, i64::MIN);
}

proptest! {
    #[test]
    fn no_text_is_wider_than_its_place(text in any::<String>(), width in 0..40_usize) {
        prop_assert!(columns(&clip(&text, width)) <= width);
        prop_assert_eq!(columns(&pad(&text, width, false)), width);
        for line in wrap(&text, width) {
            prop_assert!(columns(&line) <= width.max(2), "{:?}", line);
        }
    }

    #[test]
    fn what_is_typed_is_seen_around_the_cursor(text in any::<String>(), left in 0..30_usize, width in 0..40_usize) {
        let mut input = Input::new(&text);
        for _ in 0..left {
            input.press(super::read_keys("<left>")[0]);
        }
        let (before, after) = input.shown(width);
        prop_assert!(columns(&before) + columns(&after) <= width.max(1));
    }
}
