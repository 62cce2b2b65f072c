//! `memgate sign`: signed headers for any request, for shells and scripts.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};

use super::args::FileArgs;
use super::output::Failure;
use crate::config;
use crate::identity::{SigningKey, sign, sign_message};
use crate::ids::UserId;
use crate::setting::{Fault, Faults, SecretRef};

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

/// A request as it is signed: where it goes and what the signature covers.
struct Target {
    /// Scheme and authority.
    origin: String,
    /// Path with query.
    path: String,
}

pub(super) fn print_signed(args: &SignArgs, stdin: &mut dyn Read, out: &mut dyn Write) -> Result<(), Failure> {
    UserId::parse(&args.user).map_err(|error| Failure::Usage(format!("--user {error}")))?;
    let key = find_key(args)?;
    let target = find_target(args)?;
    let method = args.method.to_ascii_uppercase();
    let body = read_body(args.body.as_deref(), stdin)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(Failure::other)?.as_secs();
    let now = i64::try_from(now).map_err(Failure::other)?;
    let make = match args.kind {
        SignatureKind::Memgate => sign,
        SignatureKind::Rfc9421 => sign_message,
    };
    let headers = make(&key, &args.user, &method, &target.path, &body, now, &fresh_nonce()?);
    match args.format {
        Format::Headers => {
            for (name, value) in headers {
                writeln!(out, "{name}: {value}")?;
            }
        }
        Format::Curl => {
            let mut words = vec!["curl".to_owned(), "-X".to_owned(), quote(&method)];
            for (name, value) in headers {
                words.extend(["-H".to_owned(), quote(&format!("{name}: {value}"))]);
            }
            if let Some(file) = &args.body {
                words.extend(["-H".to_owned(), quote("Content-Type: application/json")]);
                words.extend(["--data-binary".to_owned(), quote(&format!("@{}", file.display()))]);
            }
            words.push(quote(&format!("{}{}", target.origin, target.path)));
            writeln!(out, "{}", words.join(" "))?;
        }
    }
    Ok(())
}

fn find_key(args: &SignArgs) -> Result<SigningKey, Failure> {
    let mut faults = Faults::default();
    let secret = if let Some(name) = &args.secret_env {
        SecretRef::Env(name.clone()).resolve("--secret-env", &mut faults)
    } else {
        let (file, found) = config::read_shape(&args.file.config);
        let file = file.ok_or_else(|| Failure::config(&args.file.config, found))?;
        let mut keys = file.trust.signing_keys.iter();
        let key = keys.find(|key| key.id == args.key_id).ok_or_else(|| {
            let config = args.file.config.display();
            Failure::Usage(format!("{config} has no signing key of this id; add it to trust.signing_keys, or use --secret-env"))
        })?;
        key.secret.resolve("trust.signing_keys", &mut faults)
    };
    let reasons = |faults: Faults| faults.into_vec().into_iter().map(|Fault { path, reason, .. }| [path, reason].join(": "));
    let secret = secret.ok_or_else(|| Failure::Usage(reasons(faults).collect::<Vec<_>>().join("\n")))?;
    Ok(SigningKey { id: args.key_id.as_str().into(), secret })
}

fn find_target(args: &SignArgs) -> Result<Target, Failure> {
    let fault = || Failure::Usage("--url is neither a URL nor a path that starts with `/`".to_owned());
    if args.url.starts_with('/') {
        let uri: http::Uri = args.url.parse().map_err(|_| fault())?;
        let listen = config::read_shape(&args.file.config).0.and_then(|file| file.listen);
        let origin = format!("http://{}", listen.as_deref().unwrap_or(config::DEFAULT_LISTEN));
        return Ok(Target { origin, path: uri.to_string() });
    }
    let uri: http::Uri = args.url.parse().map_err(|_| fault())?;
    let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else { return Err(fault()) };
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    Ok(Target { origin: format!("{scheme}://{authority}"), path: path.to_owned() })
}

fn read_body(file: Option<&Path>, stdin: &mut dyn Read) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    match file {
        None => {}
        Some(path) if path == Path::new("-") => {
            stdin.read_to_end(&mut body)?;
        }
        Some(path) => {
            body = std::fs::read(path).map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))?;
        }
    }
    Ok(body)
}

fn fresh_nonce() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(Failure::other)?;
    Ok(hex::encode(bytes))
}

/// A word that a POSIX shell reads as it stands.
fn quote(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:@=,+".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
