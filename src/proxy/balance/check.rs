//! Health checks in the background, of upstreams that have one configured.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::catalog::{LONGEST_CHECK, Upstream};
use crate::inference::{Fetcher, InferenceError};
use crate::proxy::services::{Runtime, Services};

/// How often is looked for checks that are due.
const TICK: Duration = Duration::from_millis(500);
/// Checks under way at once; the others wait for the next look.
const MOST_CHECKS: usize = 16;
/// Bytes of an answer that are read at most. A longer one is as good.
const LONGEST_ANSWER: usize = 64 << 10;

/// Fetches what is configured, each in its interval give or take a tenth, until told to stop. Also has the balance forget upstreams
/// that are no longer configured.
pub async fn run_checks(services: Arc<Services>, runtime: Arc<ArcSwap<Runtime>>, mut stopping: watch::Receiver<bool>) {
    let fetcher = Arc::new(Fetcher::new(LONGEST_CHECK, LONGEST_ANSWER));
    let mut due: HashMap<String, Instant> = HashMap::new();
    let mut running = JoinSet::new();
    loop {
        let catalog = runtime.load().catalog.clone();
        services.balance.adopt(&catalog);
        due.retain(|name, _| catalog.upstreams().iter().any(|upstream| upstream.name == *name));
        while running.try_join_next().is_some() {}
        for upstream in catalog.upstreams() {
            let Some(check) = &upstream.health.check else { continue };
            let now = Instant::now();
            if running.len() >= MOST_CHECKS || due.get(&upstream.name).is_some_and(|due| now < *due) {
                continue;
            }
            due.insert(upstream.name.clone(), now + spread(check.interval, services.balance.number((&upstream.name, now))));
            running.spawn(check_one(Arc::clone(&services), Arc::clone(&fetcher), Arc::clone(upstream)));
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            _ = stopping.changed() => return,
        }
    }
}

/// An interval, changed by up to a tenth, so that several that start together don't stay together.
fn spread(interval: Duration, draw: u64) -> Duration {
    let draw = u32::try_from(draw % 201).unwrap_or_default();
    interval / 1000 * (900 + draw)
}

async fn check_one(services: Arc<Services>, fetcher: Arc<Fetcher>, upstream: Arc<Upstream>) {
    let Some(check) = &upstream.health.check else { return };
    let address = format!("{}{}", services.addresses.origin_of(&upstream), check.path);
    // The upstream's own key, never a person's.
    let key = upstream.key.as_ref().map(|key| (&key.header, &key.value));
    let answer = tokio::time::timeout(check.timeout, fetcher.get(&address, key)).await;
    let well = matches!(answer, Ok(Ok(_) | Err(InferenceError::TooLarge)));
    services.balance.node(&upstream).note_check(Some(well), &upstream.health);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_spread_by_a_tenth() {
        let ten = Duration::from_secs(10);
        for draw in [0, 1, 200, 201, u64::MAX] {
            let spread = spread(ten, draw);
            assert!(spread >= ten * 9 / 10 && spread <= ten * 11 / 10, "{spread:?}");
        }
        assert_ne!(spread(ten, 0), spread(ten, 1));
    }
}
