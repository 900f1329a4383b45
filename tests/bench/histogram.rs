//! Latencies counted in log-linear buckets: exact below 256 µs, within 0.8 % above, 20 KB in all.
//! It knows microseconds and nothing of what took them.

use std::time::Duration;

/// Buckets per power of two.
const STEPS: u64 = 128;
/// `STEPS` as a power of two.
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// The highest power of two that is told apart: 2^27 µs is over two minutes, longer than any row waits.
const TOP_BITS: u32 = 27;
/// Two linear octaves, then `STEPS` buckets for each further one.
const BUCKETS: usize = ((TOP_BITS - STEP_BITS + 1) << STEP_BITS) as usize;

/// Counts of latencies, from which quantiles are read.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }
}

impl Histogram {
    /// Counts one latency; what is beyond the top counts as the top.
    pub(crate) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(bucket(micros)) {
            *count += 1;
            self.total += 1;
        }
    }

    /// Adds another's counts.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
    }

    /// How many latencies were counted.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// The latency that `percent` of the counted ones do not exceed, in milliseconds; 0 when none was counted.
    pub(crate) fn percentile_ms(&self, percent: u64) -> f64 {
        let rank = (self.total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return highest_in(index as u64) as f64 / 1_000.0;
            }
        }
        0.0
    }
}

/// The bucket of a latency: its leading bits, after the power of two they belong to.
fn bucket(micros: u64) -> usize {
    let micros = micros.min((1 << TOP_BITS) - 1);
    let shift = (u64::BITS - micros.leading_zeros()).saturating_sub(STEP_BITS + 1);
    usize::try_from(u64::from(shift) * STEPS + (micros >> shift)).unwrap_or(usize::MAX)
}

/// The longest latency that a bucket holds, so that a quantile is never flattered.
fn highest_in(bucket: u64) -> u64 {
    let shift = (bucket / STEPS).saturating_sub(1);
    let lead = bucket - shift * STEPS;
    ((lead + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_bucket_holds_its_latency_within_one_percent() {
        use super::{BUCKETS, TOP_BITS, bucket, highest_in};

        for micros in
            (0..4_096).chain((12..TOP_BITS).flat_map(|bits| [(1 << bits) - 1, 1 << bits, (1 << bits) + 1]))
        {
            let highest = highest_in(bucket(micros) as u64);
            assert!(
                highest >= micros && (highest - micros) * 100 <= micros,
                "{micros} µs reads as {highest} µs"
            );
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_of_merged_counts_are_those_of_all() {
        use super::Histogram;
        use std::time::Duration;

        let (mut low, mut high) = (Histogram::default(), Histogram::default());
        (1..=50).for_each(|micros| low.record(Duration::from_micros(micros)));
        (51..=100).for_each(|micros| high.record(Duration::from_micros(micros)));
        low.merge(&high);
        let read = [low.percentile_ms(50), low.percentile_ms(99), low.percentile_ms(100)];
        assert_eq!(read.map(|ms| format!("{ms:.3}")), ["0.050", "0.099", "0.100"]);
        assert_eq!(low.total(), 100);
    }
}
