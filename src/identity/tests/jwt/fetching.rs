//! Published keys on their way from the issuer to requests.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::*;
use crate::telemetry::Metrics;

/// The longest that anything may take. It ends a test that hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the issuer answers next, and what it was asked.
struct Issuer {
    address: SocketAddr,
    keys: Mutex<String>,
    /// Answers before the keys are given out, first to last.
    before: Mutex<VecDeque<Response>>,
    down: AtomicBool,
    asked: AtomicUsize,
    /// One permit an answer.
    gate: Semaphore,
}

impl Issuer {
    async fn start(signers: &[&Signer]) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = Arc::new(Self {
            address: listener.local_addr().unwrap(),
            keys: Mutex::new(published(signers).to_string()),
            before: Mutex::default(),
            down: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        });
        let own = Arc::clone(&issuer);
        let router = Router::new().route("/keys", get(move || Arc::clone(&own).answer()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    async fn answer(self: Arc<Self>) -> Response {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        if self.down.load(Ordering::SeqCst) {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let before = self.before.lock().pop_front();
        before.unwrap_or_else(|| self.keys.lock().clone().into_response())
    }

    fn publish(&self, signers: &[&Signer]) {
        *self.keys.lock() = published(signers).to_string();
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// A source that trusts this issuer.
    fn source(&self, terms: KeyringSettings) -> Source {
        let settings = json!({"jwks": {"url": format!("http://{}/keys", self.address)}, "issuer": ISSUER, "audience": AUDIENCE});
        let Source::Jwt(jwt) = read("jwt", &settings).unwrap() else { panic!() };
        Source::Jwt(Arc::new(Arc::into_inner(jwt).unwrap().on_terms(terms)))
    }
}

/// Requests at a configuration whose keys are kept.
struct Desk {
    keeper: KeyKeeper,
    metrics: Arc<Metrics>,
    resolver: Resolver,
}

impl Desk {
    fn open(source: Source) -> Self {
        let metrics = Arc::new(Metrics::new().unwrap());
        let keeper = KeyKeeper::new(Handle::current(), Arc::clone(&metrics));
        let mut desk = Self { keeper, metrics, resolver: resolver(settings()) };
        desk.configure(source);
        desk
    }

    fn configure(&mut self, source: Source) {
        let settings =
            IdentitySettings { clients: vec![client("idp", None, Some("192.168.7.0/24"), vec![source])], ..settings() };
        self.keeper.take_up(&settings);
        self.resolver = super::super::resolver(settings);
    }

    async fn ask(&self, token: &str) -> Resolution {
        let map = headers(&[("authorization", format!("Bearer {token}"))]);
        let (arrival, keys) = (arrival(LAN, &map, NOW), keys());
        let reading = tokio::time::timeout(PATIENCE, self.resolver.read_with_fresh_keys(&arrival, &keys)).await;
        match reading.expect("a request waits for ever") {
            Reading::Complete(resolution) => resolution,
            Reading::AwaitsBody(_) => panic!("a token covers no body"),
        }
    }

    /// Asks until a request comes out so.
    async fn until(&self, token: &str, outcome: Result<(), &str>) {
        let mut found = None;
        let reached = async {
            loop {
                let resolution = self.ask(token).await;
                if outcome_of(&resolution) == outcome {
                    return;
                }
                found = Some(resolution);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let reached = tokio::time::timeout(PATIENCE, reached).await;
        assert!(reached.is_ok(), "{found:?}");
    }

    fn fetches(&self, result: &str) -> usize {
        let series = format!("memgate_jwks_fetches_total{{result=\"{result}\"}} ");
        self.metrics.render().lines().find_map(|line| line.strip_prefix(&series)).unwrap().parse().unwrap()
    }
}

fn outcome_of(resolution: &Resolution) -> Result<(), &'static str> {
    match &resolution.finding {
        Finding::Valid(_) => Ok(()),
        Finding::Invalid(invalid) => Err(invalid.code),
        Finding::None { .. } => panic!("no evidence at all"),
    }
}

/// Long enough that nothing happens by itself.
fn terms() -> KeyringSettings {
    KeyringSettings::default()
}

/// A request may always have the keys fetched.
fn eager() -> KeyringSettings {
    KeyringSettings { cool_down: Duration::ZERO, ..terms() }
}

fn token(signer: &Signer) -> String {
    signer.sign(&claims(&json!({})))
}

#[tokio::test]
async fn the_first_request_waits_for_the_first_fetch() {
    let signer = Signer::es256("k1");
    let issuer = Issuer::start(&[&signer]).await;
    let desk = Desk::open(issuer.source(terms()));
    assert_user(&desk.ask(&token(&signer)).await, "alice");
    for _ in 0..20 {
        assert_user(&desk.ask(&token(&signer)).await, "alice");
    }
    assert_eq!((issuer.asked(), desk.fetches("ok")), (1, 1));
}

#[tokio::test]
async fn a_storm_of_unknown_keys_makes_one_fetch_in_a_cool_down() {
    let (signer, stranger) = (Signer::es256("k1"), Signer::es256("k2"));
    let issuer = Issuer::start(&[&signer]).await;
    let desk = Arc::new(Desk::open(issuer.source(terms())));
    assert_user(&desk.ask(&token(&signer)).await, "alice");
    let storm = (0..1_000).map(|n| {
        let header = json!({"alg": "ES256", "kid": format!("unknown-{n}")}).to_string();
        let token = format!("{}.{}.{}", encode(header), encode(claims(&json!({})).to_string()), encode([1; 64]));
        let desk = Arc::clone(&desk);
        tokio::spawn(async move { outcome_of(&desk.ask(&token).await) })
    });
    for asked in storm.collect::<Vec<_>>() {
        assert_eq!(asked.await.unwrap(), Err(code::JWT_KEY_UNKNOWN));
    }
    // One at the start, one for all of them.
    assert_eq!(issuer.asked(), 2);
    // Honest traffic goes on, and a rotation within the cool-down waits for its end.
    assert_user(&desk.ask(&token(&signer)).await, "alice");
    issuer.publish(&[&stranger]);
    assert_eq!(code_of(&desk.ask(&token(&stranger)).await), code::JWT_KEY_UNKNOWN);
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn a_rotation_is_followed_at_once_and_old_keys_go() {
    let (old, new) = (Signer::es256("k1"), Signer::ed25519("k2"));
    let issuer = Issuer::start(&[&old]).await;
    let desk = Desk::open(issuer.source(eager()));
    assert_user(&desk.ask(&token(&old)).await, "alice");
    issuer.publish(&[&old, &new]);
    // The very request that brings the new key is served.
    assert_user(&desk.ask(&token(&new)).await, "alice");
    assert_user(&desk.ask(&token(&old)).await, "alice");
    assert_eq!(issuer.asked(), 2);
    issuer.publish(&[&new]);
    assert_eq!(code_of(&desk.ask(&token(&Signer::es256("k3"))).await), code::JWT_KEY_UNKNOWN);
    assert_eq!(code_of(&desk.ask(&token(&old)).await), code::JWT_KEY_UNKNOWN);
    assert_user(&desk.ask(&token(&new)).await, "alice");
}

#[tokio::test]
async fn an_issuer_that_is_down_admits_nobody_and_one_that_falls_keeps_its_keys() {
    let (signer, other) = (Signer::es256("k1"), Signer::es256("k2"));
    let issuer = Issuer::start(&[&signer]).await;
    issuer.down.store(true, Ordering::SeqCst);
    let desk = Desk::open(issuer.source(eager()));
    for _ in 0..3 {
        assert_eq!(code_of(&desk.ask(&token(&signer)).await), code::JWT_KEYS_UNAVAILABLE);
    }
    issuer.down.store(false, Ordering::SeqCst);
    desk.until(&token(&signer), Ok(())).await;
    let before = desk.fetches("status");
    assert!(before >= 3);
    issuer.down.store(true, Ordering::SeqCst);
    assert_eq!(code_of(&desk.ask(&token(&other)).await), code::JWT_KEY_UNKNOWN);
    assert_eq!(desk.fetches("status"), before + 1);
    assert_user(&desk.ask(&token(&signer)).await, "alice");
}

#[tokio::test]
async fn keys_that_are_too_old_count_no_more() {
    let signer = Signer::es256("k1");
    let issuer = Issuer::start(&[&signer]).await;
    let short = KeyringSettings { max_stale: Duration::from_millis(300), ..eager() };
    let desk = Desk::open(issuer.source(short));
    desk.until(&token(&signer), Ok(())).await;
    issuer.down.store(true, Ordering::SeqCst);
    desk.until(&token(&signer), Err(code::JWT_KEYS_UNAVAILABLE)).await;
    issuer.down.store(false, Ordering::SeqCst);
    desk.until(&token(&signer), Ok(())).await;
}

#[tokio::test]
async fn documents_of_no_use_change_nothing() {
    let (signer, evil) = (Signer::es256("k1"), Signer::es256("k1"));
    let issuer = Issuer::start(&[&signer]).await;
    let other = Issuer::start(&[&evil]).await;
    let large = format!("{}{}", published(&[&evil]), " ".repeat(256 << 10));
    let redirect = (StatusCode::FOUND, [(header::LOCATION, format!("http://{}/keys", other.address))]);
    let many = json!({"keys": vec![evil.jwk.clone(); 65]}).to_string();
    let parts = std::iter::repeat_with(|| Ok::<_, std::io::Error>(" ".repeat(4096))).take(100);
    let chunked = axum::body::Body::from_stream(futures::stream::iter(parts));
    let answers = [
        (large.into_response(), "unusable"),
        (Response::new(chunked), "unusable"),
        (many.into_response(), "unusable"),
        ("{\"keys\": []}".into_response(), "unusable"),
        ("<html>sign in</html>".into_response(), "unusable"),
        (redirect.into_response(), "status"),
        (StatusCode::NOT_FOUND.into_response(), "status"),
        (StatusCode::NO_CONTENT.into_response(), "unusable"),
    ];
    let desk = Desk::open(issuer.source(eager()));
    assert_user(&desk.ask(&token(&signer)).await, "alice");
    let stranger = token(&Signer::es256("k9"));
    for (n, (answer, result)) in answers.into_iter().enumerate() {
        let before = desk.fetches(result);
        issuer.before.lock().push_back(answer);
        assert_eq!(code_of(&desk.ask(&stranger).await), code::JWT_KEY_UNKNOWN);
        assert_eq!((desk.fetches(result), issuer.asked()), (before + 1, n + 2), "{n} {result}");
        assert_eq!(code_of(&desk.ask(&token(&evil)).await), code::JWT_INVALID);
        assert_user(&desk.ask(&token(&signer)).await, "alice");
    }
    assert_eq!(other.asked(), 0);
}

#[tokio::test]
async fn an_issuer_that_hangs_holds_few_up_and_none_for_long() {
    let signer = Signer::es256("k1");
    let issuer = Issuer::start(&[&signer]).await;
    issuer.gate.forget_permits(Semaphore::MAX_PERMITS);
    let desk = Arc::new(Desk::open(issuer.source(terms())));
    let crowd = (0..200).map(|_| {
        let (desk, token) = (Arc::clone(&desk), token(&signer));
        tokio::spawn(async move { outcome_of(&desk.ask(&token).await) })
    });
    for asked in crowd.collect::<Vec<_>>() {
        assert_eq!(asked.await.unwrap(), Err(code::JWT_KEYS_UNAVAILABLE));
    }
    assert_eq!(issuer.asked(), 1);
    // Those who wait when the answer comes are served.
    let waiting = {
        let (desk, token) = (Arc::clone(&desk), token(&signer));
        tokio::spawn(async move { desk.until(&token, Ok(())).await })
    };
    issuer.gate.add_permits(1);
    waiting.await.unwrap();
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn a_reload_keeps_keys_of_the_same_place_and_issuer_alone() {
    let signer = Signer::es256("k1");
    let issuer = Issuer::start(&[&signer]).await;
    let mut desk = Desk::open(issuer.source(terms()));
    assert_user(&desk.ask(&token(&signer)).await, "alice");
    desk.configure(issuer.source(terms()));
    assert_user(&desk.ask(&token(&signer)).await, "alice");
    assert_eq!(issuer.asked(), 1);
    // From the same place, but of another issuer: nothing is taken for granted.
    issuer.down.store(true, Ordering::SeqCst);
    let far = "https://far.example";
    let url = format!("http://{}/keys", issuer.address);
    desk.configure(read("jwt", &json!({"jwks": {"url": url}, "issuer": far, "audience": AUDIENCE})).unwrap());
    let abroad = signer.sign(&claims(&json!({"iss": far})));
    assert_eq!(code_of(&desk.ask(&abroad).await), code::JWT_KEYS_UNAVAILABLE);
    assert_eq!(code_of(&desk.ask(&token(&signer)).await), code::JWT_KEYS_UNAVAILABLE);
    assert!(issuer.asked() >= 2);
}

#[tokio::test]
async fn a_file_is_read_again_when_it_changes() {
    let (files, old, new) = (Files::new(), Signer::es256("k1"), Signer::es256("k2"));
    let Source::Jwt(jwt) = files.jwt(&published(&[&old]), &json!({})) else { panic!() };
    let source = Source::Jwt(Arc::new(Arc::into_inner(jwt).unwrap().on_terms(eager())));
    let desk = Desk::open(source);
    assert_user(&desk.ask(&token(&old)).await, "alice");
    files.put("jwks.json", "{\"keys\": [");
    assert_eq!(code_of(&desk.ask(&token(&new)).await), code::JWT_KEY_UNKNOWN);
    assert_user(&desk.ask(&token(&old)).await, "alice");
    assert!(desk.fetches("unusable") > 0);
    files.put("jwks.json", &published(&[&new]).to_string());
    desk.until(&token(&new), Ok(())).await;
    assert_eq!(code_of(&desk.ask(&token(&old)).await), code::JWT_KEY_UNKNOWN);
}
