use super::*;
use crate::dialect::Dialect;

fn conversation(messages: &str, rest: &str) -> Conversation {
    Dialect::ChatCompletions.parse(format!("{{\"messages\":{messages}{rest}}}").into()).unwrap()
}

fn total(messages: &str, rest: &str) -> u64 {
    TokenCounter::new().measure(&conversation(messages, rest), "u", "m").total()
}

/// Turns a counter's correction off.
fn calibrated(counter: &TokenCounter, upstream: &str, model: &str, percent: u64) {
    for _ in 0..5 {
        counter.observe(upstream, model, 1000, ONE, percent * 10);
    }
}

#[test]
fn until_calibrated_a_quarter_is_added() {
    let counter = TokenCounter::new();
    let chat = conversation(r#"[{"role":"user","content":"Hello, who are you?"}]"#, "");
    let before = counter.measure(&chat, "u", "m");
    assert_eq!((before.factor, before.margin, before.without_margin(1250)), (MARGIN, MARGIN, 1000));
    calibrated(&counter, "u", "m", 100);
    let after = counter.measure(&chat, "u", "m");
    assert_eq!(
        (after.factor, after.margin, after.fixed, after.turns[0]),
        (ONE, ONE, PRIMING, PER_TURN + class_model::count("Hello, who are you?"))
    );
    assert!(before.turns[0] * 4 >= after.turns[0] * 5);
    assert_eq!(after.total(), after.fixed + after.turns[0]);
}

#[test]
fn calls_among_the_parts_are_counted_once() {
    let turn = |kind: &str| {
        let call = format!(r#"{{"type":"{kind}","id":"t1","name":"Read","input":{{"file_path":"/home/ana/notes.txt"}}}}"#);
        let body = format!(r#"{{"messages":[{{"role":"assistant","content":[{call},{call}]}}]}}"#);
        let chat = Dialect::Messages.parse(body.into()).unwrap();
        (chat.turns()[0].calls(), TokenCounter::new().measure(&chat, "u", "m").turns[0])
    };
    let ((calls, counted), (other, same)) = (turn("tool_use"), turn("tool_ask"));
    assert_eq!((calls, other), (true, false));
    assert_eq!(counted, same);
}

#[test]
fn each_model_of_each_upstream_has_its_own_correction() {
    let counter = TokenCounter::new();
    calibrated(&counter, "u", "m", 140);
    let chat = conversation("[]", "");
    let factor = |upstream: &str, model: &str| counter.measure(&chat, upstream, model).factor;
    assert_eq!((factor("u", "m"), factor("u", "n"), factor("v", "m"), factor("um", "")), (1400, MARGIN, MARGIN, MARGIN));
    // A sample is told at the factor that it was counted with.
    for _ in 0..40 {
        counter.observe("u", "m", 1400, 1400, 1000);
    }
    assert!((1000..1060).contains(&factor("u", "m")), "{}", factor("u", "m"));
}

#[test]
fn corrections_are_bounded_in_number() {
    let counter = TokenCounter::new();
    for number in 0..MOST_MODELS + 100 {
        counter.observe("u", &number.to_string(), 1000, ONE, 1000);
    }
    assert_eq!(counter.calibrations.len(), MOST_MODELS);
    counter.observe("u", "m", 1000, 0, 1000);
}

#[test]
fn an_image_costs_the_same_however_large() {
    let image = |bytes: usize| {
        let url = "A".repeat(bytes);
        total(
            &format!(
                r#"[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{url}"}}}}]}}]"#
            ),
            "",
        )
    };
    assert_eq!(image(10), image(3_000_000));
    assert!(image(10) > IMAGE);
    let audio = |bytes: usize| {
        let data = "UklG".repeat(bytes / 4);
        total(
            &format!(
                r#"[{{"role":"user","content":[{{"type":"input_audio","input_audio":{{"data":"{data}","format":"wav"}}}}]}}]"#
            ),
            "",
        )
    };
    assert_eq!(audio(10_000), audio(1_000_000));
    assert!(audio(10_000) > IMAGE);
}

#[test]
fn all_that_the_model_reads_is_counted() {
    let plain = total(r#"[{"role":"user","content":"hi"}]"#, "");
    for (messages, rest) in [
        (r#"[{"role":"user","content":"hi"}]"#, r#","tools":[{"type":"function","function":{"name":"now"}}]"#),
        (r#"[{"role":"user","content":"hi"}]"#, r#","response_format":{"type":"json_object"}"#),
        (r#"[{"role":"user","content":"hi","tool_calls":[{"function":{"name":"now"}}]}]"#, ""),
        (r#"[{"role":"user","content":"hi"},{"role":"assistant","content":null}]"#, ""),
        (r#"[{"role":"user","content":["hi",{"type":"novel","x":"some text"}]}]"#, ""),
    ] {
        assert!(total(messages, rest) > plain, "{messages} {rest}");
    }
    assert_eq!(total(r#"[{"role":"user","content":[{"type":"text","text":"hi"}]}]"#, ""), plain);
    // Escapes are counted as what they stand for.
    assert_eq!(total(r#"[{"role":"user","content":"\u0068\u0069"}]"#, ""), plain);
}

#[test]
fn a_remembered_count_is_the_same_count() {
    let counter = TokenCounter::new();
    let text = "A long message, said again and again with every turn. ".repeat(40);
    let chat = conversation(&format!(r#"[{{"role":"user","content":"{text}"}}]"#), "");
    let first = counter.measure(&chat, "u", "m");
    assert_eq!(counter.measure(&chat, "u", "m"), first);
    assert_eq!(first, TokenCounter::new().measure(&chat, "u", "m"));
}

#[test]
fn images_beside_the_content_count_as_images() {
    let picture = "A".repeat(200_000);
    let load = |images: serde_json::Value| {
        let body = serde_json::json!({"messages": [{"role": "user", "content": "see", "images": images}]}).to_string();
        TokenCounter::new().measure(&Dialect::OllamaChat.parse(body.into()).unwrap(), "u", "m").turns[0]
    };
    let corrected = (2 * IMAGE * MARGIN).div_ceil(ONE);
    assert!(load(serde_json::json!([picture, picture])).abs_diff(load(serde_json::json!([])) + corrected) <= 1);
}
