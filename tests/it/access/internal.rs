//! Internal routes answer services and nobody else.

use std::net::SocketAddr;

use crate::kit::{Actor, Request, World, token};

/// One route between services.
pub(super) struct Internal {
    pub(super) service: &'static str,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
}

const fn route(service: &'static str, method: &'static str, path: &'static str) -> Internal {
    Internal { service, method, path }
}

/// All of them; `tests/it/access/source.rs` checks that none is missing.
pub(super) const INTERNAL: [Internal; 45] = [
    route("auth", "PUT", "/internal/accounts/:account/standing"),
    route("auth", "PUT", "/internal/accounts/:account/role"),
    route("auth", "PUT", "/internal/accounts/:account/email"),
    route("auth", "PUT", "/internal/claims/:email"),
    route("auth", "PUT", "/internal/claims/:email/release"),
    route("auth", "GET", "/internal/accounts"),
    route("auth", "POST", "/internal/fixtures"),
    route("auth", "POST", "/internal/fixtures/check"),
    route("auth", "POST", "/internal/bundle/export"),
    route("auth", "POST", "/internal/bundle/check"),
    route("auth", "POST", "/internal/bundle/import"),
    route("auth", "POST", "/internal/audit"),
    route("auth", "POST", "/internal/doctor"),
    route("auth", "GET", "/internal/pause"),
    route("auth", "PUT", "/internal/pause"),
    route("auth", "DELETE", "/internal/pause"),
    route("auth", "GET", "/internal/mail"),
    route("auth", "DELETE", "/internal/mail"),
    route("auth", "GET", "/internal/mail/wait"),
    route("auth", "POST", "/internal/tokens"),
    route("user", "PUT", "/internal/profiles/:account"),
    route("user", "PUT", "/internal/profiles/:account/abort"),
    route("user", "PUT", "/internal/accounts/:account/standing"),
    route("user", "PUT", "/internal/accounts/:account/role"),
    route("user", "POST", "/internal/fixtures"),
    route("user", "POST", "/internal/fixtures/check"),
    route("user", "POST", "/internal/bundle/export"),
    route("user", "POST", "/internal/bundle/check"),
    route("user", "POST", "/internal/bundle/import"),
    route("user", "POST", "/internal/audit"),
    route("user", "POST", "/internal/doctor"),
    route("user", "GET", "/internal/pause"),
    route("user", "PUT", "/internal/pause"),
    route("user", "DELETE", "/internal/pause"),
    route("notes", "PUT", "/internal/accounts/:account/standing"),
    route("notes", "PUT", "/internal/beat"),
    route("notes", "POST", "/internal/fixtures"),
    route("notes", "POST", "/internal/bundle/export"),
    route("notes", "POST", "/internal/bundle/check"),
    route("notes", "POST", "/internal/bundle/import"),
    route("notes", "POST", "/internal/audit"),
    route("notes", "POST", "/internal/doctor"),
    route("notes", "GET", "/internal/pause"),
    route("notes", "PUT", "/internal/pause"),
    route("notes", "DELETE", "/internal/pause"),
];

impl Internal {
    fn door(&self, world: &World) -> SocketAddr {
        let doors = world.doors();
        match self.service {
            "auth" => doors.auth,
            "user" => doors.user,
            _ => doors.notes,
        }
    }

    /// A call about an account that nobody has, with a body that no route takes: whoever is admitted changes nothing.
    fn call(&self) -> Request {
        let target =
            self.path.replace(":account", &"f".repeat(24)).replace(":email", "nobody%40example.test");
        // What takes no body takes a query, and no such one.
        let target = if target.contains("/mail") { format!("{target}?after=nobody") } else { target };
        Request::new(self.method, target).header("content-type", "application/json").body("[7]")
    }
}

#[test]
fn internal_routes_answer_only_the_credential_that_is_for_them() {
    let world = World::shared();
    let user = world.someone();
    let token = user.token.clone().expect("a token");
    for route in &INTERNAL {
        let door = route.door(&world);
        let asking = |value: Option<String>| {
            let call =
                value.into_iter().fold(route.call(), |call, value| call.header("authorization", value));
            Actor::anon(door).send(call)
        };
        let elsewhere = if route.service == "auth" { "user" } else { "auth" };
        let refused = [
            ("no credential", None),
            ("a person's token", Some(format!("Bearer {token}"))),
            ("a credential for another service", Some(world.credential("gateway", elsewhere))),
            ("a credential of another world", Some(token::internal("another secret", "auth", route.service))),
            ("an old credential", Some(token::outdated_internal(world.secret(), "auth", route.service))),
            ("a bare credential", Some(world.credential("auth", route.service).replace("Bearer ", ""))),
            ("the secret itself", Some(format!("Bearer {}", world.secret()))),
        ];
        for (what, value) in refused {
            let answer = asking(value);
            assert_eq!(answer.status, 401, "{what}, {}: {answer}", route.service);
            assert_eq!(answer.message(), "Service credentials are required", "{what}: {answer}");
        }
        let answer = asking(Some(world.credential("user", route.service)));
        assert!(answer.status < 500 && answer.status != 401, "the right credential: {answer}");
    }
}

/// Nothing of a body is sent here but its announcement, so whoever answers has not waited for it.
#[test]
fn without_a_credential_no_byte_of_a_body_is_read() {
    let world = World::shared();
    for route in &INTERNAL {
        let (door, other) = (route.door(&world), if route.service == "auth" { "user" } else { "auth" });
        for credential in ["Bearer x", &world.credential("gateway", other)] {
            for (name, value) in [
                ("content-length", "60000"),
                ("content-length", "99999999"),
                ("transfer-encoding", "chunked"),
            ] {
                let call = route.call().body("").header(name, value).header("authorization", credential);
                let answer = Actor::anon(door).send(call);
                answer.fails(401, "Service credentials are required");
            }
            let garbage = route.call().body("{\"a\":[".repeat(2_000)).header("authorization", credential);
            Actor::anon(door).send(garbage).fails(401, "Service credentials are required");
        }
    }
}

#[test]
fn a_service_credential_is_no_token_of_a_person() {
    let world = World::shared();
    let doors = world.doors();
    for (service, door, target) in [
        ("auth", doors.auth, "/auth/update-password"),
        ("user", doors.user, "/users/me"),
        ("notes", doors.notes, "/notes"),
    ] {
        let method = if service == "auth" { "PATCH" } else { "GET" };
        let request =
            Request::new(method, target).header("authorization", world.credential("gateway", service));
        Actor::anon(door).send(request).fails(401, "Not authorized, invalid token");
    }
}
