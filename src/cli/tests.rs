mod nouns;

use std::path::PathBuf;
use std::sync::Arc;

use clap::CommandFactory;
use tokio::sync::watch;

use super::*;
use crate::admin::{ConfigDesk, Control, bind_socket, serve_control};
use crate::identity::{SigningKey, sign, sign_message};
use crate::proxy::test_services;
use crate::setting::{Faults, Secret};

/// Runs a command line; `$CONFIG` is the `proxy.yaml` in the directory `dir`.
fn run_in(dir: &Path, words: &str) -> (Result<(), Failure>, String) {
    let config = dir.join("proxy.yaml");
    let words = format!("memgate {words}");
    let words = words.split(' ').map(|word| word.replace("$CONFIG", &config.display().to_string()));
    let mut out = Vec::new();
    let cli = Cli::try_parse_from(words).unwrap();
    let ended = execute(cli.command, |path| Err(Failure::Other(format!("ran {}", path.display()))), &mut out);
    (ended, String::from_utf8(out).unwrap())
}

fn directory(config: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let here = dir.path().display().to_string();
    std::fs::write(dir.path().join("proxy.yaml"), config.replace("$DIR", &here)).unwrap();
    std::fs::write(dir.path().join("secret"), "0123456789abcdef0123456789abcdef\n").unwrap();
    dir
}

const CONFIG: &str = "
admin: {socket: $DIR/memgate.sock}
listen: 127.0.0.1:9999
trust: {signing_keys: [{id: k1, secret: {file: $DIR/secret}}, {id: k2, secret: {env: MEMGATE_TEST_UNSET}}]}
upstreams: [{name: demo, builtin: demo}]
";

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
    insta::assert_snapshot!(Cli::command().render_long_help());
}

#[test]
fn a_check_tells_all_faults_with_their_remedy_and_ends_with_2() {
    let dir = directory(&format!("{CONFIG}log: {{level: loud}}\nlimts: {{}}"));
    let (ended, _) = run_in(dir.path(), "check -c $CONFIG");
    let failure = ended.unwrap_err();
    let mut told = Vec::new();
    output::report(&failure, &mut told).unwrap();
    let told = String::from_utf8(told).unwrap().replace(&dir.path().display().to_string(), "$DIR");
    insta::assert_snapshot!(told);
    assert_eq!(format!("{:?}", failure.exit_code()), format!("{:?}", ExitCode::from(2)));

    let dir = directory("upstreams: [{name: demo, builtin: demo}]");
    let (ended, out) = run_in(dir.path(), "check -c $CONFIG");
    assert!(ended.is_ok() && out.ends_with("is fine.\n"), "{out}");
}

#[test]
fn run_gets_the_configuration() {
    let (ended, _) = run_in(Path::new("/x"), "run --config $CONFIG");
    assert_eq!(ended.unwrap_err().to_string(), "ran /x/proxy.yaml");
}

#[test]
fn the_schema_is_json() {
    let (_, out) = run_in(Path::new("/x"), "schema");
    let schema: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(schema["properties"]["trust"].is_object());
}

fn header<'a>(out: &'a str, name: &str) -> &'a str {
    out.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap()
}

#[test]
fn signed_headers_are_those_of_the_request() {
    let dir = directory(CONFIG);
    let body = dir.path().join("body.json");
    std::fs::write(&body, b"{\"a\":1}\n").unwrap();
    let words =
        format!("sign -c $CONFIG --key-id k1 --user acme:ann --method put --url https://h/v1/x?y=1 --body {}", body.display());
    let (ended, out) = run_in(dir.path(), &words);
    ended.unwrap();
    let key = SigningKey { id: "k1".into(), secret: Secret::new(b"0123456789abcdef0123456789abcdef") };
    let (now, nonce) = (header(&out, "X-Memgate-Timestamp").parse().unwrap(), header(&out, "X-Memgate-Nonce"));
    let expected = sign(&key, "acme:ann", "PUT", "/v1/x?y=1", b"{\"a\":1}\n", now, nonce);
    let expected: Vec<String> = expected.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(out.lines().collect::<Vec<_>>(), expected);
    assert!(!out.contains("0123456789abcdef0123456789abcdef"));
}

