//! A vector by itself as bytes: the number of dimensions (16 bits, big-endian), the scale (32-bit float, big-endian), one byte a
//! dimension.

use super::Vector;

impl Vector {
    /// The stored form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Endpoints give 8192 dimensions at most.
        let dimensions = u16::try_from(self.values.len()).unwrap_or(u16::MAX);
        let mut bytes = Vec::with_capacity(6 + self.values.len());
        bytes.extend(dimensions.to_be_bytes());
        bytes.extend(self.scale.to_be_bytes());
        bytes.extend(self.values.iter().map(|value| value.to_be_bytes()[0]));
        bytes
    }

    /// Reads the stored form; nothing where it is damaged.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (dimensions, rest) = bytes.split_first_chunk()?;
        let (scale, values) = rest.split_first_chunk()?;
        let scale = f32::from_be_bytes(*scale);
        let sound = values.len() == usize::from(u16::from_be_bytes(*dimensions)) && scale.is_normal() && scale > 0.0;
        let values = values.iter().map(|byte| i8::from_be_bytes([*byte]));
        (sound && values.len() > 0).then(|| Self { values: values.collect(), scale })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_read_back_and_damaged_ones_are_not() {
        let vector = Vector::of(&[0.3, -0.5, 1.0]).unwrap();
        let bytes = vector.to_bytes();
        assert_eq!((bytes.len(), Vector::from_bytes(&bytes)), (9, Some(vector)));
        for damaged in [&bytes[..8], &[], &[0, 1, 0, 0, 0, 0, 5], &[0, 0, 63, 128, 0, 0]] {
            assert_eq!(Vector::from_bytes(damaged), None, "{damaged:?}");
        }
    }
}
