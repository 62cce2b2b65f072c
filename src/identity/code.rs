//! What can be wrong with evidence: one static string each, used as JSON field, metric label and audit reason.

/// A header name holds a character other than a letter, a digit or a hyphen.
pub const HEADER_NAME: &str = "header_name";
/// An identity or credential header is there twice.
pub const DUPLICATE_HEADER: &str = "duplicate_header";
/// A source names something that is no user id.
pub const IDENTITY_MALFORMED: &str = "identity_malformed";
/// Two sources name different users.
pub const IDENTITY_CONFLICT: &str = "identity_conflict";
/// Evidence names a user of another tenant than the one that its client or its issuer is fixed to.
pub const TENANT_MISMATCH: &str = "tenant_mismatch";
/// Two credentials belong to different clients.
pub const CLIENT_CONFLICT: &str = "client_conflict";
/// The per-user key was never made, or was revoked.
pub const USER_KEY_UNKNOWN: &str = "user_key_unknown";
/// The JWT's form, algorithm, signature, issuer or claims are wrong.
pub const JWT_INVALID: &str = "jwt_invalid";
pub const JWT_EXPIRED: &str = "jwt_expired";
/// The JWT is from the future, beyond the clock skew.
pub const JWT_PREMATURE: &str = "jwt_premature";
/// The JWT is by a key that is not among those of the issuer.
pub const JWT_KEY_UNKNOWN: &str = "jwt_key_unknown";
/// The issuer's keys were never had, or are too old.
pub const JWT_KEYS_UNAVAILABLE: &str = "jwt_keys_unavailable";
pub const SIGNATURE_INVALID: &str = "signature_invalid";
/// The signature's timestamp is outside the clock skew, or older than the replay guard can answer for.
pub const SIGNATURE_EXPIRED: &str = "signature_expired";
pub const SIGNATURE_REPLAYED: &str = "signature_replayed";
pub const SIGNATURE_KEY_UNKNOWN: &str = "signature_key_unknown";
/// One of the signature's headers is missing, or the body was not there to be checked.
pub const SIGNATURE_INCOMPLETE: &str = "signature_incomplete";
/// The client is configured for a signed source, and nothing verified came.
pub const SIGNATURE_MISSING: &str = "signature_missing";
/// The replay guard is full: it refuses rather than forgets.
pub const REPLAY_GUARD_FULL: &str = "replay_guard_full";

/// Every code above.
pub const ALL: &[&str] = &[
    HEADER_NAME,
    DUPLICATE_HEADER,
    IDENTITY_MALFORMED,
    IDENTITY_CONFLICT,
    TENANT_MISMATCH,
    CLIENT_CONFLICT,
    USER_KEY_UNKNOWN,
    JWT_INVALID,
    JWT_EXPIRED,
    JWT_PREMATURE,
    JWT_KEY_UNKNOWN,
    JWT_KEYS_UNAVAILABLE,
    SIGNATURE_INVALID,
    SIGNATURE_EXPIRED,
    SIGNATURE_REPLAYED,
    SIGNATURE_KEY_UNKNOWN,
    SIGNATURE_INCOMPLETE,
    SIGNATURE_MISSING,
    REPLAY_GUARD_FULL,
];
