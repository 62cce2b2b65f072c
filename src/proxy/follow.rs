//! Following an answer while it passes: when it has been said to its end, what it cost, and how it must be ended if it breaks.

use std::time::Instant;

use bytes::Bytes;

use crate::dialect::answer::Usage;
use crate::dialect::said::Said;
use crate::dialect::stored::Kept;
use crate::dialect::stream::Tap;
use crate::dialect::{Dialect, StreamFault};

/// Most bytes of an answer that is not streamed that are kept to read its usage.
const DOCUMENT: usize = 4 << 20;

/// What an upstream did that left its answer open.
pub const BROKE_OFF: &str = "broke off in the middle of its answer";

/// Reads an answer on its way to the client. The bytes themselves are never held back.
#[derive(Debug)]
pub struct Follower {
    dialect: Dialect,
    kind: Kind,
    /// When the first token passed.
    pub first_token: Option<Instant>,
    ended: bool,
    failed: bool,
    usage: Option<Usage>,
    /// About how many bytes of text came.
    said: u64,
    recounted: bool,
    /// What a document says that the upstream keeps.
    kept: Vec<Kept>,
    /// How much of what is said is kept, in bytes: 0 for nothing.
    hears: usize,
    heard: Option<Said>,
}

#[derive(Debug)]
enum Kind {
    /// Nothing to read in it: an error of the upstream, or a form that memgate does not know.
    Opaque,
    Stream(Box<Tap>),
    Document(Vec<u8>),
}

