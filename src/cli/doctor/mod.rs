//! `memgate doctor`: a running installation, looked at from outside as its clients see it. It mends nothing, and takes away what it
//! brought: throw-away users, their memories, their keys.

mod canary;
mod chat;
mod cleaning;
mod forgery;
mod judge;
mod person;
mod plan;
mod records;
mod report;
mod upstreams;
mod wire;

use std::io::Write;
use std::time::Duration;

use clap::Args;

use self::chat::Chat;
use self::cleaning::Guests;
use self::plan::Imitation;
use self::report::{Findings, Outcome};
use self::wire::Wire;
use super::args::ControlArgs;
use super::connect::connect;
use super::output::Failure;
use crate::client::{Client, ClientError};
use crate::config::{self, Config, ConfigFile};
use crate::policy::TrustMode;

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Where chat clients connect, where that is not `listen` in the clear: `https://HOST:PORT`.
    #[arg(long)]
    address: Option<String>,
    /// A client that is left out. It may be there several times.
    #[arg(long)]
    skip: Vec<String>,
    /// How long learning may take, in seconds.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    patience: u64,
    #[command(flatten)]
    control: ControlArgs,
}

/// What the checks work with.
struct Visit<'a> {
    admin: Client,
    wire: Wire,
    config: Config,
    args: &'a DoctorArgs,
}

/// Examines the installation and tells the verdict. Fails when something did.
pub(super) fn examine(args: &DoctorArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let mut findings = Findings::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(look(args, &mut findings))?;
    findings.print(args.control.json, out)?;
    if findings.verdict() == Outcome::Failed {
        Err(Failure::Other("something is wrong with this installation".to_owned()))
    } else {
        Ok(())
    }
}

async fn look(args: &DoctorArgs, findings: &mut Findings) -> Result<(), Failure> {
    let path = &args.control.config;
    let config = match config::load(path) {
        Ok(config) => config,
        Err(faults) => {
            for fault in faults {
                findings.fail("configuration", format!("{} {}.", fault.path, fault.reason), fault.remedy);
            }
            return Ok(());
        }
    };
    // Which keys there are is in the resolved configuration, what they are is where the file says.
    let file = config::read_shape(path).0.unwrap_or_default();
    findings.ok("configuration", format!("{} is fine.", path.display()));
    let admin = connect(&args.control)?;
    if !answers(&admin, findings).await {
        return Ok(());
    }
    let wire = match (&args.address, &config.tls) {
        (Some(address), _) => Wire::at(address)?,
        (None, None) => Wire::at(&Wire::address_of(config.listen))?,
        (None, Some(_)) => {
            findings.skipped("clients", "`tls` is on: say with --address https://HOST:PORT for which name the certificate is.");
            return Ok(());
        }
    };
    let visit = Visit { admin, wire, config, args };
    visit.make(&file, findings).await;
    Ok(())
}

/// Whether memgate answers its operator, and says that it is well.
async fn answers(admin: &Client, findings: &mut Findings) -> bool {
    match admin.status().await {
        Ok(status) => findings.ok("admin API", format!("memgate {} answers.", status.version)),
        Err(error) => {
            let remedy = "start memgate with `memgate run`, or name its socket with --socket";
            findings.fail("admin API", format!("{error}."), remedy);
            return false;
        }
    }
    match admin.check_health().await {
        Ok(health) => {
            for check in health.checks.iter().filter(|check| !check.ok) {
                findings.fail("health", format!("{}: {}", check.name, check.detail), "see memgate's log");
            }
            if health.ready {
                findings.ok("health", "memgate is ready.");
            } else {
                findings.fail("health", "memgate is not ready.", "see memgate's log");
            }
        }
        Err(error) => findings.fail("health", format!("{error}."), "see memgate's log"),
    }
    match admin.check_config().await {
        Ok(check) if check.valid && check.changes.is_empty() => {}
        Ok(_) => {
            let remedy = "see `memgate config check`, then `memgate reload`";
            findings.warn("configuration", "the file says something else than what is in force.", remedy);
        }
        Err(error) => findings.fail("configuration", format!("{error}."), "see memgate's log"),
    }
    true
}

impl Visit<'_> {
    async fn make(&self, file: &ConfigFile, findings: &mut Findings) {
        let started = jiff::Timestamp::now().as_millisecond();
        let before = records::count_requests(self.config.metrics.listen).await;
        let mut guests = Guests::default();
        self.see_everybody(file, &mut guests, findings).await;
        let asked = self.wire.asked();
        let after = records::count_requests(self.config.metrics.listen).await;
        findings.note("metrics", records::judge_counters(&before, &after, asked.len()));
        records::examine(&self.admin, &asked, started, findings).await;
        guests.see_off((&self.admin, &self.wire), findings).await;
    }

    /// All checks that need guests.
    async fn see_everybody(&self, file: &ConfigFile, guests: &mut Guests, findings: &mut Findings) {
        let mut plans = plan::plan(file, &self.config);
        // The last is whoever is no client's: known by personal keys, as can always be.
        let Some((_, Ok(unknown))) = plans.pop() else { return };
        let people = match guests.invite(&unknown, &self.admin).await {
            Ok(people) => people,
            Err(error) => return tell_uninvited(&unknown, &error, findings),
        };
        let (wire, admin) = (&self.wire, &self.admin);
        let chat = upstreams::examine(&self.config.upstreams, (wire, admin), &people[0], findings).await;
        let mode = self.config.trust.mode;
        let stranger = guests.stranger();
        forgery::examine_strangers(wire, mode, self.trusts(), &stranger, findings).await;
        self.see_client(&unknown, &people, chat.as_ref(), findings).await;
        for (client, planned) in plans {
            match planned {
                _ if self.args.skip.contains(&client) => findings.skipped(&client, "as you said."),
                Err(why) => findings.skipped(&client, format!("cannot be imitated: {why}.")),
                Ok(it) => match guests.invite(&it, admin).await {
                    Ok(people) => self.see_client(&it, &people, chat.as_ref(), findings).await,
                    Err(error) => tell_uninvited(&it, &error, findings),
                },
            }
        }
    }

    async fn see_client(&self, it: &Imitation, people: &[person::Person; 2], chat: Option<&Chat>, findings: &mut Findings) {
        match chat {
            Some(chat) => {
                let patience = Duration::from_secs(self.args.patience);
                canary::examine(it, people, (&self.wire, chat), patience, findings).await;
            }
            None => findings.skipped(&it.client, "no upstream answers, so that nobody can be told anything."),
        }
        let usual: TrustMode = self.config.trust.mode;
        forgery::examine_client(it, &people[0], (&self.wire, usual, self.trusts()), findings).await;
    }

    /// Plain headers from somewhere are believed, perhaps from here.
    fn trusts(&self) -> bool {
        !self.config.trust.identity.trusted_peers.is_empty()
    }
}

fn tell_uninvited(it: &Imitation, error: &ClientError, findings: &mut Findings) {
    findings.fail(&it.client, format!("no throw-away users can be made: {error}."), "see memgate's log");
}
