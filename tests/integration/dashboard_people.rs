//! The dashboard's pages about people, as a browser uses them: each act through the form that offers it, on record, and for nobody
//! but those who may.

use serde_json::{Value, json};

use crate::harness::admin::{Browser, HOST, ask, form, guarded, open};
use crate::harness::client::Answer;
use crate::harness::request::Request;
use crate::harness::world::World;
use crate::me;

const ANA: &str = "/users/default%3Aana";
const BOB: &str = "/users/default%3Abob";
const REASON: &str = "Ana asked why she is greeted as Bob";

/// A browser in front of the pages.
struct Desk<'a> {
    world: &'a World,
    cookie: String,
}

impl<'a> Desk<'a> {
    async fn signed_in(world: &'a World, name: &str) -> Self {
        Self { world, cookie: Browser::sign_in(world, name).await.cookie }
    }

    /// Through an open gate: the first page with a form begins the session.
    async fn open(world: &'a World) -> Self {
        let first = ask(world, &Request::new("GET", "/keys")).await;
        let cookie = first.header("set-cookie").expect("a session").split(';').next().unwrap().to_owned();
        Self { world, cookie }
    }

    async fn get(&self, path: &str) -> Answer {
        ask(self.world, &Request::new("GET", path).header("Cookie", &self.cookie)).await
    }

    /// A page that must be there.
    #[track_caller]
    fn page(&self, path: &str) -> impl Future<Output = String> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.get(path).await;
            assert_eq!(answer.status, 200, "{path}, at {caller}: {}", answer.text());
            assert_eq!(answer.text().matches("<h1").count(), 1, "{path}, at {caller}");
            answer.text()
        }
    }

    async fn send(&self, action: &str, fields: &[(&str, &str)]) -> Answer {
        ask(self.world, &form(action, fields).header("Cookie", &self.cookie)).await
    }

    /// Sends the form of a page that goes to `action`, with the token that the page carries.
    async fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let shown = self.page(page).await;
        assert!(shown.contains(&format!("action=\"{action}")), "{page} has no form for {action}: {shown}");
        let token = value_after(&shown, "name=\"csrf\" value=\"").to_owned();
        self.send(action, &[fields, &[("csrf", &token)]].concat()).await
    }

    /// The page that an act leads to.
    async fn done(&self, answer: Answer) -> String {
        assert_eq!(answer.status, 303, "{}", answer.text());
        self.page(answer.header("location").unwrap()).await
    }

    /// Says why, and comes to the memory.
    async fn visit(&self, user: &str) -> String {
        let begun = self.submit(&format!("{user}/memory"), &format!("{user}/visit"), &[("reason", REASON)]).await;
        self.done(begun).await
    }
}

fn value_after<'a>(text: &'a str, before: &str) -> &'a str {
    text.split_once(before).and_then(|(_, rest)| rest.split('"').next()).unwrap_or_else(|| panic!("no {before} in {text}"))
}

/// The first address of a page that ends so.
fn link_to(page: &str, end: &str) -> String {
    let links = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    links.filter(|link| link.ends_with(end)).map(str::to_owned).next().unwrap_or_else(|| panic!("no link to {end} in {page}"))
}

async fn teach(world: &World, user: &str, text: &str) {
    world.teach(&Request::chat(&[text]).signed(user)).await;
}

/// The id of somebody's only fact with these words.
async fn fact_of(world: &World, user: &str, words: &str) -> String {
    let facts = me::list(world, user, "").await;
    let fitting = |fact: &&Value| fact["text"].as_str().unwrap().contains(words);
    facts.iter().find(fitting).unwrap_or_else(|| panic!("no {words} in {facts:?}"))["id"].as_str().unwrap().to_owned()
}

/// The acts of operators on record, oldest first.
fn acts(world: &World) -> Vec<Value> {
    world.audit().into_iter().filter(|line| line["type"] == "operator").collect()
}