#[test]
fn a_message_signature_is_over_the_same_request() {
    let dir = directory(CONFIG);
    let body = dir.path().join("body.json");
    std::fs::write(&body, b"{\"a\":1}\n").unwrap();
    let words =
        format!("sign -c $CONFIG --kind rfc9421 --key-id k1 --user acme:ann --url https://h/v1/x?y=1 --body {}", body.display());
    let (ended, out) = run_in(dir.path(), &words);
    ended.unwrap();
    let key = SigningKey { id: "k1".into(), secret: Secret::new(b"0123456789abcdef0123456789abcdef") };
    let input = header(&out, "Signature-Input");
    let parameter =
        |name: &str| input.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).unwrap().trim_matches('"');
    let (now, nonce) = (parameter("created").parse().unwrap(), parameter("nonce"));
    let expected = sign_message(&key, "acme:ann", "POST", "/v1/x?y=1", b"{\"a\":1}\n", now, nonce);
    let expected: Vec<String> = expected.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(out.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_curl_command_goes_to_the_listener_and_is_quoted_for_a_shell() {
    let dir = directory(CONFIG);
    let (ended, out) =
        run_in(dir.path(), "sign -c $CONFIG --key-id k1 --user o'brien --format curl --path /v1/models?a=b&c --method get");
    ended.unwrap();
    let words = std::process::Command::new("sh").arg("-c").arg(format!("printf '%s\\n' {out}")).output().unwrap();
    let words = String::from_utf8(words.stdout).unwrap();
    assert!(words.starts_with("curl\n-X\nGET\n-H\nX-Memgate-User: o'brien\n"), "{words}");
    assert!(words.ends_with("\nhttp://127.0.0.1:9999/v1/models?a=b&c\n"), "{words}");
}

#[test]
fn what_cannot_be_signed_is_refused_with_the_reason() {
    let dir = directory(CONFIG);
    for (words, reason) in [
        ("--key-id k9 --user a", "no signing key of this id"),
        ("--key-id k2 --user a", "MEMGATE_TEST_UNSET is not set"),
        ("--key-id k1 --user a --secret-env MEMGATE_TEST_UNSET", "MEMGATE_TEST_UNSET is not set"),
        ("--key-id k1 --user A:b", "--user holds a character"),
        ("--key-id k1 --user a --url v1/models", "--url is neither"),
        ("--key-id k1 --user a --body /nonexistent", "cannot read /nonexistent"),
    ] {
        let (ended, out) = run_in(dir.path(), &format!("sign -c $CONFIG {words}"));
        let failure = ended.unwrap_err();
        assert!(matches!(failure, Failure::Usage(_)) && failure.to_string().contains(reason), "{words}: {failure}");
        assert_eq!(out, "");
    }
}

/// A control socket that answers in a thread of its own, at the path that the configuration names.
fn serve(dir: PathBuf) -> watch::Sender<bool> {
    let (stop, stopping) = watch::channel(false);
    let (ready, wait) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (services, runtime) = test_services(&dir);
            let reload = Arc::new(|| {
                let mut faults = Faults::default();
                faults.add("listen", "is wrong", "mend it");
                Err(faults.into_vec())
            });
            let socket = bind_socket(&dir.join("memgate.sock")).unwrap();
            ready.send(()).unwrap();
            serve_control(socket, Control::new(services, runtime, ConfigDesk::reloading(reload)), stopping).await;
        });
    });
    wait.recv().unwrap();
    stop
}

#[test]
fn keys_are_made_listed_and_revoked() {
    let dir = directory(CONFIG);
    let _serving = serve(dir.path().to_owned());
    let run = |words: &str| {
        let (ended, out) = run_in(dir.path(), words);
        ended.unwrap();
        out
    };
    let made = run("user key add alice --label laptop -c $CONFIG");
    let (key, rest) = made.split_once('\n').unwrap();
    assert!(key.starts_with("mgk_") && rest.contains("default:alice"), "{made}");
    let id = rest.trim_end().trim_end_matches('.').rsplit(' ').next().unwrap();
    let listed = run("user key list -c $CONFIG");
    let [heading, row] = listed.lines().collect::<Vec<_>>()[..] else { panic!("{listed}") };
    assert!(heading.starts_with("ID ") && row.starts_with(id) && row.contains("laptop") && row.ends_with('-'), "{listed}");
    assert!(!listed.contains(key));
    run(&format!("user key revoke {id} -c $CONFIG"));
    let listed = run("user key list alice --json -c $CONFIG");
    assert!(serde_json::from_str::<serde_json::Value>(&listed).unwrap()["keys"][0]["revoked_at"].is_i64());
    assert!(run("user trust lower alice --to asserted -c $CONFIG").contains("nothing was changed"));
    assert!(run("status -c $CONFIG").contains("learning queue  0 bytes"));
}

