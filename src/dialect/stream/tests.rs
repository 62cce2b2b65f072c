use proptest::prelude::*;

use super::*;

mod endings;

fn tap(bytes: &[u8]) -> Tap {
    let mut tap = Tap::new(Dialect::ChatCompletions);
    tap.feed(bytes);
    tap
}

const ANSWER: &str = concat!(
    ": hello\n\n",
    "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n",
    "event: message\ndata: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\ndata: \"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n",
    "data: [DONE]\n\n",
);

/// All that a tap tells.
fn told(tap: &Tap) -> (bool, bool, bool, Option<String>, Option<Usage>, bool, bool) {
    let reason = tap.finish_reason().map(str::to_owned);
    (tap.first_token(), tap.done(), tap.error(), reason, tap.usage(), tap.is_between_events(), tap.ends_cleanly())
}

#[test]
fn an_answer_is_heard_whatever_its_line_ends() {
    for end in ["\n", "\r\n", "\r"] {
        for bom in ["", "\u{feff}"] {
            let text = format!("{bom}{}", ANSWER.replace('\n', end));
            let usage = Usage { prompt_tokens: 7, completion_tokens: 2, ..Usage::default() };
            assert_eq!(told(&tap(text.as_bytes())), (true, true, false, Some("stop".into()), Some(usage), true, true), "{end:?}");
        }
    }
}

#[test]
fn the_first_token_is_the_first_that_says_something() {
    let mut tap = Tap::new(Dialect::ChatCompletions);
    for (event, first) in ANSWER.split_inclusive("\n\n").zip([false, false, true]) {
        tap.feed(event.as_bytes());
        assert_eq!(tap.first_token(), first, "{event}");
    }
    assert!(!tap.ends_cleanly());
}

#[test]
fn the_boundary_of_events_is_known() {
    for (text, between) in [
        ("", true),
        ("d", false),
        ("data: x", false),
        ("data: x\n", false),
        ("data: x\n\n", true),
        ("data: x\r", false),
        ("data: x\r\r", true),
        ("data: x\r\n\r", true),
        ("data: x\r\n\r\n", true),
        ("\n\n", true),
        ("data: x\n\n:", false),
        (": c\n", false),
        ("data: x\n\ndata: {\"cho", false),
    ] {
        assert_eq!(tap(text.as_bytes()).is_between_events(), between, "{text:?}");
        let mut mended = tap(text.as_bytes());
        let fault = StreamFault { code: "upstream_failed", message: "It broke." };
        mended.feed(&mended.end(fault));
        assert!(mended.done() && mended.is_between_events(), "{text:?}");
    }
}

#[test]
fn errors_are_never_a_clean_end() {
    let error = tap(b"data: {\"error\":{\"message\":\"no\"}}\n\ndata: [DONE]\n\n");
    assert!(error.error() && error.done() && !error.ends_cleanly());
    assert!(!tap(b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n").ends_cleanly());
    assert!(tap(b"data: {\"choices\":[{\"finish_reason\":\"length\"}]}\n\n").ends_cleanly());
    // An event without its blank line has not come.
    assert!(!tap(b"data: [DONE]\n").done());
}

#[test]
fn long_lines_are_passed_over() {
    let long = "x".repeat(MAX_EVENT + 1);
    for line in [format!("data: {long}"), long.clone(), format!("data: {{}}\ndata: {long}\ndata: {{}}")] {
        for chunk in [4096, usize::MAX] {
            let text = format!("{line}\n\ndata: [DONE]\n\n");
            let mut tap = Tap::new(Dialect::ChatCompletions);
            for bytes in text.as_bytes().chunks(chunk.min(text.len())) {
                tap.feed(bytes);
                assert!(tap.lines.partial.capacity() <= 2 * MAX_EVENT && tap.data.capacity() <= 2 * MAX_EVENT);
            }
            assert!(tap.done() && tap.is_between_events());
        }
    }
    assert!(!tap(long.as_bytes()).is_between_events());
    // Many short lines of one event are bounded, too.
    let event = "data: 12345678\n".repeat(MAX_EVENT / 8);
    let tap = tap(format!("{event}\ndata: [DONE]\n\n").as_bytes());
    assert!(tap.done() && tap.data.capacity() <= 2 * MAX_EVENT);
}

proptest! {
    #[test]
    fn chunks_make_no_difference(cuts in prop::collection::vec(0..ANSWER.len(), 0..12), end in prop::sample::select(vec!["\n", "\r\n", "\r"])) {
        let text = format!("\u{feff}{}", ANSWER.replace('\n', end));
        let mut cuts = cuts;
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let mut pieces = Tap::new(Dialect::ChatCompletions);
        for pair in cuts.windows(2) {
            pieces.feed(&text.as_bytes()[pair[0]..pair[1]]);
        }
        prop_assert_eq!(told(&pieces), told(&tap(text.as_bytes())));
    }

    #[test]
    fn any_bytes_are_survived(chunks in prop::collection::vec(prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"data:\r\n {}[]".to_vec())], 0..40), 0..10)) {
        let mut pieces = Tap::new(Dialect::ChatCompletions);
        for chunk in &chunks {
            pieces.feed(chunk);
        }
        prop_assert_eq!(told(&pieces), told(&tap(&chunks.concat())));
    }
}
