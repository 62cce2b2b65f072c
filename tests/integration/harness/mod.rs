//! What the suites share: the process under test, a fake upstream, raw clients, and signing that is not the product's own.

pub mod admin;
pub mod client;
pub mod gate;
pub mod h2c;
pub mod raw_h2;
pub mod request;
pub mod sign;
pub mod tls;
pub mod upstream;
pub mod world;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::time::Duration;

/// The longest that any single wait may take. It ends a test that hangs; no test measures by it.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Waits for `future`, and fails with `what` when it never comes.
pub async fn within<F: Future>(what: &str, future: F) -> F::Output {
    let answer = tokio::time::timeout(PATIENCE, future).await;
    answer.unwrap_or_else(|_| panic!("{what}: nothing after {} s", PATIENCE.as_secs()))
}

/// Asks again until `probe` gives something.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut probe: impl FnMut() -> F) -> T {
    within(what, async {
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}

/// Where `needle` first stands in `hay`.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}
