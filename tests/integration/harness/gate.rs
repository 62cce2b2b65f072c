//! The process under test: the real binary with a configuration of its own in a directory of its own.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::PATIENCE;

/// Secrets of the test configuration, by the name of their environment variable.
pub const SIGNING_KEY: (&str, &str) = ("TEST_SIGNING_KEY", "signing-key-for-tests-0123456789abcdef");
pub const OPEN_WEBUI_KEY: (&str, &str) = ("TEST_OPEN_WEBUI_KEY", "sk-DUMMY-owui-to-backend");
pub const JWT_SECRET: (&str, &str) = ("TEST_JWT_SECRET", "DUMMY-JWT-SECRET-DUMMY-JWT-SECRET-0123456789");
pub const UPSTREAM_KEY: (&str, &str) = ("TEST_UPSTREAM_KEY", "sk-upstream-own-key");

/// A loopback address that nobody listens at. Outside the range from which the kernel gives ports to outgoing
/// connections, so that none takes it before the process under test does.
pub fn free_address() -> SocketAddr {
    loop {
        let mut random = [0_u8; 2];
        getrandom::fill(&mut random).unwrap();
        let port = 10_240 + u16::from_le_bytes(random) % 22_000;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// A configuration that is yet to be written. JSON, which is YAML too.
pub struct Settings {
    pub file: Value,
    dir: TempDir,
    env: Vec<(String, String)>,
}

impl Settings {
    /// Everything on, `required`, one upstream, loopback trusted; suites change `file` from here.
    pub fn new(upstream: SocketAddr) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = json!({
            "listen": free_address().to_string(),
            "metrics": {"listen": free_address().to_string()},
            "admin": {"listen": free_address().to_string()},
            "trust": {
                "mode": "required",
                "trusted_peers": ["127.0.0.1/32"],
                "signing_keys": [{"id": "k1", "secret": {"env": SIGNING_KEY.0}}],
            },
            "clients": [{
                "name": "open-webui",
                "key": {"env": OPEN_WEBUI_KEY.0},
                "identity": [{"header": "x-openwebui-user-id"}],
            }],
            "upstreams": [{"name": "fake", "url": format!("http://{upstream}/v1"), "api_key": {"env": UPSTREAM_KEY.0}}],
            // Long, so that no test depends on how busy the machine is.
            "memory": {"recall_deadline": "10s"},
            "storage": {"redb": {"dir": dir.path().join("data")}},
        });
        let env = [SIGNING_KEY, OPEN_WEBUI_KEY, JWT_SECRET, UPSTREAM_KEY];
        Self { file, dir, env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec() }
    }

    /// Changes the configuration.
    pub fn with(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.file);
        self
    }

    /// Sets a variable in the environment of the process.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn start(self) -> Gate {
        let mut gate = Gate { settings: self, child: None };
        gate.write_config();
        gate.start();
        gate
    }
}

/// A running memgate. Killed when dropped.
pub struct Gate {
    pub settings: Settings,
    child: Option<Child>,
}

impl Gate {
    pub fn address(&self) -> SocketAddr {
        self.settings.file["listen"].as_str().unwrap().parse().unwrap()
    }

    pub fn metrics_address(&self) -> SocketAddr {
        self.settings.file["metrics"]["listen"].as_str().unwrap().parse().unwrap()
    }

    pub fn admin_address(&self) -> SocketAddr {
        self.settings.file["admin"]["listen"].as_str().unwrap().parse().unwrap()
    }

    pub fn dir(&self) -> &Path {
        self.settings.dir.path()
    }

    pub fn data_dir(&self) -> PathBuf {
        self.dir().join("data")
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("memgate is not running").id()
    }

    fn config_path(&self) -> PathBuf {
        self.dir().join("proxy.yaml")
    }

    /// Writes the settings as they are now to the file that memgate reads.
    pub fn write_config(&self) {
        fs::write(self.config_path(), serde_json::to_vec_pretty(&self.settings.file).unwrap()).unwrap();
    }

    /// Writes something else there.
    pub fn write_raw_config(&self, text: &str) {
        fs::write(self.config_path(), text).unwrap();
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_memgate"));
        command.current_dir(self.dir()).envs(self.settings.env.iter().cloned()).stdin(Stdio::null());
        command
    }

    /// Starts the process and waits until it listens.
    pub fn start(&mut self) {
        assert!(self.child.is_none(), "memgate is running already");
        let log = fs::OpenOptions::new().create(true).append(true).open(self.dir().join("stderr")).unwrap();
        let mut command = self.command();
        command.arg("run").arg("--config").arg(self.config_path());
        self.child = Some(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
        let start = Instant::now();
        while TcpStream::connect(self.address()).is_err() || TcpStream::connect(self.metrics_address()).is_err() {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                panic!("memgate ended with {status}:\n{}", self.log());
            }
            assert!(start.elapsed() < PATIENCE, "memgate does not listen:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Runs a subcommand against this process, such as `user key add`.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).arg("--config").arg(self.config_path()).output().unwrap()
    }

    /// What `memgate check` says of the file as it is.
    pub fn check(&self) -> Output {
        self.run(&["check"])
    }

    /// Everything it has printed.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir().join("stderr")).unwrap_or_default()
    }

    /// Sends a signal by name, such as `HUP`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Sends `kill -9` while others still use this.
    pub fn kill_now(&self) {
        self.signal("KILL");
    }

    /// Ends the process at once and waits until it is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Asks the process to end and waits until it has.
    pub fn stop(&mut self) {
        self.signal("TERM");
        self.wait_for_exit();
    }

    /// Waits until the process has ended, and ended well.
    pub fn wait_for_exit(&mut self) {
        let status = self.child.take().unwrap().wait().unwrap();
        assert!(status.success(), "memgate ended with {status}:\n{}", self.log());
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- memgate printed:\n{}", self.log());
        }
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
