//! The stored form of a built-in vector: the table's number (32 bits, big-endian), the scale (32-bit float), one byte a dimension.
//! Empty for a text that the table does not know.

use super::Vector;

pub(super) fn encode(vector: Option<&Vector>, table: u32) -> Vec<u8> {
    let Some(vector) = vector else { return Vec::new() };
    let mut bytes = Vec::with_capacity(8 + vector.values.len());
    bytes.extend(table.to_be_bytes());
    bytes.extend(vector.scale.to_be_bytes());
    bytes.extend(vector.values.iter().map(|value| value.to_be_bytes()[0]));
    bytes
}

/// The bytes are damaged or of another table: the text is to be embedded again.
#[derive(Debug)]
pub(crate) struct Stale;

/// The vector, or that there is none.
pub(super) fn decode(bytes: &[u8], table: u32, dimensions: usize) -> Result<Option<Vector>, Stale> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let (number, rest) = bytes.split_first_chunk().ok_or(Stale)?;
    let (scale, values) = rest.split_first_chunk().ok_or(Stale)?;
    let scale = f32::from_be_bytes(*scale);
    let sound = u32::from_be_bytes(*number) == table && values.len() == dimensions && scale.is_normal() && scale > 0.0;
    if !sound {
        return Err(Stale);
    }
    Ok(Some(Vector { values: values.iter().map(|byte| i8::from_be_bytes([*byte])).collect(), scale }))
}
