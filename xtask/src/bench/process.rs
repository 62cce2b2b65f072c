//! The processes under measurement: started on loopback, watched through `/proc`, killed at the end.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Outcome;

/// Ticks of `/proc/PID/stat` in a second: fixed at 100 by the kernel's user interface.
const TICKS: u64 = 100;

/// A child process that ends with its owner.
pub struct Process {
    child: Child,
    name: &'static str,
}

impl Process {
    /// Starts `command`; what it prints goes to `log`.
    pub fn start(name: &'static str, mut command: Command, log: &Path) -> Outcome<Self> {
        let out = fs::File::create(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .map_err(|e| format!("cannot start {name}: {e}"))?;
        Ok(Self { child, name })
    }

    /// Waits until something listens at `address`.
    pub fn wait_for(&mut self, address: SocketAddr, log: &Path) -> Outcome<()> {
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            if TcpStream::connect(address).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("{} ended with {status}:\n{}", self.name, fs::read_to_string(log)?).into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("{} does not listen at {address}:\n{}", self.name, fs::read_to_string(log)?).into())
    }

    /// Processor time so far, user and system, of all threads.
    pub fn cpu(&self) -> Outcome<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The second field is a name in parentheses that may hold spaces; utime and stime are the 14th and 15th.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at - 3).and_then(|f| f.parse::<u64>().ok()).ok_or("unreadable /proc/PID/stat");
        Ok(Duration::from_millis((ticks(14)? + ticks(15)?) * 1000 / TICKS))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone is as good as killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A loopback address that nobody listens at.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
