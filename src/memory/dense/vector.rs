//! One vector.

use super::rows::dot;

/// A unit vector, quantised: `values[i] * scale` is its i-th component.
#[derive(Debug, Clone, PartialEq)]
pub struct Vector {
    pub(super) values: Box<[i8]>,
    pub(super) scale: f32,
}

impl Vector {
    /// The direction of `components`. Nothing for an empty one, a zero one, or one that holds no finite number.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounded into the range of an i8")]
    pub fn of(components: &[f32]) -> Option<Self> {
        let norm = components.iter().map(|c| f64::from(*c) * f64::from(*c)).sum::<f64>().sqrt() as f32;
        let largest = components.iter().fold(0.0f32, |most, c| most.max(c.abs()));
        if !norm.is_finite() || norm <= 0.0 {
            return None;
        }
        let values = components.iter().map(|c| (c / largest * 127.0).round() as i8).collect();
        Some(Self { values, scale: largest / 127.0 / norm })
    }

    /// Number of dimensions.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.values.len()
    }

    /// The cosine of the angle between two vectors; nothing where their dimensions differ.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> Option<f32> {
        if self.values.len() != other.values.len() {
            return None;
        }
        Some(dot(&self.values, &other.values) * self.scale * other.scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_compare_whatever_their_length() {
        let vector = |c: &[f32]| Vector::of(c).unwrap();
        let cosine = |a: &[f32], b: &[f32]| vector(a).cosine(&vector(b)).unwrap();
        assert!((cosine(&[3.0, 4.0], &[0.3, 0.4]) - 1.0).abs() < 0.01);
        assert!(cosine(&[1.0, 0.0], &[0.0, 5.0]).abs() < 0.01);
        assert!((cosine(&[1.0, 2.0], &[-1.0, -2.0]) + 1.0).abs() < 0.01);
        assert_eq!(vector(&[1.0]).cosine(&vector(&[1.0, 0.0])), None);
        assert!(Vector::of(&[]).is_none() && Vector::of(&[0.0, 0.0]).is_none());
        assert!(Vector::of(&[f32::NAN]).is_none() && Vector::of(&[f32::INFINITY, 1.0]).is_none());
    }
}
