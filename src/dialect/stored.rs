//! What an upstream keeps between requests: what a request names of it, and what an answer leaves there.
//!
//! All users of an upstream share its account, so an id is worth what a bearer token is: the proxy lets it pass for its owner alone.

/// What a request has to do with what its upstream keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    pub(super) references: Vec<Reference>,
    pub(super) keeps: bool,
    pub(super) template: bool,
}

/// An id in a request that stands for something at the upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub kind: ReferenceKind,
    pub id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceKind {
    /// An earlier answer, with all that led to it.
    Response,
    /// A conversation that the upstream keeps.
    Conversation,
    /// One item of an earlier answer.
    Item,
    /// Where tools of an earlier answer worked.
    Container,
}

/// Something that an answer leaves at the upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub id: String,
    /// The client must name it by its id to make use of it, even where the request asked that nothing be stored.
    pub by_id: bool,
}

impl Stored {
    /// What the request names, in no order.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Whether the upstream is to keep the answer.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.keeps
    }

    /// Whether a part of the prompt lies at the upstream, so that its count of tokens is none of what was sent.
    #[must_use]
    pub fn completes(&self) -> bool {
        self.template || !self.references.is_empty()
    }
}
