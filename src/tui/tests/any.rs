//! Whatever is pressed, whenever the size changes, whatever memgate says.

use proptest::prelude::*;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::message::Message;
use super::Desk;
use super::glance::overview;
use super::sample::{NOW, decision};

#[derive(Debug, Clone)]
enum Happening {
    Key(KeyCode, KeyModifiers),
    Pasted(String),
    Resized(u16, u16),
    Decided(u16),
    Overview,
    Tick(i64),
    Connected,
    Lost,
    Answered,
    Failed(String),
}

fn key() -> impl Strategy<Value = KeyCode> {
    let letters = "12345678jkgGrfpsnxahDEXPANmulevz/?y ".chars().map(KeyCode::Char).collect::<Vec<_>>();
    let named = vec![
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::F(1),
    ];
    prop_oneof![
        6 => prop::sample::select(letters),
        5 => prop::sample::select(named),
        1 => any::<char>().prop_map(KeyCode::Char),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let modifiers = prop::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::SHIFT,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
    ]);
    prop_oneof![
        20 => (key(), modifiers).prop_map(|(key, modifiers)| Happening::Key(key, modifiers)),
        1 => any::<String>().prop_map(Happening::Pasted),
        2 => (0..140_u16, 0..50_u16).prop_map(|(columns, rows)| Happening::Resized(columns, rows)),
        2 => any::<u16>().prop_map(Happening::Decided),
        1 => Just(Happening::Overview),
        1 => any::<i64>().prop_map(Happening::Tick),
        1 => Just(Happening::Connected),
        1 => Just(Happening::Lost),
        4 => Just(Happening::Answered),
        1 => any::<String>().prop_map(Happening::Failed),
    ]
}

fn happen(desk: &mut Desk, happening: Happening) {
    match happening {
        Happening::Key(code, modifiers) => desk.send(Message::Key(KeyEvent::new(code, modifiers))),
        Happening::Pasted(text) => desk.send(Message::Pasted(text)),
        Happening::Resized(columns, rows) => desk.send(Message::Resized(columns, rows)),
        Happening::Decided(number) => desk.send(Message::Decided(Box::new(decision(number)))),
        Happening::Overview => desk.send(Message::Overview(Box::new(overview()))),
        Happening::Tick(now) => desk.send(Message::Tick(now)),
        Happening::Connected => desk.send(Message::Connected),
        Happening::Lost => desk.send(Message::Lost { why: "gone".to_owned(), again_in: u64::MAX }),
        Happening::Answered => desk.answer_all(),
        Happening::Failed(why) if !desk.open.is_empty() => desk.fail(&why),
        Happening::Failed(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_breaks_it(
        happenings in prop::collection::vec(happening(), 1..120),
        answering in any::<bool>(),
        (columns, rows) in (0..140_u16, 0..50_u16),
    ) {
        let mut desk = Desk::new(columns, rows);
        desk.send(Message::Tick(NOW));
        desk.answering = answering;
        for happening in happenings {
            happen(&mut desk, happening);
            desk.shown();
        }
        let shown = desk.shown();
        prop_assert!(shown.chars().all(|c| c == '\n' || !c.is_control()));
    }
}
