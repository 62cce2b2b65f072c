//! The signature base against the examples of RFC 9421, and digests against RFC 9530. Signatures in whole requests: `identity::tests`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use sfv::{Dictionary, ListEntry, Parser};

use super::super::signature::keyed;
use super::component::Components;
use super::digest::BodyDigests;
use super::message::{Message, Scheme};
use super::*;

/// The request of RFC 9421, B.2, but for the fields that no example covers.
const FIELDS: [(&str, &str); 5] = [
    ("host", "example.com"),
    ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
    ("content-type", "application/json"),
    ("content-digest", "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"),
    ("content-length", "18"),
];
const TARGET: &str = "/foo?param=Value&Pet=dog";
const BODY: &[u8] = br#"{"hello": "world"}"#;

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs.iter().map(|(n, v)| (n.parse::<HeaderName>().unwrap(), HeaderValue::from_str(v).unwrap())).collect()
}

/// The signature base of `covered` (an inner list with parameters) over a request.
fn base_of(covered: &str, fields: &[(&str, &str)], target: &str, scheme: Scheme) -> Result<String, Invalid> {
    let input: Dictionary = Parser::new(&format!("sig={covered}")).parse().unwrap();
    let Some(ListEntry::InnerList(list)) = input.get("sig") else { panic!("{covered}") };
    let headers = headers(fields);
    let view = View::new(&headers);
    let peer = "127.0.0.1".parse().unwrap();
    let arrival = Arrival { method: "POST", target, authority: None, headers: &headers, peer, certificate: None, now: 0 };
    let base = Components::read(list)?.base(&Message { view: &view, arrival: &arrival, scheme })?;
    Ok(String::from_utf8(base).unwrap())
}

/// The lines of a base, less the last, which repeats what is covered.
fn lines(covered: &str, fields: &[(&str, &str)], target: &str) -> Vec<String> {
    let base = base_of(covered, fields, target, Scheme::Https).unwrap();
    let (lines, last) = base.rsplit_once('\n').unwrap();
    assert_eq!(last, format!("\"@signature-params\": {covered}"));
    lines.lines().map(ToOwned::to_owned).collect()
}

fn fault(covered: &str) -> Invalid {
    base_of(covered, &FIELDS, TARGET, Scheme::Https).unwrap_err()
}

