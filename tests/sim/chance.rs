//! The draws of one seed: the same purpose draws the same numbers in every run.
//!
//! It knows nothing of what is decided by them.

use chassis::entropy::{Entropy, Stream};

/// A stream of draws.
#[derive(Clone)]
pub(crate) struct Chance(Stream);

impl Chance {
    /// The draws of `seed` for one `purpose`.
    pub(crate) fn of(seed: u64, purpose: &str) -> Self {
        Self(Entropy::seeded(seed).stream("simulation", purpose))
    }

    /// A number in `0..bound`.
    pub(crate) fn below(&self, bound: u32) -> u32 {
        self.0.below(bound)
    }

    /// A number in `low..=high`.
    pub(crate) fn between(&self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True `rate` times in a thousand.
    pub(crate) fn per_mille(&self, rate: u32) -> bool {
        self.below(1000) < rate
    }

    /// One of `these`.
    pub(crate) fn pick<T: Clone>(&self, these: &[T]) -> T {
        these[self.below(u32::try_from(these.len()).unwrap_or(u32::MAX)) as usize].clone()
    }
}
