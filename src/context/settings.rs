//! `context:` of the configuration: how much of a conversation an upstream takes.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::setting::Faults;

/// How conversations are fitted into the model's window.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ContextFile {
    /// Tokens that the model reads and writes in one request.
    pub window: u64,
    /// Tokens of the window that are kept free for the answer.
    pub reserve: u64,
    /// Share of the window without the reserve (0 to 1) above which old messages are cut.
    pub soft: f64,
    /// Share of the window without the reserve (0 to 1) above which a request is refused.
    pub hard: f64,
    /// Share of the window without the reserve (0 to 1) that is left after a cut.
    pub target: f64,
}

impl Default for ContextFile {
    fn default() -> Self {
        Self { window: 8192, reserve: 1024, soft: 0.75, hard: 0.95, target: 0.5 }
    }
}

/// Tokens at which something happens. `target < soft < hard ≤ window − reserve`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextSettings {
    pub(super) window: u64,
    pub(super) reserve: u64,
    pub(super) target: u64,
    pub(super) soft: u64,
    /// What cuts are measured by.
    pub(super) hard: u64,
    /// What cannot be cut below this is refused: `hard`, unless somebody wants to be cut to less.
    pub(super) limit: u64,
}

impl Default for ContextSettings {
    fn default() -> Self {
        Self::from_file(&ContextFile::default())
    }
}

impl ContextFile {
    /// Checks the settings. Every fault is reported at `path`; with faults, the result is not to be used.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> ContextSettings {
        let at = |key: &str| format!("{path}.{key}");
        if self.window == 0 {
            faults.add(at("window"), "a window of 0 tokens holds nothing", "set the model's context length, such as 8192");
        } else if self.reserve >= self.window {
            faults.add(
                at("reserve"),
                format!("leaves nothing of the window of {}", self.window),
                "set less than `window`, such as an eighth of it",
            );
        }
        for (key, share) in [("soft", self.soft), ("hard", self.hard), ("target", self.target)] {
            if !(share > 0.0 && share <= 1.0) {
                faults.add(at(key), format!("{share} is no share"), "set a number above 0 and at most 1, such as 0.75");
            }
        }
        if self.soft >= self.hard {
            faults.add(
                at("soft"),
                format!("is not below `hard` ({})", self.hard),
                "set `soft` lower, such as 0.75 with `hard: 0.95`",
            );
        }
        if self.target >= self.soft {
            faults.add(
                at("target"),
                format!("is not below `soft` ({})", self.soft),
                "set `target` lower, such as 0.5 with `soft: 0.75`",
            );
        }
        let settings = ContextSettings::from_file(self);
        let ordered = settings.target < settings.soft && settings.soft < settings.hard;
        if self.reserve < self.window && self.target < self.soft && self.soft < self.hard && !ordered {
            faults.add(at("window"), "is so small that the shares of it are the same number of tokens", "set a larger `window`");
        }
        settings
    }
}

impl ContextSettings {
    fn from_file(file: &ContextFile) -> Self {
        let budget = file.window.saturating_sub(file.reserve);
        let [target, soft, hard] = [file.target, file.soft, file.hard].map(|part| share(budget, part));
        Self { window: file.window, reserve: file.reserve.min(file.window), target, soft, hard, limit: hard }
    }

    /// The same shares of another window, for a model or a request that has one. The reserve shrinks and grows with it, and is never more
    /// than `max_output`, the most that the model writes.
    #[must_use]
    pub fn for_window(&self, window: u64, max_output: Option<u64>) -> Self {
        let reserve = scale(self.reserve, window, self.window).min(max_output.unwrap_or(u64::MAX));
        let (budget, own) = (window - reserve.min(window), self.window - self.reserve);
        let scaled = |tokens: u64| scale(tokens, budget, own);
        let hard = scaled(self.hard);
        Self { window, reserve, target: scaled(self.target), soft: scaled(self.soft), hard, limit: hard }
    }

    /// The window of `context.window`.
    #[must_use]
    pub fn window(&self) -> u64 {
        self.window
    }

