//! Ranks a data set's items for its questions: every store of it is a user of its own in a real store on the disk, and each question
//! takes the way of a request's. Writes `{"qid", "ranked"}` lines, prints how much is found and how long that takes.

mod data;
mod date;
mod synthetic;
mod timing;

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use memgate::context::estimate_tokens;
use memgate::enforce::{Grant, UserScope, admit};
use memgate::identity::{Assurance, Finding, Resolution};
use memgate::ids::{ClientName, FactId, SessionId, UserId};
use memgate::memory::{Memory, MemorySettings, Message, RecallRequest, Recalled, Role};
use memgate::policy::Decision;
use memgate::store::{Batch, Fact, FileDisk, Kind, Provenance, Status, StorageSettings, Store, Tier};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use data::{Collection, Item, Question};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Nobody waits here: a slow machine must not change what is found.
const PATIENCE: Duration = Duration::from_mins(1);

/// What to rank.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Items, JSON lines: store, id, text, and as far as known speaker, date, session, src (what a fact was drawn from).
    #[arg(long, required_unless_present = "synthetic")]
    items: Option<PathBuf>,
    /// Questions, JSON lines: store, qid, query, and as far as known date and evidence.
    #[arg(long, required_unless_present = "synthetic")]
    queries: Option<PathBuf>,
    /// Where to write the ranking of each question.
    #[arg(long)]
    out: Option<PathBuf>,
    /// How many items to rank for a question.
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Rank only what a request with room for this many tokens would carry.
    #[arg(long)]
    tokens: Option<usize>,
    /// Instead of a data set: this many made-up facts of one user, to see how long a question takes.
    #[arg(long, conflicts_with_all = ["items", "queries"])]
    synthetic: Option<usize>,
}

/// Loads, ranks, writes and prints.
pub fn run(options: &Options) -> Outcome<()> {
    let collections = match (&options.items, &options.queries, options.synthetic) {
        (_, _, Some(count)) => vec![synthetic::collection(count)],
        (Some(items), Some(questions), None) => data::read(items, questions)?,
        _ => return Err("name --items and --queries".into()),
    };
    let scratch = tempfile::tempdir()?;
    let store = Store::open(&StorageSettings::at(scratch.path()), Arc::new(FileDisk::new(scratch.path())))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build()?;
    let bench = Bench { settings: settings(options), store, runtime };
    let people =
        (1..).zip(collections).map(|(number, collection)| bench.settle(number, collection)).collect::<Outcome<Vec<_>>>()?;

    let memory = bench.memory();
    let mut out = options.out.as_ref().map(File::create).transpose()?.map(BufWriter::new);
    let mut found = Found::default();
    for person in &people {
        for question in &person.collection.questions {
            let ranked = match options.tokens {
                Some(_) => bench.recall(&memory, person, question)?.scores,
                None => search(&memory, person, question, options.limit)?,
            };
            let items: Vec<&Item> = ranked.iter().filter_map(|(id, _)| person.item(*id)).collect();
            found.add(question, &items);
            if let Some(out) = &mut out {
                let ids: Vec<&Value> = items.iter().map(|item| &item.id).collect();
                writeln!(out, "{}", json!({"qid": question.id, "ranked": ids}))?;
            }
        }
    }
    found.print(options.tokens);
    timing::print(&bench, &memory, &people)
}

/// Depth and budget of a request: those that are asked for, else the defaults.
fn settings(options: &Options) -> MemorySettings {
    let mut settings = MemorySettings { cached_bytes: usize::MAX, ..MemorySettings::default() };
    if let Some(tokens) = options.tokens {
        settings.budget.verified = tokens;
        settings.depth.verified = options.limit;
    }
    settings
}

/// The store with everybody in it.
struct Bench {
    settings: MemorySettings,
    store: Store,
    runtime: Runtime,
}

/// A store of the data set as a user.
struct Person {
    scope: UserScope,
    collection: Collection,
    /// Which item each fact is.
    items: HashMap<FactId, usize>,
    /// When the person asks what has no date: after everything was said. Milliseconds since the Unix epoch.
    now: i64,
}

impl Person {
    fn item(&self, id: FactId) -> Option<&Item> {
        self.collection.items.get(*self.items.get(&id)?)
    }
}

impl Bench {
    /// A memory with nobody in RAM.
    fn memory(&self) -> Memory {
        Memory::new(self.store.clone(), self.settings.clone())
    }

    /// Makes a user of a collection.
    fn settle(&self, number: usize, collection: Collection) -> Outcome<Person> {
        let scope = scope(number)?;
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        self.store.enroll(&scope, now)?;
        let mut sessions = HashMap::new();
        let mut items = HashMap::new();
        let mut put = Vec::with_capacity(collection.items.len());
        for (place, item) in collection.items.iter().enumerate() {
            let next = sessions.len();
            let session = item.session.as_deref().map(|name| *sessions.entry(name).or_insert(next));
            let session = session.map(|number| SessionId::parse(&format!("session-{number}"))).transpose()?;
            let fact = fact(item, session, now);
            items.insert(fact.id, place);
            put.push(fact);
        }
        let last = collection.items.iter().filter_map(|item| item.at).max();
        self.memory().change(&scope, Batch { put, ..Batch::default() })?;
        Ok(Person { scope, collection, items, now: last.unwrap_or(now) })
    }

