//! From the name of a model and a person to the upstreams that serve it. Pure: requests, lists and dry runs all ask here.
//!
//! A name that is closed to the person takes the same steps as one that never was: every upstream and every model is looked at before
//! anything is told.

use std::sync::Arc;

use super::Catalog;
use super::access::Asker;
use super::model::{Fit, Model, find, is_free};
use super::upstream::Upstream;
use crate::dialect::Api;
use crate::enforce::Refusal;
use crate::quota::Price;

/// An upstream that serves what was asked for.
#[derive(Debug, Clone)]
pub struct Choice {
    pub upstream: Arc<Upstream>,
    /// The name by which this upstream knows the model, where the request gives another.
    pub rename: Option<String>,
    /// What is known of the model. None where the request names none.
    pub model: Option<Arc<Model>>,
    pub reason: Reason,
}

impl Choice {
    /// An upstream for a request that names no model.
    #[must_use]
    pub fn of(upstream: Arc<Upstream>) -> Self {
        Self { upstream, rename: None, model: None, reason: Reason::Any }
    }

    /// What its tokens cost, where the catalog says so. Of a request that names no model, or names it so that two readers could find
    /// different ones, the backend may make any: then it is the dearest of the upstream's.
    #[must_use]
    pub fn price(&self) -> Option<Price> {
        match &self.model {
            Some(model) => model.price,
            None => self.upstream.models.iter().filter_map(|model| model.price).reduce(Price::dearer),
        }
    }

    /// Tokens that the model reads and writes in one request, where the catalog says so.
    #[must_use]
    pub fn window(&self) -> Option<u64> {
        self.model.as_ref()?.window
    }

    /// Most tokens that the model writes, where the catalog says so.
    #[must_use]
    pub fn max_output(&self) -> Option<u64> {
        self.model.as_ref()?.max_output
    }
}

/// Why an upstream serves a request, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It has a model of this name.
    Name,
    /// One of its models has this alias.
    Alias,
    /// The name fits one of its patterns.
    Pattern,
    /// The request names no model, and any will do.
    Any,
    /// It has no such model for this person.
    NotServed,
    /// It does not speak the dialect of the request.
    OtherDialect,
    /// It has the model by a pattern; another one, that does not come before it in priority, has it by its name or a narrower pattern.
    Outdone,
}

impl Reason {
    /// The word for a dry run.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "by_name",
            Self::Alias => "by_alias",
            Self::Pattern => "by_pattern",
            Self::Any => "any",
            Self::NotServed => "not_served",
            Self::OtherDialect => "other_dialect",
            Self::Outdone => "outdone",
        }
    }
}

/// What an upstream has for a name.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    pub model: &'a Arc<Model>,
    fit: Fit,
}

impl Offer<'_> {
    /// Whether the name is the model's own or an alias, rather than one that fits a pattern.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !matches!(self.fit, Fit::Pattern(_))
    }

    fn reason(&self) -> Reason {
        match self.fit {
            Fit::Name => Reason::Name,
            Fit::Alias => Reason::Alias,
            Fit::Pattern(_) => Reason::Pattern,
        }
    }

    /// Names and aliases count alike, before patterns; of these the narrower one.
    fn rank(&self) -> Fit {
        if self.is_exact() { Fit::Name } else { self.fit }
    }

    /// The name that the backend is to be asked for, if that is not the one that was asked for.
    fn rename(&self, wanted: &str) -> Option<String> {
        let own = self.model.upstream_name.as_ref();
        match self.fit {
            Fit::Pattern(_) => None,
            // To Ollama, `m` and `m:latest` are one: what needs no other name goes as it came.
            Fit::Name => own.cloned(),
            Fit::Alias => Some(own.unwrap_or(&self.model.name).clone()),
        }
        .filter(|name| name != wanted)
    }
}

