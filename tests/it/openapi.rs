//! `satchel openapi`: the description holds every route, leads nowhere, and says what is really answered.

use std::collections::BTreeSet;

use gateway::ROUTES;
use serde_json::{Value, json};

use crate::access::routes_in;
use crate::kit::command::{run, satchel};
use crate::kit::world::repository;
use crate::kit::{Answer, Setup, World};

pub(crate) fn described() -> Value {
    let printed = run(&mut satchel(["openapi"])).expect(0).stdout;
    serde_json::from_str(&printed).unwrap()
}

/// `METHOD /path` of everything that the document describes.
fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap().iter();
    let of_path = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys().filter(|key| *key != "servers");
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    of_path.collect()
}

/// A segment that stands for any one, written as the document does.
pub(crate) fn braced(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

#[test]
fn the_description_has_every_route_of_the_tables_and_no_other() {
    let public = ROUTES.iter().map(|route| format!("{} {}", route.method, braced(route.path)));
    let source = std::fs::read_to_string(repository().join("src/control.rs")).unwrap();
    let control = routes_in(&source);
    assert!(control.len() > 10, "the routes of control cannot be read any more: {control:?}");
    let expected: BTreeSet<String> = public.chain(control).collect();
    assert_eq!(
        operations(&described()),
        expected,
        "describe the route in the api/description.rs of its service"
    );
}

#[test]
fn the_description_is_the_same_each_time_and_refers_to_nothing_unknown() {
    let print = || run(&mut satchel(["openapi"])).expect(0).stdout;
    let printed = print();
    assert_eq!(print(), printed);
    let document: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let references = printed
        .match_indices("#/components/schemas/")
        .map(|(at, start)| printed[at + start.len()..].split('"').next().unwrap());
    let known = document["components"]["schemas"].as_object().unwrap();
    let mut used = BTreeSet::new();
    for name in references {
        assert!(known.contains_key(name), "{name} is not described");
        used.insert(name);
    }
    let unused: Vec<_> = known.keys().filter(|name| !used.contains(name.as_str())).collect();
    assert!(unused.is_empty(), "nothing has {unused:?}");
}

/// Holds `value` against `schema`; a field that is missing or unknown, and one of another type, fails the test.
pub(crate) fn holds(document: &Value, schema: &Value, value: &Value, place: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        return holds(document, document.pointer(&reference[1..]).unwrap(), value, place);
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => vec![kind.as_str().unwrap()],
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(kinds.contains(&kind) || kinds == ["number"], "{place} is {kind} and not {kinds:?}: {value}");
    if let Some(values) = schema["enum"].as_array() {
        assert!(values.contains(value), "{place} is {value} and none of {values:?}");
    }
    for (at, element) in value.as_array().into_iter().flatten().enumerate() {
        holds(document, &schema["items"], element, &format!("{place}[{at}]"));
    }
    let Some(fields) = value.as_object() else { return };
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(fields.contains_key(name.as_str().unwrap()), "{place} lacks {name}: {value}");
    }
    for (name, field) in fields {
        let known = &schema["properties"][name];
        assert!(known.is_object(), "{place}.{name} is not described: {value}");
        holds(document, known, field, &format!("{place}.{name}"));
    }
}

#[test]
fn what_is_answered_is_what_is_described() {
    let (world, document) = (World::start(&Setup::ci()), described());
    let (control, someone, admin) = (world.control(), world.someone(), world.admin());
    let note = someone.note("Leeks, potatoes, patience.");
    let check = |method: &str, path: &str, answer: Answer| {
        let responses = &document["paths"][path][method]["responses"];
        let content = &responses[answer.status.to_string()]["content"]["application/json"];
        assert!(content.is_object(), "{method} {path} may not answer {}: {answer}", answer.status);
        holds(&document, &content["schema"], &answer.json(), path);
    };
    check("post", "/api/auth/login", someone.try_log_in(crate::kit::actor::PASSWORD));
    check("post", "/api/auth/login", someone.try_log_in("wrong"));
    check(
        "post",
        "/api/auth/forgot-password",
        someone.post("/api/auth/forgot-password", &json!({"email": someone.email})),
    );
    check("get", "/api/users/me", someone.get("/api/users/me"));
    check("get", "/api/users", admin.get("/api/users"));
    check("get", "/api/users", someone.get("/api/users"));
    check("get", "/api/notes", someone.get("/api/notes"));
    check("post", "/api/notes", someone.post("/api/notes", &json!({"tags": 1})));
    check("get", "/api/notes/{id}", someone.get(&format!("/api/notes/{note}")));
    check("get", "/api/notes/search", someone.get("/api/notes/search?q=leeks"));
    check("get", "/api/notes/tags", someone.get("/api/notes/tags"));
    check("get", "/api/notes/suggest", someone.get("/api/notes/suggest?q=Unt"));
    check("get", "/health", world.anon().get("/health"));
    check("get", "/control", control.get("/control"));
    check("get", "/control/clock", control.get("/control/clock"));
    check("get", "/control/mail/wait", control.get("/control/mail/wait?timeoutMs=20000"));
    check("get", "/control/mail", control.get("/control/mail"));
    check("get", "/control/traces", control.get("/control/traces"));
    check("put", "/control/snapshots/{name}", control.put("/control/snapshots/here", &json!({})));
    check("get", "/control/snapshots", control.get("/control/snapshots"));
    check("post", "/control/tokens", control.post("/control/tokens", &json!({"email": someone.email})));
    let rule =
        json!({"from": "gateway", "to": "notes", "kind": "latency", "latencyMs": 1, "probability": 0.5});
    check("put", "/control/faults", control.put("/control/faults", &json!({ "faults": [rule] })));
    check("post", "/control/reset", control.post("/control/reset", &json!({})));
}
