//! That every fixture has a reader.

use super::markdown::spans;
use crate::rule::Breach;
use crate::tree::{File, Tree, matches};

/// The fixtures that no test and no README names.
pub(super) fn fixtures(tree: &Tree) -> Vec<Breach> {
    let is_fixture = |file: &&File| file.path.starts_with("fixtures/") && !file.path.ends_with("README.md");
    let unread = tree.files.iter().filter(is_fixture).filter(|fixture| !is_named(&fixture.path, tree));
    let breach = |file: &File| {
        Breach::new(
            &file.path,
            "no README and no test names it",
            "say in fixtures/README.md what it is for and which test reads it, or take it out",
        )
    };
    unread.map(breach).collect()
}

fn is_named(fixture: &str, tree: &Tree) -> bool {
    let in_folder = fixture.strip_prefix("fixtures/").unwrap_or(fixture);
    let by_a_readme = tree.with("md").filter(|file| file.path.ends_with("README.md")).any(|readme| {
        spans(&readme.text).any(|(_, span)| matches(span, fixture) || matches(span, in_folder))
    });
    // A test names a file at the end of a string, whatever the folder before it.
    let name = in_folder.rsplit('/').next().unwrap_or(in_folder);
    let mut tests = tree.with("rs").filter(|file| file.is_test());
    by_a_readme || tests.any(|file| file.text.contains(&format!("{name}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixture_that_nobody_names_is_caught() {
        let files = [
            ("fixtures/README.md", "`small.json` and `journeys/*.http`; not world.json"),
            ("fixtures/small.json", "{}"),
            ("fixtures/journeys/01.http", ""),
            ("fixtures/recording.jsonl", ""),
            ("fixtures/world.json", ""),
            ("tests/it/parity.rs", "open(\"fixtures/recording.jsonl\")"),
        ];
        let tree = Tree { files: files.iter().map(|(path, text)| File::new(path, text)).collect() };
        let places: Vec<_> = fixtures(&tree).into_iter().map(|breach| breach.place).collect();
        assert_eq!(places, ["fixtures/world.json"]);
    }
}
