//! Two identities of one person, brought together, and taken apart again.

use super::api::{MergeUsers, MergeView};
use super::control::Control;
use super::endpoint::Endpoint;
use super::principal::Principal;
use super::principal::Reason;
use super::problem::Problem;
use crate::ids::{RequestId, UserId};

pub(super) fn endpoints() -> Vec<Endpoint> {
    Vec::new()
}

impl Control {
    /// Moves what is remembered of another identity into this one.
    pub async fn merge_users(
        &self,
        _by: &Principal,
        _into: UserId,
        _reason: &Reason,
        _merge: MergeUsers,
    ) -> Result<MergeView, Problem> {
        Err(Problem::unfinished())
    }

    /// Gives back what a merge moved.
    pub async fn undo_merge(
        &self,
        _by: &Principal,
        _into: UserId,
        _reason: &Reason,
        _id: RequestId,
    ) -> Result<MergeView, Problem> {
        Err(Problem::unfinished())
    }
}
