//! What can be typed.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::audit::AuditCommand;
use super::budget::BudgetCommand;
use super::config_file::ConfigCommand;
use super::credential::AdminCommand;
use super::decisions::{DecisionArgs, WhatIfArgs};
use super::doctor::DoctorArgs;
use super::facts::FactsCommand;
use super::keys::KeysCommand;
use super::manual::{CompletionArgs, ManualArgs};
use super::output::Failure;
use super::sandbox::SandboxCommand;
use super::sessions::SessionArgs;
use super::sign::SignArgs;
use super::tenant::TenantCommand;
use super::users::{TrustCommand, UsersCommand};
use super::vault::VaultCommand;

/// An identity-enforcing reverse proxy with per-user memory for chat clients of language models.
#[derive(Debug, Parser)]
#[command(name = "memgate", version, arg_required_else_help = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Start the proxy.
    Run(FileArgs),
    /// Check a configuration file, secrets included, and report every fault.
    Check(FileArgs),
    /// Print the JSON schema of the configuration file.
    Schema {
        /// Print the `OpenAPI` document of the admin API instead.
        #[arg(long)]
        openapi: bool,
    },
    /// Make credentials for the admin API.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Have the running memgate read its configuration anew. A faulty one changes nothing.
    Reload(ControlArgs),
    /// Show how the running memgate is.
    Status(ControlArgs),
    /// Check a running installation end to end, with throw-away users.
    Doctor(DoctorArgs),
    /// See and steer the running memgate in this terminal.
    Tui(ControlArgs),
    /// Show the numbers of now.
    Overview(ControlArgs),
    /// Users: who there is, how much they must prove, their erasure and merging.
    #[command(subcommand)]
    Users(UsersCommand),
    /// What is remembered of a user, looked at and changed with a stated reason. On record.
    #[command(subcommand)]
    Facts(FactsCommand),
    /// Sandboxes of people who are unknown.
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    /// Keys that stand for a user.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// What `keys` and `users` were called before.
    #[command(subcommand, hide = true)]
    User(UserCommand),
    /// List live sessions.
    Sessions(SessionArgs),
    /// List recent decisions, or follow them.
    Decisions(DecisionArgs),
    /// Explain one decision, by the id of the request.
    Explain {
        /// As in the header `x-request-id` of the answer, and in `memgate decisions`.
        request: String,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Decide on the recent requests once more, under another mode. Changes nothing.
    Whatif(WhatIfArgs),
    /// Show whom the shadow mode would refuse.
    Shadow(ControlArgs),
    /// The audit log: its records, and whether they are as they were written.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Budgets: their rules, who uses how much, and a reset.
    #[command(subcommand)]
    Budget(BudgetCommand),
    /// List the configured clients and how they were last seen.
    Clients(ControlArgs),
    /// List the upstreams and how they are.
    Upstreams(ControlArgs),
    /// The configuration of the running memgate.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Tenants: what there is of them, and their end.
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// The master key.
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Print the headers that sign a request, or a whole curl command.
    Sign(SignArgs),
    /// Print what completes commands in a shell.
    Completions(CompletionArgs),
    /// Print the manual page, or write those of all commands.
    Man(ManualArgs),
    /// Print the version.
    Version,
}

/// The names that stood here before there were `keys` and `users`.
#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// As `memgate keys`.
    #[command(subcommand)]
    Key(KeysCommand),
    /// As `memgate users trust`.
    #[command(subcommand)]
    Trust(TrustCommand),
}

#[derive(Debug, Args)]
pub(super) struct FileArgs {
    /// The configuration file.
    #[arg(long, short, env = "MEMGATE_CONFIG", default_value = "proxy.yaml")]
    pub config: PathBuf,
}

/// Which memgate is spoken to, and how its answer is shown.
#[derive(Debug, Clone, Args)]
pub(super) struct ControlArgs {
    /// The configuration file, which names the control socket.
    #[arg(long, short, env = "MEMGATE_CONFIG", default_value = "proxy.yaml")]
    pub config: PathBuf,
    /// The control socket of the running memgate, whatever the configuration names.
    #[arg(long, env = "MEMGATE_SOCKET")]
    pub socket: Option<PathBuf>,
    /// The admin listener of a memgate elsewhere, in place of a socket: `https://HOST:PORT`. The token is that of `MEMGATE_ADMIN_TOKEN`.
    #[arg(long, env = "MEMGATE_ADMIN_URL")]
    pub url: Option<String>,
    /// The file that holds the token for --url.
    #[arg(long, env = "MEMGATE_ADMIN_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// How much of a list is shown.
#[derive(Debug, Clone, Args)]
pub(super) struct PageArgs {
    /// Entries of a page.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub limit: Option<u32>,
    /// Where the page begins, as the one before said.
    #[arg(long)]
    pub cursor: Option<String>,
    /// Turn page after page, to the end.
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
}

impl PageArgs {
    /// Entries to ask for at once.
    pub(super) fn size(&self) -> Option<u32> {
        if self.all { Some(200) } else { self.limit }
    }
}

/// Why an operator looks at or changes what is remembered of somebody.
#[derive(Debug, Clone, Args)]
pub(super) struct ReasonArgs {
    /// Why. It is put on record, and the person can read it.
    #[arg(long)]
    pub reason: String,
}

/// That what cannot be undone is meant.
#[derive(Debug, Clone, Args)]
pub(super) struct ConfirmArgs {
    /// Do it without asking.
    #[arg(long)]
    pub yes: bool,
}

impl ConfirmArgs {
    /// Goes on where it was said, or is typed now: the very word, on a terminal.
    pub(super) fn require(&self, what: &str, word: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            return Err(Failure::Usage(format!("{what} cannot be undone: say --yes to do it")));
        }
        let mut asked = io::stderr().lock();
        write!(asked, "{what} cannot be undone. Type `{word}` to do it: ")?;
        asked.flush()?;
        let mut typed = String::new();
        io::stdin().lock().read_line(&mut typed)?;
        if typed.trim() == word { Ok(()) } else { Err(Failure::Usage("nothing was done".to_owned())) }
    }
}
