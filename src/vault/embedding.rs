//! Which of the operator's keys serves embeddings, where the endpoint itself has none.

/// An upstream that might lend its key.
#[derive(Debug, Clone, Copy)]
pub struct Lender<'a, K> {
    /// The name of its provider.
    pub provider: &'a str,
    /// It says of itself that it serves the embedding model.
    pub embeds: bool,
    /// Its own key, if whoever asks may use it.
    pub key: Option<&'a K>,
}

/// The operator's key for embeddings at `provider`: by capability, that of the first upstream of this provider that serves the
/// embedding model; then by name, that of the first upstream of this provider at all; then the environment's. A key goes to no
/// provider but its own.
#[must_use]
pub fn embedding_key<'a, K>(
    provider: &str,
    lenders: impl Iterator<Item = Lender<'a, K>> + Clone,
    environment: Option<&'a K>,
) -> Option<&'a K> {
    let of_provider = lenders.filter(|lender| lender.provider == provider);
    let able = of_provider.clone().filter(|lender| lender.embeds).find_map(|lender| lender.key);
    able.or_else(|| of_provider.clone().find_map(|lender| lender.key)).or(environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_capability_then_name_then_environment() {
        let lender = |provider, embeds, key| Lender { provider, embeds, key };
        let chat = lender("openai", false, Some(&"chat"));
        let able = lender("openai", true, Some(&"able"));
        let keyless = lender("openai", true, None);
        let other = lender("groq", true, Some(&"other"));
        for (lenders, environment, expected) in [
            (vec![chat, able, other], Some(&"env"), Some(&"able")),
            (vec![other, keyless, able], None, Some(&"able")),
            (vec![keyless, chat, other], Some(&"env"), Some(&"chat")),
            (vec![keyless, other], Some(&"env"), Some(&"env")),
            (vec![other], None, None),
            (vec![], None, None),
        ] {
            assert_eq!(embedding_key("openai", lenders.iter().copied(), environment), expected, "{lenders:?}");
        }
    }
}
