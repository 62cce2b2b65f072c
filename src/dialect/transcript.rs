//! Tells what a lone prompt is: somebody's own words, a conversation written out as one text, or text around a gap.
//!
//! A wrong guess may only ever suppress learning or memory.

use std::collections::HashSet;

use super::conversation::Form;

/// What chat templates put between turns.
const TEMPLATES: [&str; 21] = [
    "<|im_start|>",
    "<|im_end|>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<start_of_turn>",
    "<|start_header_id|>",
    "<|eot_id|>",
    "<|start|>",
    "<|turn>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|START_OF_TURN_TOKEN|>",
    "<｜User｜>",
    "<｜Assistant｜>",
    "[gMASK]",
    "[|user|]",
    "### Instruction:",
    "### Response:",
    "### Assistant:",
];
/// What editors put around the gap that a model is to fill (`CodeLlama`, `StarCoder`, Qwen, `DeepSeek`, Codestral, Granite).
const GAPS: [&str; 9] = [
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    "<fim_prefix>",
    "<fim_suffix>",
    "<｜fim▁begin｜>",
    "<PRE> ",
    "[SUFFIX]",
    "<fim-prefix>",
];
/// Longest name of a speaker in characters, and in words.
const NAME: (usize, usize) = (40, 4);
/// Lines that are looked at, from the end.
const LINES: usize = 500;
/// What was said last, in bytes: about a screenful.
const RECENT: usize = 1500;

/// The form of a prompt.
pub(super) fn form_of(prompt: &str) -> Form {
    let holds = |marks: &[&str]| marks.iter().any(|mark| prompt.contains(mark));
    if holds(&GAPS) {
        Form::Closed
    } else if holds(&TEMPLATES) || is_script(prompt) {
        Form::Transcript
    } else {
        Form::Turns
    }
}

/// The end of a transcript, from the beginning of a line where there is one: what is being talked about.
#[must_use]
pub fn recent(text: &str) -> &str {
    let Some(from) = text.len().checked_sub(RECENT) else { return text };
    let end = &text[text.ceil_char_boundary(from)..];
    end.split_once('\n').map_or(end, |(_, lines)| lines)
}

/// Whether the text is lines of `Name: words`: with a name at its end whose words are still to come, or with one that speaks again
/// after another. Lists of things (`City: Oslo`) name each thing once.
fn is_script(text: &str) -> bool {
    let lines = text.lines().rev().map(str::trim).filter(|line| !line.is_empty()).take(LINES);
    let mut names = HashSet::new();
    let (mut cued, mut again) = (false, false);
    for (from_end, line) in lines.enumerate() {
        let Some((name, words)) = read_line(line) else { continue };
        if from_end == 0 {
            cued = words.is_empty();
        } else if cued {
            return true;
        }
        again |= !names.insert(name);
        if again && names.len() > 1 {
            return true;
        }
    }
    false
}

/// The name that a line begins with, and what follows it.
fn read_line(line: &str) -> Option<(&str, &str)> {
    let (name, words) = line.split_once([':', '：'])?;
    let wide = line[name.len()..].starts_with('：');
    // Not `https://…` or `12:30`.
    let parted = wide || words.is_empty() || words.starts_with(char::is_whitespace);
    let (longest, most) = NAME;
    let plain = name.starts_with(char::is_alphabetic) && name.chars().count() <= longest;
    (parted && plain && name.split_whitespace().count() <= most).then(|| (name, words.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_says_is_theirs() {
        for prompt in [
            "hi",
            "My name is Ana and I live in Oslo.",
            "Write a poem about my cat Miso:",
            "Plan my day.\nRemember: I get up at 6:30.",
            "Name: Ana\nAge: 30\nCity: Oslo",
            "Note: I am allergic to nuts.\nSee https://example.com/a: why?",
            "Alice: hi",
            "",
            "\n\n",
            ":",
        ] {
            assert_eq!(form_of(prompt), Form::Turns, "{prompt}");
        }
    }

    #[test]
    fn what_several_say_is_a_transcript() {
        for prompt in [
            "Alice: hi\nSeraphina:",
            "The following is a friendly conversation.\n\nHuman: hi\nAI:  ",
            "Alice: hi\nSeraphina: hello\nAlice: how are you?\nSeraphina: I was",
            "Ана: привет\n Сера Фина:\n",
            "小明：你好\n小红：",
            "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
            "[INST] hi [/INST]",
            "<start_of_turn>user\nhi<end_of_turn>",
            "### Instruction:\nhi\n### Response:\n",
        ] {
            assert_eq!(form_of(prompt), Form::Transcript, "{prompt}");
        }
    }

    #[test]
    fn what_was_said_last_is_short() {
        assert_eq!(recent("Alice: hi\nSeraphina:"), "Alice: hi\nSeraphina:");
        let text = format!("{}\nAlice: hi\nSeraphina:", "ä".repeat(RECENT));
        assert_eq!(recent(&text), "Alice: hi\nSeraphina:");
        assert_eq!(recent(&"ä".repeat(RECENT)).len(), RECENT);
        assert!(recent(&"€".repeat(RECENT)).len() <= RECENT);
    }

    #[test]
    fn text_around_a_gap_is_nobodys() {
        for prompt in ["<PRE> def f(): <SUF>\n <MID>", "<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>", "[SUFFIX]b[PREFIX]a"] {
            assert_eq!(form_of(prompt), Form::Closed, "{prompt}");
        }
    }
}
