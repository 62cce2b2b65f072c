//! The pages that people read: their examples load, their links lead somewhere, and what they list is all that there is.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use memgate::policy::REASONS;
use memgate::telemetry::Metrics;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The README and every page below `docs/`, by path from the root.
fn pages() -> Vec<PathBuf> {
    let mut found = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(PathBuf::from).to_vec();
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap().map(Result::unwrap) {
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "md") {
                found.push(path);
            }
        }
    }
    found
}

/// The fenced blocks of a language, each with the line on which it starts.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, bool, String)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        match (&mut open, line.trim().strip_prefix("```")) {
            (None, Some(info)) => open = Some((number, info == language, String::new())),
            (Some(_), Some(_)) => found.extend(open.take().filter(|(_, wanted, _)| *wanted).map(|(at, _, text)| (at, text))),
            (Some((_, _, text)), None) => text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    found
}

/// Names of environment variables in `{env: NAME}`.
fn variables(yaml: &str) -> BTreeSet<&str> {
    yaml.split("{env: ").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// What `memgate check` says of a configuration whose secrets are all there.
fn check(yaml: &str) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("proxy.yaml");
    let upstreams = if yaml.contains("upstreams:") { "" } else { "\nupstreams: [{name: demo, builtin: demo}]\n" };
    fs::write(&config, format!("{yaml}{upstreams}")).unwrap();
    let secrets = variables(yaml).into_iter().map(|name| (name, format!("{name}-0123456789abcdef")));
    let output =
        Command::new(env!("CARGO_BIN_EXE_memgate")).arg("check").arg("--config").arg(&config).envs(secrets).output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn every_example_of_a_configuration_loads() {
    let mut checked = 0;
    for page in pages() {
        for (line, yaml) in blocks(&fs::read_to_string(root().join(&page)).unwrap(), "yaml") {
            // What is switched off must be right, too.
            for text in [yaml.clone(), yaml.replace("# - {", "- {")] {
                check(&text).unwrap_or_else(|faults| panic!("{}:{line}: {faults}", page.display()));
            }
            checked += 1;
        }
    }
    assert!(checked > 5, "{checked}");
    assert!(check("trust: {mode: stict}").is_err());
}

#[test]
fn every_shipped_configuration_loads() {
    let mut found = vec![root().join("proxy.yaml")];
    let mut folders = vec![root().join("deploy")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name == "proxy.yaml") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 2, "{found:?}");
    for path in found {
        check(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|faults| panic!("{}: {faults}", path.display()));
    }
}

/// The leaves of the schema as paths, such as `clients[].name`.
fn settings(schema: &Value, node: &Value, path: &str, found: &mut BTreeSet<String>) {
    let node = match node["$ref"].as_str() {
        Some(reference) => schema.pointer(reference.trim_start_matches('#')).unwrap(),
        None => node,
    };
    let any = node["anyOf"].as_array().into_iter().flatten().find(|one| one["type"] != "null");
    match (any, node["properties"].as_object(), node.get("items")) {
        (Some(one), ..) => settings(schema, one, path, found),
        (None, Some(properties), _) => {
            for (name, property) in properties {
                let separator = if path.is_empty() { "" } else { "." };
                settings(schema, property, &format!("{path}{separator}{name}"), found);
            }
        }
        // A list of mappings is described by its members, any other by its own line.
        (None, None, Some(items)) => {
            let mut members = BTreeSet::new();
            settings(schema, items, &format!("{path}[]"), &mut members);
            let own = format!("{path}[]");
            found.extend(if members.contains(&own) { [path.to_owned()].into() } else { members });
        }
        _ => drop(found.insert(path.to_owned())),
    }
}

#[test]
fn every_setting_is_described_and_nothing_else() {
    let schema: Value = serde_json::from_str(&read("schema/proxy.json")).unwrap();
    let mut known = BTreeSet::new();
    settings(&schema, &schema, "", &mut known);
    let page = read("docs/CONFIGURATION.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let tables = rows.map(|(path, _)| path.to_owned());
    let described: BTreeSet<_> = tables.filter(|path| path.contains('.') || known.contains(path)).collect();
    let lists: BTreeSet<_> = ["trust.signing_keys".to_owned(), "upstreams[].models".to_owned()].into();
    let missing: Vec<_> = known.difference(&described).collect();
    let unknown: Vec<_> = described.difference(&known).filter(|path| !lists.contains(*path)).collect();
    assert_eq!((missing, unknown), (vec![], vec![]));
}

#[test]
fn every_metric_and_every_reason_is_described() {
    let page = read("docs/METRICS.md");
    let metrics = Metrics::new().unwrap();
    let families = metrics.families().iter().map(String::as_str);
    let missing: Vec<_> = families.chain(REASONS.iter().copied()).filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert_eq!(missing, [""; 0]);
}

/// The anchors that a page has: one for each heading, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        fenced ^= line.trim().starts_with("```");
        if let (false, true, Some((_, heading))) = (fenced, line.starts_with('#'), line.split_once(' ')) {
            let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            found.insert(kept.collect::<String>().to_lowercase().replace(' ', "-"));
        }
    }
    found
}

#[test]
fn links_lead_to_headings() {
    let mut checked = 0;
    for page in pages() {
        let text = fs::read_to_string(root().join(&page)).unwrap();
        let folder = root().join(page.parent().unwrap());
        for target in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target) {
            let Some((file, anchor)) = target.split_once('#').filter(|_| !target.contains("://")) else { continue };
            let there = if file.is_empty() { text.clone() } else { fs::read_to_string(folder.join(file)).unwrap() };
            assert!(anchors(&there).contains(anchor), "{}: {target}", page.display());
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked}");
}

#[test]
fn tables_have_as_many_cells_as_their_heads() {
    for page in pages() {
        let text = fs::read_to_string(root().join(&page)).unwrap();
        let (mut fenced, mut head) = (false, None);
        for (number, line) in (1..).zip(text.lines()) {
            fenced ^= line.trim().starts_with("```");
            if fenced || !line.starts_with('|') {
                head = None;
                continue;
            }
            let cells = line.replace("\\|", "").matches('|').count();
            // A row that lost its table would be shown as text.
            let first = head.is_none();
            assert_eq!(*head.get_or_insert(cells), cells, "{}:{number}", page.display());
            let below = text.lines().nth(number).unwrap_or_default();
            assert!(!first || below.starts_with("|---"), "{}:{number}", page.display());
        }
    }
}

#[test]
fn the_map_has_every_room() {
    let page = read("docs/ARCHITECTURE.md");
    let floors: String = page.lines().filter(|line| line.starts_with("| ") && line.matches('|').count() == 4).collect();
    let code = read("src/lib.rs");
    let rooms = code.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let missing: Vec<_> = rooms.filter(|room| !floors.contains(&format!("`{room}`"))).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn links_lead_to_files() {
    for page in pages() {
        let text = fs::read_to_string(root().join(&page)).unwrap();
        let folder = page.parent().unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !target.contains("://") {
                assert!(root().join(folder).join(file).exists(), "{}: {target}", page.display());
            }
        }
    }
}
