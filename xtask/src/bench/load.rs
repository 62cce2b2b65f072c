//! The load: each connection sends its next signed request when the answer to the one before has come.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;

use super::Outcome;
use super::body::Corpus;
use super::sign::Signed;
use super::upstream::find;

/// Requests of each connection before the measurement starts.
const WARM_UP: usize = 8;

/// What one slice of load came to.
#[derive(Debug)]
pub struct Slice {
    pub requests: usize,
    /// Time from the first measured request to the last answer.
    pub elapsed: Duration,
    /// Processor time of the proxy, user and system.
    pub cpu: Duration,
    /// Latency of each request in nanoseconds, sorted.
    pub latencies: Vec<u64>,
}

/// Requests not yet sent.
type Queue = Arc<Mutex<std::vec::IntoIter<Signed>>>;

/// Sends `requests` over `connections` connections for `length`, or until none is left.
///
/// Fails when any answer is not a 200: a variant that refuses quickly must not look fast.
pub fn run(to: SocketAddr, corpus: &Corpus, requests: Vec<Signed>, connections: usize, length: Duration) -> Outcome<Slice> {
    let front = Arc::new(corpus.front.clone());
    let queue: Queue = Arc::new(Mutex::new(requests.into_iter()));
    let barrier = Arc::new(Barrier::new(connections + 1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let workers: Vec<_> = (0..connections)
            .map(|_| tokio::spawn(worker(to, Arc::clone(&front), Arc::clone(&queue), Arc::clone(&barrier), length)))
            .collect();
        barrier.wait().await;
        let start = Instant::now();
        let mut latencies = Vec::new();
        for worker in workers {
            latencies.extend(worker.await??);
        }
        let elapsed = start.elapsed();
        latencies.sort_unstable();
        Ok(Slice { requests: latencies.len(), elapsed, cpu: Duration::ZERO, latencies })
    })
}

async fn worker(
    to: SocketAddr,
    front: Arc<Vec<u8>>,
    queue: Queue,
    barrier: Arc<Barrier>,
    length: Duration,
) -> io::Result<Vec<u64>> {
    let warm = warm_up(to, &front, &queue).await;
    // Everybody waits here, also a worker that failed: else the others would wait for ever.
    barrier.wait().await;
    let mut connection = warm?;
    let mut latencies = Vec::with_capacity(16 * 1024);
    let end = Instant::now() + length;
    while let Some(request) = next(&queue) {
        let start = Instant::now();
        if start >= end {
            break;
        }
        connection.exchange(&request, &front).await?;
        latencies.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    Ok(latencies)
}

async fn warm_up(to: SocketAddr, front: &[u8], queue: &Queue) -> io::Result<Connection> {
    let mut connection = Connection::open(to).await?;
    for _ in 0..WARM_UP {
        if let Some(request) = next(queue) {
            connection.exchange(&request, front).await?;
        }
    }
    Ok(connection)
}

fn next(queue: &Queue) -> Option<Signed> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).next()
}

/// One keep-alive connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request in one write where the socket takes it.
    pub async fn send(&mut self, request: &Signed, front: &[u8]) -> io::Result<()> {
        let mut parts = [IoSlice::new(&request.head), IoSlice::new(front), IoSlice::new(&request.tail)];
        let mut left = &mut parts[..];
        while !left.is_empty() {
            let sent = self.stream.write_vectored(left).await?;
            IoSlice::advance_slices(&mut left, sent);
        }
        Ok(())
    }

    /// Reads what has arrived; an ended connection is an error.
    pub async fn read(&mut self) -> io::Result<&mut Vec<u8>> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended inside an answer"));
        }
        Ok(&mut self.buffer)
    }

    /// Sends a request and reads its answer; returns the answer's body as framed.
    pub async fn exchange(&mut self, request: &Signed, front: &[u8]) -> io::Result<&[u8]> {
        self.buffer.clear();
        self.send(request, front).await?;
        loop {
            self.read().await?;
            if let Some((start, end)) = complete(&self.buffer)? {
                return Ok(&self.buffer[start..end]);
            }
        }
    }
}

/// Where the body of a complete answer starts and ends; an error when the answer is no 200.
fn complete(buffer: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let Some(start) = find(buffer, b"\r\n\r\n").map(|at| at + 4) else { return Ok(None) };
    let end = match content_length(&buffer[..start]) {
        Some(length) => start + length,
        None if buffer.ends_with(b"0\r\n\r\n") => buffer.len(),
        None => return Ok(None),
    };
    if buffer.len() < end {
        return Ok(None);
    }
    if buffer.starts_with(b"HTTP/1.1 200") {
        return Ok(Some((start, end)));
    }
    Err(io::Error::other(format!("the answer is no 200:\n{}", String::from_utf8_lossy(buffer))))
}

/// The Content-Length of a head.
pub fn content_length(head: &[u8]) -> Option<usize> {
    head.split(|b| *b == b'\n').find_map(|line| {
        let (name, value) = line.split_at(line.iter().position(|b| *b == b':')?);
        name.eq_ignore_ascii_case(b"content-length").then(|| std::str::from_utf8(&value[1..]).ok()?.trim().parse().ok())?
    })
}
