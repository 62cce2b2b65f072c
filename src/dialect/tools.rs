//! Which tools a request may offer to the model, and which of those that it offers are left.

use std::fmt;
use std::ops::Range;

use super::Dialect;
use super::conversation::{Conversation, ParseError};
use super::fields;
use super::json::{Malformed, Reader};
use super::keys::Keys;

/// Names of tools that are allowed: a tool must be in every one of the lists. A `*` stands for any characters.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    pub lists: Vec<Vec<String>>,
}

impl Allowed {
    #[must_use]
    pub fn allows(&self, tool: &str) -> bool {
        self.lists.iter().all(|list| list.iter().any(|pattern| matches(pattern, tool)))
    }
}

/// Without the names.
impl fmt::Debug for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Allowed").field("lists", &self.lists.len()).finish_non_exhaustive()
    }
}

/// Whether a pattern covers a whole name. Takes time in the product of their lengths at most.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in middle.split('*').filter(|piece| !piece.is_empty()) {
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    left.ends_with(end)
}

const TOOL_KEYS: &[&str] = &["type", "name", "function", "custom", "allowed_tools", "tools"];

/// What one object says of tools: a tool, or the choice of one.
#[derive(Debug, Default)]
struct Naming {
    kind: Option<String>,
    name: Option<String>,
    /// The tools that a choice is among.
    among: Vec<Option<String>>,
}

impl Naming {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let mut naming = Self::default();
        if reader.peek() != Some(b'{') {
            reader.skip()?;
            return Ok(naming);
        }
        let mut keys = Keys::new(TOOL_KEYS);
        reader.object(|reader, member| {
            match keys.recognise(&member.key)? {
                Some("type") => naming.kind = fields::string(reader)?,
                Some("name") => naming.name = fields::string(reader)?.or(naming.name.take()),
                Some("tools") => naming.among.extend(elements(reader)?.into_iter().map(|(_, name)| name)),
                Some("allowed_tools") => naming.among.extend(among(reader)?),
                Some(_) => naming.name = name_in(reader)?.or(naming.name.take()),
                None => reader.skip()?,
            }
            Ok::<_, ParseError>(())
        })?;
        Ok(naming)
    }
}

impl Naming {
    /// What a tool goes by: its name, or its type where it has none. A server of tools is one, whatever it offers.
    fn tool(self) -> Option<String> {
        match self.kind {
            Some(kind) if kind == "mcp" => Some(kind),
            kind => self.name.or(kind),
        }
    }

    /// The tools that a choice demands; none where it leaves the choice to the model.
    fn demanded(mut self, dialect: Dialect) -> Vec<Option<String>> {
        if !self.among.is_empty() {
            return self.among;
        }
        // `{"type": "auto"}` demands none; `{"type": "web_search"}` demands a hosted one, in responses alone.
        let free = |kind: &str| matches!(kind, "function" | "custom" | "allowed_tools");
        self.kind = self.kind.filter(|kind| dialect == Dialect::Responses && !free(kind));
        self.tool().map(Some).into_iter().collect()
    }
}

/// The `name` of an object.
fn name_in(reader: &mut Reader<'_>) -> Result<Option<String>, ParseError> {
    let mut name = None;
    if reader.peek() != Some(b'{') {
        reader.skip()?;
        return Ok(name);
    }
    let mut keys = Keys::new(&["name"]);
    reader.object(|reader, member| {
        match keys.recognise(&member.key)? {
            Some(_) => name = fields::string(reader)?,
            None => reader.skip()?,
        }
        Ok::<_, ParseError>(())
    })?;
    Ok(name)
}

/// The `tools` of an object.
fn among(reader: &mut Reader<'_>) -> Result<Vec<Option<String>>, ParseError> {
    let mut found = Vec::new();
    if reader.peek() != Some(b'{') {
        reader.skip()?;
        return Ok(found);
    }
    let mut keys = Keys::new(&["tools"]);
    reader.object(|reader, member| {
        match keys.recognise(&member.key)? {
            Some(_) => found = elements(reader)?.into_iter().map(|(_, name)| name).collect(),
            None => reader.skip()?,
        }
        Ok::<_, ParseError>(())
    })?;
    Ok(found)
}

/// A tool, and what it goes by.
type Element = (Range<usize>, Option<String>);

