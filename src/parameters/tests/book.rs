//! What people set lasts, is theirs alone, and is bounded.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::rules;
use crate::enforce::{UserScope, test_scope};
use crate::identity::Assurance;
use crate::ids::{RequestId, SessionId};
use crate::parameters::{Book, BookError, Layer, Miss, Patch, PatchError, Rules};
use crate::setting::Secret;
use crate::store::simulated::SimulatedDisk;
use crate::store::{Batch, Erasure, Shelf, ShelfChange, StorageSettings, Store};

fn open(disk: &SimulatedDisk) -> Store {
    let settings = StorageSettings { master_key: Some(Secret::new(&[7; 32])), ..StorageSettings::at("unused") };
    Store::open(&settings, Arc::new(disk.clone())).unwrap()
}

fn enrolled(store: &Store, user: &str) -> UserScope {
    let scope = test_scope(user, Assurance::Verified);
    store.enroll(&scope, 1).unwrap();
    scope
}

fn session(key: &str) -> SessionId {
    SessionId::parse(key).unwrap()
}

fn changes(json: &Json) -> Map<String, Json> {
    json.as_object().unwrap().clone()
}

fn patch(json: &Json) -> Patch {
    Patch::read(changes(json), Layer::User, &Rules::default()).unwrap()
}

