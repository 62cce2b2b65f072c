//! A turn without what clients change in it from one request to the next: breakpoints of the prompt cache, which move to the end as a
//! conversation grows; the form of a lone text, which must become an array to carry one; the mark of the client's version.

use std::borrow::Cow;

use crate::dialect::json::{Malformed, Reader};

/// The block that Claude Code puts first in `system`. Its API takes it out again; older versions change it with every request.
const ATTRIBUTION: &str = "\"x-anthropic-billing-header:";
const BREAKPOINT: &str = "cache_control";
/// Set members and blocks apart. Neither can stand in JSON.
const MEMBER: u8 = 0x1F;
const BLOCK: u8 = 0x1E;

/// Bytes that are equal for turns that are the same to the model. They are no JSON; they are to be compared and hashed.
pub(super) fn steady(turn: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::with_capacity(turn.len());
    match write_turn(&mut Reader::new(turn), &mut out) {
        Ok(()) => Cow::Owned(out),
        // Turns have been read before, so this is none.
        Err(_) => Cow::Borrowed(turn),
    }
}

/// A message, or the value of `system`.
fn write_turn(reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), Malformed> {
    if reader.peek() != Some(b'{') {
        return write_content(reader, out);
    }
    reader.object(|reader, member| match &*member.key {
        "content" => write_content(reader, out),
        key => write_member(reader, key, out),
    })?;
    Ok(())
}

fn write_member(reader: &mut Reader<'_>, key: &str, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let value = reader.value()?;
    out.extend_from_slice(key.as_bytes());
    out.push(b':');
    out.extend_from_slice(&reader.bytes()[value]);
    out.push(MEMBER);
    Ok(())
}

fn write_content(reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), Malformed> {
    match reader.peek() {
        Some(b'"') => {
            out.extend_from_slice(b"type:\"text\"");
            out.push(MEMBER);
            write_member(reader, "text", out)?;
            out.push(BLOCK);
        }
        Some(b'[') => {
            reader.array(|reader| write_block(reader, out))?;
        }
        _ => write_member(reader, "", out)?,
    }
    Ok(())
}

fn write_block(reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), Malformed> {
    if reader.peek() != Some(b'{') {
        return write_member(reader, "", out);
    }
    // A text written as a block is the same as one written as a string: its members come in one order.
    let (mut kind, mut text, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    let mut attributes = false;
    reader.object(|reader, member| match &*member.key {
        BREAKPOINT => reader.skip(),
        "type" => write_member(reader, "type", &mut kind),
        "text" => {
            attributes = reader.bytes()[reader.offset()..].starts_with(ATTRIBUTION.as_bytes());
            write_member(reader, "text", &mut text)
        }
        key => write_member(reader, key, &mut rest),
    })?;
    if !attributes {
        for members in [kind, text, rest] {
            out.extend(members);
        }
        out.push(BLOCK);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_move_makes_no_difference() {
        for (turns, same) in [
            (
                &[
                    r#"{"role":"user","content":"hi"}"#,
                    r#"{"role":"user","content":[{"type":"text","text":"hi"}]}"#,
                    r#"{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}"#,
                    r#"{"role": "user", "content": [{"cache_control": {"type": "ephemeral", "ttl": "1h"}, "text": "hi", "type": "text"}]}"#,
                ][..],
                true,
            ),
            (
                &[
                    r#"[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1; cch=1;"},{"type":"text","text":"S"}]"#,
                    r#"[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1; cch=2;"},{"type":"text","text":"S"}]"#,
                    r#"[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}}]"#,
                    r#""S""#,
                ],
                true,
            ),
            (&[r#"{"role":"user","content":"hi"}"#, r#"{"role":"assistant","content":"hi"}"#], false),
            (&[r#"{"role":"user","content":"hi"}"#, r#"{"role":"user","content":"hi "}"#], false),
            (
                &[
                    r#"{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#,
                    r#"{"role":"user","content":[{"type":"text","text":"ab"}]}"#,
                ],
                false,
            ),
            (
                &[
                    r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"a"}]}"#,
                    r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"b"}]}"#,
                ],
                false,
            ),
        ] {
            let steady: Vec<_> = turns.iter().map(|turn| steady(turn.as_bytes())).collect();
            for (turn, other) in turns.iter().zip(&steady).skip(1) {
                assert_eq!(steady[0] == *other, same, "{} and {turn}", turns[0]);
            }
        }
    }
}
