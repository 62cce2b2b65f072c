//! `admin.credentials` of the configuration file: who signs in, by what, and as what.

use std::collections::HashSet;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::password::PasswordHash;
use crate::admin::Role;
use crate::setting::{Faults, SecretRef};

/// Longest name in bytes.
pub(super) const LONGEST_NAME: usize = 64;
/// Fewest and most bytes of a token.
const TOKEN_LENGTHS: std::ops::RangeInclusive<usize> = 32..=512;
/// Most credentials.
const MOST: usize = 256;
/// Names that the audit log has for those who need no credential, and for memgate itself.
const RESERVED: [&str; 3] = [OPEN_NAME, "local", "system"];
/// What whoever comes through an open gate is called.
pub(super) const OPEN_NAME: &str = "open";

/// What somebody signs in by. At least one of token and password.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialFile {
    /// Who it is: 1 to 64 of `a-z A-Z 0-9 . _ @ -`. The audit log has it.
    pub name: String,
    /// `viewer`, `operator` or `auditor`.
    pub role: Role,
    /// A token for programs: 32 bytes at least. `memgate admin token` makes one.
    pub token: Option<SecretRef>,
    /// The argon2id hash of a password for browsers, as a PHC string. `memgate admin hash-password` makes one.
    pub password_hash: Option<PasswordHashFile>,
}

/// A hash, or where it stands.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "is no hash; write a PHC string, {env: NAME} or {file: PATH}")]
pub enum PasswordHashFile {
    Phc(String),
    Kept(SecretRef),
}

impl fmt::Debug for PasswordHashFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHashFile(…)")
    }
}

/// Whom the gate knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub name: Box<str>,
    pub role: Role,
    pub token: Option<TokenHash>,
    pub password: Option<PasswordHash>,
}

/// SHA-256 of a token: tokens are random and long, so that no slow hash is needed. Compared in constant time.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    #[must_use]
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        bool::from(self.0.ct_eq(&other.0))
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// Reads every credential, and adds the faults of each.
pub fn resolve_credentials(files: &[CredentialFile], path: &str, faults: &mut Faults) -> Vec<Credential> {
    if files.len() > MOST {
        faults.add(path, format!("lists more than {MOST}"), "remove those that nobody uses");
    }
    let mut names = HashSet::new();
    let mut found: Vec<Credential> = Vec::with_capacity(files.len());
    for (i, file) in files.iter().enumerate().take(MOST) {
        let path = format!("{path}[{i}]");
        if !is_name(&file.name) || RESERVED.contains(&&*file.name) {
            let reason = "is no name, or one that memgate uses itself";
            faults.add(format!("{path}.name"), reason, "write 1 to 64 of a-z A-Z 0-9 . _ @ -, and none of local, open, system");
        } else if !names.insert(&file.name) {
            faults.add(format!("{path}.name"), "is the name of another credential, too", "give each a name of its own");
        }
        if file.token.is_none() && file.password_hash.is_none() {
            let remedy = "add token, password_hash or both; `memgate admin token` and `memgate admin hash-password` make them";
            faults.add(path.clone(), "has nothing to sign in by", remedy);
        }
        let token = file.token.as_ref().and_then(|token| resolve_token(token, &format!("{path}.token"), faults));
        if token.is_some() && found.iter().any(|other| other.token == token) {
            let remedy = "give each a token of its own: `memgate admin token` makes one";
            faults.add(format!("{path}.token"), "is the token of another credential, too", remedy);
        }
        let password = file.password_hash.as_ref();
        let password = password.and_then(|hash| resolve_password(hash, &format!("{path}.password_hash"), faults));
        found.push(Credential { name: file.name.as_str().into(), role: file.role, token, password });
    }
    found
}

fn is_name(name: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b"._@-".contains(&c);
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(allowed)
}

fn resolve_token(token: &SecretRef, path: &str, faults: &mut Faults) -> Option<TokenHash> {
    let secret = token.resolve(path, faults)?;
    let text = secret.expose();
    if !TOKEN_LENGTHS.contains(&text.len()) || !text.iter().all(u8::is_ascii_graphic) {
        let reason = "has fewer than 32 bytes, more than 512, or others than visible ASCII";
        faults.add(path, reason, "make one: `memgate admin token`");
        return None;
    }
    Some(TokenHash::of(text))
}

fn resolve_password(hash: &PasswordHashFile, path: &str, faults: &mut Faults) -> Option<PasswordHash> {
    let parsed = match hash {
        PasswordHashFile::Phc(text) => PasswordHash::parse(text),
        PasswordHashFile::Kept(kept) => {
            let secret = kept.resolve(path, faults)?;
            PasswordHash::parse(std::str::from_utf8(secret.expose()).unwrap_or_default())
        }
    };
    parsed.map_err(|fault| faults.add(path, fault.to_string(), "make one: `memgate admin hash-password`")).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

    fn resolve(files: Value) -> (Vec<Credential>, Vec<String>) {
        let files: Vec<CredentialFile> = serde_json::from_value(files).unwrap();
        let mut faults = Faults::default();
        let found = resolve_credentials(&files, "admin.credentials", &mut faults);
        (found, faults.into_vec().iter().map(|fault| format!("{}: {}", fault.path, fault.reason)).collect())
    }

    fn token(text: &str) -> (tempfile::NamedTempFile, Value) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let place = json!({"file": file.path()});
        (file, place)
    }

    #[test]
    fn credentials_are_read_and_say_nothing_of_their_secrets() {
        let (_file, place) = token("0123456789abcdef0123456789abcdef\n");
        let (found, faults) = resolve(json!([
            {"name": "anna", "role": "operator", "password_hash": PHC},
            {"name": "grafana@ops", "role": "viewer", "token": place},
        ]));
        assert_eq!(faults, [""; 0]);
        assert_eq!(found[1].token, Some(TokenHash::of(b"0123456789abcdef0123456789abcdef")));
        assert!(found[0].password.is_some());
        let told = format!("{found:?}");
        assert!(!told.contains("argon2id") && !told.contains("0123"), "{told}");
    }

    #[test]
    fn each_fault_is_told_at_its_place() {
        let (_short, short) = token("short");
        let (_a, a) = token("0123456789abcdef0123456789abcdef");
        let (_b, b) = token("0123456789abcdef0123456789abcdef");
        let weak = PHC.replace("19456", "1024");
        let (_, faults) = resolve(json!([
            {"name": "", "role": "viewer", "password_hash": PHC},
            {"name": "local", "role": "viewer", "password_hash": PHC},
            {"name": "anna", "role": "viewer"},
            {"name": "anna", "role": "viewer", "password_hash": weak},
            {"name": "bert", "role": "viewer", "token": short},
            {"name": "carl", "role": "viewer", "token": a},
            {"name": "dora", "role": "viewer", "token": b},
            {"name": "emil", "role": "viewer", "password_hash": {"env": "MEMGATE_NO_SUCH_VARIABLE"}},
            {"name": "system", "role": "operator", "password_hash": PHC},
        ]));
        let places: Vec<&str> = faults.iter().map(|fault| fault.split(':').next().unwrap()).collect();
        let expected = [
            "[0].name",
            "[1].name",
            "[2]",
            "[3].name",
            "[3].password_hash",
            "[4].token",
            "[6].token",
            "[7].password_hash",
            "[8].name",
        ];
        assert_eq!(places, expected.map(|place| format!("admin.credentials{place}")), "{faults:?}");
    }
}
