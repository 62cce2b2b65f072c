use std::collections::BTreeSet;

use prometheus::proto::{LabelPair, Metric, MetricFamily};

use super::*;
use crate::ids::RequestId;
use crate::telemetry::Closing;

fn exercised() -> Metrics {
    let metrics = Metrics::new().unwrap();
    let client = ClientName::parse("open-webui").unwrap();
    metrics.count_request(&client, "required", "admit", "verified");
    metrics.count_request(&client, "required", "refuse", "identity_missing");
    metrics.count_refusal("identity_missing");
    metrics.observe_stage(Stage::Recall, Duration::from_micros(120));
    let request = RequestId::from_bytes([7; 16]);
    metrics.observe_first_token(Duration::from_millis(40), Exemplar { request, trace: None }, 1_750_000_000_040);
    let traced = Exemplar { request, trace: Some([0xab; 16]) };
    metrics.observe_request(RouteLabel::Chat, Duration::from_millis(700), (4096, 900), traced, 1_750_000_000_700);
    metrics.count_trim(3, 900);
    metrics.count_recall(RecallResult::Hit, 4);
    metrics.count_learning(LearnResult::Learned);
    metrics.keys.count_served("ollama", "personal");
    metrics.keeping.count_written("profile", "explicit");
    metrics.keeping.count_held("url");
    metrics.keeping.count_closed(Closing::Superseded, 1);
    metrics.keeping.count_unkept("rate");
    metrics.set_learning_queue(512);
    metrics.count_upstream_error("ollama", UpstreamFault::Timeout);
    metrics.count_shadow_refusal(&client, "assurance_too_low");
    metrics.count_ignored_headers(2);
    metrics.count_reload(ReloadResult::Applied);
    metrics.certificates.set_expiry((1_790_000_000, None));
    metrics
}

#[test]
fn the_exposition_is_as_agreed() {
    insta::assert_snapshot!(exercised().render());
}

#[test]
fn prometheus_gets_openmetrics_with_exemplars() {
    let accept = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;q=0.5";
    let (kind, text) = exercised().expose(Some(accept));
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    insta::assert_snapshot!(text);
    assert!(exercised().expose(Some("*/*")).0.starts_with("text/plain"));
}

#[test]
fn labels_are_a_known_few_and_none_names_a_person() {
    let families = exercised().registry.gather();
    let labels: BTreeSet<&str> =
        families.iter().flat_map(MetricFamily::get_metric).flat_map(Metric::get_label).map(LabelPair::name).collect();
    let expected = [
        "certificate",
        "client",
        "code",
        "decision",
        "kind",
        "mode",
        "reason",
        "result",
        "route",
        "source",
        "stage",
        "tier",
        "upstream",
        "version",
    ];
    assert_eq!(labels, BTreeSet::from(expected));
    let series: usize = families.iter().map(|f| f.get_metric().len()).sum();
    assert!(series < 150, "{series} series for one client");
    for family in &families {
        assert!(family.name().starts_with("memgate_") && family.help().ends_with('.'), "{}", family.name());
    }
}

#[test]
fn a_stream_closes_however_it_ends() {
    let metrics = Metrics::new().unwrap();
    let (one, two) = (metrics.open_stream(), metrics.open_stream());
    assert_eq!(metrics.streams(), 2);
    drop(one);
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _held = two;
        panic!("the stream's task fails");
    }));
    assert!(ended.is_err());
    assert_eq!(metrics.streams(), 0);
}
