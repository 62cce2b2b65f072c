//! TLS on the listener: both versions of HTTP over it, and certificates that change while connections are open.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tokio::sync::Notify;

use crate::harness::client::Client;
use crate::harness::eventually;
use crate::harness::h2c;
use crate::harness::request::Request;
use crate::harness::tls::{Authority, Issued, SERVER, TlsClient, section};
use crate::harness::upstream::{DONE, Recorded, Script, Step, event, last_event};
use crate::harness::world::World;

/// A world with TLS whose streams wait for the word to go on.
async fn secure(change: impl FnOnce(&mut serde_json::Value)) -> (World, Authority, Arc<Notify>) {
    let authority = Authority::new("test authority");
    let (certificate, key) = authority.issue(SERVER).put(authority.dir());
    let go = Arc::new(Notify::new());
    let gate = Arc::clone(&go);
    let answer = move |request: &Recorded| {
        if request.json()["stream"] == json!(true) {
            let rest = [Step::Send(last_event()), Step::Send(DONE.to_vec())];
            Script::Stream([Step::Send(event("one")), Step::Await(Arc::clone(&gate))].into_iter().chain(rest).collect())
        } else {
            Script::fitting(request)
        }
    };
    let world = World::with_upstream(answer, |file| {
        file["tls"] = section(&certificate, &key);
        change(file);
    })
    .await;
    (world, authority, go)
}

async fn wait_until_shown(world: &World, client: &TlsClient, issued: &Issued) {
    let der = issued.der();
    eventually("the new certificate", async || (client.shown(world.gate.address()).await? == der).then_some(())).await;
}

