//! A tenant's retention: the longest that its people's facts are kept.

use std::time::Duration;

use super::*;

fn keeping_acme_for(days: u64) -> MemorySettings {
    let retention = [(crate::ids::TenantId::parse("acme").unwrap(), Duration::from_hours(24 * days))].into();
    let mut settings = MemorySettings { retention, ..MemorySettings::default() };
    settings.ttl.note = Some(Duration::from_hours(24 * 10));
    settings
}

#[tokio::test]
async fn a_tenants_retention_caps_every_life_and_no_other_tenants() {
    let rig = Rig::new(keeping_acme_for(2));
    let start = now() - DAY;
    let told = || vec![note("The boat is called Nemo"), value("city", "I live in Oslo")];
    let [ours, others] = ["acme:alice", "globex:alice"].map(|name| {
        let scope = rig.enroll(name);
        rig.memory.keep(&scope, vec![turn(start, told())], start).unwrap();
        scope
    });
    // Another conversation each time: what one carried it goes on to carry.
    for (n, (at, kept)) in [(start + 2 * DAY - 1, true), (start + 2 * DAY, false)].into_iter().enumerate() {
        let question = format!("What is the boat called, number {n}?");
        let text = rig.carries(&ours, &question, at, &[]).await;
        assert_eq!((text.contains("Nemo"), text.contains("Oslo")), (kept, kept), "{text}");
        let text = rig.carries(&others, &question, at, &[]).await;
        assert!(text.contains("Nemo") && text.contains("Oslo"), "{text}");
    }
    // What is over is deleted with the next change.
    rig.memory.keep(&ours, vec![turn(start + 2 * DAY, vec![note("The dog is called Rex")])], start + 2 * DAY).unwrap();
    assert_eq!(rig.facts(&ours).len(), 1);
    assert_eq!(rig.facts(&others).len(), 2);
}

#[tokio::test]
async fn a_retention_that_comes_later_holds_for_what_is_there() {
    let rig = Rig::new(MemorySettings::default());
    let alice = rig.enroll("acme:alice");
    let start = now() - 3 * DAY;
    rig.memory
        .keep(&alice, vec![turn(start, vec![value("city", "I live in Oslo"), note("The boat is called Nemo")])], start)
        .unwrap();
    let pinned = Fact { pinned: true, ..rig.facts(&alice).remove(1) };
    rig.memory.change(&alice, Batch { put: vec![pinned], ..Batch::default() }).unwrap();
    assert!(rig.carries(&alice, "Where do I live?", now(), &[]).await.contains("Oslo"));
    rig.memory.configure(keeping_acme_for(2));
    // The view in RAM follows with the next change.
    rig.memory.keep(&alice, vec![turn(now(), vec![note("The dog is called Rex")])], now()).unwrap();
    let text = rig.carries(&alice, "Where do I live, and what is my boat called?", now(), &[]).await;
    assert!(!text.contains("Oslo") && text.contains("Nemo"), "{text}");
    assert_eq!(rig.facts(&alice).len(), 2);
    // After a restart, too.
    let rig = rig.restart(keeping_acme_for(2));
    assert!(!rig.carries(&alice, "Where do I live today?", now(), &[]).await.contains("Oslo"));
}