    /// Cuts as for a smaller window, and refuses as before: whoever wants short prompts does not want to be turned away.
    #[must_use]
    pub fn cut_for(self, window: Option<u64>) -> Self {
        match window.filter(|window| *window < self.window) {
            Some(window) => Self { window: self.window, limit: self.limit, ..self.for_window(window, None) },
            None => self,
        }
    }

    /// Most tokens that a request may have.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }
}

/// `tokens` of `whole`, of `other` instead.
fn scale(tokens: u64, other: u64, whole: u64) -> u64 {
    let product = u128::from(tokens) * u128::from(other) / u128::from(whole.max(1));
    u64::try_from(product).unwrap_or(u64::MAX)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to 0 and the budget; no window needs more than 53 bits"
)]
fn share(budget: u64, share: f64) -> u64 {
    ((budget as f64 * share.clamp(0.0, 1.0)) as u64).min(budget)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(json: &str) -> Vec<String> {
        let mut faults = Faults::default();
        serde_json::from_str::<ContextFile>(json).unwrap().resolve("context", &mut faults);
        faults.into_vec().into_iter().map(|fault| fault.path).collect()
    }

    #[test]
    fn shares_are_of_the_window_without_the_reserve() {
        let settings = ContextSettings::default();
        assert_eq!(settings, ContextSettings { window: 8192, reserve: 1024, target: 3584, soft: 5376, hard: 6809, limit: 6809 });
        assert_eq!(settings.for_window(8192, None), settings);
        let half = ContextSettings { window: 4096, reserve: 512, target: 1792, soft: 2688, hard: 3404, limit: 3404 };
        assert_eq!(settings.for_window(4096, None), half);
        assert_eq!(settings.for_window(4096, Some(512)), half);
        assert_eq!(settings.for_window(0, None).limit(), 0);
        assert!(settings.for_window(u64::MAX, None).limit() > u64::MAX / 2);
        let smaller = ContextSettings { window: 8192, limit: 6809, ..half };
        assert_eq!(settings.cut_for(Some(4096)), smaller);
        assert_eq!(
            (settings.cut_for(Some(8192)), settings.cut_for(Some(9000)), settings.cut_for(None)),
            (settings, settings, settings)
        );
        assert_eq!(settings.limit(), 6809);
        assert!(faults("{}").is_empty());
        assert!(faults(r#"{"window":8192,"soft":0.75,"hard":1,"reserve":0}"#).is_empty());
    }

    #[test]
    fn no_more_is_kept_free_than_the_model_writes() {
        let settings = ContextSettings::default();
        let short = settings.for_window(8192, Some(192));
        assert_eq!(short, ContextSettings { window: 8192, reserve: 192, target: 4000, soft: 6000, hard: 7599, limit: 7599 });
        assert_eq!(settings.for_window(8192, Some(100_000)), settings);
        assert_eq!(settings.for_window(131_072, Some(4096)).reserve, 4096);
    }

    #[test]
    fn every_fault_is_named() {
        for (json, paths) in [
            (r#"{"window":0}"#, vec!["context.window"]),
            (r#"{"window":1000,"reserve":1000}"#, vec!["context.reserve"]),
            (r#"{"soft":0.95}"#, vec!["context.soft"]),
            (r#"{"target":0.8}"#, vec!["context.target"]),
            (r#"{"hard":1.5}"#, vec!["context.hard"]),
            (r#"{"target":0}"#, vec!["context.target"]),
            (r#"{"soft":-1}"#, vec!["context.soft", "context.target"]),
            (r#"{"window":3,"reserve":0}"#, vec!["context.window"]),
            (
                r#"{"window":1,"reserve":5,"soft":2,"hard":2,"target":3}"#,
                vec!["context.reserve", "context.soft", "context.hard", "context.target", "context.soft", "context.target"],
            ),
        ] {
            assert_eq!(faults(json), paths, "{json}");
        }
        assert!(serde_json::from_str::<ContextFile>(r#"{"widow":1}"#).is_err());
    }
}
