//! Inside a service a file's name is its ring, and its ring says which words it does not know.
//!
//! CONVENTIONS.md has the table. Code is read without comments, literals and tests; `use` trees and relative paths
//! are spelled out first. What a file reaches through a re-export is not seen.

mod allowed;
mod ring;

use crate::rule::{Breach, holds};
use crate::source::{Name, Source, functions, names};
use crate::tree::{File, Tree};
use allowed::{Allowed, LIST};
use ring::{Ring, home};

/// A token that the ring of a file forbids.
struct Found {
    path: String,
    token: &'static str,
    breach: Breach,
}

/// Words that decide something; a handler has none of them.
const DECISIONS: [&str; 5] = ["if", "match", "for", "while", "loop"];

fn forbidden(file: &File) -> Vec<Found> {
    let Some(ring) = Ring::of(&file.path) else {
        return Vec::new();
    };
    let module = module(&file.path);
    let mut found = Vec::new();
    for name in names(&Source::of(&file.text).shipped()) {
        let name = Name { path: absolute(&name.path, &module), ..name };
        for token in ring.forbidden().iter().copied().filter(|token| name.mentions(token)) {
            let breach = Breach::new(
                format!("{}:{}", file.path, name.line),
                format!("the {} ring does not know {token}, and this names {}", ring.name(), name.path),
                format!("{} belongs in {}", token, home(token)),
            );
            found.push(Found { path: file.path.clone(), token, breach });
        }
    }
    found
}

/// The module that a file is, from its crate: `services/auth/src/api/wire.rs` is `crate::api::wire`.
fn module(path: &str) -> String {
    let inside = path.split_once("/src/").map_or(path, |(_, inside)| inside);
    let inside = inside.strip_suffix(".rs").unwrap_or(inside);
    match inside {
        "lib" | "main" => "crate".to_owned(),
        inside => format!("crate::{}", inside.replace('/', "::")),
    }
}

/// A path as it reads from the crate: `super` and `self` stand for modules.
fn absolute(path: &str, module: &str) -> String {
    let mut module = module;
    let mut rest = path.strip_prefix("self::").unwrap_or(path);
    let mut is_relative = rest.len() < path.len();
    while let Some(below) = rest.strip_prefix("super::") {
        module = module.rsplit_once("::").map_or(module, |(parent, _)| parent);
        rest = below;
        is_relative = true;
    }
    if is_relative { format!("{module}::{rest}") } else { path.to_owned() }
}

/// Handlers are the asynchronous functions of `api.rs` and `api/`; what converts lies in `api/wire.rs`.
fn decisions(file: &File) -> Vec<Breach> {
    if Ring::of(&file.path) != Some(Ring::Wire) || !module(&file.path).starts_with("crate::api") {
        return Vec::new();
    }
    let code = Source::of(&file.text).shipped();
    let asynchronous = functions(&code).into_iter().filter(|function| function.is_async);
    let deciding = asynchronous.filter_map(|function| {
        let word = function.words.iter().find(|word| DECISIONS.contains(word))?;
        Some(Breach::new(
            format!("{}:{}", file.path, function.line),
            format!("the handler {} decides something: it has `{word}`", function.name),
            "a handler calls one verb, converts and answers: move the decision into service.rs or into its arguments",
        ))
    });
    deciding.collect()
}

#[test]
fn each_file_names_only_what_its_ring_knows() {
    let tree = Tree::read();
    let found = tree.with("rs").flat_map(forbidden).collect();
    let (allowed, mut breaches) = Allowed::parse(tree.text(LIST));
    breaches.extend(allowed.judge(found));
    holds("the name of a file is its ring, and a ring does not name what lies outside of it", breaches);
}

#[test]
fn handlers_hold_no_rules() {
    let breaches: Vec<_> = Tree::read().with("rs").flat_map(decisions).collect();
    holds("a handler has no branches", breaches);
}

#[cfg(test)]
mod tests;
