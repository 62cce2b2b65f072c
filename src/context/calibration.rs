//! Corrects estimates by what an upstream model says it counted.

/// Factors are in thousandths: 1000 leaves an estimate as it is.
pub(super) const ONE: u64 = 1000;
/// Until there are enough samples, an estimate is taken as a quarter too low.
pub(super) const MARGIN: u64 = 1250;
const ENOUGH: u32 = 5;
/// Bounds of the factor.
const BOUNDS: (u64, u64) = (500, 2000);
/// A sample beyond these is not about the same text: a cut prompt, or a count without its cached part.
const PLAUSIBLE: std::ops::RangeInclusive<u64> = 250..=4000;
/// A change smaller than a twentieth is not followed: a factor that wobbles would move the cut of a conversation to and fro.
const STEP: u64 = 20;

/// The running ratio of an upstream's counts to our estimates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calibration {
    samples: u32,
    /// Exponentially weighted mean, in thousandths of a thousandth, so that small steps are not lost to rounding.
    mean: u64,
    published: Option<u64>,
}

impl Calibration {
    pub fn new() -> Self {
        Self { samples: 0, mean: ONE * ONE, published: None }
    }

    /// The factor to correct estimates by, once there are enough samples.
    pub fn factor(&self) -> Option<u64> {
        self.published
    }

    /// Takes one sample: tokens as estimated (uncorrected) and as counted by the upstream.
    pub fn observe(&mut self, estimated: u64, counted: u64) {
        let Some(ratio) = counted.saturating_mul(ONE * ONE).checked_div(estimated) else { return };
        if !PLAUSIBLE.contains(&(ratio / ONE)) {
            return;
        }
        self.mean = if self.samples == 0 { ratio } else { (self.mean * 4 + ratio) / 5 };
        self.samples = self.samples.saturating_add(1);
        let factor = (self.mean / ONE).clamp(BOUNDS.0, BOUNDS.1);
        let follows = self.published.is_none_or(|published| factor.abs_diff(published) * STEP > published);
        if self.samples >= ENOUGH && follows {
            self.published = Some(factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(samples: &[(u64, u64)]) -> Option<u64> {
        let mut calibration = Calibration::new();
        for (estimated, counted) in samples {
            calibration.observe(*estimated, *counted);
        }
        calibration.factor()
    }

    #[test]
    fn five_samples_replace_the_margin() {
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[(1000, 1100); 4]), None);
        assert_eq!(after(&[(1000, 1100); 5]), Some(1100));
    }

    #[test]
    fn the_factor_follows_but_does_not_wobble() {
        let mut samples = vec![(1000, 1000); 5];
        samples.extend([(1000, 1040), (1000, 960), (1000, 1050)]);
        assert_eq!(after(&samples), Some(1000));
        samples.extend([(1000, 1400); 30]);
        assert!(after(&samples).is_some_and(|factor| (1350..=1400).contains(&factor)), "{:?}", after(&samples));
    }

    #[test]
    fn the_factor_is_bounded_and_nonsense_is_no_sample() {
        assert_eq!(after(&[(1000, 3900); 9]), Some(2000));
        assert_eq!(after(&[(1000, 260); 9]), Some(500));
        let mut samples = vec![(1000, 1200); 5];
        samples.extend([(1000, 3), (1000, 0), (0, 1000), (10, u64::MAX), (0, 0)]);
        assert_eq!(after(&samples), Some(1200));
    }
}
