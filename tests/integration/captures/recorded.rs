//! The recorded requests, and what each of them is worth and is for: read off the recordings here, not by the product.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;

use crate::harness::gate::{JWT_SECRET, OPEN_WEBUI_KEY};
use crate::harness::request::Request;
use crate::harness::sign::{jwt, now};

/// One recorded request.
#[derive(Debug, Deserialize)]
pub struct Capture {
    pub client: String,
    pub kind: String,
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Value,
    #[serde(skip)]
    pub file: String,
}

/// What becomes of a recorded request that is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A conversation, with its purpose.
    Conversation(&'static str),
    /// Forwarded without memory, under this route in the record.
    Passes(&'static str),
    /// Answered by memgate itself.
    Preflight,
    /// Nothing that memgate forwards.
    Nothing,
}

/// What the recording says that each kind is. A chat may also be told by its id, see [`Capture::class`].
const CLASSES: [(&str, Class); 30] = [
    ("chat", Class::Conversation("turn")),
    ("chat-with-rag-context", Class::Conversation("turn")),
    ("responses", Class::Conversation("turn")),
    ("messages", Class::Conversation("turn")),
    ("messages/count_tokens", Class::Conversation("continuation")),
    ("ollama:/api/chat", Class::Conversation("turn")),
    ("ollama:/api/generate", Class::Conversation("turn")),
    // SillyTavern writes the whole chat into the prompt.
    ("completions", Class::Conversation("continuation")),
    ("st:impersonate", Class::Conversation("continuation")),
    ("st:quiet-prompt", Class::Conversation("continuation")),
    ("task:title_generation", Class::Conversation("task")),
    ("task:tags_generation", Class::Conversation("task")),
    ("task:follow_up_generation", Class::Conversation("task")),
    ("task:emoji_generation", Class::Conversation("task")),
    ("task:query_generation", Class::Conversation("task")),
    ("task:image_prompt_generation", Class::Conversation("task")),
    ("task:autocomplete_generation", Class::Conversation("task")),
    ("task:moa_response_generation", Class::Conversation("task")),
    ("models-list", Class::Passes("models")),
    ("ollama:/api/tags", Class::Passes("models")),
    ("ollama:/api/ps", Class::Passes("models")),
    ("ollama:/api/version", Class::Passes("models")),
    ("embeddings", Class::Passes("embeddings")),
    ("ollama:/api/embed", Class::Passes("embeddings")),
    ("cors-preflight", Class::Preflight),
    // llama.cpp's own.
    ("completion", Class::Nothing),
    ("audio/transcriptions", Class::Passes("other")),
    ("audio/speech", Class::Passes("other")),
    ("images/generations", Class::Passes("other")),
    // Google's.
    ("v1beta/models/mock-model:generateContent", Class::Passes("other")),
];
/// Every recorded request, in order.
pub fn captures() -> Vec<Capture> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures");
    let mut paths: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    paths.sort();
    let read = |path: &PathBuf| {
        let capture: Capture = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        Capture { file: path.file_name().unwrap().to_string_lossy().into_owned(), ..capture }
    };
    paths.iter().map(read).collect()
}

