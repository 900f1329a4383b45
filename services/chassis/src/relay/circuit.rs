//! Whether a peer is worth asking: its circuit is closed while it answers, and open when it does not.
//!
//! Counts outcomes and keeps the times of probes (PROTOCOL.md §6). It sends nothing and knows no message.

use std::time::Duration;

use tokio::time::Instant;

/// Unanswered messages in a row after which a peer counts as away: fewer may be one lost connection.
const UNANSWERED_MAX: u32 = 5;
/// Between the beginnings of two probes: a peer that is back is found out within a second.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// The circuit to one peer.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    /// Since the last answer.
    unanswered: u32,
    /// When the peer may be probed; none while the circuit is closed.
    probe_at: Option<Instant>,
}

impl Circuit {
    /// Whether the peer counts as away: only probes go there.
    pub(super) const fn is_open(&self) -> bool {
        self.probe_at.is_some()
    }

    /// Whether a probe is due.
    pub(super) fn may_probe(&self, now: Instant) -> bool {
        self.probe_at.is_some_and(|at| at <= now)
    }

    /// A probe goes out.
    pub(super) fn probed(&mut self, now: Instant) {
        self.probe_at = Some(now + PROBE_EVERY);
    }

    /// The peer answered, whatever it said; tells whether this closed the circuit.
    pub(super) fn answered(&mut self) -> bool {
        self.unanswered = 0;
        self.probe_at.take().is_some()
    }

    /// The peer did not answer; tells whether this opened the circuit.
    pub(super) fn unanswered(&mut self, now: Instant) -> bool {
        self.unanswered = self.unanswered.saturating_add(1);
        let opens = self.unanswered >= UNANSWERED_MAX && !self.is_open();
        if opens {
            self.probe_at = Some(now + PROBE_EVERY);
        }
        opens
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn five_silences_in_a_row_open_it_and_an_answer_between_them_does_not_count_as_one() {
        let (now, mut circuit) = (Instant::now(), Circuit::default());
        for _ in 0..UNANSWERED_MAX - 1 {
            assert!(!circuit.unanswered(now));
        }
        assert!(!circuit.answered());
        for _ in 0..UNANSWERED_MAX - 1 {
            assert!(!circuit.unanswered(now));
        }
        assert!(circuit.unanswered(now) && circuit.is_open());
        assert!(!circuit.unanswered(now), "it is open already");
    }

    #[test]
    fn an_open_one_lets_a_probe_pass_each_second_until_one_is_answered() {
        let (start, mut circuit) = (Instant::now(), Circuit::default());
        for _ in 0..UNANSWERED_MAX {
            circuit.unanswered(start);
        }
        let mut probes = 0;
        for tick in 0..40 {
            let now = start + Duration::from_millis(250) * tick;
            if circuit.may_probe(now) {
                circuit.probed(now);
                circuit.unanswered(now);
                probes += 1;
            }
        }
        assert_eq!(probes, 9);
        assert!(circuit.answered() && !circuit.is_open());
        assert!(!circuit.may_probe(start + Duration::from_mins(1)));
    }

    proptest! {
        #[test]
        fn it_is_open_exactly_after_five_silences_or_more(answers in proptest::collection::vec(any::<bool>(), 0..30)) {
            let (now, mut circuit) = (Instant::now(), Circuit::default());
            for answer in &answers {
                if *answer { circuit.answered(); } else { circuit.unanswered(now); }
            }
            let silences = answers.iter().rev().take_while(|answer| !**answer).count();
            prop_assert_eq!(circuit.is_open(), silences >= 5);
        }
    }
}
