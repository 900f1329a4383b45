//! THE route table: every public route of the platform as data, and the prefix that leads to each service.
//!
//! Tests walk the table; dispatch needs only the prefixes, because each service answers 404 and 405 for its own
//! paths. How a route works is its service's business.

use http::Method;

/// A service behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Upstream {
    /// Accounts, passwords, tokens.
    Auth,
    /// Profiles and administration.
    User,
    /// Notes and search.
    Notes,
}

impl Upstream {
    /// Every service behind the gateway.
    pub const ALL: [Self; 3] = [Self::Auth, Self::User, Self::Notes];

    /// What the service is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::User => "user",
            Self::Notes => "notes",
        }
    }

    /// The first segment of the service's own paths, which follows `/api` in public ones.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::User => "users",
            Self::Notes => "notes",
        }
    }
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// No token is needed.
    Anyone,
    /// Everyone with a token of an active account.
    LoggedIn,
    /// Who wrote the object; to all others it does not exist.
    Author,
    /// Everyone whose profile says `admin`.
    Admin,
}

/// One public route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method; where it is GET, HEAD works too.
    pub method: Method,
    /// The public path as CONTRACT.md writes it; a segment that begins with `:` stands for any one.
    pub path: &'static str,
    /// The service that answers, `None` for the gateway itself.
    pub upstream: Option<Upstream>,
    /// Who may call it.
    pub access: Access,
}

use Access::{Admin, Anyone, Author, LoggedIn};
use Upstream::{Auth, Notes, User};

/// Every public route, in the order of CONTRACT.md.
pub static ROUTES: [Route; 21] = [
    to(Auth, Method::POST, "/api/auth/register", Anyone),
    to(Auth, Method::POST, "/api/auth/login", Anyone),
    to(Auth, Method::POST, "/api/auth/forgot-password", Anyone),
    to(Auth, Method::PATCH, "/api/auth/reset-password/:token", Anyone),
    to(Auth, Method::PATCH, "/api/auth/update-password", LoggedIn),
    to(User, Method::GET, "/api/users/me", LoggedIn),
    to(User, Method::PATCH, "/api/users/update-me", LoggedIn),
    to(User, Method::DELETE, "/api/users/delete-me", LoggedIn),
    to(User, Method::GET, "/api/users", Admin),
    to(User, Method::GET, "/api/users/:id", Admin),
    to(User, Method::PATCH, "/api/users/:id", Admin),
    to(User, Method::DELETE, "/api/users/:id", Admin),
    to(Notes, Method::GET, "/api/notes", LoggedIn),
    to(Notes, Method::POST, "/api/notes", LoggedIn),
    to(Notes, Method::GET, "/api/notes/search", LoggedIn),
    to(Notes, Method::GET, "/api/notes/tags", LoggedIn),
    to(Notes, Method::GET, "/api/notes/suggest", LoggedIn),
    to(Notes, Method::GET, "/api/notes/:id", Author),
    to(Notes, Method::PATCH, "/api/notes/:id", Author),
    to(Notes, Method::DELETE, "/api/notes/:id", Author),
    Route { method: Method::GET, path: "/health", upstream: None, access: Anyone },
];

const fn to(upstream: Upstream, method: Method, path: &'static str, access: Access) -> Route {
    Route { method, path, upstream: Some(upstream), access }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::onward;

    #[test]
    fn every_route_leads_where_the_table_says() {
        for route in &ROUTES {
            let target = route.path.parse().unwrap();
            let found = onward(&target).map(|onward| onward.upstream);
            assert_eq!(found, route.upstream, "{} {}", route.method, route.path);
        }
    }

    #[test]
    fn no_route_is_listed_twice() {
        for (at, route) in ROUTES.iter().enumerate() {
            let same = |other: &Route| (&other.method, other.path) == (&route.method, route.path);
            assert!(!ROUTES[at + 1..].iter().any(same), "{} {}", route.method, route.path);
        }
    }
}