#[test]
fn tenants_are_listed_and_erased_only_when_said_twice() {
    let dir = directory(CONFIG);
    let _serving = serve(dir.path().to_owned());
    let run = |words: &str| run_in(dir.path(), &format!("{words} -c $CONFIG"));
    for user in ["acme:bob", "beta:bob"] {
        run(&format!("user key add {user}")).0.unwrap();
    }
    let (ended, out) = run("tenant erase acme");
    let failure = ended.unwrap_err();
    assert!(matches!(failure, Failure::Usage(_)) && failure.to_string().contains("say --yes"), "{failure}");
    assert_eq!((out.as_str(), run("tenant list").1.lines().count()), ("", 3));
    let (ended, out) = run("tenant erase acme --yes");
    ended.unwrap();
    assert!(out.starts_with("The tenant acme was erased: 1 user(s), 0 bytes of files, 1 key(s) revoked.\n"), "{out}");
    let listed = run("tenant list").1;
    let [heading, row] = listed.lines().collect::<Vec<_>>()[..] else { panic!("{listed}") };
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!((words(heading), words(row)), (words("TENANT USERS BYTES KEYS"), words("beta 1 0 1")));
    let json: serde_json::Value = serde_json::from_str(&run("tenant erase acme --yes --json").1).unwrap();
    assert_eq!((&json["users"], &json["keys"]), (&0.into(), &0.into()));
    assert!(run("tenant erase acme --yes").1.starts_with("Nothing was kept of the tenant acme.\n"));
}

#[test]
fn the_master_key_is_replaced_by_a_made_one_or_a_given_one() {
    let dir = directory(CONFIG);
    let _serving = serve(dir.path().to_owned());
    let run = |words: &str| run_in(dir.path(), &format!("vault rotate {words} -c $CONFIG"));
    let key = || std::fs::read_to_string(dir.path().join("data/master.key")).unwrap();
    let before = key();
    let (ended, out) = run("--json");
    ended.unwrap();
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json, serde_json::json!({"replaced": true, "users": 0, "configured": false}));
    let made = key();
    assert_ne!(before, made);

    let given = dir.path().join("given");
    std::fs::write(&given, "4a".repeat(32)).unwrap();
    let file = format!("--key-file {}", given.display());
    assert!(run(&file).1.starts_with("The master key was replaced, and wraps the keys of 0 user(s).\nIt is in master.key."));
    assert_eq!(key(), "4a".repeat(32) + "\n");
    assert!(run(&file).1.starts_with("This is the master key in use; nothing was changed.\n"));
    for (words, reason) in [
        (format!("--key-file {}", dir.path().join("secret").display()), "not 64 hexadecimal digits"),
        ("--key-file /nonexistent".to_owned(), "--key-file: cannot read /nonexistent"),
        ("--key-env MEMGATE_TEST_UNSET".to_owned(), "--key-env: environment variable MEMGATE_TEST_UNSET is not set"),
    ] {
        let (ended, out) = run(&words);
        let failure = ended.unwrap_err().to_string();
        assert!(failure.contains(reason) && !failure.contains("0123456789abcdef"), "{failure}");
        assert_eq!((out, key()), (String::new(), "4a".repeat(32) + "\n"));
    }
    let both = Cli::try_parse_from(["memgate", "vault", "rotate", "--key-file", "a", "--key-env", "B"]);
    assert!(both.is_err());
}

#[test]
fn a_refused_reload_tells_the_faults_and_ends_with_2() {
    let dir = directory(CONFIG);
    let _serving = serve(dir.path().to_owned());
    let (ended, _) = run_in(dir.path(), "reload -c $CONFIG");
    let Err(Failure::Config { faults, .. }) = ended else { panic!("{ended:?}") };
    assert_eq!(faults[0].path, "listen");
}

#[test]
fn without_a_running_memgate_the_reason_is_told() {
    let dir = directory(CONFIG);
    let (ended, _) = run_in(dir.path(), "reload -c $CONFIG");
    let failure = ended.unwrap_err().to_string();
    assert!(failure.contains("memgate.sock") && failure.contains("No such file"), "{failure}");
}
