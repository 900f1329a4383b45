//! Who may call which route: every route of the platform, asked by everyone who might ask.
//!
//! The public routes come from the gateway's table; that the services have no others is checked against their
//! sources. A route that is missing here fails the suite.

mod assignment;
mod foreign;
mod internal;
mod metrics;
mod source;
mod spelling;

pub(crate) use source::routes_in;

use gateway::{ROUTES, Route};
use serde_json::{Value, json};

use crate::kit::actor::PASSWORD;
use crate::kit::{Actor, Request, Setup, Site, World};

/// Who asks, in the order of the columns below.
const CALLERS: [&str; 6] =
    ["nobody", "a bad token", "another user", "an inactive user", "the user concerned", "an administrator"];

/// A public route, what is sent to it, and the status for each of [`CALLERS`].
#[derive(Clone, Copy)]
struct Row {
    method: &'static str,
    path: &'static str,
    body: Option<fn(&Case) -> Value>,
    statuses: [u16; 6],
}

const ANYONE: [u16; 6] = [200; 6];
const LOGGED_IN: [u16; 6] = [401, 401, 200, 401, 200, 200];
const ADMINS: [u16; 6] = [401, 401, 403, 401, 403, 200];
const AUTHOR: [u16; 6] = [401, 401, 404, 401, 200, 404];

const fn row(method: &'static str, path: &'static str, statuses: [u16; 6]) -> Row {
    Row { method, path, body: None, statuses }
}

const fn with(body: fn(&Case) -> Value, row: Row) -> Row {
    Row { body: Some(body), ..row }
}

/// `statuses` with another status for success.
const fn succeeding(status: u16, mut statuses: [u16; 6]) -> [u16; 6] {
    let mut at = 0;
    while at < statuses.len() {
        if statuses[at] == 200 {
            statuses[at] = status;
        }
        at += 1;
    }
    statuses
}

const TABLE: [Row; 21] = [
    with(newcomer, row("POST", "/api/auth/register", succeeding(201, ANYONE))),
    with(credentials, row("POST", "/api/auth/login", ANYONE)),
    with(credentials, row("POST", "/api/auth/forgot-password", ANYONE)),
    // Nobody has a reset token here: everyone gets as far as that.
    with(|_| json!({"password": PASSWORD}), row("PATCH", "/api/auth/reset-password/:token", [400; 6])),
    with(new_password, row("PATCH", "/api/auth/update-password", LOGGED_IN)),
    row("GET", "/api/users/me", LOGGED_IN),
    with(|_| json!({"bio": "Here."}), row("PATCH", "/api/users/update-me", LOGGED_IN)),
    row("DELETE", "/api/users/delete-me", succeeding(204, LOGGED_IN)),
    row("GET", "/api/users", ADMINS),
    row("GET", "/api/users/:id", ADMINS),
    with(|_| json!({"bio": "There."}), row("PATCH", "/api/users/:id", ADMINS)),
    row("DELETE", "/api/users/:id", succeeding(204, ADMINS)),
    row("GET", "/api/notes", LOGGED_IN),
    with(|_| json!({"content": "A note."}), row("POST", "/api/notes", succeeding(201, LOGGED_IN))),
    row("GET", "/api/notes/search", LOGGED_IN),
    row("GET", "/api/notes/tags", LOGGED_IN),
    row("GET", "/api/notes/suggest", LOGGED_IN),
    row("GET", "/api/notes/:id", AUTHOR),
    with(|_| json!({"title": "A title"}), row("PATCH", "/api/notes/:id", AUTHOR)),
    row("DELETE", "/api/notes/:id", succeeding(204, AUTHOR)),
    row("GET", "/health", ANYONE),
];

fn newcomer(case: &Case) -> Value {
    json!({"email": format!("{}@example.test", case.fresh), "password": PASSWORD})
}

fn credentials(case: &Case) -> Value {
    json!({"email": case.user.email, "password": PASSWORD})
}

fn new_password(_: &Case) -> Value {
    json!({"currentPassword": PASSWORD, "newPassword": "another good password"})
}

/// One call: who is concerned, who asks, and about what.
struct Case {
    fresh: String,
    user: Actor,
    id: String,
    note: String,
    caller: Actor,
}

impl Case {
    /// A fresh user with a note, and the caller of one column; only administrators are made once, which is slow.
    fn new(site: &Site, column: usize, admin: &Actor) -> Self {
        let user = site.someone();
        let (id, note) = (user.id(), user.note("Nobody's business."));
        let caller = match column {
            0 => site.anon(),
            1 => user.with_token("no.such.token"),
            2 => site.someone(),
            3 => left(&site.someone()),
            4 => user.clone(),
            _ => log_in_again(admin),
        };
        Self { fresh: site.fresh_name(), user, id, note, caller }
    }

    fn target(&self, path: &str) -> String {
        let id = if path.starts_with("/api/notes") { &self.note } else { &self.id };
        path.replace(":id", id).replace(":token", &"0f".repeat(32))
    }
}

fn left(user: &Actor) -> Actor {
    user.delete("/api/users/delete-me").expect(204);
    user.clone()
}

/// An administrator may have changed the password or left in an earlier row: the caller makes a new one then.
fn log_in_again(admin: &Actor) -> Actor {
    admin.log_in(PASSWORD)
}

#[test]
fn every_route_admits_those_it_is_for_and_no_one_else() {
    let world = World::start(&Setup::ci());
    for route in &ROUTES {
        let row = row_of(route);
        let admin = world.admin();
        for (column, status) in row.statuses.into_iter().enumerate() {
            ask(&Case::new(&world, column, &admin), row, CALLERS[column], status);
        }
    }
    for row in &TABLE {
        let known = ROUTES.iter().any(|route| (route.method.as_str(), route.path) == (row.method, row.path));
        assert!(known, "{} {} is no route any more: take it out of the access table", row.method, row.path);
    }
}

fn row_of(route: &Route) -> &'static Row {
    let found = TABLE.iter().find(|row| (row.method, row.path) == (route.method.as_str(), route.path));
    found.unwrap_or_else(|| {
        panic!(
            "{} {} has no row in the access table: say in tests/it/access.rs who may call it",
            route.method, route.path
        )
    })
}

fn ask(case: &Case, row: &Row, caller: &str, status: u16) {
    let target = case.target(row.path);
    if row.method == "GET" {
        let head = case.caller.send(Request::new("HEAD", &target));
        assert_eq!(head.status, status, "HEAD by {caller}: {head}");
        assert!(head.body.is_empty(), "HEAD by {caller}: {head}");
    }
    let request = Request::new(row.method, &target);
    let answer = case.caller.send(match row.body {
        Some(body) => request.json(&body(case)),
        None => request,
    });
    assert_eq!(answer.status, status, "{} by {caller}: {answer}", row.path);
    let message = match (status, caller) {
        (401, "nobody") => "Not authorized, no token",
        (401, "an inactive user") => "User belonging to this token no longer exists.",
        (401, _) => "Not authorized, invalid token",
        (403, _) => "You do not have permission to perform this action",
        (404, _) => "Note not found or access denied",
        _ => return,
    };
    answer.fails(status, message);
}