#[test]
fn settings_last_by_person_and_session() {
    let disk = SimulatedDisk::default();
    let store = open(&disk);
    let (ana, bert) = (enrolled(&store, "acme:ana"), enrolled(&store, "umbra:ana"));
    let book = Book::new(store.clone());
    let (s, t) = (session("s"), session("t"));
    book.change(&ana, None, &patch(&json!({"temperature": 0.5, "model": "m"}))).unwrap();
    book.change(&ana, Some(&s), &patch(&json!({"memory": "off"}))).unwrap();
    let own = book.change(&ana, None, &patch(&json!({"temperature": null, "depth": 3}))).unwrap();
    assert_eq!(serde_json::to_value(&own.user).unwrap(), json!({"model": "m", "depth": 3}));
    for book in [book, Book::new(store.clone())] {
        let of = |scope, session| book.read(scope, session).unwrap();
        assert_eq!(serde_json::to_value(of(&ana, Some(&s)).session).unwrap(), json!({"memory": "off"}));
        assert_eq!(of(&ana, Some(&s)).user, own.user);
        assert!(of(&ana, Some(&t)).session.is_empty() && of(&ana, None).session.is_empty());
        assert!(of(&bert, Some(&s)).session.is_empty() && of(&bert, None).user.is_empty());
        // A key that is a reserved name has no settings, in whatever letters.
        assert!(of(&ana, Some(&session("Factory"))).session.is_empty());
    }
    let book = Book::new(store.clone());
    book.drop_session(&ana, &s).unwrap();
    assert!(book.read(&ana, Some(&s)).unwrap().session.is_empty() && !book.read(&ana, None).unwrap().user.is_empty());
    book.clear(&ana, None).unwrap();
    assert!(Book::new(store.clone()).read(&ana, None).unwrap().user.is_empty());
    book.change(&ana, None, &patch(&json!({"preamble": "aardvark"}))).unwrap();
    store.erase(&ana, Erasure { receipt: RequestId::fresh(), at: 5 }).unwrap();
    assert!(book.read(&ana, None).unwrap().user.is_empty(), "nothing is left in RAM");
    let ana = enrolled(&store, "acme:ana");
    assert!(book.read(&ana, None).unwrap().user.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_gets_them_from_ram_or_in_time() {
    let store = open(&SimulatedDisk::default());
    let ana = enrolled(&store, "ana");
    Book::new(store.clone()).change(&ana, None, &patch(&json!({"depth": 3}))).unwrap();
    let book = Arc::new(Book::new(store));
    for _ in 0..2 {
        let own = book.fetch(&ana, Some(&session("s")), Duration::from_secs(10)).await.unwrap();
        assert_eq!(own.user.depth, Some(3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_a_miss_and_is_not_written_over() {
    let store = open(&SimulatedDisk::default());
    let ana = enrolled(&store, "ana");
    let unreadable = ShelfChange::put(Shelf::Settings, "user", br#"{"of_a_later_version": 1}"#.to_vec());
    store.commit(&ana, Batch { shelves: vec![unreadable], ..Batch::default() }).unwrap();
    let book = Arc::new(Book::new(store.clone()));
    assert_eq!(book.fetch(&ana, None, Duration::from_secs(10)).await, Err(Miss::Failed));
    assert!(matches!(book.change(&ana, None, &patch(&json!({"depth": 3}))), Err(BookError::Store(_))));
    let rows = store.shelf(&ana, Shelf::Settings, None).unwrap();
    assert!(rows.len() == 1 && rows[0].value.starts_with(b"{\"of_a"));
}

#[test]
fn one_person_keeps_so_much_and_no_more() {
    let store = open(&SimulatedDisk::default());
    let ana = enrolled(&store, "ana");
    let book = Book::new(store);
    for n in 0..100 {
        book.change(&ana, Some(&session(&format!("s{n}"))), &patch(&json!({"depth": 3}))).unwrap();
    }
    let more = book.change(&ana, Some(&session("more")), &patch(&json!({"depth": 3})));
    assert!(matches!(more, Err(BookError::Sessions)));
    book.change(&ana, Some(&session("s1")), &patch(&json!({"depth": 4}))).unwrap();
    book.drop_session(&ana, &session("s2")).unwrap();
    book.change(&ana, Some(&session("more")), &patch(&json!({"depth": 3}))).unwrap();
    let long = patch(&json!({"preamble": "é".repeat(8000)}));
    let full = (0..10).map(|n| book.change(&ana, Some(&session(&format!("s1{n}"))), &long)).find_map(Result::err);
    assert!(matches!(full, Some(BookError::Size)), "{full:?}");
    // What does not fit has changed nothing.
    book.clear(&ana, Some(&session("s10"))).unwrap();
    book.change(&ana, None, &patch(&json!({"depth": 5}))).unwrap();
}

#[test]
fn patches_say_what_is_wrong_with_them() {
    let rules = rules(
        &json!({"configured": {"model": "m"}, "locked": {"model": "client", "depth": "user"}, "bounds": {"temperature": [0.0, 1.0]}}),
    );
    for (layer, json, code) in [
        (Layer::User, json!({"temprature": 1}), Some("settings_invalid")),
        (Layer::User, json!({"temperature": "hot"}), Some("settings_invalid")),
        (Layer::User, json!({"temperature": 1.5}), Some("settings_invalid")),
        (Layer::User, json!({"temperature": 0.5}), None),
        (Layer::User, json!({"max_tokens": -1}), Some("settings_invalid")),
        (Layer::User, json!({"max_tokens": 1.5}), Some("settings_invalid")),
        (Layer::User, json!({"tools": ["a", 1]}), Some("settings_invalid")),
        (Layer::User, json!({"preamble": "a\u{0}b"}), Some("settings_invalid")),
        (Layer::User, json!({"trimming": {"window": 500, "soft": 1}}), Some("settings_invalid")),
        (Layer::User, json!({"memory": "write"}), Some("settings_invalid")),
        (Layer::User, json!({"model": "x"}), Some("settings_locked")),
        (Layer::User, json!({"model": null}), None),
        (Layer::User, json!({"depth": 3}), None),
        (Layer::Session, json!({"depth": 3}), Some("settings_locked")),
    ] {
        let read = Patch::read(changes(&json), layer, &rules);
        assert_eq!(read.as_ref().err().map(PatchError::code), code, "{json}");
        if let Err(fault) = read {
            assert!(!fault.to_string().contains("hot"), "no value is repeated");
        }
    }
}
