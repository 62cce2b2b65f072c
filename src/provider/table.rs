//! The providers that memgate knows by name, each row with where it was read. What has no row is a provider of its own: an upstream
//! without a preset has its own name for its provider's.

use super::key::AuthStyle;
use crate::dialect::Api;

/// A provider of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    /// The word for configuration, keys and audit.
    pub name: &'static str,
    /// Base URL of its API with the version segment, if it has one; empty where every account has its own.
    pub url: &'static str,
    pub dialects: &'static [Api],
    pub auth: AuthStyle,
    /// Environment variables that hold its key, as its vendor names them; the first that is set counts. Empty where none is needed.
    pub environment: &'static [&'static str],
    /// It serves embeddings at `/embeddings`.
    pub embeds: bool,
    /// What to ask for (`GET`, below the base URL) to learn whether a key is good: answered only with a good one, and free. None where
    /// nothing of the kind is documented.
    pub probe: Option<&'static str>,
}

/// All of them, by name.
pub const PROVIDERS: &[Provider] = &[
    // docs.anthropic.com, API overview and "List models"; its SDKs read ANTHROPIC_API_KEY. It has no embeddings.
    Provider {
        name: "anthropic",
        url: "https://api.anthropic.com/v1",
        dialects: &[Api::Anthropic],
        auth: AuthStyle::XApiKey,
        environment: &["ANTHROPIC_API_KEY"],
        embeds: false,
        probe: Some("/models"),
    },
    // learn.microsoft.com, Azure OpenAI, "API version lifecycle": `https://RESOURCE.openai.azure.com/openai/v1`, each account its own.
    Provider {
        name: "azure",
        url: "",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::ApiKey,
        environment: &["AZURE_OPENAI_API_KEY"],
        embeds: true,
        probe: Some("/models"),
    },
    // docs.cohere.com, "Using Cohere models via the OpenAI SDK"; its Python SDK reads CO_API_KEY. That endpoint documents no list of models.
    Provider {
        name: "cohere",
        url: "https://api.cohere.ai/compatibility/v1",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::Bearer,
        environment: &["CO_API_KEY", "COHERE_API_KEY"],
        embeds: true,
        probe: None,
    },
    // help.aliyun.com, Model Studio, "OpenAI compatible"; Singapore has dashscope-intl.aliyuncs.com. No list of models is documented.
    Provider {
        name: "dashscope",
        url: "https://dashscope.aliyuncs.com/compatible-mode/v1",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::Bearer,
        environment: &["DASHSCOPE_API_KEY"],
        embeds: true,
        probe: None,
    },
    // api-docs.deepseek.com, "Your First API Call" and "Lists Models".
    Provider {
        name: "deepseek",
        url: "https://api.deepseek.com",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::Bearer,
        environment: &["DEEPSEEK_API_KEY"],
        embeds: false,
        probe: Some("/models"),
    },
    // docs.fireworks.ai, "OpenAI compatibility" and "Querying embeddings models".
    Provider {
        name: "fireworks",
        url: "https://api.fireworks.ai/inference/v1",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::Bearer,
        environment: &["FIREWORKS_API_KEY"],
        embeds: true,
        probe: Some("/models"),
    },
    // ai.google.dev, Gemini API, "OpenAI compatibility" (with models and embeddings) and "Using Gemini API keys".
    Provider {
        name: "gemini",
        url: "https://generativelanguage.googleapis.com/v1beta/openai",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::Bearer,
        environment: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        embeds: true,
        probe: Some("/models"),
    },
    // console.groq.com/docs, "OpenAI Compatibility" and "Models".
    Provider {
        name: "groq",
        url: "https://api.groq.com/openai/v1",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::Bearer,
        environment: &["GROQ_API_KEY"],
        embeds: false,
        probe: Some("/models"),
    },
    // huggingface.co/docs, Inference Providers. Its list of models is public, so that it tells nothing of a key.
    Provider {
        name: "huggingface",
        url: "https://router.huggingface.co/v1",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::Bearer,
        environment: &["HF_TOKEN"],
        embeds: false,
        probe: None,
    },
    // docs.mistral.ai, API: chat, embeddings, models.
    Provider {
        name: "mistral",
        url: "https://api.mistral.ai/v1",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::Bearer,
        environment: &["MISTRAL_API_KEY"],
        embeds: true,
        probe: Some("/models"),
    },
    // platform.moonshot.ai/docs, "Chat" and "List Models", which asks for a key; China has api.moonshot.cn.
    Provider {
        name: "moonshot",
        url: "https://api.moonshot.ai/v1",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::Bearer,
        environment: &["MOONSHOT_API_KEY"],
        embeds: false,
        probe: Some("/models"),
    },
    // docs.ollama.com, "OpenAI compatibility": a local server asks for no key and ignores one.
    Provider {
        name: "ollama",
        url: "http://127.0.0.1:11434/v1",
        dialects: &[Api::OpenAi, Api::Ollama],
        auth: AuthStyle::Bearer,
        environment: &[],
        embeds: true,
        probe: Some("/models"),
    },
    // platform.openai.com/docs, API reference, "Authentication" and "List models".
    Provider {
        name: "openai",
        url: "https://api.openai.com/v1",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::Bearer,
        environment: &["OPENAI_API_KEY"],
        embeds: true,
        probe: Some("/models"),
    },
    // openrouter.ai/docs, "Limits": its list of models is public, so the key itself is asked about.
    Provider {
        name: "openrouter",
        url: "https://openrouter.ai/api/v1",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::Bearer,
        environment: &["OPENROUTER_API_KEY"],
        embeds: true,
        probe: Some("/key"),
    },
    // docs.perplexity.ai, Sonar API, "OpenAI compatibility". No list of models is documented.
    Provider {
        name: "perplexity",
        url: "https://api.perplexity.ai",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::Bearer,
        environment: &["PERPLEXITY_API_KEY"],
        embeds: false,
        probe: None,
    },
    // docs.together.ai, "OpenAI compatibility"; api.together.xyz is its former name.
    Provider {
        name: "together",
        url: "https://api.together.ai/v1",
        dialects: &[Api::OpenAi],
        auth: AuthStyle::Bearer,
        environment: &["TOGETHER_API_KEY"],
        embeds: true,
        probe: Some("/models"),
    },
];