    /// What a request that asks the question would carry.
    fn recall(&self, memory: &Memory, person: &Person, question: &Question) -> Outcome<Recalled> {
        let raw = json!({"role": "user", "content": question.text}).to_string();
        let messages = [Message { role: Role::User, raw: raw.as_bytes() }];
        let query = || question.text.clone();
        let now = question.at.unwrap_or(person.now);
        let request =
            RecallRequest { messages: &messages, query: &query, tokens: estimate_tokens, most: usize::MAX, withhold: &[], now };
        Ok(self.runtime.block_on(memory.recall(&person.scope, &request, PATIENCE))?)
    }
}

fn search(memory: &Memory, person: &Person, question: &Question, limit: usize) -> Outcome<Vec<(FactId, f32)>> {
    let now = question.at.unwrap_or(person.now);
    let found = memory.search(&person.scope, &question.text, now, limit)?;
    Ok(found.into_iter().map(|(fact, score)| (fact.id, score)).collect())
}

/// The scope of a user who proved who they are.
fn scope(number: usize) -> Outcome<UserScope> {
    let resolution = Resolution {
        client: ClientName::unknown(),
        client_authenticated: false,
        finding: Finding::None { looked_for: Vec::new() },
        user_named: true,
        session: None,
        session_guessable: false,
        task: None,
        stray_credential: None,
        ignored_headers: 0,
        tenant: None,
        dropped_groups: 0,
    };
    let user = UserId::parse(&format!("store-{number}"))?;
    let decision = Decision::Admit { user, assurance: Assurance::Verified, reason: "verified", advice: false };
    match admit(decision, &resolution, IpAddr::V4(Ipv4Addr::LOCALHOST)) {
        Ok(Grant::Scoped { scope, .. }) => Ok(scope),
        _ => Err("no scope was granted".into()),
    }
}

/// An item as a note that was learned when it was said. What has no date was said `now`.
fn fact(item: &Item, session: Option<SessionId>, now: i64) -> Fact {
    let at = item.at.unwrap_or(now);
    Fact {
        id: FactId::fresh(),
        text: item.text.clone(),
        kind: Kind::Note,
        slot: None,
        tier: Tier::Passing,
        status: Status::Active,
        held_for: None,
        pinned: false,
        created_at: at,
        valid_at: at,
        invalid_at: None,
        expired_at: None,
        superseded_by: None,
        expires_at: None,
        source: Provenance {
            turn: String::new(),
            quote: item.text.clone(),
            speaker: item.speaker.clone(),
            client: ClientName::unknown(),
            session,
            assurance: Assurance::Verified,
            origin: "import".to_owned(),
        },
        analysis: Vec::new(),
    }
}

/// Shares of the evidence that were found, summed over the questions that name theirs.
#[derive(Default)]
struct Found {
    questions: u32,
    at: [f64; DEPTHS.len()],
    all: f64,
    carried: usize,
}

const DEPTHS: [usize; 3] = [5, 10, 20];

impl Found {
    fn add(&mut self, question: &Question, ranked: &[&Item]) {
        if question.evidence.is_empty() {
            return;
        }
        self.questions += 1;
        self.carried += ranked.len();
        self.all += share(question, ranked);
        for (sum, depth) in self.at.iter_mut().zip(DEPTHS) {
            *sum += share(question, &ranked[..depth.min(ranked.len())]);
        }
    }

    fn print(&self, tokens: Option<usize>) {
        if self.questions == 0 {
            return;
        }
        let questions = f64::from(self.questions);
        println!("| found of the evidence, {questions} questions | % |\n|---|---:|");
        for (sum, depth) in self.at.iter().zip(DEPTHS) {
            println!("| first {depth} | {:.2} |", 100.0 * sum / questions);
        }
        if let Some(tokens) = tokens {
            #[expect(clippy::cast_precision_loss, reason = "a mean for the eye")]
            let mean = self.carried as f64 / questions;
            println!("| within {tokens} tokens ({mean:.1} items) | {:.2} |", 100.0 * self.all / questions);
        }
        println!();
    }
}

#[expect(clippy::cast_precision_loss, reason = "a question has few pieces of evidence")]
fn share(question: &Question, items: &[&Item]) -> f64 {
    let found: HashSet<&String> = items.iter().flat_map(|item| &item.stands_for).collect();
    let evidence: HashSet<&String> = question.evidence.iter().collect();
    evidence.intersection(&found).count() as f64 / question.evidence.len() as f64
}
