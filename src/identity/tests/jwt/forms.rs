//! Tokens out of shape. The cases are those of Wycheproof's suite for JWS, over keys of our own.

use proptest::prelude::*;

use super::*;

/// A claims part that is too long for a token.
const PADDING: usize = 16 << 10;

#[test]
fn only_the_compact_form_is_taken() {
    let files = Files::new();
    let secret = read("jwt", &json!({"secret": files.secret("s", SECRET), "audience": AUDIENCE, "header": "x-token"})).unwrap();
    let (rsa, ec) = (Signer::rsa("k", Algorithm::RS256), Signer::es256("k"));
    let by_rsa = files.jwt(&published(&[&rsa]), &json!({"header": "x-token"}));
    let other = Files::new();
    let by_ec = other.jwt(&published(&[&ec]), &json!({"header": "x-token"}));
    let sound = claims(&json!({}));
    let by_secret = hs256(&json!({"alg": "HS256", "kid": "k"}), &sound, SECRET.as_bytes());
    let mut cases = 0;
    for (source, token) in [(secret, by_secret), (by_rsa, rsa.sign(&sound)), (by_ec, ec.sign(&sound))] {
        let ask = |value: &str| ask_with(std::slice::from_ref(&source), &[("x-token", value)]);
        assert_user(&ask(&token), "alice");
        let [header, body, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let json = json!({"payload": body, "protected": header, "signature": signature});
        let general = json!({"payload": body, "signatures": [{"protected": header, "signature": signature}]});
        let critical = json!({"alg": "HS256", "kid": "k", "crit": ["exp"]});
        let changed_case = format!("{}.{body}.{signature}", header.to_uppercase());
        let padded = format!("{header}.{body}.{signature}==");
        let spaced = format!("{header}.{body} .{signature}");
        let standard = format!("{header}.{body}.{}", signature.replace('-', "+").replace('_', "/") + "+");
        let bodies = json!({"alg": "none", "kid": "k"}).to_string();
        for bad in [
            format!("{header}.{body}."),
            format!("{header}.{body}"),
            format!("{header}..{signature}"),
            format!("{header}.{signature}"),
            format!(".{body}.{signature}"),
            format!("{body}.{signature}"),
            format!(".{body}."),
            body.to_owned(),
            String::new(),
            "..".to_owned(),
            ".".to_owned(),
            format!("{token}."),
            format!("{token}.foo"),
            format!(".{token}"),
            format!("{}.{body}.", encode(&bodies)),
            format!("{}.{body}.{signature}", encode(&bodies)),
            format!("{header}.{}.{signature}", encode(claims(&json!({"sub": "bob"})).to_string())),
            format!("{}.{body}.{signature}", encode("{}")),
            format!("{}.{body}.{signature}", encode("not json")),
            format!("{}.{body}.{signature}", encode("{\"alg\": 5}")),
            format!("{}.{body}.{signature}", encode("{\"alg\": \"HS256\", \"alg\": \"RS256\"}")),
            format!("{header}.{body}.{}", &signature[..signature.len() - 4]),
            format!("{header}.{body}.{signature}AAAA"),
            json.to_string(),
            general.to_string(),
            changed_case,
            padded,
            spaced,
            standard,
            format!("Bearer {token}"),
            format!("{token} {token}"),
            format!("{token},{token}"),
            hs256(&critical, &sound, SECRET.as_bytes()),
            hs256(&json!({"alg": "HS256", "crit": null}), &sound, SECRET.as_bytes()),
            hs256(&json!({"alg": "HS256", "crit": []}), &sound, SECRET.as_bytes()),
        ] {
            let found = ask(&bad);
            assert!(matches!(code_of(&found), code::JWT_INVALID | code::JWT_KEY_UNKNOWN), "{bad}");
            cases += 1;
        }
    }
    assert_eq!(cases, 3 * 35);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_changed_token_proves_nothing(at in any::<prop::sample::Index>(), byte in 0x20_u8..0x7f, keep in any::<prop::sample::Index>()) {
        let source = source_by_secret();
        let token = hs256(&json!({"alg": "HS256"}), &claims(&json!({"aud": null, "iss": "open-webui"})), SECRET.as_bytes()).into_bytes();
        prop_assert!(source.verify(&token, NOW, 60, &TenantId::default()).is_ok());
        let mut changed = token.clone();
        let place = at.index(changed.len());
        changed[place] = byte;
        prop_assert_eq!(source.verify(&changed, NOW, 60, &TenantId::default()).is_ok(), changed == token);
        prop_assert!(source.verify(&token[..keep.index(token.len())], NOW, 60, &TenantId::default()).is_err());
    }

    #[test]
    fn noise_proves_nothing(noise in prop::collection::vec(any::<u8>(), 0..200), parts in "[A-Za-z0-9_-]{0,40}[.][A-Za-z0-9_-]{0,40}[.][A-Za-z0-9_-]{0,43}") {
        let source = source_by_secret();
        prop_assert!(source.verify(&noise, NOW, 60, &TenantId::default()).is_err());
        prop_assert!(source.verify(parts.as_bytes(), NOW, 60, &TenantId::default()).is_err());
    }
}

fn source_by_secret() -> OpenWebuiJwt {
    OpenWebuiJwt::new(HeaderName::from_static("x-token"), vec![Secret::new(SECRET.as_bytes())])
}

#[test]
fn what_is_signed_but_no_set_of_claims_is_refused() {
    let files = Files::new();
    let source = read("jwt", &json!({"secret": files.secret("s", SECRET), "audience": AUDIENCE})).unwrap();
    for body in [json!("text"), json!([]), json!(null), json!(5), json!({})] {
        let token = hs256(&json!({"alg": "HS256"}), &body, SECRET.as_bytes());
        assert_eq!(code_of(&present(&source, &token)), code::JWT_INVALID, "{body}");
    }
}

#[test]
fn large_tokens_are_refused_unread() {
    let files = Files::new();
    let source = read("jwt", &json!({"secret": files.secret("s", SECRET), "audience": AUDIENCE})).unwrap();
    let token =
        |length: usize| hs256(&json!({"alg": "HS256"}), &claims(&json!({"padding": "x".repeat(length)})), SECRET.as_bytes());
    // Base64 makes four characters of three bytes.
    let room = (PADDING - token(0).len()) / 4 * 3;
    let largest = (room - 8..=room + 8).rev().map(token).find(|token| token.len() <= PADDING);
    assert_user(&present(&source, &largest.unwrap()), "alice");
    let found = present(&source, &token(PADDING));
    let Finding::Invalid(invalid) = found.finding else { panic!() };
    assert_eq!(invalid.code, code::JWT_INVALID);
    assert!(invalid.message.contains("16 KiB"), "{}", invalid.message);
}
