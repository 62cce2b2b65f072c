//! Which models memory may ask: the parts of the `memory` fragment that name upstreams, and so wait until those are known.

use super::embed::Upstreams;
use super::settings::{MemoryFile, MemorySettings};
use crate::setting::Faults;

impl MemoryFile {
    /// Fills in the endpoints. `upstream` gives that of an upstream by name, or what speaks against it.
    pub fn connect(&self, settings: &mut MemorySettings, path: &str, upstream: &Upstreams<'_>, faults: &mut Faults) {
        let embeddings = self.embeddings.as_ref();
        settings.embeddings = embeddings.and_then(|file| file.resolve(&format!("{path}.embeddings"), upstream, faults));
        settings.tutor = self.learn.resolve_tutor(&format!("{path}.learn"), upstream, faults);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::inference::Endpoint;
    use crate::memory::Reached;
    use crate::store::Kind;

    fn connect(text: &str) -> (MemorySettings, Vec<String>) {
        let mut faults = Faults::default();
        let mut settings = MemorySettings::default();
        let upstream = |name: &str| match name {
            "ollama" => {
                let endpoint = Endpoint::parse("http://127.0.0.1:1/v1", None).unwrap();
                Ok(Reached { endpoint, never_send: vec![Kind::Event] })
            }
            _ => Err("names no upstream".to_owned()),
        };
        let value: serde_json::Value = serde_yaml::from_str(text).unwrap();
        let file: MemoryFile = serde_json::from_value(value).unwrap();
        file.connect(&mut settings, "memory", &upstream, &mut faults);
        (settings, faults.into_vec().into_iter().map(|fault| fault.path).collect())
    }

    #[test]
    fn nothing_is_asked_unless_the_file_says_so() {
        assert_eq!(connect("{learn: {sandbox: false}}"), (MemorySettings::default(), vec![]));
    }

    #[test]
    fn an_endpoint_is_an_upstream_or_a_url() {
        let (settings, faults) = connect("{embeddings: {upstream: ollama, model: m, never_send: [note]}}");
        let embeddings = settings.embeddings.unwrap();
        assert_eq!((embeddings.batch, embeddings.timeout, faults.len()), (32, Duration::from_secs(10), 0));
        assert_eq!(embeddings.never_send, [Kind::Event, Kind::Note], "the upstream's own, too");
        let (settings, _) = connect("{embeddings: {url: 'http://127.0.0.1:1/v1', model: m, batch: 5, timeout: 1s}}");
        assert_eq!(
            settings.embeddings.unwrap(),
            super::super::EmbeddingSettings { batch: 5, timeout: Duration::from_secs(1), never_send: vec![], ..embeddings }
        );
        for (text, fault) in [
            ("{model: m}", "memory.embeddings"),
            ("{model: m, upstream: ollama, url: 'http://x'}", "memory.embeddings"),
            ("{model: m, upstream: nobody}", "memory.embeddings.upstream"),
            ("{model: m, url: 'ftp://x'}", "memory.embeddings.url"),
            ("{model: m, url: 'http://x', api_key: {env: MEMGATE_TEST_UNSET}}", "memory.embeddings.api_key"),
            ("{model: m, upstream: ollama, api_key: {env: MEMGATE_TEST_UNSET}}", "memory.embeddings.api_key"),
            ("{model: '', upstream: ollama}", "memory.embeddings.model"),
            ("{model: m, upstream: ollama, batch: 0}", "memory.embeddings.batch"),
            ("{model: m, upstream: ollama, timeout: 1h}", "memory.embeddings.timeout"),
        ] {
            assert_eq!(connect(&format!("{{embeddings: {text}}}")).1, [fault], "{text}");
        }
    }

    #[test]
    fn a_learning_model_needs_an_upstream_and_a_name() {
        let (settings, faults) = connect("{learn: {upstream: ollama, model: m, daily_tokens: 9000, wait: 5s}}");
        let tutor = settings.tutor.unwrap();
        assert_eq!(tutor.never_send, [Kind::Event]);
        assert_eq!((tutor.daily_tokens, tutor.wait, tutor.batch, faults.len()), (9000, Duration::from_secs(5), 8, 0));
        for (text, fault) in [
            ("{model: m}", "upstream"),
            ("{upstream: ollama}", "model"),
            ("{daily_tokens: 9000}", "upstream"),
            ("{upstream: nobody, model: m}", "upstream"),
            ("{upstream: ollama, model: m, daily_tokens: 10}", "daily_tokens"),
            ("{upstream: ollama, model: m, batch: 100}", "batch"),
            ("{upstream: ollama, model: m, wait: 2h}", "wait"),
        ] {
            assert_eq!(connect(&format!("{{learn: {text}}}")).1, [format!("memory.learn.{fault}")], "{text}");
        }
    }
}
