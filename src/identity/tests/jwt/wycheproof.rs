//! Project Wycheproof's vectors, through the code that checks memgate's own signatures and tokens: the HMAC of both, and each
//! algorithm of published keys. The keys come in as key sets, as an issuer would publish them.

use ::wycheproof::TestResult;
use ::wycheproof::{ecdsa, eddsa, mac, rsa_pkcs1_verify as pkcs1, rsa_pss_verify as pss};

use super::super::Algorithm;
use super::*;

/// A set of this one key.
fn set(jwk: &Value) -> KeySet {
    KeySet::parse(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap()
}

/// How many vectors were run, and how many of them had to be good.
#[derive(Debug, Default, PartialEq, Eq)]
struct Run {
    all: usize,
    valid: usize,
}

impl Run {
    #[track_caller]
    fn expect(&mut self, what: &str, id: usize, result: TestResult, good: bool) {
        match result {
            TestResult::Valid => assert!(good, "{what}, vector {id} is good"),
            TestResult::Invalid => assert!(!good, "{what}, vector {id} is bad"),
            TestResult::Acceptable => {}
        }
        self.all += 1;
        self.valid += usize::from(result == TestResult::Valid);
    }
}

#[test]
fn hmac_sha256() {
    let tests = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let (mut whole, mut truncated) = (Run::default(), Run::default());
    for group in &tests.test_groups {
        for test in &group.tests {
            let good = is_mac(&test.key, &test.msg, &test.tag);
            if group.tag_size == 256 {
                whole.expect("HMAC-SHA256", test.tc_id, test.result, good);
            } else {
                // A part of a tag is none.
                truncated.expect("truncated HMAC-SHA256", test.tc_id, TestResult::Invalid, good);
            }
        }
    }
    assert_eq!(whole.all + truncated.all, tests.number_of_tests);
    assert!(whole.valid > 30 && whole.all > 80 && truncated.all > 80, "{whole:?} {truncated:?}");
}

#[test]
fn rsa_pkcs1() {
    use pkcs1::TestName::{
        Rsa2048Sha256, Rsa2048Sha384, Rsa2048Sha512, Rsa3072Sha256, Rsa3072Sha384, Rsa3072Sha512, Rsa4096Sha256, Rsa4096Sha384,
        Rsa4096Sha512, Rsa8192Sha256, Rsa8192Sha384, Rsa8192Sha512,
    };
    let mut run = Run::default();
    for (algorithm, names) in [
        (Algorithm::Rs256, [Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256]),
        (Algorithm::Rs384, [Rsa2048Sha384, Rsa3072Sha384, Rsa4096Sha384, Rsa8192Sha384]),
        (Algorithm::Rs512, [Rsa2048Sha512, Rsa3072Sha512, Rsa4096Sha512, Rsa8192Sha512]),
    ] {
        for name in names {
            let mut ran = 0;
            let tests = pkcs1::TestSet::load(name).unwrap();
            for group in &tests.test_groups {
                let keys = set(&json!({"kty": "RSA", "n": encode(&group.key.n), "e": encode(&group.key.e)}));
                for test in &group.tests {
                    run.expect(&format!("{name:?}"), test.tc_id, test.result, keys.verifies(algorithm, &test.msg, &test.sig));
                    ran += 1;
                }
            }
            assert_eq!(ran, tests.number_of_tests, "{name:?}");
        }
    }
    assert!(run.all > 2_000 && run.valid > 50, "{run:?}");
}

#[test]
fn rsa_pss() {
    use pss::TestName::{RsaPss2048Sha256Mgf1SaltLen32, RsaPss3072Sha256Mgf1SaltLen32, RsaPss4096Sha256Mgf1SaltLen32};
    let mut run = Run::default();
    for name in [RsaPss2048Sha256Mgf1SaltLen32, RsaPss3072Sha256Mgf1SaltLen32, RsaPss4096Sha256Mgf1SaltLen32] {
        for group in &pss::TestSet::load(name).unwrap().test_groups {
            let keys = set(&json!({"kty": "RSA", "n": encode(&group.key.n), "e": encode(&group.key.e)}));
            for test in &group.tests {
                let good = keys.verifies(Algorithm::Ps256, &test.msg, &test.sig);
                run.expect(&format!("{name:?}"), test.tc_id, test.result, good);
            }
        }
    }
    assert!(run.all > 200 && run.valid > 20, "{run:?}");
}

#[test]
fn ecdsa_as_tokens_have_it() {
    use ecdsa::TestName::{EcdsaSecp256r1Sha256P1363, EcdsaSecp384r1Sha384P1363};
    let mut run = Run::default();
    for (algorithm, curve, name, size) in
        [(Algorithm::Es256, "P-256", EcdsaSecp256r1Sha256P1363, 32), (Algorithm::Es384, "P-384", EcdsaSecp384r1Sha384P1363, 48)]
    {
        for group in &ecdsa::TestSet::load(name).unwrap().test_groups {
            let (x, y) = group.key.key[1..].split_at(size);
            let keys = set(&json!({"kty": "EC", "crv": curve, "x": encode(x), "y": encode(y)}));
            for test in &group.tests {
                run.expect(&format!("{name:?}"), test.tc_id, test.result, keys.verifies(algorithm, &test.msg, &test.sig));
            }
        }
    }
    assert!(run.all > 400 && run.valid > 100, "{run:?}");
}

#[test]
fn ed25519() {
    let tests = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut run = Run::default();
    for group in &tests.test_groups {
        let keys = set(&json!({"kty": "OKP", "crv": "Ed25519", "x": encode(&group.key.pk)}));
        for test in &group.tests {
            run.expect("Ed25519", test.tc_id, test.result, keys.verifies(Algorithm::EdDsa, &test.msg, &test.sig));
        }
    }
    assert_eq!(run.all, tests.number_of_tests);
    assert!(run.valid > 50, "{run:?}");
}
