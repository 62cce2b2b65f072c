//! On real files.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

use super::*;

fn open_at(dir: &Path) -> Result<Store, StoreError> {
    Store::open(&StorageSettings::at(dir), Arc::new(FileDisk::new(dir)))
}

fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    dir.read_dir().unwrap().map(|entry| entry.unwrap().path()).fold(Vec::new(), |mut all, path| {
        all.extend(if path.is_dir() { walk(&path) } else { Vec::new() });
        all.push(path);
        all
    })
}

#[test]
fn files_and_folders_are_for_their_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("data");
    let store = open_at(&dir).unwrap();
    let alice = enrolled(&store, "alice");
    store.commit(&alice, put(&[fact("lives in Bern")])).unwrap();
    drop(store);
    let paths = walk(parent.path());
    assert_eq!(paths.len(), 9, "{paths:?}");
    for path in paths {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
    assert_eq!(texts(&open_at(&dir).unwrap(), &alice), ["lives in Bern"]);
}

#[test]
fn a_wrong_or_missing_master_key_or_registry_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_at(dir.path()).unwrap();
    let alice = enrolled(&store, "alice");
    store.commit(&alice, put(&[fact("x")])).unwrap();
    assert!(matches!(open_at(dir.path()), Err(StoreError::InUse)));
    drop(store);
    let other = StorageSettings { master_key: Some(Secret::new(&[1; 32])), ..StorageSettings::at(dir.path()) };
    let error = Store::open(&other, Arc::new(FileDisk::new(dir.path()))).unwrap_err();
    assert!(matches!(error, StoreError::WrongMasterKey) && error.to_string().contains("master key"));
    let key = dir.path().join("master.key");
    std::fs::rename(&key, dir.path().join("kept")).unwrap();
    assert!(matches!(open_at(dir.path()), Err(StoreError::MissingMasterKey(_))));
    assert!(!key.exists());
    std::fs::rename(dir.path().join("kept"), &key).unwrap();
    let registry = dir.path().join("registry.redb");
    std::fs::rename(&registry, dir.path().join("kept")).unwrap();
    assert!(matches!(open_at(dir.path()), Err(StoreError::MissingRegistry)));
    std::fs::rename(dir.path().join("kept"), &registry).unwrap();
    assert_eq!(texts(&open_at(dir.path()).unwrap(), &alice), ["x"]);
}

#[test]
fn ten_facts_that_came_one_by_one_take_little_room() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_at(dir.path()).unwrap();
    let alice = enrolled(&store, "alice");
    for n in 0..10 {
        let learned = Fact { analysis: vec![7; 250], ..fact(&format!("likes to do thing number {n} every other weekend")) };
        let injections = vec![injection(n, &[learned.id; 5])];
        let batch = Batch { put: vec![learned], injections, learned: vec![hash(n)], ..Batch::default() };
        store.commit(&alice, batch).unwrap();
    }
    let files = walk(&dir.path().join("users"));
    let stored: u64 = files.iter().filter(|path| path.is_file()).map(|path| path.metadata().unwrap().blocks() * 512).sum();
    assert!(stored <= 40 << 10, "{stored}");
    assert_eq!(store.load(&alice).unwrap().facts.len(), 10);
}

const CHILD: &str = "MEMGATE_TEST_KILL_DIR";

/// Commits and appends until it is killed, telling each thing that was acknowledged. Does nothing by itself.
#[test]
fn writer_that_is_killed() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let store = open_at(Path::new(&dir)).unwrap();
    let mut out = std::io::stdout().lock();
    for n in 0_u64.. {
        let scope = enrolled(&store, &format!("user-{}", n % 3));
        let learned = [fact(&format!("{n} a")), fact(&format!("{n} b"))];
        store.commit(&scope, put(&learned)).unwrap();
        store.journal_append(Queue::Rules, &Ticket::from_bytes(&n.to_be_bytes()), &scope, b"turn").unwrap();
        writeln!(out, "\nacknowledged {n}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn kill_minus_nine_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..3_usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "store::tests::files::writer_that_is_killed"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let seen = lines.map(Result::unwrap).filter(|line| line.starts_with("acknowledged")).take(20 + 7 * round).count();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(seen, 20 + 7 * round, "the writer ended by itself");
        acknowledged += seen;
    }
    let store = open_at(dir.path()).unwrap();
    let facts: usize = (0..3).map(|n| store.load(&verified(&format!("user-{n}"))).unwrap().facts.len()).sum();
    assert!(facts >= 2 * acknowledged && facts.is_multiple_of(2), "{facts} of {}", 2 * acknowledged);
    let mut turns = 0;
    while let Some(entry) = store.journal_next(Queue::Rules).unwrap() {
        let number = u64::from_be_bytes(entry.ticket.as_bytes().try_into().unwrap());
        assert_eq!(store.journal_open(&verified(&format!("user-{}", number % 3)), &entry).unwrap(), b"turn");
        store.journal_done(&[entry]).unwrap();
        turns += 1;
    }
    assert!(turns >= acknowledged, "{turns} of {acknowledged}");
}
