//! Waits for what happens, and has it followed by what is to be done.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::crossterm::event::{self, Event as TerminalEvent};
use thiserror::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::draw::draw;
use super::look::Look;
use super::message::{Command, Message};
use super::model::Model;
use super::perform::{explain, perform};
use super::terminal::{self, Taken};
use super::update::update;
use crate::client::{Client, ClientError, Event};

/// Why the terminal interface ended, other than by wish.
#[derive(Debug, Error)]
pub enum TuiError {
    #[error("standard input and output are no terminal; for scripts there are the other commands, with --json")]
    NoTerminal,
    #[error("{0}")]
    Client(#[from] ClientError),
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
    /// A task panicked; the panic has been told.
    #[error("the interface broke down; this is a fault of memgate")]
    Broken,
}

/// Messages that wait at most; who makes more of them waits.
const MOST_WAITING: usize = 256;
/// How soon the thread that reads keys sees that it is over.
const KEYS_PATIENCE: Duration = Duration::from_millis(100);
/// How long it is waited for.
const LAST_WAIT: Duration = Duration::from_millis(500);
/// How long the stream of events is left alone after it broke, at first and at most: seconds.
const FIRST_PAUSE: u64 = 1;
const LONGEST_PAUSE: u64 = 30;

/// Shows the interface until somebody quits.
///
/// # Errors
/// When there is no terminal, or no memgate answers at the start. A memgate that goes away later is waited for.
pub fn run(client: Client) -> Result<(), TuiError> {
    if !terminal::is_there() {
        return Err(TuiError::NoTerminal);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ended = runtime.block_on(async {
        // Told in the shell, where it can be read, before the terminal is taken.
        let who = client.who_am_i().await?;
        let signals = Signals::listen()?;
        let (_taken, mut terminal) = Taken::take()?;
        let size = terminal.size()?;
        let mut model = Model::new(Look::from_environment(), (size.width, size.height), now());
        model.meet(who);
        let keys = Keys::read();
        follow(model, Arc::new(client), &mut terminal, keys, signals).await
    });
    runtime.shutdown_background();
    ended
}

async fn follow<B: Backend<Error = io::Error>>(
    mut model: Model,
    client: Arc<Client>,
    terminal: &mut Terminal<B>,
    mut keys: Keys,
    mut signals: Signals,
) -> Result<(), TuiError> {
    let (sender, mut messages) = mpsc::channel(MOST_WAITING);
    let mut tasks = JoinSet::new();
    tasks.spawn(watch(client.clone(), sender.clone()));
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        terminal.draw(|frame| draw(&model, frame))?;
        let mut message = tokio::select! {
            () = signals.any() => Some(Message::Ended),
            event = keys.next() => event,
            message = messages.recv() => message,
            _ = seconds.tick() => Some(Message::Tick(now())),
            Some(joined) = tasks.join_next() => {
                joined.map_err(|_| TuiError::Broken)?;
                continue;
            }
        };
        // What waits already is followed before the next drawing, which is the dear part.
        for _ in 0..MOST_WAITING {
            let Some(happened) = message.take().or_else(|| keys.waiting()).or_else(|| messages.try_recv().ok()) else { break };
            let (next, commands) = update(model, happened);
            model = next;
            for command in commands {
                let Command::Call(ticket, call) = command else { return Ok(()) };
                let (client, sender) = (client.clone(), sender.clone());
                tasks.spawn(async move {
                    let message = match perform(&client, *call).await {
                        Ok(answer) => Message::Answered(ticket, answer),
                        Err(trouble) => Message::Failed(ticket, trouble),
                    };
                    // Nobody listens any more: it is over.
                    let _ = sender.send(message).await;
                });
            }
        }
    }
}

/// Follows the stream of events, and begins anew whenever it breaks.
async fn watch(client: Arc<Client>, sender: mpsc::Sender<Message>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let why = match client.events().await {
            Ok(mut events) => {
                pause = FIRST_PAUSE;
                if sender.send(Message::Connected).await.is_err() {
                    return;
                }
                loop {
                    let message = match events.next().await {
                        Ok(Some(Event::Decision(row))) => Message::Decided(row),
                        Ok(Some(Event::Overview(overview))) => Message::Overview(overview),
                        Ok(None) => break "memgate has ended the connection.".to_owned(),
                        Err(error) => break explain(&error),
                    };
                    if sender.send(message).await.is_err() {
                        return;
                    }
                }
            }
            // memgate is there; this credential may not see what is live.
            Err(ClientError::Refused(problem)) if problem.status == 403 => {
                let _ = sender.send(Message::Connected).await;
                return;
            }
            Err(error) => explain(&error),
        };
        if sender.send(Message::Lost { why, again_in: pause }).await.is_err() {
            return;
        }
        sleep(Duration::from_secs(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// What a terminal sends, read by a thread of its own, since reading waits.
struct Keys {
    events: mpsc::Receiver<Message>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Keys {
    fn read() -> Self {
        let (sender, events) = mpsc::channel(MOST_WAITING);
        let over = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let over = over.clone();
            move || while !over.load(Ordering::Relaxed) && pass_on(&sender).is_some() {}
        });
        Self { events, over, thread: Some(thread) }
    }

    /// A terminal that can be read no more has gone away.
    async fn next(&mut self) -> Option<Message> {
        Some(self.events.recv().await.unwrap_or(Message::Ended))
    }

    fn waiting(&mut self) -> Option<Message> {
        self.events.try_recv().ok()
    }
}

/// None when it is over.
fn pass_on(sender: &mpsc::Sender<Message>) -> Option<()> {
    if !event::poll(KEYS_PATIENCE).ok()? {
        return Some(());
    }
    let message = match event::read().ok()? {
        TerminalEvent::Key(key) => Message::Key(key),
        TerminalEvent::Paste(text) => Message::Pasted(text),
        TerminalEvent::Resize(columns, rows) => Message::Resized(columns, rows),
        _ => return Some(()),
    };
    sender.blocking_send(message).ok()
}

impl Drop for Keys {
    /// Whatever is typed from now on is the shell's. A terminal that has gone away keeps the thread inside crossterm, which goes on reading
    /// an end of file: it is not waited for, and ends with the process.
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.events.close();
        let Some(thread) = self.thread.take() else { return };
        let until = Instant::now() + LAST_WAIT;
        while !thread.is_finished() && Instant::now() < until {
            thread::sleep(KEYS_PATIENCE / 10);
        }
    }
}

/// The ways in which the system asks for the end.
struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self([signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?]))
    }

    async fn any(&mut self) {
        let [terminate, interrupt, hang_up] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
        }
    }
}

/// Milliseconds since the Unix epoch.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
