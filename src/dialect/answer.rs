//! What an upstream's answer says of itself: usage, why it ended, whether it is an error. Read leniently: an answer is never
//! refused here, it is only not understood.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::stored::Kept;

/// Tokens as the upstream counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub prompt_tokens: u64,
    /// Zero where the upstream does not say.
    pub completion_tokens: u64,
    /// Of the prompt's, those that a cache held. Zero where the upstream does not say.
    pub cached_tokens: u64,
}

impl Usage {
    /// Both counts of what an answer said before and now. They only grow while it goes on, and some dialects say one of them at a
    /// time.
    #[must_use]
    pub fn or_more(self, other: Self) -> Self {
        Self {
            prompt_tokens: self.prompt_tokens.max(other.prompt_tokens),
            completion_tokens: self.completion_tokens.max(other.completion_tokens),
            cached_tokens: self.cached_tokens.max(other.cached_tokens),
        }
    }
}

/// What one answer, or one event of a stream, says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is said or not, whatever the others are")]
pub struct Answer {
    /// Whether there is content, reasoning or a tool call in it.
    pub content: bool,
    /// About how many bytes of text that is.
    pub said: u64,
    /// Why the first choice that ended did so: `stop`, `length`, `tool_calls`, …
    pub finish_reason: Option<String>,
    pub usage: Option<Usage>,
    /// Whether that counts other text than was sent: the upstream called the model again for tools of its own, or left some out.
    pub recounted: bool,
    /// Whether it reports an error.
    pub error: bool,
    /// Whether it ends without an answer to what was asked, though nothing failed: the model was kept from it, or only loaded.
    pub void: bool,
    /// Whether it is the last event of its stream.
    pub done: bool,
    /// What is said once of the whole answer, where the dialect says it.
    pub opening: Option<Box<Opening>>,
    /// The event's number in its stream, where the dialect counts them.
    pub sequence: Option<u64>,
    /// What the upstream keeps of the answer.
    pub kept: Vec<Kept>,
}

/// What an answer says of itself as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    pub id: String,
    pub model: String,
    /// In seconds since the Unix epoch.
    pub created_at: serde_json::Number,
}

impl Answer {
    /// Reads an answer that was not streamed, or the data of one event. `None` when it is no JSON object of that shape.
    #[must_use]
    pub fn read(json: &[u8]) -> Option<Self> {
        let wire: WireAnswer<'_> = serde_json::from_slice(json).ok()?;
        let choices = wire.choices.unwrap_or_default();
        Some(Self {
            content: choices.iter().any(Choice::speaks),
            said: choices.iter().map(Choice::said).sum(),
            finish_reason: choices.into_iter().find_map(|choice| choice.finish_reason),
            usage: wire.usage.and_then(|usage| serde_json::from_str::<Counts>(usage.get()).ok()).map(Counts::usage),
            error: wire.error.0,
            ..Self::default()
        })
    }

    /// Whether the answer was said to its end, and was one: nothing else is learned from.
    #[must_use]
    pub fn ends_cleanly(&self) -> bool {
        self.finish_reason.is_some() && !self.error && !self.void
    }
}

#[derive(serde::Deserialize)]
struct WireAnswer<'a> {
    choices: Option<Vec<Choice>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(default)]
    error: Presence,
}

#[derive(serde::Deserialize)]
struct Counts {
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    prompt_tokens_details: Option<Details>,
}

/// What a count is made of, where the upstream says it.
#[derive(serde::Deserialize)]
pub(super) struct Details {
    pub(super) cached_tokens: Option<u64>,
}

impl Counts {
    fn usage(self) -> Usage {
        let cached_tokens = self.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or_default();
        Usage { prompt_tokens: self.prompt_tokens, completion_tokens: self.completion_tokens, cached_tokens }
    }
}

#[derive(serde::Deserialize)]
struct Choice {
    delta: Option<Message>,
    message: Option<Message>,
    /// Of the completions dialect, which shares this shape.
    #[serde(default)]
    text: Presence,
    finish_reason: Option<String>,
}

