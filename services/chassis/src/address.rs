//! Whose connections and requests count together.
//!
//! What is counted, and how much of it is too much, is for those who count.

use std::net::IpAddr;

/// One client: an IPv4 address, or the /64 network that an IPv6 host may pick its addresses from.
///
/// The 64 bits are the network's prefix; IPv4 has `::/32` of these to itself, which no host uses. The default is
/// whoever has no address at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Address(u64);

impl Address {
    /// The number that stands for it.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(u64::from(v4.to_bits())),
            IpAddr::V6(v6) => Self(u64::try_from(v6.to_bits() >> 64).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn an_ipv6_network_is_one_client_and_ipv4_looks_the_same_in_both_notations() {
        assert_eq!(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
    }
}
