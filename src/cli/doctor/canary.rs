//! Two throw-away people of one client: what each is told, and what of it the other sees.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::time::Instant;

use super::chat::Chat;
use super::judge::Standing;
use super::judge::{Sight, judge_proof, judge_sight};
use super::person::Person;
use super::plan::Imitation;
use super::report::{Findings, Judged};
use super::wire::{Wire, random_word};

/// How often is looked whether something was learned.
const LOOK: Duration = Duration::from_millis(200);
const QUESTION: &str = "What is my canary word?";

/// A person and the word that only they know.
struct Witness<'a> {
    person: &'a Person,
    word: String,
}

/// Has two people tell their words, and looks for them where they belong and where they must not be.
pub(super) async fn examine(
    it: &Imitation,
    people: &[Person; 2],
    (wire, chat): (&Wire, &Chat),
    patience: Duration,
    findings: &mut Findings,
) {
    let part = it.client.as_str();
    let witnesses = people.each_ref().map(|person| Witness { person, word: random_word() });
    for Witness { person, .. } in &witnesses {
        let standing = wire.try_as(person, super::person::Flaw::None, &random_word()).await;
        let judged = judge_proof(&standing, &person.user.to_string(), it.mode);
        let serves = matches!(&standing, Standing::Served { user, .. } if *user == person.user.to_string());
        let stays = serves || standing == Standing::Sandbox;
        // Two of a kind are told once.
        if !stays || std::ptr::eq(*person, &raw const people[0]) {
            findings.note(part, judged);
        }
        if !stays {
            return;
        }
    }
    for Witness { person, word } in &witnesses {
        let told = chat.say(wire, person, &format!("Remember that my canary word is {word}."), 16).await;
        let told = told
            .map_err(|error| error.to_string())
            .and_then(|reply| if reply.status == 200 { Ok(()) } else { Err(reply.describe()) });
        if let Err(why) = told {
            findings.fail(
                part,
                format!("a chat as {} was answered {why}.", person.user),
                "see the upstream above, and memgate's log",
            );
            return;
        }
    }
    let remembers = remembered(it, &witnesses, wire, patience, findings).await;
    look_around(part, &witnesses, (wire, chat), remembers, findings).await;
}

/// Waits until both words were learned.
async fn remembered(
    it: &Imitation,
    witnesses: &[Witness<'_>; 2],
    wire: &Wire,
    patience: Duration,
    findings: &mut Findings,
) -> bool {
    if let Some((setting, access)) = &it.unremembered {
        let remedy =
            format!("write `{setting}: read_write`; where this is meant so, leave the client out with --skip {}", it.client);
        let found = format!("nothing that its people say is remembered: `{setting}` is `{}`.", access.as_str());
        findings.fail(&it.client, found, remedy);
        return false;
    }
    let end = Instant::now() + patience;
    for Witness { person, word } in witnesses {
        while !memories(wire, person).await.contains(word.as_str()) {
            if Instant::now() >= end {
                let found = format!("what {} said was not learned within {} s.", person.user, patience.as_secs());
                let remedy =
                    "see `memory` of the client and the upstream, `memory.learn`, and the learning queue in `memgate status`";
                findings.fail(&it.client, found, remedy);
                return false;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
    true
}

/// Looks wherever a word could show up.
async fn look_around(
    part: &str,
    witnesses: &[Witness<'_>; 2],
    (wire, chat): (&Wire, &Chat),
    remembers: bool,
    findings: &mut Findings,
) {
    let [one, two] = witnesses;
    let pairs = [(one, two), (two, one)];
    let mut judged: [Vec<Judged>; 4] = Default::default();
    for (own, other) in pairs {
        let sight = |place, text: String, expected| {
            judge_sight(Sight { place, text: &text, own: &own.word, other: &other.word, expected })
        };
        judged[0].push(sight("memories", memories(wire, own.person).await, remembers));
        let rehearsed = text_of(chat.rehearse(wire, own.person, QUESTION).await);
        judged[1].push(sight("next request to the model, in a dry run", rehearsed, remembers));
        judged[2].push(sight("answer", text_of(chat.say(wire, own.person, QUESTION, 32).await), false));
        judged[3].push(sight("sessions", ask(wire, own.person, "/memgate/v1/me/sessions?limit=200").await, false));
    }
    // Of two people the worse off is told.
    for pair in judged {
        if let Some(worst) = pair.into_iter().max_by_key(|judged| judged.outcome) {
            findings.note(part, worst);
        }
    }
    if remembers {
        findings.note(part, reach_over(wire, one.person, two.person).await);
    }
}

/// Asks as the second person for a fact of the first, by its id.
async fn reach_over(wire: &Wire, one: &Person, two: &Person) -> Judged {
    let listed: Value = serde_json::from_str(&memories(wire, one).await).unwrap_or_default();
    let Some(id) = listed["memories"][0]["id"].as_str() else {
        return Judged::failed("the memories that were there are gone.", "see memgate's log");
    };
    match wire.ask(Some(two), (&Method::GET, &format!("/memgate/v1/me/memories/{id}")), None).await {
        Ok(reply) if reply.status == 404 => Judged::ok("the id of another's memory opens nothing (404)."),
        Ok(reply) => {
            let remedy = "stop memgate, and report this with `memgate explain` of the request: memories are not kept apart";
            Judged::failed(format!("the id of another's memory is answered {}.", reply.status), remedy)
        }
        Err(error) => Judged::failed(format!("asking for another's memory broke off: {error}."), "see memgate's log"),
    }
}

pub(super) async fn memories(wire: &Wire, person: &Person) -> String {
    ask(wire, person, "/memgate/v1/me/memories?limit=200").await
}

async fn ask(wire: &Wire, person: &Person, path: &str) -> String {
    text_of(wire.ask(Some(person), (&Method::GET, path), None).await)
}

fn text_of(reply: Result<super::wire::Reply, reqwest::Error>) -> String {
    reply.map(|reply| reply.text).unwrap_or_default()
}