impl Choice {
    fn speaks(&self) -> bool {
        self.text.0 || self.delta.as_ref().or(self.message.as_ref()).is_some_and(Message::speaks)
    }

    fn said(&self) -> u64 {
        self.text.1 + self.delta.as_ref().or(self.message.as_ref()).map_or(0, Message::said)
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Message {
    content: Presence,
    reasoning: Presence,
    reasoning_content: Presence,
    refusal: Presence,
    tool_calls: Presence,
    function_call: Presence,
}

impl Message {
    fn parts(&self) -> [&Presence; 6] {
        [&self.content, &self.reasoning, &self.reasoning_content, &self.refusal, &self.tool_calls, &self.function_call]
    }

    fn speaks(&self) -> bool {
        self.parts().iter().any(|presence| presence.0)
    }

    fn said(&self) -> u64 {
        self.parts().iter().map(|presence| presence.1).sum()
    }
}

/// Whether a value is there and not empty, whatever its type; and the bytes of the texts in it.
#[derive(Debug, Default)]
pub(super) struct Presence(pub(super) bool, pub(super) u64);

impl<'de> Deserialize<'de> for Presence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PresenceVisitor)
    }
}

struct PresenceVisitor;

impl<'de> Visitor<'de> for PresenceVisitor {
    type Value = Presence;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Presence, E> {
        Ok(Presence(value, 0))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Presence, E> {
        Ok(Presence::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Presence, E> {
        Ok(Presence::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Presence, E> {
        Ok(Presence::default())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Presence, E> {
        Ok(Presence(!text.is_empty(), text.len() as u64))
    }

    fn visit_unit<E: Error>(self) -> Result<Presence, E> {
        Ok(Presence::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Presence, A::Error> {
        let mut found = Presence::default();
        while let Some(element) = elements.next_element::<Presence>()? {
            found = Presence(true, found.1 + element.1);
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Presence, A::Error> {
        let mut found = Presence::default();
        while let Some((_, member)) = members.next_entry::<IgnoredAny, Presence>()? {
            found = Presence(true, found.1 + member.1);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_answer_is_read() {
        let body = br#"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":8}}}"#;
        let answer = Answer::read(body).unwrap();
        assert_eq!(answer.usage, Some(Usage { prompt_tokens: 12, completion_tokens: 3, cached_tokens: 8 }));
        assert_eq!(answer.finish_reason.as_deref(), Some("stop"));
        assert!(answer.content && answer.said == 2 && answer.ends_cleanly());
    }

    #[test]
    fn odd_answers_are_read_as_far_as_they_go() {
        for (body, content) in [
            (r#"{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#, false),
            (r#"{"choices":[{"delta":{"content":null,"reasoning":"r","reasoning_content":"r"}}]}"#, true),
            (r#"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#, true),
            (r#"{"choices":[{"delta":{"content":[{"type":"text","text":"x"}]}}]}"#, true),
            (r#"{"choices":[{"text":"x"}],"usage":null}"#, true),
            (r#"{"choices":null,"usage":{"prompt_tokens":"many"}}"#, false),
            (r#"{"choices":[{"delta":{"content":7}}],"error":null}"#, false),
            ("{}", false),
        ] {
            let answer = Answer::read(body.as_bytes()).unwrap();
            assert_eq!((answer.content, answer.error, answer.usage), (content, false, None), "{body}");
            assert!(!answer.ends_cleanly());
        }
        for (body, error) in [(r#"{"error":{"message":"no"}}"#, true), (r#"{"error":"no"}"#, true), (r#"{"error":""}"#, false)] {
            assert_eq!(Answer::read(body.as_bytes()).unwrap().error, error, "{body}");
        }
        for body in ["", "[]", "null", "{", "\u{feff}{}", "[DONE]"] {
            assert_eq!(Answer::read(body.as_bytes()), None, "{body}");
        }
    }
}
