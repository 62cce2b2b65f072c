//! Settings in layers: what each dialect's requests become, what people may change, and that nobody's settings reach anybody else.

mod isolation;

use serde_json::{Value, json};

use crate::harness::request::Request;
use crate::harness::upstream::{Recorded, Script};
use crate::harness::world::World;
use crate::me::{ask, say};

const CHAT: &str = "/v1/chat/completions";
const COMPLETIONS: &str = "/v1/completions";
const RESPONSES: &str = "/v1/responses";
const MESSAGES: &str = "/v1/messages";
const COUNT: &str = "/v1/messages/count_tokens";
const OLLAMA_CHAT: &str = "/api/chat";
const GENERATE: &str = "/api/generate";

/// A whole answer in the dialect that was asked in.
fn fitting(request: &Recorded) -> Script {
    let body = match request.target.as_str() {
        COMPLETIONS => json!({"choices": [{"index": 0, "text": "Yes.", "finish_reason": "stop"}]}),
        RESPONSES => json!({"id": "resp_1", "status": "completed", "output": [{"type": "message", "content": []}]}),
        MESSAGES => json!({"type": "message", "content": [{"type": "text", "text": "Yes."}], "stop_reason": "end_turn"}),
        COUNT => json!({"input_tokens": 5}),
        OLLAMA_CHAT => json!({"message": {"role": "assistant", "content": "Yes."}, "done": true, "done_reason": "stop"}),
        GENERATE => json!({"response": "Yes.", "done": true, "done_reason": "stop"}),
        _ => return Script::fitting(request),
    };
    Script::json(200, &body)
}

async fn world(settings: Value) -> World {
    World::with_upstream(fitting, |file| {
        file["upstreams"][0]["dialects"] = json!(["openai", "anthropic", "ollama"]);
        file["settings"] = settings;
    })
    .await
}

async fn settings(world: &World, user: &str, query: &str) -> Value {
    let answer = world.send(&ask("GET", &format!("/settings{query}")).signed(user)).await;
    answer.assert_ok();
    answer.json()
}

async fn set(world: &World, user: &str, query: &str, changes: &Value) -> Value {
    let answer = world.send(&say("PATCH", &format!("/settings{query}"), changes).signed(user)).await;
    answer.assert_ok();
    answer.json()
}

/// What the upstream got of a body that a person sent.
async fn sent(world: &World, user: &str, path: &str, body: &Value) -> Value {
    world.forwarded(&Request::post(path, body.to_string()).signed(user)).await.json()
}

fn turns() -> Value {
    json!([{"role": "user", "content": "Hello there"}])
}

fn tools(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"type": "function", "function": {"name": name}})).collect()
}

