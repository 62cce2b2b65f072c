//! A panic, in a terminal of the kernel's that `script` (util-linux) opens.

use std::process::{Command, Stdio};

use super::super::terminal::Taken;

const MESSAGE: &str = "a panic that was asked for";

#[test]
#[ignore = "takes the terminal that it runs in; the test below gives it one"]
fn panic_with_the_terminal() {
    let (_taken, _terminal) = Taken::take().unwrap();
    // On another thread, as a task is: what gives back is the hook, and not the end of this function.
    std::thread::spawn(|| panic!("{MESSAGE}")).join().unwrap_err();
}

#[test]
fn a_panic_is_told_on_a_terminal_that_was_given_back() {
    let program = std::env::current_exe().unwrap();
    let test = "tui::tests::given_back::panic_with_the_terminal";
    let line = format!("'{}' --exact --ignored --nocapture {test}; stty -a", program.display());
    let output = Command::new("script").args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let at = |what: &str| shown.find(what).unwrap_or_else(|| panic!("{what:?} is not there:\n{shown}"));
    assert!(at("\u{1b}[?1049h") < at("\u{1b}[?1049l"), "it was taken first:\n{shown}");
    assert!(at("\u{1b}[?1049l") < at(MESSAGE), "{shown}");
    assert!(shown.split_whitespace().any(|mode| mode == "icanon"), "{shown}");
}
