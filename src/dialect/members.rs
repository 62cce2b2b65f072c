//! Where those members of a body stand that settings may change. They are noted while the body is read anyway.
//!
//! Keys that two readers could take for different ones are refused only where such a member is changed: else they pass as they are.

use std::ops::Range;

use super::conversation::ParseError;
use super::keys::folds_to;

/// Every name in any dialect, in lower case; those that say how much may be answered among them.
const NAMES: &[&str] = &[
    "model",
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "num_predict",
    "frequency_penalty",
    "presence_penalty",
    "tools",
    "functions",
    "mcp_servers",
    "tool_choice",
    "function_call",
    "parallel_tool_calls",
    "thinking",
    "n",
    "best_of",
    "options",
];

/// The members of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Members {
    /// Offset just behind the opening brace.
    pub head: usize,
    /// How many there are, those without a name that matters among them.
    pub count: usize,
    found: Vec<Member>,
    /// Those of `options`.
    nested: Option<Box<Members>>,
}

/// A member by one of the names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub name: &'static str,
    /// From the key's quote to the end of the value.
    pub span: Range<usize>,
    pub value: Range<usize>,
    /// Why it must not be changed.
    fault: Option<ParseError>,
}

/// A name as it was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    name: &'static str,
    exact: bool,
}

impl Members {
    pub fn new(head: usize) -> Self {
        Self { head, count: 0, found: Vec::new(), nested: None }
    }

    /// The name that a key is, in whatever letters.
    #[expect(clippy::unused_self, reason = "reads as what it is for")]
    pub fn name(&self, key: &str) -> Option<Named> {
        let name = NAMES.iter().find(|name| folds_to(key, name))?;
        Some(Named { name, exact: *name == key })
    }

    /// Notes a member. Each name is kept once, however often it came.
    pub fn note(&mut self, named: Option<Named>, start: usize, value: Range<usize>) {
        self.count += 1;
        let Some(Named { name, exact }) = named else { return };
        let case = (!exact).then_some(ParseError::KeyCase(name));
        match self.found.iter_mut().find(|member| member.name == name) {
            Some(member) => member.fault = member.fault.or(case).or(Some(ParseError::DuplicateKey(name))),
            None => self.found.push(Member { name, span: start..value.end, value, fault: case }),
        }
    }

    /// Takes the members of `options` in.
    pub fn nest(&mut self, options: Option<Members>) {
        self.nested = options.map(Box::new);
    }

    pub fn nested(&self) -> Option<&Members> {
        self.nested.as_deref()
    }

    pub fn get(&self, name: &str) -> Option<&Member> {
        self.found.iter().find(|member| member.name == name)
    }

    /// # Errors
    /// When a member must not be changed, since it is there twice or in other letters.
    pub fn check(&self, name: &str) -> Result<(), ParseError> {
        match self.get(name).and_then(|member| member.fault) {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }
}
