//! Operators of a memgate under test: credentials of each role, requests on the admin listener, browsers that sign in.

use std::sync::LazyLock;

use memgate::admin::PasswordHash;
use serde_json::{Value, json};

use super::client::{Answer, Client, send};
use super::gate::Settings;
use super::request::Request;
use super::upstream::{FakeUpstream, Script};
use super::world::World;

/// A credential of each role: its name, its role, the variable that holds its token, the token.
pub const CREDENTIALS: [(&str, &str, &str, &str); 3] = [
    ("vera", "viewer", "TEST_VIEWER_TOKEN", "mga_viewer_0123456789abcdef0123456789"),
    ("olga", "operator", "TEST_OPERATOR_TOKEN", "mga_operator_0123456789abcdef01234567"),
    ("aron", "auditor", "TEST_AUDITOR_TOKEN", "mga_auditor_0123456789abcdef012345678"),
];

/// The password of all three.
pub const PASSWORD: &str = "correct horse battery staple";

/// Every request of the harness is for this host.
pub const HOST: &str = "memgate.test";

static HASH: LazyLock<String> = LazyLock::new(|| PasswordHash::of(PASSWORD).unwrap().as_str().to_owned());

pub fn token_of(role: &str) -> &'static str {
    CREDENTIALS.iter().find(|(_, of, ..)| *of == role).unwrap().3
}

/// What stands in the configuration for the three.
pub fn credentials() -> Vec<Value> {
    let one = |(name, role, variable, _): (&str, &str, &str, &str)| json!({"name": name, "role": role, "token": {"env": variable}, "password_hash": *HASH});
    CREDENTIALS.into_iter().map(one).collect()
}

/// A memgate with a credential of each role.
pub async fn guarded(change: impl FnOnce(&mut Value)) -> World {
    let upstream = FakeUpstream::start(Script::fitting).await;
    let settings = CREDENTIALS
        .into_iter()
        .fold(Settings::new(upstream.address), |settings, (_, _, variable, token)| settings.variable(variable, token));
    let settings = settings.with(|file| {
        file["admin"]["hosts"] = json!([HOST]);
        file["admin"]["credentials"] = credentials().into();
    });
    World { gate: settings.with(change).start(), upstream }
}

/// A memgate without credentials, whose gate is open.
pub async fn open() -> World {
    World::start(|file| file["admin"]["hosts"] = json!([HOST])).await
}

/// Sends a request to the admin listener.
pub async fn ask(world: &World, request: &Request) -> Answer {
    send(world.gate.admin_address(), request).await
}

/// Status and headers alone: some answers never end.
pub async fn ask_head(world: &World, request: &Request) -> Answer {
    let mut client = Client::connect(world.gate.admin_address()).await;
    client.send_request(request).await;
    client.read_head().await
}

/// A request that a form of memgate's own page sends.
pub fn form(path: &str, fields: &[(&str, &str)]) -> Request {
    let escape = |text: &str| -> String { text.bytes().map(|c| format!("%{c:02X}")).collect() };
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    let request = Request { body: body.join("&").into_bytes(), ..Request::new("POST", path) };
    request.header("Content-Type", "application/x-www-form-urlencoded").header("Sec-Fetch-Site", "same-origin")
}

/// A browser that is signed in.
pub struct Browser {
    pub cookie: String,
    pub csrf: String,
}

impl Browser {
    pub async fn sign_in(world: &World, name: &str) -> Self {
        let answer = ask(world, &form("/sign-in", &[("name", name), ("password", PASSWORD), ("next", "/users")])).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/users")), "{}", answer.text());
        let set = answer.header("set-cookie").unwrap();
        let cookie = set.split(';').next().unwrap().to_owned();
        let known = ask(world, &Request::new("GET", "/v1/whoami").header("Cookie", &cookie)).await.json();
        assert_eq!((&known["name"], &known["via"]), (&json!(name), &json!("browser")));
        Self { cookie, csrf: known["csrf"].as_str().unwrap().to_owned() }
    }

    /// The request as this browser's own page sends it, without the session's token.
    pub fn send(&self, request: Request) -> Request {
        request.header("Cookie", &self.cookie).header("Sec-Fetch-Site", "same-origin")
    }
}
