//! The rings against files that break them.

use super::*;

fn tokens(path: &str, text: &str) -> Vec<&'static str> {
    forbidden(&File::new(path, text)).into_iter().map(|found| found.token).collect()
}

#[test]
fn a_planted_import_is_caught_in_every_ring() {
    for (file, line, token) in [
        ("service.rs", "use axum::Router;", "axum"),
        ("service/listing.rs", "use serde::Serialize;", "serde"),
        ("service.rs", "use http::{Method, StatusCode};", "StatusCode"),
        ("relay.rs", "use polodb_core::Database;", "polodb_core"),
        ("store.rs", "use axum::body::Body;", "axum"),
        ("store/row.rs", "use crate::{note::Note, service::Notes};", "crate::service"),
        ("search/index.rs", "use crate::api::wire;", "crate::api"),
        ("account.rs", "#[derive(serde::Deserialize)] struct A;", "serde"),
        ("account.rs", "fn f() { tokio::time::Instant::now(); }", "tokio"),
        ("account.rs", "use super::store::Store;", "crate::store"),
        ("api.rs", "use rusqlite::Connection;", "rusqlite"),
        ("api/public.rs", "use super::super::store::Store;", "crate::store"),
        ("api/wire.rs", "fn f(id: bson::oid::ObjectId) {}", "bson"),
        ("peer.rs", "use crate::store;", "crate::store"),
        ("mail.rs", "use axum::http::Uri;", "axum"),
        ("lib.rs", "use r2d2::Pool;", "r2d2"),
    ] {
        assert_eq!(tokens(&format!("services/notes/src/{file}"), line), [token], "{file}: {line}");
    }
}

#[test]
fn what_a_ring_knows_is_free() {
    for (file, line) in [
        ("service.rs", "use crate::store::Store; use chassis::blocking;"),
        ("relay.rs", "use crate::store::Store;"),
        (
            "store/row.rs",
            "use rusqlite::Row; use serde::Serialize; use crate::note::Note; use self::store::X;",
        ),
        ("api/public.rs", "use axum::Router; use serde::Serialize; use crate::service::Notes;"),
        ("error.rs", "use crate::store::StoreError; use http::StatusCode; use axum::response::Response;"),
        ("note.rs", "use std::fmt; use chassis::id::AccountId;"),
    ] {
        assert_eq!(tokens(&format!("services/notes/src/{file}"), line), [""; 0], "{file}: {line}");
    }
}

#[test]
fn comments_texts_and_tests_may_name_anything() {
    let text = "//! Unlike axum.\nconst A: &str = \"axum\";\n#[cfg(test)]\nmod tests { use axum::Router; }";
    assert_eq!(tokens("services/auth/src/service.rs", text), [""; 0]);
    assert_eq!(tokens("services/auth/src/service/tests.rs", "use axum::Router;"), [""; 0]);
    assert_eq!(tokens("services/chassis/src/edge.rs", "use axum::Router;"), [""; 0]);
}

#[test]
fn the_message_names_the_ring_the_line_and_the_home() {
    let found = forbidden(&File::new("services/auth/src/account.rs", "//! A.\n\nuse bson::doc;"));
    assert_eq!(
        found[0].breach.to_string(),
        "services/auth/src/account.rs:3: the domain ring does not know bson, and this names bson::doc\n      \
         remedy: bson belongs in store.rs or store/*"
    );
}

#[test]
fn an_exception_allows_one_token_in_one_file() {
    let found =
        || forbidden(&File::new("services/auth/src/token.rs", "use serde::Serialize;\nuse tokio::time;"));
    let (allowed, malformed) =
        Allowed::parse("# why\n\nservices/auth/src/token.rs: serde: signed claims are JSON");
    assert_eq!(malformed, []);
    let left = allowed.judge(found());
    assert_eq!(left.len(), 1);
    assert!(left[0].what.contains("tokio"));
}

#[test]
fn a_line_of_the_list_that_nothing_needs_is_told() {
    let (allowed, _) = Allowed::parse("services/auth/src/token.rs: crate::store: once");
    let breaches = allowed.judge(Vec::new());
    assert_eq!(breaches.len(), 1);
    assert_eq!(breaches[0].place, "tests/house/allowed.txt:1");
}

#[test]
fn an_exception_without_a_reason_is_told() {
    for line in ["services/auth/src/token.rs: serde", "services/auth/src/token.rs: serde:  "] {
        assert_eq!(Allowed::parse(line).1.len(), 1, "{line}");
    }
}

#[test]
fn a_handler_that_decides_is_caught() {
    let handler = "async fn show(note: Note) -> Reply { if note.gone { none() } else { reply(note) } }";
    let found = decisions(&File::new("services/notes/src/api/notes.rs", handler));
    assert_eq!(found.len(), 1);
    assert!(found[0].what.contains("show") && found[0].what.contains("`if`"));
    for path in
        ["services/notes/src/service.rs", "services/gateway/src/dispatch.rs", "services/chassis/src/edge.rs"]
    {
        assert_eq!(decisions(&File::new(path, handler)), [], "{path}");
    }
    let plain =
        "async fn show(note: Note) -> Reply { reply(note) }\nfn of(x: X) -> Y { if x.y { a } else { b } }";
    assert_eq!(decisions(&File::new("services/notes/src/api/wire.rs", plain)), []);
}
