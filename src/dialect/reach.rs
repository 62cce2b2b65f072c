//! What a path may touch at its upstream, beside the request itself.
//!
//! All users of an upstream share the account behind its key. So only what is known to leave nothing there, or to show nothing that a
//! user left there, passes as it is. Whatever is not listed counts as shared.

use std::ops::Range;

use super::{Api, Route, RouteKind};

/// What a request may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach<'a> {
    /// Nothing that a user left there.
    Own,
    /// What its body names: a request of the responses dialect that makes no answer of its own.
    Named,
    /// One stored response.
    Response(&'a str),
    /// Whatever the upstream keeps for all who use its key.
    Shared,
}

/// Calls that end with their answer: `OpenAI`'s (its API reference), and those that vLLM, llama.cpp, LM Studio, `LiteLLM`, `OpenRouter`,
/// Mistral, `TabbyAPI` and text-generation-webui serve beside them.
const CALLS: [&str; 31] = [
    "/embeddings",
    "/moderations",
    "/chat/moderations",
    "/classifications",
    "/images/generations",
    "/images/edits",
    "/images/variations",
    "/audio/speech",
    "/audio/transcriptions",
    "/audio/translations",
    "/rerank",
    "/reranking",
    "/score",
    "/classify",
    "/pooling",
    "/tokenize",
    "/detokenize",
    "/token/encode",
    "/token/decode",
    "/internal/encode",
    "/internal/decode",
    "/internal/token-count",
    "/internal/logits",
    "/apply-template",
    "/infill",
    "/fim/completions",
    "/ocr",
    "/edits",
    "/complete",
    "/chat/completions/render",
    "/completions/render",
];
/// Listings of what the operator installed.
const LISTS: [&str; 5] = ["/models", "/audio/models", "/audio/voices", "/embeddings/models", "/v1beta/models"];
/// Conversations, whose other methods touch nothing either way: a browser asks for them before it posts.
const CONVERSATIONS: [&str; 5] = ["/chat/completions", "/completions", "/responses", "/messages", "/messages/count_tokens"];
/// Google's calls, `/v1beta/models/{model}:{call}` (Gemini API reference).
const GOOGLE: [&str; 5] = ["generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"];
const LONGEST_ID: usize = 256;

impl<'a> Route<'a> {
    /// What the request may touch at its upstream. Methods count: reading a list is not changing it.
    #[must_use]
    pub fn reach(&self, method: &str) -> Reach<'a> {
        match self.kind {
            RouteKind::Conversation(_) | RouteKind::Models => Reach::Own,
            // Ollama's paths are a list of what leaves nothing already.
            RouteKind::Other if self.api == Api::Ollama => Reach::Own,
            RouteKind::Other => reach_below(method, self.path),
            RouteKind::Own | RouteKind::History | RouteKind::Unknown => Reach::Shared,
        }
    }
}

fn reach_below<'a>(method: &str, path: &'a str) -> Reach<'a> {
    let calls = CALLS.contains(&path) || is_google_call(path);
    let lists = LISTS.contains(&path) || ["/models/", "/v1beta/models/"].iter().any(|below| path.starts_with(below));
    let own = match method {
        "POST" => calls,
        "GET" | "HEAD" => lists,
        "OPTIONS" => calls || lists || CONVERSATIONS.contains(&path),
        _ => false,
    };
    if own {
        return Reach::Own;
    }
    let Some(below) = path.strip_prefix("/responses/") else { return Reach::Shared };
    if matches!((method, below), ("POST", "input_tokens" | "compact")) {
        return Reach::Named;
    }
    let (id, rest) = below.split_once('/').unwrap_or((below, ""));
    let known = matches!((method, rest), ("GET" | "HEAD" | "DELETE", "") | ("GET" | "HEAD", "input_items") | ("POST", "cancel"));
    if known && is_id(id) { Reach::Response(id) } else { Reach::Shared }
}

fn is_google_call(path: &str) -> bool {
    model_in_path(path).is_some()
}

/// Where a path names the model of a call, as Google's do: `/v1beta/models/{model}:{call}`.
#[must_use]
pub fn model_in_path(path: &str) -> Option<Range<usize>> {
    let below = ["/v1beta/models/", "/models/"].into_iter().find(|below| path.starts_with(below))?;
    let (model, call) = path[below.len()..].split_once(':')?;
    (is_model(model) && GOOGLE.contains(&call)).then(|| below.len()..below.len() + model.len())
}

/// The path with another name of the model. None where it names none.
#[must_use]
pub fn with_model_in_path(path: &str, name: &str) -> Option<String> {
    let at = model_in_path(path)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let coded = name.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") });
    let mut changed = path.to_owned();
    changed.replace_range(at, &coded.collect::<String>());
    Some(changed)
}

