//! The house rules that a compiler does not hold: floors import only downwards, files stay short, nothing is left unfinished.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "architecture/source.rs"]
mod source;

use source::{Source, Token};

/// Floors, lowest first. A module imports only from floors below its own; `lib.rs` shows the same list to readers.
const FLOORS: &[&[&str]] = &[
    &["ids", "setting", "dialect"],
    &["telemetry", "inference", "provider"],
    &["identity"],
    &["policy"],
    &["enforce"],
    &["store"],
    &["memory", "vault", "sessions", "parameters", "quota"],
    &["catalog", "context"],
    &["proxy", "demo"],
    &["admin"],
    &["dashboard"],
    &["config"],
    &["client"],
    &["tui"],
    &["cli"],
    &["app"],
];

/// The longest a source file may be.
const MAX_LINES: usize = 400;

/// Files that may be longer, with their length when they were exempted. This list may only shrink.
const LONG_FILES: &[(&str, usize)] = &[];

/// Macros that say "not finished" or "left from debugging".
const UNFINISHED: &[&str] = &["todo", "unimplemented", "dbg"];

/// One breach of the rules.
#[derive(Debug, PartialEq, Eq)]
struct Breach {
    file: String,
    line: usize,
    what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// The module path of a file below `src/`, or `None` for the crate roots, which may see everything.
fn module_path(file: &str) -> Option<Vec<String>> {
    let inner = file.strip_suffix(".rs")?;
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    match inner {
        "lib" | "main" => None,
        _ => Some(inner.split('/').map(str::to_owned).collect()),
    }
}

/// Breaches of the floors in one file; `file` is relative to `src/`.
fn floor_breaches(file: &str, text: &str) -> Vec<Breach> {
    let Some(path) = module_path(file) else { return Vec::new() };
    let breach = |line: usize, what: String| Breach { file: format!("src/{file}"), line, what };
    let Some(own) = floor_of(&path[0]) else {
        return vec![breach(1, format!("module `{}` is on no floor: add it to the list in tests/architecture.rs", path[0]))];
    };
    let source = Source::read(text);
    let mut breaches = Vec::new();
    for import in source.imports(&path) {
        if import.module == path[0] {
            continue;
        }
        // Names that are no module (macros, the crate's own re-exports) have no floor; `lib.rs` re-exports nothing else.
        match floor_of(&import.module) {
            Some(floor) if floor >= own => breaches.push(breach(
                import.line,
                format!(
                    "`{}` (floor {own}) imports `{}` (floor {floor}); only lower floors may be imported",
                    path[0], import.module
                ),
            )),
            Some(_) => {}
            None => breaches.push(breach(import.line, format!("`crate::{}` is on no floor", import.module))),
        }
    }
    breaches
}

/// Macros left behind in one file.
fn unfinished(file: &str, text: &str) -> Vec<Breach> {
    let source = Source::read(text);
    let tokens = source.tokens();
    tokens
        .windows(2)
        .filter_map(|pair| match (&pair[0].token, &pair[1].token) {
            (Token::Word(word), Token::Mark('!')) if UNFINISHED.contains(&word.as_str()) => {
                Some(Breach { file: file.to_owned(), line: pair[0].line, what: format!("`{word}!` is left in the code") })
            }
            _ => None,
        })
        .collect()
}

/// Breaches of the length rule over all files, by name and length.
fn too_long(files: &[(String, usize)], exempt: &[(&str, usize)]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (file, lines) in files {
        let limit = exempt.iter().find(|(name, _)| name == file).map_or(MAX_LINES, |(_, length)| *length);
        if *lines > limit {
            breaches.push(Breach { file: file.clone(), line: *lines, what: format!("{lines} lines; at most {limit}") });
        }
    }
    for (name, length) in exempt {
        let now = files.iter().find(|(file, _)| file == name).map(|(_, lines)| *lines);
        if now.is_none_or(|lines| lines <= MAX_LINES || lines < *length) {
            breaches.push(Breach {
                file: (*name).to_owned(),
                line: 1,
                what: "the exemption is stale: lower or remove it".to_owned(),
            });
        }
    }
    breaches
}

fn rust_files(root: &Path) -> Vec<(String, String)> {
    fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    if root.is_dir() {
        walk(root, &mut paths);
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the project, named relative to the package.
fn project_files() -> Vec<(String, String)> {
    ["src", "tests", "benches", "xtask"]
        .iter()
        .flat_map(|dir| rust_files(&package().join(dir)).into_iter().map(move |(name, text)| (format!("{dir}/{name}"), text)))
        .collect()
}

fn assert_none(breaches: &[Breach]) {
    let list: Vec<String> = breaches.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "\n{}\n", list.join("\n"));
}

#[test]
fn modules_import_only_from_lower_floors() {
    let files = rust_files(&package().join("src"));
    assert!(files.len() > 5, "the scan found no sources");
    let breaches: Vec<Breach> = files.iter().flat_map(|(name, text)| floor_breaches(name, text)).collect();
    assert_none(&breaches);
}

#[test]
fn the_crate_map_shows_the_same_floors() {
    let text = fs::read_to_string(package().join("src/lib.rs")).unwrap();
    let doc: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("//!")).flat_map(str::split_whitespace).collect();
    let floors: Vec<String> = FLOORS.iter().map(|floor| format!("`{}`", floor.join(" "))).collect();
    assert!(doc.join(" ").contains(&floors.join(" · ")), "src/lib.rs lists other floors than {floors:?}");
}

#[test]
fn every_declared_module_is_on_a_floor() {
    let text = fs::read_to_string(package().join("src/lib.rs")).unwrap();
    let modules = Source::read(&text).declared_modules();
    assert!(!modules.is_empty());
    for module in modules {
        assert!(floor_of(&module).is_some(), "module `{module}` is on no floor");
    }
}

#[test]
fn files_are_short() {
    let lengths: Vec<(String, usize)> = project_files().into_iter().map(|(name, text)| (name, text.lines().count())).collect();
    assert_none(&too_long(&lengths, LONG_FILES));
}

#[test]
fn nothing_is_left_unfinished() {
    let breaches: Vec<Breach> = project_files().iter().flat_map(|(name, text)| unfinished(name, text)).collect();
    assert_none(&breaches);
}

mod seeded {
    //! The rules must be able to fail: each is shown a breach.

