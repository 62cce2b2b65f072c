use super::*;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
}

fn hosts(listen: &str) -> Hosts {
    Hosts { listen: Some(listen.parse().unwrap()), names: vec!["memgate.example.org".to_owned()] }
}

fn knows(hosts: &Hosts, host: &str) -> bool {
    hosts.check(&"/v1/status".parse().unwrap(), &headers(&[("host", host)])).is_ok()
}

#[test]
fn only_its_own_names_are_answered() {
    let own = hosts("127.0.0.1:9465");
    for good in
        ["127.0.0.1:9465", "localhost", "LOCALHOST:80", "localhost.:9465", "[::1]:9465", "127.9.9.9", "Memgate.Example.Org:443"]
    {
        assert!(knows(&own, good), "{good}");
    }
    let strange = [
        "",
        ":9465",
        "evil.example",
        "localhost.evil.example",
        "evil.example:9465",
        "10.0.0.5:9465",
        "127.0.0.1.evil.example",
        "evil.example@localhost",
        "localhost:x",
        "localhost:99999",
        "sub.memgate.example.org",
        "[::1].evil.example",
        "2130706433",
    ];
    for bad in strange {
        assert!(!knows(&own, bad), "{bad}");
    }
    assert!(own.check(&"/".parse().unwrap(), &HeaderMap::new()).is_err(), "without a name");
    let mut two = headers(&[("host", "localhost")]);
    two.append("host", "evil.example".parse().unwrap());
    assert!(own.check(&"/".parse().unwrap(), &two).is_err());
    let absolute = "http://evil.example/v1/status".parse().unwrap();
    assert!(own.check(&absolute, &headers(&[("host", "localhost")])).is_err());
    assert!(knows(&hosts("0.0.0.0:9465"), "10.0.0.5:9465") && !knows(&hosts("0.0.0.0:9465"), "evil.example"));
    assert!(knows(&hosts("10.0.0.5:9465"), "10.0.0.5") && !knows(&hosts("10.0.0.5:9465"), "10.0.0.6"));
}

#[test]
fn other_sites_change_nothing_and_read_nothing() {
    let check = |method: Method, pairs: &[(&'static str, &str)]| check_site(&method, &headers(pairs)).is_ok();
    assert!(check(Method::POST, &[("host", "localhost")]), "a program");
    assert!(check(Method::POST, &[("sec-fetch-site", "same-origin")]));
    for site in ["cross-site", "same-site", "?"] {
        let link = [("sec-fetch-site", site), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        assert!(check(Method::GET, &link), "a link");
        assert!(!check(Method::POST, &link), "a form");
        let image = [("sec-fetch-site", site), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
        assert!(!check(Method::GET, &image));
        let frame = [("sec-fetch-site", site), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
        assert!(!check(Method::GET, &frame));
    }
    let origin = |origin: &str| check(Method::POST, &[("host", "localhost:9465"), ("origin", origin)]);
    assert!(origin("http://localhost:9465") && origin("https://LOCALHOST:9465"));
    for other in
        ["null", "", "http://localhost", "http://localhost:3000", "http://evil.example", "ftp://localhost:9465", "localhost:9465"]
    {
        assert!(!origin(other), "{other}");
    }
}

#[test]
fn every_answer_is_sealed_and_assets_may_be_cached() {
    let mut sealed = headers(&[("cache-control", "immutable"), ("content-security-policy", "default-src *")]);
    seal(&mut sealed);
    assert_eq!(sealed["cache-control"], "immutable");
    assert!(sealed["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'; style-src 'self'"));
    let mut plain = HeaderMap::new();
    seal(&mut plain);
    assert_eq!(plain["cache-control"], "no-store");
}

#[test]
fn tls_in_front_is_known_by_who_is_there() {
    for (pairs, encrypted) in [
        (&[("x-forwarded-proto", "https")][..], true),
        (&[("x-forwarded-proto", "HTTPS, http")], true),
        (&[("x-forwarded-proto", "http")], false),
        (&[("origin", "https://memgate.example.org")], true),
        (&[("origin", "http://localhost:9465")], false),
        (&[], false),
    ] {
        assert_eq!(is_encrypted(&headers(pairs)), encrypted, "{pairs:?}");
    }
}
