//! Every view about people with the words of strangers: inert, with a label for each control, and nothing that acts for those
//! who may only look.

mod samples;

use maud::{Markup, html};
use serde_json::json;

use super::{budgets, client_keys, erase, keys, memory, merge, sandboxes, sessions, settings, standing, tenants, user, users};
use crate::admin::Reason;
use crate::admin::api::{
    BudgetFilter, ErasedView, FactFilter, Page, SandboxDetail, SandboxFilter, SessionFilter, SettingsView, TenantErasedView,
    UserFilter,
};
use crate::dashboard::shell::{Frame, Sheet};
use crate::dashboard::tests::{HOSTILE, assert_inert, assert_whole};
use crate::ids::{RequestId, TenantId};
use samples::{account, detail, fact, key, made, merged, page, person, rule, sandbox, seen, session, short, tenant, visit};

/// Somebody who may act.
fn operator() -> Frame {
    Frame::sample("/users")
}

/// Each view, filled with one stranger's text, under its name.
fn views(frame: &Frame, text: &str) -> Vec<(&'static str, Markup)> {
    let [people, memories, rest] = [views_of_people(frame, text), views_of_memories(frame, text), views_of_the_rest(frame, text)];
    [people, memories, rest].into_iter().flatten().collect()
}

fn views_of_people(frame: &Frame, text: &str) -> Vec<(&'static str, Markup)> {
    let own = || text.to_owned();
    let filter =
        UserFilter { search: Some(short(text)), tenant: Some(short(text)), cursor: Some(short(text)), ..UserFilter::default() };
    let told = user::Told {
        detail: detail(text),
        visits: page(visit(text), text),
        sessions: page(session(), text),
        budgets: page(account(text), text),
    };
    let erased =
        ErasedView { user: person(), receipt: RequestId::fresh(), erased_at: 1, records: [(own(), 3)].into(), bytes: 4096 };
    let written = merge::Written { from: own(), reason: own() };
    vec![
        ("users", users::view(&filter, &page(detail(text).row, text))),
        ("user", user::view(frame, &told)),
        ("ratchet", standing::ratchet_form(frame, &detail(text), text)),
        ("upstream key", standing::removal_form(frame, &person(), &detail(text).upstream_keys[0], Some(text))),
        ("erase", erase::form(frame, &detail(text), &erase::Written { confirm: own(), reason: own() })),
        ("receipt", erase::receipt(&erased)),
        ("merge", merge::form(frame, &detail(text), Some(&detail(text)), &written)),
        ("undo", merge::undo_form(frame, &merged(text), Some(text))),
    ]
}

fn views_of_memories(frame: &Frame, text: &str) -> Vec<(&'static str, Markup)> {
    let own = || text.to_owned();
    let filter = FactFilter {
        search: Some(short(text)),
        status: Some(short(text)),
        kind: Some(short(text)),
        cursor: Some(short(text)),
        ..FactFilter::default()
    };
    let written = memory::view::Written { text: own(), kind: own(), pinned: own() };
    let reason = Reason::parse("a <b>complaint</b>").unwrap();
    let facts = page(fact(text, "held"), text);
    let (user, id) = (person(), "ab".repeat(32));
    let review = memory::view::Told { frame, user: &user, reason: &reason, filter: &filter, facts: &facts, written: &written };
    let cursor = short(text);
    let ticked = sandboxes::view::Written { user: own(), reason: own(), facts: vec![own()], end: true };
    let promotion =
        sandboxes::view::Told { frame, id: &id, reason: &reason, facts: &facts, cursor: Some(cursor.as_str()), written: &ticked };
    let sandbox = sandbox(text);
    let shown = SandboxDetail { row: sandbox.clone(), facts: crate::admin::api::FactCounts::default(), waiting_turns: 1 };
    vec![
        ("reason", memory::reason_form(frame, &user, text, text)),
        ("review", memory::view::review(&review)),
        ("edit", memory::view::edit_form(frame, &user, &fact(text, "active"), &filter, &written)),
        ("delete", memory::view::delete_form(frame, &user, &fact(text, text), &filter)),
        ("sandboxes", sandboxes::view::list(&page(sandbox, text), SandboxFilter::default().cursor.as_deref())),
        ("sandbox", sandboxes::view::detail(&shown)),
        ("promotion", sandboxes::view::review(&promotion)),
        ("end", sandboxes::view::end_form(frame, &shown)),
    ]
}

fn views_of_the_rest(frame: &Frame, text: &str) -> Vec<(&'static str, Markup)> {
    let own = || text.to_owned();
    let layer = json!({text: text, "list": [text], "number": 3});
    let settings = SettingsView {
        factory: layer.clone(),
        configured: layer.clone(),
        tenants: json!({text: layer}),
        clients: json!({}),
        locks: json!([text]),
    };
    let erased = TenantErasedView { tenant: TenantId::default(), receipt: own(), users: 1, files: 1, bytes: 1, keys: 1 };
    let budgets = BudgetFilter {
        user: Some(short(text)),
        rule: Some(short(text)),
        zone: Some(short(text)),
        cursor: Some(short(text)),
        ..BudgetFilter::default()
    };
    let sessions = SessionFilter { user: Some(short(text)), cursor: Some(short(text)), ..SessionFilter::default() };
    vec![
        ("sessions", sessions::view(&sessions, &page(session(), text))),
        ("budgets", budgets::view(frame, &budgets, &[rule(text)], &page(account(text), text))),
        ("reset", budgets::reset_form(frame, &budgets::Account { rule: short(text), user: short(text) })),
        ("settings", settings::view(&settings)),
        (
            "keys",
            keys::view(
                frame,
                &keys::Filter { user: Some(short(text)), cursor: None },
                &page(key(text), text),
                &keys::Written { user: own(), label: own() },
            ),
        ),
        ("rotate", keys::change_form(frame, &key(text), &keys::ROTATION)),
        ("revoke", keys::change_form(frame, &key(text), &keys::REVOCATION)),
        ("made", keys::made(&made(text))),
        ("client keys", client_keys::view(frame, &[samples::client(text)])),
        ("client key", client_keys::made(Some(text), "00ff")),
        ("tenants", tenants::view(frame, &[tenant()])),
        ("erase tenant", tenants::erase_form(frame, &tenant(), text)),
        ("tenant erased", tenants::receipt(&erased)),
    ]
}

