//! Which key checks what: the algorithm is never the token's choice.

use super::*;

#[test]
fn each_algorithm_is_checked_by_a_key_of_its_kind() {
    let files = Files::new();
    let by_default = [Signer::rsa("rs256", Algorithm::RS256), Signer::es256("es256"), Signer::ed25519("eddsa")];
    let on_demand = [
        Signer::rsa("rs384", Algorithm::RS384),
        Signer::rsa("rs512", Algorithm::RS512),
        Signer::rsa("ps256", Algorithm::PS256),
        Signer::ec("es384", Algorithm::ES384),
    ];
    let every: Vec<_> = by_default.iter().chain(&on_demand).collect();
    let defaults = files.jwt(&published(&every), &json!({}));
    let all = json!({"algorithms": ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]});
    let all = files.jwt(&published(&every), &all);
    for signer in &every {
        let token = signer.sign(&claims(&json!({})));
        assert_user(&present(&all, &token), "alice");
        if by_default.iter().any(|known| known.id == signer.id) {
            assert_user(&present(&defaults, &token), "alice");
        } else {
            assert_eq!(code_of(&present(&defaults, &token)), code::JWT_INVALID, "{}", signer.id);
        }
        // Changed by a bit, anywhere.
        for at in [0, token.find('.').unwrap() + 3, token.rfind('.').unwrap() + 9] {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(code_of(&present(&all, &changed)), code::JWT_INVALID, "{} {at}", signer.id);
        }
    }
}

#[test]
fn two_secrets_at_a_time_and_no_third() {
    let files = Files::new();
    let secrets = [files.secret("old", SECRET), files.secret("new", "the-next-hs256-secret-of-32-bytes-or-so")];
    let source = |secrets: &[Value]| read("jwt", &json!({"secrets": secrets})).unwrap();
    let both = source(&secrets);
    let claims = claims(&json!({"aud": null}));
    let token = |secret: &str| hs256(&json!({"alg": "HS256"}), &claims, secret.as_bytes());
    for secret in [SECRET, "the-next-hs256-secret-of-32-bytes-or-so"] {
        assert_user(&present(&both, &token(secret)), "alice");
    }
    assert_eq!(code_of(&present(&both, &token("some-other-hs256-secret-of-32-bytes!!"))), code::JWT_INVALID);
    assert_eq!(code_of(&present(&source(&secrets[1..]), &token(SECRET))), code::JWT_INVALID);
}

#[test]
fn no_algorithm_passes_for_another() {
    let files = Files::new();
    let (rsa, ec) = (Signer::rsa("rsa", Algorithm::RS256), Signer::es256("ec"));
    let published = published(&[&rsa, &ec]);
    let source = files.jwt(&published, &json!({"algorithms": ["RS256", "PS256", "ES256", "EdDSA"]}));
    let sound = claims(&json!({}));
    assert_user(&present(&source, &rsa.sign(&sound)), "alice");
    let part = |name: &str| URL_SAFE_NO_PAD.decode(rsa.jwk[name].as_str().unwrap()).unwrap();
    // The public key, in whatever form an attacker has it, is no secret.
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", encode(part("n")));
    for secret in [part("n"), rsa.jwk.to_string().into_bytes(), pem.into_bytes(), rsa.jwk["n"].as_str().unwrap().into(), vec![]] {
        for name in ["HS256", "HS384", "HS512", "RS256", "hs256"] {
            let token = hs256(&json!({"alg": name, "kid": "rsa"}), &sound, &secret);
            assert_eq!(code_of(&present(&source, &token)), code::JWT_INVALID, "{name}");
        }
    }
    for name in ["none", "None", "NONE", "", "RS1", "ES256K", "dir", "A128KW", "RS256 "] {
        let header = json!({"alg": name, "kid": "rsa"});
        let signed = hs256(&header, &sound, b"");
        let bare = format!("{}.", signed.rsplit_once('.').unwrap().0);
        let borrowed = format!("{bare}{}", rsa.sign(&sound).rsplit_once('.').unwrap().1);
        for token in [signed, bare, borrowed] {
            assert_eq!(code_of(&present(&source, &token)), code::JWT_INVALID, "{name}");
        }
    }
    // By a good key, under the name of one of another kind; and by the same key in another padding.
    assert_eq!(code_of(&present(&source, &ec.sign_as(Some("rsa"), &sound))), code::JWT_INVALID);
    assert_eq!(code_of(&present(&source, &rsa.sign_as(Some("ec"), &sound))), code::JWT_INVALID);
    let only_rs256 = Signer { jwk: with(&rsa.jwk, "alg", &json!("RS256")), ..Signer::rsa("rsa", Algorithm::PS256) };
    let pinned = files.jwt(&super::published(&[&only_rs256]), &json!({"algorithms": ["RS256", "PS256"]}));
    assert_eq!(code_of(&present(&pinned, &only_rs256.sign(&sound))), code::JWT_INVALID);
    assert_user(&present(&pinned, &rsa.sign(&sound)), "alice");
    // A secret is for HS256 alone.
    let secret = read("jwt", &json!({"secret": files.secret("s", SECRET), "audience": AUDIENCE})).unwrap();
    assert_eq!(code_of(&present(&secret, &rsa.sign(&sound))), code::JWT_INVALID);
    assert_eq!(code_of(&present(&secret, &hs256(&json!({"alg": "HS512"}), &sound, SECRET.as_bytes()))), code::JWT_INVALID);
}

