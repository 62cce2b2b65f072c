use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tokio::sync::watch;

use super::*;
use crate::admin::api::{RotateMasterKey, ShownKey};
use crate::admin::{ConfigDesk, Control, Reload, bind_socket, serve_control};
use crate::enforce::test_scope;
use crate::identity::Assurance;
use crate::identity::{UserKeys, hash_key};
use crate::ids::{KeyId, TenantId, UserId};
use crate::policy::Directory;
use crate::proxy::test_services;
use crate::setting::{Fault, Faults};
use crate::store::Store;
use crate::telemetry::Metrics;

/// A store and a control socket in a directory of their own.
struct Bench {
    dir: tempfile::TempDir,
    store: Store,
    metrics: Arc<Metrics>,
    client: Client,
    /// Whether the next reload finds a faulty configuration.
    faulty: Arc<AtomicBool>,
    _stop: watch::Sender<bool>,
}

impl Bench {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (services, runtime) = test_services(dir.path());
        let (store, metrics) = (services.store.clone(), Arc::clone(&services.metrics));
        let faulty = Arc::new(AtomicBool::new(false));
        let found = Arc::clone(&faulty);
        let reload: Reload = Arc::new(move || if found.load(Ordering::Relaxed) { Err(fault()) } else { Ok(()) });
        let control = Control::new(services, runtime, ConfigDesk::reloading(reload));
        let path = dir.path().join("run/memgate.sock");
        let (stop, stopping) = watch::channel(false);
        tokio::spawn(serve_control(bind_socket(&path).unwrap(), control, stopping));
        let client = Client::new(&path).unwrap();
        Self { dir, store, metrics, client, faulty, _stop: stop }
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("run/memgate.sock")
    }

    /// The acts in the audit log, as `act outcome`.
    fn acts(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.dir.path().join("audit/audit.jsonl")).unwrap();
        let word = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines
            .filter(|line| line["type"] == "operator")
            .map(|line| format!("{} {}", word(&line, "act"), word(&line, "outcome")))
            .collect()
    }
}

fn fault() -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.add("listen", "is no address", "write one");
    faults.into_vec()
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn status_of(error: &ClientError) -> u16 {
    let ClientError::Refused(problem) = error else { panic!("{error}") };
    problem.status
}

#[tokio::test]
async fn a_key_is_shown_once_works_and_is_revoked() {
    let bench = Bench::start();
    let made = bench.client.make_user_key(&user("alice"), "laptop").await.unwrap();
    let owner = bench.store.owner(&hash_key(made.key.0.as_bytes())).unwrap();
    assert_eq!((owner.id, owner.user), (made.id, user("alice")));
    bench.client.make_user_key(&user("acme:bob"), "").await.unwrap();

    let all = bench.client.list_user_keys(None).await.unwrap();
    assert_eq!(all.keys.len(), 2);
    assert!(!serde_json::to_string(&all).unwrap().contains(&made.key.0));
    let hers = bench.client.list_user_keys(Some(&user("alice"))).await.unwrap();
    assert_eq!((hers.keys.len(), hers.keys[0].label.as_str(), hers.keys[0].revoked_at), (1, "laptop", None));

    bench.client.revoke_user_key(made.id).await.unwrap();
    assert!(bench.store.owner(&hash_key(made.key.0.as_bytes())).is_none());
    assert!(bench.client.list_user_keys(Some(&user("alice"))).await.unwrap().keys[0].revoked_at.is_some());
    assert_eq!(status_of(&bench.client.revoke_user_key(KeyId::fresh()).await.unwrap_err()), 404);
}

#[tokio::test]
async fn acts_are_on_record_before_and_after_and_hold_no_key() {
    let bench = Bench::start();
    let made = bench.client.make_user_key(&user("alice"), "").await.unwrap();
    assert!(bench.client.revoke_user_key(KeyId::fresh()).await.is_err());
    bench.client.make_user_key(&user("alice"), "").await.unwrap();
    let acts = bench.acts();
    let expected = [
        "user_key.make begun",
        "user_key.make done",
        "user_key.revoke begun",
        "user_key.revoke unchanged",
        "user_key.make begun",
    ];
    assert_eq!(acts[..5], expected);
    assert!(!std::fs::read_to_string(bench.dir.path().join("audit/audit.jsonl")).unwrap().contains(&made.key.0));
}