#[test]
fn the_rfcs_signature_by_a_shared_secret_comes_out_to_the_byte() {
    // B.2.5, with the key of B.1.5.
    let secret =
        STANDARD.decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==").unwrap();
    let covered = r#"("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#;
    let base = base_of(covered, &FIELDS, TARGET, Scheme::Https).unwrap();
    assert_eq!(
        base,
        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@authority\": example.com\n\"content-type\": application/json\n\
         \"@signature-params\": (\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\""
    );
    let mac = keyed(&secret).chain_update(&base).finalize().into_bytes();
    assert_eq!(STANDARD.encode(mac), "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
}

/// Each is found by reading the whole of the query or the field once more, and nothing is proved by then.
#[test]
fn parts_of_a_long_query_or_field_are_not_read_without_end() {
    let covered = |count: usize, kind: &str| {
        let parts: Vec<_> = (0..count).map(|n| kind.replace('#', &n.to_string())).collect();
        format!("({});created=1", parts.join(" "))
    };
    let query: Vec<_> = (0..9).map(|n| format!("p{n}=1")).collect();
    let target = format!("/foo?{}", query.join("&"));
    for (kind, fields) in
        [(r#""@query-param";name="p#""#, vec![]), (r#""x-parts";key="p#""#, vec![("x-parts", query.join(", "))])]
    {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let base = |count| base_of(&covered(count, kind), &fields, &target, Scheme::Https);
        assert!(base(8).is_ok(), "{kind}");
        assert_eq!(base(9).unwrap_err().code, code::SIGNATURE_INVALID, "{kind}");
    }
    let long = format!("a=1, b=\"{}\"", "x".repeat(MAX_FIELD));
    let part = base_of(r#"("x-parts";key="a");created=1"#, &[("x-parts", &long)], TARGET, Scheme::Https);
    assert_eq!(part.unwrap_err().code, code::SIGNATURE_INVALID);
    assert!(base_of(r#"("x-parts");created=1"#, &[("x-parts", &long)], TARGET, Scheme::Https).is_ok());
}

#[test]
fn the_rfcs_base_of_several_components() {
    // Section 2.5.
    let covered = r#"("@method" "@authority" "@path" "content-digest" "content-length" "content-type");created=1618884473;keyid="test-key-rsa-pss""#;
    assert_eq!(
        lines(covered, &FIELDS, TARGET),
        [
            "\"@method\": POST".to_owned(),
            "\"@authority\": example.com".to_owned(),
            "\"@path\": /foo".to_owned(),
            format!("\"content-digest\": {}", FIELDS[3].1),
            "\"content-length\": 18".to_owned(),
            "\"content-type\": application/json".to_owned(),
        ]
    );
    assert_eq!(base_of("();created=1", &FIELDS, TARGET, Scheme::Https).unwrap(), "\"@signature-params\": ();created=1");
}

#[test]
fn fields_are_trimmed_and_joined() {
    // Section 2.1.
    let fields = [
        ("host", "www.example.com"),
        ("x-ows-header", "   Leading and trailing whitespace.   "),
        ("cache-control", "max-age=60"),
        ("cache-control", "   must-revalidate"),
        ("example-dict", " a=1,    b=2;x=1;y=2,   c=(a   b   c)"),
        ("x-empty-header", ""),
    ];
    assert_eq!(
        lines(r#"("host" "x-ows-header" "cache-control" "example-dict" "x-empty-header")"#, &fields, "/"),
        [
            "\"host\": www.example.com",
            "\"x-ows-header\": Leading and trailing whitespace.",
            "\"cache-control\": max-age=60, must-revalidate",
            "\"example-dict\": a=1,    b=2;x=1;y=2,   c=(a   b   c)",
            "\"x-empty-header\": ",
        ]
    );
}

#[test]
fn structured_fields_are_covered_strictly_or_by_member() {
    // Section 2.1.2.
    let fields = [("example-dict", " a=1, b=2;x=1;y=2, c=(a   b    c), d"), ("priority", "u=1 ,   i")];
    assert_eq!(
        lines(
            r#"("example-dict";key="a" "example-dict";key="d" "example-dict";key="b" "example-dict";key="c" "priority";sf)"#,
            &fields,
            "/"
        ),
        [
            r#""example-dict";key="a": 1"#,
            r#""example-dict";key="d": ?1"#,
            r#""example-dict";key="b": 2;x=1;y=2"#,
            r#""example-dict";key="c": (a b c)"#,
            // As section 2.1.1, with a field whose type is registered.
            r#""priority";sf: u=1, i"#,
        ]
    );
    for (covered, code, word) in [
        (r#"("example-dict";sf)"#, code::SIGNATURE_INVALID, "leave `sf` out"),
        (r#"("example-dict";key="z")"#, code::SIGNATURE_INVALID, "no such member"),
    ] {
        let invalid = base_of(covered, &fields, "/", Scheme::Https).unwrap_err();
        assert_eq!(invalid.code, code);
        assert!(invalid.message.contains(word), "{}", invalid.message);
    }
}

#[test]
fn byte_wrapped_fields_keep_their_lines_apart() {
    // Section 2.1.3.
    let two = [("example-header", "value, with, lots"), ("example-header", "of, commas")];
    let one = [("example-header", "value, with, lots, of, commas")];
    let covered = r#"("example-header";bs)"#;
    assert_eq!(lines(covered, &two, "/"), [r#""example-header";bs: :dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:"#]);
    assert_eq!(lines(covered, &one, "/"), [r#""example-header";bs: :dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:"#]);
}

#[test]
fn derived_components_are_those_of_the_rfc() {
    // Sections 2.2.1 to 2.2.7.
    let fields = [("host", "www.example.com")];
    let all = r#"("@method" "@target-uri" "@authority" "@scheme" "@request-target" "@path" "@query")"#;
    assert_eq!(
        lines(all, &fields, "/path?param=value"),
        [
            "\"@method\": POST",
            "\"@target-uri\": https://www.example.com/path?param=value",
            "\"@authority\": www.example.com",
            "\"@scheme\": https",
            "\"@request-target\": /path?param=value",
            "\"@path\": /path",
            "\"@query\": ?param=value",
        ]
    );
    for (target, query) in [
        ("/path?param=value&foo=bar&baz=bat%2Dman", "\"@query\": ?param=value&foo=bar&baz=bat%2Dman"),
        ("/path?queryString", "\"@query\": ?queryString"),
        ("/path", "\"@query\": ?"),
        ("/path?", "\"@query\": ?"),
    ] {
        assert_eq!(lines(r#"("@query")"#, &fields, target), [query]);
    }
    for (host, scheme, authority) in [
        ("WWW.Example.COM:443", Scheme::Https, "www.example.com"),
        ("www.example.com:80", Scheme::Http, "www.example.com"),
        ("www.example.com:80", Scheme::Https, "www.example.com:80"),
        ("[::1]:8443", Scheme::Https, "[::1]:8443"),
    ] {
        let base = base_of(r#"("@authority")"#, &[("host", host)], "/", scheme).unwrap();
        assert!(base.starts_with(&format!("\"@authority\": {authority}\n")), "{base}");
    }
}

#[test]
fn parameters_of_the_query_are_encoded_anew() {
    // Section 2.2.8.
    assert_eq!(
        lines(
            r#"("@query-param";name="baz" "@query-param";name="qux" "@query-param";name="param")"#,
            &FIELDS,
            "/path?param=value&foo=bar&baz=batman&qux="
        ),
        [r#""@query-param";name="baz": batman"#, r#""@query-param";name="qux": "#, r#""@query-param";name="param": value"#,]
    );
    assert_eq!(
        lines(
            r#"("@query-param";name="var" "@query-param";name="bar" "@query-param";name="fa%C3%A7ade%22%3A%20")"#,
            &FIELDS,
            "/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something"
        ),
        [
            r#""@query-param";name="var": this%20is%20a%20big%0Amultiline%20value"#,
            r#""@query-param";name="bar": with%20plus%20whitespace"#,
            r#""@query-param";name="fa%C3%A7ade%22%3A%20": something"#,
        ]
    );
    // One that is there twice must not be covered.
    for target in ["/?a=1&a=2", "/?b=1", "/", "/?a=%zz", "/?a=%ff"] {
        let invalid = base_of(r#"("@query-param";name="a")"#, &FIELDS, target, Scheme::Https).unwrap_err();
        assert_eq!(invalid.code, code::SIGNATURE_INCOMPLETE, "{target}");
    }
}

#[test]
fn what_makes_no_sense_here_is_refused() {
    let many = format!("({})", (0..65).map(|n| format!("\"x-{n}\"")).collect::<Vec<_>>().join(" "));
    for covered in [
        r#"("@status")"#,
        r#"("@unknown")"#,
        r#"("@method";req)"#,
        r#"("date";req)"#,
        r#"("date";tr)"#,
        r#"("date";sf=?0)"#,
        r#"("date";bs;sf)"#,
        r#"("date";bs;key="a")"#,
        r#"("date";key=a)"#,
        r#"("date";name="a")"#,
        r#"("date";x)"#,
        r#"("@method";sf)"#,
        r#"("@path";key="a")"#,
        r#"("@query-param")"#,
        r#"("@query-param";name)"#,
        r#"("Date")"#,
        r#"("")"#,
        r#"("a b")"#,
        "(date)",
        "(1)",
        r#"("date" "date")"#,
        r#"("@method" "@method")"#,
        r#"("content-digest";key="a";sf "content-digest";sf;key="a")"#,
        &many,
    ] {
        assert_eq!(fault(covered).code, code::SIGNATURE_INVALID, "{covered}");
    }
    assert_eq!(fault(r#"("x-absent")"#).code, code::SIGNATURE_INCOMPLETE);
    let no_host = base_of(r#"("@authority")"#, &FIELDS[1..], TARGET, Scheme::Https);
    assert_eq!(no_host.unwrap_err().code, code::SIGNATURE_INCOMPLETE);
}

fn digests(values: &[&str]) -> Result<BodyDigests, &'static str> {
    let pairs: Vec<_> = values.iter().map(|value| ("content-digest", *value)).collect();
    BodyDigests::read(&View::new(&headers(&pairs))).map_err(|invalid| invalid.code)
}

#[test]
fn digests_are_those_of_the_rfcs() {
    // RFC 9530, appendices A and B, whose body ends in a line feed; RFC 9421, B.2, whose body does not.
    let sha_256 = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
    let sha_512 = "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";
    let line = [BODY, b"\n"].concat();
    for values in [&[sha_256][..], &[sha_512], &[sha_256, sha_512], &["md5=:AA==:, crc32c=:AA==:", sha_256]] {
        let read = digests(values).unwrap();
        assert!(read.fit(&line) && !read.fit(BODY) && !read.fit(b""), "{values:?}");
    }
    assert!(digests(&[FIELDS[3].1]).unwrap().fit(BODY));
    assert!(digests(&["sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"]).unwrap().fit(BODY));
    assert!(digests(&["sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"]).unwrap().fit(b""));
    // All that are known must fit, not one of them.
    assert!(!digests(&[sha_256, FIELDS[3].1]).unwrap().fit(&line));
    assert!(!digests(&["sha-256=:RK/0qy18MlBSVnWgjwz6lQ==:"]).unwrap().fit(&line), "cut short");
}

#[test]
fn digests_that_bind_nothing_are_refused() {
    for (value, code) in [
        ("md5=:AA==:", code::SIGNATURE_INCOMPLETE),
        ("", code::SIGNATURE_INCOMPLETE),
        ("sha-256", code::SIGNATURE_INVALID),
        ("sha-256=abc", code::SIGNATURE_INVALID),
        ("sha-256=(:AA==:)", code::SIGNATURE_INVALID),
        ("sha-256=:A:", code::SIGNATURE_INVALID),
        ("SHA-256=:AA==:", code::SIGNATURE_INVALID),
        (&format!("a=\"{}\"", "x".repeat(MAX_FIELD)), code::SIGNATURE_INVALID),
    ] {
        assert_eq!(digests(&[value]).unwrap_err(), code, "{value}");
    }
    assert_eq!(digests(&[]).unwrap_err(), code::SIGNATURE_INCOMPLETE);
}

#[test]
fn dictionaries_are_bounded() {
    let labels = |n: usize| (0..n).map(|n| format!("s{n}=()")).collect::<Vec<_>>().join(", ");
    assert_eq!(dictionary("Signature-Input", labels(MAX_LABELS).as_bytes()).unwrap().len(), MAX_LABELS);
    assert!(dictionary("Signature-Input", labels(MAX_LABELS + 1).as_bytes()).is_err());
    assert!(dictionary("Signature-Input", &vec![b' '; MAX_FIELD + 1]).is_err());
    assert!(dictionary("Signature-Input", b"a=(").is_err());
}

proptest! {
    /// Whatever a list covers, a base is made or refused, and no value of the request adds a line of its own.
    #[test]
    fn a_base_has_one_line_a_component(covered in r#"\((("(@[a-z-]{1,12}|[a-z-]{1,8})"(;(sf|bs|req|tr|key="a"|name="b"))?) ?){0,4}\)"#, value in "[ -~]{0,40}") {
        let Ok(input) = Parser::new(&format!("sig={covered}")).parse::<Dictionary>() else { return Ok(()) };
        let Some(ListEntry::InnerList(list)) = input.get("sig") else { return Ok(()) };
        let pairs = [("host", value.as_str()), ("a", value.as_str()), ("date", value.as_str())];
        if let Ok(base) = base_of(&covered, &pairs, "/p?b=1", Scheme::Http) {
            prop_assert_eq!(base.lines().count(), list.items.len() + 1);
        }
    }
}
