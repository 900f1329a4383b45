//! Randomness, handed out as one stream for each service and purpose.
//!
//! With the system's entropy every stream is keyed afresh. With a seed the same service and purpose draw the
//! same values in every run, whatever the other streams did meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{self, SHA256};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Where a world's streams come from; clones hand out the same streams if there is a seed.
#[derive(Clone, Debug)]
pub struct Entropy {
    seeded: Option<Arc<Seeded>>,
}

#[derive(Debug)]
struct Seeded {
    seed: u64,
    /// Where streams begin that do not begin at their beginning.
    resumed: Positions,
    /// Those that were handed out: whoever asks again goes on with the same one.
    streams: Mutex<BTreeMap<String, Stream>>,
}

/// How far each stream of a seed has been drawn, in words of four bytes, by service and purpose.
pub type Positions = BTreeMap<String, u128>;

impl Entropy {
    /// Streams keyed by the operating system.
    pub const fn system() -> Self {
        Self { seeded: None }
    }

    /// Streams that repeat for the same `seed`: for tests only, every secret becomes guessable.
    pub fn seeded(seed: u64) -> Self {
        let (resumed, streams) = (Positions::new(), Mutex::default());
        Self { seeded: Some(Arc::new(Seeded { seed, resumed, streams })) }
    }

    /// How far the streams have been drawn; nothing of the operating system's.
    pub fn positions(&self) -> Positions {
        let Some(seeded) = &self.seeded else { return Positions::new() };
        let streams = seeded.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.iter().map(|(label, stream)| (label.clone(), stream.position())).collect()
    }

    /// The same seed with fresh streams that begin at `positions`, or at their beginning.
    #[must_use]
    pub fn resumed(&self, positions: Positions) -> Self {
        let seeded = self.seeded.as_ref().map(|seeded| {
            let (seed, streams) = (seeded.seed, Mutex::default());
            Arc::new(Seeded { seed, resumed: positions, streams })
        });
        Self { seeded }
    }

    /// The stream of one purpose in one service, such as `("auth", "reset token")`.
    pub fn stream(&self, service: &str, purpose: &str) -> Stream {
        match &self.seeded {
            Some(seeded) => seeded.stream(service, purpose),
            None => Stream::of_key(system_key()),
        }
    }
}

impl Seeded {
    fn stream(&self, service: &str, purpose: &str) -> Stream {
        let label = format!("{service}/{purpose}");
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stream) = streams.get(&label) {
            return stream.clone();
        }
        let stream = Stream::of_key(derived_key(self.seed, service, purpose));
        if let Some(position) = self.resumed.get(&label) {
            stream.0.lock().unwrap_or_else(PoisonError::into_inner).set_word_pos(*position);
        }
        streams.insert(label, stream.clone());
        stream
    }
}

fn derived_key(seed: u64, service: &str, purpose: &str) -> [u8; 32] {
    let label = format!("satchel stream\0{seed}\0{service}\0{purpose}");
    let mut key = [0; 32];
    for (to, from) in key.iter_mut().zip(digest::digest(&SHA256, label.as_bytes()).as_ref()) {
        *to = *from;
    }
    key
}

fn system_key() -> [u8; 32] {
    let mut key = [0; 32];
    // A system that cannot give 32 random bytes can keep no secret: stopping is the only safe answer.
    #[expect(clippy::expect_used, reason = "no safe way on without entropy, and no input reaches it")]
    getrandom::fill(&mut key).expect("the operating system gives no randomness");
    key
}

/// An endless source of unpredictable bytes; a clone continues the same stream.
#[derive(Clone, Debug)]
pub struct Stream(Arc<Mutex<ChaCha20Rng>>);

impl Stream {
    fn of_key(key: [u8; 32]) -> Self {
        Self(Arc::new(Mutex::new(ChaCha20Rng::from_seed(key))))
    }

    fn position(&self) -> u128 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_word_pos()
    }

    /// The next `N` bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// A number in `0..bound`, evenly but for a bias under 2⁻³² for the small bounds used here; 0 for `bound` 0.
    pub fn below(&self, bound: u32) -> u32 {
        let wide = u64::from_le_bytes(self.bytes());
        u32::try_from((u128::from(wide) * u128::from(bound)) >> 64).unwrap_or(0)
    }

    /// The next `N` bytes as lower-case hexadecimal digits.
    pub fn hex<const N: usize>(&self) -> String {
        crate::id::hex(&self.bytes::<N>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_each_stream_by_itself() {
        let (first, second) = (Entropy::seeded(7), Entropy::seeded(7));
        let salt = first.stream("auth", "salt").hex::<8>();
        second.stream("auth", "reset token").hex::<8>();
        assert_eq!(second.stream("auth", "salt").hex::<8>(), salt);
        assert_ne!(second.stream("user", "salt").hex::<8>(), salt);
    }

    #[test]
    fn a_stream_goes_on_where_it_was_left_also_in_another_life() {
        let first = Entropy::seeded(7);
        first.stream("auth", "salt").hex::<8>();
        let positions = first.positions();
        let next = first.stream("auth", "salt").hex::<8>();
        assert_eq!(first.resumed(positions).stream("auth", "salt").hex::<8>(), next);
        assert_eq!(Entropy::system().positions(), Positions::new());
    }

    #[test]
    fn system_streams_differ() {
        let entropy = Entropy::system();
        assert_ne!(
            entropy.stream("auth", "salt").bytes::<16>(),
            entropy.stream("auth", "salt").bytes::<16>()
        );
    }

    #[test]
    fn numbers_stay_below_their_bound() {
        let stream = Entropy::seeded(1).stream("t", "t");
        assert!((0..1000).all(|_| stream.below(10) < 10));
        assert_eq!(stream.below(0), 0);
    }
}
