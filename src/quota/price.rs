//! What a model's tokens cost.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Prices of a model, in millionths of a money unit for a million tokens. Written in units, as it was configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    pub input: u64,
    pub output: u64,
    /// For input that the upstream's cache held.
    pub cached_input: u64,
}

/// What a request used, in tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    pub input: u64,
    /// Of the input, what the upstream's cache held.
    pub cached: u64,
    pub output: u64,
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(clippy::cast_precision_loss, reason = "for people to read; sums are made of the whole numbers")]
        let units = |millionths: u64| millionths as f64 / 1e6;
        let mut written = serializer.serialize_struct("Price", 3)?;
        written.serialize_field("input", &units(self.input))?;
        written.serialize_field("output", &units(self.output))?;
        written.serialize_field("cached_input", &units(self.cached_input))?;
        written.end()
    }
}

impl Spent {
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

impl Price {
    /// Of each part the higher price.
    #[must_use]
    pub fn dearer(self, other: Self) -> Self {
        Self {
            input: self.input.max(other.input),
            output: self.output.max(other.output),
            cached_input: self.cached_input.max(other.cached_input),
        }
    }

    /// What this costs, in millionths of a money unit, rounded up.
    #[must_use]
    pub fn of(&self, spent: &Spent) -> u64 {
        let cached = spent.cached.min(spent.input);
        let parts = [(spent.input - cached, self.input), (cached, self.cached_input), (spent.output, self.output)];
        let product = |(tokens, price): (u64, u64)| u128::from(tokens) * u128::from(price);
        let sum = parts.into_iter().map(product).fold(0, u128::saturating_add);
        u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    /// How many tokens of an answer can be had for this much, behind an input of so many.
    pub(super) fn output_for(&self, money: u64, input: u64) -> u64 {
        let left = (u128::from(money) * 1_000_000).saturating_sub(u128::from(input) * u128::from(self.input));
        left.checked_div(u128::from(self.output)).map_or(u64::MAX, |tokens| u64::try_from(tokens).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_rounded_up_and_never_overflow() {
        let price = Price { input: 2_500_000, output: 10_000_000, cached_input: 1_250_000 };
        for (input, cached, output, cost) in [
            (0, 0, 0, 0),
            (1_000_000, 0, 0, 2_500_000),
            (1_000_000, 1_000_000, 0, 1_250_000),
            (1_000_000, 400_000, 100_000, 1_500_000 + 500_000 + 1_000_000),
            (1, 0, 0, 3),
            (1, 1, 0, 2),
            // More cached than there was: all of it.
            (1, 9, 0, 2),
            (u64::MAX, 0, u64::MAX, u64::MAX),
        ] {
            assert_eq!(price.of(&Spent { input, cached, output }), cost, "{input} {cached} {output}");
        }
    }
}
