//! Requests recorded from real clients.

use serde_json::value::RawValue;

use super::*;

#[derive(serde::Deserialize)]
pub(crate) struct Capture {
    pub kind: String,
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    body: Box<RawValue>,
    #[serde(skip)]
    pub file: String,
}

impl Capture {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn chat(&self) -> Conversation {
        parse_text(self.body.get()).unwrap()
    }
}

/// Every recorded chat completion.
pub(crate) fn captures() -> Vec<Capture> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/captures");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        Capture { file, ..serde_json::from_str(&text).unwrap() }
    };
    let captures: Vec<_> = files.into_iter().map(read).filter(|capture| capture.path.contains("/chat/completions")).collect();
    assert!(captures.len() > 70, "only {} captures", captures.len());
    captures
}

#[test]
fn recorded_chats_pass_unchanged_and_take_edits() {
    for capture in captures().iter().filter(|capture| capture.method == "POST") {
        let chat = capture.chat();
        assert_eq!(chat.rewrite(&Edits::default()), chat.body(), "{}", capture.file);
        assert!(chat.model().is_some_and(|model| model.starts_with("mock-")), "{}", capture.file);
        let edits = Edits {
            system: Some("SYSTEM-BLOCK".into()),
            prefixes: chat.last_user().map(|turn| (turn, "TURN-BLOCK".to_owned())).into_iter().collect(),
            ..Edits::default()
        };
        let after = Dialect::ChatCompletions.parse(chat.rewrite(&edits)).unwrap();
        let system = after.last_leading_system().unwrap();
        assert!(after.text(system).ends_with("SYSTEM-BLOCK"), "{}", capture.file);
        if let Some(turn) = after.last_user() {
            assert!(after.text(turn).starts_with("TURN-BLOCK\n\n"), "{}", capture.file);
        }
    }
}

#[test]
fn recorded_chats_are_routed_as_chats() {
    for capture in captures() {
        let route = crate::dialect::route(&capture.method, &capture.path, false);
        let chat = route.kind == crate::dialect::RouteKind::Conversation(Dialect::ChatCompletions);
        assert_eq!(chat, capture.method == "POST", "{}", capture.file);
        assert!(!route.suspicious);
    }
}
