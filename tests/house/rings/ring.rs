//! The rings, which files they are, and what each does not know.

/// A ring of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ring {
    /// HTTP in and out.
    Wire,
    /// What people do, and who tells other services of it.
    Verbs,
    /// Nouns and their rules.
    Domain,
    /// The driver.
    Data,
    /// What is asked of others.
    Outward,
    /// Facts into answers.
    Edge,
    /// The service put together.
    Root,
}

/// The engines and what they speak.
const DRIVERS: [&str; 6] = ["polodb_core", "bson", "rusqlite", "r2d2", "r2d2_sqlite", "tantivy"];

/// Each forbidden token and where it belongs.
const HOMES: [(&str, &str); 9] = [
    ("axum", "api.rs or api/*"),
    ("StatusCode", "api/* for success, error.rs for failure"),
    ("serde", "api/wire.rs for bodies, store/doc.rs or store/row.rs for what is stored"),
    ("serde_json", "api/wire.rs for bodies, store/doc.rs or store/row.rs for what is stored"),
    ("tokio", "service.rs, or better in the chassis"),
    ("crate::store", "service.rs, whose verbs the others call"),
    ("crate::search", "service.rs, whose verbs the others call"),
    ("crate::service", "api/*, which calls the verbs"),
    ("crate::api", "lib.rs, which puts the service together"),
];

impl Ring {
    /// The ring of a file of a service; none for other files and for tests. The gateway has no domain: it is all wire.
    pub(super) fn of(path: &str) -> Option<Self> {
        let (service, inside) = path.strip_prefix("services/")?.split_once("/src/")?;
        let inside = inside.strip_suffix(".rs")?;
        let (first, _) = inside.split_once('/').unwrap_or((inside, ""));
        let is_test = inside.split('/').any(|name| name == "tests" || name.ends_with("_tests"));
        match (service, first) {
            ("chassis", _) => None,
            _ if is_test => None,
            (_, "error") => Some(Self::Edge),
            (_, "lib") => Some(Self::Root),
            ("gateway", _) | (_, "api" | "fixture") => Some(Self::Wire),
            (_, "service" | "relay") => Some(Self::Verbs),
            (_, "store" | "search") => Some(Self::Data),
            (_, "peer" | "mail") => Some(Self::Outward),
            _ => Some(Self::Domain),
        }
    }

    /// What it is called in CONVENTIONS.md.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Wire => "wire",
            Self::Verbs => "verbs",
            Self::Domain => "domain",
            Self::Data => "data",
            Self::Outward => "outward",
            Self::Edge => "edge",
            Self::Root => "root",
        }
    }

    /// The tokens that its code does not name.
    pub(super) fn forbidden(self) -> Vec<&'static str> {
        let own: &[&str] = match self {
            Self::Wire => &["crate::store", "crate::search"],
            Self::Verbs => &["axum", "StatusCode", "serde", "serde_json", "crate::api"],
            Self::Domain => &[
                "axum",
                "StatusCode",
                "serde",
                "serde_json",
                "tokio",
                "crate::store",
                "crate::search",
                "crate::service",
                "crate::api",
            ],
            Self::Data => &["axum", "StatusCode", "crate::service", "crate::api"],
            Self::Outward => &["axum", "crate::store", "crate::search", "crate::api"],
            Self::Edge | Self::Root => &[],
        };
        let drivers: &[&str] = if matches!(self, Self::Data | Self::Edge) { &[] } else { &DRIVERS };
        [own, drivers].concat()
    }
}

/// Where a forbidden token belongs; drivers belong in the store.
pub(super) fn home(token: &str) -> &'static str {
    HOMES.iter().find(|(name, _)| *name == token).map_or("store.rs or store/*", |(_, home)| home)
}