fn with(jwk: &Value, name: &str, value: &Value) -> Value {
    let mut jwk = jwk.clone();
    jwk[name] = value.clone();
    jwk
}

#[test]
fn a_key_that_the_token_brings_along_is_not_looked_at() {
    let files = Files::new();
    let (good, evil) = (Signer::es256("k1"), Signer::es256("k1"));
    let source = files.jwt(&published(&[&good]), &json!({}));
    let jwk = serde_json::from_value(evil.jwk.clone()).unwrap();
    let urls = Some("https://evil.example/keys".to_owned());
    for header in [
        Header { jwk: Some(jwk), kid: Some("k1".to_owned()), ..Header::new(Algorithm::ES256) },
        Header { jku: urls.clone(), x5u: urls, kid: Some("k1".to_owned()), ..Header::new(Algorithm::ES256) },
    ] {
        let forged = jsonwebtoken::encode(&header, &claims(&json!({})), &evil.key).unwrap();
        assert_eq!(code_of(&present(&source, &forged)), code::JWT_INVALID);
        let honest = jsonwebtoken::encode(&header, &claims(&json!({})), &good.key).unwrap();
        assert_user(&present(&source, &honest), "alice");
    }
}

#[test]
fn keys_for_anything_else_are_passed_over() {
    let (rsa, ec) = (Signer::rsa("rsa", Algorithm::RS256), Signer::es256("ec"));
    let cases = [
        ("for encryption", with(&ec.jwk, "use", &json!("enc"))),
        ("for signing alone", with(&ec.jwk, "key_ops", &json!(["sign"]))),
        ("for another algorithm", with(&ec.jwk, "alg", &json!("ES384"))),
        ("for an unknown algorithm", with(&ec.jwk, "alg", &json!("ES999"))),
        ("with its private part", with(&ec.jwk, "d", &json!("AAAA"))),
        ("of another curve", with(&ec.jwk, "crv", &json!("secp256k1"))),
        ("of a wrong curve", with(&ec.jwk, "crv", &json!("P-384"))),
        ("short", with(&ec.jwk, "x", &json!("AAAA"))),
        ("padded", with(&ec.jwk, "x", &json!(format!("{}=", ec.jwk["x"].as_str().unwrap())))),
        ("without a kind", json!({"kid": "ec"})),
        ("no key", json!("ec")),
        ("symmetric", json!({"kty": "oct", "kid": "hs", "alg": "HS256", "k": encode(SECRET)})),
        ("RSA of 1024 bits", with(&rsa.jwk, "n", &json!(encode([0xc1; 128])))),
        ("RSA of 1024 bits behind zeros", with(&rsa.jwk, "n", &json!(encode([vec![0; 128], vec![0xc1; 128]].concat())))),
        ("RSA of 2047 bits", with(&rsa.jwk, "n", &json!(encode([vec![0x7f], vec![0xc1; 255]].concat())))),
        ("RSA that maps to itself", with(&rsa.jwk, "e", &json!("AQ"))),
        ("RSA with an even exponent", with(&rsa.jwk, "e", &json!("Ag"))),
        ("RSA without a modulus", with(&rsa.jwk, "n", &json!(""))),
    ];
    for (what, jwk) in cases {
        let files = Files::new();
        let file = files.put("jwks.json", &json!({"keys": [jwk]}).to_string());
        let alone = json!({"jwks": {"file": file}, "issuer": ISSUER, "audience": AUDIENCE});
        assert_eq!(read("jwt", &alone).unwrap_err(), ["p.jwt.jwks.file"], "{what}");
        // Beside a good key they are no harm, and no use.
        let good = Signer::ed25519("good");
        let source = files.jwt(&json!({"keys": [jwk, good.jwk]}), &json!({}));
        assert_user(&present(&source, &good.sign(&claims(&json!({})))), "alice");
        for signer in [&ec, &rsa] {
            assert_eq!(code_of(&present(&source, &signer.sign(&claims(&json!({}))))), code::JWT_KEY_UNKNOWN, "{what}");
        }
        let symmetric = hs256(&json!({"alg": "HS256", "kid": "hs"}), &claims(&json!({})), SECRET.as_bytes());
        assert_eq!(code_of(&present(&source, &symmetric)), code::JWT_INVALID, "{what}");
    }
}

