//! Rolling hashes of a conversation: one for each message, of everything up to and including it.
//!
//! Clients resend the whole conversation with every turn. Equal hashes mean equal bytes so far, hence a place where the same
//! memory must stand again. The key is the user's own, so that hashes of two users never compare.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

use crate::store::PrefixHash;

/// The prefix hash after each of `messages`, which are raw bytes as received.
#[must_use]
pub fn prefixes<'a>(key: &[u8; 16], messages: impl IntoIterator<Item = &'a [u8]>) -> Vec<PrefixHash> {
    let mut hasher = SipHasher13::new_with_key(key);
    let after = |raw: &[u8]| {
        // The length first: where one message ends must count.
        hasher.write_u64(raw.len() as u64);
        hasher.write(raw);
        hasher.finish128().as_bytes()
    };
    messages.into_iter().map(after).collect()
}

/// A hash under another name, so that different things known of the same prefix have places of their own.
#[must_use]
pub(super) fn derive(key: &[u8; 16], label: &str, parts: &[&[u8]]) -> PrefixHash {
    let mut hasher = SipHasher13::new_with_key(key);
    for part in std::iter::once(label.as_bytes()).chain(parts.iter().copied()) {
        hasher.write_u64(part.len() as u64);
        hasher.write(part);
    }
    hasher.finish128().as_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_growing_conversation_keeps_its_hashes() {
        let key = [7; 16];
        let short = prefixes(&key, [&b"a"[..], b"b"]);
        let long = prefixes(&key, [&b"a"[..], b"b", b"c"]);
        assert_eq!(long[..2], short);
        assert_ne!(prefixes(&[8; 16], [&b"a"[..]])[0], short[0]);
        assert_ne!(derive(&key, "x", &[b"a"]), derive(&key, "y", &[b"a"]));
    }

    proptest! {
        #[test]
        fn borders_between_messages_count(a in prop::collection::vec(any::<u8>(), 1..20), cut in 0usize..20) {
            let cut = cut.min(a.len() - 1);
            let whole = prefixes(&[1; 16], [&a[..], b""]);
            let parted = prefixes(&[1; 16], [&a[..cut], &a[cut..]]);
            prop_assert_ne!(whole[1], parted[1]);
        }
    }
}
