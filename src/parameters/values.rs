//! What one layer says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::Field;
use crate::policy::MemoryAccess;

/// Longest name of a model or tool, in bytes.
const MOST_NAME: usize = 256;
/// Longest preamble, in characters.
const MOST_PREAMBLE: usize = 8_000;
/// Most patterns of tools.
const MOST_TOOLS: usize = 200;
/// Most tokens of an answer or a window: more than any model has.
const MOST_TOKENS: u64 = 100_000_000;
/// Smallest window that conversations are cut to, in tokens.
const LEAST_WINDOW: u64 = 256;
/// Most facts of a request, as in `memory.depth`.
const MOST_DEPTH: u32 = 100;

/// Settings of one layer. What is left out is left to the other layers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// The model, for requests that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// From 0 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Above 0, at most 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// Most tokens of an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// From -2 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency_penalty: Option<f64>,
    /// From -2 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence_penalty: Option<f64>,
    /// Instructions for the model, at most 8000 characters. The operator's stand in front of the person's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preamble: Option<String>,
    /// Names of tools that requests may offer to the model; `*` stands for any characters. An empty list: none. Left out: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<String>>,
    /// `off`, `read` or `read_write`. People can narrow it, never widen it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryAccess>,
    /// Facts that a request may carry at most. People can narrow it, never widen it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// When old messages are cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trimming: Option<Trimming>,
}

/// How far conversations are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trimming {
    /// Old messages are cut as if the model's window had so many tokens, where it has more.
    pub window: u64,
}

/// What a layer says of one field.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Text(String),
    Number(f64),
    Count(u64),
    Names(Vec<String>),
    Access(MemoryAccess),
    Trimming(Trimming),
}

impl Parameters {
    /// memgate's own defaults.
    #[must_use]
    pub fn factory() -> Self {
        Self { memory: Some(MemoryAccess::ReadWrite), ..Self::default() }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is said of a field.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<Value> {
        match field {
            Field::Model => self.model.clone().map(Value::Text),
            Field::Temperature => self.temperature.map(Value::Number),
            Field::TopP => self.top_p.map(Value::Number),
            Field::MaxTokens => self.max_tokens.map(Value::Count),
            Field::FrequencyPenalty => self.frequency_penalty.map(Value::Number),
            Field::PresencePenalty => self.presence_penalty.map(Value::Number),
            Field::Preamble => self.preamble.clone().map(Value::Text),
            Field::Tools => self.tools.clone().map(Value::Names),
            Field::Memory => self.memory.map(Value::Access),
            Field::Depth => self.depth.map(|facts| Value::Count(facts.into())),
            Field::Trimming => self.trimming.map(Value::Trimming),
        }
    }

    /// Says something of a field. A value of another field's sort says nothing.
    pub(super) fn set(&mut self, field: Field, value: Value) {
        match (field, value) {
            (Field::Model, Value::Text(text)) => self.model = Some(text),
            (Field::Preamble, Value::Text(text)) => self.preamble = Some(text),
            (Field::Temperature, Value::Number(number)) => self.temperature = Some(number),
            (Field::TopP, Value::Number(number)) => self.top_p = Some(number),
            (Field::FrequencyPenalty, Value::Number(number)) => self.frequency_penalty = Some(number),
            (Field::PresencePenalty, Value::Number(number)) => self.presence_penalty = Some(number),
            (Field::MaxTokens, Value::Count(count)) => self.max_tokens = Some(count),
            (Field::Depth, Value::Count(count)) => self.depth = u32::try_from(count).ok(),
            (Field::Tools, Value::Names(names)) => self.tools = Some(names),
            (Field::Memory, Value::Access(access)) => self.memory = Some(access),
            (Field::Trimming, Value::Trimming(trimming)) => self.trimming = Some(trimming),
            _ => {}
        }
    }

    /// Fields whose values do not fit.
    #[must_use]
    pub fn faults(&self) -> Vec<Field> {
        let penalty = |number: Option<f64>| number.is_none_or(|n| (-2.0..=2.0).contains(&n));
        let tools = |tools: &Vec<String>| tools.len() <= MOST_TOOLS && tools.iter().all(|name| is_name(name));
        let fits = |field: &Field| match field {
            Field::Model => self.model.as_deref().is_none_or(is_name),
            Field::Temperature => self.temperature.is_none_or(|n| (0.0..=2.0).contains(&n)),
            Field::TopP => self.top_p.is_none_or(|n| n > 0.0 && n <= 1.0),
            Field::MaxTokens => self.max_tokens.is_none_or(|n| (1..=MOST_TOKENS).contains(&n)),
            Field::FrequencyPenalty => penalty(self.frequency_penalty),
            Field::PresencePenalty => penalty(self.presence_penalty),
            Field::Preamble => self.preamble.as_deref().is_none_or(is_preamble),
            Field::Tools => self.tools.as_ref().is_none_or(tools),
            Field::Memory => true,
            Field::Depth => self.depth.is_none_or(|facts| facts <= MOST_DEPTH),
            Field::Trimming => self.trimming.is_none_or(|cut| (LEAST_WINDOW..=MOST_TOKENS).contains(&cut.window)),
        };
        Field::ALL.into_iter().filter(|field| !fits(field)).collect()
    }
}

fn is_name(text: &str) -> bool {
    (1..=MOST_NAME).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn is_preamble(text: &str) -> bool {
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\t' | '\r');
    !text.trim().is_empty() && text.chars().count() <= MOST_PREAMBLE && text.chars().all(plain)
}
