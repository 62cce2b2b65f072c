//! Decisions as they come.

use super::super::message::Message;
use super::Desk;
use super::sample::decision;
use crate::admin::api::DecisionRow;

fn decided(number: u16, model: &str) -> Message {
    Message::Decided(Box::new(DecisionRow { model: Some(model.to_owned()), ..decision(number) }))
}

#[test]
fn decisions_appear_as_they_come_and_once() {
    let mut desk = Desk::connected(120, 24);
    desk.press("2");
    desk.send(decided(1000, "brand-new"));
    assert!(desk.shows("brand-new") && desk.shows("1 of 40"));
    desk.send(decided(1000, "once-more"));
    assert!(!desk.shows("once-more"));
}

#[test]
fn a_pause_keeps_what_comes() {
    let mut desk = Desk::connected(120, 24);
    desk.press("2 ");
    desk.send(decided(1000, "brand-new"));
    assert!(!desk.shows("brand-new") && desk.shows("PAUSED, 1 waiting"));
    desk.press(" ");
    assert!(desk.shows("brand-new") && desk.shows("live"));
    assert!(desk.calls().is_empty());
    // More than is kept: the list is asked for again.
    desk.press(" ");
    (2000..4000).for_each(|number| desk.send(decided(number, "flood")));
    assert!(desk.shows("PAUSED, 2000 waiting"));
    assert_eq!(desk.press(" ").calls(), ["decisions {}"]);
}

#[test]
fn what_does_not_fit_the_filter_is_not_shown() {
    let mut desk = Desk::connected(120, 24);
    desk.press("2/decision=refuse brand<enter>");
    for (number, model, shown) in [(1000, "brand-a", false), (1001, "brand-b", true), (1005, "other-c", false)] {
        desk.send(decided(number, model));
        assert_eq!(desk.shows(model), shown, "{model}");
    }
    let mut desk = Desk::connected(120, 24);
    desk.press("2/user=alice<enter>");
    desk.send(decided(1000, "of-alice"));
    desk.send(decided(1001, "of-nobody"));
    assert!(desk.shows("of-alice") && !desk.shows("of-nobody"));
}

#[test]
fn the_cursor_stays_on_its_row() {
    let mut desk = Desk::connected(120, 24);
    desk.press("2<down>").calls();
    desk.send(decided(1000, "brand-new"));
    assert_eq!(desk.press("<enter>").calls(), ["explain 0190a1b2c3d400000000000000000001"]);
}

#[test]
fn the_list_stays_bounded() {
    let mut desk = Desk::connected(80, 24);
    (0..6000).for_each(|number| desk.send(decided(number + 100, "x")));
    desk.press("2");
    assert!(desk.shows("1 of 40") || desk.shows("narrow"), "{}", desk.shown());
    assert_eq!(desk.model().decisions.shown(), super::super::listing::MOST);
}
