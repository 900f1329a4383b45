//! Known paths say which methods they have; unknown ones are not found, whoever asks.

use std::collections::{BTreeMap, BTreeSet};

use gateway::ROUTES;

use crate::kit::{Request, World};

/// Every method that a client might try; OPTIONS is always a preflight.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"];

#[test]
fn every_path_refuses_other_methods_with_405_and_the_right_ones_in_allow() {
    let world = World::shared();
    let anon = world.anon();
    for (path, methods) in paths() {
        let target = path.replace(":id", &"f".repeat(24)).replace(":token", "t");
        for method in METHODS.into_iter().filter(|method| !methods.contains(*method)) {
            for target in [target.clone(), format!("{target}/")] {
                let answer = anon.send(Request::new(method, &target)).expect(405);
                let allow = answer.header("allow").unwrap_or_else(|| panic!("no Allow: {answer}"));
                let allowed: BTreeSet<&str> = allow.split(',').map(str::trim).collect();
                assert_eq!(allowed, methods, "{answer}");
                if method != "HEAD" {
                    answer.fails(405, "Method Not Allowed");
                }
            }
        }
    }
}

#[test]
fn a_trailing_slash_is_accepted_on_every_route() {
    let world = World::shared();
    let user = world.someone();
    for target in ["/api/users/me/", "/api/notes/", "/api/notes/?page=1", "/health/"] {
        user.get(target).expect(200);
    }
    let note = user.note("One.");
    user.get(&format!("/api/notes/{note}/")).expect(200);
    user.delete(&format!("/api/notes/{note}/")).expect(204);
}

#[test]
fn an_unknown_path_is_quoted_with_its_query_as_its_service_sees_it() {
    let world = World::shared();
    for (target, quoted) in [
        ("/nope?a=1&b=2", "/nope?a=1&b=2"),
        ("/", "/"),
        ("/api/auth/nope?x", "/auth/nope?x"),
        ("/api/notes/a/b?c=%20", "/notes/a/b?c=%20"),
        ("/api/nothing", "/api/nothing"),
    ] {
        world.anon().get(target).fails(404, &format!("Resource Not Found: {quoted}"));
    }
}

#[test]
fn literal_paths_win_over_ids() {
    let world = World::shared();
    let user = world.someone();
    user.get("/api/users/me").expect(200);
    // As ids they would be for administrators, and no ids at that.
    user.get("/api/users/update-me").fails(405, "Method Not Allowed");
    user.get("/api/users/delete-me").fails(405, "Method Not Allowed");
}

/// The methods of every public path; HEAD works wherever GET does.
fn paths() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut paths: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for route in &ROUTES {
        let methods = paths.entry(route.path).or_default();
        methods.insert(route.method.as_str());
        if route.method.as_str() == "GET" {
            methods.insert("HEAD");
        }
    }
    paths
}
