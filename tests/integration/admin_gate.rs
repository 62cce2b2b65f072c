//! The gate of the admin listener, in a real process: tokens, sign-in, forged requests, roles, the end of sessions.

use std::fs;

use serde_json::{Value, json};

use crate::harness::admin::{Browser, CREDENTIALS, HOST, PASSWORD, ask, credentials, form, guarded, open, token_of};
use crate::harness::client::Client;
use crate::harness::eventually;
use crate::harness::request::Request;
use crate::harness::world::World;

fn whoami() -> Request {
    Request::new("GET", "/v1/whoami")
}

fn reload() -> Request {
    Request::new("POST", "/v1/reload")
}

async fn status(world: &World, request: &Request) -> u16 {
    ask(world, request).await.status
}

/// The acts on record by their name, operator and outcome.
fn acts(world: &World) -> Vec<(String, String, String)> {
    let text = |act: &Value, key: &str| act[key].as_str().unwrap_or_default().to_owned();
    let acts = world.audit().into_iter().filter(|entry| entry["type"] == "operator");
    acts.map(|act| (text(&act, "act"), text(&act, "operator"), text(&act, "outcome"))).collect()
}

#[tokio::test]
async fn without_credentials_loopback_is_the_operator_and_is_told_so() {
    let world = open().await;
    let known = ask(&world, &whoami()).await;
    assert_eq!(known.json(), json!({"name": "open", "role": "operator", "via": "open"}));
    assert_eq!(known.header("set-cookie"), None, "programs have no use for a session");
    assert!(known.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    for (name, value) in [("x-content-type-options", "nosniff"), ("cache-control", "no-store"), ("x-frame-options", "DENY")] {
        assert_eq!(known.header(name), Some(value));
    }
    assert_eq!(status(&world, &reload()).await, 204, "a program");
    for (name, value) in [("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=203.0.113.9"), ("Via", "1.1 proxy")] {
        assert_eq!(status(&world, &reload().header(name, value)).await, 401, "{name}: a proxy opens the gate to nobody");
    }
    let page = reload().header("Sec-Fetch-Site", "same-origin");
    assert_eq!(status(&world, &page).await, 403, "a browser, without the token of a session");
    eventually("the warning", async || world.gate.log().contains("without `admin.credentials`").then_some(())).await;
}

#[tokio::test]
async fn what_others_reach_needs_credentials_and_an_address_of_its_own() {
    let mut world = open().await;
    let mut check = |change: fn(&mut Value)| {
        let before = world.gate.settings.file.clone();
        change(&mut world.gate.settings.file);
        world.gate.write_config();
        let output = world.gate.check();
        world.gate.settings.file = before;
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (change, fault) in [
        ((|file| file["admin"]["listen"] = "0.0.0.0:9465".into()) as fn(&mut Value), "admin.credentials: are none"),
        (|file| file["admin"]["listen"] = file["listen"].clone(), "admin.listen: is the address that `listen` has"),
        (|file| file["admin"]["listen"] = file["metrics"]["listen"].clone(), "is the address that `metrics.listen` has"),
        (|file| file["admin"]["listen"] = "nowhere".into(), "admin.listen: is no address"),
        (|file| file["admin"]["hosts"] = json!(["a b"]), "admin.hosts[0]: is no host name"),
        (|file| file["admin"]["session"] = json!({"idle": "2h", "lifetime": "1h"}), "admin.session.idle: is longer"),
    ] {
        let (code, told) = check(change);
        assert!(code == Some(2) && told.contains(fault), "{fault}: {told}");
    }
    assert_eq!(check(|file| file["admin"]["listen"] = "off".into()).0, Some(0));
}

#[tokio::test]
async fn roles_may_what_they_are_for() {
    let world = guarded(|_| {}).await;
    for (name, role, _, token) in CREDENTIALS {
        let known = ask(&world, &whoami().bearer(token)).await.json();
        assert_eq!(known, json!({"name": name, "role": role, "via": "token"}));
        let overview = status(&world, &Request::new("GET", "/v1/status").bearer(token)).await;
        let act = status(&world, &reload().bearer(token)).await;
        let expected = match role {
            "viewer" => (200, 403),
            "operator" => (200, 204),
            _ => (403, 403),
        };
        assert_eq!((overview, act), expected, "{role}");
    }
    for request in [Request::new("GET", "/v1/status"), whoami(), reload(), Request::new("GET", "/v1/no-such-thing")] {
        let refused = ask(&world, &request).await;
        assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Bearer realm=\"memgate\"")));
        let wrong = ask(&world, &request.bearer("mga_nobody_0123456789abcdef0123456789")).await;
        assert_eq!((wrong.status, &wrong.json()["code"]), (401, &json!("token_invalid")));
    }
    for path in ["/v1/health", "/healthz", "/readyz"] {
        assert_eq!(status(&world, &Request::new("GET", path)).await, 200, "{path} is for everybody");
    }
    let ready = crate::harness::client::send(world.gate.metrics_address(), &Request::new("GET", "/readyz")).await;
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &json!(true)));
    assert!(!fs::read_to_string(world.gate.dir().join("stderr")).unwrap().contains("mga_"), "no token in the log");
}

