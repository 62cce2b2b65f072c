use std::sync::{Arc, Mutex};

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData};

use super::super::audit::record_for_tests as record;
use super::super::metrics::RouteLabel;
use super::*;

/// Keeps what would be sent.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanProcessor for Kept {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap().push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

const PARENT: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn a_request_is_a_span_with_its_stages_and_the_call_to_the_model() {
    let kept = Kept::default();
    let traces = Traces::over(Box::new(kept.clone()), 0.0);
    let mut journey = traces.begin(Some(PARENT)).unwrap();
    journey.note(Stage::Resolve, Duration::from_micros(30));
    journey.note(Stage::Recall, Duration::from_micros(90));
    let now = Instant::now();
    let upstream = Upstream { provider: "openai", host: "api.example.com", port: 443, called: now, first_token: Some(now) };
    traces.finish(&journey, &record("/v1/chat/completions?key=hunter2"), RouteLabel::Chat, Some(upstream));
    let spans = kept.0.lock().unwrap();
    let names: Vec<&str> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["POST chat", "resolve", "recall", "chat llama3"]);
    let ids: std::collections::HashSet<_> = spans.iter().map(|span| span.span_context.span_id()).collect();
    assert_eq!(ids.len(), spans.len());
    for span in spans.iter() {
        assert_eq!(span.span_context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(span.end_time >= span.start_time);
    }
    let server = spans[0].span_context.span_id();
    assert_eq!(spans[0].parent_span_id.to_string(), "00f067aa0ba902b7");
    assert!(spans[1..].iter().all(|span| span.parent_span_id == server));
    let told = format!("{spans:?}");
    for word in ["gen_ai.usage.input_tokens", "900", "gen_ai.usage.output_tokens", "120", "gen_ai.provider.name", "openai"] {
        assert!(told.contains(word), "{word}");
    }
    // Neither who spoke nor what a query holds leaves the machine.
    assert!(!told.contains("alice") && !told.contains("hunter2"));
    assert_eq!(&journey.to_upstream()[36..52], spans[3].span_context.span_id().to_string());
}

#[test]
fn the_callers_choice_is_followed_and_else_the_share() {
    let share = |share| Traces::over(Box::new(Kept::default()), share);
    assert!(Traces::default().begin(Some(PARENT)).is_none());
    assert!(share(0.0).begin(Some(PARENT)).unwrap().exported().is_some());
    let unsampled = String::from_utf8(PARENT.to_vec()).unwrap().replace("-01", "-00");
    assert!(share(1.0).begin(Some(unsampled.as_bytes())).unwrap().exported().is_none());
    assert!(share(1.0).begin(Some(b"nonsense")).unwrap().exported().is_some());
    let chosen = (0..2000).filter(|_| share(0.25).begin(None).unwrap().exported().is_some()).count();
    assert!((350..650).contains(&chosen), "{chosen} of 2000");
    let mut id = [0; 16];
    assert!(is_chosen(&id, 0.01));
    id[8] = 0xff;
    assert!(!is_chosen(&id, 0.99));
}

#[test]
fn what_is_not_sampled_is_not_sent() {
    let kept = Kept::default();
    let traces = Traces::over(Box::new(kept.clone()), 0.0);
    let journey = traces.begin(None).unwrap();
    traces.finish(&journey, &record("/"), RouteLabel::Other, None);
    assert!(kept.0.lock().unwrap().is_empty());
    assert!(journey.to_upstream().ends_with("-00"));
}
