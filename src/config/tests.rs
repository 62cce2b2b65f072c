use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

/// A file of its own with a text.
fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn faults_of(text: &str) -> Vec<Fault> {
    load(file(text).path()).map_or_else(|faults| faults, |_| Vec::new())
}

fn shown(text: &str) -> String {
    faults_of(text).iter().map(Fault::to_string).flat_map(|fault| [fault, "\n".to_owned()]).collect()
}

fn from_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn every_fault_of_a_bad_file_is_told_at_once() {
    insta::assert_snapshot!(shown(
        r#"
lisen: 127.0.0.1:8080
listen: 8080
metrics: {listen: localhost}
admin: {socket: ""}
trust:
  mode: stict
  trusted_peers: [10.0.0.0/33, 127.0.0.1]
  clock_skew: 60
  signing_keys:
    - {id: k1, secret: topsecret}
    - {id: "bad id", secret: {env: MEMGATE_TEST_UNSET}}
clients:
  - name: Open WebUI
    key: {env: MEMGATE_TEST_UNSET}
    identity: [{open_webui: {secret: {env: MEMGATE_TEST_UNSET}, header: x-a, leeway: 5s}}, user_kee]
  - key: {file: /nonexistent/key}
upstreams:
  - {name: ollama, url: "127.0.0.1:11434", models: "*"}
  - {name: demo, builtin: demos}
context: {window: -1, soft: high}
memory: {budget: 512, recall_deadline: 50 parsecs}
storage: {redis: {dir: data}}
audit: {max_size: 1KiB, keep: 0}
limits: {body: 20}
log: {format: xml, level: !verbose info}
7: seven
"#
    ));
}

#[test]
fn what_is_no_configuration_at_all_is_told_in_one_fault() {
    insta::assert_snapshot!(
        ["- a\n- b", "listen: [", "listen: a\nlisten: b", "text", "trust: {<<: 5}", "---\na: 1\n---\nb: 2"].map(shown).join("\n")
    );
    let missing = load(Path::new("/nonexistent/proxy.yaml")).unwrap_err();
    assert_eq!((missing.len(), missing[0].path.as_str()), (1, "(file)"));
}

