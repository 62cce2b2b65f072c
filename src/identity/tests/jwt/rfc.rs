//! The examples of the RFCs, made by others.

use super::*;

const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

/// A request of the time at which those tokens were good.
fn ask_in_2011(settings: &Value, token: &str) -> Resolution {
    let source = read("jwt", settings).unwrap();
    let resolver = for_client(client("idp", None, Some("192.168.7.0/24"), vec![source]));
    let map = headers(&[("authorization", format!("Bearer {token}"))]);
    resolver.resolve(&arrival(LAN, &map, 1_300_819_000), None, &keys())
}

/// RFC 7515, A.1: the key is 64 bytes that are no text, so the secret is checked below the configuration.
#[test]
fn the_hmac_example_is_good() {
    let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let key = URL_SAFE_NO_PAD.decode(key).unwrap();
    let signed = format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}");
    let tag = URL_SAFE_NO_PAD.decode("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    assert!(is_mac(&key, signed.as_bytes(), &tag));
    assert!(!is_mac(&key[1..], signed.as_bytes(), &tag));
}

/// RFC 7515, A.3.
#[test]
fn the_ecdsa_example_is_good() {
    let files = Files::new();
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    let file = files.put("jwks.json", &json!({"keys": [jwk]}).to_string());
    let settings = json!({"jwks": {"file": file}, "issuer": "joe", "audience": "any", "user": "iss",
        "require": {"http://example.com/is_root": true}});
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let token = format!("eyJhbGciOiJFUzI1NiJ9.{CLAIMS}.{signature}");
    assert_user(&ask_in_2011(&settings, &token), "joe");
}

/// RFC 8037, A.4: what is signed there are no claims.
#[test]
fn the_eddsa_example_is_good() {
    let jwk = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]});
    let keys = KeySet::parse(jwk.to_string().as_bytes()).unwrap();
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    assert!(keys.verifies(super::super::Algorithm::EdDsa, signed, &signature));
    assert!(!keys.verifies(super::super::Algorithm::EdDsa, &signed[1..], &signature));
}
