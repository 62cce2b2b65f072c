//! One score from two: how well the words fit, and how alike the meaning is.
//!
//! Both are brought to the same range over the facts of the user and added by their shares. Adding scores keeps how far the best
//! is ahead of the others, which a fusion of ranks forgets.

use super::signal::Weighing;

/// Mixes lexical scores (0 where no word fits) and cosines, by slot, into `scores`. A slot beyond the end of `cosines` has none. What
/// neither signal speaks for scores 0.
pub(crate) fn mix(scores: &mut Vec<f32>, cosines: &[f32], weighing: Weighing) {
    let best = cosines.iter().copied().fold(0.0f32, f32::max);
    let most = scores.iter().copied().fold(0.0f32, f32::max);
    if best <= 0.0 {
        return;
    }
    scores.resize(scores.len().max(cosines.len()), 0.0);
    // With words that fit nothing, or everything alike, the vectors decide alone.
    let words = if most > 0.0 { (1.0 - weighing.share) / most } else { 0.0 };
    for (score, cosine) in scores.iter_mut().zip(cosines) {
        *score = if *score > 0.0 || *cosine >= weighing.floor {
            *score * words + weighing.share * (cosine / best).max(0.0)
        } else {
            0.0
        };
    }
}
