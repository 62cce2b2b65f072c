//! The registry of live sessions: bounded, fair, and forgetful of nothing that lasts.

use std::collections::HashMap;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::live::{Begun, Ended, Live, LiveKey};
use super::*;

fn file(n: u8) -> crate::store::FileId {
    static STORE: LazyLock<Store> = LazyLock::new(|| open(&SimulatedDisk::default()));
    STORE.file_id(&crate::ids::UserId::parse(&format!("u{n}")).unwrap())
}

fn settings(capacity: usize, protected: &[&str]) -> SessionSettings {
    let protected = protected.iter().map(|text| id(text)).collect();
    SessionSettings { timeout: 1_000, capacity, protected, ..SessionSettings::default() }
}

struct Bench {
    live: Live,
    settings: SessionSettings,
    file: crate::store::FileId,
}

impl Bench {
    fn new(capacity: usize, protected: &[&str]) -> Self {
        Self { live: Live::new(), settings: settings(capacity, protected), file: file(0) }
    }

    fn key(&self, n: usize) -> LiveKey {
        let mut hash = [0; 16];
        hash[..8].copy_from_slice(&n.to_be_bytes());
        LiveKey { file: self.file, hash }
    }

    fn begin(&mut self, n: usize, now: i64) -> Begun {
        let key = self.key(n);
        self.live.begin(key, &id(&format!("s{n}")), &self.settings, now)
    }

    /// A request that begins and ends at once.
    fn pass(&mut self, n: usize, now: i64) {
        let key = self.key(n);
        if let Begun::Kept { serial, .. } = self.begin(n, now) {
            self.live.end(key, serial, now);
        }
    }

    fn has(&self, n: usize, now: i64) -> bool {
        self.live.get(&self.key(n), &self.settings, now).is_some()
    }
}

#[test]
fn ten_thousand_clients_pass_through_sixty_four_places() {
    let mut bench = Bench::new(64, &["s1", "s3"]);
    for n in 0..10_000 {
        bench.pass(n, 0);
        assert!(bench.live.len() <= 64);
    }
    assert!(bench.has(1, 0) && bench.has(3, 0), "protected ones stay");
    assert!(bench.has(9_999, 0) && !bench.has(0, 0) && !bench.has(9_937, 0), "the others go, the oldest first");
    assert_eq!(bench.live.take_ended(), Ended { evicted: 10_000 - 64, expired: 0 });
    assert!(matches!(bench.begin(0, 0), Begun::Kept { due: true, .. }), "one that left comes back");
}

#[test]
fn what_is_used_again_stays_and_what_runs_is_never_evicted() {
    let mut bench = Bench::new(3, &[]);
    (0..3).for_each(|n| bench.pass(n, 0));
    bench.pass(0, 1);
    bench.pass(3, 1);
    assert!(bench.has(0, 1) && !bench.has(1, 1), "the one that was used least lately went");
    for n in [0, 2, 3] {
        assert!(matches!(bench.begin(n, 2), Begun::Kept { due: false, .. }));
    }
    assert_eq!(bench.begin(4, 2), Begun::Unkept, "all others run");
    assert_eq!(bench.live.len(), 3);
    let key = bench.key(2);
    let Begun::Kept { serial, .. } = bench.begin(2, 2) else { panic!() };
    bench.live.end(key, serial, 2);
    assert_eq!(bench.begin(4, 2), Begun::Unkept, "one of its two requests still runs");
    bench.live.end(key, serial, 2);
    assert!(matches!(bench.begin(4, 2), Begun::Kept { .. }) && !bench.has(2, 2));
}

