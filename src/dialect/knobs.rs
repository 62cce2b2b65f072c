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
        self.thinking().is_some()
    }

    /// What the request says of thinking, unless that is off.
    fn thinking(&self) -> Option<serde_json::Value> {
        let thinking = self.members.get("thinking")?;
        let value = serde_json::from_slice::<serde_json::Value>(self.slice(&thinking.value)).ok()?;
        (value.is_object() && value["type"] != "disabled").then_some(value)
    }

    /// The most tokens that each answer may have, by whichever name the backend reads it. None where the request sets no most: 0 or less
    /// is without end for some; but the older completions answer nothing with 0, for who wants to know how likely the prompt is.
    #[must_use]
    pub fn answer_limit(&self) -> Option<u64> {
        match self.knob(Knob::MaxTokens)? {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "not negative; beyond u64 it is its most"
            )]
            Sent::Number(most) if most >= 1.0 || (most >= 0.0 && self.dialect == Dialect::Completions) => {
                Some(most.ceil() as u64)
            }
            Sent::Number(_) | Sent::Unreadable => None,
        }
    }

    /// How many answers are asked for: `n`, and `best_of` of the older completions. At least 1; of what is said twice nobody knows which
    /// counts, so that is as many as can be.
    #[must_use]
    pub fn answers(&self) -> u64 {
        let names: &[&str] = match self.dialect {
            Dialect::ChatCompletions => &["n"],
            Dialect::Completions => &["n", "best_of"],
            _ => &[],
        };
        if names.iter().any(|name| self.members.check(name).is_err()) {
            return u64::MAX;
        }
        let said = names.iter().filter_map(|name| {
            let text = std::str::from_utf8(self.slice(&self.members.get(name)?.value)).ok()?;
            text.parse().ok()
        });
        said.max().unwrap_or(1).max(1)
    }

    /// The fewest tokens that an answer must be allowed: more than Anthropic's models are to think with (its documentation, "Extended
    /// thinking"). At least 1.
    #[must_use]
    pub fn least_answer(&self) -> u64 {
        let thinking = if self.dialect == Dialect::Messages { self.thinking() } else { None };
        let budget = thinking.and_then(|thinking| thinking["budget_tokens"].as_u64());
        budget.unwrap_or(0).saturating_add(1)
    }

    /// The object that holds the knobs. None where it is not there.
    pub(super) fn knob_members(&self) -> Option<&Members> {
        match self.dialect {
            Dialect::OllamaChat | Dialect::OllamaGenerate => self.members.nested(),
            _ => Some(&self.members),
        }
    }
}
