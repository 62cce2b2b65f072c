//! Sessions over a real store on a simulated disk.

mod books;
mod keeping;
mod registry;

use std::sync::Arc;

use super::*;
use crate::enforce::test_scope;
use crate::identity::Assurance;
use crate::ids::RequestId;
use crate::setting::Secret;
use crate::store::simulated::{End, SimulatedDisk};
use crate::store::{StorageSettings, Store};

const NOW: i64 = 1_760_000_000_000;

fn id(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

fn open(disk: &SimulatedDisk) -> Store {
    let settings = StorageSettings { master_key: Some(Secret::new(&[9; 32])), ..StorageSettings::at("unused") };
    Store::open(&settings, Arc::new(disk.clone())).unwrap()
}

fn with(disk: &SimulatedDisk, settings: SessionSettings) -> Arc<Sessions> {
    Arc::new(Sessions::new(open(disk), settings, Arc::new(Metrics::new().unwrap())))
}

fn person(sessions: &Sessions, name: &str) -> UserScope {
    let scope = test_scope(name, Assurance::Verified);
    sessions.store.enroll(&scope, NOW).unwrap();
    scope
}

/// A turn `n` of which the answer is `text`.
fn turn(n: u8, text: &str) -> QueuedTurn {
    QueuedTurn {
        turn: [n; 16],
        tail: [n; 16],
        request: RequestId::fresh(),
        model: "m".into(),
        said: format!("question {n}"),
        at: NOW + i64::from(n),
        images: 0,
        text: text.into(),
        tools: Vec::new(),
        ended_at: NOW + i64::from(n) + 1,
        cut: false,
    }
}

/// What a session's history holds.
fn answers(sessions: &Sessions, scope: &UserScope, session: &str) -> Vec<String> {
    let (_, turns, _) = sessions.show(scope, &id(session), 0, 1_000, NOW).unwrap();
    let text = |turn: Turn| turn.replies.into_iter().map(|reply| reply.text).collect::<Vec<_>>().join("+");
    turns.into_iter().map(text).collect()
}
