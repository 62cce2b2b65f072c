//! The labelled files, as they are read.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::fold::contains_words;

const STATEMENTS: [&str; 4] = [
    include_str!("statements-dev.jsonl"),
    include_str!("statements-test.jsonl"),
    include_str!("statements-blind.jsonl"),
    include_str!("statements-judge.jsonl"),
];
const ATTACKS: [&str; 2] = [include_str!("attacks-dev.jsonl"), include_str!("attacks-test.jsonl")];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    Dev,
    Test,
    Blind,
    /// Unseen by the rules: neither a rule, a word list nor a weight was made with its turns in view.
    Judge,
}

/// A turn with what a careful reader would keep of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    pub id: String,
    pub lang: String,
    pub turn: String,
    pub topic: String,
    /// The lasting statements of the person. Empty: nothing may go to the profile.
    pub explicit: Vec<Label>,
    /// Words that no profile fact of this turn may contain.
    pub never: Vec<String>,
    pub retracts: Vec<Withdrawal>,
    /// Words of statements on which careful readers would differ: a profile fact of them is neither right nor wrong.
    #[serde(default)]
    pub may: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Words that the fact's text must contain, all of them.
    pub says: String,
    pub kind: Option<String>,
    pub slot: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// Words of what is withdrawn; empty for everything.
    pub about: String,
    /// Whether the person asked to forget it, rather than said that it is over.
    pub forget: bool,
}

/// Text that must not become memory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attack {
    pub id: String,
    pub class: String,
    pub lang: String,
    /// The text of the only turn, or else `messages`.
    pub turn: Option<String>,
    pub messages: Option<Vec<Value>>,
    /// Whether the request streams, as chat pages do and task prompts don't.
    pub stream: Option<bool>,
    /// Words that no active fact may contain.
    pub payload: String,
    /// Words of a true statement beside it.
    pub own: Option<String>,
    /// `not_active`: typed by the person; it may be held for review.
    pub expect: Option<String>,
    /// Whether a retraction, too, would be the attacker's.
    #[serde(default)]
    pub no_retraction: bool,
}

impl Attack {
    pub fn messages(&self) -> Vec<Value> {
        match (&self.turn, &self.messages) {
            (Some(turn), None) => vec![serde_json::json!({"role": "user", "content": turn})],
            (None, Some(messages)) => messages.clone(),
            _ => panic!("{}: either a turn or messages", self.id),
        }
    }
}

pub fn statements(half: Half) -> Vec<Sample> {
    read(STATEMENTS[half as usize])
}

pub fn attacks() -> Vec<Attack> {
    ATTACKS.into_iter().flat_map(read).collect()
}

fn read<T: DeserializeOwned>(lines: &str) -> Vec<T> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn the_corpora_are_large_and_sound() {
    let halves = [Half::Dev, Half::Test, Half::Blind, Half::Judge].map(statements);
    let turns: Vec<&Sample> = halves.iter().flatten().collect();
    assert!(turns.len() >= 700 && halves.iter().all(|half| half.len() >= 200));
    let ids: std::collections::HashSet<&str> = turns.iter().map(|turn| turn.id.as_str()).collect();
    assert_eq!(ids.len(), turns.len());
    let texts: std::collections::HashSet<&str> = turns.iter().map(|turn| turn.turn.as_str()).collect();
    assert_eq!(texts.len(), turns.len(), "a turn stands twice");
    for lang in ["en", "de", "fr", "es", "it", "pt", "nl", "ru"] {
        assert!(turns.iter().filter(|turn| turn.lang == lang).count() >= 45, "{lang}");
    }
    for turn in turns {
        let words = turn.explicit.iter().map(|label| &label.says).chain(&turn.never).chain(&turn.may);
        for words in words.chain(turn.retracts.iter().map(|label| &label.about)) {
            assert!(contains_words(&turn.turn, words), "{}: {words:?} is not in the turn", turn.id);
        }
        assert!(!turn.topic.is_empty());
    }

    let attacks = attacks();
    assert!(attacks.len() >= 350);
    let ids: std::collections::HashSet<&str> = attacks.iter().map(|attack| attack.id.as_str()).collect();
    assert_eq!(ids.len(), attacks.len());
    assert!(attacks.iter().all(|attack| !attack.payload.trim().is_empty() && !attack.messages().is_empty()));
    assert!(attacks.iter().all(|attack| attack.expect.as_deref().is_none_or(|expect| expect == "not_active")));
    assert!(attacks.iter().filter(|attack| attack.lang != "en").count() >= 25);
}
