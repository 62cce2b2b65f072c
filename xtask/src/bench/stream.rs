//! What a proxy adds to each event of a stream: events carry the time at which the upstream sent them.

use tokio::task::JoinSet;

use super::Outcome;
use super::body::Corpus;
use super::load::Connection;
use super::upstream::{find, now_ns};
use super::variant::Variant;

const MARK: &[u8] = b"\"sent_ns\":";

/// Runs `count` streams at once through a variant, from request number `first` on; the sorted delays of all their events in nanoseconds.
pub fn measure(variant: &Variant, corpus: &Corpus, first: usize, count: usize) -> Outcome<Vec<u64>> {
    let requests = super::sign::requests(corpus, variant.address, first, count);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut streams = JoinSet::new();
        for request in requests {
            let (front, to) = (corpus.front.clone(), variant.address);
            streams.spawn(async move {
                let mut connection = Connection::open(to).await?;
                connection.send(&request, &front).await?;
                let mut delays = Vec::new();
                loop {
                    let buffer = connection.read().await?;
                    let now = now_ns();
                    // Whole lines only; what is left of the last one waits for its rest.
                    let whole = buffer.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
                    for line in buffer[..whole].split(|b| *b == b'\n') {
                        if let Some(sent) = sent_ns(line) {
                            delays.push(now.saturating_sub(sent));
                        }
                    }
                    if buffer.ends_with(b"0\r\n\r\n") {
                        return std::io::Result::Ok(delays);
                    }
                    buffer.drain(..whole);
                }
            });
        }
        let mut delays = Vec::new();
        while let Some(stream) = streams.join_next().await {
            delays.extend(stream??);
        }
        if delays.is_empty() {
            return Err("no event came through".into());
        }
        delays.sort_unstable();
        Ok(delays)
    })
}

fn sent_ns(line: &[u8]) -> Option<u64> {
    let digits = &line[find(line, MARK)? + MARK.len()..];
    let end = digits.iter().position(|b| !b.is_ascii_digit())?;
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}
