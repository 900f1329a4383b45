//! What a manifest says, as far as arrows are concerned.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// The sections that name other crates; a target may have each of them too.
const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// A member that names a crate.
#[derive(Debug)]
pub(super) struct Edge {
    /// The crate's own name, whatever it is called here.
    pub(super) to: String,
    /// Where it is named.
    pub(super) section: String,
    /// Whether only tests see it.
    pub(super) tests: bool,
    /// Whether version and features are the workspace's.
    pub(super) inherited: bool,
}

/// A member.
#[derive(Debug)]
pub(super) struct Manifest {
    /// Its file.
    pub(super) path: String,
    /// Its name.
    pub(super) name: String,
    /// Every crate it names.
    pub(super) edges: Vec<Edge>,
    /// Whether it takes the workspace's lints.
    pub(super) inherits_lints: bool,
}

impl Manifest {
    /// Reads a member's manifest; `libraries` tells what a name of the workspace stands for.
    pub(super) fn parse(path: &str, text: &str, libraries: &BTreeMap<String, String>) -> Self {
        let manifest: Table = text.parse().expect("a manifest is TOML");
        let mut edges = section_edges("", &manifest, libraries);
        for (target, table) in entries(&manifest, "target") {
            if let Some(table) = table.as_table() {
                edges.extend(section_edges(&format!("target.{target}."), table, libraries));
            }
        }
        let name = manifest.get("package").and_then(|package| package.get("name")).and_then(Value::as_str);
        Self {
            path: path.to_owned(),
            name: name.unwrap_or_default().to_owned(),
            edges,
            inherits_lints: is_inherited(manifest.get("lints")),
        }
    }
}

/// What each name of `[workspace.dependencies]` in the root manifest stands for.
pub(super) fn libraries(root: &str) -> BTreeMap<String, String> {
    let root: Table = root.parse().expect("the root manifest is TOML");
    let Some(workspace) = root.get("workspace").and_then(Value::as_table) else {
        return BTreeMap::new();
    };
    entries(workspace, "dependencies").map(|(name, library)| (name.clone(), package(name, library))).collect()
}

fn section_edges(prefix: &str, manifest: &Table, libraries: &BTreeMap<String, String>) -> Vec<Edge> {
    let mut edges = Vec::new();
    for section in SECTIONS {
        for (name, dependency) in entries(manifest, section) {
            let inherited = is_inherited(Some(dependency));
            let library = libraries.get(name).filter(|_| inherited);
            edges.push(Edge {
                to: library.cloned().unwrap_or_else(|| package(name, dependency)),
                section: format!("{prefix}{section}"),
                tests: section == "dev-dependencies",
                inherited,
            });
        }
    }
    edges
}

/// What stands in a table of the manifest, nothing when it is not there.
fn entries<'a>(manifest: &'a Table, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    manifest.get(key).and_then(Value::as_table).into_iter().flatten()
}

fn is_inherited(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

fn package(name: &str, dependency: &Value) -> String {
    dependency.get("package").and_then(Value::as_str).unwrap_or(name).to_owned()
}
