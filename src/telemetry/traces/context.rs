//! W3C Trace Context (<https://www.w3.org/TR/trace-context/>): the header `traceparent`.

/// The header's name.
pub const TRACEPARENT: &str = "traceparent";

/// What a caller says of the trace that its request is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    pub trace: [u8; 16],
    pub span: [u8; 8],
    pub sampled: bool,
}

impl Parent {
    /// Reads the header's value. None for what is malformed or all zeros, as the specification asks: a new trace begins then.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let fields: Vec<&[u8]> = value.split(|byte| *byte == b'-').collect();
        let (version, trace, span, flags) = match fields[..] {
            [version @ b"00", trace, span, flags] => (version, trace, span, flags),
            // Later versions may add fields, and keep these.
            [version, trace, span, flags, ..] if version != b"00" && version != b"ff" => (version, trace, span, flags),
            _ => return None,
        };
        let [_] = unhex(version)?;
        let (trace, span, [flags]) = (unhex(trace)?, unhex(span)?, unhex(flags)?);
        (trace != [0; 16] && span != [0; 8]).then_some(Self { trace, span, sampled: flags & 1 == 1 })
    }

    /// The header's value.
    #[must_use]
    pub fn format(&self) -> String {
        format!("00-{}-{}-{:02x}", hex::encode(self.trace), hex::encode(self.span), u8::from(self.sampled))
    }
}

/// Lower-case digits alone are allowed.
fn unhex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let lower = digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    (lower && hex::decode_to_slice(digits, &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECIFIED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_the_specification_shows_is_read_and_written() {
        let parent = Parent::parse(SPECIFIED.as_bytes()).unwrap();
        assert!(parent.sampled);
        assert_eq!(parent.format(), SPECIFIED);
        assert!(!Parent::parse(SPECIFIED.replace("-01", "-00").as_bytes()).unwrap().sampled);
        assert!(Parent::parse(SPECIFIED.replacen("00", "cc", 1).replace("-01", "-01-later").as_bytes()).is_some());
    }

    #[test]
    fn what_is_malformed_begins_a_new_trace() {
        for wrong in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz",
        ] {
            assert_eq!(Parent::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
