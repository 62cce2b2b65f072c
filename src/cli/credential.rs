//! `memgate admin …`: makes what people and programs sign in to the admin API by. Nothing is kept: the secret is shown once.

use std::io::{BufRead, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand, ValueEnum};
use zeroize::Zeroizing;

use super::output::Failure;
use crate::admin::{PasswordHash, Role};

/// What tokens begin with, so that scanners for leaked secrets know them.
const TOKEN_PREFIX: &str = "mga_";
/// Longest line that is read as a password, in bytes.
const LONGEST_LINE: u64 = 4096;

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Make a token for a program, and show it with what to put into proxy.yaml.
    Token(CredentialArgs),
    /// Hash a password, read as one line from standard input, and show what to put into proxy.yaml.
    HashPassword(CredentialArgs),
}

#[derive(Debug, Args)]
pub(super) struct CredentialArgs {
    /// Who it is for, as the audit log is to have it.
    #[arg(long, default_value = "admin")]
    name: String,
    /// What it is for.
    #[arg(long, value_enum, default_value_t = RoleArg::Operator)]
    role: RoleArg,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleArg {
    Viewer,
    Operator,
    Auditor,
}

impl RoleArg {
    fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => Role::Viewer.as_str(),
            Self::Operator => Role::Operator.as_str(),
            Self::Auditor => Role::Auditor.as_str(),
        }
    }
}

pub(super) fn execute(command: &AdminCommand, input: &mut dyn BufRead, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        AdminCommand::Token(CredentialArgs { name, role }) => {
            let token = make_token()?;
            writeln!(out, "{}", token.as_str())?;
            let role = role.as_str();
            writeln!(
                out,
                "\nThis token is not shown again. Put it into the environment of memgate, or into a file that it alone can read, and add\n\n\
                 admin:\n  credentials:\n    - {{name: {name}, role: {role}, token: {{env: MEMGATE_ADMIN_TOKEN}}}}\n\n\
                 to proxy.yaml, then `memgate reload`. Programs send `Authorization: Bearer` with it."
            )?;
        }
        AdminCommand::HashPassword(CredentialArgs { name, role }) => {
            let hash =
                PasswordHash::of(&read_password(input)?).map_err(|fault| Failure::Usage(format!("the password {fault}")))?;
            let role = role.as_str();
            writeln!(out, "admin:\n  credentials:\n    - {{name: {name}, role: {role}, password_hash: \"{}\"}}", hash.as_str())?;
        }
    }
    Ok(())
}

fn make_token() -> Result<Zeroizing<String>, Failure> {
    let mut random = Zeroizing::new([0_u8; 32]);
    getrandom::fill(random.as_mut_slice()).map_err(Failure::other)?;
    let mut token = Zeroizing::new(String::with_capacity(TOKEN_PREFIX.len() + 43));
    token.push_str(TOKEN_PREFIX);
    URL_SAFE_NO_PAD.encode_string(random.as_slice(), &mut token);
    Ok(token)
}

/// One line, without its end.
fn read_password(input: &mut dyn BufRead) -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(String::with_capacity(128));
    input.take(LONGEST_LINE).read_line(&mut line)?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::AdminFile;
    use crate::setting::Faults;

    fn arguments() -> CredentialArgs {
        CredentialArgs { name: "anna".to_owned(), role: RoleArg::Viewer }
    }

    fn run(command: &AdminCommand, input: &str) -> Result<String, Failure> {
        let mut out = Vec::new();
        execute(command, &mut input.as_bytes(), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_is_printed_is_what_the_configuration_takes() {
        let printed = run(&AdminCommand::HashPassword(arguments()), "correct horse battery\r\n").unwrap();
        let file: serde_yaml::Value = serde_yaml::from_str(&printed).unwrap();
        let file: AdminFile = serde_yaml::from_value(file["admin"].clone()).unwrap();
        let mut faults = Faults::default();
        let [known] = &file.resolve("admin", &mut faults).credentials[..] else { panic!("{printed}") };
        assert!(faults.is_empty(), "{:?}", faults.into_vec());
        assert_eq!((&*known.name, known.role), ("anna", Role::Viewer));
        assert!(known.password.as_ref().unwrap().verify(b"correct horse battery"));
    }

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let made = || run(&AdminCommand::Token(arguments()), "").unwrap();
        let (one, other) = (made(), made());
        let token = one.lines().next().unwrap();
        assert!(token.starts_with("mga_") && token.len() == 47, "{token}");
        assert!(!other.contains(token) && one.contains("{name: anna, role: viewer, token: {env: MEMGATE_ADMIN_TOKEN}}"), "{one}");
    }

    #[test]
    fn a_short_password_is_not_hashed_nor_shown() {
        let refused = run(&AdminCommand::HashPassword(arguments()), "hunter2\n").unwrap_err();
        assert!(matches!(&refused, Failure::Usage(told) if !told.contains("hunter2")), "{refused}");
        assert!(run(&AdminCommand::HashPassword(arguments()), "").is_err());
    }
}