#[tokio::test]
async fn requests_of_every_dialect_take_up_what_people_have_set() {
    let world = world(json!({"configured": {"preamble": "Be kind.", "temperature": 0.25}})).await;
    set(&world, "ana", "", &json!({"preamble": "Rhyme.", "max_tokens": 64, "presence_penalty": 0.5, "model": "small"})).await;
    let both = "Be kind.\n\nRhyme.";
    let front = format!("{both}\n\nHello there");
    let options = json!({"temperature": 0.25, "num_predict": 64, "presence_penalty": 0.5});
    for (path, body, becomes) in [
        (
            CHAT,
            json!({"messages": turns(), "user": "u", "metadata": {"a": "b"}}),
            json!({"messages": [{"role": "system", "content": both}, {"role": "user", "content": "Hello there"}], "user": "u", "metadata": {"a": "b"},
                "model": "small", "temperature": 0.25, "max_tokens": 64, "presence_penalty": 0.5}),
        ),
        (
            CHAT,
            json!({"model": "m", "messages": [{"role": "system", "content": "Own."}, turns()[0]], "temperature": 1, "max_completion_tokens": 9}),
            json!({"model": "m", "messages": [{"role": "system", "content": format!("Own.\n\n{both}")}, turns()[0]], "temperature": 1,
                "max_completion_tokens": 9, "presence_penalty": 0.5}),
        ),
        (
            COMPLETIONS,
            json!({"prompt": "Hello there"}),
            json!({"prompt": front, "model": "small", "temperature": 0.25, "max_tokens": 64, "presence_penalty": 0.5}),
        ),
        (
            RESPONSES,
            json!({"input": "Hello there", "safety_identifier": "s"}),
            json!({"input": "Hello there", "safety_identifier": "s", "instructions": both, "model": "small", "temperature": 0.25,
                "max_output_tokens": 64}),
        ),
        (
            MESSAGES,
            json!({"messages": turns(), "max_tokens": 9, "model": "m"}),
            json!({"messages": turns(), "max_tokens": 9, "model": "m", "system": both, "temperature": 0.25}),
        ),
        (
            MESSAGES,
            json!({"messages": turns(), "thinking": {"type": "enabled", "budget_tokens": 1024}}),
            json!({"messages": turns(), "thinking": {"type": "enabled", "budget_tokens": 1024}, "system": both, "model": "small", "max_tokens": 64}),
        ),
        (COUNT, json!({"messages": turns()}), json!({"messages": turns(), "system": both, "model": "small"})),
        (
            OLLAMA_CHAT,
            json!({"messages": turns(), "stream": false}),
            json!({"messages": [{"role": "user", "content": front}], "stream": false, "model": "small", "options": options}),
        ),
        (
            GENERATE,
            json!({"prompt": "Hello there", "stream": false, "options": {"num_ctx": 4096, "temperature": 0}}),
            json!({"prompt": front, "stream": false, "model": "small",
                "options": {"num_ctx": 4096, "temperature": 0, "num_predict": 64, "presence_penalty": 0.5}}),
        ),
    ] {
        assert_eq!(sent(&world, "ana", path, &body).await, becomes, "{path}");
    }
    // Somebody else has the template, and what passes is the same bytes.
    let body = r#"{ "temperature":1.50,"messages":[{"role":"system","content":"S"},{"role":"user","content":"h"}] ,"model":"m","x": 1e2 }"#;
    let seen = world.forwarded(&Request::post(CHAT, body).signed("bert")).await.text();
    assert_eq!(seen, body.replace("\"S\"", "\"S\\n\\nBe kind.\""));
    // A UI's own question is no place for a person's style.
    let task = world.forwarded(&Request::chat(&["### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history.\n### Guidelines:\n- x\n### Output:\nJSON format: { \"title\": \"your concise title here\" }\n### Chat History:\n<chat_history>\nUSER: hi\n</chat_history>"]).signed("ana")).await;
    assert!(!task.mentions("Be kind") && !task.mentions("Rhyme") && !task.mentions("presence_penalty"), "{}", task.text());
}

