//! Puts together what a request becomes: what is cut, and what memory adds.

use std::collections::BTreeMap;

use super::trim::Trim;
use crate::dialect::conversation::{Conversation, Role};
use crate::dialect::edit::Edits;

/// The edits that make a trimmed conversation with memory out of the one that came.
///
/// `system_block` goes to the end of the leading instructions, each of `turn_blocks` in front of the user turn with its index. Blocks
/// of turns that are cut, or are no user turns, are left out, and so are empty ones.
#[must_use]
pub fn assemble(
    conversation: &Conversation,
    trim: &Trim,
    system_block: Option<String>,
    turn_blocks: BTreeMap<usize, String>,
) -> Edits {
    let mut prefixes = turn_blocks;
    prefixes.retain(|index, block| {
        let user = conversation.turns().get(*index).is_some_and(|turn| turn.role == Role::User);
        user && !block.is_empty() && trim.cut.binary_search(index).is_err()
    });
    let system = system_block.filter(|block| !block.is_empty());
    Edits { cut: trim.cut.clone(), system, prefixes, ..Edits::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    #[test]
    fn blocks_go_to_what_is_kept() {
        let body = r#"{"messages":[{"role":"system","content":"S"},{"role":"user","content":"old"},{"role":"assistant","content":"A"},{"role":"user","content":"new"}]}"#;
        let conversation = Dialect::ChatCompletions.parse(body.into()).unwrap();
        let trim = Trim { cut: vec![1, 2], ..Trim::default() };
        let blocks = [(1, "cut"), (2, "assistant's"), (3, "M"), (9, "nobody's")].map(|(index, block)| (index, block.to_owned()));
        let edits = assemble(&conversation, &trim, Some("P".into()), blocks.into());
        assert_eq!(
            conversation.rewrite(&edits),
            r#"{"messages":[{"role":"system","content":"S\n\nP"},{"role":"user","content":"M\n\nnew"}]}"#
        );
    }

    #[test]
    fn nothing_to_do_is_no_edit() {
        let conversation = Dialect::ChatCompletions.parse(r#"{"messages":[{"role":"user"}]}"#.into()).unwrap();
        let edits = assemble(&conversation, &Trim::default(), Some(String::new()), [(0, String::new())].into());
        assert!(edits.is_empty());
    }
}
