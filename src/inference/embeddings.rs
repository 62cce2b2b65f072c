//! `POST /embeddings`: texts to vectors.

use serde::{Deserialize, Serialize};

use super::{Client, InferenceError};

/// Room for the answer to one text: 8192 numbers as JSON writes them, and more.
const ANSWER: usize = 256 << 10;
/// Room for what stands around the vectors.
const FRAME: usize = 64 << 10;
/// Most dimensions of a vector.
const MOST_DIMENSIONS: usize = 8192;

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: &'a [&'a str],
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    index: Option<usize>,
    embedding: Vec<f32>,
}

impl Client {
    /// One vector for each text, in order, all of one length. Their numbers may be anything, not finite ones included.
    ///
    /// # Errors
    /// [`InferenceError::Mismatch`] for vectors of a wrong number or size; else when the call fails.
    pub async fn embed(&self, model: &str, texts: &[&str]) -> Result<Vec<Vec<f32>>, InferenceError> {
        let request = Request { model, input: texts, encoding_format: "float" };
        let answer: Answer = self.post("embeddings", &request, FRAME + ANSWER * texts.len()).await?;
        in_order(answer.data, texts.len()).ok_or(InferenceError::Mismatch)
    }
}

/// Vectors by index; without indices, as they come.
fn in_order(items: Vec<Item>, count: usize) -> Option<Vec<Vec<f32>>> {
    if items.len() != count {
        return None;
    }
    let dimensions = items.first().map_or(1, |item| item.embedding.len());
    let mut placed: Vec<Option<Vec<f32>>> = vec![None; count];
    for (at, Item { index, embedding }) in items.into_iter().enumerate() {
        let place = placed.get_mut(index.unwrap_or(at))?;
        let fits = embedding.len() == dimensions && (1..=MOST_DIMENSIONS).contains(&dimensions);
        if !fits || place.replace(embedding).is_some() {
            return None;
        }
    }
    placed.into_iter().collect()
}