#[tokio::test]
async fn a_memory_is_read_after_a_reason_that_the_person_can_read() {
    let world = guarded(|_| {}).await;
    teach(&world, "ana", "I live in Bern.").await;
    let desk = Desk::signed_in(&world, "olga").await;
    assert!(desk.page("/users").await.contains(&format!("href=\"{ANA}\"")));
    assert!(!desk.page(ANA).await.contains("Bern"));

    let memory = format!("{ANA}/memory");
    assert!(!desk.page(&memory).await.contains("Bern"));
    for blank in ["", "  ", "\u{1b}[31m"] {
        let refused = desk.submit(&memory, &format!("{ANA}/visit"), &[("reason", blank)]).await;
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains("reason_required") && !refused.text().contains("Bern"));
    }
    let shown = desk.visit(ANA).await;
    for word in ["Bern", REASON, "Drawn by", "verified"] {
        assert!(shown.contains(word), "{word} in {shown}");
    }
    assert!(desk.page(&memory).await.contains("Bern"));
    let looks = acts(&world).into_iter().filter(|act| act["act"] == "facts.read").collect::<Vec<_>>();
    assert_eq!(looks.len(), 2, "{looks:?}");
    assert!(looks.iter().all(|act| act["operator"] == "olga" && act["reason"] == REASON && act["user"] == "default:ana"));
    let visits = world.send(&me::ask("GET", "/visits").signed("ana")).await.json();
    assert_eq!(visits["visits"][0]["reason"], json!(REASON));
    assert!(desk.page(ANA).await.contains(REASON));

    // The reason is for this person alone, and for this browser alone.
    teach(&world, "bob", "I live in Basel.").await;
    assert!(!desk.page(&format!("{BOB}/memory")).await.contains("Basel"));
    assert!(!Desk::signed_in(&world, "olga").await.page(&memory).await.contains("Bern"));
}

#[tokio::test]
async fn facts_are_reviewed_one_by_one_and_together() {
    let world = guarded(|_| {}).await;
    teach(&world, "ana", "I live in Bern.").await;
    for n in 1..=3 {
        me::add(&world, "ana", &json!({"text": format!("Note number {n}")})).await;
    }
    let desk = Desk::signed_in(&world, "olga").await;
    desk.visit(ANA).await;
    let memory = format!("{ANA}/memory");
    let bern = fact_of(&world, "ana", "Bern").await;
    let acts =
        [("pin", "is pinned", ""), ("unpin", "no longer pinned", "?kind=profile"), ("forget", "no longer used", "?search=Bern")];
    for (act, told, filter) in acts.into_iter().chain([("approve", "active now", "?status=forgotten")]) {
        let (page, change) = (format!("{memory}{filter}"), format!("{memory}/{bern}/change{filter}"));
        let done = desk.submit(&page, &change, &[("do", act)]).await;
        assert!(desk.done(done).await.contains(told), "{act}");
    }
    assert_eq!(desk.submit(&memory, &format!("{memory}/{bern}/change"), &[("do", "sell")]).await.status, 400);

    let note = fact_of(&world, "ana", "number 1").await;
    let edit = format!("{memory}/{note}/edit");
    let refused = desk.submit(&edit, &edit, &[("text", &"x".repeat(3_000)), ("kind", "note")]).await;
    assert!(refused.status == 400 && refused.text().contains(&"x".repeat(2_500)), "what was typed is kept");
    let edited = desk.submit(&edit, &edit, &[("text", "Note <b>one</b>"), ("kind", "event")]).await;
    let shown = desk.done(edited).await;
    assert!(shown.contains("The fact was changed.") && shown.contains("Note &lt;b&gt;one&lt;/b&gt;"), "{shown}");

    let delete = format!("{memory}/{}/delete", fact_of(&world, "ana", "number 2").await);
    assert!(desk.page(&delete).await.contains("number 2"));
    assert!(!desk.done(desk.submit(&delete, &delete, &[]).await).await.contains("number 2"));

    let added = format!("{memory}/added");
    let add = desk.submit(&memory, &added, &[("text", "Has a son called Noah"), ("kind", "profile"), ("pinned", "true")]).await;
    assert!(desk.done(add).await.contains("Has a son called Noah"));
    let blank = desk.submit(&memory, &added, &[("text", " "), ("kind", "profile")]).await;
    assert!(blank.status == 400 && blank.text().contains("role=\"alert\""), "{}", blank.text());

    let (three, noah) = (fact_of(&world, "ana", "number 3").await, fact_of(&world, "ana", "Noah").await);
    let token = value_after(&desk.page(&memory).await, "name=\"csrf\" value=\"").to_owned();
    let selected = format!("{memory}/selected");
    let forget = [("do", "forget"), ("fact", three.as_str()), ("fact", &noah), ("csrf", &token)];
    assert!(desk.done(desk.send(&selected, &forget).await).await.contains("Facts forgotten: 2."));
    teach(&world, "ana", "Remember that my page is https://example.org/ana").await;
    let held = value_after(&desk.page(&memory).await, "name=\"fact\" value=\"").to_owned();
    for (fields, told) in [(vec![("fact", held.as_str())], "Facts approved: 1."), (vec![], "Nothing was selected")] {
        let fields = [fields, vec![("do", "approve"), ("csrf", token.as_str())]].concat();
        assert!(desk.done(desk.send(&selected, &fields).await).await.contains(told), "{told}");
    }
    let forgotten = desk.page(&format!("{memory}?status=forgotten")).await;
    assert!(forgotten.contains("number 3") && !forgotten.contains("Bern"), "{forgotten}");
}

