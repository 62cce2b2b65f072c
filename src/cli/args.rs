//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::credential::AdminCommand;
use crate::identity::Assurance;
use crate::ids::{KeyId, TenantId, UserId};

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
        /// Print the OpenAPI document of the admin API instead.
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
    /// Users: their keys, and how much they must prove.
    #[command(subcommand)]
    User(UserCommand),
    /// Tenants: what there is of them, and their end.
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// The master key.
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Print the headers that sign a request, or a whole curl command.
    Sign(SignArgs),
    /// Print the version.
    Version,
}

#[derive(Debug, Args)]
pub(super) struct FileArgs {
    /// The configuration file.
    #[arg(long, short, env = "MEMGATE_CONFIG", default_value = "proxy.yaml")]
    pub config: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct ControlArgs {
    /// The configuration file, which names the control socket.
    #[arg(long, short, env = "MEMGATE_CONFIG", default_value = "proxy.yaml")]
    pub config: PathBuf,
    /// The control socket of the running memgate, whatever the configuration names.
    #[arg(long, env = "MEMGATE_SOCKET")]
    pub socket: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Keys that stand for a user.
    #[command(subcommand)]
    Key(KeyCommand),
    /// How much a user must prove.
    #[command(subcommand)]
    Trust(TrustCommand),
}

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Make a key and show it, this once.
    Add {
        /// `tenant:name`, or a name in the default tenant.
        user: UserId,
        /// What to call the key, such as `laptop`.
        #[arg(long, default_value = "")]
        label: String,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// List keys, of one user or of all.
    List {
        user: Option<UserId>,
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Revoke a key by its id.
    Revoke {
        id: KeyId,
        #[command(flatten)]
        control: ControlArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum TrustCommand {
    /// Lower a user's trust ratchet, so that weaker evidence opens the user's memory again. On record.
    Lower {
        user: UserId,
        /// The weakest evidence that is to do from now on. Left out, the ratchet is taken off.
        #[arg(long)]
        to: Option<Level>,
        #[command(flatten)]
        control: ControlArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum TenantCommand {
    /// List tenants with their users, bytes and keys.
    List {
        #[command(flatten)]
        control: ControlArgs,
    },
    /// Erase everything that is kept of a tenant's users, and revoke their keys. It cannot be undone. On record.
    Erase {
        #[arg(value_parser = TenantId::parse)]
        name: TenantId,
        /// Do it. Without this nothing is erased.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        control: ControlArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum VaultCommand {
    /// Replace the master key while memgate runs. On record.
    Rotate {
        /// A file with the new key: 64 hexadecimal digits. Left out, memgate makes one, unless `storage.master_key` is configured.
        #[arg(long, conflicts_with = "key_env")]
        key_file: Option<PathBuf>,
        /// The environment variable that holds the new key.
        #[arg(long)]
        key_env: Option<String>,
        #[command(flatten)]
        control: ControlArgs,
    },
}

/// A level that a ratchet can have.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Level {
    Asserted,
    Vouched,
    Verified,
}

impl From<Level> for Assurance {
    fn from(level: Level) -> Self {
        match level {
            Level::Asserted => Self::Asserted,
            Level::Vouched => Self::Vouched,
            Level::Verified => Self::Verified,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct SignArgs {
    /// Which of the configuration's signing keys to use.
    #[arg(long)]
    pub key_id: String,
    /// The environment variable that holds the secret. Left out, the configuration says where it is.
    #[arg(long)]
    pub secret_env: Option<String>,
    /// The user to sign for: `tenant:name`, or a name in the default tenant.
    #[arg(long)]
    pub user: String,
    #[arg(long, default_value = "POST")]
    pub method: String,
    /// The whole URL of the request, or its path with query.
    #[arg(long, alias = "path", default_value = "/v1/chat/completions")]
    pub url: String,
    /// A file with the exact bytes of the body; `-` reads them from standard input. Left out, the body is empty.
    #[arg(long)]
    pub body: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Headers)]
    pub format: Format,
    /// Which signature to make.
    #[arg(long, value_enum, default_value_t = SignatureKind::Memgate)]
    pub kind: SignatureKind,
    #[command(flatten)]
    pub file: FileArgs,
}

/// What signs a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SignatureKind {
    /// memgate's own headers.
    Memgate,
    /// An HTTP message signature with a content digest.
    Rfc9421,
}

/// How a signed request is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// One `Name: value` a line.
    Headers,
    /// A command for a shell.
    Curl,
}
