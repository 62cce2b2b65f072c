//! Numbers that steer how a model answers: their names in each dialect, and what a request says of them.

use serde_json::Number;

use super::Dialect;
use super::conversation::Conversation;
use super::members::Members;

/// One of the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Knob {
    Temperature,
    TopP,
    /// Most tokens of an answer.
    MaxTokens,
    FrequencyPenalty,
    PresencePenalty,
}

/// What a request says of a knob.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sent {
    Number(f64),
    /// Some other value.
    Unreadable,
}

impl Knob {
    pub const ALL: [Self; 5] = [Self::Temperature, Self::TopP, Self::MaxTokens, Self::FrequencyPenalty, Self::PresencePenalty];

    /// The members that hold it in a dialect; the first is the one that is added. None where the dialect knows no such thing.
    pub(super) fn names(self, dialect: Dialect) -> &'static [&'static str] {
        let ollama = matches!(dialect, Dialect::OllamaChat | Dialect::OllamaGenerate);
        match (self, dialect) {
            (_, Dialect::CountTokens)
            | (Self::FrequencyPenalty | Self::PresencePenalty, Dialect::Responses | Dialect::Messages) => &[],
            (Self::Temperature, _) => &["temperature"],
            (Self::TopP, _) => &["top_p"],
            (Self::FrequencyPenalty, _) => &["frequency_penalty"],
            (Self::PresencePenalty, _) => &["presence_penalty"],
            (Self::MaxTokens, Dialect::ChatCompletions) => &["max_tokens", "max_completion_tokens"],
            (Self::MaxTokens, Dialect::Responses) => &["max_output_tokens"],
            (Self::MaxTokens, _) if ollama => &["num_predict"],
            (Self::MaxTokens, _) => &["max_tokens"],
        }
    }

    /// The number as the dialect takes it: Anthropic's temperatures end at 1 (its API reference, "Create a Message").
    pub(super) fn fit(self, dialect: Dialect, number: &Number) -> Number {
        match (self, dialect, number.as_f64()) {
            (Self::Temperature, Dialect::Messages, Some(value)) if value > 1.0 => 1.into(),
            _ => number.clone(),
        }
    }
}

impl Conversation {
    /// What the request says of a knob; none where it says nothing, or `null`, or its dialect has no such thing. Of two names for one
    /// number the greater counts; of one name that is there twice, or in other letters, nothing can be read.
    #[must_use]
    pub fn knob(&self, knob: Knob) -> Option<Sent> {
        let members = self.knob_members()?;
        let mut said = None;
        for name in knob.names(self.dialect) {
            // Which of two the backend takes, nobody knows: it is no number that could be held to bounds.
            if members.check(name).is_err() {
                return Some(Sent::Unreadable);
            }
            let Some(text) = members.get(name).map(|member| self.slice(&member.value)).filter(|text| *text != b"null") else {
                continue;
            };
            let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok()).filter(|n| n.is_finite());
            said = match (said, number) {
                (None, Some(number)) => Some(Sent::Number(number)),
                (Some(Sent::Number(other)), Some(number)) => Some(Sent::Number(number.max(other))),
                _ => Some(Sent::Unreadable),
            };
        }
        said
    }

    /// Whether a knob may be set in this request: its dialect has it, and nothing in the request forbids it. While a model of Anthropic
    /// thinks, its temperature and `top_p` are its own (its documentation, "Extended thinking").
    #[must_use]
    pub fn takes(&self, knob: Knob) -> bool {
        let thinks = self.dialect == Dialect::Messages && matches!(knob, Knob::Temperature | Knob::TopP) && self.thinks();
        !thinks && !knob.names(self.dialect).is_empty()
    }

    fn thinks(&self) -> bool {
        let Some(thinking) = self.members.get("thinking") else { return false };
        let value = serde_json::from_slice::<serde_json::Value>(self.slice(&thinking.value)).unwrap_or_default();
        value.is_object() && value["type"] != "disabled"
    }

    /// The object that holds the knobs. None where it is not there.
    pub(super) fn knob_members(&self) -> Option<&Members> {
        match self.dialect {
            Dialect::OllamaChat | Dialect::OllamaGenerate => self.members.nested(),
            _ => Some(&self.members),
        }
    }
}
