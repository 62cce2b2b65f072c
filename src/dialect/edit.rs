//! Rewrites a conversation by splicing: removed turns, added blocks; every other byte stays.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use serde_json::Number;

use super::conversation::{Content, Conversation, Part, PartKind, Role, Turn};
use super::format::SystemPlace;
use super::json::escape_into;
use super::knobs::Knob;
use super::tools::Allowed;

/// What to change in a conversation. Indices are those of [`Conversation::turns`]; others are ignored.
///
/// Its `Debug` shows how much is changed and none of the text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Edits {
    /// Turns to leave out, in ascending order.
    pub cut: Vec<usize>,
    /// A block for the end of the last leading system or developer turn, behind a blank line. A conversation that starts with no such
    /// turn gets a new one, or the block in front of its first user turn, as its dialect has it.
    pub system: Option<String>,
    /// Blocks for the front of user turns, each with a blank line after it. An array gets a new text part in front; a turn without
    /// content gets the block as its text.
    pub prefixes: BTreeMap<usize, String>,
    /// The model's name, in the place of what the request gives.
    pub model: Option<String>,
    /// What numbers are to be, whatever the request says; none takes them out. Those that [`Conversation::takes`] denies stay as they
    /// are.
    pub fields: BTreeMap<Knob, Option<Number>>,
    /// Tools that may stay. With the last one goes what chooses among them.
    pub tools: Option<Allowed>,
    /// Instructions in front of `system`, in the same place.
    pub preamble: Option<String>,
}

impl Edits {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { cut, system, prefixes, model, fields, tools, preamble } = self;
        let steers = model.is_some() || !fields.is_empty() || tools.is_some();
        !steers && cut.is_empty() && system.is_none() && prefixes.is_empty() && preamble.is_none()
    }
}

impl fmt::Debug for Edits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edits")
            .field("cut", &self.cut)
            .field("system", &self.system.is_some())
            .field("prefixes", &self.prefixes.len())
            .field("fields", &self.fields.len())
            .field("preamble", &self.preamble.is_some())
            .finish_non_exhaustive()
    }
}

/// Bytes to take out, and what to put there instead.
pub(super) struct Splice {
    pub at: Range<usize>,
    pub text: String,
}

impl Splice {
    fn insert(at: usize, text: String) -> Self {
        Self { at: at..at, text }
    }
}

impl Conversation {
    /// The body with the edits made. With nothing to change it is the same [`Bytes`], not a copy.
    #[must_use]
    pub fn rewrite(&self, edits: &Edits) -> Bytes {
        let mut splices = self.splices(edits);
        if splices.is_empty() {
            return self.body.clone();
        }
        // What is put in stands before what is taken out in the same place.
        splices.sort_by_key(|splice| (splice.at.start, splice.at.end));
        let added: usize = splices.iter().map(|splice| splice.text.len()).sum();
        let mut out = Vec::with_capacity(self.body.len() + added);
        let mut copied = 0;
        for splice in &splices {
            out.extend_from_slice(&self.body[copied..splice.at.start]);
            out.extend_from_slice(splice.text.as_bytes());
            copied = splice.at.end;
        }
        out.extend_from_slice(&self.body[copied..]);
        out.into()
    }

    /// The splices; no two of them overlap.
    fn splices(&self, edits: &Edits) -> Vec<Splice> {
        let mut kept = vec![true; self.turns.len()];
        for &turn in &edits.cut {
            // What stands outside the list is never cut.
            if let Some(kept) = kept.get_mut(turn).filter(|_| turn >= self.outside) {
                *kept = false;
            }
        }
        let mut splices = self.splice_members(edits);
        let mut prefixes: BTreeMap<usize, Cow<'_, str>> =
            edits.prefixes.iter().map(|(&turn, block)| (turn, Cow::Borrowed(block.as_str()))).collect();
        let block = match (&edits.preamble, &edits.system) {
            (Some(preamble), Some(system)) => Some(Cow::Owned(format!("{preamble}\n\n{system}"))),
            (one, other) => one.as_deref().or(other.as_deref()).map(Cow::Borrowed),
        };
        if let Some(block) = &block {
            match self.splice_system(block, &kept) {
                Ok(splice) => splices.extend(splice),
                Err(FirstUser(turn)) => {
                    let both = |behind: Cow<'_, str>| format!("{block}\n\n{behind}");
                    let joined = prefixes.remove(&turn).map_or_else(|| block.to_string(), both);
                    prefixes.insert(turn, joined.into());
                }
            }
        }
        splices.extend(self.splice_cuts(&kept));
        for (index, block) in prefixes {
            if let Some(turn) = self.turns.get(index).filter(|turn| kept[index] && turn.role == Role::User) {
                splices.extend(self.splice_text(turn, &block, Side::Front));
            }
        }
        splices
    }

