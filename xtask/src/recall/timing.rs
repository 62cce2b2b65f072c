//! How long a question takes, of users in RAM and of users on the disk.

use std::time::{Duration, Instant};

use super::{Bench, Outcome, Person, search};
use memgate::memory::Memory;

/// Questions of one user that are asked cold: each loads the user's file anew.
const COLD: usize = 40;
const DEPTH: usize = 12;

/// Prints a table. `memory` has answered every question once.
pub(super) fn print(bench: &Bench, memory: &Memory, people: &[Person]) -> Outcome<()> {
    let mut rows =
        [("search, warm", Vec::new()), ("recall and render, warm", Vec::new()), ("recall and render, cold", Vec::new())];
    let [(_, found), (_, warm), (_, cold)] = &mut rows;
    for person in people {
        for question in &person.collection.questions {
            found.push(time(|| search(memory, person, question, DEPTH))?);
            warm.push(time(|| bench.recall(memory, person, question))?);
        }
        for question in person.collection.questions.iter().take(COLD) {
            let fresh = bench.memory();
            cold.push(time(|| bench.recall(&fresh, person, question))?);
        }
    }
    let facts = people.iter().map(|person| person.collection.items.len()).max().unwrap_or_default();
    println!("| up to {facts} facts a user | questions | p50 µs | p99 µs |\n|---|---:|---:|---:|");
    for (name, mut times) in rows {
        times.sort_unstable();
        let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
        let micros = |percent| at(percent).map_or(0, Duration::as_micros);
        println!("| {name} | {} | {} | {} |", times.len(), micros(50), micros(99));
    }
    Ok(())
}

fn time<T>(act: impl FnOnce() -> Outcome<T>) -> Outcome<Duration> {
    let start = Instant::now();
    act()?;
    Ok(start.elapsed())
}
