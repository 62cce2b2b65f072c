//! Working off a queue, off everybody's path.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// How long an idle worker sleeps at most, should a bell be missed.
const IDLE: Duration = Duration::from_secs(5);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How a go over a queue ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    Idle,
    More,
    /// The store failed; the same comes again later.
    Stuck,
}

/// Calls `work` on a blocking thread until `shutdown` turns true, or its sender is gone: again at once while there is more; at the bell, or
/// after a while, when there is none; ever later while the store fails, or after a panic.
pub async fn drain(bell: &Notify, mut shutdown: watch::Receiver<bool>, work: impl Fn() -> Go + Send + Sync + 'static) {
    let work = Arc::new(work);
    let mut wait = FIRST_WAIT;
    while !*shutdown.borrow() {
        let again = Arc::clone(&work);
        let go = spawn_blocking(move || again()).await.unwrap_or(Go::Stuck);
        let pause = match go {
            Go::More => {
                wait = FIRST_WAIT;
                continue;
            }
            Go::Idle => {
                wait = FIRST_WAIT;
                IDLE
            }
            Go::Stuck => {
                wait = (wait * 2).min(LONGEST_WAIT);
                wait
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = bell.notified(), if go == Go::Idle => {}
            // An error means that nobody can ask for the end any more: that is the end.
            _ = shutdown.wait_for(|end| *end) => return,
        }
    }
}
