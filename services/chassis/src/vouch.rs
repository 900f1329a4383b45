//! Whose request it is that the gateway hands on: a note about the client's address, which only the gateway sees.
//!
//! Signed like a call between services and of another type, so that it opens no internal route and no client can
//! write one. What a service does with the address is its own business.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, HeaderName};

use crate::address::Address;
use crate::internal::{Guard, Signer};
use crate::serve::ClientAddr;

/// The header that carries the note.
pub const CLIENT: HeaderName = HeaderName::from_static("satchel-client");
/// Keeps these notes apart from credentials and from the tokens of people (RFC 8725 §3.11).
const TYPE: &str = "satchel-client+jwt";

impl Signer {
    /// A note for `callee` that the request which carries it is of `client`; `None` from a signer whose words have no
    /// date.
    pub fn vouch(&self, callee: &str, client: Address) -> Option<String> {
        self.dated(TYPE, callee, Some(client))
    }
}

impl Guard {
    /// The client that a note for this service names.
    fn vouched(&self, headers: &HeaderMap) -> Option<Address> {
        let mut notes = headers.get_all(CLIENT).iter();
        let note = notes.next().filter(|_| notes.next().is_none())?.to_str().ok()?;
        self.open(TYPE, note)?.client
    }
}

/// Who asks: whoever the gateway says, and otherwise whoever is at the other end of the connection, so that to leave
/// the note out or to forge one is no way to be someone else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client(pub Address);

impl<S> FromRequestParts<S> for Client
where
    S: Send + Sync,
    Guard: FromRef<S>,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let at_the_door = || parts.extensions.get::<ClientAddr>().map(|peer| peer.0.ip().into());
        let client = Guard::from_ref(state).vouched(&parts.headers).or_else(at_the_door);
        Ok(Self(client.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};
    use std::time::Duration;

    use super::*;
    use crate::clock::{Clock, Timestamp};
    use crate::internal::Key;
    use crate::secret::Secret;

    const PEER: &str = "192.0.2.1";
    const CLIENT_OF_IT: &str = "198.51.100.7";

    fn address(text: &str) -> Address {
        text.parse::<IpAddr>().unwrap().into()
    }

    fn key(secret: &str) -> Key {
        Key::derive(&Secret::new(secret.to_owned()))
    }

    #[derive(Clone)]
    struct State(Guard);

    impl FromRef<State> for Guard {
        fn from_ref(state: &State) -> Self {
            state.0.clone()
        }
    }

    async fn client(clock: &Clock, notes: &[String]) -> Address {
        let mut request = http::Request::new(());
        for note in notes {
            request.headers_mut().append(CLIENT, note.parse().unwrap());
        }
        request.extensions_mut().insert(ClientAddr(SocketAddr::new(PEER.parse().unwrap(), 4711)));
        let (mut parts, ()) = request.into_parts();
        let state = State(Guard::new("auth", &key("s"), clock.clone()));
        let Ok(Client(client)) = Client::from_request_parts(&mut parts, &state).await;
        client
    }

    #[tokio::test]
    async fn the_gateways_word_counts_and_no_forgery_of_it() {
        let clock = Clock::frozen(Timestamp::from_millis(1_800_000_000_000));
        let signer = |secret| Signer::new("gateway", &key(secret), clock.clone());
        let note = |signer: Signer, callee| signer.vouch(callee, address(CLIENT_OF_IT)).unwrap();
        let good = note(signer("s"), "auth");
        assert_eq!(client(&clock, std::slice::from_ref(&good)).await, address(CLIENT_OF_IT));
        let credential = signer("s").authorization("auth");
        for notes in [
            vec![],
            vec![CLIENT_OF_IT.to_owned()],
            vec![note(signer("t"), "auth")],
            vec![note(signer("s"), "notes")],
            vec![credential.trim_start_matches("Bearer ").to_owned()],
            vec![good.clone(), good.clone()],
        ] {
            assert_eq!(client(&clock, &notes).await, address(PEER), "{notes:?}");
        }
        assert_eq!(Guard::new("auth", &key("s"), clock.clone()).admit(&format!("Bearer {good}")), None);
        clock.advance(Duration::from_secs(31));
        assert_eq!(client(&clock, &[good]).await, address(PEER), "an old note");
    }
}
