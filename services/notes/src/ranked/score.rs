//! How well a note answers a query: BM25 over two fields, and a little more for what is recent.
//!
//! A pure function of the note, of the words and of how many notes of its author have them. Other authors' notes, the
//! hour of the search and the way the note was found change nothing, so that pages never overlap.

use chassis::clock::Timestamp;

/// A word in the title says three times as much as one in the content: titles are short and meant to say it all.
const TITLE_WEIGHT: f64 = 3.0;
/// How soon more of the same says nothing new (Robertson and Zaragoza 2009, *The Probabilistic Relevance Framework*:
/// 1.2 to 2).
const SATURATION: f64 = 1.2;
/// How much a long text counts less than a short one with as many hits; the source's usual value.
const LENGTH_WEIGHT: f64 = 0.75;
/// Words of a usual title and of a usual content: fixed, because an average would move with every note.
const USUAL_LENGTHS: [f64; 2] = [5.0, 100.0];
/// A note that is this much older has to answer twice as well: three years in milliseconds.
const HALF_LIFE_MS: f64 = 3.0 * 365.25 * 86_400_000.0;
/// How often the worth may double: a double holds a little more. It is enough for three thousand years.
const DOUBLINGS_MAX: f64 = 960.0;
/// What a note is worth that was found without words, by a tag for example: less than any word, the same for all.
const WORTH_MIN: f64 = 1e-6;

/// How often something is in a title and in a content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) title: u32,
    pub(crate) content: u32,
}

/// How many words a title and a content have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lengths {
    pub(crate) title: u32,
    pub(crate) content: u32,
}

/// How much a word says that `holders` of `notes` notes have: the rarer, the more.
pub(crate) fn weight(notes: u64, holders: u64) -> f64 {
    let (notes, holders) = (real(notes), real(holders));
    ((notes - holders).max(0.0) + 0.5).mul_add(1.0 / (holders + 0.5), 1.0).ln()
}

/// What `counts` of a word of this weight add to the worth of a note with these lengths.
pub(crate) fn points(weight: f64, counts: Counts, lengths: Lengths) -> f64 {
    let [usual_title, usual_content] = USUAL_LENGTHS;
    let title = TITLE_WEIGHT * share(counts.title, lengths.title, usual_title);
    let frequency = title + share(counts.content, lengths.content, usual_content);
    weight * frequency * (SATURATION + 1.0) / (frequency + SATURATION)
}

/// How much more a note counts for the time of its last change. The ratio of two notes is the same at any hour.
pub(crate) fn boost(updated_at: Timestamp) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a double holds the milliseconds of 285,000 years")]
    let age = updated_at.as_millis() as f64 / HALF_LIFE_MS;
    age.clamp(-DOUBLINGS_MAX, DOUBLINGS_MAX).exp2()
}

/// The place among the answers of a note with this worth: the highest first.
pub(crate) fn rank(worth: f64, boost: f64) -> f64 {
    worth.max(WORTH_MIN) * boost
}

/// `count` as it would be in a text of usual length.
fn share(count: u32, length: u32, usual: f64) -> f64 {
    f64::from(count) / (LENGTH_WEIGHT * f64::from(length) / usual + (1.0 - LENGTH_WEIGHT))
}

#[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 notes")]
const fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: Lengths = Lengths { title: 5, content: 100 };

    fn worth(title: u32, content: u32) -> f64 {
        points(weight(100, 10), Counts { title, content }, LENGTHS)
    }

    #[test]
    fn a_title_says_more_than_a_content_and_twice_says_less_than_two() {
        assert!(worth(1, 0) > worth(0, 1) && worth(0, 2) > worth(0, 1));
        assert!(worth(0, 2) < 2.0 * worth(0, 1));
    }

    #[test]
    fn rare_words_and_short_texts_count_more() {
        assert!(weight(100, 1) > weight(100, 50) && weight(100, 100) > 0.0);
        let counts = Counts { title: 0, content: 1 };
        let short = Lengths { content: 10, ..LENGTHS };
        assert!(points(1.0, counts, short) > points(1.0, counts, LENGTHS));
    }

    #[test]
    fn three_years_count_as_much_as_a_double_worth() {
        let later = Timestamp::from_millis(3 * 31_557_600_000);
        let early = Timestamp::from_millis(0);
        assert!((rank(1.0, boost(later)) - rank(2.0, boost(early))).abs() < 1e-9);
        let ages = [i64::MIN, 0, i64::MAX].map(|millis| boost(Timestamp::from_millis(millis)));
        assert!(ages.is_sorted() && ages.iter().all(|boost| rank(0.0, *boost).is_normal()));
    }
}
