//! Remembers counts: a conversation is sent again with every turn of it.

use std::hash::{BuildHasher, Hasher, RandomState};

use lru::LruCache;
use parking_lot::Mutex;
use siphasher::sip128::{Hasher128, SipHasher13};

const SHARDS: usize = 16;
const ENTRIES_PER_SHARD: usize = 4096;
/// Shorter texts are counted faster than looked up.
const SHORTEST: usize = 256;

/// Counts by a keyed 128-bit hash of the text. The key is random in each process, so nobody can prepare a collision.
pub(super) struct Memo {
    key: [u8; 16],
    shards: [Mutex<LruCache<u128, u64>>; SHARDS],
}

impl Memo {
    pub fn new() -> Self {
        let halves = [RandomState::new().hash_one(0_u8), RandomState::new().hash_one(1_u8)];
        let mut key = [0; 16];
        for (half, bytes) in halves.iter().zip(key.chunks_exact_mut(8)) {
            bytes.copy_from_slice(&half.to_le_bytes());
        }
        Self { key, shards: std::array::from_fn(|_| Mutex::new(shard())) }
    }

    /// The count of `text`, from `count` if it is not remembered.
    pub fn get_or(&self, text: &[u8], count: impl FnOnce() -> u64) -> u64 {
        if text.len() < SHORTEST {
            return count();
        }
        let hash = self.hash(&[text]);
        let shard = &self.shards[usize::try_from(hash % SHARDS as u128).unwrap_or_default()];
        if let Some(known) = shard.lock().get(&hash) {
            return *known;
        }
        // Not under the lock: two threads may count the same text, none waits.
        let counted = count();
        shard.lock().put(hash, counted);
        counted
    }

    /// Hashes parts, each behind its length.
    pub fn hash(&self, parts: &[&[u8]]) -> u128 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
        hasher.finish128().as_u128()
    }
}

fn shard() -> LruCache<u128, u64> {
    std::num::NonZeroUsize::new(ENTRIES_PER_SHARD).map_or_else(LruCache::unbounded, LruCache::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_counted_once() {
        let memo = Memo::new();
        let text = [b'x'; SHORTEST];
        assert_eq!(memo.get_or(&text, || 7), 7);
        assert_eq!(memo.get_or(&text, || panic!("counted again")), 7);
        assert_eq!(memo.get_or(&text[1..], || 9), 9);
        assert_eq!(memo.get_or(&text[1..], || 10), 10, "too short to be remembered");
    }

    #[test]
    fn memory_is_bounded() {
        let memo = Memo::new();
        let mut text = [b'x'; SHORTEST];
        for number in 0..(SHARDS * ENTRIES_PER_SHARD) as u64 + 10_000 {
            text[..8].copy_from_slice(&number.to_le_bytes());
            memo.get_or(&text, || number);
        }
        let kept: usize = memo.shards.iter().map(|shard| shard.lock().len()).sum();
        assert!(kept <= SHARDS * ENTRIES_PER_SHARD, "{kept}");
    }

    #[test]
    fn hashes_depend_on_key_and_boundaries() {
        let memo = Memo::new();
        assert_ne!(memo.hash(&[b"ab", b"c"]), memo.hash(&[b"a", b"bc"]));
        assert_ne!(memo.hash(&[b"a"]), Memo::new().hash(&[b"a"]));
    }
}
