//! An erased tenant's memories, and those of people of the same name elsewhere.

use super::*;
use crate::ids::TenantId;

#[tokio::test]
async fn an_erased_tenant_is_gone_from_ram_and_its_namesakes_are_not() {
    let rig = Rig::new(MemorySettings::default());
    let [acme, beta] = ["acme:bob", "beta:bob"].map(|user| rig.enroll(user));
    let question = Talk::ask("Where do I live?");
    for scope in [&acme, &beta] {
        assert_eq!(rig.teach(scope, "I live in Bern.").facts.len(), 1);
        assert!(carried(&rig.recall(scope, &question).await.unwrap()).contains("Bern"));
    }
    let erased = rig.memory.erase_tenant(&TenantId::parse("acme").unwrap(), erasure()).unwrap();
    assert_eq!((erased.users, erased.files), (1, 1));
    let is_in_ram = |scope: &UserScope| rig.memory.views.peek(scope.user()).is_some_and(|place| place.view.read().is_some());
    assert_eq!([&acme, &beta].map(is_in_ram), [false, true]);
    assert_eq!(carried(&rig.recall(&acme, &question).await.unwrap()), "");
    assert!(rig.memory.learn_from(&acme, None, &lesson("I live in Bern.", 2_000)).is_err(), "who is not enrolled learns nothing");
    assert!(carried(&rig.recall(&beta, &question).await.unwrap()).contains("Bern"));

    // The same person begins anew: nothing is there, and what was said once teaches again.
    let acme = rig.enroll("acme:bob");
    assert_eq!(carried(&rig.recall(&acme, &question).await.unwrap()), "");
    assert_eq!(rig.teach(&acme, "I live in Bern.").facts.len(), 1);
}
