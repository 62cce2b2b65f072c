//! What the terminal shows, as data.

use std::collections::BTreeMap;

use super::dialog::Dialog;
use super::listing::Ticket;
use super::look::Look;
use super::screens::{
    Pending, Screen, audit::Audit, budgets::Budgets, decisions::Decisions, overview::OverviewScreen, sandboxes::Sandboxes,
    upstreams::Upstreams, users::Users, what_if::WhatIf,
};
use crate::admin::Role;
use crate::admin::api::WhoAmI;

/// The least that the screens fit into.
pub(super) const LEAST: (u16, u16) = (60, 15);
/// Rows above and below a screen: title and tabs, status and keys.
pub(super) const FRAME_ROWS: u16 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Overview,
    Decisions,
    Users,
    Sandboxes,
    Upstreams,
    Budgets,
    Audit,
    WhatIf,
}

impl Tab {
    pub const ALL: [Self; 8] = [
        Self::Overview,
        Self::Decisions,
        Self::Users,
        Self::Sandboxes,
        Self::Upstreams,
        Self::Budgets,
        Self::Audit,
        Self::WhatIf,
    ];

    /// A name that leaves room for all eight in 80 columns.
    pub fn short(self) -> &'static str {
        match self {
            Self::Sandboxes => "Sandbox",
            Self::Upstreams => "Upstream",
            Self::Budgets => "Budget",
            other => other.title(),
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Decisions => "Decisions",
            Self::Users => "Users",
            Self::Sandboxes => "Sandboxes",
            Self::Upstreams => "Upstreams",
            Self::Budgets => "Budgets",
            Self::Audit => "Audit",
            Self::WhatIf => "What-if",
        }
    }
}

/// What the status line tells.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    pub good: bool,
    pub text: String,
}

impl Notice {
    pub fn good(text: impl Into<String>) -> Self {
        Self { good: true, text: text.into() }
    }

    pub fn bad(text: impl Into<String>) -> Self {
        Self { good: false, text: text.into() }
    }
}

/// Whether memgate is there.
#[derive(Debug, Clone)]
pub(super) enum Link {
    Connecting,
    Up,
    Down {
        why: String,
        /// When the next attempt is made: milliseconds since the Unix epoch.
        again_at: i64,
    },
}

/// Everything that is known and shown.
pub(super) struct Model {
    pub look: Look,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Milliseconds since the Unix epoch.
    pub now: i64,
    pub tab: Tab,
    pub who: Option<WhoAmI>,
    pub link: Link,
    pub notice: Option<Notice>,
    pub dialog: Option<Dialog>,
    /// How far the help is scrolled, while it is open.
    pub help: Option<usize>,
    pub last_ticket: Ticket,
    pub pending: BTreeMap<Ticket, Pending>,
    pub overview: OverviewScreen,
    pub decisions: Decisions,
    pub users: Users,
    pub sandboxes: Sandboxes,
    pub upstreams: Upstreams,
    pub budgets: Budgets,
    pub audit: Audit,
    pub what_if: WhatIf,
}

impl Model {
    pub fn new(look: Look, size: (u16, u16), now: i64) -> Self {
        Self {
            look,
            size,
            now,
            tab: Tab::Overview,
            who: None,
            link: Link::Connecting,
            notice: None,
            dialog: None,
            help: None,
            last_ticket: 0,
            pending: BTreeMap::new(),
            overview: OverviewScreen::default(),
            decisions: Decisions::default(),
            users: Users::default(),
            sandboxes: Sandboxes::default(),
            upstreams: Upstreams::default(),
            budgets: Budgets::default(),
            audit: Audit::default(),
            what_if: WhatIf::default(),
        }
    }

    /// memgate has said who this is. Who may read the audit log alone begins there.
    pub fn meet(&mut self, who: WhoAmI) {
        if self.who.is_none() && who.role == Role::Auditor.as_str() {
            self.tab = Tab::Audit;
        }
        self.who = Some(who);
    }

    pub fn too_small(&self) -> bool {
        self.size.0 < LEAST.0 || self.size.1 < LEAST.1
    }

    pub fn screen(&self, tab: Tab) -> &dyn Screen {
        match tab {
            Tab::Overview => &self.overview,
            Tab::Decisions => &self.decisions,
            Tab::Users => &self.users,
            Tab::Sandboxes => &self.sandboxes,
            Tab::Upstreams => &self.upstreams,
            Tab::Budgets => &self.budgets,
            Tab::Audit => &self.audit,
            Tab::WhatIf => &self.what_if,
        }
    }

    pub fn screen_mut(&mut self, tab: Tab) -> &mut dyn Screen {
        match tab {
            Tab::Overview => &mut self.overview,
            Tab::Decisions => &mut self.decisions,
            Tab::Users => &mut self.users,
            Tab::Sandboxes => &mut self.sandboxes,
            Tab::Upstreams => &mut self.upstreams,
            Tab::Budgets => &mut self.budgets,
            Tab::Audit => &mut self.audit,
            Tab::WhatIf => &mut self.what_if,
        }
    }
}
