//! The operations whose answers acknowledge a change: how each is prepared, and what it has to commit where.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::actor::PASSWORD;
use crate::kit::{Actor, Request, Site, mail, token, wait};

/// A mail is written right after its answer, by a process that is traced.
const MAIL_WITHIN: Duration = Duration::from_secs(10);

/// A store with a write-ahead log of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    Auth,
    User,
    Notes,
}

impl Store {
    /// Whether `file` is the log that makes its commits durable.
    pub(super) fn is_log(self, file: &str) -> bool {
        let is_rocks_log = Path::new(file).extension().is_some_and(|extension| extension == "log");
        match self {
            Self::Auth => file.contains("/auth/db/") && is_rocks_log,
            Self::User => file.contains("/user/db/") && is_rocks_log,
            Self::Notes => file.ends_with("/notes/notes.db-wal"),
        }
    }
}

/// A kind of operation.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// Makes everything that the operation needs.
    pub(super) prepare: fn(&Site, &Actor) -> Prepared,
    /// The answer that acknowledges it.
    pub(super) status: u16,
    /// The least number of commits that come before the answer, by store.
    pub(super) commits: &'static [(Store, u32)],
}

/// One operation that is ready to be asked for.
pub(super) struct Prepared {
    actor: Actor,
    request: Request,
}

impl Prepared {
    /// Asks for it under the request id `id` and demands that it is acknowledged.
    pub(super) fn send(self, id: &str, status: u16) {
        self.actor.send(self.request.header("x-request-id", id)).expect(status);
    }
}

pub(super) const KINDS: [Kind; 15] = [
    Kind { name: "register", prepare: register, status: 201, commits: &[(Store::Auth, 2), (Store::User, 1)] },
    Kind { name: "change password", prepare: change_password, status: 200, commits: &[(Store::Auth, 1)] },
    Kind { name: "reset password", prepare: reset_password, status: 200, commits: &[(Store::Auth, 1)] },
    Kind { name: "change bio", prepare: change_bio, status: 200, commits: &[(Store::User, 1)] },
    Kind { name: "change username", prepare: change_username, status: 200, commits: &[(Store::User, 1)] },
    Kind { name: "leave", prepare: leave, status: 204, commits: &[(Store::User, 1)] },
    Kind { name: "deactivate", prepare: deactivate, status: 200, commits: &[(Store::User, 1)] },
    Kind { name: "reactivate", prepare: reactivate, status: 200, commits: &[(Store::User, 1)] },
    Kind { name: "erase", prepare: erase, status: 204, commits: &[(Store::User, 1)] },
    Kind { name: "change role", prepare: change_role, status: 200, commits: &[(Store::User, 1)] },
    Kind {
        name: "change e-mail",
        prepare: change_email,
        status: 200,
        commits: &[(Store::User, 2), (Store::Auth, 1)],
    },
    Kind { name: "create note", prepare: create_note, status: 201, commits: &[(Store::Notes, 1)] },
    Kind { name: "change note", prepare: change_note, status: 200, commits: &[(Store::Notes, 1)] },
    Kind { name: "archive note", prepare: archive_note, status: 200, commits: &[(Store::Notes, 1)] },
    Kind { name: "delete note", prepare: delete_note, status: 204, commits: &[(Store::Notes, 1)] },
];

fn register(site: &Site, _admin: &Actor) -> Prepared {
    let name = site.fresh_name();
    let body = json!({"email": format!("{name}@example.test"), "password": PASSWORD, "username": name});
    Prepared { actor: site.anon(), request: Request::new("POST", "/api/auth/register").json(&body) }
}

fn change_password(site: &Site, _admin: &Actor) -> Prepared {
    let body = json!({"currentPassword": PASSWORD, "newPassword": "another good password"});
    own(site, "PATCH", "/api/auth/update-password", &body)
}

fn reset_password(site: &Site, _admin: &Actor) -> Prepared {
    let user = site.someone();
    site.anon().post("/api/auth/forgot-password", &json!({"email": user.email})).expect(200);
    let mailed = wait::poll(MAIL_WITHIN, || mail::newest(site.data(), &user.email));
    let (_, token) = mailed.expect("a mail");
    let body = json!({"password": "another good password"});
    let request = Request::new("PATCH", format!("/api/auth/reset-password/{token}")).json(&body);
    Prepared { actor: site.anon(), request }
}

fn change_bio(site: &Site, _admin: &Actor) -> Prepared {
    own(site, "PATCH", "/api/users/update-me", &json!({"bio": "A new one."}))
}

fn change_username(site: &Site, _admin: &Actor) -> Prepared {
    own(site, "PATCH", "/api/users/update-me", &json!({"username": site.fresh_name()}))
}

fn leave(site: &Site, _admin: &Actor) -> Prepared {
    own(site, "DELETE", "/api/users/delete-me", &json!({}))
}

fn deactivate(site: &Site, admin: &Actor) -> Prepared {
    others(site, admin, "PATCH", &json!({"isActive": false}))
}

fn reactivate(site: &Site, admin: &Actor) -> Prepared {
    let prepared = others(site, admin, "PATCH", &json!({"isActive": true}));
    admin.patch(&prepared.request.target, &json!({"isActive": false})).expect(200);
    prepared
}

fn erase(site: &Site, admin: &Actor) -> Prepared {
    others(site, admin, "DELETE", &json!({}))
}

fn change_role(site: &Site, admin: &Actor) -> Prepared {
    others(site, admin, "PATCH", &json!({"role": "admin"}))
}

fn change_email(site: &Site, admin: &Actor) -> Prepared {
    let email = format!("{}@example.test", site.fresh_name());
    others(site, admin, "PATCH", &json!({"email": email}))
}

fn create_note(site: &Site, _admin: &Actor) -> Prepared {
    own(site, "POST", "/api/notes", &json!({"content": "Something new."}))
}

fn change_note(site: &Site, _admin: &Actor) -> Prepared {
    on_a_note(site, "PATCH", &json!({"content": "Something else."}))
}

fn archive_note(site: &Site, _admin: &Actor) -> Prepared {
    on_a_note(site, "PATCH", &json!({"isArchived": true}))
}

fn delete_note(site: &Site, _admin: &Actor) -> Prepared {
    on_a_note(site, "DELETE", &json!({}))
}

/// Something that a person does with what is theirs.
fn own(site: &Site, method: &str, target: &str, body: &Value) -> Prepared {
    Prepared { actor: site.someone(), request: request(method, target, body) }
}

/// Something that an administrator does with someone's account.
fn others(site: &Site, admin: &Actor, method: &str, body: &Value) -> Prepared {
    let target = format!("/api/users/{}", token::account(site.someone().token.as_deref().unwrap()));
    Prepared { actor: admin.clone(), request: request(method, &target, body) }
}

fn on_a_note(site: &Site, method: &str, body: &Value) -> Prepared {
    let actor = site.someone();
    let target = format!("/api/notes/{}", actor.note("The first version."));
    Prepared { actor, request: request(method, &target, body) }
}

fn request(method: &str, target: &str, body: &Value) -> Request {
    let request = Request::new(method, target);
    if method == "DELETE" { request } else { request.json(body) }
}