fn question() -> Request {
    Request::chat(&["Hello"]).vouched("ana")
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_over_tls() {
    let (world, authority, _) = secure(|_| {}).await;
    let to = world.gate.address();
    let client = TlsClient::new(&authority, None);
    let mut one = client.connect(to).await;
    for _ in 0..2 {
        one.exchange(&question()).await.assert_ok();
    }
    let both = client.clone().offering(&["h2", "http/1.1"]);
    let stream = both.open(to).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    h2c::send_over(stream, to, &question()).await.unwrap().assert_ok();
    let stream = client.clone().offering(&["http/1.1"]).open(to).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
    Client::over(stream).exchange(&question()).await.assert_ok();
    // Who is not meant by the certificate, or does not speak TLS, gets nowhere.
    assert_eq!(TlsClient::new(&Authority::new("another"), None).send(to, &question()).await.status, 0);
    assert_eq!(world.send(&question()).await.status, 0);
    assert_eq!(world.upstream.take().len(), 4);
}

#[tokio::test]
async fn http2_and_old_versions_can_be_left_out() {
    let (world, authority, _) = secure(|file| {
        file["tls"]["http2"] = false.into();
        file["tls"]["min_version"] = json!(1.3);
    })
    .await;
    let to = world.gate.address();
    let offer = ["h2", "http/1.1"];
    let stream = TlsClient::new(&authority, None).offering(&offer).open(to).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
    assert_eq!(stream.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    let old = TlsClient::speaking(&[&rustls::version::TLS12], &authority, None);
    assert_eq!(old.send(to, &question()).await.status, 0);

    let (world, authority, _) = secure(|_| {}).await;
    let old = TlsClient::speaking(&[&rustls::version::TLS12], &authority, None);
    old.send(world.gate.address(), &question()).await.assert_ok();
}

#[tokio::test]
async fn a_reload_shows_the_new_certificate_and_drops_no_connection() {
    let (world, authority, go) = secure(|file| file["tls"]["watch"] = "1h".into()).await;
    let (to, client) = (world.gate.address(), TlsClient::new(&authority, None));
    let mut kept = client.connect(to).await;
    kept.exchange(&question()).await.assert_ok();
    let mut open = client.connect(to).await;
    open.send_request(&Request::streamed_chat(&["Hello"]).vouched("ana")).await;
    assert_eq!(open.read_head().await.status, 200);
    assert_eq!(open.read_chunk().await, Some(event("one")));

    let renewed = authority.issue(SERVER);
    renewed.put(authority.dir());
    world.gate.signal("HUP");
    wait_until_shown(&world, &client, &renewed).await;
    kept.exchange(&question()).await.assert_ok();
    go.notify_one();
    let mut rest = Vec::new();
    while let Some(chunk) = open.read_chunk().await.filter(|chunk| !chunk.is_empty()) {
        rest.extend(chunk);
    }
    assert!(rest.ends_with(DONE), "{}", String::from_utf8_lossy(&rest));
}

#[tokio::test]
async fn a_renewed_file_is_seen_and_a_broken_one_changes_nothing() {
    let (world, authority, _) = secure(|file| file["tls"]["watch"] = "20ms".into()).await;
    let (to, client) = (world.gate.address(), TlsClient::new(&authority, None));
    let reloads =
        async |result: &str| world.metric("memgate_certificate_reloads_total", &[&format!("result=\"{result}\"")]).await;
    let expiry = async || world.metric("memgate_certificate_expiry_timestamp_seconds", &["certificate=\"server\""]).await;
    let before = client.shown(to).await.unwrap();

    // A certificate whose key is not there yet, as in the middle of a renewal.
    let end = SystemTime::now() + Duration::from_hours(72);
    let renewed = authority.issue_until(SERVER, end);
    Issued { key: authority.issue(SERVER).key, ..renewed.clone() }.put(authority.dir());
    eventually("a refused renewal", async || (reloads("refused").await > 0).then_some(())).await;
    assert_eq!(client.shown(to).await.unwrap(), before);
    client.send(to, &question()).await.assert_ok();
    let log = eventually("a line in the log", async || {
        let log = world.gate.log();
        log.contains("does not belong to the certificate").then_some(log)
    })
    .await;
    assert!(!log.contains("PRIVATE KEY"));

    renewed.put(authority.dir());
    wait_until_shown(&world, &client, &renewed).await;
    assert_eq!(expiry().await, end.duration_since(UNIX_EPOCH).unwrap().as_secs());
    eventually("an applied renewal", async || (reloads("applied").await > 0).then_some(())).await;

    let refused = reloads("refused").await;
    fs::remove_file(world.gate.settings.file["tls"]["key"].as_str().unwrap()).unwrap();
    eventually("a missing key", async || (reloads("refused").await > refused).then_some(())).await;
    assert_eq!(client.shown(to).await.unwrap(), renewed.der());
}

#[tokio::test]
async fn what_keeps_tls_from_working_is_a_fault_with_its_place() {
    let (mut world, authority, _) = secure(|_| {}).await;
    let dir = world.gate.dir().to_owned();
    let good = world.gate.settings.file["tls"].clone();
    fs::write(dir.join("other.key"), authority.issue(SERVER).key).unwrap();
    fs::write(dir.join("empty.pem"), "nothing\n").unwrap();
    fs::write(dir.join("bad.pem"), "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n").unwrap();
    // A key that lost its line breaks, as between quotes of a shell: it must not come out in the fault.
    let flat = authority.issue(SERVER).key.replace('\n', " ");
    fs::write(dir.join("flat.key"), &flat).unwrap();
    for (change, place, reason) in [
        (json!({"key": dir.join("flat.key")}), "tls.key", "its line breaks are gone"),
        (json!({"certificate": dir.join("flat.key")}), "tls.certificate", "its line breaks are gone"),
        (json!({"key": dir.join("other.key")}), "tls.key", "does not belong to the certificate"),
        (json!({"key": dir.join("none.key")}), "tls.key", "cannot read"),
        (json!({"key": dir.join("empty.pem")}), "tls.key", "holds no private key"),
        (json!({"certificate": dir.join("none.crt")}), "tls.certificate", "cannot read"),
        (json!({"certificate": dir.join("empty.pem")}), "tls.certificate", "holds no certificate"),
        (json!({"certificate": dir.join("bad.pem")}), "tls.certificate", "cannot be used"),
        (json!({"client_ca": dir.join("bad.pem")}), "tls.client_ca", "cannot be used"),
        (json!({"client_auth": "required"}), "tls.client_auth", "no `client_ca`"),
        (json!({"min_version": 1.1}), "tls.min_version", "no version of TLS"),
        (json!({"watch": "0s"}), "tls.watch", "is zero"),
    ] {
        let mut tls = good.clone();
        tls.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        world.gate.settings.file["tls"] = tls;
        world.gate.write_config();
        let output = world.gate.check();
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{change}: {printed}");
        for part in [place, reason, "remedy:"] {
            assert!(printed.contains(part), "{change}: {part} is not in {printed}");
        }
        assert!(!printed.contains(&flat[40..60]) && !printed.contains("77, 73, 71"), "{change}");
        assert!(!world.gate.run(&["reload"]).status.success(), "{change}");
    }
    let client = TlsClient::new(&authority, None);
    client.send(world.gate.address(), &question()).await.assert_ok();

    // What pingora has built stays until a restart.
    for (tls, place) in [(json!(null), "tls:"), (json!({"http2": false}), "tls.http2:")] {
        world.gate.settings.file["tls"] = tls;
        if place == "tls.http2:" {
            world.gate.settings.file["tls"] = good.clone();
            world.gate.settings.file["tls"]["http2"] = false.into();
        }
        world.gate.write_config();
        let output = world.gate.run(&["reload"]);
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && printed.contains(place) && printed.contains("restart"), "{printed}");
    }
}
