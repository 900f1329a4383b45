//! Tokens made by the tests themselves: with the world's secret, or deliberately wrong.

use chassis::clock::{Clock, Timestamp};
use chassis::internal::{Key, Signer};
use chassis::secret::Secret;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

/// A token for a person, with `claims` laid over the least that a valid token has.
pub(crate) fn mint(secret: &str, account: &str, claims: &Value) -> String {
    let now = Clock::system().now().as_seconds();
    let mut all = json!({"userId": account, "iat": now, "exp": now + 3600});
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    jsonwebtoken::encode(&Header::default(), &all, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

/// The account that a token was issued to.
pub(crate) fn account(token: &str) -> String {
    let claims: Value = jsonwebtoken::dangerous::insecure_decode(token).unwrap().claims;
    claims["userId"].as_str().unwrap().to_owned()
}

/// The value of `Authorization` for one call of the service `from` to the internal routes of the service `to`.
pub(crate) fn internal(secret: &str, from: &'static str, to: &str) -> String {
    internal_at(Clock::system(), secret, from, to)
}

/// The same, made two minutes ago: longer than any such credential lives.
pub(crate) fn outdated_internal(secret: &str, from: &'static str, to: &str) -> String {
    let then = Clock::system().now().as_millis() - 120_000;
    internal_at(Clock::frozen(Timestamp::from_millis(then)), secret, from, to)
}

fn internal_at(clock: Clock, secret: &str, from: &'static str, to: &str) -> String {
    let key = Key::derive(&Secret::new(secret.to_owned()));
    Signer::new(from, &key, clock).authorization(to)
}