/// The elements of a list of tools, each with its name: its own, else its type, by which hosted tools go. Nothing where it is no list.
fn elements(reader: &mut Reader<'_>) -> Result<Vec<Element>, ParseError> {
    let mut found = Vec::new();
    if reader.peek() != Some(b'[') {
        reader.skip()?;
        return Ok(found);
    }
    reader.array(|reader| {
        let start = reader.offset();
        let naming = Naming::read(reader)?;
        found.push((start..reader.offset(), naming.tool()));
        Ok::<_, ParseError>(())
    })?;
    Ok(found)
}

/// A list of tools in a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub member: &'static str,
    /// Where each element stands, and whether it is left.
    pub elements: Vec<(Range<usize>, bool)>,
}

impl Offer {
    pub fn is_left(&self) -> bool {
        self.elements.iter().any(|(_, left)| *left)
    }
}

/// The lists of tools that a dialect has.
fn lists(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::ChatCompletions => &["tools", "functions"],
        Dialect::Messages | Dialect::CountTokens => &["tools", "mcp_servers"],
        Dialect::Responses | Dialect::OllamaChat => &["tools"],
        Dialect::Completions | Dialect::OllamaGenerate => &[],
    }
}

/// The choices that are made among them.
pub(super) const CHOICES: [&str; 2] = ["tool_choice", "function_call"];

impl Conversation {
    /// The lists of tools of the request, and what is left of each. What is no list counts as one with nothing left, unless it is
    /// `null`.
    ///
    /// # Errors
    /// When a tool's name can be read in two ways.
    pub(super) fn offers(&self, allowed: &Allowed) -> Result<Vec<Offer>, ParseError> {
        let mut offers = Vec::new();
        for name in lists(self.dialect) {
            let Some(member) = self.members.get(name) else { continue };
            self.members.check(name)?;
            let text = self.slice(&member.value);
            if text == b"null" {
                continue;
            }
            let elements = elements(&mut Reader::new(text)).map_err(|fault| shift(fault, member.value.start))?;
            let start = member.value.start;
            let judge = |(span, name): Element| {
                (start + span.start..start + span.end, allowed.allows(name.as_deref().unwrap_or_default()))
            };
            let elements: Vec<_> = elements.into_iter().map(judge).collect();
            if text.starts_with(b"[") && elements.is_empty() {
                continue;
            }
            offers.push(Offer { member: member.name, elements });
        }
        Ok(offers)
    }

    /// # Errors
    /// When the request demands a tool that is not allowed.
    pub(super) fn check_choice(&self, allowed: &Allowed) -> Result<(), ParseError> {
        for name in CHOICES {
            let Some(member) = self.members.get(name) else { continue };
            self.members.check(name)?;
            let reader = &mut Reader::new(self.slice(&member.value));
            let choice = Naming::read(reader).map_err(|fault| shift(fault, member.value.start))?;
            let demanded = choice.demanded(self.dialect);
            if demanded.into_iter().any(|tool| !allowed.allows(tool.as_deref().unwrap_or_default())) {
                return Err(ParseError::ToolChoice(member.name));
            }
        }
        Ok(())
    }
}

/// Offsets of faults are those of the body.
fn shift(fault: ParseError, by: usize) -> ParseError {
    match fault {
        ParseError::Syntax(at) => Malformed::Syntax(at + by).into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_whole_names() {
        for (pattern, name, covers) in [
            ("search", "search", true),
            ("search", "search_web", false),
            ("*", "", true),
            ("*", "anything", true),
            ("search_*", "search_", true),
            ("search_*", "research_web", false),
            ("*_web", "search_web", true),
            ("*_web", "search_web2", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("**", "x", true),
            ("", "", true),
            ("", "x", false),
            ("Search", "search", false),
        ] {
            assert_eq!(matches(pattern, name), covers, "{pattern} {name}");
        }
        let allowed = Allowed { lists: vec![vec!["a*".into()], vec!["*b".into(), "ac".into()]] };
        assert!(allowed.allows("ab") && allowed.allows("ac") && !allowed.allows("ad") && !allowed.allows("xb"));
        assert!(Allowed::default().allows("anything") && !Allowed { lists: vec![Vec::new()] }.allows("anything"));
    }
}
