//! What a token must say, and the user that it then proves.

use serde_json::{Map, Value};

use super::Fault;
use crate::identity::groups::Groups;
use crate::ids::{IdError, TenantId, UserId};

/// Longest claim path in bytes.
const MAX_PATH: usize = 256;
/// Dots in a claim path at most.
const MAX_DEPTH: usize = 8;

pub(super) type Claims = Map<String, Value>;

/// Where a claim stands: its name, or names of objects within objects with dots between (`realm.user`).
///
/// Names may hold dots themselves (`https://example.com/claims.id`): at each level the longest name that is there counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClaimPath(Box<str>);

impl ClaimPath {
    /// The path, unless it is empty, too long or too deep.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let sound = (1..=MAX_PATH).contains(&text.len()) && text.matches('.').count() <= MAX_DEPTH;
        sound.then(|| Self(text.into()))
    }

    /// Whom a token is about (RFC 7519, 4.1.2).
    pub(super) fn subject() -> Self {
        Self("sub".into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn find<'a>(&self, claims: &'a Claims) -> Option<&'a Value> {
        find(claims, &self.0).filter(|value| !value.is_null())
    }
}

fn find<'a>(claims: &'a Claims, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let mut ends = path.rmatch_indices('.').map(|(at, _)| at);
    ends.find_map(|at| claims.get(&path[..at]).map(|inner| (inner, &path[at + 1..])))
        .and_then(|(inner, rest)| find(inner.as_object()?, rest))
}

/// For whom a token must be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Audience {
    /// One of these.
    OneOf(Vec<String>),
    /// Nobody in particular: a token that names an audience is meant for another.
    Unnamed,
    /// The operator asked that it not be looked at.
    Any,
}

/// What a token's claims must come to.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub issuer: Option<String>,
    pub audience: Audience,
    pub user: ClaimPath,
    pub tenant: Option<ClaimPath>,
    /// The tenant of everybody whom the issuer knows. A claim must not say otherwise.
    pub fixed_tenant: Option<TenantId>,
    /// Where the user's groups stand.
    pub groups: Option<ClaimPath>,
    /// Claims that must have one of these values, or hold one in a list.
    pub require: Vec<(ClaimPath, Vec<String>)>,
    /// Tokens without a subject belong to a program and prove nobody.
    pub people_only: bool,
}

/// A claim check that failed, with the user that the token claims where the check was about them.
#[derive(Debug)]
pub(super) struct Refused {
    pub fault: Fault,
    pub claimed: Option<String>,
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self { fault, claimed: None }
    }
}

impl Rules {
    /// The user that a token with these claims proves: of the tenant `home`, unless the token or the issuer has one. `now` in Unix
    /// seconds, `skew` in seconds.
    pub(super) fn user(&self, claims: &Claims, now: i64, skew: i64, home: &TenantId) -> Result<UserId, Refused> {
        if self.issuer.is_some() && claims.get("iss").and_then(Value::as_str) != self.issuer.as_deref() {
            return Err(Fault::Issuer.into());
        }
        self.check_audience(claims)?;
        for (path, values) in &self.require {
            if !path.find(claims).is_some_and(|value| holds(value, values)) {
                return Err(Fault::Required(path.as_str().to_owned()).into());
            }
        }
        if self.people_only && claims.get("sub").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(Fault::Program.into());
        }
        let name = self.name(claims)?;
        let malformed = |path: &ClaimPath, reason: IdError| Fault::Malformed(path.as_str().to_owned(), reason);
        // The whole of a claim is one id: no user can choose a tenant by its name.
        let tenant = match &self.tenant {
            Some(path) => TenantId::parse(&text_at(path, claims)?).map_err(|reason| malformed(path, reason))?,
            None => self.fixed_tenant.as_ref().unwrap_or(home).clone(),
        };
        let user = UserId::new(tenant, &name).map_err(|reason| malformed(&self.user, reason))?;
        let refused = |fault| Refused { fault, claimed: Some(user.to_string()) };
        if self.fixed_tenant.as_ref().is_some_and(|fixed| fixed != user.tenant()) {
            return Err(refused(Fault::Tenant));
        }
        check_time(claims, now, skew).map_err(refused)?;
        Ok(user)
    }

    /// The groups that a token with these claims puts its user in.
    pub(super) fn groups(&self, claims: &Claims) -> Groups {
        let claim = self.groups.as_ref().and_then(|path| path.find(claims));
        claim.map_or_else(Groups::default, Groups::of_claim)
    }

    fn check_audience(&self, claims: &Claims) -> Result<(), Fault> {
        let accepted = match (&self.audience, claims.get("aud")) {
            (Audience::Any, _) | (Audience::Unnamed, None) => true,
            (Audience::OneOf(wanted), Some(named)) => holds_text(named, wanted),
            (Audience::Unnamed, Some(_)) | (Audience::OneOf(_), None) => false,
        };
        if accepted { Ok(()) } else { Err(Fault::Audience) }
    }

    fn name(&self, claims: &Claims) -> Result<String, Fault> {
        if self.user.as_str() == "email" && claims.get("email_verified").is_some_and(|value| !is_true(value)) {
            return Err(Fault::Unverified);
        }
        text_at(&self.user, claims)
    }
}

/// `exp` is required: a token that never ends cannot be taken back. `iat` and `nbf` count if they are there.
fn check_time(claims: &Claims, now: i64, skew: i64) -> Result<(), Fault> {
    let expiry = seconds(claims, "exp")?.ok_or_else(|| Fault::Missing("exp".to_owned()))?;
    if now >= expiry.saturating_add(skew) {
        return Err(Fault::Expired(now));
    }
    for name in ["iat", "nbf"] {
        if seconds(claims, name)?.is_some_and(|since| since > now.saturating_add(skew)) {
            return Err(Fault::Premature(now));
        }
    }
    Ok(())
}

/// A `NumericDate` (RFC 7519, 2): it may have a fraction.
fn seconds(claims: &Claims, name: &str) -> Result<Option<i64>, Fault> {
    let Some(value) = claims.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and seconds are what counts")]
    let number = value.as_i64().or_else(|| value.as_f64().map(|number| number.floor() as i64));
    number.map(Some).ok_or_else(|| Fault::NotATime(name.to_owned()))
}

/// The text or whole number at a path.
fn text_at(path: &ClaimPath, claims: &Claims) -> Result<String, Fault> {
    match path.find(claims) {
        None => Err(Fault::Missing(path.as_str().to_owned())),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
        Some(_) => Err(Fault::NotAName(path.as_str().to_owned())),
    }
}

fn is_true(value: &Value) -> bool {
    // Some providers send it as text.
    value == &Value::Bool(true) || value == "true"
}

/// A text, or a list with one, that is wanted.
fn holds_text(value: &Value, wanted: &[String]) -> bool {
    let is_wanted = |value: &Value| value.as_str().is_some_and(|text| wanted.iter().any(|one| one == text));
    value.as_array().map_or_else(|| is_wanted(value), |list| list.iter().any(is_wanted))
}

/// As [`holds_text`], for numbers and flags too.
fn holds(value: &Value, wanted: &[String]) -> bool {
    match value {
        Value::Bool(_) | Value::Number(_) => wanted.contains(&value.to_string()),
        _ => holds_text(value, wanted),
    }
}
