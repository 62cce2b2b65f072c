//! Just enough of a reader of Rust source: words and marks, without comments and literals, and the paths they form.

/// A word (identifier or keyword), `::`, or one other punctuation mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Word(String),
    PathSeparator,
    Mark(char),
}

/// A token and the line it stands on.
#[derive(Debug, Clone)]
pub struct Placed {
    pub token: Token,
    pub line: usize,
}

/// A top-level module that a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub module: String,
    pub line: usize,
}

/// One source file as tokens.
#[derive(Debug)]
pub struct Source(Vec<Placed>);

impl Source {
    pub fn read(text: &str) -> Self {
        Self(Lexer { chars: text.chars().collect(), at: 0, line: 1, out: Vec::new() }.run())
    }

    pub fn tokens(&self) -> &[Placed] {
        &self.0
    }

    fn word(&self, at: usize) -> Option<&str> {
        match self.0.get(at).map(|p| &p.token) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn is(&self, at: usize, token: &Token) -> bool {
        self.0.get(at).is_some_and(|p| p.token == *token)
    }

    /// The modules declared by `mod name;`.
    pub fn declared_modules(&self) -> Vec<String> {
        (0..self.0.len())
            .filter(|at| self.word(*at) == Some("mod") && self.is(at + 2, &Token::Mark(';')))
            .filter_map(|at| self.word(at + 1).map(str::to_owned))
            .collect()
    }

    /// Every path that starts at the crate root, by `crate::` or by enough `super::`, as its first segment.
    pub fn imports(&self, file_module: &[String]) -> Vec<Import> {
        let mut imports = Vec::new();
        // Brace depths at which inline modules were opened: each makes one `super` mean one level less.
        let mut inline: Vec<usize> = Vec::new();
        let mut depth = 0;
        let mut at = 0;
        while at < self.0.len() {
            match &self.0[at].token {
                Token::Mark('{') => {
                    if at >= 2 && self.word(at - 2) == Some("mod") {
                        inline.push(depth);
                    }
                    depth += 1;
                }
                Token::Mark('}') => {
                    depth = depth.saturating_sub(1);
                    if inline.last() == Some(&depth) {
                        inline.pop();
                    }
                }
                Token::Word(word) if word == "crate" && self.is(at + 1, &Token::PathSeparator) => {
                    self.first_segments(at + 2, &mut imports);
                }
                Token::Word(word) if word == "super" && self.is(at + 1, &Token::PathSeparator) => {
                    let mut levels = 1;
                    while self.word(at + 2) == Some("super") && self.is(at + 3, &Token::PathSeparator) {
                        levels += 1;
                        at += 2;
                    }
                    if levels == file_module.len() + inline.len() {
                        self.first_segments(at + 2, &mut imports);
                    }
                    at += 1;
                }
                _ => {}
            }
            at += 1;
        }
        imports
    }

    /// The first segment at `at`, or of each branch where a use tree opens there.
    fn first_segments(&self, at: usize, out: &mut Vec<Import>) {
        let mut push = |at: usize| {
            if let Some(word) = self.word(at) {
                out.push(Import { module: word.to_owned(), line: self.0[at].line });
            }
        };
        if !self.is(at, &Token::Mark('{')) {
            return push(at);
        }
        let mut depth = 0;
        for (offset, placed) in self.0[at..].iter().enumerate() {
            match placed.token {
                Token::Mark('{') => depth += 1,
                Token::Mark('}') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
            if depth == 1 && matches!(placed.token, Token::Mark('{' | ',')) {
                push(at + offset + 1);
            }
        }
    }
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    out: Vec<Placed>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.at += 1;
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn push(&mut self, token: Token, line: usize) {
        self.out.push(Placed { token, line });
    }

    fn run(mut self) -> Vec<Placed> {
        while let Some(c) = self.peek(0) {
            let line = self.line;
            match c {
                '/' if self.peek(1) == Some('/') => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.bump();
                    }
                }
                '/' if self.peek(1) == Some('*') => self.block_comment(),
                '"' => self.string(),
                '\'' => self.quote(),
                ':' if self.peek(1) == Some(':') => {
                    self.bump();
                    self.bump();
                    self.push(Token::PathSeparator, line);
                }
                _ if c.is_alphabetic() || c == '_' => self.word(),
                _ if c.is_ascii_digit() => {
                    while self.peek(0).is_some_and(|c| c.is_alphanumeric() || c == '_') {
                        self.bump();
                    }
                }
                _ => {
                    self.bump();
                    if !c.is_whitespace() {
                        self.push(Token::Mark(c), line);
                    }
                }
            }
        }
        self.out
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while let Some(c) = self.bump() {
            match (c, self.peek(0)) {
                ('/', Some('*')) => {
                    self.bump();
                    depth += 1;
                }
                ('*', Some('/')) => {
                    self.bump();
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    fn string(&mut self) {
        self.bump();
        while let Some(c) = self.bump() {
            match c {
                '\\' => {
                    self.bump();
                }
                '"' => return,
                _ => {}
            }
        }
    }

    /// A raw string from its `#`s or quote on; `false` when this is none (a raw identifier).
    fn raw_string(&mut self) -> bool {
        let hashes = self.chars[self.at..].iter().take_while(|c| **c == '#').count();
        if self.peek(hashes) != Some('"') {
            return false;
        }
        for _ in 0..=hashes {
            self.bump();
        }
        while let Some(c) = self.bump() {
            if c == '"' && (0..hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                for _ in 0..hashes {
                    self.bump();
                }
                return true;
            }
        }
        true
    }

    /// A character literal or a lifetime.
    fn quote(&mut self) {
        self.bump();
        if self.peek(0) == Some('\\') {
            self.bump();
            self.bump();
            while self.bump().is_some_and(|c| c != '\'') {}
        } else if self.peek(1) == Some('\'') {
            self.bump();
            self.bump();
        }
    }

    fn word(&mut self) {
        let line = self.line;
        let mut word = String::new();
        while let Some(c) = self.peek(0).filter(|c| c.is_alphanumeric() || *c == '_') {
            word.push(c);
            self.bump();
        }
        match (word.as_str(), self.peek(0)) {
            ("r" | "br" | "cr", Some('#' | '"')) if self.raw_string() => {}
            ("b" | "c", Some('"')) => self.string(),
            ("b", Some('\'')) => self.quote(),
            _ => self.push(Token::Word(word), line),
        }
    }
}
