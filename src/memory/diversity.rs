//! Facts that say nearly the same do not crowd out others: all but the best of them come last.

/// From this share of common words on, two texts say the same.
const SAME: f32 = 0.85;
/// Fewer words than this tell too little to compare texts by them.
const FEWEST: usize = 3;

/// Puts what says the same as something before it behind all the rest, the order kept otherwise.
pub(super) fn put_repeats_last<'a, T>(found: Vec<T>, text: impl Fn(&T) -> &'a str) -> Vec<T> {
    let mut kept: Vec<Gist> = Vec::with_capacity(found.len());
    let (mut first, mut repeats) = (Vec::with_capacity(found.len()), Vec::new());
    for one in found {
        let gist = Gist::of(text(&one));
        if kept.iter().any(|other| other.says_the_same(&gist)) {
            repeats.push(one);
        } else {
            kept.push(gist);
            first.push(one);
        }
    }
    first.append(&mut repeats);
    first
}

/// The distinct words of a text, hashed, and its numbers: two texts with other numbers never say the same.
struct Gist {
    words: Vec<u64>,
    numbers: Vec<u64>,
}

impl Gist {
    fn of(text: &str) -> Self {
        let (mut words, mut numbers) = (Vec::new(), Vec::new());
        for word in text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’')).filter(|word| !word.is_empty()) {
            // FNV-1a, as for terms.
            let add = |hash: u64, c: char| (hash ^ u64::from(c)).wrapping_mul(0x100_0000_01b3);
            let hash = word.chars().flat_map(char::to_lowercase).fold(0xcbf2_9ce4_8422_2325, add);
            words.push(hash);
            if word.contains(char::is_numeric) {
                numbers.push(hash);
            }
        }
        words.sort_unstable();
        words.dedup();
        numbers.sort_unstable();
        Self { words, numbers }
    }

    #[expect(clippy::cast_precision_loss, reason = "a text has few words")]
    fn says_the_same(&self, other: &Self) -> bool {
        let (fewer, more) = (self.words.len().min(other.words.len()), self.words.len().max(other.words.len()));
        if fewer < FEWEST || (fewer as f32) < SAME * more as f32 || self.numbers != other.numbers {
            return false;
        }
        let common = self.words.iter().filter(|word| other.words.binary_search(word).is_ok()).count();
        common as f32 >= SAME * (self.words.len() + other.words.len() - common) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_repeats_move_back() {
        let found = vec![
            "My sister Anna lives in a small house near Porto",
            "my sister Anna lives in a small house near Porto!",
            "My sister Anna lives in a small flat near Lisbon",
            "I take 20 mg of the blue pills every morning",
            "I take 40 mg of the blue pills every morning",
            "tea",
            "Tea",
            "My sister Anna lives in a small house near near Porto",
        ];
        let order = [0, 2, 3, 4, 5, 6, 1, 7].map(|at: usize| found[at]);
        assert_eq!(put_repeats_last(found, |text| text), order);
    }
}
