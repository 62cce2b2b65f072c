//! Splices of members: the model's name, the numbers that steer it, and its tools.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Dialect;
use super::conversation::{Conversation, ParseError};
use super::edit::{Edits, Splice, literal};
use super::members::Members;
use super::tools::{Allowed, Offer};

impl Conversation {
    /// Checks that the edits can be made: what they change is told apart by every reader, and the request demands no tool that they take
    /// away.
    ///
    /// # Errors
    /// When that is not so. The text is the caller's; answer with 400.
    pub fn check(&self, edits: &Edits) -> Result<(), ParseError> {
        if edits.model.is_some() {
            self.members.check("model")?;
        }
        for knob in edits.fields.keys() {
            if !self.takes(*knob) {
                continue;
            }
            self.members.check("options").or_else(|fault| if self.is_ollama() { Err(fault) } else { Ok(()) })?;
            for name in knob.names(self.dialect) {
                self.knob_members().map_or(Ok(()), |members| members.check(name))?;
            }
        }
        if let Some(allowed) = &edits.tools {
            self.offers(allowed)?;
            self.check_choice(allowed)?;
            self.members.check("parallel_tool_calls")?;
        }
        Ok(())
    }

    fn is_ollama(&self) -> bool {
        matches!(self.dialect, Dialect::OllamaChat | Dialect::OllamaGenerate)
    }

    /// The splices of members; no two of them overlap.
    pub(super) fn splice_members(&self, edits: &Edits) -> Vec<Splice> {
        let mut body = Changes::default();
        if let Some(model) = &edits.model {
            body.put(&self.members, &["model"], &literal(&[model]), |_| false);
        }
        let mut options = Changes::default();
        let is_null = |value: &Range<usize>| self.slice(value) == b"null";
        for (knob, number) in &edits.fields {
            if !self.takes(*knob) {
                continue;
            }
            let names = knob.names(self.dialect);
            let none = Members::new(0);
            let (changes, members) = match self.knob_members() {
                Some(members) if self.is_ollama() => (&mut options, members),
                Some(members) => (&mut body, members),
                None => (&mut options, &none),
            };
            match number {
                Some(number) => changes.put(members, names, &knob.fit(self.dialect, number).to_string(), is_null),
                None => changes.remove(members, names),
            }
        }
        if let Some(allowed) = &edits.tools {
            self.drop_tools(allowed, &mut body);
        }
        let mut splices = Vec::new();
        match (self.members.nested(), self.members.get("options")) {
            (Some(members), _) => splices.extend(options.splices(members, &self.body)),
            (None, _) if options.added.is_empty() => {}
            (None, None) => body.added.push(format!("\"options\":{{{}}}", options.added.join(","))),
            (None, Some(member)) if is_null(&member.value) => {
                splices.push(Splice { at: member.value.clone(), text: format!("{{{}}}", options.added.join(",")) });
            }
            // Nobody knows what that is: it is left alone.
            (None, Some(_)) => {}
        }
        splices.extend(body.splices(&self.members, &self.body));
        splices
    }

    /// Takes out tools that are not allowed, and with the last one of a list the list and what chooses among it.
    fn drop_tools(&self, allowed: &Allowed, changes: &mut Changes) {
        let offers = self.offers(allowed).unwrap_or_default();
        for offer in &offers {
            if !offer.is_left() {
                changes.remove(&self.members, &[offer.member]);
                continue;
            }
            let dropped = offer.elements.iter().filter(|(_, left)| !left).map(|(span, _)| span.clone()).collect();
            let splices = runs(dropped, &self.body).into_iter().map(|run| without(run, &self.body));
            changes.splices.extend(splices);
        }
        if !offers.is_empty() && !offers.iter().any(Offer::is_left) {
            changes.remove(&self.members, &["tool_choice", "function_call", "parallel_tool_calls"]);
        }
    }
}

/// Changes to one object.
#[derive(Default)]
struct Changes {
    splices: Vec<Splice>,
    /// New members.
    added: Vec<String>,
    /// Where those stand that are taken out, by their start.
    removed: BTreeSet<(usize, usize)>,
}

impl Changes {
    /// Sets the members by these names that say something; where none does, one that is `null`, else a new one by the first name.
    fn put(&mut self, members: &Members, names: &[&'static str], value: &str, is_null: impl Fn(&Range<usize>) -> bool) {
        let there: Vec<_> = names.iter().filter_map(|name| members.get(name)).map(|member| member.value.clone()).collect();
        let said: Vec<_> = there.iter().filter(|at| !is_null(at)).cloned().collect();
        let targets = if said.is_empty() { there.into_iter().take(1).collect() } else { said };
        match (targets.is_empty(), names.first()) {
            (true, Some(name)) => self.added.push(format!("\"{name}\":{value}")),
            _ => self.splices.extend(targets.into_iter().map(|at| Splice { at, text: value.to_owned() })),
        }
    }

    fn remove(&mut self, members: &Members, names: &[&str]) {
        let found = names.iter().filter_map(|name| members.get(name));
        self.removed.extend(found.map(|member| (member.span.start, member.span.end)));
    }

    fn splices(self, members: &Members, body: &[u8]) -> Vec<Splice> {
        let Self { mut splices, added, removed } = self;
        let left = members.count.saturating_sub(removed.len());
        let removed = removed.into_iter().map(|(start, end)| start..end).collect();
        splices.extend(runs(removed, body).into_iter().map(|run| without(run, body)));
        if !added.is_empty() {
            let comma = if left > 0 { "," } else { "" };
            splices.push(Splice { at: members.head..members.head, text: added.join(",") + comma });
        }
        splices
    }
}

/// Neighbours as one: between them stands nothing but a comma.
fn runs(spans: Vec<Range<usize>>, body: &[u8]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for span in spans {
        match runs.last_mut() {
            Some(run) if body[run.end..span.start].iter().all(|b| *b == b',' || b.is_ascii_whitespace()) => run.end = span.end,
            _ => runs.push(span),
        }
    }
    runs
}

/// Takes elements or members out, with the comma behind them or, at the end, the one before them.
fn without(run: Range<usize>, body: &[u8]) -> Splice {
    let blank = |b: &u8| b.is_ascii_whitespace();
    let behind = run.end + body[run.end..].iter().take_while(|b| blank(b)).count();
    if body.get(behind) == Some(&b',') {
        let next = behind + 1 + body[behind + 1..].iter().take_while(|b| blank(b)).count();
        return Splice { at: run.start..next, text: String::new() };
    }
    let said = |end: usize| end - body[..end].iter().rev().take_while(|b| blank(b)).count();
    let before = said(run.start);
    let start = if before > 0 && body[before - 1] == b',' { said(before - 1) } else { run.start };
    Splice { at: start..run.end, text: String::new() }
}

#[cfg(test)]
mod tests;
