//! What follows from what happened: pure, so that tests can say everything that happens.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::dialog::Outcome;
use super::draw::help_lines;
use super::listing::Ticket;
use super::message::{Answer, Call, Command, Message, Trouble};
use super::model::{FRAME_ROWS, Link, Model, Notice, Tab};
use super::screens::{Cx, Screen, Scroll, View};

/// The model after a message, and what is to be done.
pub(super) fn update(mut model: Model, message: Message) -> (Model, Vec<Command>) {
    let commands = match message {
        Message::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
        Message::Key(key) => press(&mut model, key),
        Message::Pasted(text) => {
            if let Some(dialog) = &mut model.dialog {
                dialog.paste(&text);
            }
            Vec::new()
        }
        Message::Resized(columns, rows) => {
            model.size = (columns, rows);
            Vec::new()
        }
        Message::Tick(now) => tick(&mut model, now),
        Message::Answered(ticket, answer) => receive(&mut model, ticket, answer),
        Message::Failed(ticket, Trouble(text)) => {
            model.notice = Some(Notice::bad(text));
            if let Some(pending) = model.pending.remove(&ticket) {
                model.screen_mut(pending.tab).give_up(ticket);
            }
            Vec::new()
        }
        Message::Decided(row) => {
            model.decisions.hear(*row);
            Vec::new()
        }
        Message::Overview(overview) => {
            model.overview.show(overview);
            Vec::new()
        }
        Message::Connected => connect(&mut model),
        Message::Lost { why, again_in } => {
            let again_at = model.now.saturating_add(i64::try_from(again_in).unwrap_or(i64::MAX).saturating_mul(1000));
            model.link = Link::Down { why, again_at };
            Vec::new()
        }
        Message::Ended => vec![Command::Quit],
    };
    (model, commands)
}

/// memgate is there, or there again: what was missed is asked for, but for what is on record when it is asked for.
fn connect(model: &mut Model) -> Vec<Command> {
    model.link = Link::Up;
    let tab = model.tab;
    let mut commands = on_screen(model, tab, |_, cx| {
        cx.call(Call::WhoAmI);
    });
    let on_record = matches!(tab, Tab::Users | Tab::Sandboxes) && !model.screen(tab).is_empty();
    // Live rows alone would leave a hole where the connection was down.
    let live = tab != Tab::Decisions && tab != Tab::Audit;
    for tab in [(!on_record).then_some(tab), live.then_some(Tab::Decisions)].into_iter().flatten() {
        commands.extend(ask_anew(model, tab));
    }
    commands
}

fn tick(model: &mut Model, now: i64) -> Vec<Command> {
    model.now = now;
    let tab = model.tab;
    let due = model.screen(tab).refreshes_every().is_some_and(|seconds| (now / 1000) % seconds.max(1) == 0);
    let waiting = model.pending.values().any(|pending| pending.tab == tab);
    if due && !waiting && matches!(model.link, Link::Up) { ask_anew(model, tab) } else { Vec::new() }
}

fn receive(model: &mut Model, ticket: Ticket, answer: Answer) -> Vec<Command> {
    let Some(pending) = model.pending.remove(&ticket) else { return Vec::new() };
    match answer {
        Answer::WhoAmI(who) => model.meet(who),
        Answer::Done(told) => {
            model.notice = Some(Notice::good(told));
            return ask_anew(model, pending.tab);
        }
        answer => {
            if pending.act {
                model.notice = Some(Notice::good("Done."));
            }
            model.screen_mut(pending.tab).receive(ticket, answer);
        }
    }
    Vec::new()
}

fn ask_anew(model: &mut Model, tab: Tab) -> Vec<Command> {
    on_screen(model, tab, |screen, cx| screen.refresh(cx))
}

/// Has a screen do something, and takes over what it asks for.
fn on_screen(model: &mut Model, tab: Tab, work: impl FnOnce(&mut dyn Screen, &mut Cx)) -> Vec<Command> {
    let view = View { look: model.look, now: model.now };
    let (width, rows) = (model.size.0, usize::from(model.size.1.saturating_sub(FRAME_ROWS + 1)));
    let (mut last_ticket, mut pending) = (model.last_ticket, std::mem::take(&mut model.pending));
    let (commands, dialog, notice) = {
        let (last_ticket, pending) = (&mut last_ticket, &mut pending);
        let mut cx = Cx { tab, width, rows, view, last_ticket, pending, commands: Vec::new(), dialog: None, notice: None };
        work(model.screen_mut(tab), &mut cx);
        (cx.commands, cx.dialog, cx.notice)
    };
    (model.last_ticket, model.pending) = (last_ticket, pending);
    model.dialog = dialog.or(model.dialog.take());
    model.notice = notice.or(model.notice.take());
    commands
}

fn press(model: &mut Model, key: KeyEvent) -> Vec<Command> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if control && key.code == KeyCode::Char('c') {
        return vec![Command::Quit];
    }
    if model.too_small() {
        return if key.code == KeyCode::Char('q') { vec![Command::Quit] } else { Vec::new() };
    }
    if let Some(mut dialog) = model.dialog.take() {
        return match dialog.press(key) {
            Outcome::Open => {
                model.dialog = Some(dialog);
                Vec::new()
            }
            Outcome::Closed => Vec::new(),
            Outcome::Answered(text) => on_screen(model, model.tab, |screen, cx| screen.submit(dialog.intent, text, cx)),
        };
    }
    if let Some(scrolled) = model.help {
        let mut scroll = Scroll(scrolled);
        let lines = help_lines(model).len();
        let moved = scroll.press(key, lines, usize::from(model.size.1.saturating_sub(FRAME_ROWS)));
        model.help = moved.then_some(scroll.0);
        return Vec::new();
    }
    // What was told has been read by whoever goes on.
    model.notice = None;
    match key.code {
        KeyCode::Char('q') if !control => return vec![Command::Quit],
        KeyCode::Char('?') => model.help = Some(0),
        KeyCode::Char('r') if !control => {
            if !model.pending.values().any(|pending| pending.tab == model.tab) {
                return ask_anew(model, model.tab);
            }
        }
        KeyCode::Char(digit @ '1'..='8') => {
            if let Some(tab) = usize::try_from(u32::from(digit) - u32::from('1')).ok().and_then(|index| Tab::ALL.get(index)) {
                return switch(model, *tab);
            }
        }
        KeyCode::Tab => return switch(model, neighbour(model.tab, 1)),
        KeyCode::BackTab => return switch(model, neighbour(model.tab, Tab::ALL.len() - 1)),
        _ => return on_screen(model, model.tab, |screen, cx| screen.press(key, cx)),
    }
    Vec::new()
}

fn neighbour(tab: Tab, by: usize) -> Tab {
    let at = Tab::ALL.iter().position(|other| *other == tab).unwrap_or(0);
    Tab::ALL[(at + by) % Tab::ALL.len()]
}

/// Goes to another screen, which asks for what it shows if it has nothing to show.
fn switch(model: &mut Model, tab: Tab) -> Vec<Command> {
    model.tab = tab;
    if model.screen(tab).is_empty() { ask_anew(model, tab) } else { Vec::new() }
}