#[tokio::test]
async fn what_is_anothers_is_as_what_never_was() {
    let world = guarded(|_| {}).await;
    teach(&world, "ana", "I live in Bern.").await;
    teach(&world, "bob", "I live in Basel.").await;
    let desk = Desk::signed_in(&world, "olga").await;
    desk.visit(ANA).await;
    let memory = format!("{ANA}/memory");
    let token = value_after(&desk.page(&memory).await, "name=\"csrf\" value=\"").to_owned();
    let (theirs, never) = (fact_of(&world, "bob", "Basel").await, "00000000-0000-7000-8000-000000000000".to_owned());
    for path in ["edit", "delete"] {
        let [theirs, never, malformed] = [theirs.as_str(), &never, "x"].map(|fact| format!("{memory}/{fact}/{path}"));
        let (theirs, never, malformed) = (desk.get(&theirs).await, desk.get(&never).await, desk.get(&malformed).await);
        assert_eq!((theirs.status, never.status, malformed.status), (404, 404, 404));
        let told = |answer: &Answer| answer.text().split("<main").nth(1).unwrap().to_owned();
        assert_eq!(told(&theirs), told(&never));
        assert_eq!(told(&theirs), told(&malformed));
    }
    for (path, word) in [("change", "forget"), ("delete", ""), ("edit", "")] {
        let fields = [("do", word), ("text", "stolen"), ("kind", "note"), ("csrf", &token)];
        assert_eq!(desk.send(&format!("{memory}/{theirs}/{path}"), &fields).await.status, 404, "{path}");
    }
    let nobody = desk.get("/users/default%3Anobody").await;
    for path in ["/users/default%3Anobody/memory", "/users/%20/erase", "/users/~sandbox%3Aabc", "/users/default%3Anobody/merge"] {
        let answer = desk.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.text().split("<main").nth(1), nobody.text().split("<main").nth(1), "{path}");
    }
    assert_eq!(me::list(&world, "bob", "").await.len(), 1);
}

#[tokio::test]
async fn whoever_may_only_look_sees_no_memory_and_changes_nothing() {
    let world = guarded(|_| {}).await;
    teach(&world, "ana", "I live in Bern.").await;
    let fact = fact_of(&world, "ana", "Bern").await;
    let desk = Desk::signed_in(&world, "vera").await;
    let shown = desk.page(ANA).await;
    for act in ["/memory", "/erase", "/merge", "/ratchet", "Bern"] {
        assert!(!shown.contains(act), "{act} in {shown}");
    }
    for page in ["/users", "/keys", "/keys/clients", "/tenants", "/sessions", "/sandboxes", "/budgets", "/settings"] {
        assert!(!desk.page(page).await.contains("<form class=\"act\""), "{page}");
    }
    let token = Browser::sign_in(&world, "vera").await;
    let memory = format!("{ANA}/memory");
    for path in [&memory, &format!("{ANA}/erase"), &format!("{memory}/{fact}/edit"), &format!("{ANA}/merge?from=bob")] {
        let answer = desk.get(path).await;
        assert!(answer.status == 403 && !answer.text().contains("Bern"), "{path}: {}", answer.text());
    }
    for (path, fields) in [
        (format!("{ANA}/visit"), vec![("reason", REASON)]),
        (format!("{memory}/{fact}/change"), vec![("do", "forget")]),
        (format!("{memory}/{fact}/delete"), vec![]),
        (format!("{memory}/added"), vec![("text", "x")]),
        (format!("{ANA}/erase"), vec![("confirm", "default:ana"), ("reason", REASON)]),
        ("/keys".to_owned(), vec![("user", "ana")]),
        ("/keys/clients".to_owned(), vec![]),
        ("/tenants/default/erase".to_owned(), vec![("confirm", "default")]),
    ] {
        let fields = [fields, vec![("csrf", token.csrf.as_str())]].concat();
        let answer = ask(&world, &token.send(form(&path, &fields))).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text());
    }
    assert_eq!(me::list(&world, "ana", "").await.len(), 1);
    assert_eq!(acts(&world).iter().filter(|act| act["user"] == "default:ana").count(), 0);
}

