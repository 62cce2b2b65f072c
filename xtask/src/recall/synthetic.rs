//! Made-up facts, many of them, with words as unevenly spread as those of a language.

use super::data::{Collection, Item, Question};

const QUESTIONS: usize = 400;
/// Facts that one session taught.
const SESSION: usize = 20;
const WORDS: u64 = 30_000;
const DAY: i64 = 86_400_000;

/// One person's `count` facts, and questions for them. The same count gives the same words.
pub(super) fn collection(count: usize) -> Collection {
    let mut words = Words(0x9e37_79b9_7f4a_7c15);
    let items = (0..count)
        .map(|number| Item {
            id: number.into(),
            text: format!("I {}", words.line(8, 20)),
            speaker: None,
            at: i64::try_from(number / SESSION).ok().map(|session| 1_600_000_000_000 + session * DAY),
            session: Some((number / SESSION).to_string()),
            stands_for: Vec::new(),
        })
        .collect();
    let questions = (0..QUESTIONS)
        .map(|number| Question {
            id: number.into(),
            text: format!("What did I say about {} in the {}?", words.line(2, 8), words.line(1, 2)),
            at: None,
            evidence: Vec::new(),
        })
        .collect();
    Collection { items, questions }
}

/// A stream of words, by xorshift (Marsaglia 2003) and a rough Zipf distribution.
struct Words(u64);

impl Words {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn line(&mut self, least: u64, most: u64) -> String {
        let count = least + self.next() % (most - least + 1);
        let words: Vec<String> = (0..count).map(|_| self.word()).collect();
        words.join(" ")
    }

    /// Rank `r` comes about as often as `1/r`: the ranks are spread evenly over their logarithm.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is small and positive"
    )]
    fn word(&mut self) -> String {
        let even = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        let mut rank = (WORDS as f64).powf(even) as u64;
        let mut word = String::new();
        // Syllables, so that stemming and hashing have something to chew.
        loop {
            let syllable = rank % 60;
            word.push(char::from(b"bcdfgklmnprstvwz"[usize::try_from(syllable / 5).unwrap_or_default()]));
            word.push(char::from(b"aeiou"[usize::try_from(syllable % 5).unwrap_or_default()]));
            rank /= 60;
            if rank == 0 {
                return word;
            }
        }
    }
}
