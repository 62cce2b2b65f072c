//! What a request becomes, in each dialect, where layers and the request meet.

use serde_json::{Value as Json, json};

use super::{CONFIGURED, USER, parameters, rules};
use crate::dialect::Dialect;
use crate::parameters::{Given, Layer, Request, Rules, effective};

fn steered(dialect: Dialect, body: &Json, layers: &[(Layer, Json)], rules: &Rules) -> Json {
    let conversation = dialect.parse(body.to_string().into()).unwrap();
    let layers: Vec<_> = layers.iter().map(|(layer, json)| (*layer, parameters(json))).collect();
    let given: Vec<_> = layers.iter().map(|(layer, parameters)| Given { layer: *layer, parameters }).collect();
    let decided = effective(&given, Some(&Request::of(&conversation, false)), Layer::Request, rules);
    let edits = decided.edits(&conversation);
    conversation.check(&edits).unwrap();
    serde_json::from_slice(&conversation.rewrite(&edits)).unwrap()
}

const CHAT: Dialect = Dialect::ChatCompletions;

#[test]
fn what_a_request_says_itself_stays() {
    let all = json!({"model": "m", "temperature": 0.5, "top_p": 0.5, "max_tokens": 9, "frequency_penalty": 1.0, "presence_penalty": 1.0});
    for (dialect, said) in [
        (
            CHAT,
            json!({"messages": [], "model": "x", "temperature": 1, "top_p": 1, "max_completion_tokens": 5, "frequency_penalty": 0, "presence_penalty": 0}),
        ),
        (
            CHAT,
            json!({"messages": [], "model": "x", "temperature": "warm", "top_p": [], "max_tokens": -1, "frequency_penalty": {}, "presence_penalty": 9}),
        ),
        (Dialect::Responses, json!({"input": "q", "model": "x", "temperature": 1, "top_p": 1, "max_output_tokens": 5})),
        (
            Dialect::OllamaChat,
            json!({"messages": [], "model": "x", "options": {"temperature": 1, "top_p": 1, "num_predict": -2, "frequency_penalty": 0, "presence_penalty": 0}}),
        ),
    ] {
        assert_eq!(steered(dialect, &said, &[(USER, all.clone())], &Rules::default()), said);
    }
}

#[test]
fn what_it_leaves_open_is_filled_in() {
    let all = [
        (CONFIGURED, json!({"model": "m", "temperature": 1.5, "top_p": 0.5})),
        (USER, json!({"max_tokens": 9, "presence_penalty": 1.0})),
    ];
    for (dialect, said, becomes) in [
        (
            CHAT,
            json!({"messages": []}),
            json!({"messages": [], "model": "m", "temperature": 1.5, "top_p": 0.5, "max_tokens": 9, "presence_penalty": 1.0}),
        ),
        (
            Dialect::Completions,
            json!({"prompt": "q"}),
            json!({"prompt": "q", "model": "m", "temperature": 1.5, "top_p": 0.5, "max_tokens": 9, "presence_penalty": 1.0}),
        ),
        (
            Dialect::Responses,
            json!({"input": "q"}),
            json!({"input": "q", "model": "m", "temperature": 1.5, "top_p": 0.5, "max_output_tokens": 9}),
        ),
        // Of temperature and `top_p` Anthropic takes one.
        (Dialect::Messages, json!({"messages": []}), json!({"messages": [], "model": "m", "temperature": 1, "max_tokens": 9})),
        (
            Dialect::Messages,
            json!({"messages": [], "top_p": 0.9}),
            json!({"messages": [], "top_p": 0.9, "model": "m", "temperature": 1, "max_tokens": 9}),
        ),
        (
            Dialect::Messages,
            json!({"messages": [], "thinking": {"type": "adaptive"}}),
            json!({"messages": [], "thinking": {"type": "adaptive"}, "model": "m", "max_tokens": 9}),
        ),
        (Dialect::CountTokens, json!({"messages": []}), json!({"messages": [], "model": "m"})),
        (
            Dialect::OllamaGenerate,
            json!({"prompt": "q", "model": "x"}),
            json!({"prompt": "q", "model": "x", "options": {"temperature": 1.5, "top_p": 0.5, "num_predict": 9, "presence_penalty": 1.0}}),
        ),
    ] {
        assert_eq!(steered(dialect, &said, &all, &Rules::default()), becomes, "{dialect:?}");
    }
}

#[test]
fn what_is_locked_or_out_of_bounds_is_written_over() {
    let locked = rules(&json!({
        "configured": {"model": "m", "max_tokens": 50},
        "locked": ["model", "temperature", "max_tokens"],
        "bounds": {"top_p": [0.5, 1.0]},
    }));
    let template = [(CONFIGURED, json!({"model": "m", "max_tokens": 50})), (USER, json!({"temperature": 0.5}))];
    for (said, becomes) in [
        (
            json!({"messages": [], "model": "x", "temperature": 1, "max_tokens": 5, "top_p": 0.1}),
            json!({"messages": [], "model": "m", "max_tokens": 50, "top_p": 0.5}),
        ),
        (
            json!({"messages": [], "max_completion_tokens": 500, "top_p": "low"}),
            json!({"messages": [], "model": "m", "max_completion_tokens": 50}),
        ),
        (json!({"messages": [], "top_p": 0.7}), json!({"messages": [], "model": "m", "max_tokens": 50, "top_p": 0.7})),
    ] {
        assert_eq!(steered(CHAT, &said, &template, &locked), becomes);
    }
}

#[test]
fn where_there_is_no_conversation_there_are_no_instructions() {
    let preamble = [(CONFIGURED, json!({"preamble": "Be kind."}))];
    let gap = json!({"prompt": "fn main() {", "suffix": "}"});
    assert_eq!(steered(Dialect::Completions, &gap, &preamble, &Rules::default()), gap);
    let load = json!({"model": "x"});
    assert_eq!(steered(Dialect::OllamaChat, &load, &preamble, &Rules::default()), load);
    let asked = steered(Dialect::Completions, &json!({"prompt": "q"}), &preamble, &Rules::default());
    assert_eq!(asked, json!({"prompt": "Be kind.\n\nq"}));
}
