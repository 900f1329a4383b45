//! Words that were mistyped, and how near another word is.
//!
//! Which words an author has is for the index to say.

/// Letters of a word that may be taken for a typo: shorter ones are too near to too many others.
const LETTERS_MIN: usize = 5;
/// Letters from which two mistakes are allowed.
const LETTERS_OF_TWO: usize = 8;
/// Words that stand in for a mistyped one: more would only bring what was not meant.
pub(crate) const CORRECTIONS_MAX: usize = 3;

/// How many mistakes `word` may have; none when it is too short to be corrected.
pub(crate) fn mistakes_max(word: &str) -> Option<usize> {
    match word.chars().count() {
        LETTERS_OF_TWO.. => Some(2),
        LETTERS_MIN.. => Some(1),
        _ => None,
    }
}

/// Finds words that are near a mistyped one.
#[derive(Debug)]
pub(crate) struct Near {
    word: Vec<char>,
    mistakes_max: usize,
    rows: [Vec<usize>; 3],
    other: Vec<char>,
}

impl Near {
    /// What is near `word`; none when it is too short to be corrected.
    pub(crate) fn to(word: &str) -> Option<Self> {
        let mistakes_max = mistakes_max(word)?;
        Some(Self { word: word.chars().collect(), mistakes_max, rows: Default::default(), other: Vec::new() })
    }

    /// How many mistakes make `other` of the word, if that is not too many. A mistake is a letter too many, one too
    /// few, a wrong one, or two that changed places (*optimal string alignment*).
    pub(crate) fn mistakes(&mut self, other: &str) -> Option<usize> {
        // Most words are told by their length in bytes: a letter has four at most.
        if other.len() > 4 * (self.word.len() + self.mistakes_max) {
            return None;
        }
        self.other.clear();
        self.other.extend(other.chars());
        if self.other.len().abs_diff(self.word.len()) > self.mistakes_max {
            return None;
        }
        self.align()
    }

    fn align(&mut self) -> Option<usize> {
        let Self { word, mistakes_max, rows: [before, above, row], other } = self;
        let width = word.len() + 1;
        above.clear();
        above.extend(0..width);
        before.clear();
        let mut previous = None;
        for (down, letter) in other.iter().enumerate() {
            row.clear();
            row.push(down + 1);
            for (across, wanted) in word.iter().enumerate() {
                let at = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
                let replaced = at(above, across) + usize::from(letter != wanted);
                let mut least = replaced.min(at(above, across + 1) + 1).min(at(row, across) + 1);
                let is_swapped =
                    across > 0 && previous == Some(wanted) && word.get(across - 1) == Some(letter);
                if is_swapped {
                    least = least.min(at(before, across - 1) + 1);
                }
                row.push(least);
            }
            if row.iter().all(|mistakes| *mistakes > *mistakes_max) {
                return None;
            }
            previous = Some(letter);
            std::mem::swap(before, above);
            std::mem::swap(above, row);
        }
        above.last().copied().filter(|mistakes| *mistakes <= *mistakes_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(word: &str, other: &str) -> Option<usize> {
        Near::to(word)?.mistakes(other)
    }

    #[test]
    fn mistakes_are_counted_by_the_letter() {
        assert_eq!(mistakes("house", "house"), Some(0));
        assert_eq!(mistakes("house", "mouse"), Some(1));
        assert_eq!(mistakes("house", "hous"), Some(1));
        assert_eq!(mistakes("house", "houses"), Some(1));
        assert_eq!(mistakes("hosue", "house"), Some(1));
        assert_eq!(mistakes("größe", "grösse"), None);
        assert_eq!(mistakes("расскаж", "рассказ"), Some(1));
    }

    #[test]
    fn short_words_have_none_and_only_long_ones_have_two() {
        assert_eq!(mistakes("hous", "house"), None);
        assert_eq!(mistakes("letters", "lettr"), None);
        assert_eq!(mistakes("keyboard", "kebord"), Some(2));
        assert_eq!(mistakes("keyboard", "kebrd"), None);
    }

    #[test]
    fn one_searcher_serves_many_words() {
        let mut near = Near::to("planet").unwrap();
        let found: Vec<_> = ["plant", "plane", "planets", "comet"].map(|word| near.mistakes(word)).into();
        assert_eq!(found, [Some(1), Some(1), Some(1), None]);
    }
}
