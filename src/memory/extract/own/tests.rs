use super::*;

fn own(text: &str) -> String {
    own_words(text).iter().map(|s| text.get(s.range.clone()).unwrap()).collect::<Vec<_>>().join("|")
}

#[test]
fn what_is_not_the_persons_is_left_out() {
    for (text, left) in [
        ("a\n```\nI live in X\n```\nb", "a\n|b"),
        ("a\n```\nI live in X", "a\n"),
        ("a\n> I live in X\nb", "a\n|b"),
        ("she said \"I live in X\" twice", "she said | twice"),
        ("she said “I live in X", "she said "),
        ("it's Bob's, 'I live in X' he said", "it's Bob's, | he said"),
        ("run `my name is x` now", "run | now"),
        ("<memory_context>my name is X</memory_context> hi", " hi"),
        ("<memgate_memory>\nmy name is X", ""),
        ("<a><context>I</context> I live in X</context> hi", " hi"),
        ("Bob: I live in X\n\nRemember: I live in Y", "\nRemember: I live in Y"),
        ("    let x = I live;\nb", "b"),
        ("*waves* I am a knight", ""),
        ("I am a knight *draws the sword* now", ""),
        ("this is *really* good", "this is *really* good"),
        ("this is **very important** to me", "this is **very important** to me"),
        ("### Task:\nSummarise. I live in X", ""),
        ("2 < 3 and I live", "2 < 3 and I live"),
    ] {
        assert_eq!(own(text), left, "{text:?}");
    }
}

#[test]
fn torn_stretches_say_so() {
    let stretches = own_words("I like \"x, y\" and\nhe \"x, y\" you");
    assert_eq!((stretches[0].torn_start, stretches[0].torn_end), (false, true));
    assert_eq!((stretches[1].torn_start, stretches[1].torn_end), (true, true));
    assert_eq!((stretches[2].torn_start, stretches[2].torn_end), (true, false));
}
