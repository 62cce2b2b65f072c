//! Clients that prove themselves by a certificate: what it opens, and what it does not.

use std::fs;
use std::time::{Duration, SystemTime};

use rustls::HandshakeKind;
use serde_json::{Value, json};

use crate::harness::client::Client;
use crate::harness::gate::OPEN_WEBUI_KEY;
use crate::harness::h2c;
use crate::harness::request::Request;
use crate::harness::tls::{Authority, Issued, SERVER, TlsClient, section};
use crate::harness::within;
use crate::harness::world::World;

/// memgate with TLS, an authority for clients, and what it has issued.
struct Place {
    world: World,
    server: Authority,
    clients: Authority,
    /// Of the client `worker`, by name.
    worker: Issued,
}

impl Place {
    async fn start(change: impl FnOnce(&mut Value, &Authority)) -> Self {
        let (server, clients) = (Authority::new("servers"), Authority::new("clients"));
        let (certificate, key) = server.issue(SERVER).put(server.dir());
        let ca = clients.dir().join("ca.pem");
        fs::write(&ca, clients.pem()).unwrap();
        let worker = clients.issue("worker.test");
        let world = World::start(|file| {
            file["tls"] = section(&certificate, &key);
            file["tls"]["client_ca"] = json!(ca);
            let worker =
                json!({"name": "worker", "certificates": ["dns:worker.test"], "identity": [{"header": "x-worker-user"}]});
            file["clients"].as_array_mut().unwrap().push(worker);
            change(file, &clients);
        })
        .await;
        Self { world, server, clients, worker }
    }

    fn client(&self, own: &Issued) -> TlsClient {
        TlsClient::new(&self.server, Some(own))
    }

    fn stranger(&self) -> TlsClient {
        TlsClient::new(&self.server, None)
    }

    async fn send(&self, client: &TlsClient, request: &Request) -> crate::harness::client::Answer {
        client.send(self.world.gate.address(), request).await
    }

