//! Recognises the keys that memgate reads or writes, and refuses what two readers could take for different ones.

use std::borrow::Cow;

use super::conversation::ParseError;

/// The owned keys of one object, and which of them have been seen.
#[derive(Debug)]
pub(super) struct Keys {
    names: &'static [&'static str],
    seen: u32,
}

impl Keys {
    /// At most 32 names, in lower case.
    pub fn new(names: &'static [&'static str]) -> Self {
        Self { names, seen: 0 }
    }

    /// The owned name that `key` is; `None` for any other key, which passes through.
    ///
    /// A second occurrence is refused: parsers differ in which one they keep. So is an owned name in other letters, because some
    /// upstreams match keys without regard to case (Go's `encoding/json`).
    pub fn recognise(&mut self, key: &str) -> Result<Option<&'static str>, ParseError> {
        let Some(index) = self.names.iter().position(|name| *name == key) else {
            return match self.names.iter().find(|name| folds_to(key, name)) {
                Some(name) => Err(ParseError::KeyCase(name)),
                None => Ok(None),
            };
        };
        let (name, bit) = (self.names[index], 1 << index);
        if self.seen & bit != 0 {
            return Err(ParseError::DuplicateKey(name));
        }
        self.seen |= bit;
        Ok(Some(name))
    }
}

/// Equality under simple case folding. Beside ASCII only U+017F and U+212A fold to ASCII letters.
pub(super) fn folds_to(key: &str, name: &str) -> bool {
    let plain =
        if key.is_ascii() { Cow::Borrowed(key) } else { Cow::Owned(key.replace('\u{17f}', "s").replace('\u{212a}', "k")) };
    plain.eq_ignore_ascii_case(name)
}
