//! Streams of lines.

use proptest::prelude::*;

use super::*;
use crate::dialect::format::StreamFault;
use crate::dialect::stream::Tap;

const CHAT: &str = concat!(
    "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false}\n",
    "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"na\u{ef}ve \\n\"},\"done\":false}\n",
    "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",",
    "\"prompt_eval_count\":7,\"eval_count\":2}\n",
);
const FAULT: StreamFault<'_> = StreamFault { code: "upstream_failed", message: "It \"broke\"." };

fn tap(pieces: &[&[u8]]) -> Tap {
    let mut tap = Tap::new(Dialect::OllamaChat);
    for piece in pieces {
        tap.feed(piece);
    }
    tap
}

/// All that a tap tells.
fn told(tap: &Tap) -> (bool, bool, bool, Option<String>, Option<Usage>, bool, Vec<u8>) {
    let reason = tap.finish_reason().map(str::to_owned);
    (tap.first_token(), tap.done(), tap.error(), reason, tap.usage(), tap.ends_cleanly(), tap.end(FAULT))
}

#[test]
fn an_answer_is_heard_and_lacks_nothing() {
    let usage = Usage { prompt_tokens: 7, completion_tokens: 2, ..Usage::default() };
    let whole = (true, true, false, Some("stop".to_owned()), Some(usage), true, Vec::new());
    assert_eq!(told(&tap(&[CHAT.as_bytes()])), whole);
    assert_eq!(told(&tap(&[CHAT.replace('\n', "\r\n").as_bytes()])), whole);
    let mut unended = tap(&[CHAT.trim_end().as_bytes()]);
    assert!(!unended.done());
    unended.close();
    assert_eq!(told(&unended), whole, "the end of the stream ends its last line");
}

#[test]
fn what_breaks_off_ends_in_a_line_that_clients_raise() {
    let lines: Vec<&str> = CHAT.split_inclusive('\n').collect();
    for text in ["", lines[0], &CHAT[..lines[0].len() + 30], &CHAT[..CHAT.len() - 9], "<html>", "{\"x\" 1"] {
        let mut tap = tap(&[text.as_bytes()]);
        tap.close();
        let ending = String::from_utf8(tap.end(FAULT)).unwrap();
        let whole = format!("{text}{ending}");
        let last: Value = serde_json::from_str(whole.lines().last().unwrap()).unwrap_or_else(|e| panic!("{e}: {whole}"));
        assert_eq!((&last["error"], &last["code"]), (&"It \"broke\".".into(), &"upstream_failed".into()), "{whole}");
        assert!(ending.ends_with('\n') && whole.lines().count() <= text.lines().count() + 1, "{whole}");
        tap.feed(ending.as_bytes());
        assert!(tap.done() && tap.error() && !tap.ends_cleanly());
        assert!(tap.end(FAULT).is_empty());
    }
}

#[test]
fn an_error_of_the_upstream_is_the_end_and_no_clean_one() {
    let tap = tap(&[CHAT.split_inclusive('\n').next().unwrap().as_bytes(), b"{\"error\":\"model runner has stopped\"}\n"]);
    assert!(tap.error() && !tap.ends_cleanly() && tap.end(FAULT).is_empty());
}

#[test]
fn loading_a_model_ends_well_and_teaches_nothing() {
    for reason in ["load", "unload"] {
        let line = format!("{{\"message\":{{\"content\":\"\"}},\"done\":true,\"done_reason\":\"{reason}\"}}");
        let mut tap = tap(&[line.as_bytes(), b"\n"]);
        tap.close();
        assert!(tap.done() && tap.is_whole() && !tap.ends_cleanly() && tap.end(FAULT).is_empty(), "{reason}");
        assert!(!Dialect::OllamaChat.read_answer(line.as_bytes()).unwrap().ends_cleanly(), "{reason}");
    }
}

proptest! {
    #[test]
    fn chunks_make_no_difference(cuts in prop::collection::vec(0..CHAT.len(), 0..12), stop in 0..=CHAT.len()) {
        let text = &CHAT.as_bytes()[..stop];
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stop)).collect();
        cuts.extend([0, stop]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        prop_assert_eq!(told(&tap(&pieces)), told(&tap(&[text])));
    }

    #[test]
    fn any_bytes_are_survived(chunks in prop::collection::vec(prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"{\"done:true}\r\n ".to_vec())], 0..40), 0..10)) {
        let pieces: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        let mut pieces_tap = tap(&pieces);
        prop_assert_eq!(told(&pieces_tap), told(&tap(&[&chunks.concat()])));
        pieces_tap.close();
        let ending = pieces_tap.end(FAULT);
        pieces_tap.feed(&ending);
        prop_assert!(pieces_tap.done());
    }
}
