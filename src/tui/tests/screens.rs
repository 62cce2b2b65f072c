//! Each screen, as it is seen on a small and on a larger terminal.

use insta::assert_snapshot;

use super::super::look::Look;
use super::super::message::Message;
use super::Desk;

/// The name of a picture and the keys that lead to it.
const PICTURES: &[(&str, &str)] = &[
    ("overview", ""),
    ("decisions", "2"),
    ("decisions_paused", "2 <down>"),
    ("decision_explained", "2<down><enter>"),
    ("users", "3"),
    ("user", "3<enter>"),
    ("facts", "3<enter>fticket 7<enter><down>"),
    ("fact", "3<enter>fticket 7<enter><down><enter>"),
    ("erase", "3<enter>Easked for it<enter>default:ali"),
    ("sandboxes", "4"),
    ("sandbox", "4<enter>"),
    ("sandbox_facts", "4<enter>freview<enter> <down><down> "),
    ("promote", "4<enter>freview<enter> Pfamily:bob<enter>"),
    ("upstreams", "5"),
    ("upstream", "5<enter>"),
    ("budgets", "6"),
    ("audit", "7"),
    ("audit_record", "7<enter>"),
    ("audit_verified", "7v"),
    ("what_if_choice", "8m<down>"),
    ("what_if", "8m<enter>"),
    ("what_if_change", "8m<enter><enter>"),
    ("help", "3<enter>freview<enter>?"),
];

#[test]
fn every_screen_fits_a_small_terminal_and_a_larger_one() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        for (name, keys) in PICTURES {
            let mut desk = Desk::connected(columns, rows);
            desk.press(keys);
            assert_snapshot!(format!("{name}_{columns}x{rows}"), desk.shown());
        }
    }
}

#[test]
fn hostile_text_does_nothing_on_any_screen() {
    for (columns, rows) in [(60, 15), (80, 24), (120, 40)] {
        for (name, keys) in PICTURES {
            let mut desk = Desk::connected(columns, rows);
            desk.press(keys);
            let shown = desk.shown();
            let acting = |c: &char| {
                c.is_control() && *c != '\n'
                    || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            };
            assert_eq!(shown.chars().find(acting), None, "{name}:\n{shown}");
            assert_eq!(shown.lines().count(), usize::from(rows), "{name}");
            let widest = shown.lines().map(super::super::text::columns).max().unwrap();
            assert!(widest <= usize::from(columns), "{name} is {widest} columns wide:\n{shown}");
        }
    }
}

#[test]
fn nothing_is_told_by_colour_alone() {
    for (name, keys) in PICTURES {
        let mut colored = Desk::connected(100, 30);
        colored.press(keys);
        let mut plain = Desk::connected(100, 30);
        plain.model.as_mut().unwrap().look = Look { color: false };
        plain.press(keys);
        assert_eq!(colored.shown(), plain.shown(), "{name}");
    }
}

#[test]
fn without_colour_no_cell_has_one() {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::style::Color;

    for (name, keys) in PICTURES {
        let mut desk = Desk::connected(100, 30);
        desk.model.as_mut().unwrap().look = Look { color: false };
        desk.press(keys);
        let mut terminal = Terminal::new(TestBackend::new(100, 30)).unwrap();
        terminal.draw(|frame| super::super::draw::draw(desk.model(), frame)).unwrap();
        let tinted = terminal.backend().buffer().content.iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
        assert!(!tinted, "{name}");
    }
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    let mut desk = Desk::connected(40, 10);
    assert_snapshot!(desk.shown());
    // What would be done unseen is not done.
    assert!(desk.press("3X").calls().is_empty());
    desk.send(Message::Resized(80, 24));
    assert!(desk.shows("memgate 0.1.0"));
    desk.send(Message::Resized(40, 10));
    desk.press("q");
    assert!(desk.quit);
}

#[test]
fn a_lost_connection_is_told_with_what_comes_next() {
    let mut desk = Desk::connected(80, 24);
    let why = "no memgate answers on /run/memgate.sock: start it with `memgate run`";
    desk.send(Message::Lost { why: why.to_owned(), again_in: 4 });
    assert_snapshot!(desk.shown());
    desk.send(Message::Tick(super::NOW + 1000));
    assert!(desk.shows("Trying again in 3 s"));
    desk.send(Message::Connected);
    assert!(desk.shows("✓ connected") && !desk.shows("Trying again"));
}