#[tokio::test]
async fn a_password_signs_a_browser_in_and_signing_out_ends_it() {
    let world = guarded(|_| {}).await;
    let sign_in = |password: &str| form("/sign-in", &[("name", "vera"), ("password", password), ("next", "//evil.example")]);
    let refused = ask(&world, &sign_in("wrong")).await;
    assert_eq!((refused.status, refused.header("location")), (303, Some("/sign-in?refused&next=/")));
    assert_eq!(refused.header("set-cookie"), None);
    let unknown = ask(&world, &form("/sign-in", &[("name", "\u{1b}[31mnobody"), ("password", PASSWORD)])).await;
    assert_eq!(unknown.header("location"), refused.header("location"), "an unknown name is told from none");
    let plain = ask(&world, &sign_in(PASSWORD)).await;
    assert_eq!((plain.status, plain.header("location")), (303, Some("/")));
    let cookie = plain.header("set-cookie").unwrap();
    assert!(cookie.starts_with("memgate_admin=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    let behind = ask(&world, &sign_in(PASSWORD).header("X-Forwarded-Proto", "https")).await;
    let bound = behind.header("set-cookie").unwrap();
    assert!(bound.starts_with("__Host-memgate_admin=") && bound.ends_with("; Secure"), "{bound}");

    let browser = Browser::sign_in(&world, "vera").await;
    assert_eq!(status(&world, &browser.send(Request::new("GET", "/v1/status"))).await, 200);
    let act = ask(&world, &browser.send(reload()).header("x-memgate-csrf", &browser.csrf)).await;
    assert_eq!((act.status, &act.json()["code"]), (403, &json!("role_insufficient")), "a viewer is one in a browser, too");
    assert_eq!(status(&world, &browser.send(form("/sign-out", &[]))).await, 403, "without the token");
    let out = ask(&world, &browser.send(form("/sign-out", &[("csrf", &browser.csrf)]))).await;
    assert_eq!((out.status, out.header("location")), (303, Some("/sign-in")));
    assert_eq!(status(&world, &browser.send(whoami())).await, 401);

    let expected = [
        ("sign_in", "vera", "failed"),
        ("sign_in", "\u{fffd}[31mnobody", "failed"),
        ("sign_in", "vera", "done"),
        ("sign_in", "vera", "done"),
        ("sign_in", "vera", "done"),
        ("sign_out", "vera", "done"),
    ];
    let expected = expected.map(|(act, who, outcome)| (act.to_owned(), who.to_owned(), outcome.to_owned()));
    eventually("the acts on record", async || (acts(&world) == expected).then_some(())).await;
    assert_eq!(world.metric("memgate_admin_sign_ins_total", &["\"signed_in\""]).await, 3);
    assert_eq!(world.metric("memgate_admin_sign_ins_total", &["\"refused\""]).await, 2);
}

#[tokio::test]
async fn a_token_signs_its_browser_in_as_well() {
    let world = guarded(|_| {}).await;
    let sign_in = |name, secret| form("/sign-in", &[("name", name), ("password", secret)]);
    assert!(ask(&world, &sign_in("olga", token_of("operator"))).await.header("set-cookie").is_some());
    assert!(ask(&world, &sign_in("olga", token_of("viewer"))).await.header("set-cookie").is_none());
}

#[tokio::test]
async fn only_the_sessions_own_pages_change_anything() {
    let world = guarded(|_| {}).await;
    let (browser, other) = (Browser::sign_in(&world, "olga").await, Browser::sign_in(&world, "olga").await);
    assert_ne!((&browser.cookie, &browser.csrf), (&other.cookie, &other.csrf));
    let send = async |request: Request| {
        let answer = ask(&world, &request).await;
        let code = if answer.body.is_empty() { Value::Null } else { answer.json()["code"].clone() };
        (answer.status, code)
    };
    let forged = (403, json!("csrf_invalid"));
    assert_eq!(send(browser.send(reload())).await, forged, "missing");
    assert_eq!(send(browser.send(reload()).header("x-memgate-csrf", "0".repeat(64))).await, forged, "wrong");
    assert_eq!(send(browser.send(reload()).header("x-memgate-csrf", &other.csrf)).await, forged, "of another session");
    assert_eq!(send(browser.send(reload()).header("x-memgate-csrf", &browser.csrf)).await, (204, Value::Null));
    let cross = (403, json!("cross_site"));
    for (name, value) in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Origin", "http://evil.example"),
        ("Origin", "null"),
        ("Origin", "http://memgate.test:3000"),
    ] {
        let request = reload().header("Cookie", &browser.cookie).header("x-memgate-csrf", &browser.csrf).header(name, value);
        assert_eq!(send(request).await, cross, "{name}: {value}");
        let sign_in = Request { headers: Vec::new(), ..form("/sign-in", &[("name", "olga"), ("password", PASSWORD)]) };
        let sign_in = sign_in.header("Content-Type", "application/x-www-form-urlencoded").header(name, value);
        assert_eq!(send(sign_in).await, cross, "signing in, {name}: {value}");
    }
    let own = reload().header("Cookie", &browser.cookie).header("x-memgate-csrf", &browser.csrf);
    assert_eq!(send(own.header("Origin", format!("http://{HOST}"))).await.0, 204);
    let image =
        whoami().header("Cookie", &browser.cookie).header("Sec-Fetch-Site", "cross-site").header("Sec-Fetch-Mode", "no-cors");
    assert_eq!(send(image).await, cross, "not even reading");
}

#[tokio::test]
async fn a_strangers_name_leads_nowhere() {
    let world = open().await;
    let address = world.gate.admin_address();
    let port = address.port();
    for (host, expected) in [
        ("evil.example".to_owned(), 421),
        (format!("evil.example:{port}"), 421),
        (format!("localhost.evil.example:{port}"), 421),
        ("10.0.0.5".to_owned(), 421),
        (format!("localhost:{port}"), 200),
        (format!("127.0.0.1:{port}"), 200),
        (format!("[::1]:{port}"), 200),
        ("MEMGATE.test".to_owned(), 200),
    ] {
        for path in ["/v1/whoami", "/healthz"] {
            let mut client = Client::connect(address).await;
            client.send(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await;
            assert_eq!(client.read_answer().await.status, expected, "{host} {path}");
        }
    }
    for head in [
        "GET /v1/whoami HTTP/1.1\r\n\r\n",
        "GET /v1/whoami HTTP/1.0\r\n\r\n",
        "GET http://evil.example/v1/whoami HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        let mut client = Client::connect(address).await;
        client.send(head.as_bytes()).await;
        assert_eq!(client.read_answer().await.status, 421, "{head}");
    }
}

#[tokio::test]
async fn sessions_end_of_age() {
    let world = guarded(|file| file["admin"]["session"] = json!({"idle": "2s", "lifetime": "2s"})).await;
    let browser = Browser::sign_in(&world, "vera").await;
    eventually("the end of the session", async || (status(&world, &browser.send(whoami())).await == 401).then_some(())).await;
}

#[tokio::test]
async fn guessing_is_slowed_down_and_tokens_are_not() {
    let world = guarded(|_| {}).await;
    let attempt = |name: &str| form("/sign-in", &[("name", name), ("password", "guess")]);
    let mut answer = ask(&world, &attempt("olga")).await;
    // Waits double, so that however slow the machine is, one comes in time to be put off.
    for _ in 0..20 {
        if answer.status == 429 {
            break;
        }
        assert_eq!(answer.status, 303);
        answer = ask(&world, &attempt("olga")).await;
    }
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(status(&world, &whoami().bearer(token_of("operator"))).await, 200, "its token is as good as ever");
    assert!(world.metric("memgate_admin_sign_ins_total", &["\"put_off\""]).await >= 1);
}

#[tokio::test]
async fn slow_heads_are_cut_off_and_slow_bodies_refused() {
    let world = guarded(|_| {}).await;
    let mut slow = Client::connect(world.gate.admin_address()).await;
    slow.send(b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").await;
    let mut body = Client::connect(world.gate.admin_address()).await;
    body.send(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nname=").await;
    let mut idle = Client::connect(world.gate.admin_address()).await;
    let (head, body, idle) = tokio::join!(slow.read_answer(), body.read_answer(), idle.read_answer());
    assert!(head.status == 0 || head.status == 408, "{}", head.status);
    assert_eq!((body.status, idle.status), (408, 0));
    let mut large = Client::connect(world.gate.admin_address()).await;
    large
        .send(format!("GET /v1/health HTTP/1.1\r\nHost: localhost\r\nX-Large: {}\r\n\r\n", "x".repeat(64 << 10)).as_bytes())
        .await;
    assert!([0, 431].contains(&large.read_answer().await.status));
    assert_eq!(status(&world, &Request::new("GET", "/v1/health")).await, 200);
}

#[tokio::test]
async fn a_reload_replaces_credentials_and_ends_what_they_began() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("token");
    let (first, second) = ("first-0123456789abcdef0123456789abcdef", "second-0123456789abcdef0123456789abcde");
    fs::write(&place, first).unwrap();
    let mut world = guarded(|file| {
        let list = file["admin"]["credentials"].as_array_mut().unwrap();
        list.push(json!({"name": "robot", "role": "viewer", "token": {"file": place}}));
    })
    .await;
    let (vera, olga) = (Browser::sign_in(&world, "vera").await, Browser::sign_in(&world, "olga").await);
    assert_eq!(status(&world, &whoami().bearer(first)).await, 200);
    fs::write(&place, second).unwrap();
    let without_vera: Vec<Value> = credentials().into_iter().filter(|known| known["name"] != "vera").collect();
    let list = [without_vera, vec![json!({"name": "robot", "role": "viewer", "token": {"file": place}})]].concat();
    world.gate.settings.file["admin"]["credentials"] = list.into();
    world.gate.write_config();
    assert_eq!(status(&world, &reload().bearer(token_of("operator"))).await, 204);
    let tokens = [first, second, token_of("viewer")].map(|token| whoami().bearer(token));
    for (request, expected) in tokens.iter().zip([401, 200, 401]) {
        assert_eq!(status(&world, request).await, expected);
    }
    assert_eq!(status(&world, &vera.send(whoami())).await, 401, "removed");
    assert_eq!(status(&world, &olga.send(whoami())).await, 200, "as it was");

    // What cannot be taken up changes nothing.
    world.gate.settings.file["admin"]["listen"] = "off".into();
    world.gate.write_config();
    let address = world.gate.settings.file.clone();
    let refused = world.gate.run(&["reload"]);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(2) && told.contains("admin.listen: cannot change"), "{told} {address}");
}