    /// Puts another authority in the place of the clients' one, and has it applied.
    fn replace_authority(&self, authority: &Authority) {
        fs::write(self.world.gate.settings.file["tls"]["client_ca"].as_str().unwrap(), authority.pem()).unwrap();
        let output = self.world.gate.run(&["reload"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn vouched(user: &str) -> Request {
    Request::chat(&["Hello"]).header("X-Worker-User", user)
}

/// Client, decision and reason of the last request on record.
async fn last_decision(world: &World, count: usize) -> (String, String, String) {
    let record = world.requests_on_record(count).await.pop().unwrap();
    let text = |name: &str| record[name].as_str().unwrap().to_owned();
    (text("client"), text("decision"), text("reason"))
}

#[tokio::test]
async fn a_certificate_vouches_in_every_mode_as_a_key_does() {
    // What a plain header is worth over a connection with the certificate, and without one.
    for (mode, with, without) in [
        ("strict", ("refuse", "evidence_too_weak"), ("refuse", "identity_missing")),
        ("required", ("admit", "vouched"), ("refuse", "identity_missing")),
        ("quarantine", ("admit", "vouched"), ("sandbox", "identity_missing")),
        ("legacy", ("admit", "vouched"), ("admit", "default_user")),
    ] {
        let place = Place::start(|file, _| {
            file["trust"]["mode"] = mode.into();
            file["trust"]["trusted_peers"] = json!([]);
        })
        .await;
        place.send(&place.client(&place.worker), &vouched("ana")).await;
        let (client, decision, reason) = last_decision(&place.world, 1).await;
        assert_eq!((client.as_str(), decision.as_str(), reason.as_str()), ("worker", with.0, with.1), "{mode}");
        // One of the same authority that no client is known by authenticates nobody.
        for (n, client) in [place.client(&place.clients.issue("else.test")), place.stranger()].into_iter().enumerate() {
            place.send(&client, &vouched("ana")).await;
            let (client, decision, reason) = last_decision(&place.world, n + 2).await;
            assert_eq!((client.as_str(), decision.as_str(), reason.as_str()), ("unknown", without.0, without.1), "{mode}");
        }
        // One that does not verify is refused by the handshake, and is not taken for none.
        let foreign = Authority::new("clients").issue("worker.test");
        for wrong in [foreign, place.clients.issue_expired("worker.test")] {
            assert_eq!(place.send(&place.client(&wrong), &vouched("ana")).await.status, 0, "{mode}");
            let old = TlsClient::speaking(&[&rustls::version::TLS12], &place.server, Some(&wrong));
            assert_eq!(place.send(&old, &vouched("ana")).await.status, 0, "{mode}");
        }
        assert_eq!(place.world.requests_on_record(3).await.len(), 3, "{mode}");
        assert_eq!(place.world.metric("memgate_client_certificates_refused_total", &[]).await, 4, "{mode}");
    }
}

/// A certificate is a program's, and many people may stand behind it: of those who are unknown it tells nobody apart.
#[tokio::test]
async fn an_unknown_certificate_makes_no_sandbox_for_all_behind_it() {
    let place = Place::start(|file, _| file["trust"]["mode"] = "quarantine".into()).await;
    let program = place.client(&place.clients.issue("else.test"));
    place.send(&program, &Request::chat(&["Remember that the code of my locker is quagga."])).await.assert_ok();
    // Lessons are learned in their order.
    let signed = Request::chat(&["Remember that the code of my locker is bonobo."]).signed("ana");
    place.send(&program, &signed).await.assert_ok();
    place.world.wait_for_lessons(1).await;
    place.world.upstream.take();
    place.send(&program, &Request::chat(&["What is the code of my locker?"])).await.assert_ok();
    let seen = place.world.upstream.last();
    assert!(!seen.mentions("quagga") && !seen.mentions("bonobo"), "{}", seen.text());
}

#[tokio::test]
async fn the_word_of_a_certified_client_can_be_made_to_count_as_verified() {
    let place = Place::start(|file, _| {
        file["trust"]["mode"] = "strict".into();
        file["clients"][1]["vouch"] = "verified".into();
    })
    .await;
    place.send(&place.client(&place.worker), &vouched("ana")).await.assert_ok();
    assert_eq!(last_decision(&place.world, 1).await.2, "vouched_as_verified");
    place.send(&place.stranger(), &vouched("ana")).await.assert_refused(401, "identity_missing");
}

#[tokio::test]
async fn the_certificate_counts_for_every_request_and_the_user_for_one() {
    let place = Place::start(|_, _| {}).await;
    let to = place.world.gate.address();
    let mut client = place.client(&place.worker).connect(to).await;
    let secret = Request::chat(&["Remember that the code of my locker is quagga."]).header("X-Worker-User", "ana");
    client.exchange(&secret).await.assert_ok();
    place.world.wait_for_lessons(1).await;
    for (user, knows) in [("ana", true), ("bob", false), ("ana", true)] {
        let question = Request::chat(&["What is the code of my locker?"]).header("X-Worker-User", user);
        client.exchange(&question).await.assert_ok();
        assert_eq!(place.world.upstream.last().mentions("quagga"), knows, "{user}");
    }
    client.exchange(&Request::chat(&["Hello"])).await.assert_refused(401, "identity_missing");
    // A resumed session brings its certificate along, and old clients have theirs verified another way.
    let again = place.client(&place.worker);
    place.send(&again, &vouched("ana")).await.assert_ok();
    let stream = again.open(to).await.unwrap();
    assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Resumed));
    Client::over(stream).exchange(&vouched("ana")).await.assert_ok();
    let old = TlsClient::speaking(&[&rustls::version::TLS12], &place.server, Some(&place.worker));
    place.send(&old, &vouched("ana")).await.assert_ok();
    let stream = place.client(&place.worker).offering(&["h2"]).open(to).await.unwrap();
    h2c::send_over(stream, to, &vouched("bob")).await.unwrap().assert_ok();
    assert_eq!(last_decision(&place.world, 9).await.2, "vouched");
}

#[tokio::test]
async fn pins_admit_the_certificates_that_they_name_and_two_allow_rotation() {
    let (mut old, mut new) = (None, None);
    let mut place = Place::start(|file, authority| {
        let pair = (old.insert(authority.issue("ui.test")), new.insert(authority.issue("ui.test")));
        file["clients"][1]["certificates"] = json!([pair.0.pin(), pair.1.pin()]);
    })
    .await;
    let (old, new) = (old.unwrap(), new.unwrap());
    let same_name = place.clients.issue("ui.test");
    for (own, status) in [(&old, 200), (&new, 200), (&same_name, 401)] {
        assert_eq!(place.send(&place.client(own), &vouched("ana")).await.status, status);
    }
    // The old pin goes: its connection stays, and authenticates nobody any more.
    let mut open = place.client(&old).connect(place.world.gate.address()).await;
    open.exchange(&vouched("ana")).await.assert_ok();
    place.world.gate.settings.file["clients"][1]["certificates"] = json!([new.pin()]);
    place.world.gate.write_config();
    assert!(place.world.gate.run(&["reload"]).status.success());
    open.exchange(&vouched("ana")).await.assert_refused(401, "identity_missing");
    place.send(&place.client(&new), &vouched("ana")).await.assert_ok();
}

#[tokio::test]
async fn names_of_each_kind_are_compared_as_a_whole() {
    for (rule, status) in [
        ("cn:worker.test", 200),
        ("uri:spiffe://memgate.test/worker.test", 200),
        ("dns:WORKER.test", 200),
        ("cn:worker", 401),
        ("dns:test", 401),
        ("uri:spiffe://memgate.test/worker", 401),
    ] {
        let place = Place::start(|file, _| file["clients"][1]["certificates"] = json!([rule])).await;
        assert_eq!(place.send(&place.client(&place.worker), &vouched("ana")).await.status, status, "{rule}");
    }
}

#[tokio::test]
async fn the_certificate_of_one_client_and_the_key_of_another_are_a_conflict() {
    let place = Place::start(|file, _| {
        let twin = json!({"name": "twin", "certificates": ["cn:both.test"], "identity": [{"header": "x-worker-user"}]});
        file["clients"][1]["certificates"] = json!(["dns:worker.test", "dns:both.test"]);
        file["clients"].as_array_mut().unwrap().push(twin);
    })
    .await;
    let key_of_another = vouched("ana").bearer(OPEN_WEBUI_KEY.1).header("X-OpenWebUI-User-Id", "ana");
    place.send(&place.client(&place.worker), &key_of_another).await.assert_refused(401, "client_conflict");
    // A certificate by which two clients are known is nobody's.
    let both = place.client(&place.clients.issue("both.test"));
    place.send(&both, &vouched("ana")).await.assert_refused(401, "client_conflict");
    // A key that nobody knows takes nothing away.
    place.send(&place.client(&place.worker), &vouched("ana").bearer("sk-nobody-knows")).await.assert_ok();
    assert!(place.world.upstream.take().len() == 1);
}

#[tokio::test]
async fn a_personal_key_names_its_person_over_any_certificate() {
    let place = Place::start(|file, _| file["trust"]["mode"] = "strict".into()).await;
    let made = place.world.gate.run(&["user", "key", "add", "ana", "--label", "laptop"]);
    let printed = String::from_utf8(made.stdout).unwrap();
    let key = printed.split_whitespace().find(|word| word.starts_with("mgk_")).unwrap();
    for client in [place.client(&place.worker), place.stranger()] {
        place.send(&client, &Request::chat(&["Hello"]).bearer(key)).await.assert_ok();
    }
    place.send(&place.client(&place.worker), &vouched("bob").bearer(key)).await.assert_refused(401, "identity_conflict");
    let users: Vec<Value> = place.world.requests_on_record(3).await.iter().map(|record| record["user"].clone()).collect();
    assert_eq!(users, [json!("default:ana"), json!("default:ana"), json!(null)]);
}

#[tokio::test]
async fn a_required_certificate_is_required_of_open_connections_too() {
    let mut place = Place::start(|_, _| {}).await;
    let to = place.world.gate.address();
    let request = Request::chat(&["Hello"]).vouched("ana");
    let stranger = place.stranger();
    let mut open = stranger.connect(to).await;
    open.exchange(&request).await.assert_ok();
    place.world.gate.settings.file["tls"]["client_auth"] = "required".into();
    place.world.gate.write_config();
    assert!(place.world.gate.run(&["reload"]).status.success());
    open.exchange(&request).await.assert_refused(401, "client_certificate_invalid");
    // The session that the client would resume was one without a certificate.
    for client in [&stranger, &place.stranger()] {
        let answer = place.send(client, &request).await;
        assert!(answer.status == 0 || answer.status == 401, "{}", answer.status);
    }
    place.send(&place.client(&place.worker), &vouched("ana")).await.assert_ok();
    assert_eq!(place.world.upstream.take().len(), 2);
}

#[tokio::test]
async fn an_authority_that_is_taken_away_holds_for_nothing() {
    let place = Place::start(|_, _| {}).await;
    let client = place.client(&place.worker);
    let mut open = client.connect(place.world.gate.address()).await;
    open.exchange(&vouched("ana")).await.assert_ok();
    let next = Authority::new("clients");
    place.replace_authority(&next);
    open.exchange(&vouched("ana")).await.assert_refused(401, "client_certificate_invalid");
    // The connection ends with that, and neither a resumed session nor a new one helps.
    assert_eq!(open.exchange(&vouched("ana")).await.status, 0);
    let stream = client.open(place.world.gate.address()).await.unwrap();
    let resumed = stream.get_ref().1.handshake_kind();
    Client::over(stream).exchange(&vouched("ana")).await.assert_refused(401, "client_certificate_invalid");
    assert_eq!(place.send(&place.client(&place.worker), &vouched("ana")).await.status, 0);
    assert_eq!(resumed, Some(HandshakeKind::Resumed));
    place.send(&place.client(&next.issue("worker.test")), &vouched("ana")).await.assert_ok();
    assert_eq!(place.world.upstream.take().len(), 2);
}

#[tokio::test]
async fn a_certificate_that_ends_ends_on_open_connections_too() {
    let place = Place::start(|_, _| {}).await;
    let brief = place.clients.issue_until("worker.test", SystemTime::now() + Duration::from_secs(5));
    let client = place.client(&brief);
    let mut open = client.connect(place.world.gate.address()).await;
    open.exchange(&vouched("ana")).await.assert_ok();
    let refused = within("the end of the certificate", async {
        loop {
            let answer = open.exchange(&vouched("ana")).await;
            if answer.status != 200 {
                break answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    refused.assert_refused(401, "client_certificate_invalid");
    let again = place.send(&client, &vouched("ana")).await;
    assert!(again.status == 0 || again.status == 401, "{}", again.status);
}

#[tokio::test]
async fn certificates_of_clients_need_an_authority_and_a_form() {
    let mut place = Place::start(|_, _| {}).await;
    let check = |place: &Place| {
        let output = place.world.gate.check();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let good = place.world.gate.settings.file.clone();
    place.world.gate.settings.file["tls"].as_object_mut().unwrap().remove("client_ca");
    place.world.gate.write_config();
    assert!(check(&place).contains("clients[1].certificates: has no effect"));
    place.world.gate.settings.file = good;
    place.world.gate.settings.file["clients"][0]["certificates"] = json!(["worker", "dns:worker.test"]);
    place.world.gate.write_config();
    let printed = check(&place);
    assert!(printed.contains("clients[0].certificates[0]: `worker` describes no certificate"), "{printed}");
    assert!(printed.contains("clients[1].certificates[0]: the same certificate is there twice"), "{printed}");
}
