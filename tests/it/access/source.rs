//! The routes of the services as their sources have them, so that none can be forgotten by the other tests.
//!
//! It reads `.route("path", get(…).post(…))` in each service's `api.rs` as text.

use std::collections::BTreeSet;

use gateway::ROUTES;

use super::internal::INTERNAL;
use crate::kit::world::repository;

/// What every service has for its own sake.
const OWN: [&str; 2] = ["GET /health", "GET /metrics"];

#[test]
fn the_services_have_the_routes_of_the_tables_and_no_others() {
    for service in ["auth", "user", "notes"] {
        let written = written(service);
        let listed = listed(service);
        let forgotten: Vec<&String> = written.difference(&listed).collect();
        assert!(
            forgotten.is_empty(),
            "{service} has routes that no table lists: {forgotten:?}. Add public ones to services/gateway/src/routes.rs \
             and tests/it/access.rs, internal ones to tests/it/access/internal.rs"
        );
        let gone: Vec<&String> = listed.difference(&written).collect();
        assert!(gone.is_empty(), "the tables list routes that {service} does not have: {gone:?}");
    }
}

/// `METHOD /path` of every route in the tables, with the placeholders of the sources.
fn listed(service: &str) -> BTreeSet<String> {
    let public =
        ROUTES.iter().filter(|route| route.upstream.is_some_and(|upstream| upstream.name() == service));
    let public =
        public.map(|route| format!("{} {}", route.method, nameless(route.path.trim_start_matches("/api"))));
    let internal = INTERNAL.iter().filter(|route| route.service == service);
    let internal = internal.map(|route| format!("{} {}", route.method, nameless(route.path)));
    public.chain(internal).chain(OWN.map(str::to_owned)).collect()
}

/// `METHOD /path` of every route in the service's sources.
fn written(service: &str) -> BTreeSet<String> {
    let path = repository().join("services").join(service).join("src/api.rs");
    let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let routes: BTreeSet<String> = routes_in(&source).iter().map(|route| nameless(route)).collect();
    assert!(routes.len() > 2, "{service}: the routes cannot be read any more: {routes:?}");
    routes
}

/// `METHOD /path` of every route that `source` declares, as it writes them.
pub(crate) fn routes_in(source: &str) -> BTreeSet<String> {
    source.split(".route(").skip(1).flat_map(routes).collect()
}

/// The routes that `"path", get(…).post(…))…` declares.
fn routes(text: &str) -> Vec<String> {
    let text: String = text.split_whitespace().collect();
    let (path, mut rest) =
        text.strip_prefix('"').and_then(|text| text.split_once("\",")).expect("a path in quotes");
    let mut routes = Vec::new();
    while let Some((method, after)) = rest.split_once('(') {
        let method = method.rsplit("::").next().unwrap_or(method);
        assert!(["get", "post", "put", "patch", "delete"].contains(&method), "{path}: what is `{method}`?");
        routes.push(format!("{} {path}", method.to_uppercase()));
        match after.split_once(')') {
            Some((_, after)) if after.starts_with('.') => rest = &after[1..],
            _ => break,
        }
    }
    routes
}

/// `path` with every placeholder, `{id}` or `:id`, written alike.
fn nameless(path: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with(['{', ':']) { "*" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}
