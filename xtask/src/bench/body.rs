//! Chat bodies of a given size: a system message, turns of filler, and a question that differs from request to request.

use serde_json::{Value, json};

/// The user whose facts are recalled, and on whose behalf every request is signed.
pub const USER: &str = "bench:ana";
/// Facts known of that user when the measurement starts.
pub const FACTS: usize = 1000;

/// Distinct bodies; the requests of a slice take them in turn.
const VARIETY: usize = 64;

const PROSE: &str = "The harbour wakes before the town does; nets are mended under yellow lamps while the bakers light their ovens \
and the first tram rattles past the customs house towards the hill. ";

/// Where the person keeps things: each fact is one thing in one place, so that questions recall some facts and not others.
const PLACES: [&str; 25] = [
    "kitchen",
    "garage",
    "attic",
    "cellar",
    "garden",
    "office",
    "studio",
    "hallway",
    "balcony",
    "library",
    "workshop",
    "pantry",
    "bathroom",
    "bedroom",
    "greenhouse",
    "barn",
    "boat",
    "caravan",
    "locker",
    "suitcase",
    "drawer",
    "wardrobe",
    "shed",
    "porch",
    "loft",
];
const THINGS: [&str; 40] = [
    "hammer",
    "violin",
    "passport",
    "tent",
    "kayak",
    "camera",
    "lantern",
    "teapot",
    "telescope",
    "typewriter",
    "umbrella",
    "ladder",
    "compass",
    "guitar",
    "blender",
    "notebook",
    "toolbox",
    "skateboard",
    "helmet",
    "blanket",
    "mirror",
    "printer",
    "radio",
    "saddle",
    "sewing machine",
    "globe",
    "chessboard",
    "trumpet",
    "vase",
    "whistle",
    "easel",
    "anchor",
    "abacus",
    "barometer",
    "cello",
    "drone",
    "fan",
    "grinder",
    "hammock",
    "iron",
];

/// The `n`th statement of the person.
pub fn statement(n: usize) -> String {
    let (place, thing) = (PLACES[n % PLACES.len()], THINGS[n / PLACES.len() % THINGS.len()]);
    format!("Remember that I keep my {thing} number {n} in the {place}.")
}

/// Request bodies of about one size.
pub struct Corpus {
    pub bodies: Vec<Vec<u8>>,
    pub digests: Vec<String>,
}

impl Corpus {
    /// Bodies of `size` bytes, give or take a word; `streamed` ones ask for events.
    pub fn new(size: usize, streamed: bool) -> Self {
        let bodies: Vec<Vec<u8>> = (0..VARIETY).map(|n| body(size, streamed, n)).collect();
        let digests = bodies.iter().map(|body| super::sign::digest(body)).collect();
        Self { bodies, digests }
    }
}

fn body(size: usize, streamed: bool, n: usize) -> Vec<u8> {
    let question = format!(
        "Where in the {} did I put the {}, and is the {} still there?",
        PLACES[n % PLACES.len()],
        THINGS[n * 7 % THINGS.len()],
        THINGS[(n * 11 + 3) % THINGS.len()]
    );
    let mut turns = vec![message("system", "You are a helpful assistant. Answer briefly and say when you do not know.")];
    let mut spent = 300 + question.len();
    for turn in 0.. {
        let room = size.saturating_sub(spent);
        if room < 80 {
            break;
        }
        let length = room.min(if turn % 2 == 0 { 600 } else { 1200 }) - 40;
        let text: String = format!("({turn}) {PROSE}").chars().cycle().take(length).collect();
        turns.push(message(if turn % 2 == 0 { "user" } else { "assistant" }, &text));
        spent += length + 40;
    }
    turns.push(message("user", &question));
    // Written by hand, since the order of the keys matters: the upstream looks for `stream` at the front.
    format!(r#"{{"stream":{streamed},"model":"bench","messages":{},"temperature":0.7}}"#, Value::Array(turns)).into_bytes()
}

fn message(role: &str, text: &str) -> Value {
    json!({"role": role, "content": text})
}
