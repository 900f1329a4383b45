//! An author's notes as one folded text, for the literal search.
//!
//! One pass over the text finds every note that holds a needle; the order of lists beside it gives the page and the
//! total. It is a copy: it knows neither where notes are kept nor when they change.

use std::collections::HashSet;

use crate::folding::{self, Needle};
use crate::note::Place;

/// Bytes of a note beside its text: where it ends, its number, its place, and where that is in the list.
const NOTE_BYTES: usize = size_of::<i64>() + size_of::<Pile>() + size_of::<Place>() + 2 * size_of::<u32>();

/// What of a note the literal search needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    /// The note's number in the store.
    pub(crate) number: i64,
    /// Whether it is archived.
    pub(crate) is_archived: bool,
}

/// Where a note of the text lies now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Pile {
    Active,
    Archived,
    /// Nowhere: its text is all that is left.
    Gone,
}

impl Pile {
    const fn of(is_archived: bool) -> Self {
        if is_archived { Self::Archived } else { Self::Active }
    }
}

/// Which notes a search is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice<'a> {
    /// Archived notes instead of the others.
    pub(crate) is_archived: bool,
    /// Only notes with these numbers.
    pub(crate) only: Option<&'a HashSet<i64>>,
    /// How many matches are skipped.
    pub(crate) offset: usize,
    /// How many of the following are named at most.
    pub(crate) limit: usize,
}

/// The folded notes of one author.
#[derive(Clone, Debug, Default)]
pub(crate) struct Corpus {
    /// Title and content of each note, each with a byte behind it that no needle holds.
    text: Vec<u8>,
    /// Where each note's text ends, in the order of the text.
    ends: Vec<u32>,
    /// The numbers of the notes, in the order of the text.
    numbers: Vec<i64>,
    /// Where they lie, in the order of the text.
    piles: Vec<Pile>,
    /// Their places in lists, in the order of the text.
    places: Vec<Place>,
    /// Where each note stands in the text, in the order of lists; notes that are gone stand nowhere.
    order: Vec<u32>,
}

impl Corpus {
    /// An empty one with room for `notes` that take `bytes` in all, and some more of each.
    pub(crate) fn with_room(bytes: usize, notes: usize) -> Self {
        let spare = |count: usize| count + count / 8;
        Self {
            text: Vec::with_capacity(spare(bytes.saturating_sub(notes * NOTE_BYTES))),
            ends: Vec::with_capacity(spare(notes)),
            numbers: Vec::with_capacity(spare(notes)),
            piles: Vec::with_capacity(spare(notes)),
            places: Vec::with_capacity(spare(notes)),
            order: Vec::with_capacity(spare(notes)),
        }
    }

    /// Adds a note; [`Corpus::sort`] puts it in its place. The caller keeps the whole below 4 GiB.
    pub(crate) fn add(&mut self, source: Source, place: Place, title: &str, content: &str) {
        let slot = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        folding::append(title, content, &mut self.text);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        self.numbers.push(source.number);
        self.piles.push(Pile::of(source.is_archived));
        self.places.push(place);
        self.order.push(slot);
    }

    /// Takes the notes with these numbers out. Their text stays until [`Corpus::is_sparse`] says that it is time
    /// to begin anew.
    pub(crate) fn remove(&mut self, numbers: &HashSet<i64>) {
        for (pile, number) in self.piles.iter_mut().zip(&self.numbers) {
            if numbers.contains(number) {
                *pile = Pile::Gone;
            }
        }
        let piles = &self.piles;
        self.order.retain(|slot| piles.get(*slot as usize).is_some_and(|pile| *pile != Pile::Gone));
    }

    /// Puts the notes in the order of lists, after any were added.
    pub(crate) fn sort(&mut self) {
        let places = &self.places;
        self.order.sort_by_key(|slot| places.get(*slot as usize));
    }

    /// Whether more notes were taken out than are left.
    pub(crate) const fn is_sparse(&self) -> bool {
        self.numbers.len() > 2 * self.order.len()
    }

    /// The memory that it takes.
    pub(crate) const fn bytes(&self) -> usize {
        self.text.capacity() + self.numbers.capacity() * NOTE_BYTES
    }

    /// The numbers of the notes on the page of `choice` that hold `needle`, in the order of lists, and how many
    /// hold it on all pages.
    pub(crate) fn find(&self, needle: &Needle, choice: Choice<'_>) -> (Vec<i64>, u32) {
        let mut listed = self.held(needle);
        let wanted = Pile::of(choice.is_archived);
        for (is_listed, pile) in listed.iter_mut().zip(&self.piles) {
            *is_listed &= *pile == wanted;
        }
        if let Some(only) = choice.only {
            for (is_listed, number) in listed.iter_mut().zip(&self.numbers) {
                *is_listed = *is_listed && only.contains(number);
            }
        }
        let total = listed.iter().filter(|is_listed| **is_listed).count();
        // Jumping about in the order of lists ends as soon as the page is full.
        let slots = self.order.iter().map(|slot| *slot as usize);
        let numbers = slots
            .filter(|slot| listed.get(*slot).is_some_and(|is_listed| *is_listed))
            .filter_map(|slot| self.numbers.get(slot).copied());
        let left = total.saturating_sub(choice.offset).min(choice.limit);
        let page = numbers.skip(choice.offset).take(left).collect();
        (page, u32::try_from(total).unwrap_or(u32::MAX))
    }

    /// For each note in the order of the text whether it holds `needle`.
    fn held(&self, needle: &Needle) -> Vec<bool> {
        let mut held = vec![false; self.numbers.len()];
        let (mut slot, mut from) = (0, 0);
        while let Some(at) = self.text.get(from..).and_then(|rest| needle.position(rest)) {
            slot += ended_before(self.ends.get(slot..).unwrap_or_default(), from + at);
            let (Some(note), Some(end)) = (held.get_mut(slot), self.ends.get(slot)) else { break };
            *note = true;
            // The rest of this note has nothing to add.
            from = *end as usize;
            slot += 1;
        }
        held
    }
}

/// How many of `ends`, which ascend, are at most `at`: looked for in doubling steps, as the next match is mostly near.
fn ended_before(ends: &[u32], at: usize) -> usize {
    let is_before = |end: &u32| *end as usize <= at;
    let mut step = 1;
    while ends.get(step - 1).is_some_and(is_before) {
        step *= 2;
    }
    let near = ends.get(step / 2..step.min(ends.len())).unwrap_or_default();
    step / 2 + near.partition_point(is_before)
}

#[cfg(test)]
mod tests;
