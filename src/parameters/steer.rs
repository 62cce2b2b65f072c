//! From what counts to what a request becomes.

use serde_json::Number;

use super::effective::{Effective, Request};
use super::field::{Field, Layer};
use super::values::{Parameters, Value};
use crate::dialect::Api;
use crate::dialect::conversation::{Conversation, Form};
use crate::dialect::edit::Edits;
use crate::dialect::knobs::{Knob, Sent};
use crate::dialect::tools::Allowed;
use crate::policy::MemoryAccess;

impl Request {
    /// What a conversation itself says.
    #[must_use]
    pub fn of(conversation: &Conversation, task: bool) -> Self {
        let parameters = Parameters { model: conversation.model().map(str::to_owned), ..Parameters::default() };
        let mut request = Self { parameters, unreadable: Vec::new(), task };
        for knob in Knob::ALL {
            let field = field_of(knob);
            match conversation.knob(knob) {
                None => {}
                Some(Sent::Number(number)) if knob == Knob::MaxTokens => match whole(number) {
                    Some(tokens) => request.parameters.max_tokens = Some(tokens),
                    // Less than nothing means no end, to some.
                    None => request.unreadable.push(field),
                },
                Some(Sent::Number(number)) => *request.number(knob) = Some(number),
                Some(Sent::Unreadable) => request.unreadable.push(field),
            }
        }
        request
    }

    fn number(&mut self, knob: Knob) -> &mut Option<f64> {
        match knob {
            Knob::TopP => &mut self.parameters.top_p,
            Knob::FrequencyPenalty => &mut self.parameters.frequency_penalty,
            Knob::PresencePenalty => &mut self.parameters.presence_penalty,
            Knob::Temperature | Knob::MaxTokens => &mut self.parameters.temperature,
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and within what a double counts by one")]
fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64)
}

fn field_of(knob: Knob) -> Field {
    match knob {
        Knob::Temperature => Field::Temperature,
        Knob::TopP => Field::TopP,
        Knob::MaxTokens => Field::MaxTokens,
        Knob::FrequencyPenalty => Field::FrequencyPenalty,
        Knob::PresencePenalty => Field::PresencePenalty,
    }
}

impl Effective {
    /// The model that is asked; none where nobody names one.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        match self.value(Field::Model) {
            Some(Value::Text(model)) => Some(model),
            _ => None,
        }
    }

    /// What the layers let a request do with memory.
    #[must_use]
    pub fn memory(&self) -> MemoryAccess {
        match self.value(Field::Memory) {
            Some(Value::Access(access)) => *access,
            _ => MemoryAccess::default(),
        }
    }

    /// Facts that a request may carry at most.
    #[must_use]
    pub fn depth(&self) -> Option<usize> {
        match self.value(Field::Depth) {
            Some(Value::Count(facts)) => Some(usize::try_from(*facts).unwrap_or(usize::MAX)),
            _ => None,
        }
    }

    /// The window to which conversations are cut, in tokens.
    #[must_use]
    pub fn window(&self) -> Option<u64> {
        match self.value(Field::Trimming) {
            Some(Value::Trimming(trimming)) => Some(trimming.window),
            _ => None,
        }
    }

    /// Instructions: the operator's, then the person's.
    #[must_use]
    pub fn preamble(&self) -> Option<String> {
        let chosen = self.of(Field::Preamble)?;
        let texts = [chosen.with.as_ref().map(|along| &along.value), chosen.value.as_ref()].into_iter().flatten();
        let texts: Vec<&str> =
            texts.filter_map(|value| if let Value::Text(text) = value { Some(text.trim()) } else { None }).collect();
        (!texts.is_empty()).then(|| texts.join("\n\n"))
    }

    /// The tools that may be offered; none where all may.
    #[must_use]
    pub fn tools(&self) -> Option<Allowed> {
        let chosen = self.of(Field::Tools)?;
        let lists = [chosen.with.as_ref().map(|along| &along.value), chosen.value.as_ref()].into_iter().flatten();
        let lists: Vec<_> =
            lists.filter_map(|value| if let Value::Names(names) = value { Some(names.clone()) } else { None }).collect();
        (!lists.is_empty()).then_some(Allowed { lists })
    }

    /// What must be changed in a conversation for this to hold.
    #[must_use]
    pub fn edits(&self, conversation: &Conversation) -> Edits {
        let others = |field: Field| self.of(field).filter(|chosen| chosen.layer != Some(Layer::Request));
        let mut edits = Edits { tools: self.tools(), ..Edits::default() };
        edits.model = others(Field::Model).and(self.model()).map(str::to_owned);
        for knob in Knob::ALL {
            let Some(chosen) = others(field_of(knob)).filter(|_| conversation.takes(knob)) else { continue };
            match &chosen.value {
                Some(Value::Number(number)) => drop(edits.fields.insert(knob, Number::from_f64(*number))),
                Some(Value::Count(count)) => drop(edits.fields.insert(knob, Some((*count).into()))),
                _ if conversation.knob(knob).is_some() => drop(edits.fields.insert(knob, None)),
                _ => {}
            }
        }
        // Newer models of Anthropic refuse a request that has both (its API reference, "Create a Message").
        let heated = |edits: &Edits| match edits.fields.get(&Knob::Temperature) {
            Some(number) => number.is_some(),
            None => conversation.knob(Knob::Temperature).is_some(),
        };
        if conversation.dialect().api() == Api::Anthropic && conversation.knob(Knob::TopP).is_none() && heated(&edits) {
            edits.fields.remove(&Knob::TopP);
        }
        // Where there is no conversation, instructions would become part of what is to be gone on with.
        edits.preamble = self.preamble().filter(|_| conversation.form() != Form::Closed);
        edits
    }
}
