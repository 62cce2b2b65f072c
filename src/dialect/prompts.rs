//! What chat clients ask a model on their own behalf, by the words that their prompts begin with.
//!
//! Each entry was read in its client's source, which the comment in front of it names. A person may well write the same words: all that
//! follows from a match is that memory is held back.

use super::conversation::{Conversation, Role};

/// Where a prompt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The only turn besides instructions; not streamed, and no tools.
    Bare,
    /// The only turn besides instructions.
    Lone,
    /// The last turn, behind a conversation or alone. It may follow other text in there.
    Last,
    /// Among the instructions that the conversation starts with.
    Instructions,
    /// As [`Place::Last`] or [`Place::Instructions`].
    Either,
    /// The only turn, whole, for an answer of one token.
    Probe,
}

/// A prompt of a client.
#[derive(Debug)]
struct Prompt {
    /// The client and what it wants: stable, shown to people.
    name: &'static str,
    place: Place,
    opens: &'static str,
    /// What stands in it besides.
    holds: &'static [&'static str],
}

const fn prompt(name: &'static str, place: Place, opens: &'static str) -> Prompt {
    Prompt { name, place, opens, holds: &[] }
}

const PROMPTS: &[Prompt] = &[
    // Open WebUI 0.12.4, open_webui/config.py: DEFAULT_*_PROMPT_TEMPLATE. Titles, tags, follow-ups, queries, image prompts, autocomplete.
    Prompt { name: "open_webui.task", place: Place::Bare, opens: "### Task:", holds: &["<chat_history>"] },
    prompt("open_webui.emoji", Place::Bare, "Your task is to reflect the speaker's likely facial expression"),
    // Its page streams this one.
    prompt(
        "open_webui.merge",
        Place::Lone,
        "You have been provided with a set of responses from various models to the latest user query",
    ),
    // Two messages, with the question as the second.
    Prompt {
        name: "open_webui.tools",
        place: Place::Instructions,
        opens: "Available Tools:",
        holds: &["Your task is to choose and return the correct tool(s)"],
    },
    // Its page's note editor (NoteEditor.svelte).
    Prompt {
        name: "open_webui.note_title",
        place: Place::Bare,
        opens: "### Task:\nGenerate a concise title summarizing the content",
        holds: &["<content>"],
    },
    // open_webui/utils/context_compaction.py.
    prompt(
        "open_webui.compaction",
        Place::Lone,
        "### Task:\nSummarize the conversation history that will be compacted out of the active chat context",
    ),
    // open_webui/routers/audio: speech to text by a chat model.
    prompt("open_webui.transcription", Place::Bare, "Transcribe this audio exactly as spoken in"),
    // open_webui/utils/subagents.py: the lead model speaks.
    prompt(
        "open_webui.subagent",
        Place::Instructions,
        "You are a sub-agent working on a specific task assigned by the lead agent.",
    ),
    // Templates of an operator's own keep the block that {{MESSAGES}} stands in; LobeChat's summaries have it, too.
    Prompt { name: "chat_history", place: Place::Bare, opens: "", holds: &["<chat_history>", "</chat_history>"] },
    // LibreChat, danny-avila/agents src/utils/title.ts: titleMethod completion, and structured or functions.
    prompt(
        "librechat.title",
        Place::Lone,
        "Provide a concise, 5-word-or-less title for the conversation, using title case conventions.",
    ),
    prompt(
        "librechat.title",
        Place::Lone,
        "Analyze this conversation and provide:\n1. The detected language of the conversation",
    ),
    // LibreChat api/app/clients/prompts/titlePrompts.js.
    prompt("librechat.title", Place::Instructions, "Write a concise title for this conversation in the given language."),
    prompt("librechat.language", Place::Instructions, "Detect the language used in the following text."),
    prompt(
        "librechat.title",
        Place::Instructions,
        "In this environment you have access to a set of tools you can use to generate the conversation title.",
    ),
    // LibreChat api/app/clients/prompts/summaryPrompts.js.
    prompt("librechat.summary", Place::Lone, "Summarize the conversation by integrating new lines into the current summary."),
    Prompt {
        name: "librechat.summary",
        place: Place::Lone,
        opens: "The following text is cut-off:",
        holds: &["noting that it was cut-off"],
    },
    // danny-avila/agents src/summarization/node.ts.
    prompt(
        "librechat.compaction",
        Place::Last,
        "Hold on, before you continue I need you to write me a checkpoint of everything so far.",
    ),
    prompt("librechat.compaction", Place::Last, "Hold on again, update your checkpoint."),
    // LobeChat packages/prompts/src/chains/{summaryTitle,summaryHistory,translate}.ts.
    prompt("lobechat.title", Place::Instructions, "You are a professional conversation summarizer. Generate a concise title"),
    prompt(
        "lobechat.summary",
        Place::Instructions,
        "You're an assistant who's good at extracting key takeaways from conversations and summarizing them.",
    ),
    Prompt {
        name: "lobechat.translation",
        place: Place::Instructions,
        opens: "You are a professional translator. Translate the input text to",
        holds: &["Output ONLY the translated text"],
    },
    // Chatbox src/renderer/packages/prompts.ts: nameConversation and the three that decide whether to search.
    Prompt {
        name: "chatbox.title",
        place: Place::Lone,
        opens: "Based on the chat history, give this conversation a ",
        holds: &["Here's the conversation:"],
    },
    prompt(
        "chatbox.search",
        Place::Instructions,
        "As a professional web researcher who can access latest data, your primary objective",
    ),
    prompt("chatbox.search", Place::Instructions, "As a professional knowledge base researcher, your primary objective"),
    prompt(
        "chatbox.search",
        Place::Instructions,
        "As a professional researcher with access to both knowledge base and web search",
    ),
    // NextChat app/locales/en.ts and cn.ts: Store.Prompt. Its summary ends in a system message.
    prompt("nextchat.title", Place::Last, "Please generate a four to five word title summarizing our conversation"),
    prompt("nextchat.title", Place::Last, "使用四到五个字直接返回这句话的简要主题"),
    // AnythingLLM server/utils/helpers/chat/queryRewriter.js; the opening is LangChain's.
    prompt(
        "anythingllm.query",
        Place::Instructions,
        "Given a chat history and the latest user question which might reference context in the chat history",
    ),
    // Cline src/core/prompts/contextManagement.ts.
    prompt("cline.compaction", Place::Last, "<explicit_instructions type=\"summarize_task\">"),
    // Roo Code src/shared/support-prompt.ts and src/core/condense/index.ts.
    prompt("roo.compaction", Place::Last, "CRITICAL: This summarization request is a SYSTEM OPERATION, not a user message."),
    prompt("roo.compaction", Place::Last, "Summarize the conversation so far, as described in the prompt instructions."),
    prompt("roo.enhancement", Place::Lone, "Generate an enhanced version of this prompt (reply with only the enhanced prompt"),
    // Claude Code 1.0.100, cli.js of its npm package; the sentence-case title, the text-only preamble and the suggestion mode are of
    // later versions. Roo Code's older condensing has the same words in its instructions.
    prompt("claude_code.topic", Place::Instructions, "Analyze if this message indicates a new conversation topic."),
    prompt("claude_code.title", Place::Instructions, "Summarize this coding conversation in under 50 characters."),
    prompt("claude_code.title", Place::Instructions, "Generate a concise, sentence-case title (3-7 words)"),
    prompt("claude_code.title", Place::Lone, "Please write a 5-10 word title "),
    prompt(
        "claude_code.compaction",
        Place::Instructions,
        "You are a helpful AI assistant tasked with summarizing conversations.",
    ),
    prompt("claude_code.compaction", Place::Either, "Your task is to create a detailed summary of the conversation so far"),
    prompt("claude_code.compaction", Place::Last, "CRITICAL: Respond with TEXT ONLY. Do NOT call any tools."),
    prompt("claude_code.suggestion", Place::Last, "[SUGGESTION MODE: Suggest what the user"),
    prompt("claude_code.command", Place::Instructions, "Extract any file paths that this command reads or modifies."),
    prompt(
        "claude_code.command",
        Place::Instructions,
        "Your task is to process Bash commands that an AI coding agent wants to run.",
    ),
    prompt("claude_code.page", Place::Lone, "Web page content:\n---\n"),
    prompt("claude_code.search", Place::Lone, "Perform a web search for the query: "),
    prompt("claude_code.quota", Place::Probe, "quota"),
    // Codex codex-rs/core/templates/compact/prompt.md, now and in 2025.
    prompt("codex.compaction", Place::Last, "You are performing a CONTEXT CHECKPOINT COMPACTION."),
    prompt(
        "codex.compaction",
        Place::Either,
        "You have exceeded the maximum number of tokens, please stop coding and instead write",
    ),
    // OpenCode packages/opencode/src/agent/prompt/title.txt.
    prompt("opencode.title", Place::Instructions, "You are a title generator. You output ONLY a thread title."),
    // SillyTavern 1.19.0, public/scripts/openai.js and extensions/{memory,expressions,stable-diffusion}/index.js. Where the backend takes
    // system messages, these end in one; for Claude they are turned into the person's.
    prompt("sillytavern.impersonate", Place::Last, "[Write your next reply from the point of view of "),
    prompt("sillytavern.continue", Place::Last, "[Continue your last message without repeating its original content.]"),
    prompt("sillytavern.summary", Place::Either, "Ignore previous instructions. Summarize the most important facts and events"),
    prompt("sillytavern.expression", Place::Either, "Ignore previous instructions. Classify the emotion of the last message."),
    prompt(
        "sillytavern.picture",
        Place::Last,
        "Ignore previous instructions. Your next response must be formatted as a single comma-",
    ),
    prompt("sillytavern.picture", Place::Last, "Ignore previous instructions and provide "),
];

