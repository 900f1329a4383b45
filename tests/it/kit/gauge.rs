//! The numbers of a service, as an operator reads them at its `/metrics`. It does not know what they count.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::kit::Actor;

/// The numbers of one moment, by name and labels as they are written.
#[derive(Clone, Debug)]
pub(crate) struct Gauges(BTreeMap<String, f64>);

impl Gauges {
    /// Reads those of the service that listens at `door`.
    #[track_caller]
    pub(crate) fn read(door: SocketAddr) -> Self {
        let text = Actor::anon(door).get("/metrics").expect(200).text();
        let numbers = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let number = |line: &str| {
            let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no number: {line}"));
            (name.to_owned(), value.parse().unwrap_or_else(|error| panic!("{error}: {line}")))
        };
        Self(numbers.map(number).collect())
    }

    /// The number that is called so, if there is one.
    pub(crate) fn of(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// Those whose name begins with one of `names`.
    pub(crate) fn named<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = (&'a str, f64)> {
        let all = self.0.iter().map(|(name, value)| (name.as_str(), *value));
        all.filter(move |(name, _)| names.iter().any(|wanted| name.starts_with(wanted)))
    }
}
