//! What a request would need to be served in a stricter mode, in words for whoever mends the client.

use super::decide::{
    ASSERTED, ASSERTED_KNOWN, ASSERTED_UNKNOWN, DEFAULT_USER, EVIDENCE_TOO_WEAK, IDENTITY_MISSING, OPEN_LISTING, TENANT_UNKNOWN,
    TRUST_RATCHET,
};
use crate::identity::code;

const OPEN_WEBUI: &str = "Send Open WebUI's signed tokens: set ENABLE_FORWARD_USER_INFO_HEADERS=true and FORWARD_USER_INFO_HEADER_JWT_SECRET in \
                          its environment (0.9.6 or later), and `open_webui: {secret: …}` under the client's `identity`.";
const LIBRE_CHAT: &str = "Where nobody but LibreChat can write its id header, answer for it by `vouch: verified`; or send a token of the issuer by \
                          which its people sign in (`jwt`).";
const PROOF: &str = "Proof of who asks: a personal key for each person as API key (`memgate keys add NAME`), signed requests \
                     (`http_signature`, `memgate_signature`), or a token of an issuer (`jwt`). Where nobody but the client can write its id header, \
                     `vouch: verified` answers for it.";

/// What requests that are decided for `reason` would need. `sources`: what the client is configured to send of its users, in words.
///
/// None where nothing is wanting.
#[must_use]
pub fn needs(reason: &str, sources: &[String]) -> Option<&'static str> {
    let names = |word: &str| sources.iter().any(|source| source.to_ascii_lowercase().contains(word));
    // Where memgate's own header is among them, it is nobody's product: whoever is unknown may send any.
    let sends = |word: &str| names(word) && !names("x-memgate-user");
    Some(match reason {
        EVIDENCE_TOO_WEAK | TRUST_RATCHET | ASSERTED | ASSERTED_KNOWN | ASSERTED_UNKNOWN => {
            if sends("x-openwebui") {
                OPEN_WEBUI
            } else if sends("x-librechat") {
                LIBRE_CHAT
            } else {
                PROOF
            }
        }
        IDENTITY_MISSING | DEFAULT_USER | OPEN_LISTING if sends("x-openwebui") => {
            "Open WebUI names nobody: set ENABLE_FORWARD_USER_INFO_HEADERS=true in its environment, and use its OpenAI connection with the client's \
             key; its Ollama connection sends none."
        }
        IDENTITY_MISSING | DEFAULT_USER | OPEN_LISTING => {
            "Somebody to ask as: a personal key for each person as API key (`memgate keys add NAME`), or the client's own key and a header that \
             names the person, listed under the client's `identity`. docs/CLIENTS.md has the settings of each client."
        }
        TENANT_UNKNOWN => "The tenant in `tenants`, or `trust.unlisted_tenants: allow`.",
        code::TENANT_MISMATCH => {
            "Evidence of the tenant that the client or its issuer is fixed to; or another client for that tenant."
        }
        code::HEADER_NAME => "Header names of letters, digits and hyphens: a proxy in front may write underscores.",
        code::DUPLICATE_HEADER => "Each identity and credential header once: the client, or a proxy in front, adds a second one.",
        code::IDENTITY_MALFORMED => {
            "The person's plain id in that header: a placeholder was left unresolved, or the id is empty or too long."
        }
        code::IDENTITY_CONFLICT => "One user in all that the request says: two sources name different ones.",
        code::CLIENT_CONFLICT => "The key or certificate of one client: the request carries those of two.",
        code::USER_KEY_UNKNOWN => "A personal key that is known: it was revoked, or never made here (`memgate keys add NAME`).",
        code::JWT_INVALID => "A token as the client's `identity` describes it: secret, issuer, audience or algorithm differ.",
        code::JWT_EXPIRED => "A token that has not expired: mind its lifetime and the clocks (NTP).",
        code::JWT_PREMATURE => "Clocks in step (NTP): the token is from the future.",
        code::JWT_KEY_UNKNOWN => "A token by one of the issuer's published keys: see `jwks` under the client's `identity`.",
        code::JWT_KEYS_UNAVAILABLE => {
            "The issuer's published keys, which memgate cannot fetch: look at memgate_jwks_fetches_total and the log."
        }
        code::SIGNATURE_INVALID => {
            "A signature by the same secret as in `trust.signing_keys`, over the very bytes that are sent."
        }
        code::SIGNATURE_EXPIRED => "A fresh signature: clocks in step (NTP), and no request that waits long on its way.",
        code::SIGNATURE_REPLAYED => "A nonce of its own for each request: a retry must be signed anew.",
        code::SIGNATURE_KEY_UNKNOWN => "A key id that is in `trust.signing_keys`.",
        code::SIGNATURE_INCOMPLETE => {
            "All headers of the signature, and a body that is read in full. `memgate sign` shows a whole one."
        }
        code::SIGNATURE_MISSING if sends("x-openwebui") => OPEN_WEBUI,
        code::SIGNATURE_MISSING => {
            "The signature or token for which the client is configured: its absence is refused, lest it be taken away on the way."
        }
        code::REPLAY_GUARD_FULL => "Room for nonces: raise `trust.replay_capacity`.",
        _ => return None,
    })
}
