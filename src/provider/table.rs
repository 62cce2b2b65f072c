//! The providers that memgate knows by name.

use super::key::AuthStyle;
use crate::dialect::Api;

/// A provider of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    /// The word for configuration, keys and audit.
    pub name: &'static str,
    /// Base URL of its API with the version segment; empty where every account has its own.
    pub url: &'static str,
    pub dialects: &'static [Api],
    pub auth: AuthStyle,
    /// Environment variables that hold its key, as its vendor names them; the first that is set counts.
    pub environment: &'static [&'static str],
}

/// All of them, by name.
pub const PROVIDERS: &[Provider] = &[
    Provider {
        name: "anthropic",
        url: "https://api.anthropic.com/v1",
        dialects: &[Api::Anthropic],
        auth: AuthStyle::XApiKey,
        environment: &["ANTHROPIC_API_KEY"],
    },
    Provider {
        name: "openai",
        url: "https://api.openai.com/v1",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::Bearer,
        environment: &["OPENAI_API_KEY"],
    },
];

/// The provider of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.name == name)
}
