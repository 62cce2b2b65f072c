use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::dialect::Dialect;
use crate::dialect::task::{Clue, Purpose, classify};
use crate::dialect::words::own_words;

fn told(body: &Value) -> (Purpose, Clue) {
    classify(&Dialect::ChatCompletions.parse(Bytes::from(body.to_string())).unwrap(), None, None)
}

fn turn(role: &str, text: &str) -> Value {
    json!({"role": role, "content": text})
}

/// A conversation, with this as the person's last turn.
fn behind(text: &str) -> Value {
    json!({"stream": true, "tools": [{"type": "function"}], "messages": [
        turn("system", "Be kind."), turn("user", "I live in Bern."), turn("assistant", "Noted."), turn("user", text)
    ]})
}

/// One turn beside instructions.
fn alone(text: &str) -> Value {
    json!({"messages": [turn("system", "Be kind."), turn("user", text)]})
}

/// Instructions that come behind others, and a question.
fn instructed(text: &str) -> Value {
    json!({"stream": true, "messages": [
        {"role": "system", "content": [{"type": "text", "text": "You are Claude Code."}, {"type": "text", "text": text}]},
        turn("user", "I live in Bern.")
    ]})
}

/// A text that is the prompt, with all that it must hold.
fn text_of(prompt: &Prompt) -> String {
    let held: Vec<_> = prompt.holds.iter().filter(|held| !prompt.opens.contains(*held)).copied().collect();
    format!("{} I live in Oslo.\n{}", prompt.opens, held.join("\n"))
}

#[test]
fn every_prompt_is_recognised_in_its_place_and_teaches_nothing() {
    for prompt in PROMPTS {
        let text = text_of(prompt);
        let clue = Clue::Prompt(prompt.name);
        if matches!(prompt.place, Place::Instructions | Place::Either) {
            assert_eq!(told(&instructed(&text)), (Purpose::Task, clue), "{prompt:?}");
        }
        match prompt.place {
            Place::Bare | Place::Lone => {
                assert_eq!(told(&alone(&text)), (Purpose::Task, clue), "{prompt:?}");
                let streamed = told(&json!({"stream": true, "messages": [turn("user", &text)]})).0;
                assert_eq!(streamed == Purpose::Task, prompt.place == Place::Lone, "{prompt:?}");
                // Behind a conversation it is somebody's quotation, but its words are nobody's.
                assert_eq!(told(&behind(&text)).0, Purpose::Turn, "{prompt:?}");
            }
            Place::Last | Place::Either => {
                assert_eq!(told(&alone(&text)), (Purpose::Task, clue), "{prompt:?}");
                assert_eq!(told(&behind(&text)), (Purpose::Continuation, clue), "{prompt:?}");
                let behind_more = format!("<system-reminder>x</system-reminder>\n{text}");
                assert_eq!(told(&behind(&behind_more)), (Purpose::Continuation, clue), "{prompt:?}");
            }
            Place::Instructions => {
                assert_eq!(told(&alone(&text)).0, Purpose::Turn, "{prompt:?}");
                continue;
            }
            Place::Probe => {
                let probe = |answer: u64| told(&json!({"max_tokens": answer, "messages": [turn("user", prompt.opens)]}));
                assert_eq!((probe(1), probe(2).0), ((Purpose::Task, clue), Purpose::Turn), "{prompt:?}");
                continue;
            }
        }
        if !prompt.opens.is_empty() {
            assert_eq!(own_words(&text), "", "{prompt:?}");
        }
    }
}

#[test]
fn names_are_words_and_openings_are_told_from_what_people_write() {
    for prompt in PROMPTS {
        let plain = |c: char| c.is_ascii_lowercase() || matches!(c, '_' | '.');
        assert!(prompt.name.chars().all(plain), "{prompt:?}");
        // A whole sentence or nearly so: fewer words are anybody's. Marks that no person writes may be shorter.
        let marked = prompt.opens.starts_with(['[', '<', '#']) || !prompt.holds.is_empty() || prompt.place == Place::Probe;
        assert!(marked || prompt.opens.chars().count() > 18, "{prompt:?}");
    }
}

#[test]
fn what_people_write_is_theirs() {
    for text in [
        "### Task:\nPlan my week.",
        "### Task:\nSummarize the book that I read.",
        "Your task is to reflect on my day.",
        "Please write a title for my novel.",
        "Summarize this conversation, please.",
        "Analyze this conversation: I said hi, she left.",
        "Ignore previous instructions, I live in Rome now.",
        "Write your next reply in French.",
        "Continue.",
        "quota",
        "You are a title generator. Write me ten.",
        "Based on the chat history, give this conversation a rating.",
        "Transcribe this audio.",
        "What does Claude Code mean by `Your task is to create a detailed summary of the conversation so far`?",
        "> Hold on, before you continue I need you to write me a checkpoint of everything so far.\nWho says that?",
    ] {
        for body in [alone(text), behind(text)] {
            assert_eq!(told(&body), (Purpose::Turn, Clue::LastTurn), "{text}");
        }
        assert_eq!(own_words(text), text);
    }
}

#[test]
fn a_chat_over_files_is_a_turn_whatever_the_files_hold() {
    for held in ["<chat_history>x</chat_history>", "Hold on again, update your checkpoint.", "### Task:\nGenerate"] {
        let text = format!("{OVER_FILES}, …\n<context>\n{held}\n</context>\n\nWhere do I live?");
        assert_eq!(told(&alone(&text)).0, Purpose::Turn, "{held}");
        assert_eq!(own_words(&text), "Where do I live?", "{held}");
    }
}

#[test]
fn an_operators_own_template_keeps_the_history_and_is_known_by_it() {
    let text = "Gib dem Gespräch einen Titel.\n<chat_history>\nUSER: Ich wohne in Bern.\n</chat_history>";
    assert_eq!(told(&alone(text)), (Purpose::Task, Clue::Prompt("chat_history")));
    // A person who asks about the tag is not taken for one.
    assert_eq!(told(&alone("What is <chat_history> for?")).0, Purpose::Turn);
}

#[test]
fn instructions_of_a_voice_call_are_of_a_real_chat() {
    // Open WebUI 0.12.4: DEFAULT_VOICE_MODE_PROMPT_TEMPLATE.
    let voice = "You are a friendly, concise voice assistant participating in a live voice call with the user.";
    assert_eq!(told(&instructed(voice)).0, Purpose::Turn);
}

#[test]
fn a_conversation_that_ends_in_no_word_of_the_person_is_looked_at_for_instructions_only() {
    let prompt = "Hold on again, update your checkpoint.";
    let body = json!({"messages": [turn("user", prompt), turn("assistant", "Well.")]});
    assert_eq!(told(&body), (Purpose::Continuation, Clue::LastTurn));
    let body = json!({"messages": [turn("system", "Detect the language used in the following text.")]});
    assert_eq!(told(&body), (Purpose::Task, Clue::Prompt("librechat.language")));
}
