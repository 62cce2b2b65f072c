//! Passwords: argon2id hashes as PHC strings, and how strong and how costly one may be.

use std::fmt;

use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;

/// Longest password in bytes: hashing more would only be work.
pub const LONGEST_PASSWORD: usize = 1024;
/// Shortest password that a hash is made of, in characters.
pub const SHORTEST_PASSWORD: usize = 12;
/// Weakest parameters, KiB of memory and passes: the equally strong choices of OWASP's Password Storage Cheat Sheet.
const FLOOR: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];
/// Costliest parameters, so that no sign-in takes the machine down: KiB of memory, passes, lanes.
const CEILING: (u32, u32, u32) = (262_144, 16, 16);
/// Fewest bytes of salt and of hash.
const SHORTEST_SALT: usize = 8;
const SHORTEST_HASH: usize = 16;

/// Why a hash is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PasswordFault {
    #[error("is no argon2id hash")]
    Malformed,
    #[error("is weaker than 19 MiB and 2 passes, or the like")]
    Weak,
    #[error("asks for more than 256 MiB, 16 passes or 16 lanes")]
    Costly,
    #[error("has fewer than {SHORTEST_PASSWORD} characters or more than {LONGEST_PASSWORD} bytes")]
    Length,
    #[error("could not be made: {0}")]
    Failed(&'static str),
}

/// The hash of a password. Does not print: it can be guessed against.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Box<str>);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl PasswordHash {
    /// Takes a PHC string: argon2id, version 19, no weaker than OWASP asks for.
    ///
    /// # Errors
    /// When it is something else, weaker, or so costly that sign-ins would exhaust the machine.
    pub fn parse(text: &str) -> Result<Self, PasswordFault> {
        let hash = phc::PasswordHash::new(text).map_err(|_| PasswordFault::Malformed)?;
        let params = Params::try_from(&hash).map_err(|_| PasswordFault::Malformed)?;
        let (Some(salt), Some(output)) = (&hash.salt, &hash.hash) else { return Err(PasswordFault::Malformed) };
        if hash.algorithm.as_str() != "argon2id" || hash.version != Some(Version::V0x13.into()) {
            return Err(PasswordFault::Malformed);
        }
        let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
        let strong = FLOOR.iter().any(|(least, fewest)| memory >= *least && passes >= *fewest);
        if !strong || salt.len() < SHORTEST_SALT || output.len() < SHORTEST_HASH {
            return Err(PasswordFault::Weak);
        }
        if memory > CEILING.0 || passes > CEILING.1 || lanes > CEILING.2 {
            return Err(PasswordFault::Costly);
        }
        Ok(Self(text.into()))
    }

    /// The hash of a password that was just chosen, with a salt of its own: 19 MiB, 2 passes.
    ///
    /// # Errors
    /// When the password is too short or too long, or the system gives no random numbers.
    pub fn of(password: &str) -> Result<Self, PasswordFault> {
        if password.chars().count() < SHORTEST_PASSWORD || password.len() > LONGEST_PASSWORD {
            return Err(PasswordFault::Length);
        }
        let mut salt = [0_u8; 16];
        getrandom::fill(&mut salt).map_err(|_| PasswordFault::Failed("there are no random numbers"))?;
        let (memory, passes) = FLOOR[1];
        let params = Params::new(memory, passes, 1, None).map_err(|_| PasswordFault::Failed("the parameters do not fit"))?;
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash: phc::PasswordHash =
            hasher.hash_password_with_salt(password.as_bytes(), &salt).map_err(|_| PasswordFault::Failed("hashing failed"))?;
        Ok(Self(hash.to_string().into()))
    }

    /// A hash of what nobody knows, as costly as `like`: checking against it takes as long as against a real one.
    pub(super) fn decoy(like: Option<&Self>) -> Self {
        let usual = "$argon2id$v=19$m=19456,t=2,p=1$bWVtZ2F0ZSBkZWNveQ$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
        like.cloned().unwrap_or_else(|| Self(usual.into()))
    }

    /// Whether the password is the one. Takes tens of milliseconds and megabytes.
    #[must_use]
    pub fn verify(&self, password: &[u8]) -> bool {
        let hash = phc::PasswordHash::new(&self.0);
        hash.is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: &str = "c29tZXNhbHRzb21lc2FsdA";
    const HASH: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

    fn parse(head: &str) -> Result<(), PasswordFault> {
        PasswordHash::parse(&format!("${head}${SALT}${HASH}")).map(drop)
    }

    #[test]
    fn weaker_than_owasp_asks_for_is_refused() {
        for good in ["m=19456,t=2,p=1", "m=47104,t=1,p=1", "m=65536,t=3,p=4", "m=7168,t=5,p=1", "m=262144,t=16,p=16"] {
            assert_eq!(parse(&format!("argon2id$v=19${good}")), Ok(()), "{good}");
        }
        for weak in ["m=19455,t=2,p=1", "m=19456,t=1,p=1", "m=4096,t=10,p=1", "m=7167,t=5,p=1"] {
            assert_eq!(parse(&format!("argon2id$v=19${weak}")), Err(PasswordFault::Weak), "{weak}");
        }
        for costly in ["m=262145,t=2,p=1", "m=65536,t=17,p=1", "m=65536,t=3,p=17", "m=4294967295,t=2,p=1"] {
            assert_eq!(parse(&format!("argon2id$v=19${costly}")), Err(PasswordFault::Costly), "{costly}");
        }
        for other in [
            "argon2i$v=19$m=65536,t=3,p=4",
            "argon2d$v=19$m=65536,t=3,p=4",
            "argon2id$v=16$m=65536,t=3,p=4",
            "scrypt$ln=16,r=8,p=1",
        ] {
            assert_eq!(parse(other), Err(PasswordFault::Malformed), "{other}");
        }
        for none in ["", "hunter2", "$argon2id$v=19$m=19456,t=2,p=1", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA"] {
            assert_eq!(PasswordHash::parse(none), Err(PasswordFault::Malformed), "{none}");
        }
    }

    #[test]
    fn a_hash_is_of_its_password_alone_and_taken_back() {
        let (one, other) =
            (PasswordHash::of("correct horse battery").unwrap(), PasswordHash::of("correct horse battery").unwrap());
        assert_ne!(one, other, "each has a salt of its own");
        assert_eq!(PasswordHash::parse(one.as_str()), Ok(one.clone()));
        assert!(one.verify(b"correct horse battery") && !one.verify(b"correct horse batterz") && !one.verify(b""));
        assert_eq!(format!("{one:?}"), "PasswordHash(…)");
        assert_eq!(PasswordHash::of("too short"), Err(PasswordFault::Length));
    }

    #[test]
    fn the_decoy_is_a_hash_that_costs_like_others() {
        let decoy = PasswordHash::decoy(None);
        assert_eq!(PasswordHash::parse(decoy.as_str()), Ok(decoy.clone()));
        assert!(!decoy.verify(b"") && !decoy.verify(b"0123456789abcdef"));
    }
}