impl Upstream {
    /// What this upstream has for this person under a name, as a client of the family `api` may write it: to Ollama `m` is `m:latest`.
    #[must_use]
    pub fn offer(&self, api: Api, wanted: &str, asker: &Asker) -> Option<Offer<'_>> {
        let twin = match wanted.strip_suffix(":latest") {
            Some(bare) => Some(bare.to_owned()),
            None => (!wanted.contains(':')).then(|| format!("{wanted}:latest")),
        };
        let twin = twin.filter(|_| api == Api::Ollama).and_then(|twin| find(&self.models, &twin));
        let found = match (find(&self.models, wanted), twin) {
            (Some(found), Some(twin)) if twin.1 > found.1 && matches!(found.1, Fit::Pattern(_)) => Some(twin),
            (found, twin) => found.or(twin),
        };
        let free = is_free(&self.models, wanted, asker);
        let (model, fit) = found?;
        let offer = Offer { model, fit };
        ((offer.is_exact() | free) & model.is_open_to(asker) & self.is_open_to(asker)).then_some(offer)
    }

    /// Whether it is open to this person with all that it serves.
    #[must_use]
    pub fn is_wholly_open_to(&self, asker: &Asker) -> bool {
        self.is_open_to(asker) && self.models.iter().all(|model| model.is_open_to(asker))
    }

    /// Whether what its backend says of its models is all that there is to say: it serves any of them to all who may use it.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.models.iter().all(|model| model.is_anything())
    }
}

/// An upstream that was looked at for a request.
#[derive(Debug)]
pub struct Considered<'a> {
    pub upstream: &'a Arc<Upstream>,
    pub reason: Reason,
    offer: Option<Offer<'a>>,
}

impl Catalog {
    /// Every upstream that this person may use, and whether it serves the request: in order of priority, then of the configuration.
    #[must_use]
    pub fn consider(&self, api: Api, model: Option<&str>, asker: &Asker) -> Vec<Considered<'_>> {
        let mut all: Vec<Considered<'_>> =
            self.upstreams().iter().map(|upstream| consider(upstream, api, model, asker)).collect();
        all.retain(|considered| considered.upstream.is_open_to(asker));
        // A wide pattern serves what others have only where the operator put it behind all of those.
        let rank = |considered: &Considered<'_>| considered.offer.map(|offer| offer.rank());
        let best = all.iter().filter_map(rank).max();
        let last = all.iter().filter(|considered| rank(considered) == best).map(|considered| considered.upstream.priority).max();
        for considered in &mut all {
            let lesser = rank(considered).is_some_and(|rank| Some(rank) < best);
            if lesser && Some(considered.upstream.priority) <= last {
                considered.reason = Reason::Outdone;
            }
        }
        all.sort_by_key(|considered| considered.upstream.priority);
        // Two that serve whatever they are asked for are places of the same models only where both say which share they take.
        let mut first: Option<(u32, bool)> = None;
        for considered in all.iter_mut().filter(|considered| considered.reason == Reason::Pattern) {
            if considered.offer.is_none_or(|offer| offer.fit != Fit::Pattern(0)) {
                continue;
            }
            let Upstream { priority, shares, .. } = **considered.upstream;
            match first {
                Some((before, shared)) if before == priority && !(shared && shares) => considered.reason = Reason::Outdone,
                Some((before, _)) if before == priority => {}
                _ => first = Some((priority, shares)),
            }
        }
        all
    }

    /// The upstreams that speak `api` and serve `model` to this person, in order of priority, then of the configuration: at least one.
    /// Those of one priority are equally good. A request that names no model goes to the first of which nothing is closed to the
    /// person: the backend chooses what serves it.
    ///
    /// # Errors
    /// When there is none. A model that is hidden from the person is refused like one that does not exist.
    pub fn choose(&self, api: Api, model: Option<&str>, asker: &Asker) -> Result<Vec<Choice>, Refusal> {
        let considered = self.consider(api, model, asker);
        let serving = considered
            .iter()
            .filter(|considered| matches!(considered.reason, Reason::Name | Reason::Alias | Reason::Pattern | Reason::Any));
        let mut chosen: Vec<Choice> = serving
            .map(|Considered { upstream, reason, offer }| Choice {
                upstream: Arc::clone(upstream),
                rename: model.and_then(|model| offer.as_ref()?.rename(model)),
                model: offer.map(|offer| Arc::clone(offer.model)),
                reason: *reason,
            })
            .collect();
        if model.is_none() {
            chosen.truncate(1);
        }
        if chosen.is_empty() { Err(self.refuse(api, model, asker)) } else { Ok(chosen) }
    }

    /// As [`Catalog::choose`], the first one.
    ///
    /// # Errors
    /// As [`Catalog::choose`].
    pub fn first(&self, api: Api, model: Option<&str>, asker: &Asker) -> Result<Choice, Refusal> {
        let mut choices = self.choose(api, model, asker)?;
        Ok(choices.swap_remove(0))
    }

    /// Any upstream that speaks `api` and is open to this person.
    ///
    /// # Errors
    /// When there is none.
    pub fn speaking(&self, api: Api, asker: &Asker) -> Result<&Arc<Upstream>, Refusal> {
        let found = self.upstreams().iter().find(|upstream| upstream.speaks(api) && upstream.is_open_to(asker));
        found.ok_or_else(|| self.not_spoken(api, asker))
    }

    fn refuse(&self, api: Api, model: Option<&str>, asker: &Asker) -> Refusal {
        match self.speaking(api, asker) {
            Err(refusal) => refusal,
            Ok(_) if model.is_none() => {
                let message =
                    "The request names no model, and not every model here is open to you. Name one in `model`.".to_owned();
                Refusal { status: 400, code: "model_required", message, detail: String::new() }
            }
            Ok(_) => not_served(),
        }
    }

    fn not_spoken(&self, api: Api, asker: &Asker) -> Refusal {
        let open = self.upstreams().iter().filter(|upstream| upstream.is_open_to(asker));
        let mut spoken: Vec<&str> = open.flat_map(|upstream| &upstream.dialects).map(|api| api.as_str()).collect();
        spoken.sort_unstable();
        spoken.dedup();
        let (wanted, those) = (api.as_str(), spoken.join(", "));
        let message = if spoken.is_empty() {
            format!("No model backend here speaks the dialect {wanted} for you. Ask the operator of this server for access.")
        } else {
            format!(
                "No model backend here speaks the dialect {wanted}; those here speak {those}. Use a client for one of these, or \
                 ask the operator to add {wanted} to an upstream's `dialects`."
            )
        };
        Refusal { status: 404, code: "dialect_not_served", message, detail: String::new() }
    }
}

