//! One page of what answers a query, the best first, with the tags of all that does.
//!
//! The notes come from the database; what the index says of them is held against that.

use std::collections::HashMap;

use chassis::id::AccountId;
use chassis::page::Page;

use super::Trouble;
use super::tally::{Ground, InPart, Read, Tally};
use super::typo;
use crate::note::{Note, Place, Text};
use crate::ranked::{self, Found, Query, TAGS_MAX, Wanted};

/// The answer to `wanted` on `ground`, whose notes are those of `account`.
pub(super) fn answer(ground: &Ground<'_>, account: AccountId, wanted: &Wanted) -> Result<Found, Trouble> {
    let mut query = wanted.query.clone();
    let mut tally = Tally::of(ground, &query)?;
    if let Some(corrected) = typo::corrected(ground, &query, &tally)? {
        tally = Tally::of(ground, &corrected)?;
        query = corrected;
    }
    let best = best(&tally, &weights(ground, &query, &tally), wanted.page);
    let notes = best.into_iter().map(|at| note(ground, account, &tally, at)).collect::<Result<_, _>>()?;
    Ok(Found { notes, total: tally.total() as u64, tags: tags(&tally)?, query })
}

/// For each term of the query what it says about a note that holds it; nothing if it is excluded.
fn weights(ground: &Ground<'_>, query: &Query, tally: &Tally<'_>) -> Vec<f64> {
    let terms = query.clauses.iter().flat_map(|clause| clause.choices.iter().map(|_| clause.is_excluded));
    let weight = |(is_excluded, holders): (bool, &u64)| {
        if is_excluded { 0.0 } else { ranked::weight(u64::from(ground.pile.notes), *holders) }
    };
    terms.zip(&tally.holders).map(weight).collect()
}

/// An answer: its rank, and where it is: the place of its part among all parts, and its place there. Those that were
/// read come after the last part.
#[derive(Clone, Copy)]
struct Candidate {
    rank: f64,
    part: usize,
    at: usize,
}

fn best(tally: &Tally<'_>, weights: &[f64], page: Page) -> Vec<Candidate> {
    let mut candidates = Vec::with_capacity(tally.total());
    for (part, found) in tally.parts.iter().enumerate() {
        let worths = worths(found, weights);
        let rank = |(at, (doc, worth)): (usize, (&u32, f64))| Candidate {
            rank: ranked::rank(worth, found.part.boost(*doc)),
            part,
            at,
        };
        candidates.extend(found.docs.iter().zip(worths).enumerate().map(rank));
    }
    let rank = |(at, read): (usize, &Read)| {
        let points = weights
            .iter()
            .zip(&read.counts)
            .map(|(weight, counts)| ranked::points(*weight, *counts, read.lengths));
        let worth = points.fold(0.0, |sum, points| sum + points);
        let boost = ranked::boost(read.place.updated_at.0);
        Candidate { rank: ranked::rank(worth, boost), part: tally.parts.len(), at }
    };
    candidates.extend(tally.read.iter().enumerate().map(rank));
    let clipped = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let (offset, limit) = (clipped(page.offset()), clipped(page.limit()));
    let order = |left: &Candidate, right: &Candidate| {
        let by_place = || place(tally, *left).cmp(&place(tally, *right));
        right.rank.total_cmp(&left.rank).then_with(by_place)
    };
    let end = offset.saturating_add(limit);
    if end < candidates.len() {
        candidates.select_nth_unstable_by(end, order);
        candidates.truncate(end);
    }
    candidates.sort_unstable_by(order);
    candidates.into_iter().skip(offset).collect()
}

/// What the answers of a part are worth, in their order.
fn worths(found: &InPart<'_>, weights: &[f64]) -> Vec<f64> {
    let mut worths = vec![0.0; found.docs.len()];
    for (hits, weight) in found.hits.iter().zip(weights).filter(|(_, weight)| **weight > 0.0) {
        let mut answers = found.docs.iter().zip(&mut worths).peekable();
        for hit in hits {
            while answers.next_if(|(doc, _)| **doc < hit.doc).is_some() {}
            if let Some((doc, worth)) = answers.next_if(|(doc, _)| **doc == hit.doc) {
                *worth += ranked::points(*weight, hit.counts, found.part.lengths(*doc));
            }
        }
    }
    worths
}

fn place(tally: &Tally<'_>, candidate: Candidate) -> Option<Place> {
    match tally.parts.get(candidate.part) {
        Some(found) => found.docs.get(candidate.at).map(|doc| found.part.place(*doc)),
        None => tally.read.get(candidate.at).map(|read| read.place),
    }
}

/// The note of a candidate. One that is not as the index says shows that the index is not to be believed.
fn note(
    ground: &Ground<'_>,
    account: AccountId,
    tally: &Tally<'_>,
    candidate: Candidate,
) -> Result<Note, Trouble> {
    let number = match tally.parts.get(candidate.part) {
        Some(found) => found.docs.get(candidate.at).map(|doc| found.part.number_of(*doc)),
        None => tally.read.get(candidate.at).map(|read| read.number),
    };
    let number = number.filter(|number| ground.pile.numbers().contains(number)).ok_or(Trouble::Differs)?;
    let note = ground.view.numbered(account, number)?.ok_or(Trouble::Differs)?;
    let is_same = note.draft.is_archived == ground.pile.is_archived
        && place(tally, candidate).is_some_and(|place| place.updated_at.0 == note.updated_at);
    if is_same { Ok(note) } else { Err(Trouble::Differs) }
}

/// The tags of the answers with their numbers, the most frequent first, then by name.
fn tags(tally: &Tally<'_>) -> Result<Vec<(String, u64)>, Trouble> {
    let mut counts: HashMap<String, u64> = HashMap::new();
    for found in &tally.parts {
        tags_of_part(found, &mut counts)?;
    }
    for read in &tally.read {
        let mut tags: Vec<_> = read.tags.iter().map(Text::as_str).collect();
        tags.sort_unstable();
        tags.dedup();
        for tag in tags {
            *counts.entry(tag.to_owned()).or_default() += 1;
        }
    }
    let mut tags: Vec<_> = counts.into_iter().collect();
    tags.sort_unstable_by(|(left, most), (right, more)| more.cmp(most).then_with(|| left.cmp(right)));
    tags.truncate(TAGS_MAX);
    Ok(tags)
}

fn tags_of_part(found: &InPart<'_>, counts: &mut HashMap<String, u64>) -> Result<(), Trouble> {
    let ordinals = || found.docs.iter().flat_map(|doc| found.part.tags(*doc));
    // One author's tags lie together in the dictionary, so their ordinals are few and near each other.
    let (Some(first), Some(last)) = (ordinals().min().copied(), ordinals().max().copied()) else {
        return Ok(());
    };
    let mut times = vec![0_u64; (last - first) as usize + 1];
    for ordinal in ordinals() {
        if let Some(times) = times.get_mut((ordinal - first) as usize) {
            *times += 1;
        }
    }
    let present = || times.iter().zip(first..).filter(|(times, _)| **times > 0);
    let mut each = present().map(|(times, _)| *times);
    found.part.names(present().map(|(_, ordinal)| ordinal), |tag| {
        *counts.entry(tag.to_owned()).or_default() += each.next().unwrap_or(0);
    })?;
    Ok(())
}
