//! The chain of records: each line ends in its number and in a MAC over itself and the MAC before it.
//!
//! ```text
//! {"type":"request", … ,"seq":41,"mac":"<64 hexadecimal digits>"}
//! mac = HMAC-SHA256(chain key, the MAC before it as 32 bytes ‖ the line up to and without `,"mac":`)
//! ```
//!
//! So a line that is changed, taken out, put in or moved no longer fits where it stands (Schneier and Kelsey, "Secure audit logs to support
//! computer forensics", ACM TISSEC 1999). That nothing is missing at the end is what the [anchor](super::anchor) tells.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A MAC as bytes.
pub(super) type Tag = [u8; 32];

/// What the first record of all is chained to.
pub(super) const GENESIS: Tag = [0; 32];

const MAC_FIELD: &[u8] = b",\"mac\":\"";
const SEQ_FIELD: &[u8] = b",\"seq\":";
/// `,"mac":"` with 64 digits and `"}`.
const TAIL: usize = MAC_FIELD.len() + 64 + 2;

/// What the audit log is chained with. Does not print.
#[derive(Clone)]
pub struct ChainKey {
    chain: Hmac<Sha256>,
    anchor: Hmac<Sha256>,
    id: [u8; 8],
}

impl ChainKey {
    /// The keys that come from one secret, of any length.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let derive = |label: &str| Zeroizing::new(tag(keyed(secret).chain_update(label)));
        let (chain, anchor) = (derive("memgate audit chain v1"), derive("memgate audit anchor v1"));
        let (named, mut id) = (derive("memgate audit key id v1"), [0; 8]);
        id.copy_from_slice(&named[..8]);
        Self { chain: keyed(chain.as_slice()), anchor: keyed(anchor.as_slice()), id }
    }

    /// What tells keys apart and tells nothing of them.
    pub(super) fn id(&self) -> String {
        hex::encode(self.id)
    }

    /// The MAC of a line, given without its MAC.
    pub(super) fn link(&self, before: &Tag, body: &[u8]) -> Tag {
        tag(self.chain.clone().chain_update(before).chain_update(body))
    }

    /// The MAC of the anchor's file.
    pub(super) fn seal(&self, body: &[u8]) -> Tag {
        tag(self.anchor.clone().chain_update(body))
    }
}

impl fmt::Debug for ChainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChainKey(…)")
    }
}

fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    // The trait says that a key may be refused; HMAC takes any.
    Hmac::new_from_slice(secret).unwrap_or_else(|_| unreachable!("HMAC takes keys of every length"))
}

fn tag(mac: Hmac<Sha256>) -> Tag {
    mac.finalize().into_bytes().into()
}

/// Where the chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// The number of the last record; 0 before the first.
    pub seq: u64,
    pub mac: Tag,
}

impl Head {
    pub const START: Self = Self { seq: 0, mac: GENESIS };

    /// Makes the JSON object that begins at `start` of `lines` the next line of the chain.
    pub(super) fn append(&mut self, key: &ChainKey, lines: &mut Vec<u8>, start: usize) {
        // The object's closing brace gives way to the two fields.
        lines.pop();
        self.seq += 1;
        lines.extend_from_slice(SEQ_FIELD);
        lines.extend_from_slice(self.seq.to_string().as_bytes());
        self.mac = key.link(&self.mac, &lines[start..]);
        lines.extend_from_slice(MAC_FIELD);
        lines.extend_from_slice(hex::encode(self.mac).as_bytes());
        lines.extend_from_slice(b"\"}\n");
    }
}

/// A line of the chain, taken apart. What it says was not checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link<'a> {
    pub seq: u64,
    pub mac: Tag,
    /// What the MAC covers.
    pub body: &'a [u8],
}

impl<'a> Link<'a> {
    /// A line without its line break. None for what is no line of a chain, which any other way of writing the same is, too.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let (body, tail) = line.split_at_checked(line.len().checked_sub(TAIL)?)?;
        let digits = tail.strip_prefix(MAC_FIELD)?.strip_suffix(b"\"}")?;
        if digits.iter().any(u8::is_ascii_uppercase) {
            return None;
        }
        let mut mac = GENESIS;
        hex::decode_to_slice(digits, &mut mac).ok()?;
        // A number has twenty digits at most.
        let window = &body[body.len().saturating_sub(SEQ_FIELD.len() + 20)..];
        let number = window.rsplit(|byte| *byte == b':').next()?;
        let plain = !number.is_empty() && number.iter().all(u8::is_ascii_digit) && (number[0] != b'0' || number.len() == 1);
        if !plain || !body.strip_suffix(number)?.ends_with(SEQ_FIELD) {
            return None;
        }
        let seq = std::str::from_utf8(number).ok()?.parse().ok()?;
        Some(Self { seq, mac, body })
    }

    /// Whether it follows a record with this MAC, unchanged.
    pub(super) fn follows(&self, key: &ChainKey, before: &Tag) -> bool {
        key.link(before, self.body).ct_eq(&self.mac).into()
    }

    pub(super) fn head(&self) -> Head {
        Head { seq: self.seq, mac: self.mac }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line() -> (ChainKey, Vec<u8>, Head) {
        let key = ChainKey::new(b"secret");
        let (mut head, mut lines) = (Head { seq: 40, mac: [7; 32] }, b"{\"a\":1}".to_vec());
        head.append(&key, &mut lines, 0);
        (key, lines, head)
    }

    #[test]
    fn a_line_is_as_specified() {
        let (key, lines, head) = line();
        let text = String::from_utf8(lines.clone()).unwrap();
        assert_eq!(text, format!("{{\"a\":1,\"seq\":41,\"mac\":\"{}\"}}\n", hex::encode(head.mac)));
        let link = Link::parse(lines.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!((link.head(), link.body), (head, b"{\"a\":1,\"seq\":41".as_slice()));
        assert!(link.follows(&key, &[7; 32]) && !link.follows(&key, &[8; 32]));
        assert!(!link.follows(&ChainKey::new(b"other"), &[7; 32]));
        // HMAC-SHA256 by other code: python3, with the chain key derived as above.
        let derived = keyed(b"secret").chain_update("memgate audit chain v1");
        let again = keyed(&tag(derived)).chain_update([7; 32]).chain_update(b"{\"a\":1,\"seq\":41");
        assert_eq!(tag(again), head.mac);
    }

    #[test]
    fn keys_do_not_print() {
        assert_eq!(format!("{:?}", ChainKey::new(b"hunter2")), "ChainKey(…)");
    }

    proptest! {
        #[test]
        fn no_changed_line_follows(at in 0_usize..96, mask in 1_u8..=255) {
            let (key, mut lines, _) = line();
            lines.pop();
            let at = at % lines.len();
            lines[at] ^= mask;
            let stands = Link::parse(&lines).is_some_and(|link| link.follows(&key, &[7; 32]));
            prop_assert!(!stands);
        }

        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Link::parse(&bytes);
        }
    }
}
