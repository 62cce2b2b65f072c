//! Whatever is done to a log that was anchored, it is found.

use std::fs;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::Bench;

/// A log of several files, and what is in them; made once.
struct Sound {
    bench: Bench,
    files: Vec<(std::path::PathBuf, Vec<u8>)>,
}

static SOUND: LazyLock<parking_lot::Mutex<Sound>> = LazyLock::new(|| {
    let bench = Bench::with_requests(260);
    let files: Vec<_> = bench.files().into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    assert!(files.len() >= 3, "{}", files.len());
    assert!(bench.verify().is_intact());
    parking_lot::Mutex::new(Sound { bench, files })
});

/// What is done to one file. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Tampering {
    Flip { at: usize, mask: u8 },
    Drop { line: usize },
    Swap { one: usize, other: usize },
    Repeat { line: usize, to: usize },
    Insert { at: usize, bytes: Vec<u8> },
    Truncate { at: usize },
    Remove,
    Exchange { other: usize },
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let n = || any::<usize>();
    prop_oneof![
        (n(), 1_u8..).prop_map(|(at, mask)| Tampering::Flip { at, mask }),
        n().prop_map(|line| Tampering::Drop { line }),
        (n(), n()).prop_map(|(one, other)| Tampering::Swap { one, other }),
        (n(), n()).prop_map(|(line, to)| Tampering::Repeat { line, to }),
        (n(), proptest::collection::vec(any::<u8>(), 1..50)).prop_map(|(at, bytes)| Tampering::Insert { at, bytes }),
        n().prop_map(|at| Tampering::Truncate { at }),
        Just(Tampering::Remove),
        n().prop_map(|other| Tampering::Exchange { other }),
    ]
}

impl Tampering {
    /// Does it. None: it changes nothing, or what a kill may leave.
    fn apply(&self, file: usize, sound: &Sound) -> Option<()> {
        let (path, content) = &sound.files[file];
        let newest = file + 1 == sound.files.len();
        let mut lines: Vec<&[u8]> = content.split_inclusive(|byte| *byte == b'\n').collect();
        let count = lines.len();
        let mut changed = content.clone();
        match self {
            Self::Flip { at, mask } => changed[at % content.len()] ^= mask,
            Self::Drop { line } => {
                lines.remove(line % count);
                changed = lines.concat();
            }
            Self::Swap { one, other } => {
                lines.swap(one % count, other % count);
                changed = lines.concat();
            }
            Self::Repeat { line, to } => {
                lines.insert(to % (count + 1), lines[line % count]);
                changed = lines.concat();
            }
            Self::Insert { at, bytes } => {
                let at = at % (content.len() + 1);
                changed.splice(at..at, bytes.iter().copied());
            }
            Self::Truncate { at } => changed.truncate(at % content.len()),
            Self::Remove => {
                fs::remove_file(path).unwrap();
                return Some(());
            }
            Self::Exchange { other } => {
                let (other_path, other_content) = &sound.files[other % sound.files.len()];
                fs::write(other_path, content).unwrap();
                changed.clone_from(other_content);
            }
        }
        let torn = newest && changed.starts_with(content) && !changed[content.len()..].contains(&b'\n');
        fs::write(path, &changed).unwrap();
        (changed != *content && !torn).then_some(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn whatever_is_done_is_found(what in tampering(), file in any::<usize>()) {
        let sound = SOUND.lock();
        let done = what.apply(file % sound.files.len(), &sound);
        let report = sound.bench.verify();
        for (path, content) in &sound.files {
            fs::write(path, content).unwrap();
        }
        prop_assert_eq!(report.is_intact(), done.is_none(), "{:?}", report.faults);
    }
}

#[test]
fn every_byte_of_a_line_counts() {
    let bench = Bench::with_requests(3);
    let file = bench.files().remove(0);
    let content = fs::read(&file).unwrap();
    for at in 0..content.len() {
        let mut changed = content.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&file, &changed).unwrap();
        let line = 1 + memchr::memchr_iter(b'\n', &content[..at]).count() as u64;
        let report = bench.verify();
        assert!(!report.is_intact(), "byte {at}");
        // A line break that goes away is missed where the line ends that begins with it; the last of all by the anchor.
        assert!([line, 0].contains(&report.faults[0].line), "byte {at} of line {line}: {:?}", report.faults);
    }
}

#[test]
fn the_line_is_named_and_what_it_may_mean() {
    let bench = Bench::with_requests(8);
    let file = bench.files().remove(0);
    let content = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = content.split_inclusive('\n').collect();
    let expect = |changed: Vec<&str>, expected: &[(u64, &str)]| {
        fs::write(&file, changed.concat()).unwrap();
        let faults = bench.verify().faults;
        assert_eq!(faults.len(), expected.len(), "{faults:?}");
        for (fault, (line, what)) in faults.iter().zip(expected) {
            assert_eq!((fault.file.as_str(), fault.line), ("audit.jsonl", *line));
            assert!(fault.what.contains(what), "{fault:?}");
        }
    };
    let edited = lines[3].replace("strict", "legacy");
    expect(
        lines.iter().enumerate().map(|(n, line)| if n == 3 { &edited } else { *line }).collect(),
        &[(4, "record 4 does not fit its MAC")],
    );
    expect([&lines[..3], &lines[4..]].concat(), &[(4, "record 4 is missing before record 5")]);
    expect([&lines[..4], &lines[3..]].concat(), &[(5, "record 4 stands where 5 belongs")]);
    expect([&lines[..4], &["{\"type\":\"request\"}\n"], &lines[4..]].concat(), &[(5, "no record with a number and a MAC")]);
    expect(
        [&lines[..3], &[lines[4], lines[3]], &lines[5..]].concat(),
        &[(4, "record 4 is missing before record 5"), (5, "record 4 stands where 6 belongs")],
    );
    expect(lines[..9].to_vec(), &[(0, "record 10 is missing at the end")]);
}
