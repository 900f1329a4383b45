//! Whose request it is: client addresses as the limits see them.
//!
//! The peer of the connection, unless a trusted proxy stands there. A header from anyone else is not looked at,
//! so it neither frees its sender nor frames someone else.

use std::net::{IpAddr, SocketAddr};

use chassis::address::Address;
use chassis::serve::ClientAddr;
use http::{Extensions, HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug)]
pub(crate) struct Proxies(Vec<IpAddr>);

impl Proxies {
    /// Believes proxies at `trusted` and nobody else.
    pub(crate) fn new(trusted: &[IpAddr]) -> Self {
        Self(trusted.iter().map(IpAddr::to_canonical).collect())
    }

    /// The client of a request with these headers; without a socket every request is one client's.
    pub(crate) fn client(&self, headers: &HeaderMap, extensions: &Extensions) -> Address {
        match extensions.get::<ClientAddr>() {
            Some(ClientAddr(peer)) => self.nearest_untrusted(peer.ip(), headers).into(),
            None => Address::default(),
        }
    }

    /// Walks from the peer towards the client, as far as each hop is trusted to name the next.
    fn nearest_untrusted(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lines = headers.get_all(FORWARDED_FOR).into_iter().rev();
        let mut hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        let mut nearest = peer.to_canonical();
        while self.0.contains(&nearest)
            && let Some(next) = hops.next().and_then(parse)
        {
            nearest = next;
        }
        nearest
    }
}

/// An address as proxies write it, with or without a port.
fn parse(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    hop.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> Address {
        let trusted: Vec<IpAddr> = trusted.iter().map(|address| address.parse().unwrap()).collect();
        let proxies = Proxies::new(&trusted);
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let mut extensions = Extensions::new();
        extensions.insert(ClientAddr(SocketAddr::new(peer.parse().unwrap(), 4711)));
        proxies.client(&headers, &extensions)
    }

    fn address(text: &str) -> Address {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_stranger_cannot_name_another_client() {
        assert_eq!(client(&[], "192.0.2.1", &["198.51.100.7"]), address("192.0.2.1"));
        assert_eq!(client(&["192.0.2.9"], "192.0.2.1", &["198.51.100.7"]), address("192.0.2.1"));
    }

    #[test]
    fn behind_trusted_proxies_the_rightmost_untrusted_address_is_the_client() {
        let trusted = ["192.0.2.1", "192.0.2.2"];
        for forwarded in [
            &["203.0.113.9, 198.51.100.7"][..],
            &["203.0.113.9", "198.51.100.7 , 192.0.2.2"],
            &["nonsense, 198.51.100.7:4000, ::ffff:192.0.2.2"],
            &["n\u{f6}nsense, 198.51.100.7"],
        ] {
            assert_eq!(client(&trusted, "192.0.2.1", forwarded), address("198.51.100.7"), "{forwarded:?}");
        }
    }

    #[test]
    fn a_trusted_proxy_that_names_nobody_is_itself_the_client() {
        for forwarded in [&[][..], &["unknown"], &["198.51.100.7, "]] {
            assert_eq!(client(&["192.0.2.1"], "192.0.2.1", forwarded), address("192.0.2.1"));
        }
    }
}
