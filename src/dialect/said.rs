//! What an answer says: its text, and the names of the tools that it calls. Read only where somebody keeps it; read leniently.

use serde_json::Value;

use super::{Api, Dialect};

/// Most tools that are named of one answer, and the longest name in bytes.
const MOST_TOOLS: usize = 32;
const LONGEST_TOOL: usize = 128;

/// What an answer has said so far, bounded.
#[derive(Clone, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    pub tools: Vec<String>,
    /// Something was too long to be taken in whole.
    pub cut: bool,
    most: usize,
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Said").field("bytes", &self.text.len()).field("tools", &self.tools.len()).finish_non_exhaustive()
    }
}

impl Said {
    /// Of at most this many bytes of text.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { text: String::new(), tools: Vec::new(), cut: false, most }
    }

    /// Reads an answer that was not streamed.
    pub fn read_answer(&mut self, dialect: Dialect, json: &[u8]) {
        let Ok(answer) = serde_json::from_slice::<Value>(json) else { return };
        match dialect {
            Dialect::Responses => self.take_output(&answer["output"]),
            _ => match dialect.api() {
                Api::OpenAi => self.take_choices(&answer["choices"], "message"),
                Api::Anthropic => each(&answer["content"], |block| self.take_block(block)),
                Api::Ollama => self.take_line(&answer),
            },
        }
    }

    /// Reads one event of a stream.
    pub(super) fn read_event(&mut self, dialect: Dialect, data: &[u8]) {
        let Ok(event) = serde_json::from_slice::<Value>(data) else { return };
        let kind = event["type"].as_str().unwrap_or_default();
        match dialect {
            Dialect::Responses => match kind {
                "response.output_text.delta" | "response.refusal.delta" => self.add(&event["delta"]),
                "response.output_item.done" => self.take_call(&event["item"]),
                _ => {}
            },
            _ => match dialect.api() {
                Api::OpenAi => self.take_choices(&event["choices"], "delta"),
                Api::Anthropic => match kind {
                    "content_block_start" => self.take_block(&event["content_block"]),
                    "content_block_delta" => self.add(&event["delta"]["text"]),
                    _ => {}
                },
                Api::Ollama => self.take_line(&event),
            },
        }
    }

    /// Of several choices the first one.
    fn take_choices(&mut self, choices: &Value, message: &str) {
        let first = |choice: &&Value| choice["index"].as_u64().unwrap_or_default() == 0;
        let Some(choice) = choices.as_array().and_then(|choices| choices.iter().find(first)) else { return };
        let said = &choice[message];
        self.add(&choice["text"]);
        self.add(&said["content"]);
        each(&said["content"], |part| self.add(&part["text"]));
        self.add(&said["refusal"]);
        each(&said["tool_calls"], |call| self.name_tool(&call["function"]["name"]));
        self.name_tool(&said["function_call"]["name"]);
    }

    fn take_block(&mut self, block: &Value) {
        match block["type"].as_str() {
            Some("text") => self.add(&block["text"]),
            Some("tool_use") => self.name_tool(&block["name"]),
            _ => {}
        }
    }

    fn take_output(&mut self, output: &Value) {
        each(output, |item| {
            each(&item["content"], |part| match part["type"].as_str() {
                Some("output_text") => self.add(&part["text"]),
                Some("refusal") => self.add(&part["refusal"]),
                _ => {}
            });
            self.take_call(item);
        });
    }

    fn take_call(&mut self, item: &Value) {
        match item["type"].as_str() {
            Some("function_call" | "custom_tool_call") => self.name_tool(&item["name"]),
            // Tools of the backend's own have no other name.
            Some(kind) if kind.ends_with("_call") => self.name_tool(&item["type"]),
            _ => {}
        }
    }

    fn take_line(&mut self, line: &Value) {
        self.add(&line["message"]["content"]);
        self.add(&line["response"]);
        each(&line["message"]["tool_calls"], |call| self.name_tool(&call["function"]["name"]));
    }

    fn add(&mut self, text: &Value) {
        let Some(text) = text.as_str() else { return };
        let room = self.most - self.text.len();
        let end = text.floor_char_boundary(room.min(text.len()));
        self.text.push_str(&text[..end]);
        self.cut |= end < text.len();
    }

    fn name_tool(&mut self, name: &Value) {
        let Some(name) = name.as_str().filter(|name| !name.is_empty()) else { return };
        if self.tools.len() < MOST_TOOLS {
            self.tools.push(name[..name.floor_char_boundary(LONGEST_TOOL)].to_owned());
        }
    }
}

fn each(list: &Value, take: impl FnMut(&Value)) {
    list.as_array().into_iter().flatten().for_each(take);
}

#[cfg(test)]
mod tests {
    use super::super::stream::Tap;
    use super::*;