#[tokio::test]
async fn a_ratchet_is_lowered() {
    let bench = Bench::start();
    bench.store.enroll(&test_scope("alice", Assurance::Verified), 1).unwrap();
    assert!(bench.client.lower_ratchet(&user("alice"), Some(Assurance::Vouched)).await.unwrap().lowered);
    assert_eq!(bench.store.standing(&user("alice")).ratchet, Some(Assurance::Vouched));
    assert!(!bench.client.lower_ratchet(&user("alice"), Some(Assurance::Verified)).await.unwrap().lowered);
    assert!(!bench.client.lower_ratchet(&user("acme:no one/at all"), None).await.unwrap().lowered);
    assert!(bench.client.lower_ratchet(&user("alice"), None).await.unwrap().lowered);
    assert_eq!(bench.store.standing(&user("alice")).ratchet, None);
}

#[tokio::test]
async fn a_tenant_is_erased_and_on_record_with_its_receipt() {
    let bench = Bench::start();
    bench.store.enroll(&test_scope("acme:bob", Assurance::Verified), 1).unwrap();
    bench.store.enroll(&test_scope("beta:bob", Assurance::Verified), 1).unwrap();
    let acme = TenantId::parse("acme").unwrap();
    let erased = bench.client.erase_tenant(&acme).await.unwrap();
    assert_eq!((erased.users, erased.keys), (1, 0));
    assert_eq!(bench.client.erase_tenant(&acme).await.unwrap().users, 0);
    let tenants = bench.client.list_tenants().await.unwrap().tenants;
    assert_eq!(tenants.iter().map(|row| (row.tenant.as_str(), row.users)).collect::<Vec<_>>(), [("beta", 1)]);
    let erasure = bench.store.last_erasure(&test_scope("acme:bob", Assurance::Verified)).unwrap();
    assert_eq!(erasure.receipt.to_string(), erased.receipt);
    bench.client.rotate_master_key(None).await.unwrap();
    // A record that follows an act is written after the answer: the next act waits for it.
    bench.client.rotate_master_key(None).await.unwrap();
    let acts = bench.acts();
    let expected = [
        "tenant.erase begun",
        "tenant.erase done",
        "tenant.erase begun",
        "tenant.erase unchanged",
        "master_key.rotate begun",
        "master_key.rotate done",
    ];
    assert_eq!(acts[..6], expected);
    let log = std::fs::read_to_string(bench.dir.path().join("audit/audit.jsonl")).unwrap();
    let first: Value = serde_json::from_str(log.lines().find(|line| line.contains("operator")).unwrap()).unwrap();
    assert_eq!((&first["tenant"], &first["receipt"]), (&"acme".into(), &erased.receipt.into()));
}

#[tokio::test]
async fn a_key_that_was_given_is_in_no_log() {
    let bench = Bench::start();
    let key = "5c".repeat(32);
    let given = || Some(ShownKey(key.clone()));
    assert!(bench.client.rotate_master_key(given()).await.unwrap().replaced);
    assert!(!bench.client.rotate_master_key(given()).await.unwrap().replaced);
    assert!(!std::fs::read_to_string(bench.dir.path().join("audit/audit.jsonl")).unwrap().contains(&key));
    assert!(!format!("{:?}", RotateMasterKey { key: given() }).contains(&key));
}

#[tokio::test]
async fn a_faulty_configuration_is_refused_with_its_faults() {
    let bench = Bench::start();
    bench.client.reload().await.unwrap();
    bench.faulty.store(true, Ordering::Relaxed);
    let ClientError::Refused(problem) = bench.client.reload().await.unwrap_err() else { panic!("not refused") };
    let faults: Vec<Fault> = problem.faults.iter().cloned().map(Into::into).collect();
    assert_eq!((problem.status, problem.code.as_ref(), faults), (422, "invalid_config", fault()));
}

