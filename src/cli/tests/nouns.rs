//! Every noun against a real control socket: tables, JSON, errors, and names that mean harm.

use std::fmt::Write as _;

use super::*;
use crate::telemetry::inert;

/// What acts on a terminal, and what only looks as if.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;x\u{7}<script>\u{202e}gpj\u{200b}\u{9b}31m";

fn run(dir: &Path, words: &[&str]) -> (Result<(), Failure>, String) {
    let config = dir.join("proxy.yaml").display().to_string();
    let words = ["memgate"].iter().chain(words).copied().chain(["-c", &config]);
    let mut out = Vec::new();
    let cli = Cli::try_parse_from(words).unwrap();
    let ended = execute(cli.command, |_| Err(Failure::Other("ran".to_owned())), &mut out);
    (ended, String::from_utf8(out).unwrap())
}

/// What a command printed, when it must end well.
fn shown(dir: &Path, words: &[&str]) -> String {
    let (ended, out) = run(dir, words);
    ended.unwrap_or_else(|failure| panic!("{words:?}: {failure}"));
    out
}

/// Ids and times by what they are.
fn steady(text: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let id = bare.len() >= 32 && bare.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        let time = bare.len() == 20 && bare.ends_with('Z') && bare.contains('T');
        let hint = word.starts_with('…');
        if word.starts_with("mgk_") {
            "KEY".to_owned()
        } else if id {
            "ID".to_owned()
        } else if time {
            "TIME".to_owned()
        } else if hint {
            "…HINT".to_owned()
        } else {
            word.to_owned()
        }
    };
    text.lines().map(|line| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn nouns_are_tables() {
    let dir = directory(CONFIG);
    let _serving = serve(dir.path().to_owned());
    let mut told = String::new();
    let mut tell = |words: &[&str]| {
        let out = shown(dir.path(), words);
        assert!(out.lines().all(|line| inert(line) == line), "{out}");
        let _ = write!(told, "$ {}\n{}\n\n", words.join(" "), steady(&out));
    };
    tell(&["keys", "add", "alice", "--label", "laptop"]);
    tell(&["keys", "list"]);
    tell(&["facts", "add", "alice", "My boat is called Nora", "--kind", "profile", "--reason", "she asked"]);
    tell(&["facts", "list", "alice", "--reason", "she asked"]);
    tell(&["users", "list"]);
    tell(&["users", "show", "alice"]);
    tell(&["users", "visits", "alice"]);
    tell(&["users", "trust", "lower", "alice"]);
    tell(&["sandbox", "list"]);
    tell(&["sessions"]);
    tell(&["decisions"]);
    tell(&["whatif", "strict"]);
    tell(&["shadow"]);
    tell(&["budget", "list"]);
    tell(&["budget", "users"]);
    tell(&["clients"]);
    tell(&["users", "erase", "alice", "--reason", "she asked", "--yes"]);
    tell(&["users", "list", "--all"]);
    insta::assert_snapshot!(told);
}

#[test]
fn json_is_what_the_api_says() {
    let dir = directory(CONFIG);
    let _serving = serve(dir.path().to_owned());
    shown(dir.path(), &["keys", "add", "alice"]);
    let added = shown(dir.path(), &["facts", "add", "alice", "My boat is called Nora", "--reason", "r", "--json"]);
    let fact: crate::admin::api::FactView = serde_json::from_str(&added).unwrap();
    let listed = shown(dir.path(), &["facts", "list", "alice", "--reason", "r", "--json"]);
    let page: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(page["items"][0], serde_json::to_value(&fact).unwrap());
    let id = fact.id.to_string();
    for (act, field, value) in
        [("pin", "pinned", serde_json::json!(true)), ("unpin", "pinned", false.into()), ("forget", "status", "forgotten".into())]
    {
        let changed = shown(dir.path(), &["facts", act, "alice", &id, "--reason", "r", "--json"]);
        let changed: serde_json::Value = serde_json::from_str(&changed).unwrap();
        assert_eq!(changed[field], value, "{act}");
    }
    shown(dir.path(), &["facts", "delete", "alice", &id, "--reason", "r", "--yes"]);
    for words in [vec!["overview"], vec!["upstreams"], vec!["decisions"], vec!["status"]] {
        let out = shown(dir.path(), &[words.as_slice(), &["--json"]].concat());
        serde_json::from_str::<serde_json::Value>(&out).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    }
}

#[test]
fn hostile_text_does_nothing() {
    let dir = directory(CONFIG);
    let _serving = serve(dir.path().to_owned());
    shown(dir.path(), &["keys", "add", "alice"]);
    let text = format!("Call me {HOSTILE}");
    // What the API does not take is told inert as well.
    let (ended, _) = run(dir.path(), &["facts", "add", "alice", &text, "--reason", "r"]);
    if let Err(failure) = ended {
        assert_eq!(inert(&failure.to_string()), failure.to_string());
    }
    let plain = "Call me <script>\u{202e}gpj";
    shown(dir.path(), &["facts", "add", "alice", plain, "--reason", "r"]);
    let table = shown(dir.path(), &["facts", "list", "alice", "--reason", "r"]);
    assert!(table.contains("Call me <script>") && table.lines().all(|line| inert(line) == line), "{table}");
    let json = shown(dir.path(), &["facts", "list", "alice", "--reason", "r", "--json"]);
    assert!(json.lines().all(|line| inert(line) == line), "{json}");
    let (ended, _) = run(dir.path(), &["explain", HOSTILE]);
    let failure = ended.unwrap_err().to_string();
    assert_eq!(inert(&failure), failure);
}

#[test]
fn what_goes_wrong_is_told_with_its_status() {
    let dir = directory(CONFIG);
    let _serving = serve(dir.path().to_owned());
    let two = format!("{:?}", ExitCode::from(2));
    for (words, usage, reason) in [
        (vec!["users", "erase", "alice", "--reason", "r"], true, "say --yes"),
        (vec!["users", "show", "alice", "--url", "nowhere"], true, "is no URL"),
        (vec!["users", "show", "alice", "--url", "http://127.0.0.1:1"], false, "no memgate answers at http://127.0.0.1:1/"),
        (vec!["users", "show", "nobody"], false, ""),
        (vec!["explain", "00000000000000000000000000000000"], false, ""),
        (vec!["sandbox", "show", "../users"], false, ""),
        (vec!["facts", "list", "alice", "--reason", " "], false, "say why"),
        (vec!["budget", "reset", "none", "alice", "--yes"], false, ""),
    ] {
        let (ended, out) = run(dir.path(), &words);
        let failure = ended.expect_err(&words.join(" "));
        assert!(failure.to_string().contains(reason), "{words:?}: {failure}");
        assert_eq!((format!("{:?}", failure.exit_code()) == two, out), (usage, String::new()), "{words:?}: {failure}");
    }
    for words in
        [vec!["facts", "list", "alice"], vec!["users", "list", "--limit", "0"], vec!["users", "list", "--all", "--limit", "5"]]
    {
        assert!(Cli::try_parse_from(["memgate"].iter().chain(&words)).is_err(), "{words:?}");
    }
}

#[test]
fn shells_and_manuals_know_the_commands() {
    let dir = directory(CONFIG);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (_, script) = run_in(dir.path(), &format!("completions {shell}"));
        assert!(script.contains("doctor") && script.contains("undo-merge"), "{shell}");
    }
    assert!(run_in(dir.path(), "man").1.contains("memgate"));
    let pages = dir.path().join("man1");
    run_in(dir.path(), &format!("man --dir {}", pages.display())).0.unwrap();
    assert!(pages.join("memgate-users-erase.1").is_file());
}