#[test]
fn words_of_strangers_stay_words() {
    for text in HOSTILE.iter() {
        for (name, view) in views(&operator(), text) {
            println!("{name}: {:?}", text.chars().take(40).collect::<String>());
            assert_inert(view);
        }
    }
}

#[test]
fn every_view_is_whole_and_every_control_has_a_name() {
    for text in ["plain", HOSTILE[1].as_str()] {
        for (name, view) in views(&operator(), text) {
            println!("{name}");
            assert_whole(&operator().render(Sheet::new(name, view)));
        }
    }
}

#[test]
fn whoever_may_only_look_is_offered_nothing_that_acts() {
    let (parts, ()) = axum::http::Request::get("/users").body(()).unwrap().into_parts();
    let looking = Frame::of(&parts);
    for (name, view) in views(&looking, "plain") {
        if !["user", "budgets", "keys", "client keys", "tenants", "sandboxes", "sandbox", "users", "sessions", "settings"]
            .contains(&name)
        {
            continue;
        }
        let view = view.into_string();
        assert!(!view.contains("method=\"post\""), "{name}: {view}");
        for word in ["/erase", "/ratchet", "/revoke", "/rotate", "/undo", "/remove", "/reset", "/memory"] {
            assert!(!view.contains(word), "{name} offers {word}: {view}");
        }
    }
}

#[test]
fn a_fact_says_why_it_is_known_and_what_became_of_it() {
    let shown = |status: &str, current| {
        memory::shown(&crate::admin::api::FactView { current, ..fact("likes tea", status) }).into_string()
    };
    let held = shown("held", false);
    for word in ["likes tea", "to review: ", "said in passing", "rule:remember", "open-webui", "vouched", "pinned"] {
        assert!(held.contains(word), "{word} in {held}");
    }
    assert!(shown("active", true).contains("badge good"));
    assert!(shown("active", false).contains(">history<"));
    assert!(shown("forgotten", false).contains("forgotten"));
}

#[test]
fn only_held_facts_can_be_ticked() {
    let filter = FactFilter::default();
    let reason = Reason::parse("a complaint").unwrap();
    let (user, frame, written) = (person(), operator(), memory::view::Written::default());
    for (status, boxes) in [("held", 1), ("active", 0), ("forgotten", 0)] {
        let facts = page(fact("x", status), "");
        let told =
            memory::view::Told { frame: &frame, user: &user, reason: &reason, filter: &filter, facts: &facts, written: &written };
        assert_eq!(memory::view::review(&told).into_string().matches("name=\"fact\"").count(), boxes, "{status}");
    }
}

#[test]
fn a_promotion_ticks_nothing_by_itself() {
    let reason = Reason::parse("a complaint").unwrap();
    let (frame, facts, id) = (operator(), page(fact("x", "held"), ""), "ab".repeat(32));
    let review = |written: &sandboxes::view::Written| {
        let told = sandboxes::view::Told { frame: &frame, id: &id, reason: &reason, facts: &facts, cursor: None, written };
        sandboxes::view::review(&told).into_string()
    };
    assert!(!review(&sandboxes::view::Written::default()).contains(" checked"));
    let fields = [("fact", facts.items[0].id.to_string()), ("user", "alice".to_owned()), ("csrf", "0".to_owned())];
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>();
    let again = review(&fields.into());
    assert!(again.contains(" checked") && again.contains("value=\"alice\""), "{again}");
}

#[test]
fn a_bar_tells_its_zone_in_words_and_never_leaves_its_track() {
    let bar = |used, reserved, zone: &str| {
        let mut account = account("requests");
        (account.limits[0].used, account.limits[0].reserved, account.limits[0].limit) = (used, reserved, 100);
        zone.clone_into(&mut account.limits[0].zone);
        budgets::accounts(&operator(), &[account]).into_string()
    };
    let open = bar(25, 10, "open");
    assert!(open.contains("part good\" width=\"250\"") && open.contains("width=\"350\""), "{open}");
    let over = bar(u64::MAX, u64::MAX, "hard");
    assert!(over.contains("part bad\" width=\"1000\"") && over.contains(">hard<"), "{over}");
}

#[test]
fn how_somebody_was_seen_may_be_unknown() {
    let (seen, never) = (users::seen_cells(Some(&seen("x"))).into_string(), users::seen_cells(None).into_string());
    assert_eq!(seen.matches("<td").count(), never.matches("<td").count());
    assert_eq!(html! { (users::last_seen(None)) }.into_string().matches("not since memgate started").count(), 1);
}

#[test]
fn an_empty_list_says_so() {
    let nobody = users::view(&UserFilter::default(), &Page::default()).into_string();
    assert!(nobody.contains("Nobody has been seen yet."), "{nobody}");
    let none = sandboxes::view::list(&Page::default(), None).into_string();
    assert!(none.contains("There is none.") && !none.contains("<table"), "{none}");
}