/// The provider of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.name == name)
}

/// The provider whose own host an address is at, such as `https://api.openai.com/v1/embeddings`.
#[must_use]
pub fn at(url: &str) -> Option<&'static Provider> {
    let host = |url: &str| url.parse::<http::Uri>().ok()?.host().map(str::to_ascii_lowercase);
    let asked = host(url)?;
    // Whoever listens on this machine is nobody's provider.
    PROVIDERS
        .iter()
        .filter(|provider| provider.url.starts_with("https://"))
        .find(|provider| host(provider.url) == Some(asked.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_by_name_and_whole() {
        assert!(PROVIDERS.is_sorted_by(|a, b| a.name < b.name));
        for provider in PROVIDERS {
            assert!(crate::ids::ClientName::parse(provider.name).is_ok(), "{}: an upstream may be named so", provider.name);
            assert!(!provider.url.ends_with('/') && !provider.dialects.is_empty(), "{}", provider.name);
            assert_eq!(provider.url.is_empty(), provider.name == "azure");
            assert_eq!(provider.environment.is_empty(), provider.name == "ollama");
            assert!(provider.probe.is_none_or(|path| path.starts_with('/')), "{}", provider.name);
            assert_eq!(find(provider.name), Some(provider));
        }
        assert_eq!(find("custom"), None, "a word for all of them would show the key of one to the others");
    }

    #[test]
    fn no_two_read_one_variable() {
        let mut names: Vec<_> = PROVIDERS.iter().flat_map(|provider| provider.environment).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn an_address_has_a_provider_by_its_whole_host() {
        for (url, name) in [
            ("https://api.openai.com/v1", Some("openai")),
            ("https://API.OpenAI.com:443/v1/embeddings", Some("openai")),
            ("https://api.openai.com.example.com/v1", None),
            ("https://example.com/api.openai.com", None),
            ("http://127.0.0.1:11434/v1", None),
            ("nonsense", None),
        ] {
            assert_eq!(at(url).map(|provider| provider.name), name, "{url}");
        }
    }
}