/// Lets a request pass that names no models but the one by which these upstreams were chosen. Where not everything is for everybody,
/// a backend that goes on to others by itself would lead past what is closed.
///
/// # Errors
/// When it names further ones.
pub fn check_further(choices: &[Choice], names_more: impl FnOnce() -> bool) -> Result<(), Refusal> {
    if choices.iter().all(|choice| choice.upstream.is_plain()) || !names_more() {
        return Ok(());
    }
    let message =
        "The request names further models in `models` or `fallbacks`. Leave those out here, and name one model in `model`.";
    Err(Refusal { status: 400, code: "further_models", message: message.to_owned(), detail: String::new() })
}

/// The same for a model that never was, and for one that is not for this person.
#[must_use]
pub fn not_served() -> Refusal {
    let message = "The model does not exist or is not served here. GET /v1/models lists those that are.".to_owned();
    Refusal { status: 404, code: "model_not_found", message, detail: String::new() }
}

fn consider<'a>(upstream: &'a Arc<Upstream>, api: Api, model: Option<&str>, asker: &Asker) -> Considered<'a> {
    let offer = model.and_then(|model| upstream.offer(api, model, asker)).filter(|_| upstream.speaks(api));
    let any = model.is_none() && upstream.is_wholly_open_to(asker);
    let reason = match offer {
        _ if !upstream.speaks(api) => Reason::OtherDialect,
        Some(offer) => offer.reason(),
        None if any => Reason::Any,
        None => Reason::NotServed,
    };
    Considered { upstream, reason, offer }
}

#[cfg(test)]
mod tests;
