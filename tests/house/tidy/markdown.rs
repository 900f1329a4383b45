//! The rules for a page of Markdown.

use crate::rule::Breach;
use crate::tree::{File, Tree, matches};

/// What a path of the repository begins with.
const FOLDERS: [&str; 6] = [".ci/", "data/", "fixtures/", "services/", "src/", "tests/"];

pub(super) fn titles(file: &File) -> Vec<Breach> {
    let titles = prose(&file.text).filter(|(_, line)| line.starts_with("# ")).count();
    if titles == 1 {
        return Vec::new();
    }
    let remedy = "keep one `# ` heading, the page's name, and make the others `## `";
    vec![Breach::new(&file.path, format!("has {titles} titles"), remedy)]
}

pub(super) fn paths(file: &File, tree: &Tree) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (line, span) in spans(&file.text) {
        for path in candidates(span).into_iter().filter(|path| !exists(path, tree)) {
            breaches.push(Breach::new(
                format!("{}:{line}", file.path),
                format!("`{path}` is not there"),
                "follow the file to its new name, or take the sentence out; what a run writes into data/ is named in \
                 data/README.md",
            ));
        }
    }
    breaches
}

/// The lines outside of code fences, with their numbers.
pub(crate) fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_fenced = false;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let is_fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        is_fenced ^= is_fence;
        (!is_fenced && !is_fence).then_some((at + 1, line))
    })
}

/// What stands in backticks outside of fences, with the line of each.
pub(crate) fn spans(text: &str) -> impl Iterator<Item = (usize, &str)> {
    prose(text).flat_map(|(at, line)| line.split('`').skip(1).step_by(2).map(move |span| (at, span)))
}

/// The paths that a span names: none for a command, several for one with braces. A line number is cut off.
fn candidates(span: &str) -> Vec<String> {
    let looks_like_a_path = FOLDERS.iter().any(|folder| span.starts_with(folder))
        && !span.contains(|c: char| c.is_whitespace() || c == '<' || c == '…');
    if !looks_like_a_path {
        return Vec::new();
    }
    let path = span.split(':').next().unwrap_or(span).trim_end_matches('/');
    unfold(path)
}

/// `a/{b,c}` is `a/b` and `a/c`.
fn unfold(path: &str) -> Vec<String> {
    let parts = path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    match parts {
        None => vec![path.to_owned()],
        Some((before, (choices, after))) => {
            let one = |choice: &str| unfold(&format!("{before}{choice}{after}"));
            choices.split(',').flat_map(one).collect()
        }
    }
}

fn exists(path: &str, tree: &Tree) -> bool {
    let written_by_a_run = path.strip_prefix("data/").is_some_and(|name| {
        let first = name.split('/').next().unwrap_or(name);
        spans(tree.text("data/README.md")).any(|(_, span)| span.trim_end_matches('/') == first)
    });
    written_by_a_run || tree.paths().iter().any(|known| matches(path, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_title_is_caught_and_a_comment_in_a_fence_is_none() {
        assert_eq!(titles(&File::new("a.md", "# A\n## B\n```sh\n# c\n```\n")), []);
        for text in ["# A\n# B\n", "## A\n", "```\n# A\n```"] {
            assert_eq!(titles(&File::new("a.md", text)).len(), 1, "{text}");
        }
    }

    fn missing(text: &str) -> Vec<String> {
        let here = ["data/README.md", "src/up.rs", "services/auth/src/lib.rs", "fixtures/journeys/01.http"];
        let readme = |path: &str| {
            if path == "data/README.md" { "`auth/` holds accounts." } else { "" }
        };
        let tree = Tree { files: here.iter().map(|path| File::new(path, readme(path))).collect() };
        let told = paths(&File::new("a.md", text), &tree);
        told.into_iter().map(|breach| breach.what.split('`').nth(1).unwrap().to_owned()).collect()
    }

    #[test]
    fn a_path_that_is_not_there_is_caught() {
        assert_eq!(
            missing("See `src/down.rs` and `services/auth/src/{lib,api}.rs:12`."),
            ["src/down.rs", "services/auth/src/api.rs",]
        );
        assert_eq!(
            missing("`data/ghost` `fixtures/journeys/*.md`"),
            ["data/ghost", "fixtures/journeys/*.md"]
        );
    }

    #[test]
    fn files_folders_patterns_and_what_a_run_writes_are_there() {
        let text =
            "`src/up.rs:3` `services/auth/` `services/*/src/*.rs` `fixtures/journeys/*.http` `data/auth/db`";
        assert_eq!(missing(text), [""; 0]);
    }

    #[test]
    fn commands_routes_placeholders_and_fences_are_no_paths() {
        assert_eq!(
            missing("`src/x --flag` `/api/notes` `services/<name>/src` text/html\n```\n`src/x`\n```"),
            [""; 0]
        );
    }
}
