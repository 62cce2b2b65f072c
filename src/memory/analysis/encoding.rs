//! The stored form of an analysis: version, language, count, then each term as the distance from the last, with its count.

use super::{Language, Term};

/// Version of the analyser. Raise it whenever the same text would give other terms: stored analyses are then made anew.
pub const VERSION: u8 = 2;

pub(super) fn encode(terms: &[(Term, u16)], language: Language) -> Vec<u8> {
    let mut out = Vec::with_capacity(4 + terms.len() * 5);
    out.extend([VERSION, language as u8]);
    push(&mut out, u32::try_from(terms.len()).unwrap_or(u32::MAX));
    let mut last = 0;
    for &(term, count) in terms {
        push(&mut out, term.wrapping_sub(last));
        push(&mut out, u32::from(count));
        last = term;
    }
    out
}

pub(super) fn decode(bytes: &[u8]) -> Option<(Vec<(Term, u16)>, Language)> {
    let [VERSION, language, rest @ ..] = bytes else { return None };
    let language = Language::of_number(*language)?;
    let mut rest = rest;
    let len = pull(&mut rest)? as usize;
    // Each term takes two bytes at least: a damaged length cannot reserve more than the text allows.
    let mut terms = Vec::with_capacity(len.min(rest.len() / 2));
    let mut last: Term = 0;
    for _ in 0..len {
        last = last.checked_add(pull(&mut rest)?)?;
        terms.push((last, u16::try_from(pull(&mut rest)?).ok()?));
    }
    rest.is_empty().then_some((terms, language))
}

/// LEB128, low bits first.
fn push(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

fn pull(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0u32;
    for shift in (0..35).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
