//! What is set off within a line: quoted speech, inline code, links, asides in brackets, actions.

use super::{Mask, Register, line_ranges};

/// Quoted speech, inline code and actions within a line.
pub(super) fn mask_spans(text: &str, mask: &mut Mask) -> Register {
    for (range, line) in line_ranges(text) {
        let mut rest = line;
        let mut at = range.start;
        while let Some((i, open)) = rest.char_indices().find(|&(i, c)| opens_span(c) && !mask.hides(at + i)) {
            if let Some(behind) = rest.get(i..).and_then(|r| r.strip_prefix("**")) {
                // Strong emphasis, not an action.
                at += rest.len() - behind.len();
                rest = behind;
                continue;
            }
            let before = rest.get(..i).and_then(|b| b.chars().next_back());
            let start = at + i;
            let inner = rest.get(i + open.len_utf8()..).unwrap_or_default();
            let span = closing(open, before, inner).map(|len| inner.get(..len).unwrap_or_default());
            let opens_line = text.get(range.start..start).unwrap_or_default().trim().is_empty();
            let mut skip = i + open.len_utf8();
            if let Some(span) = span {
                skip += span.len();
                skip += rest.get(skip..).and_then(|r| r.chars().next()).map_or(0, char::len_utf8);
                if matches!(open, '*' | '~') {
                    if span.contains(' ') || opens_line && open == '*' {
                        return Register::Foreign;
                    }
                } else if !(is_quote(open) && is_name(span)) {
                    mask.hide(start..at + skip);
                }
            } else if is_lasting(open) {
                // What nobody closed lasts to the end of the line, to be safe.
                mask.hide(start..range.end);
                break;
            }
            rest = rest.get(skip..).unwrap_or_default();
            at += skip;
        }
    }
    mask_long_quotations(text, mask);
    Register::Own
}

/// A quotation may run over several lines: a mark that its line leaves open is looked for on the next ones.
fn mask_long_quotations(text: &str, mask: &mut Mask) {
    let mut open: Option<usize> = None;
    for (range, line) in line_ranges(text) {
        let marks = line.chars().filter(|c| *c == '"').count();
        let opening = line.chars().filter(|c| matches!(c, '“' | '„' | '«')).count();
        let ending = line.chars().filter(|c| matches!(c, '”' | '»')).count();
        let unbalanced = marks % 2 == 1 || opening != ending && (opening > 0 || ending > 0) && line.matches('„').count() == 0;
        match open {
            Some(from) if unbalanced => {
                mask.hide(from..range.end);
                open = None;
            }
            None if unbalanced => open = Some(range.start),
            _ => {}
        }
    }
    // Of a quotation that nobody closed, only its line is hidden: an inch sign opens nothing.
}

fn opens_span(c: char) -> bool {
    is_quote(c) || matches!(c, '*' | '`' | '\'' | '‘' | '‚' | '[' | '_' | '~' | '{')
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '„' | '«' | '”' | '»' | '「' | '『' | '＂' | '‟' | '〝')
}

/// A word or two in quotation marks are a name, or are mentioned, not spoken.
fn is_name(span: &str) -> bool {
    span.split_whitespace().count() <= 2 && span.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '.'))
}

fn is_lasting(c: char) -> bool {
    is_quote(c) || matches!(c, '`' | '[' | '‘')
}

/// Length of the span that `open` begins, up to its closing mark; `before` is the character in front of it.
fn closing(open: char, before: Option<char>, inner: &str) -> Option<usize> {
    match open {
        '"' | '“' | '„' | '”' | '＂' | '‟' | '〝' => inner.find(['"', '”', '“', '＂', '〞']),
        '«' => inner.find('»'),
        '»' => inner.find('«'),
        '「' => inner.find('」'),
        '『' => inner.find('』'),
        '`' => inner.find('`'),
        '{' => inner.find('}'),
        '[' => {
            // "[text](address 'title')" goes to the end of its address.
            let text = inner.find(']')?;
            let link = inner.get(text + 1..).filter(|rest| rest.starts_with('(')).and_then(|rest| rest.find(')'));
            Some(link.map_or(text, |len| text + 1 + len))
        }
        '*' | '_' | '~' => {
            let len = inner.find(open)?;
            let tight = !inner.starts_with([' ', open, '\t']) && !inner.get(..len)?.ends_with(' ') && before != Some(open);
            let free = open == '*' || before.is_none_or(|c| !c.is_alphanumeric());
            (tight && free).then_some(len)
        }
        // An apostrophe stands within or behind a word; a single quotation mark stands before one and is closed behind several.
        _ if before.is_some_and(char::is_alphanumeric) => None,
        _ => inner.char_indices().find_map(|(i, c)| {
            let behind = inner.get(i + c.len_utf8()..).and_then(|r| r.chars().next());
            let closes = matches!(c, '\'' | '’' | '‘') && behind.is_none_or(|b| !b.is_alphanumeric());
            (closes && inner.get(..i)?.contains(' ')).then_some(i)
        }),
    }
}
