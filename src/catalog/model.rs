//! Models of one upstream, and which of them a name means.

use std::collections::HashMap;
use std::sync::Arc;

use super::access::{Asker, Audience};
use super::file::{Capability, ModelDescription, ModelFile};
use crate::quota::Price;
use crate::setting::Faults;

/// A model that an upstream serves, or all whose names fit a pattern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    /// The name by which clients ask for it; a pattern where it holds a `*`.
    pub name: String,
    /// The name by which the backend knows it, where that is another.
    pub upstream_name: Option<String>,
    pub aliases: Vec<String>,
    /// Tokens that it reads and writes in one request.
    pub window: Option<u64>,
    /// Most tokens that it writes.
    pub max_output: Option<u64>,
    pub price: Option<Price>,
    pub capabilities: Vec<Capability>,
    audience: Audience,
    hidden: bool,
    /// Its names, that of the backend too, as [`Spelt`] has them.
    spelt: Vec<String>,
}

/// How a name means a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// With so many characters of its own.
    Pattern(usize),
    Alias,
    Name,
}

impl Model {
    #[must_use]
    pub fn is_pattern(&self) -> bool {
        self.name.contains('*')
    }

    /// Whether this person may use it.
    #[must_use]
    pub fn is_open_to(&self, asker: &Asker) -> bool {
        !self.hidden && self.audience.admits(asker)
    }

    /// It is anything that the backend has, as it is, for all who may use the upstream.
    #[must_use]
    pub fn is_anything(&self) -> bool {
        // Every field, so that a new one is thought of. Requests ask this: nothing is allocated.
        let Self { name, upstream_name, aliases, window: _, max_output, price, capabilities, audience, hidden, spelt: _ } = self;
        let told = upstream_name.is_some() || max_output.is_some() || price.is_some() || !capabilities.is_empty();
        name == "*" && !told && aliases.is_empty() && *audience == Audience::default() && !hidden
    }

    fn fit(&self, asked: &str) -> Option<Fit> {
        if self.is_pattern() {
            return matches_pattern(&self.name, asked).then(|| self.pattern_fit());
        }
        let alias = self.aliases.iter().any(|alias| alias == asked);
        if self.name == asked { Some(Fit::Name) } else { alias.then_some(Fit::Alias) }
    }

    /// As [`Model::fit`], of a name in any spelling. The backend's own name counts as well.
    fn fit_spelt(&self, asked: &Spelt) -> Option<Fit> {
        if self.is_pattern() {
            let fits = |name: &String| matches_pattern(name, &asked.lower) | matches_pattern(name, &asked.bare);
            return self.spelt.iter().any(fits).then(|| self.pattern_fit());
        }
        self.spelt.contains(&asked.bare).then_some(Fit::Name)
    }

    fn pattern_fit(&self) -> Fit {
        Fit::Pattern(self.name.bytes().filter(|b| *b != b'*').count())
    }
}

/// The model that a name means: a name before an alias before a pattern, of patterns that with the most characters of its own.
pub(super) fn find<'a>(models: &'a [Arc<Model>], asked: &str) -> Option<(&'a Arc<Model>, Fit)> {
    best(models.iter().filter_map(|model| Some((model, model.fit(asked)?))))
}

/// Whether a name that no model has, and that fits a pattern, may be asked for: no other spelling of it means a model that is closed
/// to the person. Backends know one model by several.
pub(super) fn is_free(models: &[Arc<Model>], wanted: &str, asker: &Asker) -> bool {
    let wanted = Spelt::of(wanted);
    let meant: Vec<_> = models.iter().filter_map(|model| Some((model, model.fit_spelt(&wanted)?))).collect();
    let Some((_, fit)) = best(meant.iter().copied()) else { return true };
    // Two models may be one at the backend; whoever may use either may use it.
    meant.iter().filter(|(_, other)| *other == fit).any(|(model, _)| model.is_open_to(asker))
}

/// The best fit; of equal ones the first.
fn best<'a>(fits: impl Iterator<Item = (&'a Arc<Model>, Fit)>) -> Option<(&'a Arc<Model>, Fit)> {
    fits.reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// A name in the spelling that all have in common which a backend may take for one model: Ollama drops the case, the registry and
/// `:latest`; Gemini and others know `models/…`.
struct Spelt {
    lower: String,
    bare: String,
}

impl Spelt {
    fn of(name: &str) -> Self {
        const FRONTS: [&str; 5] = ["https://", "http://", "registry.ollama.ai/", "library/", "models/"];
        let lower = name.trim().to_lowercase();
        let bare = FRONTS.iter().fold(lower.as_str(), |rest, front| rest.strip_prefix(front).unwrap_or(rest));
        let bare = bare.strip_suffix(":latest").unwrap_or(bare).to_owned();
        Self { lower, bare }
    }
}

/// `*` in `pattern` stands for any run of characters. Takes no more than a pass for each piece: a caller may write any name.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(inner) = text.strip_prefix(head).and_then(|text| text.strip_suffix(tail)) else { return false };
    // Each piece where it first stands leaves the most to those behind it.
    middle.split('*').try_fold(inner, |left, piece| left.split_once(piece).map(|(_, behind)| behind)).is_some()
}