    fn of_answer(dialect: Dialect, body: &str) -> (String, Vec<String>) {
        let mut said = Said::new(100);
        said.read_answer(dialect, body.as_bytes());
        (said.text, said.tools)
    }

    fn of_stream(dialect: Dialect, events: &[&str]) -> (String, Vec<String>) {
        let mut tap = Tap::new(dialect);
        tap.hear(100);
        for event in events {
            let frame = if dialect.api() == Api::Ollama { format!("{event}\n") } else { format!("data: {event}\n\n") };
            // Over any chunk boundary.
            let (front, back) = frame.split_at(frame.len() / 2);
            tap.feed(front.as_bytes());
            tap.feed(back.as_bytes());
        }
        let said = tap.take_said().unwrap();
        (said.text, said.tools)
    }

    fn heard(text: &str, tools: &[&str]) -> (String, Vec<String>) {
        (text.to_owned(), tools.iter().map(|&tool| tool.to_owned()).collect())
    }

    #[test]
    fn documents_of_each_dialect() {
        for (dialect, body, text, tools) in [
            (
                Dialect::ChatCompletions,
                r#"{"choices":[{"index":1,"message":{"content":"no"}},{"index":0,"message":{"content":"Hi","tool_calls":[{"function":{"name":"f"}}]}}]}"#,
                "Hi",
                vec!["f"],
            ),
            (
                Dialect::ChatCompletions,
                r#"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"text":"b"}],"reasoning":"no"}}]}"#,
                "ab",
                vec![],
            ),
            (Dialect::Completions, r#"{"choices":[{"text":"Hi"}]}"#, "Hi", vec![]),
            (
                Dialect::Messages,
                r#"{"content":[{"type":"thinking","thinking":"no"},{"type":"text","text":"Hi"},{"type":"tool_use","name":"t","input":{}}]}"#,
                "Hi",
                vec!["t"],
            ),
            (
                Dialect::Responses,
                r#"{"output":[{"type":"reasoning","content":[{"type":"reasoning_text","text":"no"}]},{"type":"web_search_call"},{"type":"function_call","name":"f"},{"type":"message","content":[{"type":"output_text","text":"Hi"}]}]}"#,
                "Hi",
                vec!["web_search_call", "f"],
            ),
            (
                Dialect::OllamaChat,
                r#"{"message":{"content":"Hi","thinking":"no","tool_calls":[{"function":{"name":"f"}}]},"done":true}"#,
                "Hi",
                vec!["f"],
            ),
            (Dialect::OllamaGenerate, r#"{"response":"Hi","done":true}"#, "Hi", vec![]),
            (Dialect::ChatCompletions, "[]", "", vec![]),
            (Dialect::ChatCompletions, "{", "", vec![]),
        ] {
            assert_eq!(of_answer(dialect, body), heard(text, &tools), "{body}");
        }
    }

    #[test]
    fn streams_of_each_dialect() {
        for (dialect, events, text, tools) in [
            (
                Dialect::ChatCompletions,
                vec![
                    r#"{"choices":[{"index":0,"delta":{"content":"Hé"}}]}"#,
                    r#"{"choices":[{"index":0,"delta":{"content":" you","tool_calls":[{"index":0,"function":{"name":"f","arguments":""}}]}}]}"#,
                    r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}"#,
                    "[DONE]",
                ],
                "Hé you",
                vec!["f"],
            ),
            (
                Dialect::Messages,
                vec![
                    r#"{"type":"content_block_start","content_block":{"type":"text","text":""}}"#,
                    r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hi"}}"#,
                    r#"{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"no"}}"#,
                    r#"{"type":"content_block_start","content_block":{"type":"tool_use","name":"t"}}"#,
                ],
                "Hi",
                vec!["t"],
            ),
            (
                Dialect::Responses,
                vec![
                    r#"{"type":"response.output_text.delta","delta":"Hi"}"#,
                    r#"{"type":"response.output_text.done","text":"Hi"}"#,
                    r#"{"type":"response.output_item.done","item":{"type":"message","content":[{"type":"output_text","text":"Hi"}]}}"#,
                    r#"{"type":"response.output_item.done","item":{"type":"function_call","name":"f"}}"#,
                ],
                "Hi",
                vec!["f"],
            ),
            (
                Dialect::OllamaChat,
                vec![r#"{"message":{"content":"H"}}"#, r#"{"message":{"content":"i"},"done":true}"#],
                "Hi",
                vec![],
            ),
        ] {
            assert_eq!(of_stream(dialect, &events), heard(text, &tools), "{dialect:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_cut_between_letters() {
        let mut said = Said::new(5);
        said.read_answer(Dialect::OllamaGenerate, "{\"response\":\"aéüöx\"}".as_bytes());
        assert_eq!((said.text.as_str(), said.cut), ("aéü", true));
        assert!(!format!("{said:?}").contains('a') || !format!("{said:?}").contains('é'));
    }
}
