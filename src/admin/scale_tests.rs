//! How long operators' lists take with many users and many facts. `MEMGATE_TEST_USERS`, `MEMGATE_TEST_FACTS` (of each) and
//! `MEMGATE_TEST_LARGE` (of one more) set the size; what is asserted is what the pages hold, and the times are printed.

use std::sync::Arc;
use std::time::Instant;

use super::api::{BudgetFilter, FactFilter, UserFilter};
use super::{ConfigDesk, Control, Principal, Reason};
use crate::enforce::test_scope;
use crate::identity::Assurance;
use crate::ids::{ClientName, FactId, UserId};
use crate::proxy::test_services;
use crate::store::{Batch, Fact, Kind, Provenance, Status, Tier};

fn size(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap())
}

fn fact(text: String) -> Fact {
    let source = Provenance {
        turn: "00".repeat(16),
        quote: text.clone(),
        speaker: None,
        client: ClientName::unknown(),
        session: None,
        assurance: Assurance::Verified,
        origin: "rule:remember".to_owned(),
    };
    Fact {
        id: FactId::fresh(),
        text,
        kind: Kind::Note,
        slot: None,
        tier: Tier::Explicit,
        status: Status::Active,
        held_for: None,
        pinned: false,
        created_at: 1,
        valid_at: 1,
        invalid_at: None,
        expired_at: None,
        superseded_by: None,
        expires_at: None,
        source,
        analysis: Vec::new(),
    }
}

fn remember(control: &Control, user: &str, facts: usize) {
    let scope = test_scope(user, Assurance::Verified);
    control.store().enroll(&scope, 1).unwrap();
    let put = (0..facts).map(|n| fact(format!("The lamp {n} of {user} stands in room {}", n % 17))).collect();
    control.store().commit(&scope, Batch { put, ..Batch::default() }).unwrap();
}

/// Does it thrice, and says how long the last time took, in milliseconds.
async fn timed<T>(what: &str, work: impl AsyncFn() -> T) -> T {
    let first = Instant::now();
    let _ = work().await;
    let cold = first.elapsed();
    let _ = work().await;
    let last = Instant::now();
    let result = work().await;
    println!("{what}: {:.2} ms, at first {:.2} ms", last.elapsed().as_secs_f64() * 1e3, cold.as_secs_f64() * 1e3);
    result
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_of_many_users_and_facts_come_in_pages() {
    let (users, facts) = (size("MEMGATE_TEST_USERS", 120), size("MEMGATE_TEST_FACTS", 5));
    let large = size("MEMGATE_TEST_LARGE", 1_500);
    let dir = tempfile::tempdir().unwrap();
    let (services, runtime) = test_services(dir.path());
    let control = Control::new(services, runtime, ConfigDesk::reloading(Arc::new(|| Ok(()))));
    std::thread::scope(|scope| {
        for part in 0..4 {
            let control = &control;
            scope.spawn(move || (part..users).step_by(4).for_each(|n| remember(control, &format!("person-{n:06}"), facts)));
        }
    });
    remember(&control, "zoe", large);
    println!("{users} users of {facts} facts each, and one of {large}");
    let by = Principal::local();
    let list = |filter: UserFilter| {
        let (control, by) = (control.clone(), by.clone());
        async move || control.list_users(&by, filter.clone()).await.unwrap()
    };
    let page = timed("a page of users", list(UserFilter::default())).await;
    assert_eq!((page.items.len(), page.total), (50.min(users), Some(users as u64 + 1)));
    let middle = timed("a page in the middle", list(UserFilter { cursor: page.next.clone(), ..UserFilter::default() })).await;
    assert!(middle.items[0].user > page.items.last().unwrap().user);
    let search = UserFilter { search: Some("ZOE".to_owned()), ..UserFilter::default() };
    assert_eq!(timed("a search through all names", list(search)).await.items.len(), 1);
    let budgets = |user: Option<&str>| BudgetFilter { user: user.map(str::to_owned), ..BudgetFilter::default() };
    timed("budgets", async || control.list_budgets(&by).await.unwrap()).await;
    timed("who uses budgets", async || control.list_budget_accounts(&by, budgets(None)).await.unwrap()).await;
    timed("one user's budgets", async || control.list_budget_accounts(&by, budgets(Some("default:zoe"))).await.unwrap()).await;
    timed("the overview", async || control.show_overview(&by).await.unwrap()).await;
    timed("clients", async || control.list_clients(&by).await.unwrap()).await;
    let zoe = UserId::parse("zoe").unwrap();
    let one = UserId::parse("person-000007").unwrap();
    let shown = timed("one user", async || control.show_user(&by, one.clone()).await.unwrap()).await;
    assert_eq!(shown.facts.active, facts as u64);
    let shown = timed("the user with many facts", async || control.show_user(&by, zoe.clone()).await.unwrap()).await;
    assert_eq!(shown.facts.active, large as u64);
    let reason = Reason::parse("to measure").unwrap();
    let look = |user: UserId, filter: FactFilter| {
        let (control, by, reason) = (control.clone(), by.clone(), reason.clone());
        async move || control.list_facts(&by, user.clone(), &reason, filter.clone()).await.unwrap()
    };
    assert_eq!(timed("a page of facts", look(one, FactFilter::default())).await.items.len(), facts.min(50));
    let page = timed("a page of many facts", look(zoe.clone(), FactFilter::default())).await;
    let behind = FactFilter { cursor: page.next.clone(), ..FactFilter::default() };
    let next = timed("the next of many facts", look(zoe.clone(), behind)).await;
    assert!(next.items[0].id < page.items.last().unwrap().id);
    let search = FactFilter { search: Some("lamp 1234".to_owned()), ..FactFilter::default() };
    assert!(timed("a search in many facts", look(zoe.clone(), search.clone())).await.items[0].text.contains("1234"));
    let past = FactFilter { history: true, ..search };
    assert!(timed("a search in many facts and their history", look(zoe, past)).await.items[0].text.contains("1234"));
}
