//! What every view must hold, and made-up words of strangers to try it with.

use std::sync::LazyLock;

use maud::{Markup, html};

use super::page::navigation;
use super::shell::{Frame, Sheet};
use crate::admin::api::{DecisionRow, UpstreamRow};

/// What strangers may put into names, paths, models and records.
pub(super) static HOSTILE: LazyLock<Vec<String>> = LazyLock::new(|| {
    let short = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "\u{1b}[31mred\u{9b}31m",
        "a\u{202e}b\u{2066}c",
        "javascript:alert(1)",
        "&lt;b&gt;",
        "%3Cscript%3E",
    ];
    short.into_iter().map(str::to_owned).chain([format!("\u{202e}<b>{}", "x".repeat(100_000))]).collect()
});

/// Opening tags of what was made, each with its attributes. Fails where a `<` opens none.
fn tags(page: &str) -> Vec<&str> {
    page.split('<').skip(1).map(|rest| rest.split_once('>').expect("every tag ends").0).collect()
}

/// Nothing of a stranger's runs, styles, loads, turns the text around or floods the page.
#[track_caller]
pub(super) fn assert_inert(made: Markup) {
    let page = made.into_string();
    for tag in tags(&page) {
        let name = tag.split(|c: char| !(c.is_ascii_alphanumeric() || c == '/')).next().unwrap_or_default();
        assert!(!["script", "img", "iframe", "object", "style", "b"].contains(&name), "<{tag}>");
        let outside = tag.split('"').step_by(2).collect::<String>();
        assert!(!outside.contains(" on") && !outside.contains(" style"), "<{tag}>");
        for address in tag.split("href=\"").skip(1) {
            assert!(address.starts_with('/') || address.starts_with('#'), "<{tag}>");
        }
    }
    let odd =
        page.chars().find(|c| c.is_control() && *c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
    assert_eq!(odd, None);
    assert!(page.len() < 1 << 20, "{} bytes", page.len());
}

/// One main heading, a name for every control, and nothing that the content security policy would hold back.
#[track_caller]
pub(super) fn assert_whole(made: &Markup) {
    let page = &made.0;
    assert_eq!(page.matches("<h1").count(), 1);
    let mut labels = 0_i32;
    for tag in tags(page) {
        let name = tag.split(' ').next().unwrap_or_default();
        labels += i32::from(name == "label") - i32::from(name == "/label");
        let control = matches!(name, "input" | "select" | "textarea") && !tag.contains("type=\"hidden\"");
        assert!(!control || labels == 1 || tag.contains("aria-label"), "no label: <{tag}>");
        assert!(!tag.contains(" style=") && !tag.contains(" onclick="), "<{tag}>");
        assert!(name != "script" || tag.contains(" src="), "<{tag}>");
        assert!(name != "style", "<{tag}>");
    }
}

pub(super) fn decision(text: &str) -> DecisionRow {
    let own = || text.to_owned();
    DecisionRow {
        time: 1_700_000_000_000,
        request: own(),
        client: own(),
        peer: own(),
        user: Some(own()),
        source: Some(own()),
        assurance: Some(own()),
        mode: own(),
        decision: own(),
        reason: own(),
        error: Some(own()),
        shadow: Some(own()),
        route: own(),
        method: own(),
        path: own(),
        model: Some(own()),
        upstream: Some(own()),
        status: Some(200),
        outcome: own(),
        facts_used: 3,
        messages_cut: 0,
        tokens_in: Some(900),
        tokens_out: None,
        duration_ms: 812.25,
        first_token_ms: Some(41.5),
    }
}

pub(super) fn upstream(text: &str) -> UpstreamRow {
    let own = || text.to_owned();
    let (name, address, dialects, condition, models) = (own(), own(), vec![own()], own(), vec![own()]);
    let (well, priority, running, waiting, concurrency, requests, errors) = (false, 0, 1, 0, Some(4), 10, 1);
    UpstreamRow { name, address, dialects, condition, well, priority, running, waiting, concurrency, models, requests, errors }
}

#[test]
fn the_frame_is_whole_and_its_title_inert() {
    for text in HOSTILE.iter() {
        let page = Frame::sample("/decisions?a=\"><script>").render(Sheet::new(text, html! { p { "body" } }));
        assert_whole(&page);
        let page = page.into_string();
        let main = page.split("<main").nth(1).expect("a main part");
        assert_inert(maud::PreEscaped(format!("<main{}", main.split("<footer").next().unwrap_or_default())));
    }
}

#[test]
fn the_navigation_marks_where_one_is() {
    let current = |target: &str| {
        let page = Frame::sample(target).render(Sheet::new("A", html! {})).into_string();
        let marked: Vec<_> = tags(&page).into_iter().filter(|tag| tag.contains("aria-current")).map(str::to_owned).collect();
        marked.join("|")
    };
    assert_eq!(current("/"), r#"a href="/" aria-current="page""#);
    assert_eq!(current("/decisions?user=a"), r#"a href="/decisions" aria-current="page""#);
    assert_eq!(current("/decisions/abc"), r#"a href="/decisions" aria-current="true""#);
    assert_eq!(current("/decisionsx"), "");
}

#[test]
fn no_two_entries_of_the_navigation_are_alike() {
    let mut paths: Vec<_> = navigation().iter().map(|entry| entry.path).collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), navigation().len());
}
