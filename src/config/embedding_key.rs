//! A key for memgate's own embedding calls, where their endpoint has none of its own.

use crate::catalog::{Upstream, endpoint_of};
use crate::inference::Endpoint;
use crate::memory::MemorySettings;
use crate::provider;
use crate::setting::Secret;
use crate::vault::{Lender, VaultSettings, embedding_key};

/// Lends the endpoint of `memory.embeddings` a key: by capability, name, environment, as [`embedding_key`] has it. These are the operator's
/// calls, so that the operator's keys serve them, whoever may use those for chats; no person's key ever does.
pub(super) fn lend(memory: &mut MemorySettings, upstreams: &[Upstream], vault: &VaultSettings) {
    let Some(embeddings) = memory.embeddings.as_mut().filter(|embeddings| !embeddings.endpoint.has_key()) else { return };
    let Some(provider) = provider_at(&embeddings.endpoint, upstreams) else { return };
    let lenders = upstreams.iter().map(|upstream| Lender {
        provider: upstream.provider_name(),
        embeds: upstream.lists(&embeddings.model),
        key: upstream.key.as_ref().map(|key| &key.secret),
    });
    let environment = vault.environment.as_ref().and_then(|keys| keys.get(provider));
    if let Some(key) = embedding_key::<Secret>(provider, lenders, environment) {
        embeddings.endpoint = embeddings.endpoint.clone().with_key(key.clone());
    }
}

/// The provider at an endpoint: that of the upstream with this very address, or the one whose own host it is.
fn provider_at<'a>(endpoint: &Endpoint, upstreams: &'a [Upstream]) -> Option<&'a str> {
    let is_it = |upstream: &&Upstream| {
        endpoint_of(upstreams, &upstream.name).is_ok_and(|reached| reached.endpoint.base() == endpoint.base())
    };
    upstreams.iter().find(is_it).map(Upstream::provider_name).or_else(|| Some(provider::at(endpoint.base())?.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{UpstreamFile, resolve_upstreams};
    use crate::memory::MemoryFile;
    use crate::setting::Faults;

    fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
        let value: serde_json::Value = serde_yaml::from_str(text).unwrap();
        serde_json::from_value(value).unwrap()
    }

    /// The key that the endpoint gets. `OWN`, `ABLE` and `NAMED` in the upstreams stand for files with the keys `key-OWN` and so on.
    fn key_of(embeddings: &str, upstreams: &str, environment: &[(&'static str, &str)]) -> Option<&'static str> {
        let dir = tempfile::tempdir().unwrap();
        let mut text = upstreams.to_owned();
        for word in ["OWN", "ABLE", "NAMED"] {
            let path = dir.path().join(word.to_lowercase());
            std::fs::write(&path, format!("key-{word}")).unwrap();
            text = text.replace(word, path.to_str().unwrap());
        }
        let mut faults = Faults::default();
        let upstreams = resolve_upstreams(&read::<Vec<UpstreamFile>>(&text), "upstreams", &mut faults);
        let file: MemoryFile = read(&format!("embeddings: {embeddings}"));
        let mut memory = MemorySettings::default();
        file.connect(&mut memory, "memory", &|name| endpoint_of(&upstreams, name), &mut faults);
        assert!(faults.is_empty(), "{:?}", faults.into_vec());
        let environment = environment.iter().map(|(name, key)| (*name, Secret::new(key.as_bytes()))).collect();
        lend(&mut memory, &upstreams, &VaultSettings { environment: Some(environment), ..VaultSettings::default() });
        // A key does not print: it is told by an endpoint that equals one with it.
        let endpoint = memory.embeddings.unwrap().endpoint;
        let bare = Endpoint::parse(endpoint.base(), None).unwrap();
        let keys = ["key-OWN", "key-ABLE", "key-NAMED", "key-env"];
        keys.into_iter().find(|key| bare.clone().with_key(Secret::new(key.as_bytes())) == endpoint)
    }

    #[test]
    fn a_key_is_lent_by_its_own_provider_alone() {
        let openai = "{model: embed-1, url: 'https://api.openai.com/v1'}";
        let named = "[{name: openai, url: 'https://api.openai.com/v1', api_key: {file: NAMED}}]";
        let environment = [("openai", "key-env"), ("groq", "key-other")];
        assert_eq!(key_of(openai, named, &environment), Some("key-NAMED"));
        assert_eq!(key_of(openai, "[{name: demo, builtin: demo}]", &environment), Some("key-env"));
        assert_eq!(key_of(openai, "[{name: groq, url: 'https://api.groq.com/openai/v1', api_key: {file: NAMED}}]", &[]), None);
        let elsewhere = "{model: embed-1, url: 'http://127.0.0.1:9/v1'}";
        assert_eq!(key_of(elsewhere, "[{name: demo, builtin: demo}]", &environment), None, "who listens there is not known");
        let own = "[{name: openai, url: 'http://127.0.0.1:9/v1', api_key: {file: OWN}}]";
        assert_eq!(key_of("{model: m, upstream: openai}", own, &environment), Some("key-OWN"));
        assert_eq!(key_of(elsewhere, own, &environment), Some("key-OWN"), "the upstream at this very address");
        let keyless = "[{name: openai, url: 'http://127.0.0.1:9/v1'}]";
        assert_eq!(key_of("{model: m, upstream: openai}", keyless, &environment), Some("key-env"));
        assert_eq!(key_of("{model: m, upstream: other}", "[{name: other, url: 'http://127.0.0.1:9/v1'}]", &environment), None);
    }
}