    use super::*;

    fn modules(file: &str, text: &str) -> Vec<String> {
        floor_breaches(file, text).into_iter().map(|b| b.what).collect()
    }

    #[test]
    fn upward_and_sideways_imports_are_found() {
        for text in [
            "use crate::memory::Memory;",
            "use crate::{ids::UserId, memory};",
            "use crate::{\n    ids::UserId,\n    memory::{Recall, render},\n};",
            "fn f() -> crate::memory::Memory { g() }",
            "pub(in crate::store) fn f(_: crate :: memory :: M) {}",
            "use super::memory;",
            "mod tests { use super::super::memory::Memory; }",
            "const A: char = '\"'; use crate::memory::M; const B: char = '\"';",
            "fn f<'a>(_: &'a str) {} use crate::memory::M;",
            "/* a /* nested */ comment */ use crate::memory::M;",
            "const A: &str = r#\"text\"#; use crate::memory::M;",
        ] {
            assert_eq!(modules("store/mod.rs", text).len(), 1, "{text}");
        }
        assert_eq!(modules("setting.rs", "use crate::ids::UserId;").len(), 1);
        assert_eq!(modules("store/redb/file.rs", "use super::super::super::memory::M;").len(), 1);
    }

    #[test]
    fn what_is_no_import_is_not_found() {
        for text in [
            "use crate::ids::UserId;",
            "use crate::store::fact::Fact;",
            "// use crate::memory::Memory;",
            "/// See [`crate::memory::Memory`].",
            "const A: &str = \"use crate::memory::Memory;\";",
            "const A: &str = \"\\\"crate::memory\";",
            "const A: &[u8] = br##\"crate::memory::\"# \"##;",
            "mod tests { use super::memory; }",
            "use super::enforce;",
            "use memory::Memory;",
        ] {
            assert_eq!(modules("store/mod.rs", text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(modules("store/redb/file.rs", "use super::super::memory::M;"), Vec::<String>::new());
        assert_eq!(modules("lib.rs", "use crate::app;"), Vec::<String>::new());
    }

    #[test]
    fn modules_without_a_floor_are_found() {
        assert_eq!(modules("util/mod.rs", "").len(), 1);
        assert_eq!(modules("store/mod.rs", "use crate::util::x;").len(), 1);
    }

    #[test]
    fn long_files_and_stale_exemptions_are_found() {
        let files = [("src/a.rs".to_owned(), 401), ("src/b.rs".to_owned(), 400)];
        assert_eq!(too_long(&files, &[]).len(), 1);
        assert_eq!(too_long(&files, &[("src/a.rs", 401)]), []);
        assert_eq!(too_long(&files, &[("src/a.rs", 401), ("src/b.rs", 500)]).len(), 1);
        assert_eq!(too_long(&files, &[("src/a.rs", 450)]).len(), 1);
    }

    #[test]
    fn unfinished_code_is_found() {
        let text = format!("fn f() {{ {}!() }}", "todo");
        assert_eq!(unfinished("src/a.rs", &text).len(), 1);
        assert_eq!(unfinished("src/a.rs", "// todo!()\nconst A: &str = \"dbg!(x)\"; fn todo() {}"), []);
    }
}