#[test]
fn yaml_that_people_write_is_read() {
    let text = "
upstreams:
  - &base {name: one, url: http://127.0.0.1:1/v1}
  - {<<: *base, name: two}
clients:
limits:
  body:
";
    let config = load(file(text).path()).unwrap();
    let names: Vec<_> = config.upstreams.iter().map(|upstream| upstream.name.as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!(config.listen.to_string(), DEFAULT_LISTEN);
}

#[test]
fn what_can_hold_for_nobody_is_a_fault() {
    let demo = "upstreams: [{name: a, builtin: demo}]";
    let listed = format!("{demo}\ntenants: [{{name: acme}}]");
    let openai = "{name: b, provider: openai}";
    for (text, paths) in [
        (
            format!("{listed}\nsettings: {{tenants: {{globex: {{depth: 1}}, acme: {{depth: 1}}}}}}"),
            vec!["settings.tenants.globex"],
        ),
        (
            format!(
                "{listed}\nbudgets: [{{tenant: globex, streams: 1}}, {{user: 'globex:ann', streams: 1}}, {{user: ann, streams: 1}}]"
            ),
            vec!["budgets[0].tenant", "budgets[1].user"],
        ),
        (
            format!("{listed}\ngroups: [{{name: g, tenants: [acme, globex], users: [ann, 'globex:ann']}}]"),
            vec!["groups[0].users[1]", "groups[0].tenants[1]"],
        ),
        (format!("{listed}\ntrust: {{unlisted_tenants: allow}}\nbudgets: [{{tenant: globex, streams: 1}}]"), vec![]),
        (format!("{demo}\nbudgets: [{{tenant: globex, streams: 1}}]"), vec![]),
        (format!("{demo}\nbudgets: [{{tenant: acme, user: ann, streams: 1}}]"), vec!["budgets[0].user"]),
        (format!("upstreams: [{{name: openai, url: 'http://127.0.0.1/v1'}}, {openai}]"), vec!["upstreams[0].name"]),
        (format!("upstreams: [{{name: openai, provider: openai}}, {openai}]"), vec![]),
        (
            "upstreams: [{name: a, provider: x, concurrency: {limit: 0}}]".to_owned(),
            vec!["upstreams[0].provider", "upstreams[0].concurrency.limit"],
        ),
        (
            format!("{demo}\nclients: [{{name: ui, identity: [open_webui], groups_header: x-groups}}]"),
            vec!["clients[0].groups_header"],
        ),
        (format!("{demo}\nsettings: {{bounds: {{temperature: [3, 5], top_p: [0, 1]}}}}"), vec!["settings.bounds.temperature"]),
    ] {
        let mut found: Vec<_> = faults_of(&text).into_iter().map(|fault| fault.path).collect();
        let mut paths: Vec<_> = paths.into_iter().map(str::to_owned).collect();
        found.sort();
        paths.sort();
        assert_eq!(found, paths, "{text}");
    }
}

#[test]
fn an_empty_file_lacks_an_upstream_alone() {
    let faults = faults_of("# nothing yet\n");
    assert_eq!(faults.iter().map(|fault| fault.path.as_str()).collect::<Vec<_>>(), ["upstreams"]);
}

#[test]
fn a_fault_is_not_told_twice() {
    // The only upstream is faulty: that there is none follows from it.
    let faults = faults_of("upstreams: [{name: 5}]");
    assert_eq!(faults.iter().map(|fault| fault.path.as_str()).collect::<Vec<_>>(), ["upstreams[0].name"]);
}

#[test]
fn the_committed_configuration_runs_without_any_environment() {
    let config = load(&from_root("proxy.yaml")).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert!(config.listen.ip().is_loopback() && config.metrics.listen.ip().is_loopback());
}

#[test]
fn every_alternative_that_the_committed_configuration_shows_is_right() {
    let text = std::fs::read_to_string(from_root("proxy.yaml")).unwrap();
    // `#setting` is a setting that is switched off, `# words` are words.
    let uncomment = |line: &str| match line.split_once('#') {
        Some((indent, rest)) if indent.trim().is_empty() && rest.starts_with(|c: char| c == '-' || c.is_alphabetic()) => {
            format!("{indent}{rest}\n")
        }
        Some((indent, rest)) if indent.trim().is_empty() && rest.starts_with("  ") => format!("{indent}{rest}\n"),
        _ => format!("{line}\n"),
    };
    let uncommented: String = text.lines().map(uncomment).collect();
    // Secrets come from the environment, which is not set here: what remains are faults of that alone.
    let (file, faults) = read_shape(file(&uncommented).path());
    assert_eq!(faults, [], "{uncommented}");
    let file = file.unwrap();
    assert_eq!((file.clients.len(), file.upstreams.len(), file.trust.signing_keys.len()), (2, 3, 1), "{uncommented}");
    assert!(file.trust.shadow.is_some());
}

#[test]
fn every_example_has_the_right_shape() {
    let mut folders = vec![from_root("docs"), from_root("deploy")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
            let path = entry.path();
            let text = || std::fs::read_to_string(&path).unwrap();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "yaml" || kind == "yml") && text().contains("\nupstreams:") {
                assert_eq!(read_shape(&path).1, [], "{}", path.display());
            }
        }
    }
}

#[test]
fn the_committed_schema_is_that_of_the_code() {
    let path = from_root("schema/proxy.json");
    let schema = schema().unwrap();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == schema, "run the tests with UPDATE_SCHEMA=1 and commit {}", path.display());
}

const SECRET: &str = "s3cr3t-Zq8xKw2LmN4";

/// A file with the secret wherever people put one by mistake.
fn leaky() -> String {
    format!(
        "trust:\n  mode: required\n  signing_keys:\n    - {{id: k1, secret: {SECRET}}}\n    - id: k2\n      secret: {{env: [{SECRET}]}}\n\
         clients:\n  - name: open-webui\n    key: {SECRET}\n    kye: {SECRET}\n    identity:\n      - open_webui: {{secret: \
         \"{SECRET}\"}}\n      - open_webui: {SECRET}\nupstreams:\n  - name: a\n    url: http://127.0.0.1:1/v1\n    api_key: {SECRET}\n  \
         - name: b\n    builtin: demo\n    api_key: {{value: {SECRET}}}\n    http2: {SECRET}\nstorage:\n  master_key: {SECRET}\nlog:\n  \
         level: {SECRET}\n"
    )
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let faults = shown(&leaky());
    assert!(faults.lines().count() > 20 && !faults.contains(SECRET), "{faults}");
    let config = file(SECRET);
    let key = config.path().display();
    let text = format!(
        "upstreams: [{{name: a, url: 'http://127.0.0.1:1', api_key: {{file: '{key}'}}}}]\nclients: [{{name: c, key: {{file: '{key}'}}}}]"
    );
    let config = load(file(&text).path()).unwrap();
    assert!(!format!("{config:?}").contains(SECRET));
}

