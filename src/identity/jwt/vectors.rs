//! Project Wycheproof's vectors for JSON web signatures (`json_web_signature_test.json`, groups `hs256`, `es256` and `rs256`), through the
//! code that checks a token's form and signature. Each group breaks one good token in the same ways, which is how they are written here.

use serde_json::{Value, json};

use super::claims::{Audience, ClaimPath};
use super::jwks::KeySet;
use super::keyring::Location;
use super::*;

/// A good signature over `foo`.
struct Group {
    source: JwtSource,
    header: &'static str,
    signature: &'static str,
    /// The header with another key id.
    other_header: &'static str,
    /// Further tokens, none of which may pass.
    bad: &'static [&'static str],
}

fn source(keys: Keys) -> JwtSource {
    let rules = Rules {
        issuer: None,
        audience: Audience::Unnamed,
        user: ClaimPath::subject(),
        tenant: None,
        fixed_tenant: None,
        groups: None,
        require: Vec::new(),
        people_only: false,
    };
    JwtSource { header: AUTHORIZATION, name: "jwt", keys, rules }
}

/// The key as an issuer publishes it, and all algorithms allowed.
fn published(jwk: &Value) -> JwtSource {
    let keys = KeySet::parse(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
    let keyring = Keyring::new(Location::File("jwks.json".into()), None, KeyringSettings::default(), Some(keys));
    let algorithms = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"];
    let algorithms = algorithms.into_iter().map(|name| Algorithm::parse(name).unwrap()).collect();
    source(Keys::Published { keyring: keyring.into(), algorithms })
}

fn groups() -> [Group; 3] {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let secret = URL_SAFE_NO_PAD.decode("-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE").unwrap();
    let hs256 = Group {
        source: source(Keys::Secrets(vec![Secret::new(&secret)])),
        header: "eyJhbGciOiJIUzI1NiIsImtpZCI6ImtpZC1hZXMtc2lnbiJ9",
        signature: "TD37p4c_0jmreSrBSDmE0F3mYSPtkZ3WrSyI5wb_KTg",
        other_header: "eyJhbGciOiJIUzI1NiIsImtpZCI6IlhpZC1hZXMtc2lnbiJ9",
        bad: &[
            "eyJhbGciOiJub25lIiwia2lkIjoia2lkLWFlcy1zaWduIn0.Zm9v.",
            "{\"payload\":\"Zm9v\",\"signatures\":[{\"protected\":\"eyJhbGciOiJIUzI1NiIsImtpZCI6ImtpZC1hZXMtc2lnbiJ9\",\
             \"header\":{\"unknown\":\"untrustworthy\"},\"signature\":\"TD37p4c_0jmreSrBSDmE0F3mYSPtkZ3WrSyI5wb_KTg\"}",
        ],
    };
    let es256 = Group {
        source: published(&json!({
            "alg": "ES256", "use": "sig", "crv": "P-256", "kid": "kid-ec-sign", "kty": "EC",
            "x": "04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY", "y": "UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw",
        })),
        header: "eyJhbGciOiJFUzI1NiIsImtpZCI6ImtpZC1lYy1zaWduIn0",
        signature: "5cA0OHyMP7ezamUd5c9kV-FrGxdx4hbGXOdplQkutrqWrte5P-pAvsE3Ve6xSyU3YDQwUHjVVOtvcrEbbnZ8yA",
        other_header: "eyJhbGciOiJFUzI1NiIsImtpZCI6IlhpZC1lYy1zaWduIn0",
        bad: &[
            // The public key's bytes as a secret.
            "eyJhbGciOiJIUzI1NiIsImtpZCI6ImtpZC1lYy1zaWduIn0.Zm9v.TgWtz2FIRukBQ_mA5sgHa0Ybtgn7bl-YBPAi7Z0XdHU",
            // A key that the token brings along.
            "eyJhbGciOiJFUzI1NiIsImtpZCI6ImtpZC1lYy1zaWduIiwiandrIjp7Imt0eSI6IkVDIiwia2lkIjoia2lkLWVjLXNpZ24iLCJ1c2UiOiJzaWciLCJhbGciOiJFUzI1NiIsIngiOiJNZG5UWkRJaERKYmZBU2RGcWFtY3BPMkNoOUdOS0sybTBNUWxoNDAyU3BvIiwieSI6Ijdhdko0bHFfV3l4LW5MUERCUTJZcHl0dUh5TWlvMDdCVXl2bDNqYUMtMVkiLCJjcnYiOiJQLTI1NiJ9fQ.Zm9v.4jmsollQD8ZxvySzXYnIEYA4fwaZi2ZbC0aI1J4LYmW2Bn31NhKdjms2N6o51Dff5-InWXQF9m45VtTexl6yjg",
        ],
    };
    let rs256 = Group {
        source: published(&json!({
            "alg": "RS256", "use": "sig", "e": "AQAB", "kid": "kid-rsa-sign", "kty": "RSA",
            "n": "kqGboBfAWttWPCA-0cGRgsY6SaYoIARt0B_PkaEcIq9HPYNdu9n6UuWHuuTHrjF_ZoQW97r5HaAorNvrMEGTGdxCHZdEtkHvNVVmrtxTBLiQCbCozXhFoIrVcr3qUBrdGnNn_M3jJi7Wg7p_-x62nS5gNG875oyheRkutHsQXikFZwsN3q_TsPNOVlCiHy8mxzaFTUQGm-X8UYexFyAivlDSjgDJLAZSWfxd7k9Gxuwa3AUfQqQcVcegmgKGCaErQ3qQbh1x7WB6iopE3_-GZ8HMAVtR9AmrVscqYsnjhaCehfAI0iKKs8zXr8tISc0ORbaalrkk03H1ZrsEnDKEWQ",
        })),
        header: "eyJhbGciOiJSUzI1NiIsImtpZCI6ImtpZC1yc2Etc2lnbiJ9",
        signature: "HUwxI1-cZrZgcuOgBQ7G7NE-GrqK79l6GV1KT4DKXnSMFwC8pfZCzE7pmLE7mYpLCIvzC87yuOjuhT0uW5oe6aaAEtR978cm-q8dfly45flqMrd_ifhi9GCsMlyi8dpQ42Ou1etZljFZuWjfyk8CN1c5DaHRwhqjScAPIFp6xmzKIRUJ_xdQfUSfSlujLaixtScU518EoNP4oo1v7E8RAz6ZO4g2N4Xqs8OvSxYydcoTEg42QnLHe9JnXgI37Q5gSwinwaPsG3Ry56UYiLoL8mCUa74S51y02VsIgVmmGWgaXjM-i_lCiKQDBiBnvWlka4XhVuvd6ZWibM9cbCPtPg",
        other_header: "eyJhbGciOiJSUzI1NiIsImtpZCI6IlhpZC1yc2Etc2lnbiJ9",
        bad: &[],
    };
    [hs256, es256, rs256]
}

#[test]
fn json_web_signatures() {
    let mut run = 0;
    for Group { source, header, signature, other_header, bad } in groups() {
        let passes = |token: &str| Token::parse(token.as_bytes()).and_then(|token| source.check_signature(&token)).is_ok();
        let whole = format!("{header}.Zm9v.{signature}");
        assert!(passes(&whole), "{whole}");
        let broken = [
            format!("{header}.Zm9v.X{}", &signature[1..]),
            format!("{header}.Zm9v."),
            format!("{header}.Zm9v"),
            format!("{header}.WG9v.{signature}"),
            format!("{header}..{signature}"),
            format!("{header}.{signature}"),
            format!("{other_header}.Zm9v.{signature}"),
            format!(".Zm9v.{signature}"),
            format!("Zm9v.{signature}"),
            ".Zm9v.".to_owned(),
            "Zm9v".to_owned(),
            String::new(),
            format!("{whole}."),
            format!("{whole}.foo"),
        ];
        for token in broken.iter().map(String::as_str).chain(bad.iter().copied()) {
            assert!(!passes(token), "{token}");
            run += 1;
        }
    }
    assert_eq!(run, 46);
}