    /// The splice for a block of instructions, or the user turn that it must stand in front of.
    fn splice_system(&self, block: &str, kept: &[bool]) -> Result<Option<Splice>, FirstUser> {
        let leading = self.turns.iter().zip(kept).take_while(|(turn, _)| turn.role.instructs());
        let target = leading.filter(|(_, kept)| **kept).last();
        if let Some(splice) = target.and_then(|(turn, _)| self.splice_text(turn, block, Side::Back)) {
            return Ok(Some(splice));
        }
        // Instructions of the request's own would displace the template's.
        let place = if self.stored.template { SystemPlace::FirstUser } else { self.dialect.format().system_place() };
        match (place, &self.list) {
            (SystemPlace::Turn, Some(list)) => {
                let comma = if kept.contains(&true) { "," } else { "" };
                let at = self.turns.first().map_or(list.start + 1, |turn| turn.span.start);
                let turn = format!("{{\"role\":\"system\",\"content\":{}}}{comma}", literal(&[block]));
                Ok(Some(Splice::insert(at, turn)))
            }
            // A member that is there and takes no text is left alone. The body holds the conversation, so a comma is due.
            (SystemPlace::Member(key), _) if target.is_none() => {
                Ok(Some(Splice::insert(self.members.head, format!("\"{key}\":{},", literal(&[block])))))
            }
            (SystemPlace::FirstUser, _) => {
                let first = self.turns.iter().zip(kept).position(|(turn, kept)| *kept && turn.opens());
                first.map_or(Ok(None), |turn| Err(FirstUser(turn)))
            }
            _ => Ok(None),
        }
    }

    /// Takes out each run of cut turns with the commas that go with it.
    fn splice_cuts(&self, kept: &[bool]) -> Vec<Splice> {
        let mut splices = Vec::new();
        let mut next = self.outside.min(kept.len());
        while let Some(run) = kept[next..].iter().position(|kept| !kept) {
            let first = next + run;
            let end = kept[first..].iter().position(|kept| *kept).map_or(kept.len(), |length| first + length);
            let before = first.checked_sub(1).filter(|before| *before >= self.outside);
            let at = match (before, self.turns.get(end)) {
                (Some(before), _) => self.turns[before].span.end..self.turns[end - 1].span.end,
                (None, Some(after)) => self.turns[first].span.start..after.span.start,
                (None, None) => self.turns[first].span.start..self.turns[end - 1].span.end,
            };
            splices.push(Splice { at, text: String::new() });
            next = end;
        }
        splices
    }

    /// Puts a block before or behind the text of a turn, a blank line between. Tools' results stay in front.
    fn splice_text(&self, turn: &Turn, block: &str, side: Side) -> Option<Splice> {
        let front = side == Side::Front;
        match &turn.content {
            Content::Text(text) => {
                let gap = if text.is_empty() && !front { "" } else { "\n\n" };
                let parts = if front { [block, gap] } else { [gap, block] };
                let span = text.span();
                Some(Splice::insert(if front { span.start + 1 } else { span.end - 1 }, inside(&parts)))
            }
            Content::Parts { span, parts } => {
                let joins = front && self.dialect.format().joins_text();
                if let Some(text) = parts.iter().find_map(Part::text).filter(|_| joins) {
                    return Some(Splice::insert(text.span().start + 1, inside(&[block, "\n\n"])));
                }
                let gap = if front { "\n\n" } else { "" };
                let kind = self.dialect.format().text_part();
                let part = format!("{{\"type\":\"{kind}\",\"text\":{}}}", literal(&[block, gap]));
                let is_text = |part: &&Part| !turn.answers || matches!(part.kind, PartKind::Text(_));
                Some(match (parts.iter().find(is_text), parts.last()) {
                    (Some(first), _) if front => Splice::insert(first.span.start, part + ","),
                    (_, Some(last)) => Splice::insert(last.span.end, format!(",{part}")),
                    _ => Splice::insert(span.start + 1, part),
                })
            }
            Content::Null(span) => Some(Splice { at: span.clone(), text: literal(&[block]) }),
            // A turn has a role at least, so a comma is due.
            Content::Absent => Some(Splice::insert(turn.span.start + 1, format!("\"content\":{},", literal(&[block])))),
            Content::Unknown(_) => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Front,
    Back,
}

/// The user turn in front of which instructions go.
struct FirstUser(usize);

fn inside(texts: &[&str]) -> String {
    let mut out = String::with_capacity(texts.iter().map(|text| text.len() + 8).sum());
    for text in texts {
        escape_into(&mut out, text);
    }
    out
}

pub(super) fn literal(texts: &[&str]) -> String {
    format!("\"{}\"", inside(texts))
}
