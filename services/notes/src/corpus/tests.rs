//! The corpus against its definition: each note held against the needle.

use std::cmp::Reverse;

use chassis::clock::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::note::NoteId;

#[derive(Clone, Debug)]
struct Leaf {
    number: i64,
    is_archived: bool,
    is_pinned: bool,
    updated: i64,
    title: String,
    content: String,
}

impl Leaf {
    fn place(&self) -> Place {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.number.to_be_bytes());
        Place {
            is_pinned: Reverse(self.is_pinned),
            updated_at: Reverse(Timestamp::from_millis(self.updated)),
            id: NoteId::from_bytes(id),
        }
    }
}

fn add(corpus: &mut Corpus, leaf: &Leaf) {
    let source = Source { number: leaf.number, is_archived: leaf.is_archived };
    corpus.add(source, leaf.place(), &leaf.title, &leaf.content);
}

/// Texts of few letters, so that needles are found and found again; some fold to others.
const LETTERS: &str = "[abßẞ %\n猫🙂İıſs]{0,6}";

fn a_leaf() -> impl Strategy<Value = Leaf> {
    (0..20_i64, any::<bool>(), any::<bool>(), 0..4_i64, LETTERS, LETTERS).prop_map(
        |(number, is_archived, is_pinned, updated, title, content)| Leaf {
            number,
            is_archived,
            is_pinned,
            updated,
            title,
            content,
        },
    )
}

fn naive(leaves: &[Leaf], needle: &str, choice: Choice<'_>) -> (Vec<i64>, u32) {
    let mut needle = Needle::new(needle);
    let mut found: Vec<&Leaf> = leaves
        .iter()
        .filter(|leaf| leaf.is_archived == choice.is_archived)
        .filter(|leaf| choice.only.is_none_or(|only| only.contains(&leaf.number)))
        .filter(|leaf| needle.is_in(&leaf.title, &leaf.content))
        .collect();
    found.sort_by_key(|leaf| leaf.place());
    let total = u32::try_from(found.len()).unwrap();
    (found.iter().skip(choice.offset).take(choice.limit).map(|leaf| leaf.number).collect(), total)
}

proptest! {
    #[test]
    fn a_search_is_what_its_definition_says(
        changes in proptest::collection::vec(a_leaf(), 0..40),
        needles in proptest::collection::vec("[abßẞS %\n猫🙂İıſs]{0,3}", 1..8),
        only in proptest::collection::hash_set(0..20_i64, 0..12),
        (offset, limit) in (0..4_usize, 0..6_usize),
    ) {
        let mut corpus = Corpus::default();
        let mut leaves: Vec<Leaf> = Vec::new();
        for leaf in changes {
            leaves.retain(|other| other.number != leaf.number);
            corpus.remove(&HashSet::from([leaf.number]));
            // Every fifth number stays out: the change was a removal.
            if leaf.number % 5 != 0 {
                add(&mut corpus, &leaf);
                leaves.push(leaf);
            }
            corpus.sort();
        }
        for needle in needles {
            for is_archived in [false, true] {
                for only in [None, Some(&only)] {
                    let choice = Choice { is_archived, only, offset, limit };
                    prop_assert_eq!(corpus.find(&Needle::new(&needle), choice), naive(&leaves, &needle, choice));
                }
            }
        }
    }
}

#[test]
fn no_needle_reaches_from_one_text_into_the_next() {
    let mut corpus = Corpus::default();
    for number in [1, 2] {
        let leaf = Leaf {
            number,
            is_archived: false,
            is_pinned: false,
            updated: 0,
            title: "ab".to_owned(),
            content: "cd".to_owned(),
        };
        add(&mut corpus, &leaf);
    }
    corpus.sort();
    let all = Choice { is_archived: false, only: None, offset: 0, limit: 10 };
    for across in ["bc", "da", "abcd"] {
        assert_eq!(corpus.find(&Needle::new(across), all), (Vec::new(), 0), "{across}");
    }
    assert_eq!(corpus.find(&Needle::new("D"), all), (vec![1, 2], 2));
}

#[test]
fn it_is_sparse_when_more_notes_were_taken_out_than_are_left() {
    let mut corpus = Corpus::default();
    for number in 0..5 {
        let title = String::new();
        let content = String::new();
        add(&mut corpus, &Leaf { number, is_archived: false, is_pinned: false, updated: 0, title, content });
    }
    corpus.remove(&HashSet::from([0, 1]));
    assert!(!corpus.is_sparse());
    corpus.remove(&HashSet::from([2]));
    assert!(corpus.is_sparse());
}