impl Follower {
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            kind: Kind::Opaque,
            first_token: None,
            ended: false,
            failed: false,
            usage: None,
            said: 0,
            recounted: false,
            kept: Vec::new(),
            hears: 0,
            heard: None,
        }
    }

    /// Keeps what the answer says, up to that many bytes.
    #[must_use]
    pub fn hearing(self, bytes: usize) -> Self {
        Self { hears: bytes, ..self }
    }

    /// What the answer has said, where it was kept.
    pub fn take_said(&mut self) -> Option<Said> {
        match &mut self.kind {
            Kind::Stream(tap) => tap.take_said(),
            Kind::Opaque | Kind::Document(_) => self.heard.take(),
        }
    }

    /// Looks at the answer's header. True when an event stream begins. `coded`: its bytes are compressed, so that nothing can be read
    /// in them, and nothing added to them.
    pub fn begin(&mut self, status: u16, content_type: &str, coded: bool) -> bool {
        let media = content_type.split(';').next().unwrap_or_default().trim();
        self.kind = match media {
            _ if coded || !(200..300).contains(&status) => Kind::Opaque,
            _ if media == self.dialect.framing().media_type() => Kind::Stream(Box::new(Tap::new(self.dialect))),
            "application/json" => Kind::Document(Vec::new()),
            _ => Kind::Opaque,
        };
        if let Kind::Stream(tap) = &mut self.kind
            && self.hears > 0
        {
            tap.hear(self.hears);
        }
        matches!(self.kind, Kind::Stream(_))
    }

    /// Reads a chunk. True when the answer has now been said to its end, which happens once.
    pub fn feed(&mut self, chunk: &[u8]) -> bool {
        match &mut self.kind {
            Kind::Opaque => {}
            Kind::Stream(tap) => {
                tap.feed(chunk);
                if self.first_token.is_none() && tap.first_token() {
                    self.first_token = Some(Instant::now());
                }
                self.usage = tap.usage().or(self.usage);
                self.said = tap.said();
                self.recounted = tap.recounted();
                if tap.ends_cleanly() && !self.ended {
                    self.ended = true;
                    return true;
                }
            }
            Kind::Document(read) if read.len() + chunk.len() > DOCUMENT => {
                self.kept = self.dialect.read_kept(read);
                self.kind = Kind::Opaque;
            }
            Kind::Document(kept) => kept.extend_from_slice(chunk),
        }
        false
    }

    /// The upstream has ended the answer. True when it was said to its end just now; the bytes are what a stream still lacks.
    /// Whether it failed is known from here on.
    pub fn finish(&mut self) -> (bool, Option<Bytes>) {
        let mut now = false;
        if let Kind::Stream(tap) = &mut self.kind {
            tap.close();
            now = tap.ends_cleanly() && !self.ended;
            self.ended |= now;
            self.usage = tap.usage().or(self.usage);
            self.said = tap.said();
            self.recounted = tap.recounted();
            self.failed = !tap.is_whole();
        }
        match &self.kind {
            Kind::Opaque => (false, None),
            Kind::Document(kept) => {
                let answer = self.dialect.read_answer(kept).unwrap_or_default();
                self.usage = answer.usage;
                self.said = answer.said;
                self.first_token = Some(Instant::now());
                self.ended = answer.ends_cleanly();
                self.failed = answer.error;
                self.recounted = answer.recounted;
                self.kept = answer.kept;
                if self.hears > 0 {
                    let said = self.heard.insert(Said::new(self.hears));
                    said.read_answer(self.dialect, kept);
                }
                (self.ended, None)
            }
            Kind::Stream(tap) if tap.done() => (now, None),
            Kind::Stream(_) => {
                let message = format!("The model backend {BROKE_OFF}. Ask again to get a whole one.");
                (now, self.break_off("upstream_failed", &message))
            }
        }
    }

    /// What ends a stream that broke: the error unless the answer was whole, then the terminator. `None` for anything but a
    /// stream.
    pub fn break_off(&self, code: &'static str, message: &str) -> Option<Bytes> {
        let Kind::Stream(tap) = &self.kind else { return None };
        Some(tap.end(StreamFault { code, message }).into())
    }

    /// Whether the answer was an error, or lacked its end when the upstream ended it.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// What the upstream keeps of the answer, as far as it was told since this was last asked.
    pub fn take_kept(&mut self) -> Vec<Kept> {
        match &mut self.kind {
            Kind::Stream(tap) => tap.take_kept(),
            Kind::Opaque | Kind::Document(_) => std::mem::take(&mut self.kept),
        }
    }

    /// The upstream's count of what was sent to it, where it is one.
    pub fn counted(&self) -> Option<u64> {
        self.usage.filter(|_| !self.recounted).map(|usage| usage.prompt_tokens)
    }

    /// What the upstream counted.
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// About how many bytes of text the answer had so far; of a document that is still coming, all of its bytes.
    pub fn said(&self) -> u64 {
        match &self.kind {
            Kind::Document(read) if self.first_token.is_none() => read.len() as u64,
            _ => self.said,
        }
    }

    /// Whether the answer is of a form that can be read.
    pub fn reads(&self) -> bool {
        !matches!(self.kind, Kind::Opaque)
    }

    /// Whether the answer was said to its end.
    pub fn ended(&self) -> bool {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &[u8] = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    const FINISH: &[u8] = b"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

    fn stream() -> Follower {
        let mut follower = Follower::new(Dialect::ChatCompletions);
        assert!(follower.begin(200, "text/event-stream; charset=utf-8", false));
        follower
    }

    #[test]
    fn a_whole_stream_ends_once_and_lacks_nothing() {
        let mut follower = stream();
        assert!(!follower.feed(TOKEN));
        assert!(follower.first_token.is_some());
        assert!(follower.feed(FINISH));
        assert!(!follower.feed(b"data: [DONE]\n\n"));
        assert_eq!(follower.finish(), (false, None));
    }

    #[test]
    fn a_stream_cut_inside_an_event_is_closed_off() {
        let mut follower = stream();
        follower.feed(TOKEN);
        follower.feed(b"data: {\"choi");
        let (ended, rest) = follower.finish();
        let rest = String::from_utf8(rest.unwrap().to_vec()).unwrap();
        let events: Vec<&str> = rest.split_terminator("\n\n").collect();
        let [mended, error, "data: [DONE]"] = events[..] else { panic!("{rest}") };
        assert!(mended.starts_with("~\":null,\"error\""), "{mended}");
        assert!(error.starts_with("data: {\"error\"") && !ended && follower.failed(), "{rest}");
    }

    #[test]
    fn counts_of_other_text_are_told_and_not_compared() {
        let message = |more: &str| format!("{{\"type\":\"message\",\"usage\":{{\"input_tokens\":7{more}}}");
        let response = |kind: &str| {
            format!("{{\"status\":\"completed\",\"output\":[{{\"type\":\"{kind}\"}}],\"usage\":{{\"input_tokens\":7}}}}")
        };
        for (dialect, body, counted) in [
            (
                Dialect::Messages,
                message(",\"cache_read_input_tokens\":2,\"server_tool_use\":{\"web_search_requests\":0}}"),
                Some(9),
            ),
            (Dialect::Messages, message(",\"server_tool_use\":{\"web_search_requests\":2}}"), None),
            (Dialect::Messages, message("},\"context_management\":{\"applied_edits\":[]}"), Some(7)),
            (Dialect::Messages, message("},\"context_management\":{\"applied_edits\":[{}]}"), None),
            (Dialect::Responses, response("function_call"), Some(7)),
            (Dialect::Responses, response("web_search_call"), None),
        ] {
            let mut whole = Follower::new(dialect);
            whole.begin(200, "application/json", false);
            whole.feed(body.as_bytes());
            whole.finish();
            assert!(whole.usage().is_some(), "{body}");
            assert_eq!(whole.counted(), counted, "{body}");
            if dialect == Dialect::Messages {
                let mut stream = Follower::new(dialect);
                stream.begin(200, "text/event-stream", false);
                let body = body.replace("\"message\"", "\"message_delta\"");
                stream.feed(format!("event: message_delta\ndata: {body}\n\n").as_bytes());
                assert_eq!(stream.counted(), counted, "{body}");
            }
        }
    }

    #[test]
    fn an_error_of_the_upstreams_own_is_its_failure() {
        for (dialect, media, body, failed) in [
            (Dialect::ChatCompletions, "text/event-stream", "data: {\"error\":{\"message\":\"no\"}}\n\ndata: [DONE]\n\n", true),
            (Dialect::Messages, "text/event-stream", "event: error\ndata: {\"type\":\"error\",\"error\":{}}\n\n", true),
            (Dialect::Responses, "text/event-stream", "event: response.failed\ndata: {\"type\":\"response.failed\"}\n\n", true),
            (Dialect::OllamaChat, "application/x-ndjson", "{\"error\":\"no\"}\n", true),
            (Dialect::OllamaChat, "application/x-ndjson", "{\"done\":true,\"done_reason\":\"load\"}", false),
            (Dialect::Responses, "application/json", "{\"status\":\"failed\",\"output\":[]}", true),
            (Dialect::Responses, "application/json", "{\"status\":\"queued\",\"output\":[]}", false),
            // The model declined; its backend did as it should.
            (Dialect::Messages, "application/json", "{\"type\":\"message\",\"stop_reason\":\"refusal\"}", false),
            (Dialect::CountTokens, "application/json", "{\"input_tokens\":7}", false),
        ] {
            let mut follower = Follower::new(dialect);
            follower.begin(200, media, false);
            assert!(!follower.feed(body.as_bytes()), "{body}");
            assert_eq!((follower.finish(), follower.failed()), ((false, None), failed), "{body}");
        }
    }

    #[test]
    fn a_stream_that_lacks_only_its_terminator_gets_it_without_an_error() {
        let mut follower = stream();
        assert!(follower.feed(FINISH));
        let (_, rest) = follower.finish();
        assert_eq!(rest.unwrap(), "data: [DONE]\n\n");
    }

    #[test]
    fn documents_are_read_at_their_end() {
        let mut follower = Follower::new(Dialect::ChatCompletions);
        assert!(!follower.begin(200, "application/json", false));
        follower.feed(b"{\"choices\":[{\"message\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}],");
        follower.feed(b"\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}");
        assert_eq!(follower.finish(), (true, None));
        assert_eq!(follower.usage().map(|u| u.prompt_tokens), Some(7));
    }

    #[test]
    fn text_is_measured_in_every_dialect() {
        let sse = "text/event-stream";
        for (dialect, media, body, said) in [
            (
                Dialect::ChatCompletions,
                sse,
                "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"abcd\"}}]}\n\n",
                4,
            ),
            (Dialect::Completions, sse, "data: {\"choices\":[{\"text\":\"abcd\"}]}\n\n", 4),
            (Dialect::Messages, sse, "data: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"abcd\"}}\n\n", 4),
            (Dialect::Responses, sse, "data: {\"type\":\"response.output_text.delta\",\"delta\":\"abcd\"}\n\n", 4),
            (Dialect::OllamaChat, "application/x-ndjson", "{\"message\":{\"content\":\"abcd\"},\"done\":false}\n", 4),
            (Dialect::ChatCompletions, "application/json", "{\"choices\":[{\"message\":{\"content\":\"abcd\"}}]}", 4),
            (Dialect::ChatCompletions, "application/json", "{\"choices\":[{\"message\":{\"content\":[{\"text\":\"ab\"}]}}]}", 2),
        ] {
            let mut follower = Follower::new(dialect);
            follower.begin(200, media, false);
            follower.feed(body.as_bytes());
            follower.finish();
            assert_eq!(follower.said(), said, "{body}");
        }
    }

    #[test]
    fn errors_of_the_upstream_never_count_as_answers() {
        let mut follower = Follower::new(Dialect::ChatCompletions);
        assert!(!follower.begin(500, "text/event-stream", false));
        assert!(!follower.feed(FINISH) && !follower.failed());
        assert_eq!(follower.break_off("x", "y"), None);
    }
}