#[test]
fn keys_rotate_two_at_a_time() {
    let files = Files::new();
    let (old, new, next) = (Signer::es256("k1"), Signer::ed25519("k2"), Signer::es256("k3"));
    let source = files.jwt(&published(&[&old, &new]), &json!({}));
    for signer in [&old, &new] {
        assert_user(&present(&source, &signer.sign(&claims(&json!({})))), "alice");
        // Without a name, any key that fits will do.
        assert_user(&present(&source, &signer.sign_as(None, &claims(&json!({})))), "alice");
    }
    assert_eq!(code_of(&present(&source, &next.sign(&claims(&json!({}))))), code::JWT_KEY_UNKNOWN);
    assert_eq!(code_of(&present(&source, &next.sign_as(None, &claims(&json!({}))))), code::JWT_KEY_UNKNOWN);
    assert_eq!(code_of(&present(&source, &next.sign_as(Some("k1"), &claims(&json!({}))))), code::JWT_INVALID);
    // Two keys of one name, as some issuers have them for a while.
    let twin = Signer::es256("k1");
    let source = files.jwt(&published(&[&old, &twin]), &json!({}));
    for signer in [&old, &twin] {
        assert_user(&present(&source, &signer.sign(&claims(&json!({})))), "alice");
    }
}

#[test]
fn sets_are_bounded() {
    let set = |count: usize| json!({"keys": vec![json!({"kty": "EC"}); count]}).to_string();
    let signer = Signer::es256("k1");
    let parse = |text: &str| KeySet::parse(text.as_bytes()).map(|_| ());
    assert_eq!(parse(&set(64)), Err(JwksError::NoKeys));
    assert_eq!(parse(&set(65)), Err(JwksError::TooMany));
    let padded = |size: usize| {
        let text = published(&[&signer]).to_string();
        format!("{text}{}", " ".repeat(size - text.len()))
    };
    assert_eq!(parse(&padded(256 << 10)), Ok(()));
    assert_eq!(parse(&padded((256 << 10) + 1)), Err(JwksError::TooLarge));
    for text in ["", "[]", "{}", "null", "{\"keys\": {}}", "{\"keys\": [", "<html>"] {
        assert_eq!(parse(text), Err(JwksError::Malformed), "{text}");
    }
    assert_eq!(parse("{\"keys\": []}"), Err(JwksError::NoKeys));
}
