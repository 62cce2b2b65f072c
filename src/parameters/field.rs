//! What can be set, by whom, and why what somebody set does not count.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Model,
    Temperature,
    TopP,
    MaxTokens,
    FrequencyPenalty,
    PresencePenalty,
    Preamble,
    Tools,
    Memory,
    Depth,
    Trimming,
}

impl Field {
    pub const ALL: [Self; 11] = [
        Self::Model,
        Self::Temperature,
        Self::TopP,
        Self::MaxTokens,
        Self::FrequencyPenalty,
        Self::PresencePenalty,
        Self::Preamble,
        Self::Tools,
        Self::Memory,
        Self::Depth,
        Self::Trimming,
    ];

    /// Its key in the configuration, in bodies and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Temperature => "temperature",
            Self::TopP => "top_p",
            Self::MaxTokens => "max_tokens",
            Self::FrequencyPenalty => "frequency_penalty",
            Self::PresencePenalty => "presence_penalty",
            Self::Preamble => "preamble",
            Self::Tools => "tools",
            Self::Memory => "memory",
            Self::Depth => "depth",
            Self::Trimming => "trimming",
        }
    }

    /// The field by its key.
    #[must_use]
    pub fn find(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == key)
    }

    /// What its values are, in words.
    #[must_use]
    pub fn wanted(self) -> &'static str {
        match self {
            Self::Model => "the name of a model, at most 256 bytes",
            Self::Temperature => "a number from 0 to 2",
            Self::TopP => "a number above 0 and at most 1",
            Self::MaxTokens => "a whole number of tokens, 1 or more",
            Self::FrequencyPenalty | Self::PresencePenalty => "a number from -2 to 2",
            Self::Preamble => "a text of 1 to 8000 characters",
            Self::Tools => "a list of at most 200 names of tools, in which `*` stands for any characters",
            Self::Memory => "`off`, `read` or `read_write`",
            Self::Depth => "a whole number of facts, 0 to 100",
            Self::Trimming => "a window of 256 tokens or more, such as {\"window\": 16000}",
        }
    }

    /// What the operator and the person say counts together: neither takes the other's place.
    #[must_use]
    pub fn joins(self) -> bool {
        matches!(self, Self::Preamble | Self::Tools)
    }
}

/// Who sets something. Later layers count before earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// memgate's own defaults.
    Factory,
    /// The operator's template.
    Configured,
    /// The operator, for the people of one tenant.
    Tenant,
    /// The operator, for requests of one client.
    Client,
    /// The person.
    User,
    /// The person, for one session.
    Session,
    /// The request itself.
    Request,
}

impl Layer {
    pub const ALL: [Self; 7] =
        [Self::Factory, Self::Configured, Self::Tenant, Self::Client, Self::User, Self::Session, Self::Request];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Factory => "factory",
            Self::Configured => "configured",
            Self::Tenant => "tenant",
            Self::Client => "client",
            Self::User => "user",
            Self::Session => "session",
            Self::Request => "request",
        }
    }

    /// Whether the person has set it beforehand.
    #[must_use]
    pub fn is_personal(self) -> bool {
        matches!(self, Self::User | Self::Session)
    }
}

/// Why what a layer says does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The operator has reserved the field.
    Locked,
    /// A later layer says otherwise.
    Overridden,
    /// Outside of the operator's bounds.
    OutOfBounds,
    /// People may narrow what the operator gives them, not widen it.
    Wider,
    /// A UI asks on its own behalf, and the person's wishes are for the person's own chats.
    Task,
}

/// Layers that can be read and never be written, by names that no session's settings can have: they mean in `AI Optimizer` what they
/// mean here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protected {
    /// memgate's own defaults.
    Factory,
    /// The operator's template over them.
    Configured,
    /// What holds for requests of nobody in particular: the same, for the server's own client.
    Server,
}

impl Protected {
    /// The layer by its name, in whatever letters.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        [Self::Factory, Self::Configured, Self::Server].into_iter().find(|layer| layer.as_str().eq_ignore_ascii_case(name))
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Factory => "FACTORY",
            Self::Configured => "CONFIGURED",
            Self::Server => "server",
        }
    }
}
