//! A list that comes page by page, and the place of the cursor in it.

use std::ops::Range;

use crate::admin::api::Page;

/// The number of a call, by which its answer is known. Answers to calls that something newer replaced are thrown away.
pub(super) type Ticket = u64;

/// Rows kept of one list. Who needs more narrows the search.
pub(super) const MOST: usize = 5_000;

#[derive(Debug)]
pub(super) struct Listing<T> {
    pub rows: Vec<T>,
    pub selected: usize,
    pub total: Option<u64>,
    /// Where the next page begins.
    next: Option<String>,
    awaited: Option<Awaited>,
    loaded: bool,
}

#[derive(Debug, Clone, Copy)]
struct Awaited {
    ticket: Ticket,
    more: bool,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), selected: 0, total: None, next: None, awaited: None, loaded: false }
    }
}

impl<T> Listing<T> {
    /// Nothing has come, and nothing is on its way.
    pub fn is_empty(&self) -> bool {
        !self.loaded && self.awaited.is_none()
    }

    /// Waits for the first page. What is there stays until it comes.
    pub fn begin(&mut self, ticket: Ticket) {
        self.awaited = Some(Awaited { ticket, more: false });
    }

    /// Where the next page begins, if the cursor is at the end and one is neither there nor on its way.
    pub fn wanted(&self) -> Option<String> {
        let at_end = self.selected + 1 >= self.rows.len();
        if at_end && self.awaited.is_none() && self.rows.len() < MOST { self.next.clone() } else { None }
    }

    /// Waits for one more page.
    pub fn begin_more(&mut self, ticket: Ticket) {
        self.awaited = Some(Awaited { ticket, more: true });
    }

    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.awaited.is_some_and(|awaited| awaited.ticket == ticket)
    }

    pub fn receive(&mut self, ticket: Ticket, page: Page<T>) {
        let Some(awaited) = self.awaited.filter(|awaited| awaited.ticket == ticket) else { return };
        if !awaited.more {
            self.rows.clear();
        }
        self.rows.extend(page.items);
        self.rows.truncate(MOST);
        self.next = page.next;
        self.total = page.total;
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
        self.awaited = None;
        self.loaded = true;
    }

    /// The call failed; what is there stays.
    pub fn give_up(&mut self, ticket: Ticket) {
        if self.awaits(ticket) {
            self.awaited = None;
        }
    }

    pub fn step(&mut self, by: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    /// Puts a newer row before all others. The cursor stays on its row, or at the newest.
    pub fn push_front(&mut self, row: T) {
        self.rows.insert(0, row);
        if self.selected > 0 {
            self.selected += 1;
        }
        self.rows.truncate(MOST);
        self.step(0);
        self.loaded = true;
    }

    pub fn current(&self) -> Option<&T> {
        self.rows.get(self.selected)
    }

    /// The rows that fit, with the cursor as near to the middle as can be.
    pub fn window(&self, height: usize) -> Range<usize> {
        let len = self.rows.len();
        let start = self.selected.saturating_sub(height / 2).min(len.saturating_sub(height));
        start..len.min(start + height)
    }

    /// Where the cursor is and how much there is.
    pub fn place(&self) -> String {
        if self.rows.is_empty() {
            return if self.awaited.is_some() { "loading…".to_owned() } else { String::new() };
        }
        let more = if self.next.is_some() { "+" } else { "" };
        let total = self.total.map_or_else(|| format!("{}{more}", self.rows.len()), |total| total.to_string());
        let full = if self.rows.len() >= MOST { ", narrow the search for more" } else { "" };
        format!("{} of {total}{full}", self.selected + 1)
    }

    /// What is told in place of rows.
    pub fn nothing(&self, none: &'static str) -> &'static str {
        match (self.loaded, self.awaited.is_some()) {
            (_, true) => "Loading…",
            (true, false) => none,
            (false, false) => "Nothing has come yet. Press r to ask again.",
        }
    }
}
