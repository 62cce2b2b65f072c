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

    /// The key that the endpoint gets, as far as an equal endpoint tells.
    fn key_of(embeddings: &str, upstreams: &str, environment: &[(&'static str, &str)]) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        let files: Vec<String> = ["own", "able", "named"].map(|name| {
            let path = dir.path().join(name);
            std::fs::write(&path, format!("key-{name}")).unwrap();
            path.display().to_string()
        }).into();
        let text = ["OWN", "ABLE", "NAMED"].iter().zip(&files).fold(upstreams.to_owned(), |text, (word, path)| text.replace(word, path));
        let upstreams: Vec<UpstreamFile> = serde_yaml::from_str(&text).unwrap();
        let mut faults = Faults::default();
        let upstreams = resolve_upstreams(&upstreams, "upstreams", &mut faults);
        let file: MemoryFile = serde_yaml::from_str(&format!("embeddings: {embeddings}")).unwrap();
        let mut memory = MemorySettings::default();
        file.connect(&mut memory, "memory", &|name| endpoint_of(&upstreams, name), &mut faults);
        assert!(faults.is_empty(), "{:?}", faults.into_vec());
        let environment = environment.iter().map(|(name, key)| (*name, Secret::new(key.as_bytes()))).collect();
        lend(&mut memory, &upstreams, &VaultSettings { environment: Some(environment), ..VaultSettings::default() });
        let endpoint = memory.embeddings.unwrap().endpoint;
        let keys = ["key-own", "key-able", "key-named", "key-env"];
        let bare = Endpoint::parse(endpoint.base(), None).unwrap();
        keys.into_iter().find(|key| bare.clone().with_key(Secret::new(key.as_bytes())) == endpoint).map(str::to_owned)
    }

    #[test]
    fn a_key_is_lent_by_its_own_provider_alone() {
        let openai = "{model: embed-1, url: 'https://api.openai.com/v1'}";
        let named = "[{name: openai, url: 'https://api.openai.com/v1', api_key: {file: NAMED}}]";
        let environment = [("openai", "key-env"), ("groq", "key-other")];
        assert_eq!(key_of(openai, named, &environment).as_deref(), Some("key-named"));
        assert_eq!(key_of(openai, "[{name: demo, builtin: demo}]", &environment).as_deref(), Some("key-env"));
        assert_eq!(key_of(openai, "[{name: groq, url: 'https://api.groq.com/openai/v1', api_key: {file: NAMED}}]", &[]), None);
        let elsewhere = "{model: embed-1, url: 'http://127.0.0.1:9/v1'}";
        assert_eq!(key_of(elsewhere, named, &environment), None, "who listens there is not known");
        let own = "[{name: openai, url: 'http://127.0.0.1:9/v1', api_key: {file: OWN}}]";
        assert_eq!(key_of("{model: m, upstream: openai}", own, &environment).as_deref(), Some("key-own"));
        let keyless = "[{name: openai, url: 'http://127.0.0.1:9/v1'}]";
        assert_eq!(key_of("{model: m, upstream: openai}", keyless, &environment).as_deref(), Some("key-env"));
        assert_eq!(key_of("{model: m, upstream: other}", "[{name: other, url: 'http://127.0.0.1:9/v1'}]", &environment), None);
    }
}
