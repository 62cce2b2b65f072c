use super::*;

#[test]
fn model_patterns() {
    for (pattern, model, expected) in [
        ("*", "anything", true),
        ("gpt-*", "gpt-5", true),
        ("gpt-*", "xgpt-5", false),
        ("*-mini", "o4-mini", true),
        ("*-mini", "o4-mini-high", false),
        ("a*b*c", "a-b-b-c", true),
        ("exact", "exact", true),
        ("exact", "exact2", false),
        ("é*", "éa", true),
        ("a**c", "abc", true),
        ("ab*ba", "aba", false),
        ("a*b*a*b", "aba", false),
        // The name is the caller's: it must not buy work that grows with its square.
        ("*a*b*c*d", &"abc".repeat(1 << 18), false),
    ] {
        assert_eq!(matches_pattern(pattern, model), expected, "{pattern} {model}");
    }
}

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
