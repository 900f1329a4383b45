//! Whether two samples come from the same distribution: the test of Mann and Whitney (1947).
//!
//! It asks for no distribution in particular, so it suits times, which have a long tail.

use std::time::Duration;

/// The probability that two samples of one distribution differ in their ranks as much as these, by the normal
/// approximation; good for twenty values of each and more. Equal values are so rare in times that they are not
/// corrected for.
pub(crate) fn p_value(first: &[Duration], second: &[Duration]) -> f64 {
    let count = |sample: &[Duration]| f64::from(u32::try_from(sample.len()).unwrap_or(u32::MAX));
    let (n, m) = (count(first), count(second));
    let mut all: Vec<(Duration, bool)> = first.iter().map(|time| (*time, true)).collect();
    all.extend(second.iter().map(|time| (*time, false)));
    all.sort_unstable();
    let ranks =
        all.iter().zip(1_u32..).filter(|((_, is_first), _)| *is_first).map(|(_, rank)| f64::from(rank));
    let u = ranks.sum::<f64>() - n * (n + 1.0) / 2.0;
    let (mean, deviation) = (n * m / 2.0, (n * m * (n + m + 1.0) / 12.0).sqrt());
    both_tails((u - mean).abs() / deviation)
}

/// How much of the normal distribution lies farther out than `z` on either side (Abramowitz and Stegun 7.1.26).
fn both_tails(z: f64) -> f64 {
    let x = z / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let terms = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    terms.into_iter().fold(0.0, |sum, term| (sum + term) * t) * (-x * x).exp()
}

#[test]
fn equal_samples_are_probable_and_shifted_ones_are_not() {
    let times = |shift: u64| {
        (0..200).map(|n| Duration::from_micros(1_000 + n * 37 % 997 + shift)).collect::<Vec<_>>()
    };
    assert!(p_value(&times(0), &times(1)) > 0.5);
    assert!(p_value(&times(0), &times(300)) < 0.001);
    assert!((both_tails(1.96) - 0.05).abs() < 0.001);
}
