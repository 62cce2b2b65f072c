//! Many vectors in one piece of memory, so that comparing a question with all of them is one pass.

use pulp::Arch;

use super::Vector;
use crate::memory::index::Slot;

/// Vectors of one kind by slot. All have the dimensions of the first.
#[derive(Debug, Default)]
pub struct Rows {
    dimensions: usize,
    values: Vec<i8>,
    /// The scale of each row; 0 where there is none.
    scales: Vec<f32>,
    /// How many rows there are.
    count: usize,
}

impl Rows {
    /// Room for `slots` slots; they hold nothing yet.
    #[must_use]
    pub fn of(slots: usize) -> Self {
        Self { scales: vec![0.0; slots], ..Self::default() }
    }

    /// Keeps a vector. False, and nothing is kept, where its dimensions are not those of the others.
    pub fn set(&mut self, slot: Slot, vector: &Vector) -> bool {
        if self.count == 0 {
            self.dimensions = vector.dimensions();
            self.values.clear();
            self.values.resize(self.scales.len() * self.dimensions, 0);
        }
        if self.dimensions != vector.dimensions() {
            return false;
        }
        let at = slot as usize;
        if at >= self.scales.len() {
            self.scales.resize(at + 1, 0.0);
            self.values.resize((at + 1) * self.dimensions, 0);
        }
        let (Some(scale), Some(values)) =
            (self.scales.get_mut(at), self.values.get_mut(at * self.dimensions..(at + 1) * self.dimensions))
        else {
            return false;
        };
        self.count += usize::from(*scale == 0.0);
        *scale = vector.scale;
        values.copy_from_slice(&vector.values);
        true
    }

    /// Forgets a vector: it is gone from memory, not only marked.
    pub fn clear(&mut self, slot: Slot) {
        let at = slot as usize;
        if let Some(scale) = self.scales.get_mut(at).filter(|scale| **scale != 0.0) {
            *scale = 0.0;
            self.count -= 1;
            if let Some(values) = self.values.get_mut(at * self.dimensions..(at + 1) * self.dimensions) {
                values.fill(0);
            }
        }
    }

    /// The size of the vectors, where there are any.
    #[must_use]
    pub fn dimensions(&self) -> Option<usize> {
        (self.count > 0).then_some(self.dimensions)
    }

    /// How many slots have a vector.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether a slot has a vector.
    #[must_use]
    pub fn has(&self, slot: Slot) -> bool {
        self.scales.get(slot as usize).is_some_and(|scale| *scale != 0.0)
    }

    /// The vector of a slot.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<Vector> {
        let at = slot as usize;
        let scale = self.scales.get(at).copied().filter(|scale| *scale != 0.0)?;
        let values = self.values.get(at * self.dimensions..(at + 1) * self.dimensions)?;
        Some(Vector { values: values.into(), scale })
    }

    /// The cosine of every slot's vector with `vector`; 0 where a slot has none. Empty where there is no vector at all, or none that
    /// compares with this one.
    #[must_use]
    pub fn cosines(&self, vector: &Vector) -> Vec<f32> {
        if self.count == 0 || self.dimensions != vector.dimensions() {
            return Vec::new();
        }
        let mut cosines = vec![0.0; self.scales.len()];
        let rows = self.values.chunks_exact(self.dimensions).zip(&self.scales);
        // With the widest vector instructions that this machine has: several times as fast as with those that every one has.
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for (cosine, (values, scale)) in cosines.iter_mut().zip(rows) {
                    *cosine = dot(values, &vector.values) * scale * vector.scale;
                }
            },
        );
        cosines
    }

    /// Approximate size on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.values.capacity() + self.scales.capacity() * size_of::<f32>()
    }
}

/// The dot product of two rows of bytes.
#[expect(clippy::cast_precision_loss, reason = "a dot product of bytes is far below the precision of a score")]
#[expect(clippy::inline_always, reason = "only what is inlined is compiled for wide vectors")]
#[inline(always)]
pub(super) fn dot(a: &[i8], b: &[i8]) -> f32 {
    // Sixteen sums side by side, so that the compiler finds the vector instructions.
    let mut sums = [0i32; 16];
    let (mut ours, mut theirs) = (a.chunks_exact(16), b.chunks_exact(16));
    for (ours, theirs) in ours.by_ref().zip(theirs.by_ref()) {
        for ((sum, a), b) in sums.iter_mut().zip(ours).zip(theirs) {
            *sum += i32::from(i16::from(*a) * i16::from(*b));
        }
    }
    let rest: i32 = ours.remainder().iter().zip(theirs.remainder()).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
    (sums.iter().sum::<i32>() + rest) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(components: &[f32]) -> Vector {
        Vector::of(components).unwrap()
    }

    #[test]
    fn all_are_compared_at_once() {
        let mut rows = Rows::default();
        assert!(rows.cosines(&vector(&[1.0, 0.0])).is_empty());
        assert!(rows.set(0, &vector(&[1.0, 0.0])));
        assert!(rows.set(3, &vector(&[1.0, 1.0])));
        let cosines = rows.cosines(&vector(&[2.0, 0.0]));
        assert_eq!(cosines.len(), 4);
        for (cosine, expected) in cosines.iter().zip([1.0, 0.0, 0.0, 0.5f32.sqrt()]) {
            assert!((cosine - expected).abs() < 0.01, "{cosine} {expected}");
        }
        assert!(rows.cosines(&vector(&[1.0])).is_empty());
    }

    #[test]
    fn a_vector_of_other_dimensions_is_not_kept_beside_the_others() {
        let mut rows = Rows::default();
        assert!(rows.set(1, &vector(&[1.0, 0.0])));
        assert!(!rows.set(2, &vector(&[1.0])));
        rows.clear(1);
        assert_eq!(rows.get(1), None);
        assert!(rows.set(2, &vector(&[-1.0])), "the last one went: another model's may come");
        assert_eq!(rows.get(2), Some(vector(&[-1.0])));
        assert_eq!(rows.cosines(&vector(&[1.0])).len(), 3);
    }

    #[test]
    fn long_rows_are_summed_whole() {
        let components: Vec<f32> = (0..37u8).map(f32::from).collect();
        let mut rows = Rows::default();
        rows.set(0, &vector(&components));
        assert!((rows.cosines(&vector(&components))[0] - 1.0).abs() < 0.01);
        assert!((dot(&[-128; 40], &[-128; 40]) - 40.0 * 16_384.0).abs() < 0.5);
    }
}
