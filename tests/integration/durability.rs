//! `kill -9` under load: what was acknowledged is there after a restart, and every file can be read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::harness::client::Client;
use crate::harness::eventually;
use crate::harness::request::Request;
use crate::harness::world::World;

const USERS: usize = 12;
const PLACES: [&str; 10] = ["locker", "garage", "bicycle", "safe", "gate", "attic", "boat", "shed", "cabin", "mailbox"];
/// Acknowledged turns before each kill.
const ROUNDS: [usize; 3] = [25, 60, USERS * PLACES.len()];

fn user(n: usize) -> String {
    format!("person-{}", n % USERS)
}

/// A word that stands for turn `n` alone, and no number: words of one letter pattern are not confused by stemming.
fn word(n: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
    format!("zq{}x{}k", letter(n / 26), letter(n))
}

fn statement(n: usize) -> String {
    format!("Remember that the code of my {} is {}.", PLACES[n / USERS], word(n))
}

/// Teaches from `next` on until `enough` turns are acknowledged, or the process dies.
async fn load(world: &World, next: &AtomicUsize, acknowledged: &Mutex<Vec<usize>>, enough: usize) {
    let mut client = Client::connect(world.gate.address()).await;
    loop {
        if acknowledged.lock().await.len() >= enough {
            return;
        }
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= USERS * PLACES.len() {
            return;
        }
        let text = statement(n);
        let request = if n.is_multiple_of(2) { Request::chat(&[&text]) } else { Request::streamed_chat(&[&text]) };
        let answer = client.exchange(&request.signed(&user(n))).await;
        if answer.status != 200 || !answer.complete {
            return;
        }
        acknowledged.lock().await.push(n);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_by_a_kill() {
    let mut world = World::in_mode("strict").await;
    let acknowledged = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    for enough in ROUNDS {
        // Requests are under way on all four connections when the fifth branch kills the process.
        tokio::join!(
            load(&world, &next, &acknowledged, enough),
            load(&world, &next, &acknowledged, enough),
            load(&world, &next, &acknowledged, enough),
            load(&world, &next, &acknowledged, enough),
            async {
                while acknowledged.lock().await.len() + 3 < enough.min(USERS * PLACES.len()) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    if next.load(Ordering::Relaxed) >= USERS * PLACES.len() + 4 {
                        break;
                    }
                }
                world.gate.kill_now();
            }
        );
        world.gate.kill();
        world.gate.start();
    }
    let acknowledged = acknowledged.into_inner();
    assert!(acknowledged.len() >= ROUNDS[0], "only {} turns were acknowledged", acknowledged.len());
    let world = Arc::new(world);
    for n in acknowledged {
        let place = PLACES[n / USERS];
        eventually(&format!("turn {n}, {}, of {} in memory", word(n), user(n)), async || {
            // A fresh first turn each time: what a conversation was once given stays as it is.
            let nonce = crate::harness::sign::random_hex();
            let request = Request::chat(&[&format!("({nonce}) What is the code of my {place}?")]).signed(&user(n));
            world.forwarded(&request).await.mentions(&word(n)).then_some(())
        })
        .await;
    }
    let log = world.gate.log().to_lowercase();
    for trouble in ["panicked", "corrupt", "authentication failed"] {
        assert!(!log.contains(trouble), "{trouble}:\n{log}");
    }
}

#[tokio::test]
async fn facts_and_keys_outlive_a_restart() {
    let mut world = World::in_mode("strict").await;
    let made = world.gate.run(&["user", "key", "add", "ana", "--label", "laptop"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let printed = String::from_utf8(made.stdout).unwrap();
    let key = printed.split_whitespace().find(|word| word.starts_with("mgk_")).expect("a key").to_owned();
    world.teach(&Request::chat(&["Remember that the code of my locker is quagga."]).bearer(&key)).await;
    for stop in [true, false] {
        if stop {
            world.gate.stop();
        } else {
            world.gate.kill();
        }
        world.gate.start();
        let seen = world.forwarded(&Request::chat(&["What is the code of my locker?"]).bearer(&key)).await;
        assert!(seen.mentions("quagga"), "{}", seen.text());
    }
    // Neither the key nor the text stands in any file.
    for path in files_below(&world.gate.data_dir()) {
        let bytes = std::fs::read(&path).unwrap();
        for secret in [key.as_bytes(), b"quagga"] {
            assert_eq!(crate::harness::find(&bytes, secret), None, "{}", path.display());
        }
    }
}

fn files_below(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else if path.is_file() {
                vec![path]
            } else {
                vec![]
            }
        })
        .collect()
}
