//! `Content-Digest` (RFC 9530): what binds a body to a signature over the head.

use sfv::{BareItem, ListEntry};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::super::Invalid;
use super::super::header::{self, View};
use super::{bad, dictionary, incomplete};

/// The digests of a body that are to be trusted; RFC 9530, section 5, deprecates the others, which are passed over.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BodyDigests {
    sha_256: Option<Vec<u8>>,
    sha_512: Option<Vec<u8>>,
}

impl BodyDigests {
    pub(super) fn read(view: &View<'_>) -> Result<Self, Invalid> {
        let value =
            view.joined(header::CONTENT_DIGEST).ok_or_else(|| incomplete("Content-Digest is not there, or is no evidence."))?;
        let members = dictionary("Content-Digest", &value)?;
        let digest = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(ListEntry::Item(item)) => match &item.bare_item {
                BareItem::ByteSequence(bytes) => Ok(Some(bytes.clone())),
                _ => Err(bad("A digest in Content-Digest is no byte sequence.")),
            },
            Some(ListEntry::InnerList(_)) => Err(bad("A digest in Content-Digest is no byte sequence.")),
        };
        let found = Self { sha_256: digest("sha-256")?, sha_512: digest("sha-512")? };
        match found {
            Self { sha_256: None, sha_512: None } => Err(incomplete("Content-Digest has neither sha-256 nor sha-512.")),
            found => Ok(found),
        }
    }

    /// Whether every digest that is there is this body's.
    pub(super) fn fit(&self, body: &[u8]) -> bool {
        let fits = |given: &Option<Vec<u8>>, digest: &dyn Fn() -> Vec<u8>| {
            given.as_ref().is_none_or(|given| digest().as_slice().ct_eq(given).into())
        };
        fits(&self.sha_256, &|| Sha256::digest(body).to_vec()) && fits(&self.sha_512, &|| Sha512::digest(body).to_vec())
    }
}
