//! One score from two: how well the words fit, and how alike the meaning is.
//!
//! Both are brought to the same range over the facts of the user and added by their shares. Adding scores keeps how far the best
//! is ahead of the others, which a fusion of ranks forgets.

use super::signal::Weighing;

/// Mixes lexical scores (0 where no word fits) and cosines, by slot, into `scores`. A slot beyond the end of `cosines` has none. What
/// neither signal speaks for scores 0.
pub(crate) fn mix(scores: &mut Vec<f32>, cosines: &[f32], weighing: Weighing) {
    let Weighing { share, floor } = weighing;
    let most = scores.iter().copied().fold(0.0f32, f32::max);
    let best = cosines.iter().copied().fold(0.0f32, f32::max);
    if best < floor && most <= 0.0 {
        scores.clear();
        return;
    }
    scores.resize(scores.len().max(cosines.len()), 0.0);
    let words = if most > 0.0 { (1.0 - share) / most } else { 0.0 };
    // Where nothing is truly alike, small differences between cosines are noise and must not be blown up.
    let meaning = share / best.max(floor);
    let likeness = cosines.iter().copied().chain(std::iter::repeat(0.0));
    for (score, cosine) in scores.iter_mut().zip(likeness) {
        let speaks = *score > 0.0 || cosine >= floor;
        *score = if speaks { *score * words + cosine.max(0.0) * meaning } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed(scores: &[f32], cosines: &[f32]) -> Vec<f32> {
        let mut scores = scores.to_vec();
        mix(&mut scores, cosines, Weighing { share: 0.5, floor: 0.4 });
        scores
    }

    #[test]
    fn without_vectors_words_decide() {
        assert_eq!(mixed(&[4.0, 0.0, 1.0], &[]), [0.5, 0.0, 0.125]);
        assert_eq!(mixed(&[4.0, 0.0], &[0.0, -0.2]), [0.5, 0.0]);
    }

    #[test]
    fn of_facts_that_fit_as_well_by_their_words_the_one_alike_in_meaning_comes_first() {
        let scores = mixed(&[2.0, 2.0, 1.0], &[0.1, 0.6, -0.3]);
        assert!(scores[1] > scores[0] && scores[0] > scores[2] && scores[2] > 0.0);
    }

    #[test]
    fn without_a_common_word_only_what_is_alike_is_found() {
        let scores = mixed(&[], &[0.39, 0.41, 0.8]);
        assert!(scores[0] <= 0.0 && scores[2] > scores[1] && scores[1] > 0.0);
        assert!(mixed(&[1.0, 0.0], &[0.2, 0.3])[1] <= 0.0);
    }

    #[test]
    fn what_is_hardly_alike_adds_little() {
        let near = mixed(&[1.0, 1.0], &[0.8, 0.0]);
        let far = mixed(&[1.0, 1.0], &[0.1, 0.0]);
        assert!(near[0] - near[1] > 3.0 * (far[0] - far[1]));
        assert!(mixed(&[], &[0.1, 0.39]).is_empty());
    }

    #[test]
    fn a_fact_without_a_vector_is_still_found_by_its_words() {
        assert!(mixed(&[0.0, 1.0, 5.0], &[0.5, 0.0])[1] > 0.0);
        assert!(mixed(&[0.0, 1.0, 5.0], &[0.5, 0.0])[2] > 0.0);
    }
}