/// What Open `WebUI`'s prompt for a chat over files, searches or notes begins with: a turn of the person, however much it looks like
/// a task.
pub(super) const OVER_FILES: &str = "### Task:\nRespond to the user query using the provided context";

/// A client's own prompt, found in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub name: &'static str,
    /// It follows a conversation, which it speaks about.
    pub follows: bool,
}

/// The client's own prompt that a conversation is made for.
pub(super) fn find(conversation: &Conversation) -> Option<Found> {
    let turns = conversation.turns();
    let leading = conversation.last_leading_system().map_or(0, |last| last + 1);
    for turn in 0..leading {
        if let Some(prompt) = at_a_line(&conversation.text(turn), Place::Instructions) {
            return Some(Found { name: prompt.name, follows: false });
        }
    }
    let last = conversation.last_turn().filter(|last| turns[*last].role == Role::User)?;
    let text = conversation.text(last);
    let text = text.trim_start();
    if text.starts_with(OVER_FILES) {
        return None;
    }
    let lone = leading == last;
    let bare = lone && !conversation.stream() && !conversation.has_tools();
    let stands = |prompt: &&Prompt| match prompt.place {
        Place::Bare => bare && prompt.begins(text),
        Place::Lone => lone && prompt.begins(text),
        Place::Probe => lone && conversation.max_tokens() == Some(1) && text.trim_end() == prompt.opens,
        Place::Last | Place::Instructions | Place::Either => false,
    };
    let found = at_a_line(text, Place::Last).or_else(|| PROMPTS.iter().find(stands))?;
    Some(Found { name: found.name, follows: !lone })
}