#[tokio::test]
async fn a_person_is_erased_after_their_id_was_typed_and_there_is_a_receipt() {
    let world = open().await;
    teach(&world, "ana", "I live in Bern.").await;
    let desk = Desk::open(&world).await;
    let erase = format!("{ANA}/erase");
    let wrong = desk.submit(&erase, &erase, &[("confirm", "bob"), ("reason", REASON)]).await;
    assert!(wrong.status == 400 && wrong.text().contains("value=\"bob\"") && wrong.text().contains(REASON), "{}", wrong.text());
    let unsaid = desk.submit(&erase, &erase, &[("confirm", "default:ana"), ("reason", "")]).await;
    assert!(unsaid.status == 400 && unsaid.text().contains("reason_required"));
    assert_eq!(me::list(&world, "ana", "").await.len(), 1);
    let receipt = desk.submit(&erase, &erase, &[("confirm", "default:ana"), ("reason", REASON)]).await;
    receipt.assert_ok();
    let record = acts(&world).into_iter().find(|act| act["act"] == "user.erase" && act["outcome"] == "done").unwrap();
    assert!(receipt.text().contains(record["receipt"].as_str().unwrap()), "{record} {}", receipt.text());
    assert_eq!(me::list(&world, "ana", "").await.len(), 0);
}

#[tokio::test]
async fn two_identities_are_merged_and_taken_apart_again() {
    let world = open().await;
    teach(&world, "ana", "I live in Bern.").await;
    teach(&world, "bob", "Remember that the code of my locker is aardvark.").await;
    let desk = Desk::open(&world).await;
    let merge = format!("{ANA}/merge");
    let unknown = desk.get(&format!("{merge}?from=nobody")).await;
    assert!(unknown.status == 404 && unknown.text().contains("value=\"nobody\""), "{}", unknown.text());
    let compared = format!("{merge}?from=bob");
    let refused = desk.submit(&compared, &merge, &[("from", "default:bob"), ("reason", "")]).await;
    assert_eq!(refused.status, 400);
    let merged = desk.submit(&compared, &merge, &[("from", "default:bob"), ("reason", REASON)]).await;
    let shown = desk.done(merged).await;
    assert!(shown.contains("Facts that came along: 1.") && shown.contains("Undo"), "{shown}");
    assert_eq!(me::list(&world, "ana", "").await.len(), 2);
    let undo = link_to(&shown, "/undo");
    assert_eq!(desk.get(&undo.replace("ana", "bob")).await.status, 404);
    let undone = desk.submit(&undo, &undo, &[("reason", REASON)]).await;
    assert!(desk.done(undone).await.contains("The merge was undone"));
    assert_eq!(me::list(&world, "ana", "").await.len(), 1);
    assert_eq!(desk.get(&undo).await.status, 404);
}

