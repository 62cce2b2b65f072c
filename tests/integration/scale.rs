//! Many users of ten facts each: what they take on disk and in memory. `make scale` runs it at full size.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::harness::client::Client;
use crate::harness::request::Request;
use crate::harness::world::World;

/// Users in an ordinary run; `MEMGATE_TEST_USERS` for more.
const USERS: usize = 400;
/// Disk for each user: 450 MB for 10,000.
const DISK_A_USER: u64 = 45_000;
/// What an almost empty memgate may take on disk beside its users.
const DISK_BESIDE: u64 = 8 << 20;
const RESIDENT: u64 = 150_000_000;
const CONNECTIONS: usize = 4;

/// Two turns of five facts: memgate takes eight of one turn at most.
const TURNS: [&str; 2] = [
    "Remember that I live in Lisbon. Remember that I work as a baker. Remember that I prefer green tea. \
     Remember that my dog is called Rex. Remember that my car is a blue Fiat.",
    "Remember that I am allergic to peanuts. Remember that my favourite colour is orange. Remember that I play the cello. \
     Remember that my sister is called Eva. Remember that my office is on floor seven.",
];

fn disk_used(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| if entry.path().is_dir() { disk_used(&entry.path()) } else { entry.metadata().unwrap().blocks() * 512 })
        .sum()
}

/// Has every user say `text` once.
async fn everybody(world: &Arc<World>, users: usize, text: &'static str) {
    let next = Arc::new(AtomicUsize::new(0));
    let workers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (world, next) = (Arc::clone(world), Arc::clone(&next));
            tokio::spawn(async move {
                let mut client = Client::connect(world.gate.address()).await;
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= users {
                        return;
                    }
                    client.exchange(&Request::chat(&[text]).vouched(&format!("person-{n}"))).await.assert_ok();
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_of_ten_facts_fit() {
    let users: usize = std::env::var("MEMGATE_TEST_USERS").map_or(USERS, |text| text.parse().expect("a number of users"));
    let world = Arc::new(World::start(|_| {}).await);
    for turn in TURNS {
        everybody(&world, users, turn).await;
    }
    let count = u64::try_from(users).unwrap();
    // No deadline of its own: at full size this takes minutes.
    while world.lessons().await < 2 * count {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(world.metric("memgate_facts_written_total", &[]).await, 10 * count, "each user must have ten facts");
    world.upstream.take();
    everybody(&world, users, "Where do I live, and what is my dog called?").await;
    let recalled = world.upstream.take().iter().filter(|request| request.mentions("Lisbon") && request.mentions("Rex")).count();
    let (disk, resident) = (disk_used(&world.gate.data_dir()), world.gate.resident());
    println!("{users} users: {} kB of disk, {} kB resident", disk / 1000, resident / 1000);
    assert_eq!(recalled, users, "everybody must be remembered");
    assert!(disk < DISK_A_USER * count + DISK_BESIDE, "{disk} bytes of disk for {users} users");
    assert!(resident < RESIDENT, "{resident} bytes resident for {users} users");
}
