//! Puts an author's own words in the place of those that none of their notes has.
//!
//! How near a word is and how many stand in is said in [`crate::ranked`].

use std::collections::{BTreeMap, BTreeSet};

use super::Trouble;
use super::postings::each_term;
use super::schema::after_key;
use super::tally::{Fresh, Ground, Tally};
use crate::ranked::{CORRECTIONS_MAX, Near, Query, Scope, Term};

/// The query with its typos corrected; none when there is nothing to correct.
pub(super) fn corrected(
    ground: &Ground<'_>,
    query: &Query,
    tally: &Tally<'_>,
) -> Result<Option<Query>, Trouble> {
    let mut corrected = query.clone();
    let mut holders = tally.holders.iter();
    let mut is_corrected = false;
    for clause in &mut corrected.clauses {
        let mut choices = Vec::with_capacity(clause.choices.len());
        for choice in &clause.choices {
            let is_held = holders.next().is_some_and(|holders| *holders > 0);
            let stand_ins =
                if is_held || clause.is_excluded { Vec::new() } else { stand_ins(ground, choice)? };
            if stand_ins.is_empty() {
                choices.push(choice.clone());
            } else {
                is_corrected = true;
                choices.extend(stand_ins);
            }
        }
        clause.choices = choices;
    }
    Ok(is_corrected.then_some(corrected))
}

/// What `term` may have been meant to be, the nearest first, then the most frequent; only for a word by itself.
fn stand_ins(ground: &Ground<'_>, term: &Term) -> Result<Vec<Term>, Trouble> {
    let Term::Words { scope, words, is_prefix: false } = term else { return Ok(Vec::new()) };
    let [word] = words.as_slice() else { return Ok(Vec::new()) };
    let Some(mut near) = Near::to(word) else { return Ok(Vec::new()) };
    let mut candidates = Vec::new();
    for (word, in_fresh) in words_near(ground, *scope, &mut near)? {
        let Some(mistakes) = near.mistakes(&word) else { continue };
        let term = Term::Words { scope: *scope, words: vec![word], is_prefix: false };
        let holders = in_fresh + holders_in_parts(ground, &term)?;
        if holders > 0 {
            candidates.push((mistakes, std::cmp::Reverse(holders), term));
        }
    }
    // They came by name, and the sort keeps that where all else is equal.
    candidates.sort_by_key(|(mistakes, holders, _)| (*mistakes, *holders));
    Ok(candidates.into_iter().map(|(_, _, term)| term).take(CORRECTIONS_MAX).collect())
}

/// The words of the pile that are near, with the number of fresh notes that have them.
fn words_near(ground: &Ground<'_>, scope: Scope, near: &mut Near) -> Result<BTreeMap<String, u64>, Trouble> {
    let mut found = BTreeMap::new();
    if ground.fresh != Fresh::All {
        for part in ground.parts {
            for field in part.fields(scope) {
                each_term(field, ground.key.whole(), |term, _| {
                    if let Some(word) = std::str::from_utf8(term).ok().map(after_key)
                        && near.mistakes(word).is_some()
                    {
                        found.entry(word.to_owned()).or_default();
                    }
                })?;
            }
        }
    }
    ground.each_fresh(|_, words| {
        let words: BTreeSet<_> = words.of(scope).collect();
        for word in words.into_iter().filter(|word| near.mistakes(word).is_some()) {
            *found.entry(word.to_owned()).or_default() += 1;
        }
    })?;
    Ok(found)
}

fn holders_in_parts(ground: &Ground<'_>, term: &Term) -> Result<u64, Trouble> {
    let mut holders = 0;
    if ground.fresh != Fresh::All {
        for part in ground.parts {
            let living = ground.living(part)?;
            holders += part.hits(&ground.key, term)?.iter().filter(|hit| living.has(hit.doc)).count() as u64;
        }
    }
    Ok(holders)
}
