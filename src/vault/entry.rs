//! One personal key: what may be one, what of it may be shown, and how it stands in its row.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use thiserror::Error;

use crate::setting::Secret;
use crate::store::StoreError;

/// Layout of a row: this byte, the times of creation and of the last test (milliseconds since the Unix epoch, big-endian, 0 for never),
/// the test's result, the key.
const VERSION: u8 = 1;
const HEAD: usize = 1 + 8 + 8 + 1;
/// Bytes of a key.
const SHORTEST: usize = 8;
const LONGEST: usize = 4096;
/// Characters of a hint.
const HINT: usize = 6;
/// How memgate's own personal keys begin.
const OWN_PREFIX: &[u8] = b"mgk_";

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyFault {
    #[error("is shorter than {SHORTEST} or longer than {LONGEST} characters")]
    Length,
    #[error("holds a character that no key has: only visible ASCII, no spaces or line breaks")]
    Character,
    #[error("is a key for this server, not for a model provider")]
    Own,
}

/// Takes a key as the person typed it, without white space around it.
///
/// # Errors
/// What keeps it from being one.
pub fn check(text: &str) -> Result<Secret, KeyFault> {
    let key = text.trim_ascii().as_bytes();
    if !(SHORTEST..=LONGEST).contains(&key.len()) {
        return Err(KeyFault::Length);
    }
    if !key.iter().all(u8::is_ascii_graphic) {
        return Err(KeyFault::Character);
    }
    if key.starts_with(OWN_PREFIX) {
        return Err(KeyFault::Own);
    }
    Ok(Secret::new(key))
}

/// What a provider said of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestResult {
    /// It was let in.
    Valid,
    /// It was turned down: 401 or 403.
    Invalid,
    /// The provider could not be asked.
    Unreachable,
    /// The provider answered something that tells nothing of the key, or nothing is known to ask it.
    Unclear,
}

impl TestResult {
    const ALL: [Self; 4] = [Self::Valid, Self::Invalid, Self::Unreachable, Self::Unclear];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Unreachable => "unreachable",
            Self::Unclear => "unclear",
        }
    }

    /// The byte in a row; 0 is for none.
    fn code(self) -> u8 {
        match self {
            Self::Valid => 1,
            Self::Invalid => 2,
            Self::Unreachable => 3,
            Self::Unclear => 4,
        }
    }
}

/// A test of a key, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tested {
    pub at: i64,
    pub result: TestResult,
}

/// A person's key for one provider. Prints without the key.
#[derive(Debug, Clone)]
pub struct PersonalKey {
    pub provider: Box<str>,
    pub secret: Secret,
    /// When it was stored, in milliseconds since the Unix epoch.
    pub created_at: i64,
    pub tested: Option<Tested>,
    /// When it was last shown to its provider, as far as this process remembers; 0 for never.
    pub(super) used_at: Arc<AtomicI64>,
}

impl PersonalKey {
    #[must_use]
    pub fn new(provider: &str, secret: Secret, created_at: i64) -> Self {
        Self { provider: provider.into(), secret, created_at, tested: None, used_at: Arc::default() }
    }

    /// The last six characters, and never more than half of the key.
    #[must_use]
    pub fn hint(&self) -> String {
        let key = self.secret.expose();
        let shown = HINT.min(key.len() / 2);
        format!("...{}", String::from_utf8_lossy(&key[key.len() - shown..]))
    }

    /// When it was last used since the start of this process, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn used_at(&self) -> Option<i64> {
        Some(self.used_at.load(Ordering::Relaxed)).filter(|at| *at != 0)
    }

    /// The row's value. Made at its full length: growing would leave copies of the key behind.
    pub(super) fn encode(&self) -> Vec<u8> {
        let key = self.secret.expose();
        let mut out = Vec::with_capacity(HEAD + key.len());
        out.push(VERSION);
        out.extend_from_slice(&self.created_at.to_be_bytes());
        out.extend_from_slice(&self.tested.map_or(0, |tested| tested.at).to_be_bytes());
        out.push(self.tested.map_or(0, |tested| tested.result.code()));
        out.extend_from_slice(key);
        out
    }

    pub(super) fn decode(provider: &str, row: &[u8]) -> Result<Self, StoreError> {
        let (head, key) = row.split_first_chunk::<HEAD>().ok_or(StoreError::Malformed)?;
        match head[0] {
            VERSION => {}
            0 => return Err(StoreError::Malformed),
            _ => return Err(StoreError::Newer),
        }
        let time = |at: usize| head[at..].first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
        let result = TestResult::ALL.into_iter().find(|result| result.code() == head[HEAD - 1]);
        let tested = result.map(|result| Tested { at: time(9), result });
        Ok(Self { tested, ..Self::new(provider, Secret::new(key), time(1)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_key() {
        assert_eq!(check(" sk-0123456789\n").unwrap().expose(), b"sk-0123456789");
        assert!(check(&"k".repeat(4096)).is_ok() && check("12345678").is_ok());
        for (text, fault) in [
            ("", KeyFault::Length),
            ("  1234567  ", KeyFault::Length),
            (&*"k".repeat(4097), KeyFault::Length),
            ("sk-01234\r\nX-Evil: 1", KeyFault::Character),
            ("sk-01234\n56789", KeyFault::Character),
            ("sk-0123 456789", KeyFault::Character),
            ("Bearer sk-0123456789", KeyFault::Character),
            ("sk-0123456\u{0}789", KeyFault::Character),
            ("sk-012345678é", KeyFault::Character),
            ("mgk_0123456789", KeyFault::Own),
        ] {
            assert_eq!(check(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn hints_never_show_more_than_half() {
        for (key, hint) in [("sk-proj-0123456abc123", "...abc123"), ("12345678", "...5678"), ("123456789", "...6789")] {
            assert_eq!(PersonalKey::new("openai", check(key).unwrap(), 1).hint(), hint);
        }
    }

    #[test]
    fn rows_read_back_and_strange_ones_do_not() {
        let tested = Some(Tested { at: 7, result: TestResult::Unclear });
        let key = PersonalKey { tested, ..PersonalKey::new("openai", check("sk-0123456789").unwrap(), -5) };
        let row = key.encode();
        let read = PersonalKey::decode("openai", &row).unwrap();
        assert_eq!((read.secret, read.created_at, read.tested), (key.secret.clone(), -5, tested));
        for length in 0..HEAD {
            assert!(matches!(PersonalKey::decode("openai", &row[..length]), Err(StoreError::Malformed)), "{length}");
        }
        let newer = [&[VERSION + 1], &row[1..]].concat();
        assert!(matches!(PersonalKey::decode("openai", &newer), Err(StoreError::Newer)));
        assert!(!format!("{key:?}").contains("0123456789"));
    }
}
