//! What is searched for, as typed: words, and conditions such as `client=open-webui`.

/// A search, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::tui) struct Terms {
    pub words: Option<String>,
    conditions: Vec<(String, String)>,
}

impl Terms {
    /// Takes a search apart; quotes keep what has spaces together.
    ///
    /// # Errors
    /// When a condition is none of `known`: a sentence that names those.
    pub fn parse(text: &str, known: &[&str]) -> Result<Self, String> {
        let mut terms = Self::default();
        let mut words = Vec::new();
        for part in split(text) {
            match part.split_once('=') {
                Some((name, value)) if known.contains(&name) => terms.conditions.push((name.to_owned(), value.to_owned())),
                Some((name, _)) if known.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase()) => words.push(part),
                Some((name, _)) => return Err(format!("There is no condition {name}=…; there are {}.", known.join(", "))),
                None => words.push(part),
            }
        }
        terms.words = (!words.is_empty()).then(|| words.join(" "));
        Ok(terms)
    }

    /// The value of a condition; the last one, where there are several.
    pub fn get(&self, name: &str) -> Option<String> {
        let found = self.conditions.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
    }
}

fn split(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let (mut part, mut quoted) = (String::new(), false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => parts.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
    }
    parts.push(part);
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_conditions_are_told_apart() {
        let known = ["user", "client"];
        let terms = Terms::parse(r#"two  words client=a client=b user="bob smith" A=b"#, &known).unwrap();
        assert_eq!(terms.words.as_deref(), Some("two words A=b"));
        assert_eq!(terms.get("client").as_deref(), Some("b"));
        assert_eq!(terms.get("user").as_deref(), Some("bob smith"));
        assert_eq!(Terms::parse("  ", &known).unwrap(), Terms::default());
        assert_eq!(Terms::parse("user=", &known).unwrap().get("user"), None);
        assert_eq!(Terms::parse("mode=x", &known).unwrap_err(), "There is no condition mode=…; there are user, client.");
    }
}
