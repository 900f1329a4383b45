//! Sets of documents as sorted lists.

use std::cmp::Ordering;

use tantivy::DocId;

/// What is in either.
pub(super) fn unite(left: &[DocId], right: &[DocId]) -> Vec<DocId> {
    merge(left, right, [true, true, true])
}

/// What is in both.
pub(super) fn intersect(left: &[DocId], right: &[DocId]) -> Vec<DocId> {
    merge(left, right, [false, true, false])
}

/// What is in `left` and not in `right`.
pub(super) fn subtract(left: &[DocId], right: &[DocId]) -> Vec<DocId> {
    merge(left, right, [true, false, false])
}

/// Keeps what is in the left list only, in both, in the right list only.
fn merge(
    mut left: &[DocId],
    mut right: &[DocId],
    [keeps_left, keeps_both, keeps_right]: [bool; 3],
) -> Vec<DocId> {
    let mut kept = Vec::with_capacity(left.len());
    while let (Some((first, after_first)), Some((second, after_second))) =
        (left.split_first(), right.split_first())
    {
        match first.cmp(second) {
            Ordering::Less => {
                if keeps_left {
                    kept.push(*first);
                }
                left = after_first;
            }
            Ordering::Equal => {
                if keeps_both {
                    kept.push(*first);
                }
                (left, right) = (after_first, after_second);
            }
            Ordering::Greater => {
                if keeps_right {
                    kept.push(*second);
                }
                right = after_second;
            }
        }
    }
    if keeps_left {
        kept.extend_from_slice(left);
    }
    if keeps_right {
        kept.extend_from_slice(right);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_behave_as_sets() {
        let (left, right) = ([1, 3, 5, 7], [3, 4, 7, 9]);
        assert_eq!(unite(&left, &right), [1, 3, 4, 5, 7, 9]);
        assert_eq!(intersect(&left, &right), [3, 7]);
        assert_eq!(subtract(&left, &right), [1, 5]);
        assert_eq!(unite(&[], &right), right);
        assert_eq!(subtract(&left, &[]), left);
        assert!(intersect(&left, &[]).is_empty());
    }
}