/// Whether a turn of the person's is none of their words, but a client's prompt.
pub(super) fn is_prompt(turn: &str) -> bool {
    let turn = turn.trim_start();
    let opens =
        |prompt: &Prompt| matches!(prompt.place, Place::Bare | Place::Lone) && !prompt.opens.is_empty() && prompt.begins(turn);
    !turn.starts_with(OVER_FILES) && (PROMPTS.iter().any(opens) || at_a_line(turn, Place::Last).is_some())
}

impl Prompt {
    fn begins(&self, text: &str) -> bool {
        text.starts_with(self.opens) && self.holds.iter().all(|held| text.contains(held))
    }
}

/// The prompt that a line of the text begins, which may follow other text in its place.
fn at_a_line(text: &str, place: Place) -> Option<&'static Prompt> {
    let starts = if place == Place::Instructions { &IN_INSTRUCTIONS } else { &AT_THE_END };
    let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    lines.map(|at| &text[at..]).find_map(|line| {
        let mut fitting = starts[usize::from(*line.as_bytes().first()?)];
        // Texts may have a hundred thousand lines: most begin none of them.
        while fitting != 0 {
            let prompt = &PROMPTS[fitting.trailing_zeros() as usize];
            if prompt.begins(line) {
                return Some(prompt);
            }
            fitting &= fitting - 1;
        }
        None
    })
}

/// Sets of [`PROMPTS`], by the byte that they begin with.
type Starts = [u128; 256];

static IN_INSTRUCTIONS: Starts = starts(Place::Instructions);
static AT_THE_END: Starts = starts(Place::Last);

const fn starts(place: Place) -> Starts {
    assert!(PROMPTS.len() <= 128);
    let mut starts = [0; 256];
    let mut at = 0;
    while at < PROMPTS.len() {
        let here = matches!(
            (place, PROMPTS[at].place),
            (Place::Instructions, Place::Instructions) | (Place::Last, Place::Last) | (_, Place::Either)
        );
        if here {
            starts[PROMPTS[at].opens.as_bytes()[0] as usize] |= 1 << at;
        }
        at += 1;
    }
    starts
}

#[cfg(test)]
mod tests;