fn is_model(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::route;

    fn reach<'a>(method: &str, path: &'a str) -> Reach<'a> {
        route(method, path, false).reach(method)
    }

    #[test]
    fn what_ends_with_its_answer_passes() {
        for path in CALLS.iter().chain(&CONVERSATIONS) {
            assert_eq!(reach("POST", &format!("/v1{path}")), Reach::Own, "{path}");
            assert_eq!(reach("OPTIONS", &format!("/openai/v1{path}/")), Reach::Own, "{path}");
        }
        for path in LISTS {
            assert_eq!(reach("GET", &format!("/v1{path}")), Reach::Own, "{path}");
            assert_eq!(reach("HEAD", &format!("/v1{path}?x=1")), Reach::Own, "{path}");
        }
        for (method, path) in [
            ("GET", "/v1/models/org/model"),
            ("GET", "/v1/models/org%2Fmodel"),
            ("POST", "/v1/v1beta/models/gemini-2.5-pro:generateContent?key=x"),
            ("POST", "/v1/models/gemini-2.5-pro:streamGenerateContent"),
            ("POST", "/api/chat"),
            ("POST", "/api/show"),
            ("GET", "/ollama/api/tags"),
        ] {
            assert_eq!(reach(method, path), Reach::Own, "{method} {path}");
        }
    }

    #[test]
    fn everything_else_is_shared() {
        for path in [
            "files",
            "files/file-1/content",
            "uploads",
            "uploads/u/parts",
            "batches",
            "messages/batches",
            "messages/batches/b/results",
            "vector_stores",
            "vector_stores/vs/search",
            "assistants",
            "threads",
            "threads/t/messages",
            "threads/runs",
            "conversations",
            "conversations/conv_1/items",
            "containers",
            "containers/c/files/f/content",
            "evals",
            "fine_tuning/jobs",
            "videos",
            "videos/v/content",
            "realtime",
            "realtime/sessions",
            "realtime/client_secrets",
            "chat/completions/chatcmpl-1",
            "chat/completions/chatcmpl-1/messages",
            "organization/users",
            "organizations/workspaces",
            "skills",
            "agents",
            "webhook_endpoints",
            "audio/voice_consents",
            "generation",
            "generations",
            "key",
            "keys",
            "credits",
            "cachedContents",
            "v1beta/cachedContents",
            "v1beta/files",
            "load_lora_adapter",
            "internal/model/load",
            "model/load",
            "mcp",
            "anything",
            "responses/resp_1/other",
            "responses/resp_1/input_items/x",
            "responses//cancel",
            "responses/a%2fb",
            "responses/.",
            "embeddings/x",
            "%65mbeddings",
            "v1beta/models/a/../../files:generateContent/..",
            "v1beta/models/a:batchGenerateContent",
            "v1beta/tunedModels/a:generateContent",
        ] {
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
                // To read about models is no harm.
                let reads = matches!(method, "GET" | "HEAD" | "OPTIONS") && path.starts_with("v1beta/models/");
                let expected = if reads { Reach::Own } else { Reach::Shared };
                assert_eq!(reach(method, &format!("/v1/{path}")), expected, "{method} {path}");
            }
        }
    }

    #[test]
    fn googles_paths_name_their_model() {
        for (path, model) in [
            ("/models/gemini-2.5-pro:generateContent", Some("gemini-2.5-pro")),
            ("/v1beta/models/gemini-2.5-pro:countTokens", Some("gemini-2.5-pro")),
            ("/models/gemini-2.5-pro", None),
            ("/models/a:delete", None),
            ("/chat/completions", None),
        ] {
            assert_eq!(model_in_path(path).map(|at| &path[at]), model, "{path}");
        }
    }

    #[test]
    fn the_method_counts() {
        for (method, path) in [
            ("DELETE", "/v1/models/m"),
            ("POST", "/v1/models/m"),
            ("PATCH", "/v1/models/m"),
            ("POST", "/v1/models"),
            ("GET", "/v1/chat/completions"),
            ("GET", "/v1/responses"),
            ("GET", "/v1/embeddings"),
            ("post", "/v1/embeddings"),
            ("PUT", "/v1/responses/resp_1"),
            ("POST", "/v1/responses/resp_1"),
            ("GET", "/v1/responses/resp_1/cancel"),
            ("POST", "/v1/responses/resp_1/input_items"),
            ("POST", "/v1/audio/voices"),
        ] {
            assert_eq!(reach(method, path), Reach::Shared, "{method} {path}");
        }
        for (method, path) in [
            ("GET", "/v1/responses/resp_1"),
            ("GET", "/v1/responses/resp_1?stream=true"),
            ("DELETE", "/openai/v1/responses/resp_1/"),
            ("GET", "/v1/responses/resp_1/input_items?limit=2"),
            ("POST", "/v1/responses/resp_1/cancel"),
        ] {
            assert_eq!(reach(method, path), Reach::Response("resp_1"), "{method} {path}");
        }
        assert_eq!(reach("POST", "/v1/responses/input_tokens"), Reach::Named);
        assert_eq!(reach("POST", "/v1/responses/compact"), Reach::Named);
        // Nobody's answer has such an id; asked for, it is not found.
        assert_eq!(reach("GET", "/v1/responses/compact"), Reach::Response("compact"));
    }
}
