//! The rules for every file, whatever its language.

use crate::rule::Breach;
use crate::tree::File;

/// The first folder of paths that another machine does not have.
const MACHINE: [&str; 4] = ["Users", "home", "root", "work"];

pub(super) fn trailing_blanks(file: &File) -> Vec<Breach> {
    let lines = file.text.lines().enumerate().filter(|(_, line)| line.ends_with([' ', '\t']));
    let breach = |(at, _)| {
        Breach::new(
            format!("{}:{}", file.path, at + 1),
            "ends in a blank",
            "cut it off: git diff --check shows it",
        )
    };
    lines.map(breach).collect()
}

pub(super) fn machine_paths(file: &File) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        for folder in MACHINE.iter().filter(|folder| starts_at_root(line, folder)) {
            breaches.push(Breach::new(
                format!("{}:{}", file.path, at + 1),
                format!("has a path below /{folder}"),
                "say it relative to the repository, or take it from a flag or the environment",
            ));
        }
    }
    breaches
}

/// Whether `line` has a path into `folder` from the root of the file system, and not in the middle of another path.
fn starts_at_root(line: &str, folder: &str) -> bool {
    let path = format!("/{folder}/");
    line.match_indices(&path).any(|(at, _)| {
        let before = line.split_at(at).0.chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || ".-_~/}*".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_at_the_end_of_a_line_is_caught() {
        let found = trailing_blanks(&File::new("a.md", "one\ntwo \nthree\t\n"));
        let places: Vec<_> = found.into_iter().map(|breach| breach.place).collect();
        assert_eq!(places, ["a.md:2", "a.md:3"]);
    }

    #[test]
    fn a_path_of_one_machine_is_caught() {
        for folder in MACHINE {
            let inside = format!("cd /{folder}/ada; cat \"/{folder}/x\"");
            assert_eq!(machine_paths(&File::new("a.sh", &inside)).len(), 1, "{folder}");
            let elsewhere = format!("https://example.test/{folder}/ada ../{folder}/x $HOME/{folder}/");
            assert_eq!(machine_paths(&File::new("a.sh", &elsewhere)), [], "{folder}");
        }
    }
}
