//! `memgate tui` in a real terminal: a pseudo-terminal of the kernel's with a shell in it, and an emulator that shows what a
//! person would see.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::harness::PATIENCE;
use crate::harness::gate::Gate;
use crate::harness::request::Request;
use crate::harness::world::World;

/// What the shell does: memgate, then how it ended and how it left the terminal. Then it waits to be read.
const SHELL: &str = r#""$0" tui --config "$1"; echo "ended with $?"; stty -a; read -r _"#;

/// A terminal, and somebody before it.
struct Desk {
    master: File,
    shell: Child,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Desk {
    fn open(gate: &Gate, columns: u16, rows: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let master = File::from(master);
        resize(&master, columns, rows);
        let name = ptsname(&master, Vec::new()).unwrap();
        let end = || OpenOptions::new().read(true).write(true).open(OsStr::from_bytes(name.to_bytes())).unwrap();
        // A session of its own whose terminal this is, so that changes of its size arrive.
        let shell = Command::new("setsid")
            .args(["--ctty", "sh", "-c", SHELL, env!("CARGO_BIN_EXE_memgate")])
            .arg(gate.dir().join("proxy.yaml"))
            .current_dir(gate.dir())
            .env_remove("NO_COLOR")
            .env("TERM", "xterm-256color")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(columns), 0)));
        let mut output = master.try_clone().unwrap();
        thread::spawn({
            let screen = screen.clone();
            move || {
                let mut bytes = [0; 4096];
                // The end of the terminal is an error, on Linux.
                while let Ok(read @ 1..) = output.read(&mut bytes) {
                    screen.lock().unwrap().process(&bytes[..read]);
                }
            }
        });
        Self { master, shell, screen }
    }

    fn shown(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    fn resize(&self, columns: u16, rows: u16) {
        self.screen.lock().unwrap().screen_mut().set_size(cells(rows), cells(columns));
        resize(&self.master, columns, rows);
    }

    /// Waits until the terminal shows something.
    fn wait_for(&self, text: &str) {
        let start = Instant::now();
        while !self.shown().contains(text) {
            assert!(start.elapsed() < PATIENCE, "{text:?} is never shown:\n{}", self.shown());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The process of memgate, not the shell's.
    fn memgate(&self) -> String {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.shell.id())).unwrap();
        children.split_whitespace().next().expect("memgate is not running").to_owned()
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args(["-s", name, &self.memgate()]).status().unwrap().success());
    }

    /// memgate has ended well, and the shell has its terminal as it was.
    fn assert_given_back(&self) {
        self.wait_for("ended with 0");
        // Near the end of what `stty` prints.
        self.wait_for("echoke");
        let shown = self.shown();
        let modes: Vec<&str> = shown.split_whitespace().collect();
        for mode in ["icanon", "echo", "isig", "icrnl", "opost"] {
            assert!(modes.contains(&mode), "{mode} is not given back:\n{shown}");
        }
        let screen = self.screen.lock().unwrap();
        let screen = screen.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
        assert!(!screen.contents().contains("Overview"), "nothing of it is left on the screen");
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

fn cells(number: u16) -> NonZero<u16> {
    NonZero::new(number).unwrap()
}

fn resize(master: &File, columns: u16, rows: u16) {
    tcsetwinsize(master, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_arrive_and_the_terminal_is_given_back() {
    let world = World::in_mode("required").await;
    let mut desk = Desk::open(&world.gate, 80, 24);
    desk.wait_for("✓ connected");
    desk.press("2");
    desk.wait_for("[2 Decisions]");
    world.send(&Request::chat(&["Hello there"]).signed("ana")).await.assert_ok();
    desk.wait_for("✓ admit");
    desk.wait_for("default:ana");
    world.send(&Request::chat(&["Hello there"])).await;
    desk.wait_for("✗ refuse");
    desk.press("?");
    desk.wait_for("Keys of this screen: Decisions");
    desk.press("\x1b");
    desk.wait_for("Decisions · live");
    desk.resize(50, 12);
    desk.wait_for("Make it larger");
    desk.resize(100, 30);
    desk.wait_for("Decisions · live");
    desk.press("q");
    desk.assert_given_back();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_gives_the_terminal_back() {
    let world = World::in_mode("required").await;
    for signal in ["TERM", "INT", "HUP"] {
        let desk = Desk::open(&world.gate, 80, 24);
        desk.wait_for("✓ connected");
        desk.signal(signal);
        desk.assert_given_back();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_with_its_terminal() {
    let world = World::in_mode("required").await;
    let mut desk = Desk::open(&world.gate, 80, 24);
    desk.wait_for("✓ connected");
    let command_line = format!("/proc/{}/cmdline", desk.memgate());
    // With the leader of its session goes the terminal, as when a window is closed.
    desk.shell.kill().unwrap();
    let start = Instant::now();
    // Who has ended has no command line, even where nobody asks how.
    while !fs::read(&command_line).unwrap_or_default().is_empty() {
        assert!(start.elapsed() < PATIENCE, "memgate outlives its terminal");
        thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memgate_that_goes_away_is_waited_for() {
    let mut world = World::in_mode("required").await;
    let mut desk = Desk::open(&world.gate, 80, 24);
    desk.wait_for("✓ connected");
    world.gate.stop();
    desk.wait_for("✗ no connection");
    desk.wait_for("Trying again in");
    world.gate.start();
    desk.wait_for("✓ connected");
    world.gate.stop();
    desk.wait_for("✗ no connection");
    desk.press("\x03");
    desk.assert_given_back();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_it_says_so() {
    let world = World::in_mode("required").await;
    let ended = world.gate.run(&["tui"]);
    assert_eq!(ended.status.code(), Some(1));
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(told.contains("no terminal"), "{told}");
    assert!(ended.stdout.is_empty());
}
