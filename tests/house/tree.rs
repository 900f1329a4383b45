//! The repository's files as text. What builds and runs leave behind is not part of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Git's own folder.
const GIT: &str = ".git";
/// What a build or a run leaves behind is named here, by patterns.
const IGNORED: &str = ".gitignore";

/// A text file.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// From the root, with slashes.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

impl File {
    /// A file that need not be there: for the scanners' own tests.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether it is Rust that only tests see, by its name or its folder.
    pub(crate) fn is_test(&self) -> bool {
        let (folder, name) = self.path.rsplit_once('/').unwrap_or_default();
        folder.split('/').any(|part| part == "tests") || name == "tests.rs" || name.ends_with("_tests.rs")
    }
}

/// Everything that belongs to the repository and is text.
#[derive(Debug)]
pub(crate) struct Tree {
    /// In the order of their paths.
    pub(crate) files: Vec<File>,
}

impl Tree {
    /// Reads the checkout that this test was built from.
    pub(crate) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let ignored = fs::read_to_string(root.join(IGNORED)).unwrap_or_default();
        let mut files = Vec::new();
        gather(root, "", &ignored, &mut files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files }
    }

    /// The files whose name ends in `.extension`.
    pub(crate) fn with(&self, extension: &str) -> impl Iterator<Item = &File> {
        let ending = format!(".{extension}");
        self.files.iter().filter(move |file| file.path.ends_with(&ending))
    }

    /// The text of `path`, empty when it is not there.
    pub(crate) fn text(&self, path: &str) -> &str {
        let found = self.files.iter().find(|file| file.path == path);
        found.map_or("", |file| file.text.as_str())
    }

    /// All files and all folders that hold one.
    pub(crate) fn paths(&self) -> BTreeSet<&str> {
        let mut paths = BTreeSet::new();
        for file in &self.files {
            let mut path = file.path.as_str();
            paths.insert(path);
            while let Some((folder, _)) = path.rsplit_once('/') {
                paths.insert(folder);
                path = folder;
            }
        }
        paths
    }
}

fn gather(folder: &Path, prefix: &str, ignored: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder of the checkout can be listed") {
        let entry = entry.expect("a folder of the checkout can be listed");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if name == GIT || is_ignored(&path, ignored) {
            continue;
        }
        let kind = entry.file_type().expect("an entry of the checkout has a type");
        if kind.is_dir() {
            gather(&entry.path(), &format!("{path}/"), ignored, files);
        } else if kind.is_file()
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            files.push(File { path, text });
        }
    }
}

/// Whether the last pattern that fits says so. One with a slash holds from the root, another for any name.
fn is_ignored(path: &str, patterns: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let fits = |pattern: &&str| {
        let pattern = pattern.trim_start_matches('!').trim_end_matches('/');
        let of_a_name = !pattern.contains('/');
        matches(pattern.trim_start_matches('/'), if of_a_name { name } else { path })
    };
    patterns.lines().rfind(fits).is_some_and(|pattern| !pattern.starts_with('!'))
}

/// Whether `path` is what `pattern` describes; `*` stands for any part of a name, `**` for any folders.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let (first, rest) = pattern.split_once('/').unwrap_or((pattern, ""));
    let (name, below) = path.split_once('/').unwrap_or((path, ""));
    match (first, rest.is_empty(), below.is_empty()) {
        ("**", _, _) => matches(rest, path) || (!below.is_empty() && matches(pattern, below)),
        (_, true, true) => name_matches(first, name),
        (_, false, false) => name_matches(first, name) && matches(rest, below),
        _ => false,
    }
}

fn name_matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            let mut ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.any(|at| name_matches(rest, name.split_at(at).1))
        }),
    }
}

#[test]
fn a_star_stands_for_part_of_a_name_and_two_for_folders() {
    for (pattern, path, fits) in [
        ("src/up.rs", "src/up.rs", true),
        ("services/*/src", "services/auth/src", true),
        ("services/*/src", "services/auth/tests/src", false),
        ("journeys/*.http", "journeys/01-a.http", true),
        ("journeys/*.http", "journeys/01-a.json", false),
        ("**/*.rs", "a/b/c.rs", true),
        ("src/*", "src", false),
    ] {
        assert_eq!(matches(pattern, path), fits, "{pattern} {path}");
    }
}

#[test]
fn what_a_run_leaves_behind_is_no_part_of_the_repository() {
    let patterns = "target/\n/data/*\n!/data/README.md\n/bench.json\n*.profraw\n";
    for path in ["target", "services/auth/target", "data/auth", "bench.json", "src/a.profraw"] {
        assert!(is_ignored(path, patterns), "{path}");
    }
    for path in ["data", "data/README.md", "tests/bench.json", "src/target.rs"] {
        assert!(!is_ignored(path, patterns), "{path}");
    }
}