proptest! {
    /// One slip of the finger anywhere in such a file.
    #[test]
    fn no_slip_makes_a_secret_show(at in 0usize..1000, cut in 0usize..4, put in prop::sample::select(vec!["", " ", "\n", ":", "-", "{", "}", "[", "\"", "'", "#", "&", "*", "!", "|", "\t", ", "])) {
        let mut text = leaky();
        let start = at % text.len();
        let end = (start + cut).min(text.len());
        text.replace_range(start..end, put);
        let faults = shown(&text);
        prop_assert!(!faults.contains(SECRET) , "{faults}");
    }

    /// Any bytes end in faults or in a configuration, never in a panic.
    #[test]
    fn nothing_written_makes_it_panic(text in "\\PC{0,200}|[a-z:{}\\[\\]&*!|>'\"#\n -]{0,200}") {
        let _ = load(file(&text).path());
    }
}

#[test]
fn the_master_key_is_no_other_secret() {
    let key = "0f".repeat(32);
    let master = file(&key);
    // Case and line breaks make no other secret of it.
    let same = file(&(key.to_uppercase() + "\n"));
    let [master, same] = [&master, &same].map(|file| file.path().display().to_string());
    let upstream = "upstreams: [{name: one, url: \"http://127.0.0.1:1/v1\"}]";
    for (path, elsewhere) in [
        ("clients[0].key", format!("clients: [{{name: ui, key: {{file: {same}}}}}]\n{upstream}")),
        ("trust.signing_keys[0].secret", format!("trust: {{signing_keys: [{{id: k1, secret: {{file: {same}}}}}]}}\n{upstream}")),
        (
            "clients[0].identity[0].open_webui.secret",
            format!("clients: [{{name: ui, identity: [{{open_webui: {{secret: {{file: {same}}}}}}}]}}]\n{upstream}"),
        ),
        (
            "upstreams[0].api_key",
            format!("upstreams: [{{name: one, url: \"http://127.0.0.1:1/v1\", api_key: {{file: {same}}}}}]"),
        ),
    ] {
        let faults = faults_of(&format!("storage: {{master_key: {{file: {master}}}}}\n{elsewhere}"));
        let [fault] = &faults[..] else { panic!("{path}: {faults:?}") };
        assert_eq!(
            (fault.path.as_str(), fault.reason.as_str()),
            ("storage.master_key", &*format!("is the secret of {path}, too"))
        );
        let apart = file(&"1e".repeat(32));
        let master = apart.path().display();
        assert_eq!(faults_of(&format!("storage: {{master_key: {{file: {master}}}}}\n{elsewhere}")), [], "{path}");
    }
}

#[test]
fn a_name_that_would_draw_anothers_keys_is_a_fault() {
    let with = |named: &str| {
        let other = "{name: cloud, provider: openai}";
        faults_of(&format!("upstreams: [{named}, {other}]")).into_iter().map(|fault| fault.path).collect::<Vec<_>>()
    };
    for (named, paths) in [
        ("{name: openai, url: \"http://127.0.0.1:1/v1\"}", &["upstreams[0].name"][..]),
        ("{name: openai, builtin: demo}", &["upstreams[0].name"]),
        ("{name: openai, url: \"https://api.openai.com/v1\"}", &["upstreams[0].name"]),
        ("{name: openai, provider: openai, url: \"http://127.0.0.1:1/v1\"}", &[]),
        ("{name: openai, provider: groq}", &[]),
        ("{name: groq, url: \"http://127.0.0.1:1/v1\"}", &[]),
    ] {
        assert_eq!(with(named), paths, "{named}");
    }
}