#[tokio::test]
async fn the_status_counts() {
    let bench = Bench::start();
    let _stream = bench.metrics.open_stream();
    let status = bench.client.status().await.unwrap();
    assert_eq!((status.open_streams, status.learning_queue_bytes, status.version.as_str()), (1, 0, env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn every_refusal_is_a_problem() {
    let bench = Bench::start();
    let http = plain_builder().unix_socket(bench.socket()).build().unwrap();
    for (method, path, body, status) in [
        ("GET", "/v1/nothing", "", 404),
        ("PUT", "/v1/status", "", 405),
        ("POST", "/v1/user-keys", "{", 400),
        ("POST", "/v1/user-keys", r#"{"user":""}"#, 400),
        ("POST", "/v1/user-keys", r#"{"user":"~sandbox:x"}"#, 400),
        ("POST", "/v1/user-keys", r#"{"user":"a","label":"\u001b[31m"}"#, 400),
        ("POST", "/v1/user-keys", r#"{"user":"a","lable":"x"}"#, 400),
        ("GET", "/v1/user-keys?user=A:", "", 400),
        ("GET", "/v1/user-keys?usr=a", "", 400),
        ("DELETE", "/v1/user-keys/..%2f", "", 404),
        ("PATCH", "/v1/users/%20/ratchet", "{}", 400),
        ("POST", "/v1/vault/rotation", "", 400),
        ("POST", "/v1/vault/rotation", r#"{"key":"abc"}"#, 400),
        ("POST", "/v1/vault/rotation", r#"{"keys":null}"#, 400),
        ("GET", "/v1/vault/rotation", "", 405),
        ("DELETE", "/v1/tenants/~sandbox", "", 400),
        ("DELETE", "/v1/tenants/A%3Ab", "", 400),
        ("DELETE", "/v1/tenants", "", 405),
        ("PATCH", "/v1/users/alice/ratchet", r#"{"to":"god"}"#, 400),
    ] {
        let request = http.request(method.parse().unwrap(), format!("http://memgate{path}")).body(body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{method} {path} {body}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let problem: Problem = response.json().await.unwrap();
        assert_eq!(problem.status, status);
    }
}

#[tokio::test]
async fn the_socket_is_private_replaces_a_dead_one_and_no_other() {
    let bench = Bench::start();
    let mode = std::fs::metadata(bench.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(bench.dir.path().join("run")).unwrap().count(), 1);
    assert_eq!(bind_socket(&bench.socket()).unwrap_err().kind(), std::io::ErrorKind::AddrInUse);

    let dead = bench.dir.path().join("dead.sock");
    drop(std::os::unix::net::UnixListener::bind(&dead).unwrap());
    assert!(bind_socket(&dead).is_ok());

    let file = bench.dir.path().join("file");
    std::fs::write(&file, "precious").unwrap();
    assert!(bind_socket(&file).is_err());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
}

#[tokio::test]
async fn a_stopped_memgate_is_said_to_be_stopped() {
    let temp = tempfile::tempdir().unwrap();
    let client = Client::new(&temp.path().join("no.sock")).unwrap();
    let error = client.status().await.unwrap_err();
    assert!(matches!(error, ClientError::NotRunning { .. }), "{error:?}");
    assert!(error.to_string().contains("memgate run"), "{error}");
}

#[test]
fn an_address_names_a_host_and_no_more() {
    for good in ["http://127.0.0.1:9465", "https://memgate.example/admin/", "http://[::1]:9465"] {
        assert!(Client::at(good, None).is_ok(), "{good}");
    }
    for (bad, reason) in [
        ("127.0.0.1:9465", "is no URL"),
        ("ftp://host", "neither http:// nor https://"),
        ("http://user:word@host", "names a user"),
        ("http://host/?token=x", "has a query"),
    ] {
        let error = Client::at(bad, None).unwrap_err().to_string();
        assert!(error.contains(reason) && !error.contains("word"), "{bad}: {error}");
    }
    assert!(matches!(Client::at("http://h", Some(&Secret::new(b"a\nb"))), Err(ClientError::Token)));
}

#[test]
fn a_token_does_not_print() {
    let client = Client::at("http://127.0.0.1:9", Some(&Secret::new(b"mga_hunter2"))).unwrap();
    assert!(!format!("{client:?}").contains("hunter2"));
    let request = client.request(reqwest::Method::GET, &["status"]).build().unwrap();
    assert_eq!(request.headers()["authorization"], "Bearer mga_hunter2");
    assert!(!format!("{request:?}").contains("hunter2"));
}

#[tokio::test]
async fn what_answers_and_is_no_memgate_is_told_from_it() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let answer =
                b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
            let _ = stream.write_all(answer).await;
        }
    });
    let error = Client::at(&address, None).unwrap().status().await.unwrap_err();
    assert!(matches!(error, ClientError::Foreign(302)), "{error:?}");
    let gone = Client::at("http://127.0.0.1:1", None).unwrap().status().await.unwrap_err();
    assert!(matches!(gone, ClientError::Unreachable { .. }), "{gone:?}");
}