#[tokio::test]
async fn what_the_operator_keeps_is_kept_from_people_and_requests() {
    let world = world(json!({
        "configured": {"model": "house", "tools": ["search_*", "mail"]},
        "tenants": {"acme": {"model": "acme-model"}},
        "clients": {"open-webui": {"temperature": 0.5}},
        "locked": {"model": "client", "top_p": "user"},
        "bounds": {"max_tokens": 100, "temperature": [0, 1]},
    }))
    .await;
    let refused = async |changes: Value, status: u16, code: &str| {
        world.send(&say("PATCH", "/settings", &changes).signed("ana")).await.assert_refused(status, code);
    };
    refused(json!({"model": "mine"}), 403, "settings_locked").await;
    refused(json!({"max_tokens": 101}), 400, "settings_invalid").await;
    refused(json!({"temperature": 1.5}), 400, "settings_invalid").await;
    refused(json!({"modle": "x"}), 400, "settings_invalid").await;
    refused(json!({"tools": "x"}), 400, "settings_invalid").await;
    world.send(&say("PATCH", "/settings", &json!([1])).signed("ana")).await.assert_refused(400, "body_invalid");
    set(&world, "ana", "", &json!({"top_p": 0.5, "tools": ["*_web", "mail"]})).await;
    let body = json!({
        "model": "mine", "messages": turns(), "max_tokens": 5000, "temperature": 2, "top_p": 1,
        "tools": tools(&["search_web", "search_mail", "mail", "delete"]), "tool_choice": "auto",
    });
    let expected = json!({
        "model": "house", "messages": turns(), "max_tokens": 100, "temperature": 1.0, "top_p": 0.5,
        "tools": tools(&["search_web", "mail"]), "tool_choice": "auto",
    });
    assert_eq!(sent(&world, "ana", CHAT, &body).await, expected);
    assert_eq!(sent(&world, "acme:ana", CHAT, &json!({"messages": turns()})).await["model"], "acme-model");
    let vouched = Request::post(CHAT, json!({"messages": turns(), "temperature": 3}).to_string()).vouched("carla");
    assert_eq!(world.forwarded(&vouched).await.json()["temperature"], 0.5, "the client's holds where the request's does not");
    // The last tool takes what chooses along; one that is demanded is refused.
    let none = json!({"model": "m", "messages": turns(), "tools": tools(&["delete"]), "tool_choice": "required", "parallel_tool_calls": true});
    assert_eq!(
        sent(&world, "ana", CHAT, &none).await,
        json!({"model": "house", "messages": turns(), "max_tokens": 100, "top_p": 0.5})
    );
    let demanded = json!({"messages": turns(), "tools": tools(&["delete", "mail"]), "tool_choice": {"type": "function", "function": {"name": "delete"}}});
    world.send(&Request::post(CHAT, demanded.to_string()).signed("ana")).await.assert_refused(400, "tool_not_allowed");
    for twice in [
        r#"{"messages":[{"role":"user","content":"h"}],"temperature":2,"Temperature":0.5}"#,
        r#"{"messages":[{"role":"user","content":"h"}],"temperature":0.5,"temperature":2}"#,
        r#"{"messages":[{"role":"user","content":"h"}],"temperature":null,"temperature":2}"#,
    ] {
        world.send(&Request::post(CHAT, twice).signed("ana")).await.assert_refused(400, "ambiguous_key");
    }
    // The dry run tells the same.
    let told = world.send(&say("POST", "/explain", &body).signed("ana")).await;
    told.assert_ok();
    let told = told.json();
    assert_eq!(told["request"]["model"], "house");
    for (field, expected) in [
        (
            "model",
            json!({"value": "house", "layer": "configured", "locked": true, "lost": [{"layer": "request", "value": "mine", "why": "locked"}]}),
        ),
        (
            "temperature",
            json!({"value": 1.0, "layer": "configured", "locked": false, "lost": [{"layer": "request", "value": 2.0, "why": "out_of_bounds"}]}),
        ),
        (
            "top_p",
            json!({"value": 0.5, "layer": "user", "locked": true, "lost": [{"layer": "request", "value": 1.0, "why": "locked"}]}),
        ),
        (
            "tools",
            json!({"value": ["*_web", "mail"], "layer": "user", "locked": false, "with": {"layer": "configured", "value": ["search_*", "mail"]}}),
        ),
    ] {
        assert_eq!(told["settings"][field], expected, "{field}");
    }
}

