//! Keys, and what they call.

use super::super::listing::MOST;
use super::super::message::{Answer, Message};
use super::Desk;
use super::sample::{HOSTILE, NOW};

#[test]
fn keys_call_what_the_help_says() {
    let alice = "default:alice";
    for (keys, calls) in [
        ("1r", vec!["overview"]),
        ("2r", vec!["decisions {}"]),
        ("2<enter>", vec!["explain 0190a1b2c3d400000000000000000000"]),
        ("2<down><down><up><enter>r", vec!["explain 0190a1b2c3d400000000000000000001"; 2]),
        ("2f", vec![r#"decisions {"decision":"refuse"}"#]),
        ("2ff", vec![r#"decisions {"decision":"refuse"}"#, r#"decisions {"decision":"sandbox"}"#]),
        ("2/llama client=open-webui<enter>", vec![r#"decisions {"client":"open-webui","search":"llama"}"#]),
        ("2/llama<esc>", vec![]),
        ("2/llama<back><ctrl-u>x<enter><esc>", vec![r#"decisions {"search":"x"}"#, "decisions {}"]),
        ("2/nonsense=1<enter>", vec![]),
        ("3/ali tenant=default<enter>", vec!["users {}", r#"users {"search":"ali","tenant":"default"}"#]),
        ("3<end>", vec!["users {}", r#"users {"cursor":"more"}"#]),
        ("3<enter>", vec!["users {}", "user default:alice"]),
        ("3<enter><esc>r", vec!["users {}", "user default:alice", "users {}"]),
        ("4<enter>", vec!["sandboxes None", "sandbox aaaa"]),
        ("4X", vec!["sandboxes None"]),
        ("4Xn", vec!["sandboxes None"]),
        ("4Xy", vec!["sandboxes None", "end aaaa", "sandboxes None"]),
        ("5", vec!["upstreams"]),
        ("6", vec!["budgets", "budget users {}"]),
        ("6xy", vec!["budgets", "budget users {}", "reset daily of default:alice", "budgets", "budget users {}"]),
        ("6z", vec!["budgets", "budget users {}", "budgets", r#"budget users {"zone":"soft"}"#]),
        ("7", vec!["audit {}"]),
        ("7v", vec!["audit {}", "verify"]),
        ("7/act=facts.read abc<enter>", vec!["audit {}", r#"audit {"act":"facts.read","id":"abc"}"#]),
        ("8", vec![]),
        ("8m<down><down><enter>", vec!["replay quarantine"]),
        ("8m<enter>r", vec!["replay strict", "replay strict"]),
        ("<tab><tab>", vec!["users {}"]),
        ("<backtab>", vec![]),
        ("zZ<left>", vec![]),
    ] {
        let mut desk = Desk::connected(80, 24);
        assert_eq!(desk.press(keys).calls(), calls, "{keys}");
    }
    let mut desk = Desk::connected(80, 24);
    desk.press("3<enter>").calls();
    for (keys, calls) in [
        // A memory is not read without a reason, and a person not erased without their id.
        ("f<enter>", vec![]),
        ("f   <enter>", vec![]),
        ("E<enter>", vec![]),
        ("Easked<enter>default:bob<enter><esc>", vec![]),
        ("Easked<enter>default:alice<enter>", vec!["erase default:alice because asked", "user default:alice"]),
        ("mBAD:x<enter>", vec![]),
        ("mdefault:alice<enter>", vec![]),
        ("malice2<enter>same person<enter>n", vec![]),
        ("malice2<enter>same<enter>y", vec!["merge default:alice2 into default:alice because same", "user default:alice"]),
        ("uwrong<enter>", vec!["undo 2 of default:alice because wrong", "user default:alice"]),
        ("ly", vec!["lower default:alice", "user default:alice"]),
    ] {
        assert_eq!(desk.press(keys).calls(), calls, "{keys} on the page of {alice}");
    }
}

#[test]
fn facts_are_reviewed_under_one_reason() {
    let mut desk = Desk::connected(80, 24);
    let read = r"facts of default:alice because ticket 7 {}";
    assert_eq!(desk.press("3<enter>fticket 7<enter>").calls(), ["users {}", "user default:alice", read]);
    let amended = |what: &str| format!("amend 1 of default:alice because ticket 7: {what}");
    for (keys, call) in [
        ("a", amended(r#"{"status":"active"}"#)),
        ("p", amended("{}")),
        ("x", amended(r#"{"status":"forgotten"}"#)),
        ("e, again<enter>", amended(r#"{"text":"Lives in Łódź with a cat called Mruczek, again"}"#)),
        ("nLikes tea<enter>", "add to default:alice because ticket 7: Likes tea".to_owned()),
        ("Dy", "delete 9 of default:alice because ticket 7".to_owned()),
        ("s", r#"facts of default:alice because ticket 7 {"status":"held"}"#.to_owned()),
        ("/<ctrl-u>tea<enter>", r#"facts of default:alice because ticket 7 {"search":"tea"}"#.to_owned()),
        ("h", r#"facts of default:alice because ticket 7 {"history":true,"search":"tea"}"#.to_owned()),
    ] {
        // The cursor follows a fact that is added above it.
        desk.press("<home>");
        assert_eq!(desk.press(keys).calls(), [call], "{keys}");
    }
    assert!(desk.press("e<ctrl-u><enter>").calls().is_empty());
    // Nothing of an act is asked for anew: reading is on record.
    assert!(!desk.shows("Likes tea"));
    // Back, and in again: the reason is asked for again.
    // The first leaves the search alone.
    assert_eq!(desk.press("<esc>").calls().len(), 1);
    assert_eq!(desk.press("<esc>f").calls(), [""; 0]);
    assert!(desk.shows("Say why"), "{}", desk.shown());
}

#[test]
fn a_sandbox_is_promoted_fact_by_fact() {
    let mut desk = Desk::connected(80, 24);
    desk.press("4<enter>fwho is this<enter>");
    assert_eq!(desk.calls(), ["sandboxes None", "sandbox aaaa", "facts of sandbox aaaa because who is this {}"]);
    // Nothing is marked, and nothing of a sandbox is changed.
    assert!(desk.press("Paepxn<esc>").calls().is_empty());
    assert!(desk.press("fwho is this<enter> <down><down> <down> ").calls().len() == 1);
    assert!(desk.press(" Pfamily:bob<enter><enter>n").calls().is_empty());
    let promoted = "promote [1, 3] of aaaa to family:bob because who is this, end true";
    assert_eq!(desk.press("Pfamily:bob<enter><down><enter>y").calls(), [promoted, "sandboxes None"]);
    assert!(desk.shows("✓ It was done"));
}

#[test]
fn one_act_waits_for_the_other() {
    let mut desk = Desk::connected(80, 24);
    desk.press("3<enter>fwhy<enter>").calls();
    desk.answering = false;
    assert_eq!(desk.press("pp").calls().len(), 1);
    assert!(desk.shows("Not done: memgate has not answered"));
    desk.answer_all();
    assert_eq!(desk.press("p").calls().len(), 1);
}

#[test]
fn a_failed_call_is_told_and_what_is_shown_stays() {
    let mut desk = Desk::connected(80, 24);
    desk.press("3").calls();
    desk.answering = false;
    desk.press("r").calls();
    desk.fail(&format!("no such thing {HOSTILE}"));
    assert!(desk.shows("✗ no such thing ␛[2J") && desk.shows("default:alice"));
    assert_eq!(desk.press("r").calls().len(), 1, "it can be asked again");
    // Held down, a key asks once.
    assert!(desk.press("rrr").calls().is_empty());
}

#[test]
fn what_is_late_is_shown_to_nobody() {
    let mut desk = Desk::connected(80, 24);
    desk.press("3<enter>");
    desk.answering = false;
    // A change of alice's memory is under way when bob's is opened.
    desk.press("fwhy<enter>");
    desk.answer_all();
    desk.press("nAlice likes tea<enter>");
    let (ticket, _) = desk.open.pop_front().unwrap();
    desk.press("<esc><esc><down><enter>fwhy<enter>");
    desk.answer_all();
    let fact = super::sample::fact_id(9);
    let Answer::Facts(page) = super::sample::answer(&super::Call::Facts {
        whose: super::super::message::Whose::Sandbox("a".repeat(64)),
        filter: crate::admin::api::FactFilter::default(),
        reason: String::new(),
    }) else {
        panic!("facts are answered by facts")
    };
    let late = crate::admin::api::FactView { id: fact, text: "Alice likes tea".to_owned(), ..page.items[0].clone() };
    desk.send(Message::Answered(ticket, Answer::Fact { before: None, now: Box::new(late) }));
    assert!(desk.shows("Facts of default:<script>"), "{}", desk.shown());
    assert!(!desk.shows("Alice likes tea"));
}

#[test]
fn an_answer_to_an_earlier_search_is_thrown_away() {
    let mut desk = Desk::connected(80, 24);
    desk.answering = false;
    desk.press("3");
    let (first, _) = desk.open.pop_front().unwrap();
    desk.press("/bob<enter>");
    let (second, _) = desk.open.pop_front().unwrap();
    let page = |name: &str| {
        let Answer::Users(mut page) = super::sample::answer(&super::Call::Users(crate::admin::api::UserFilter::default())) else {
            panic!("users are answered by users")
        };
        page.items.truncate(1);
        page.items[0].user = crate::ids::UserId::parse(name).unwrap();
        Answer::Users(page)
    };
    desk.send(Message::Answered(second, page("bob")));
    desk.send(Message::Answered(first, page("anna")));
    assert!(desk.shows("default:bob") && !desk.shows("anna"));
}

#[test]
fn quitting_is_always_possible() {
    for keys in ["q", "<ctrl-c>", "2/typing<ctrl-c>", "?<ctrl-c>", "3<enter>q", "4X<ctrl-c>"] {
        let mut desk = Desk::connected(80, 24);
        assert!(desk.press(keys).quit, "{keys}");
    }
    let mut desk = Desk::connected(80, 24);
    assert!(!desk.press("2/q<enter>").quit, "a letter that is typed is a letter");
    desk.send(Message::Ended);
    assert!(desk.quit);
}

#[test]
fn a_pasted_line_is_typed_and_never_presses_a_key() {
    let mut desk = Desk::connected(80, 24);
    desk.send(Message::Pasted("q".to_owned()));
    assert!(!desk.quit);
    desk.press("2/").calls();
    desk.send(Message::Pasted("two\nlines\u{1b}".to_owned()));
    assert!(desk.calls().is_empty());
    assert_eq!(desk.press("<enter>").calls(), [r#"decisions {"search":"two lines"}"#]);
}

#[test]
fn a_list_is_read_to_its_bound_and_no_further() {
    let mut desk = Desk::connected(80, 24);
    desk.press("3");
    let mut pages = 0;
    loop {
        desk.answering = false;
        desk.press("<end>");
        let Some((ticket, call)) = desk.open.pop_front() else { break };
        let Answer::Users(mut page) = super::sample::answer(&call) else { panic!("users are answered by users") };
        page.items = std::iter::repeat_n(page.items[0].clone(), 200).collect();
        page.next = Some("more".to_owned());
        desk.send(Message::Answered(ticket, Answer::Users(page)));
        pages += 1;
    }
    assert_eq!(pages, MOST.div_ceil(200));
    assert!(desk.shows("narrow the search"));
}

#[test]
fn what_is_not_on_record_is_asked_for_by_itself() {
    let mut desk = Desk::connected(80, 24);
    desk.press("5").calls();
    for second in 1..=10 {
        desk.send(Message::Tick(NOW + second * 1000));
    }
    assert_eq!(desk.calls(), ["upstreams", "upstreams"]);
    desk.press("3<enter>fwhy<enter>").calls();
    for second in 11..=60 {
        desk.send(Message::Tick(NOW + second * 1000));
    }
    desk.send(Message::Lost { why: String::new(), again_in: 1 });
    desk.send(Message::Connected);
    assert_eq!(desk.calls(), ["whoami", "decisions {}"], "no fact is read anew");
}
