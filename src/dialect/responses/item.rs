//! Items: what a request's input and an answer's output are made of.

use std::ops::Range;

use crate::dialect::conversation::{Content, ParseError, Role, Turn};
use crate::dialect::fields;
use crate::dialect::json::Reader;
use crate::dialect::keys::Keys;

const ITEM_KEYS: &[&str] = &["type", "role", "content", "id", "encrypted_content", "result"];

/// Items whose content the upstream keeps, and finds by their id. The content of all others is in them.
const KEPT: [&str; 5] =
    ["item_reference", "file_search_call", "web_search_call", "code_interpreter_call", "image_generation_call"];
/// Items that are whole without their id.
const WHOLE: [&str; 21] = [
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "local_shell_call",
    "local_shell_call_output",
    "shell_call",
    "shell_call_output",
    "apply_patch_call",
    "apply_patch_call_output",
    "computer_call",
    "computer_call_output",
    "mcp_list_tools",
    "mcp_call",
    "mcp_approval_request",
    "mcp_approval_response",
    "tool_search_call",
    "tool_search_output",
    "additional_tools",
    "program",
    "program_output",
];

/// What of an item counts for whether it can do without its id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Substance<'a> {
    pub kind: Option<&'a str>,
    pub role: bool,
    pub content: bool,
    pub encrypted: bool,
    pub result: bool,
}

impl Substance<'_> {
    /// Whether an upstream must look the item up by its id to know what it says. An item of an unknown type may be one of those.
    pub fn is_kept(self) -> bool {
        if self.encrypted {
            return false;
        }
        match self.kind {
            None => !self.role,
            Some("message") => !self.content,
            Some("reasoning") => !self.content,
            Some("image_generation_call") => !self.result,
            Some(kind) => KEPT.contains(&kind) || !WHOLE.contains(&kind),
        }
    }
}

/// One item of a request's input.
#[derive(Debug)]
pub(super) struct Item {
    pub turn: Turn,
    /// Its id, where the upstream must look it up.
    pub reference: Option<String>,
}

/// Reads an item. `before` is the role of the item in front of it, instructions left out.
pub(super) fn read(reader: &mut Reader<'_>, index: usize, before: Option<Role>) -> Result<Item, ParseError> {
    if reader.peek() != Some(b'{') {
        return Err(ParseError::Item(index));
    }
    let (mut kind, mut role, mut id) = (None, None, None);
    let mut content = Content::Absent;
    let (mut encrypted, mut result) = (false, false);
    let mut keys = Keys::new(ITEM_KEYS);
    let span = reader.object(|reader, member| {
        match keys.recognise(&member.key)? {
            Some("type") => kind = fields::string(reader)?,
            Some("role") => role = fields::role(reader)?,
            Some("content") => content = fields::content(reader)?,
            Some("id") => id = fields::string(reader)?,
            Some("encrypted_content") => encrypted = is_text(reader)?,
            Some(_) => result = is_text(reader)?,
            None => reader.skip()?,
        }
        Ok::<_, ParseError>(())
    })?;
    let substance = Substance {
        kind: kind.as_deref(),
        role: role.is_some(),
        content: !matches!(&content, Content::Absent | Content::Null(_))
            && !matches!(&content, Content::Parts { parts, .. } if parts.is_empty()),
        encrypted,
        result,
    };
    let reference = id.filter(|_| substance.is_kept());
    let turn = match (kind.as_deref(), role) {
        (None | Some("message"), Some(role)) => {
            Turn { role, span, content, calls: None, answers: joins(role, before), images: 0 }
        }
        (kind, _) => {
            let (role, calls) = role_of(kind.unwrap_or_default());
            let answers = role == Role::Tool || joins(role, before);
            let (content, calls) = if calls { (Content::Absent, Some(span.clone())) } else { (whole(&span), None) };
            Turn { role, span, content, calls, answers, images: 0 }
        }
    };
    Ok(Item { turn, reference })
}

/// Whether an item cannot stand without the one before it. What a model says up to the next word of the person is one: reasoning goes
/// with what follows it, results go with their calls. What a person says in several items is one, too.
fn joins(role: Role, before: Option<Role>) -> bool {
    !role.instructs() && before.is_some_and(|before| (before == Role::User) == (role == Role::User))
}

/// The role of an item that is no message, and whether it calls a tool.
fn role_of(kind: &str) -> (Role, bool) {
    match kind {
        "reasoning" => (Role::Assistant, false),
        "mcp_approval_response" => (Role::Tool, false),
        kind if kind.ends_with("_output") => (Role::Tool, false),
        kind if kind.ends_with("_call") => (Role::Assistant, true),
        _ => (Role::Other, false),
    }
}

/// Nothing is written into such an item.
fn whole(span: &Range<usize>) -> Content {
    Content::Unknown(span.clone())
}

/// Whether a value is a string that says something.
fn is_text(reader: &mut Reader<'_>) -> Result<bool, ParseError> {
    Ok(fields::literal(reader)?.is_some_and(|literal| literal.span.len() > 2))
}
