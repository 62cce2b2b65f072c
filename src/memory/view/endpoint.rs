//! Vectors from the operator's endpoint, and what models have cost: as a view keeps them.

use super::View;
use crate::memory::dense::Vector;
use crate::memory::embed::ModelId;
use crate::store::{Embedding, Spending};

impl View {
    /// Whether most current facts have a vector of `model`, so that comparing a question with them is worth its while.
    pub(in crate::memory) fn is_embedded_by(&self, model: ModelId) -> bool {
        self.endpoint_model == Some(model.0) && !self.endpoint.is_empty() && self.endpoint.len() * 2 >= self.index.len()
    }

    /// Whether vectors of this size compare with those that are here.
    pub(in crate::memory) fn has_vectors_of_size(&self, dimensions: usize) -> bool {
        self.endpoint.dimensions().is_none_or(|size| size == dimensions)
    }

    /// Takes the stored vectors of `model` up, and forgets every other's. Nothing where that was done.
    pub(in crate::memory) fn adopt_vectors_of(&mut self, model: ModelId) {
        if self.endpoint_model == Some(model.0) {
            return;
        }
        self.clear_endpoint();
        self.endpoint_model = Some(model.0);
        let stored = std::mem::take(&mut self.unread);
        self.keep_embeddings(&stored);
    }

    /// Keeps vectors of the model whose vectors these are; one of another text, or another model, is passed over. Of two sizes the
    /// later one stays: the model has changed behind its name.
    pub(super) fn keep_embeddings(&mut self, embeddings: &[Embedding]) {
        let Some(model) = self.endpoint_model.map(ModelId) else { return };
        for Embedding { fact: id, tag, vector } in embeddings {
            let current = self.fact(*id).is_some_and(|fact| fact.is_current() && model.tag(&fact.text) == *tag);
            if let Some(vector) = Vector::from_bytes(vector).filter(|_| current)
                && !self.set_endpoint(*id, &vector)
            {
                self.clear_endpoint();
                self.set_endpoint(*id, &vector);
            }
        }
    }

    /// Tokens that models have cost on the latest day.
    pub(in crate::memory) fn spending(&self) -> Spending {
        self.spending
    }
}