#[tokio::test]
async fn a_sandbox_is_promoted_fact_by_fact_and_ended() {
    let world = World::start(|file| {
        file["trust"]["mode"] = "quarantine".into();
        file["admin"]["hosts"] = json!([HOST]);
    })
    .await;
    for (name, word) in [("eve", "aardvark"), ("mallory", "bonobo")] {
        let told = format!("Remember that the code of my locker is {word}.");
        world.teach(&Request::chat(&[&told]).header("X-Memgate-User", name)).await;
    }
    teach(&world, "ana", "I live in Bern.").await;
    let desk = Desk::open(&world).await;
    let listed = desk.page("/sandboxes").await;
    let ids: Vec<_> = listed.split("href=\"/sandboxes/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.len(), 2, "{listed}");
    let facts = format!("/sandboxes/{}/facts", ids[0]);
    assert!(!desk.page(&facts).await.contains("locker"));
    let visit = format!("/sandboxes/{}/visit", ids[0]);
    let shown = desk.done(desk.submit(&facts, &visit, &[("reason", REASON)]).await).await;
    assert!(shown.contains("locker") && !shown.contains(" checked"), "{shown}");
    let fact = value_after(&shown, "name=\"fact\" value=\"").to_owned();
    for (fields, status) in [
        (vec![("user", "ana"), ("reason", REASON)], 400),
        (vec![("user", "nobody"), ("reason", REASON), ("fact", &fact)], 404),
        (vec![("user", "ana"), ("reason", ""), ("fact", &fact)], 400),
    ] {
        let refused = desk.submit(&facts, &facts, &fields).await;
        assert!(refused.status == status && refused.text().contains("role=\"alert\""), "{fields:?}: {}", refused.text());
        assert_eq!(refused.text().contains(" checked"), fields.len() == 3, "what was ticked is kept");
    }
    let given = desk.submit(&facts, &facts, &[("user", "ana"), ("reason", REASON), ("fact", &fact), ("end", "true")]).await;
    assert!(desk.done(given).await.contains("Facts that this user was given: 1. The sandbox is gone."));
    assert_eq!(me::list(&world, "ana", "").await.len(), 2);
    assert_eq!(desk.get(&facts).await.status, 404);

    let end = format!("/sandboxes/{}/end", ids[1]);
    assert!(desk.done(desk.submit(&end, &end, &[]).await).await.contains("There is none."));
}

#[tokio::test]
async fn keys_are_shown_once_and_never_in_an_address() {
    let world = open().await;
    let desk = Desk::open(&world).await;
    let bad = desk.submit("/keys", "/keys", &[("user", "a{{b}}"), ("label", "laptop")]).await;
    assert!(bad.status == 400 && bad.text().contains("value=\"laptop\""), "{}", bad.text());
    let made = desk.submit("/keys", "/keys", &[("user", "ana"), ("label", "laptop")]).await;
    made.assert_ok();
    let first = value_after(&made.text(), "class=\"mono\" type=\"text\" value=\"").to_owned();
    world.send(&Request::chat(&["Hello"]).bearer(&first)).await.assert_ok();
    let listed = desk.page("/keys?user=ana").await;
    assert!(listed.contains("laptop") && !listed.contains(&first), "{listed}");
    let rotate = link_to(&listed, "/rotate");
    let rotated = desk.submit(&rotate, &rotate, &[]).await;
    rotated.assert_ok();
    let second = value_after(&rotated.text(), "class=\"mono\" type=\"text\" value=\"").to_owned();
    assert_ne!(first, second);
    assert_eq!(world.send(&Request::chat(&["Hello"]).bearer(&first)).await.status, 401);
    world.send(&Request::chat(&["Hello"]).bearer(&second)).await.assert_ok();
    assert_eq!(desk.get(&rotate).await.status, 404, "a key that was rotated is not rotated again");
    let revoke = link_to(&desk.page("/keys").await, "/revoke");
    let revoked = desk.submit(&revoke, &revoke, &[]).await;
    assert!(desk.done(revoked).await.contains("The key was revoked"));
    assert_eq!(world.send(&Request::chat(&["Hello"]).bearer(&second)).await.status, 401);

    let client = desk.submit("/keys/clients", "/keys/clients", &[("client", "open-webui")]).await.text();
    assert!(client.contains("OPEN_WEBUI_KEY_NEW=") && client.contains("keys: [{env: OPEN_WEBUI_KEY_NEW}]"), "{client}");
    assert_eq!(desk.submit("/keys/clients", "/keys/clients", &[("client", "nobody")]).await.status, 404);
    assert!(!world.gate.log().contains(&second));
}

#[tokio::test]
async fn a_ratchet_is_lowered_a_budget_reset_and_a_tenant_erased() {
    let budgets = json!([{"name": "all", "each": "user", "tokens_per_day": 1000, "soft": 0.001}]);
    let world = World::start(|file| {
        file["budgets"] = budgets;
        file["admin"]["hosts"] = json!([HOST]);
    })
    .await;
    teach(&world, "acme:ana", "I live in Bern.").await;
    let user = "/users/acme%3Aana";
    let desk = Desk::open(&world).await;
    let ratchet = format!("{user}/ratchet");
    assert_eq!(desk.submit(&ratchet, &ratchet, &[("to", "verified")]).await.status, 400);
    let lowered = desk.submit(&ratchet, &ratchet, &[("to", "none")]).await;
    assert!(desk.done(lowered).await.contains("The ratchet was lowered."));
    let again = desk.submit(&ratchet, &ratchet, &[("to", "vouched")]).await;
    assert!(desk.done(again).await.contains("no higher"));

    let near = desk.page("/budgets?zone=soft").await;
    assert!(near.contains(&format!("href=\"{user}\"")) && near.contains(">soft<"), "{near}");
    let reset =
        desk.submit("/budgets/reset?rule=all&user=acme%3Aana", "/budgets/reset", &[("rule", "all"), ("user", "acme:ana")]).await;
    assert!(desk.done(reset).await.contains("taken off the budget"));
    assert!(!desk.page("/budgets?zone=soft").await.contains(&format!("href=\"{user}\"")));

    let erase = "/tenants/acme/erase";
    let wrong = desk.submit(erase, erase, &[("confirm", "default")]).await;
    assert!(wrong.status == 400 && wrong.text().contains("confirmation_wrong"));
    assert!(desk.submit(erase, erase, &[("confirm", "acme")]).await.text().contains("Receipt"));
    assert_eq!(desk.get(&format!("{user}/memory")).await.status, 404);
    assert_eq!(desk.get("/tenants/nowhere/erase").await.status, 404);
}
