//! Messages as a bad network brings them: up to five copies of each, in any order or late.
//!
//! What a message is, and what its copies must not do, is the proof's to say.

use crate::entropy::Stream;

/// Copies of one message at most (PROMISES.md A5).
const COPIES_MAX: u32 = 5;
/// Of a shuffled heap, messages that go at the same time.
const AT_ONCE: usize = 4;

/// Copies of each of `messages`, in any order; those of one heap go at the same time.
pub fn shuffled<T: Clone>(messages: &[T], dice: &Stream) -> Vec<Vec<T>> {
    let mut copies = Vec::new();
    for message in messages {
        for _ in 0..=dice.below(COPIES_MAX) {
            copies.insert(below(copies.len() + 1, dice), message.clone());
        }
    }
    copies.chunks(AT_ONCE).map(<[T]>::to_vec).collect()
}

/// Copies of each of `messages`: the first ones in order, as a sender that waits for each answer keeps it, one in
/// each heap; the others together with it or with any later one.
pub fn late<T: Clone>(messages: &[T], dice: &Stream) -> Vec<Vec<T>> {
    let mut heaps: Vec<Vec<T>> = messages.iter().map(|message| vec![message.clone()]).collect();
    for (first, message) in messages.iter().enumerate() {
        for _ in 0..dice.below(COPIES_MAX) {
            let heap = heaps.iter_mut().skip(first).nth(below(messages.len() - first, dice));
            if let Some(heap) = heap {
                heap.push(message.clone());
            }
        }
    }
    heaps
}

fn below(bound: usize, dice: &Stream) -> usize {
    dice.below(u32::try_from(bound).unwrap_or(u32::MAX)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    const MESSAGES: [char; 4] = ['a', 'b', 'c', 'd'];

    fn count(heaps: &[Vec<char>], message: char) -> usize {
        heaps.iter().flatten().filter(|copy| **copy == message).count()
    }

    #[test]
    fn each_message_has_one_to_five_copies() {
        let dice = Entropy::seeded(3).stream("test", "copies");
        let mut counts = [[0; 6]; 2];
        for _ in 0..200 {
            for (heaps, counts) in
                [shuffled(&MESSAGES, &dice), late(&MESSAGES, &dice)].iter().zip(&mut counts)
            {
                for message in MESSAGES {
                    counts[count(heaps, message)] += 1;
                }
            }
        }
        for [none, all @ ..] in counts {
            assert!(none == 0 && all.iter().all(|count| *count > 0), "{all:?}");
        }
    }

    #[test]
    fn late_copies_come_after_the_first_and_the_first_in_order() {
        let dice = Entropy::seeded(3).stream("test", "copies");
        for _ in 0..200 {
            let heaps = late(&MESSAGES, &dice);
            assert_eq!(heaps.iter().map(|heap| heap[0]).collect::<Vec<_>>(), MESSAGES);
            for (place, heap) in heaps.iter().enumerate() {
                assert!(heap.iter().all(|copy| MESSAGES[..=place].contains(copy)), "{heaps:?}");
            }
        }
    }

    #[test]
    fn shuffled_copies_come_in_any_order() {
        let dice = Entropy::seeded(3).stream("test", "copies");
        let firsts: std::collections::BTreeSet<_> =
            (0..100).map(|_| shuffled(&MESSAGES, &dice)[0][0]).collect();
        assert_eq!(firsts.len(), MESSAGES.len());
    }
}
