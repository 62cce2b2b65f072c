//! Chat bodies of a given size: a system message, turns of filler, and a question that differs from request to request.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// People on whose behalf requests are signed, in turn.
pub const USERS: usize = 8;
/// Facts known of each of them when the measurement starts.
pub const FACTS: usize = 1000;

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

/// Request bodies of about one size: the same conversation, each with a question of its own at the end.
pub struct Corpus {
    /// What all bodies begin with.
    pub front: Vec<u8>,
    /// SHA-256 as far as `front`.
    digest: Sha256,
}

impl Corpus {
    /// Bodies of `size` bytes, give or take a word; `streamed` ones ask for events.
    pub fn new(size: usize, streamed: bool) -> Self {
        let mut turns = vec![message("system", "You are a helpful assistant. Answer briefly and say when you do not know.")];
        let mut spent = 450;
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
        // With a comma at the end, too: the question follows.
        let turns = turns.iter().map(Value::to_string).chain([String::new()]).collect::<Vec<_>>().join(",");
        // Written by hand, since the order of the keys matters: the upstream looks for `stream` at the front.
        let front = format!(r#"{{"stream":{streamed},"model":"bench","messages":[{turns}"#).into_bytes();
        Self { digest: Sha256::new_with_prefix(&front), front }
    }

    /// The end of the `n`th body, and the SHA-256 of the whole.
    ///
    /// No two questions are equal: a repeated turn is neither recalled for nor learned from a second time.
    pub fn tail(&self, n: usize) -> (Vec<u8>, String) {
        let (place, one, two) = (PLACES[n % PLACES.len()], THINGS[n * 7 % THINGS.len()], THINGS[(n * 11 + 3) % THINGS.len()]);
        let question = format!("Where in the {place} did I put the {one}, and is the {two} still there? Ask number {n}.");
        let tail = format!(r#"{}],"temperature":0.7}}"#, message("user", &question)).into_bytes();
        let digest = self.digest.clone().chain_update(&tail).finalize();
        (tail, hex::encode(digest))
    }
}

fn message(role: &str, text: &str) -> Value {
    json!({"role": role, "content": text})
}
