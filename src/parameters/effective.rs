//! Which value of each field counts, and why the others do not. Pure; chats and the dry run ask the same function.

use serde::{Serialize, Serializer};

use super::field::{Field, Layer, Why};
use super::file::{Rules, as_number, lies_in};
use super::values::{Parameters, Value};

/// What a layer says.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    pub layer: Layer,
    pub parameters: &'a Parameters,
}

/// What a request says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    pub parameters: Parameters,
    /// Fields that it gives a value which is none of theirs. Such a value passes as it is, unless the field is locked or bounded.
    pub unreadable: Vec<Field>,
    /// A UI asks on its own behalf.
    pub task: bool,
}

/// What became of one field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chosen {
    #[serde(skip)]
    pub field: Field,
    /// None where nobody says anything: then it is for the model backend to say.
    pub value: Option<Value>,
    pub layer: Option<Layer>,
    /// Whether whoever asks cannot set it.
    pub locked: bool,
    /// What else counts, beside the value: the operator's instructions, or the tools that the operator allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<Along>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Lost>,
}

/// What counts beside a value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Along {
    pub layer: Layer,
    pub value: Value,
}

/// What a layer says and what does not count.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lost {
    pub layer: Layer,
    pub value: Option<Value>,
    pub why: Why,
}

/// What counts, by field.
#[derive(Debug, Clone, PartialEq)]
pub struct Effective(Vec<Chosen>);

impl Effective {
    /// In the order of [`Field::ALL`].
    #[must_use]
    pub fn chosen(&self) -> &[Chosen] {
        &self.0
    }

    /// The values alone, as one layer.
    #[must_use]
    pub fn flatten(&self) -> Parameters {
        let mut flat = Parameters::default();
        for chosen in &self.0 {
            if let Some(value) = chosen.value.clone() {
                flat.set(chosen.field, value);
            }
        }
        flat
    }

    pub(super) fn of(&self, field: Field) -> Option<&Chosen> {
        self.0.iter().find(|chosen| chosen.field == field)
    }

    pub(super) fn value(&self, field: Field) -> Option<&Value> {
        self.of(field)?.value.as_ref()
    }
}

/// A mapping from fields to what became of them.
impl Serialize for Effective {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|chosen| (chosen.field.as_str(), chosen)))
    }
}

/// Chooses for each field among what the layers say, in the order of [`Layer`], and the request, if there is one. `asker` is the layer
/// that wants to know what it may set.
#[must_use]
pub fn effective(given: &[Given<'_>], request: Option<&Request>, asker: Layer, rules: &Rules) -> Effective {
    let chosen = Field::ALL.map(|field| {
        let mut said: Vec<Said> = given
            .iter()
            .filter_map(|given| Some(Said { layer: given.layer, value: Some(given.parameters.get(field)?) }))
            .collect();
        said.sort_by_key(|said| said.layer);
        if let Some(request) = request {
            let value = request.parameters.get(field);
            if value.is_some() || request.unreadable.contains(&field) {
                said.push(Said { layer: Layer::Request, value });
            }
        }
        choose(field, said, request.is_some_and(|request| request.task), asker, rules)
    });
    Effective(chosen.into())
}

/// What one layer says of one field. None is a value that cannot be read.
struct Said {
    layer: Layer,
    value: Option<Value>,
}

fn choose(field: Field, said: Vec<Said>, task: bool, asker: Layer, rules: &Rules) -> Chosen {
    let lock = rules.locked.get(&field).copied();
    let locked = |layer: Layer| lock.is_some_and(|lock| layer > lock && layer > Layer::Factory);
    let bounds = rules.bounds.get(&field).copied();
    let mut standing: Vec<Said> = Vec::new();
    let mut lost = Vec::new();
    for said in said {
        let Said { layer, value } = said;
        let operators = standing.iter().rfind(|earlier| earlier.layer <= Layer::Client).and_then(|said| said.value.as_ref());
        let why = if locked(layer) {
            Some(Why::Locked)
        } else if task && passes_tasks_by(field, layer, lock) {
            Some(Why::Task)
        } else if bounds.is_some_and(|bounds| !value.as_ref().is_some_and(|value| lies_in(value, bounds))) {
            Some(Why::OutOfBounds)
        } else if layer > Layer::Client && is_wider(field, value.as_ref(), operators) {
            Some(Why::Wider)
        } else {
            None
        };
        match why {
            Some(why) => lost.push(Lost { layer, value, why }),
            None => standing.push(Said { layer, value }),
        }
    }
    let winner = standing.pop();
    let joins = field.joins() && winner.as_ref().is_some_and(|winner| winner.layer.is_personal());
    let with = standing.iter().rposition(|said| joins && !said.layer.is_personal()).map(|at| standing.remove(at));
    let with = with.and_then(|said| Some(Along { layer: said.layer, value: said.value? }));
    lost.extend(standing.into_iter().map(|Said { layer, value }| Lost { layer, value, why: Why::Overridden }));
    lost.sort_by_key(|lost| lost.layer);
    let (layer, value) = match winner {
        Some(Said { layer, value }) => (Some(layer), value),
        None => match bounds.and_then(|bounds| nearest(field, &lost, bounds)) {
            Some(value) => (Some(Layer::Configured), Some(value)),
            None => (None, None),
        },
    };
    Chosen { field, value, layer, locked: locked(asker), with, lost }
}

/// Whether what a layer says is not for tasks: the person's wishes for answers, and the operator's but for those that are locked. What
/// takes something away holds for tasks, too.
fn passes_tasks_by(field: Field, layer: Layer, lock: Option<Layer>) -> bool {
    match field {
        Field::Model | Field::Tools | Field::Memory | Field::Depth | Field::Trimming => false,
        _ => layer < Layer::Request && lock.is_none_or(|lock| lock >= Layer::Request) || layer.is_personal(),
    }
}

/// Whether a value gives more than the operator's.
fn is_wider(field: Field, value: Option<&Value>, operators: Option<&Value>) -> bool {
    match (field, value, operators) {
        (Field::Memory, Some(Value::Access(value)), Some(Value::Access(most))) => value > most,
        (Field::Depth, Some(Value::Count(value)), Some(Value::Count(most))) => value > most,
        (Field::Trimming, Some(Value::Trimming(value)), Some(Value::Trimming(most))) => value.window > most.window,
        _ => false,
    }
}

/// What counts where nothing lies within the bounds: the nearest that does. Answers have a bound even where nobody asks for one.
fn nearest(field: Field, lost: &[Lost], (least, most): (f64, f64)) -> Option<Value> {
    if field == Field::MaxTokens {
        return Some(Value::Count(as_count(most)));
    }
    let asked = lost.iter().rfind(|lost| lost.why == Why::OutOfBounds)?;
    match asked.value.as_ref()? {
        Value::Number(number) => Some(Value::Number(number.clamp(least, most))),
        Value::Count(count) => Some(Value::Count(as_count(as_number(*count).clamp(least, most)))),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounds of counts were counts")]
fn as_count(number: f64) -> u64 {
    number as u64
}