/// Resolves the models of one upstream.
pub(super) fn resolve_models(files: &[ModelFile], window: Option<u64>, path: &str, faults: &mut Faults) -> Vec<Arc<Model>> {
    if files.is_empty() {
        faults.add(path, "lists no model", "list models or leave it out to serve all (`*`)");
    }
    let mut names = Names::default();
    let mut models = Vec::with_capacity(files.len());
    for (index, file) in files.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let (described, plain);
        let (file, at) = match file {
            ModelFile::Described(file) => {
                described = format!("{path}.name");
                (&**file, described.as_str())
            }
            ModelFile::Named(name) => {
                plain = ModelDescription { name: name.clone(), ..ModelDescription::default() };
                (&plain, path.as_str())
            }
        };
        names.take(&file.name, at, faults);
        models.push(Arc::new(resolve_model(file, window, &path, faults)));
    }
    for (index, file) in files.iter().enumerate() {
        let ModelFile::Described(file) = file else { continue };
        for (nth, alias) in file.aliases.iter().enumerate() {
            let at = format!("{path}[{index}].aliases[{nth}]");
            if alias.contains('*') {
                faults.add(&at, "is a pattern", "an alias is one name; put patterns into `models`");
            }
            names.take(alias, &at, faults);
        }
    }
    models
}

fn resolve_model(file: &ModelDescription, window: Option<u64>, path: &str, faults: &mut Faults) -> Model {
    let at = |key: &str| format!("{path}.{key}");
    let mut tokens = |key: &str, tokens: Option<u64>| {
        if tokens == Some(0) {
            faults.add(at(key), "is 0 tokens", "set the number that the model's documentation gives, or leave it out");
        }
        tokens.filter(|tokens| *tokens > 0)
    };
    let own = tokens("window", file.window);
    let max_output = tokens("max_output", file.max_output);
    if let (Some(window), Some(most)) = (own.or(window), max_output)
        && most >= window
    {
        faults.add(at("max_output"), "leaves nothing of the window for the request", "set less than the window");
    }
    if file.name.contains('*') {
        for (key, there) in [("upstream_name", file.upstream_name.is_some()), ("aliases", !file.aliases.is_empty())] {
            if there {
                faults.add(at(key), "stands with a pattern, which means many models", "give the model an entry of its own");
            }
        }
    }
    if let Some(name) = &file.upstream_name {
        Names::check(name, &at("upstream_name"), faults);
    }
    let price = file.price.as_ref().and_then(|price| price.resolve(&at("price"), faults));
    let audience = Audience::resolve(file.groups.as_deref(), &at("groups"), faults);
    let names = file.aliases.iter().chain([&file.name]).chain(&file.upstream_name);
    let mut spelt: Vec<String> =
        names.map(|name| if name.contains('*') { name.to_lowercase() } else { Spelt::of(name).bare }).collect();
    spelt.sort_unstable();
    spelt.dedup();
    Model {
        name: file.name.clone(),
        upstream_name: file.upstream_name.clone().filter(|name| *name != file.name),
        aliases: file.aliases.clone(),
        window: own.or(window),
        max_output,
        price,
        capabilities: file.capabilities.clone(),
        audience,
        hidden: file.hidden,
        spelt,
    }
}

/// The names of an upstream's models, each with the place where it was first written.
#[derive(Default)]
struct Names(HashMap<String, String>);

impl Names {
    /// Longest name of a model, in bytes.
    const LONGEST: usize = 256;

    fn take(&mut self, name: &str, path: &str, faults: &mut Faults) {
        Self::check(name, path, faults);
        if let Some(first) = self.0.get(name) {
            let remedy = "one name means one model of an upstream: take one of them out";
            faults.add(path, format!("`{name}` is a name already, at {first}"), remedy);
        } else {
            self.0.insert(name.to_owned(), path.to_owned());
        }
    }

    fn check(name: &str, path: &str, faults: &mut Faults) {
        let reason = if name.is_empty() {
            "is empty"
        } else if name.len() > Self::LONGEST {
            "is longer than 256 bytes"
        } else if name.trim() != name || name.chars().any(char::is_control) {
            "starts or ends with white space, or holds a control character"
        } else {
            return;
        };
        faults.add(path, reason, "write the model's name as clients or the backend have it");
    }
}

#[cfg(test)]
mod tests;