impl Capture {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn count(&self, name: &str) -> usize {
        self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).count()
    }

    /// The path without its query.
    pub fn plain_path(&self) -> &str {
        self.path.split('?').next().unwrap()
    }

    /// Whether a page in a browser sent it, rather than a server.
    pub fn is_of_page(&self) -> bool {
        self.header("origin").is_some()
    }

    /// Whether it speaks another dialect of conversations than chat completions.
    pub fn is_other_dialect(&self) -> bool {
        matches!(self.class(), Class::Conversation(_)) && !self.path.ends_with("/chat/completions")
    }

    /// Whether it is what a server sends that speaks chat completions.
    pub fn is_plain(&self) -> bool {
        !self.is_of_page() && !self.is_other_dialect()
    }

    pub fn class(&self) -> Class {
        let chat_id = self.header("X-OpenWebUI-Chat-Id").unwrap_or_default();
        let (_, class) = CLASSES.iter().find(|(kind, _)| *kind == self.kind).unwrap_or_else(|| panic!("{}", self.file));
        let temporary = chat_id.starts_with("temporary:") || chat_id.starts_with("local:");
        let silly_tavern = self.client == "sillytavern";
        match class {
            Class::Conversation("turn") if temporary => Class::Conversation("temporary"),
            // `/trigger` lets the character speak again, behind a narrator's line.
            Class::Conversation("turn") if self.file.contains("page-trigger") => Class::Conversation("continuation"),
            // SillyTavern writes the model's template itself (`raw`).
            Class::Conversation("turn") if silly_tavern && self.kind == "ollama:/api/generate" => {
                Class::Conversation("continuation")
            }
            class => *class,
        }
    }

    /// The recorded bytes; JSON is written anew, since the recording kept its value only.
    pub fn body(&self) -> Vec<u8> {
        match &self.body {
            Value::Null => Vec::new(),
            Value::String(text) => STANDARD.decode(text).unwrap_or_else(|_| text.clone().into_bytes()),
            Value::Object(object) if object.contains_key("base64") => {
                STANDARD.decode(object["base64"].as_str().unwrap()).unwrap()
            }
            value => value.to_string().into_bytes(),
        }
    }

    /// The request as it was sent, but framed anew, and with a fresh token of the same person where there was one.
    pub fn request(&self) -> Request {
        let mut request = Request::new(&self.method, &self.path);
        request.body = self.body();
        let framing = ["host", "content-length", "transfer-encoding", "connection", "expect"];
        for (name, value) in self.headers.iter().filter(|(name, _)| !framing.contains(&name.to_lowercase().as_str())) {
            let fresh = name.eq_ignore_ascii_case("x-openwebui-user-jwt").then(|| renewed(value));
            let latin: Vec<u8> =
                value.chars().flat_map(|c| u8::try_from(c).map_or_else(|_| c.to_string().into_bytes(), |b| vec![b])).collect();
            request = request.header(name, fresh.map_or(latin, String::into_bytes));
        }
        request
    }
}

/// The same claims, issued now.
fn renewed(token: &str) -> String {
    let payload = token.split('.').nth(1).unwrap();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    claims["iat"] = now().into();
    claims["exp"] = (now() + 300).into();
    jwt(JWT_SECRET.1, &claims)
}

/// What a recorded request proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    Verified,
    Vouched,
    Asserted,
    ClientAlone,
    Nothing,
    Invalid,
}

/// `signed`: the client is configured for Open WebUI's token.
pub fn worth(capture: &Capture, signed: bool) -> Worth {
    let odd = |name: &str| !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if capture.count("authorization") > 1 || capture.headers.iter().any(|(name, _)| odd(name)) {
        return Worth::Invalid;
    }
    let by_client = capture.header("authorization").is_some_and(|value| value == format!("Bearer {}", OPEN_WEBUI_KEY.1));
    let named = capture.header("x-openwebui-user-id").is_some();
    match (by_client, signed) {
        (true, true) if capture.header("x-openwebui-user-jwt").is_some() => Worth::Verified,
        (true, true) if named => Worth::Invalid,
        (true, _) if !named => Worth::ClientAlone,
        (true, _) => Worth::Vouched,
        (false, _) if named => Worth::Asserted,
        (false, _) => Worth::Nothing,
    }
}

/// What the trust mode makes of it, for somebody who is not known yet.
pub fn decision(worth: Worth, mode: &str, listing: bool) -> &'static str {
    match (worth, mode) {
        (Worth::ClientAlone, _) | (Worth::Nothing, "quarantine" | "legacy") if listing => "bypass",
        (Worth::Invalid, "legacy") => "bypass",
        (Worth::Verified, _) | (_, "legacy") | (Worth::Vouched, "required" | "quarantine") | (Worth::Asserted, "required") => {
            "admit"
        }
        (_, "quarantine") => "sandbox",
        _ => "refuse",
    }
}