#[tokio::test]
async fn a_template_is_forked_where_a_person_chooses_and_nowhere_else() {
    let mut world = world(json!({"configured": {"temperature": 0.25, "depth": 4}})).await;
    let first = settings(&world, "ana", "").await;
    assert_eq!((&first["own"], &first["layer"]), (&json!({}), &json!("user")));
    assert_eq!(first["settings"]["temperature"], json!({"value": 0.25, "layer": "configured", "locked": false}));
    let changed = set(&world, "ana", "", &json!({"temperature": 0.75, "top_p": 0.5})).await;
    assert_eq!(changed["own"], json!({"temperature": 0.75, "top_p": 0.5}));
    assert_eq!(changed["settings"]["temperature"]["layer"], "user");
    let session = set(&world, "ana", "?session=c7", &json!({"temperature": 1.0, "depth": 9})).await;
    assert_eq!((&session["own"], &session["session"]), (&json!({"temperature": 1.0, "depth": 9}), &json!("c7")));
    assert_eq!(session["settings"]["depth"]["lost"], json!([{"layer": "session", "value": 9, "why": "wider"}]));

    let chat = |session: Option<&str>| {
        let request = Request::chat(&["Hello there"]);
        session.map_or(request.clone(), |session| request.header("X-Memgate-Session", session)).signed("ana")
    };
    // Chats of a session have the session's, all others the person's.
    for (session, temperature) in [(None, 0.75), (Some("c7"), 1.0), (Some("c8"), 0.75), (Some("Server"), 0.75)] {
        assert_eq!(world.forwarded(&chat(session)).await.json()["temperature"], temperature, "{session:?}");
    }
    // The template changes: what ana chose stays, what she did not follows, and nobody has changed it for others.
    world.gate.stop();
    world.gate.settings.file["settings"] = json!({"configured": {"temperature": 0.5, "depth": 6, "top_p": 0.25}});
    world.gate.write_config();
    world.gate.start();
    let later = settings(&world, "ana", "").await;
    let of = |field: &str| later["settings"][field]["value"].clone();
    assert_eq!((of("temperature"), of("top_p"), of("depth")), (json!(0.75), json!(0.5), json!(6)));
    assert_eq!(settings(&world, "bert", "").await["settings"]["temperature"]["value"], 0.5);
    assert_eq!(settings(&world, "ana", "?session=c7").await["own"], json!({"temperature": 1.0, "depth": 9}));

    let removed = set(&world, "ana", "", &json!({"temperature": null})).await;
    assert_eq!((&removed["own"], &removed["settings"]["temperature"]["value"]), (&json!({"top_p": 0.5}), &json!(0.5)));
    let cleared = world.send(&ask("DELETE", "/settings").signed("ana")).await;
    cleared.assert_ok();
    assert_eq!((&cleared.json()["own"], &cleared.json()["settings"]["top_p"]["value"]), (&json!({}), &json!(0.25)));
    assert_eq!(settings(&world, "ana", "?session=c7").await["own"]["temperature"], 1.0, "a session's are its own");
    world.send(&ask("DELETE", "/settings?session=c7").signed("ana")).await.assert_ok();
    assert_eq!(settings(&world, "ana", "?session=c7").await["own"], json!({}));
}

#[tokio::test]
async fn memory_is_kept_out_where_a_person_says_so() {
    let world = world(json!({})).await;
    world.teach(&Request::chat(&["Remember that the code of my locker is quagga."]).signed("ana")).await;
    let question = || Request::chat(&["What is the code of my locker?"]).signed("ana");
    assert!(world.forwarded(&question()).await.mentions("quagga"));
    set(&world, "ana", "?session=quiet", &json!({"memory": "off"})).await;
    let quiet = |text: &str| Request::chat(&[text]).header("X-Memgate-Session", "quiet").signed("ana");
    assert!(!world.forwarded(&quiet("What is the code of my locker?")).await.mentions("quagga"));
    world.send(&quiet("Remember that the code of my bike is okapi.")).await.assert_ok();
    set(&world, "ana", "", &json!({"depth": 0})).await;
    let fresh = Request::chat(&["Tell me, what is my locker's code?"]).signed("ana");
    assert!(!world.forwarded(&fresh).await.mentions("quagga"), "no facts are asked for");
    let told = world.send(&say("POST", "/explain", &json!({"model": "m", "messages": turns()})).signed("ana")).await.json();
    assert_eq!((&told["memory"]["depth"], &told["memory"]["access"]), (&json!(0), &json!("read_write")));
    set(&world, "ana", "", &json!({"depth": null, "memory": "read"})).await;
    world.send(&Request::chat(&["Remember that the code of my boat is okapi."]).signed("ana")).await.assert_ok();
    set(&world, "ana", "", &json!({"memory": null})).await;
    world.teach(&Request::chat(&["Remember that I like tea."]).signed("ana")).await;
    let facts = crate::me::list(&world, "ana", "?history=true").await;
    let text = serde_json::to_string(&facts).unwrap();
    assert!(text.contains("quagga") && text.contains("tea") && !text.contains("okapi"), "{text}");
    let records = world.requests_on_record(6).await;
    let accesses: Vec<_> = records.iter().filter_map(|record| record["memory"].as_str()).collect();
    assert!(accesses.contains(&"off") && accesses.contains(&"read"), "{accesses:?}");
}

