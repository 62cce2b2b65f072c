use super::*;

#[test]
fn urls_are_taken_apart() {
    assert_eq!(
        parse_url("https://api.example.com/v1/"),
        Ok((Origin::Remote { tls: true, host: "api.example.com".into(), port: 443 }, "/v1".into()))
    );
    assert_eq!(
        parse_url("http://[::1]:11434"),
        Ok((Origin::Remote { tls: false, host: "[::1]".into(), port: 11434 }, String::new()))
    );
    for bad in ["ftp://x/", "http://u:p@x/", "127.0.0.1:80", "http://x/?a=b", ""] {
        assert!(parse_url(bad).is_err(), "{bad}");
    }
}

#[test]
fn every_fault_of_an_upstream_is_reported() {
    let file: Vec<UpstreamFile> = serde_json::from_value(serde_json::json!([
        {"name": "Bad Name", "url": "nope", "models": []},
        {"name": "two", "url": "http://x", "builtin": "demo"},
        {"name": "two", "builtin": "demo", "api_key": {"env": "MEMGATE_TEST_UNSET"}},
    ]))
    .unwrap();
    let mut faults = Faults::default();
    resolve_upstreams(&file, "upstreams", &mut faults);
    let paths: Vec<String> = faults.into_vec().into_iter().map(|f| f.path).collect();
    assert_eq!(
        paths,
        [
            "upstreams[0].name",
            "upstreams[0].models",
            "upstreams[0].url",
            "upstreams[1]",
            "upstreams[2].name",
            "upstreams[2].api_key"
        ]
    );
}

fn load(value: serde_json::Value) -> (Vec<Upstream>, Vec<String>) {
    let files: Vec<UpstreamFile> = serde_json::from_value(value).unwrap();
    let mut faults = Faults::default();
    let upstreams = resolve_upstreams(&files, "upstreams", &mut faults);
    (upstreams, faults.into_vec().into_iter().map(|fault| format!("{}: {}", fault.path, fault.reason)).collect())
}

#[test]
fn a_provider_gives_what_is_left_out() {
    let (upstreams, faults) = load(serde_json::json!([
        {"name": "openai", "provider": "openai"},
        {"name": "anthropic", "provider": "anthropic"},
        {"name": "own", "provider": "anthropic", "url": "http://127.0.0.1:1/x", "dialects": ["openai"], "auth": "bearer"},
        {"name": "none", "url": "http://127.0.0.1:1", "dialects": ["anthropic"]},
    ]));
    assert_eq!(faults, [""; 0]);
    let told: Vec<_> = upstreams.iter().map(|u| (u.authority(), u.base.as_str(), u.dialects.as_slice(), u.auth)).collect();
    assert_eq!(
        told,
        [
            ("api.openai.com".to_owned(), "/v1", &[Api::OpenAi][..], AuthStyle::Bearer),
            ("api.anthropic.com".to_owned(), "/v1", &[Api::Anthropic], AuthStyle::XApiKey),
            ("127.0.0.1:1".to_owned(), "/x", &[Api::OpenAi], AuthStyle::Bearer),
            ("127.0.0.1:1".to_owned(), "", &[Api::Anthropic], AuthStyle::XApiKey),
        ]
    );
    assert_eq!(upstreams[1].provider.map(|provider| provider.name), Some("anthropic"));
    assert_eq!((upstreams[0].priority, upstreams[0].weight, upstreams[0].require_personal_key), (0, 1, false));
}

#[test]
fn faults_of_what_an_upstream_is_for_whom() {
    let (_, faults) = load(serde_json::json!([
        {"name": "a", "provider": "opneai"},
        {"name": "b", "provider": "openai", "builtin": "demo"},
        {"name": "c", "builtin": "demo", "window": 0, "weight": 0, "groups": []},
        {"name": "d", "builtin": "demo", "weight": 1001, "shared_key_groups": [""]},
        {"name": "e", "builtin": "demo", "require_personal_key": true, "shared_key_groups": ["staff"]},
    ]));
    assert_eq!(
        faults,
        [
            "upstreams[0].provider: `opneai` is no provider that memgate knows",
            "upstreams[1]: has both `builtin` and `provider`",
            "upstreams[2].weight: is not between 1 and 1000",
            "upstreams[2].window: a window of 0 tokens holds nothing",
            "upstreams[2].groups: lists no group",
            "upstreams[3].weight: is not between 1 and 1000",
            "upstreams[3].shared_key_groups[0]: the group's name is empty",
            "upstreams[4].shared_key_groups: has no effect: `require_personal_key` lets nobody use the shared key",
        ]
    );
}
