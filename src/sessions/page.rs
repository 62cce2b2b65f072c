//! Pages of a person's sessions, and the cursors between them. Pure.

use std::cmp::Reverse;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::book::Shown;
use crate::ids::SessionId;

/// Which sessions are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wanted {
    #[default]
    All,
    /// In RAM.
    Live,
    /// Not in RAM.
    Idle,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    used_at: i64,
    id: SessionId,
}

/// Some of the sessions, the latest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub sessions: Vec<Shown>,
    /// Of all sessions, how many are in RAM and how many are not.
    pub live: usize,
    pub idle: usize,
    /// Where the next page begins; none after the last one.
    pub next: Option<Cursor>,
}

impl Cursor {
    /// The cursor as a client carries it.
    #[must_use]
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{} {}", self.used_at, self.id.as_str()))
    }

    /// Reads a cursor; nothing for what is none.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (used_at, id) = plain.split_once(' ')?;
        Some(Self { used_at: used_at.parse().ok()?, id: SessionId::parse(id).ok()? })
    }

    fn is_before(&self, session: &Shown) -> bool {
        place(self.used_at, &self.id) < place(session.used_at, &session.id)
    }
}

fn place(used_at: i64, id: &SessionId) -> (Reverse<i64>, &str) {
    (Reverse(used_at), id.as_str())
}

impl Page {
    pub(super) fn of(mut all: Vec<Shown>, wanted: Wanted, cursor: Option<&Cursor>, limit: usize) -> Self {
        let live = all.iter().filter(|session| session.live.is_some()).count();
        let idle = all.len() - live;
        all.retain(|session| match wanted {
            Wanted::All => true,
            Wanted::Live => session.live.is_some(),
            Wanted::Idle => session.live.is_none(),
        });
        all.retain(|session| cursor.is_none_or(|cursor| cursor.is_before(session)));
        all.sort_unstable_by(|a, b| place(a.used_at, &a.id).cmp(&place(b.used_at, &b.id)));
        let more = all.len() > limit;
        all.truncate(limit);
        let last = all.last().filter(|_| more);
        let next = last.map(|last| Cursor { used_at: last.used_at, id: last.id.clone() });
        Self { sessions: all, live, idle, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: &str, used_at: i64, live: bool) -> Shown {
        let id = SessionId::parse(id).unwrap();
        Shown { id, title: None, created_at: None, used_at, turns: 0, live: live.then_some((1, 0)) }
    }

    #[test]
    fn pages_follow_each_other_and_leave_nothing_out() {
        let all: Vec<Shown> = (0..25).map(|n| session(&format!("s{n}"), n / 3, n % 2 == 0)).collect();
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = Page::of(all.clone(), Wanted::All, cursor.as_ref(), 4);
            assert_eq!((page.live, page.idle), (13, 12));
            seen.extend(page.sessions.iter().map(|session| (Reverse(session.used_at), session.id.as_str().to_owned())));
            let Some(next) = page.next else { break };
            cursor = Some(Cursor::decode(&next.encode()).unwrap());
        }
        assert_eq!(seen.len(), 25);
        assert!(seen.is_sorted());
        let live = Page::of(all.clone(), Wanted::Live, None, 50);
        assert!(live.sessions.len() == 13 && live.next.is_none());
        assert!(Page::of(all, Wanted::Idle, None, 50).sessions.iter().all(|session| session.live.is_none()));
        for bad in ["", "x", "MTIz", "!!"] {
            assert_eq!(Cursor::decode(bad), None, "{bad}");
        }
    }
}