#[test]
fn idle_sessions_end_protected_ones_too_and_running_ones_do_not() {
    let mut bench = Bench::new(10, &["s1"]);
    bench.pass(0, 0);
    bench.pass(1, 0);
    bench.begin(2, 0);
    assert!(bench.has(0, 999) && !bench.has(0, 1_000) && !bench.has(1, 1_000) && bench.has(2, 5_000));
    bench.live.expire(&bench.settings, 1_000);
    assert_eq!((bench.live.len(), bench.live.take_ended()), (1, Ended { evicted: 0, expired: 2 }));
    let Begun::Kept { serial, due } = bench.begin(0, 1_001) else { panic!() };
    assert!(due);
    let key = bench.key(0);
    assert_eq!(bench.live.get(&key, &bench.settings, 1_001).unwrap().requests, 1, "it begins anew");
    // The lease of a session that ended meanwhile is worth nothing.
    bench.live.forget(&key);
    bench.begin(0, 1_002);
    bench.live.end(key, serial, 1_002);
    assert_eq!(bench.live.get(&key, &bench.settings, 1_002).unwrap().running, 1);
}

#[test]
fn a_person_sees_and_loses_their_own_only() {
    let mut bench = Bench::new(10, &[]);
    (0..3).for_each(|n| bench.pass(n, 0));
    bench.file = file(1);
    bench.pass(0, 0);
    let (ana, bert) = (file(0), file(1));
    let answer = LiveKey { file: ana, hash: [7; 16] };
    bench.live.note_answer(answer, &id("s0"), 1);
    assert_eq!(bench.live.of_answer(&answer), Some(id("s0")));
    assert_eq!(bench.live.of_answer(&LiveKey { file: bert, ..answer }), None);
    assert_eq!(bench.live.of(ana, &bench.settings, 0).len(), 3);
    bench.live.forget_all(ana);
    assert_eq!((bench.live.of(ana, &bench.settings, 0).len(), bench.live.of(bert, &bench.settings, 0).len()), (0, 1));
    assert_eq!(bench.live.of_answer(&answer), None);
    let other = LiveKey { file: bert, hash: [8; 16] };
    bench.live.note_answer(answer, &id("s0"), 1);
    bench.live.note_answer(other, &id("s0"), 1);
    assert_eq!(bench.live.of_answer(&answer), None, "bounded");
}

#[derive(Debug, Clone)]
enum Step {
    Begin(usize),
    End(usize),
    Wait(i64),
}

proptest! {
    /// Whatever comes: never more than the capacity, never a running or protected session lost while others rest.
    #[test]
    fn bounds_hold_in_any_order(steps in prop::collection::vec(prop_oneof![
        4 => (0..12_usize).prop_map(Step::Begin),
        3 => (0..12_usize).prop_map(Step::End),
        1 => (0..600_i64).prop_map(Step::Wait),
    ], 1..200)) {
        let mut bench = Bench::new(5, &["s0", "s1"]);
        let mut running: HashMap<usize, Vec<u64>> = HashMap::new();
        let mut now = 0;
        for step in steps {
            match step {
                Step::Begin(n) => {
                    let (had, held) = (bench.has(n, now), (0..2).filter(|n| bench.has(*n, now)).count());
                    let busy = running.values().filter(|serials| !serials.is_empty()).count();
                    match bench.begin(n, now) {
                        Begun::Kept { serial, .. } => running.entry(n).or_default().push(serial),
                        Begun::Unkept => prop_assert!(!had && busy + held >= 5),
                    }
                    prop_assert!((0..2).filter(|n| bench.has(*n, now)).count() >= held);
                }
                Step::End(n) => {
                    if let Some(serial) = running.get_mut(&n).and_then(Vec::pop) {
                        let key = bench.key(n);
                        bench.live.end(key, serial, now);
                    }
                }
                Step::Wait(ms) => now += ms,
            }
            prop_assert!(bench.live.len() <= 5);
            for (n, serials) in &running {
                let session = bench.live.get(&bench.key(*n), &bench.settings, now);
                if !serials.is_empty() {
                    prop_assert_eq!(session.map(|session| session.running as usize), Some(serials.len()));
                }
            }
        }
    }
}
