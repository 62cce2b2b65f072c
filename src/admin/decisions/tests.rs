//! How long looking back takes. Run by hand: `cargo nextest run --features test-doors --lib looking_back --run-ignored only --no-capture`.

use std::sync::Arc;
use std::time::Instant;

use super::*;
use crate::admin::ConfigDesk;
use crate::identity::{Assurance, Evidence, Finding, Resolution};
use crate::ids::UserId;
use crate::policy::{Case, Directory, PathClass, Standing};
use crate::proxy::{USUAL_CAPACITY, test_services};
use crate::telemetry::audit::test_record;

struct Nobody;

impl Directory for Nobody {
    fn standing(&self, _: &UserId) -> Standing {
        Standing::default()
    }
}

fn resolution(n: usize) -> Resolution {
    let finding = match n % 3 {
        0 => Finding::None { looked_for: vec!["the header x-openwebui-user-id".to_owned(); 3] },
        _ => Finding::Valid(Evidence {
            user: UserId::parse(&format!("user-{}", n % 1000)).unwrap(),
            assurance: Assurance::Vouched,
            source: "header",
            groups: Vec::new(),
        }),
    };
    Resolution {
        client: ClientName::parse(&format!("client-{}", n % 5)).unwrap(),
        client_authenticated: true,
        finding,
        tenant: None,
        user_named: true,
        session: None,
        session_guessable: false,
        task: None,
        stray_credential: None,
        ignored_headers: 0,
        dropped_groups: 0,
    }
}

#[tokio::test]
#[ignore = "prints times"]
async fn looking_back_over_all_that_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (services, runtime) = test_services(dir.path());
    let trust = &runtime.load().trust;
    let entries: Vec<_> = (0..USUAL_CAPACITY * 2)
        .map(|n| {
            let found = resolution(n);
            let verdict = trust.judge(&found, PathClass::Conversation, &Nobody);
            let record = AuditRecord {
                request: RequestId::fresh(),
                decision: verdict.decision.as_str(),
                ..test_record("/v1/chat/completions")
            };
            (record, Some(Case::new(found, PathClass::Conversation, verdict.grounds)))
        })
        .collect();
    let (begun, count) = (Instant::now(), entries.len());
    for (record, case) in entries {
        services.activity.note(&record);
        services.recent.push(record, case);
    }
    eprintln!("noting one: {:?}", begun.elapsed() / u32::try_from(count).unwrap());
    let control = Control::new(Arc::clone(&services), runtime.clone(), ConfigDesk::reloading(Arc::new(|| Ok(()))));
    let by = Principal::local();
    let begun = Instant::now();
    let report = control.replay_decisions(&by, ReplayQuery { mode: "strict".to_owned(), client: None }).await.unwrap();
    eprintln!("replay of {}: {:?}", report.considered, begun.elapsed());
    let last = |page: &Page<DecisionRow>| page.next.clone();
    let begun = Instant::now();
    let page = control.list_decisions(&by, DecisionFilter { limit: Some(200), ..Default::default() }).await.unwrap();
    eprintln!("first page of {}: {:?}", page.items.len(), begun.elapsed());
    let begun = Instant::now();
    let filter = DecisionFilter { search: Some("no such word".to_owned()), cursor: last(&page), ..Default::default() };
    let page = control.list_decisions(&by, filter).await.unwrap();
    eprintln!("a search through all that finds {}: {:?}", page.items.len(), begun.elapsed());
    let begun = Instant::now();
    control.show_overview(&by).await.unwrap();
    eprintln!("overview: {:?}", begun.elapsed());
}