#[tokio::test]
async fn old_messages_are_cut_to_the_window_that_a_person_chose_and_nothing_is_refused_for_it() {
    let world = world(json!({})).await;
    set(&world, "ana", "", &json!({"trimming": {"window": 600}})).await;
    let long = "word ".repeat(120);
    let turns: Vec<&str> = std::iter::repeat_n(long.as_str(), 9).collect();
    let messages = async |user: &str| {
        world.forwarded(&Request::chat(&turns).signed(user)).await.json()["messages"].as_array().unwrap().len()
    };
    assert_eq!(messages("bert").await, 9);
    assert!(messages("ana").await < 9);
    let longer = "word ".repeat(2000);
    world.send(&Request::chat(&[longer.as_str()]).signed("ana")).await.assert_ok();
}

#[tokio::test]
async fn shared_layers_are_read_and_never_written() {
    let world = world(json!({"configured": {"temperature": 0.25, "memory": "read"}})).await;
    for (name, expected) in [
        ("FACTORY", json!({"memory": "read_write"})),
        ("CONFIGURED", json!({"temperature": 0.25, "memory": "read"})),
        ("server", json!({"temperature": 0.25, "memory": "read"})),
    ] {
        for written in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
            let shown = settings(&world, "ana", &format!("?layer={written}")).await;
            assert_eq!(shown, json!({"layer": name, "settings": expected}), "{written}");
            for query in [format!("?layer={written}"), format!("?session={written}"), format!("?layer={written}&session=s")] {
                let change = say("PATCH", &format!("/settings{query}"), &json!({"temperature": 1}));
                for request in [change, ask("DELETE", &format!("/settings{query}"))] {
                    world.send(&request.signed("ana")).await.assert_refused(403, "settings_protected");
                }
            }
            assert_eq!(settings(&world, "ana", &format!("?session={written}")).await["own"], json!({}));
        }
        assert_eq!(settings(&world, "bert", &format!("?layer={name}")).await["settings"], expected, "as it was");
    }
    let wrong = async |query: &str| {
        let answer = world.send(&ask("GET", &format!("/settings{query}")).signed("ana")).await;
        answer.assert_refused(400, "parameter_invalid");
    };
    wrong("?layer=user").await;
    wrong("?layer=server&session=s").await;
    wrong("?session=a%2Fb").await;
    wrong("?other=1").await;
    world.send(&ask("PUT", "/settings").signed("ana")).await.assert_refused(405, "method_not_allowed");
    world.send(&ask("GET", "/settings/ana").signed("ana")).await.assert_refused(404, "unknown_path");
}

#[tokio::test]
async fn no_setting_asks_a_model_for_a_longer_answer_than_it_writes() {
    let world = World::with_upstream(fitting, |file| {
        file["upstreams"][0]["models"] = json!([{"name": "short", "window": 8000, "max_output": 500}, "*"]);
        file["settings"] = json!({"bounds": {"max_tokens": 4096}});
    })
    .await;
    for (model, asked, becomes) in
        [("short", json!(null), json!(500)), ("short", json!(100), json!(100)), ("other", json!(null), json!(4096))]
    {
        let mut body = json!({"model": model, "messages": turns()});
        if asked.is_number() {
            body["max_tokens"] = asked;
        }
        assert_eq!(sent(&world, "ana", CHAT, &body).await["max_tokens"], becomes, "{body}");
    }
}
