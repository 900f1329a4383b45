//! Paths that lead somewhere, and the many spellings that must not.

use proptest::prelude::*;

use super::*;

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

/// The service path that a public target is forwarded as.
fn forwarded(target: &str) -> Option<String> {
    let target = uri(target);
    onward(&target).filter(Onward::is_plain).map(|onward| onward.target.to_owned())
}

#[test]
fn a_prefix_leads_to_its_service_and_the_rest_goes_on_as_it_came() {
    for (public, service) in [
        ("/api/auth/login", "/auth/login"),
        ("/api/users?page=2", "/users?page=2"),
        ("/api/notes/", "/notes/"),
        ("/api/notes/?search=/../x", "/notes/?search=/../x"),
        ("/api/notes/%33fa85f64-5717", "/notes/%33fa85f64-5717"),
        ("/api/users/a.b..c", "/users/a.b..c"),
        ("/api/users/%7B%22$gt%22:%22%22%7D", "/users/%7B%22$gt%22:%22%22%7D"),
        ("/api/notes/%E2%98%83", "/notes/%E2%98%83"),
    ] {
        assert_eq!(forwarded(public).as_deref(), Some(service));
    }
}

#[test]
fn what_is_under_no_prefix_leads_nowhere() {
    for target in [
        "/",
        "/api",
        "/api/",
        "/nope",
        "/users/me",
        "/internal/accounts",
        "/api/internal/accounts",
        "/api/authx/login",
        "/api/notesx",
        "/api//notes",
        "//api/notes",
        "/API/notes",
        "/api/Notes",
        "/api/%6eotes",
        "/%61pi/notes",
        "/api/notes;x",
        "/x/../api/notes",
        "/api/../notes",
        "*",
        "http://host/api/notes",
        "host:443",
    ] {
        assert_eq!(onward(&uri(target)), None, "{target}");
    }
}

#[test]
fn an_unknown_target_is_quoted_as_it_came_and_an_absolute_one_not_at_all() {
    assert_eq!(quoted(&uri("/nope/?a=%20b")), "/nope/?a=%20b");
    assert_eq!(quoted(&uri("http://host/api/notes")), "/");
    assert_eq!(quoted(&uri("host:443")), "/");
}

#[test]
fn no_spelling_of_a_step_aside_is_forwarded() {
    for rest in [
        "..",
        "../internal/users",
        "./../internal/users",
        "x/../../internal/users",
        "x/..",
        ".",
        "%2e%2e/internal",
        "%2E./internal",
        ".%2e/internal",
        "%252e%252e/internal/users",
        "%25252e%25252e/internal",
        "..%2finternal/users",
        "..%252finternal",
        "%2finternal",
        "..\\internal/users",
        "..%5cinternal",
        "%5c",
        "x%5Cy",
        "..;/internal/users",
        "..;a=b/internal",
        "%2e%2e%3b/internal",
        ";/internal",
        "/internal",
        "x//internal",
        "//",
        "x//",
        "a%00b",
        "a%0d%0ab",
        "%7f",
        "%2525252525252e",
        "..?/internal/users",
    ] {
        let target = format!("/api/users/{rest}");
        assert_eq!(forwarded(&target), None, "{target}");
        assert!(onward(&uri(&target)).is_some(), "it counts against the client's budget: {target}");
    }
}

#[test]
fn a_refused_target_is_quoted_as_the_service_would_have_seen_it() {
    let target = uri("/api/auth/../internal/status?x=1");
    assert_eq!(onward(&target).unwrap().target, "/auth/../internal/status?x=1");
}

fn spelling() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        ".", "..", "%2e", "%2E", "%252e", "%25", "2e", "2f", "5c", "/", "//", "%2f", "%252F", "\\", "%5c",
        "%255C", ";", "%3b", "internal", "auth", "users", "x", "%", "%00", "~", "a=b",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_reading_of_a_forwarded_path_leaves_the_prefix(rest in spelling()) {
        if let Ok(target) = format!("/api/users/{rest}").parse::<Uri>()
            && let Some(onward) = onward(&target)
            && onward.is_plain()
        {
            let read = obliging::reading(onward.target);
            prop_assert_eq!(read.first().map(String::as_str), Some("users"));
            let as_it_came = onward.target.split('/').filter(|segment| !segment.is_empty()).count();
            prop_assert_eq!(read.len(), as_it_came, "every segment stays one: {}", onward.target);
        }
    }

    #[test]
    fn every_plain_segment_is_forwarded(id in "[a-zA-Z0-9_~:-]{1,40}", query in "[a-z0-9=&/.]{0,20}") {
        let expected = format!("/notes/{id}?{query}");
        prop_assert_eq!(forwarded(&format!("/api{expected}")), Some(expected));
    }
}
