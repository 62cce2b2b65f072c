//! Personal upstream keys: `/memgate/v1/me/keys`.

use bytes::Bytes;

use super::super::exchange::Exchange;
use super::super::services::Services;
use super::Answer;
use super::call::{Miss, only};
use super::input::Parameters;
use crate::enforce::{Refusal, UserScope};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    List,
}

impl Call {
    /// Whether the request's body is read.
    pub fn takes_body(&self) -> bool {
        false
    }
}

/// From the method and what stands below the noun to the call.
pub(super) fn route(method: &str, below: Option<&str>) -> Result<Call, Miss> {
    match below {
        None => only(method, "GET", Call::List),
        Some(_) => Err(Miss::Path),
    }
}

/// Does what is asked for.
pub(super) async fn serve(
    _services: &Services,
    _exchange: &mut Exchange,
    _scope: UserScope,
    call: Call,
    query: &Parameters,
    _body: &Bytes,
) -> Result<Answer, Refusal> {
    query.allow(&[])?;
    match call {
        Call::List => Answer::json(200, &serde_json::json!({})),
    }
}
