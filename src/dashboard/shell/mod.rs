//! What every page is set in: head, navigation, heading, notices; and the parts that pages are made of.
//!
//! A handler takes a [`Frame`] and answers `Ok(frame.show(Sheet::new("Title", body)))`, or a `Problem`, which becomes a page too.
//! Text of strangers goes through [`inert`], without exception. Nothing carries a style or a script of its own: the content
//! security policy forbids it.

mod ask;
mod frame;
mod parts;
mod text;

pub(super) use ask::{Asked, utc};
pub(super) use frame::{Frame, Sheet, show_faults, show_problem};
pub(super) use parts::{
    Tone, badge, choice_field, empty, facts_list, filter_form, hidden_field, live_switch, notice, number, paging, reason_field,
    table, text_field, time_field, user_link, words,
};
pub(super) use text::{ago, bytes_text, clock, count, encode, inert, inert_list, inert_whole, moment, optional, prose};
