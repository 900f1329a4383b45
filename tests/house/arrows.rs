//! Who may name whom in a manifest: the arrows between the members, and the libraries that few may use.
//!
//! Whatever the table does not name is free for all; the rings narrow it further.

mod manifest;

use std::collections::BTreeSet;

use crate::rule::{Breach, holds};
use crate::tree::Tree;
use manifest::{Edge, Manifest, libraries};

/// What a member, or the tests of one, may name of the governed.
struct Arrow {
    from: &'static str,
    tests: bool,
    to: &'static [&'static str],
}

/// The whole picture: siblings never name each other, not even in tests, and the chassis names no member.
const ARROWS: [Arrow; 9] = [
    permits("satchel", &["auth", "chassis", "clap", "figment", "gateway", "notes", "user"]),
    // A test from outside mints tokens, good and bad ones, as another tool would; the simulation reads what lies on
    // its disks.
    Arrow { from: "satchel", tests: true, to: &["bson", "jsonwebtoken"] },
    Arrow { from: "user", tests: true, to: &["jsonwebtoken"] },
    permits("gateway", &["chassis", "tower_governor"]),
    permits("auth", &["argon2", "bson", "chassis", "jsonwebtoken", "lettre", "polodb_core"]),
    permits("user", &["bson", "chassis", "polodb_core"]),
    permits("notes", &["chassis", "r2d2", "r2d2_sqlite", "rusqlite", "tantivy"]),
    permits("chassis", &["jsonwebtoken"]),
    // It compiles parsers from the files of the services: none of them may bring an engine.
    permits("fuzz", &["chassis"]),
];

const fn permits(from: &'static str, to: &'static [&'static str]) -> Arrow {
    Arrow { from, tests: false, to }
}

impl Arrow {
    /// What only tests may name stays out of the program; what the program may name is free for its tests.
    fn permits(&self, from: &str, edge: &Edge) -> bool {
        self.from == from && (edge.tests || !self.tests) && self.to.contains(&edge.to.as_str())
    }
}

fn is_governed(library: &str, manifests: &[Manifest]) -> bool {
    ARROWS.iter().any(|arrow| arrow.to.contains(&library))
        || manifests.iter().any(|manifest| manifest.name == library)
}

fn forbidden_edges(manifests: &[Manifest]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for manifest in manifests {
        let governed = manifest.edges.iter().filter(|edge| is_governed(&edge.to, manifests));
        for edge in governed.filter(|edge| !ARROWS.iter().any(|arrow| arrow.permits(&manifest.name, edge))) {
            breaches.push(Breach::new(
                format!("{} [{}]", manifest.path, edge.section),
                format!("there is no arrow from {} to {}", manifest.name, edge.to),
                "ask the service that may, over HTTP; move the idea (never the driver) into the chassis; or, if \
                 the architecture changes, change ARROWS in tests/house/arrows.rs and ARCHITECTURE.md",
            ));
        }
    }
    breaches
}

fn unused_arrows(manifests: &[Manifest]) -> Vec<Breach> {
    let is_used = |arrow: &Arrow, to: &str| {
        let from = manifests.iter().filter(|manifest| manifest.name == arrow.from);
        from.flat_map(|manifest| &manifest.edges).any(|edge| edge.to == to && edge.tests == arrow.tests)
    };
    let mut breaches = Vec::new();
    for arrow in &ARROWS {
        for to in arrow.to.iter().filter(|to| !is_used(arrow, to)) {
            breaches.push(Breach::new(
                "tests/house/arrows.rs",
                format!("ARROWS lets {} name {to}, and no manifest of it does", arrow.from),
                "take the name out of ARROWS: a permission that nobody needs hides the day somebody takes it",
            ));
        }
    }
    breaches
}

fn own_versions(manifests: &[Manifest]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for manifest in manifests {
        for edge in manifest.edges.iter().filter(|edge| !edge.inherited) {
            breaches.push(Breach::new(
                format!("{} [{}]", manifest.path, edge.section),
                format!("{} brings its own version of {}", manifest.name, edge.to),
                "put version and features into [workspace.dependencies] of the root, and `workspace = true` here",
            ));
        }
    }
    breaches
}

fn own_lints(manifests: &[Manifest]) -> Vec<Breach> {
    let alone = manifests.iter().filter(|manifest| !manifest.inherits_lints);
    let breach = |manifest: &Manifest| {
        Breach::new(&manifest.path, "does not inherit the lints", "add `[lints]` with `workspace = true`")
    };
    alone.map(breach).collect()
}

/// The members from the top of the picture to its bottom: each stands below all that name it.
fn layers(members: &BTreeSet<String>) -> Vec<BTreeSet<&str>> {
    let mut left: BTreeSet<&str> = members.iter().map(String::as_str).collect();
    let mut layers = Vec::new();
    while !left.is_empty() {
        let is_named =
            |member: &str| ARROWS.iter().any(|arrow| left.contains(arrow.from) && arrow.to.contains(&member));
        let layer: BTreeSet<&str> = left.iter().copied().filter(|member| !is_named(member)).collect();
        // A circle has no top. Cargo refuses one, so this only ends the loop.
        if layer.is_empty() {
            break;
        }
        left.retain(|member| !layer.contains(member));
        layers.push(layer);
    }
    layers
}

/// Whether a fenced block of `markdown` draws exactly these layers, a line each.
fn draws(markdown: &str, members: &BTreeSet<String>) -> bool {
    let wanted = layers(members);
    markdown.split("```").skip(1).step_by(2).any(|block| {
        let named = block.lines().map(|line| {
            let words = line.split(|c: char| !c.is_alphanumeric());
            words.filter(|word| members.contains(*word)).collect::<BTreeSet<_>>()
        });
        named.filter(|layer| !layer.is_empty()).eq(wanted.iter().cloned())
    })
}

fn manifests(tree: &Tree) -> Vec<Manifest> {
    let libraries = libraries(tree.text("Cargo.toml"));
    let files =
        tree.files.iter().filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml"));
    files.map(|file| Manifest::parse(&file.path, &file.text, &libraries)).collect()
}

#[test]
fn members_name_only_what_the_arrows_permit() {
    holds("each arrow between crates is in the table", forbidden_edges(&manifests(&Tree::read())));
}

#[test]
fn every_arrow_of_the_table_is_used() {
    holds("the table of arrows permits no more than is needed", unused_arrows(&manifests(&Tree::read())));
}

#[test]
fn versions_stand_in_the_root_manifest_alone() {
    holds("every dependency of a member is `workspace = true`", own_versions(&manifests(&Tree::read())));
}

#[test]
fn every_member_inherits_the_lints() {
    holds("every member has `[lints] workspace = true`", own_lints(&manifests(&Tree::read())));
}

#[test]
fn the_architecture_draws_the_arrows() {
    let tree = Tree::read();
    let members = manifests(&tree).into_iter().map(|manifest| manifest.name).collect();
    let breach = || {
        Breach::new(
            "ARCHITECTURE.md",
            format!("no fenced block draws the layers {:?}", layers(&members)),
            "draw a line for each layer, from the top, with the names of its members; no other line names a member",
        )
    };
    let is_drawn = draws(tree.text("ARCHITECTURE.md"), &members);
    holds("ARCHITECTURE.md draws the members as the table has them", (!is_drawn).then(breach));
}

#[cfg(test)]
mod tests;
