//! The services that know whose notes these are. They are asked only where an account stands.

/// The service that keeps accounts and sessions.
pub(crate) const AUTH: &str = "auth";
/// The service that keeps profiles.
pub(crate) const USER: &str = "user";
