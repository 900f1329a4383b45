//! The definition of an answer: every note is held against the query, by itself and without an index.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::note::Place;
use crate::ranked::{self, CORRECTIONS_MAX, Counts, Lengths, Near, Query, Scope, TAGS_MAX, folded};

fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    ranked::words(text, |word, _| found.push(word.to_owned()));
    found
}

fn fields(note: &Note, scope: Scope) -> Vec<Vec<String>> {
    let draft = &note.draft;
    let mut fields = vec![words(draft.title.as_str())];
    if scope == Scope::Anywhere {
        fields.push(words(draft.content.as_str()));
    }
    fields
}

fn count(field: &[String], wanted: &[String], is_prefix: bool) -> u32 {
    let (last, before) = wanted.split_last().unwrap();
    let fits = |window: &&[String]| {
        let (end, start) = window.split_last().unwrap();
        start == before && (end == last || is_prefix && end.starts_with(last.as_str()))
    };
    u32::try_from(field.windows(wanted.len()).filter(fits).count()).unwrap()
}

fn counts(note: &Note, term: &Term) -> Counts {
    match term {
        Term::Tag(_) => Counts::default(),
        Term::Words { scope, words, is_prefix } => {
            let fields = fields(note, *scope);
            let of = |at: usize| fields.get(at).map_or(0, |field| count(field, words, *is_prefix));
            Counts { title: of(0), content: of(1) }
        }
    }
}

fn holds(note: &Note, term: &Term) -> bool {
    match term {
        Term::Tag(tag) => note.draft.tags.iter().any(|own| folded(own.as_str()) == *tag),
        Term::Words { .. } => counts(note, term) != Counts::default(),
    }
}

fn is_answer(note: &Note, query: &Query) -> bool {
    query.is_in(note.draft.title.as_str(), note.draft.content.as_str(), &note.draft.tags)
}

fn holders(pile: &[&Note], term: &Term) -> u64 {
    pile.iter().filter(|note| holds(note, term)).count() as u64
}

fn corrected(pile: &[&Note], query: &Query) -> Query {
    let mut query = query.clone();
    for clause in query.clauses.iter_mut().filter(|clause| !clause.is_excluded) {
        let choices = clause.choices.iter().flat_map(|term| {
            let stand_ins = stand_ins(pile, term);
            if holders(pile, term) > 0 || stand_ins.is_empty() { vec![term.clone()] } else { stand_ins }
        });
        clause.choices = choices.collect();
    }
    query
}

fn stand_ins(pile: &[&Note], term: &Term) -> Vec<Term> {
    let Term::Words { scope, words, is_prefix: false } = term else { return Vec::new() };
    let Some(mut near) = Near::to(&words[0]).filter(|_| words.len() == 1) else { return Vec::new() };
    let own: BTreeSet<String> = pile.iter().flat_map(|note| fields(note, *scope)).flatten().collect();
    let term = |word: &String| Term::Words { scope: *scope, words: vec![word.clone()], is_prefix: false };
    let mut candidates: Vec<_> = own
        .iter()
        .filter_map(|word| Some((near.mistakes(word)?, std::cmp::Reverse(holders(pile, &term(word))), word)))
        .collect();
    candidates.sort();
    candidates.iter().take(CORRECTIONS_MAX).map(|(_, _, word)| term(word)).collect()
}

fn rank(note: &Note, query: &Query, pile: &[&Note]) -> f64 {
    let [title, content] = [note.draft.title.as_str(), note.draft.content.as_str()];
    let length = |text| u32::try_from(words(text).len()).unwrap();
    let lengths = Lengths { title: length(title), content: length(content) };
    let wanted = query.clauses.iter().filter(|clause| !clause.is_excluded).flat_map(|clause| &clause.choices);
    let points = wanted.map(|term| {
        let weight = ranked::weight(pile.len() as u64, holders(pile, term));
        ranked::points(weight, counts(note, term), lengths)
    });
    ranked::rank(points.fold(0.0, |sum, points| sum + points), ranked::boost(note.updated_at))
}

fn place(note: &Note) -> Place {
    use std::cmp::Reverse;
    Place { is_pinned: Reverse(note.draft.is_pinned), updated_at: Reverse(note.updated_at), id: note.id }
}

/// What `wanted` finds among `notes`, which are all of one author.
pub(super) fn found(notes: &BTreeMap<NoteId, Note>, wanted: &Wanted) -> Found {
    let pile: Vec<_> = notes.values().filter(|note| note.draft.is_archived == wanted.is_archived).collect();
    let query = corrected(&pile, &wanted.query);
    let has_tag = |note: &&&Note| wanted.tag.as_ref().is_none_or(|tag| note.draft.tags.contains(tag));
    let answers = pile.iter().filter(has_tag).filter(|note| is_answer(note, &query));
    let mut answers: Vec<_> = answers.map(|note| (rank(note, &query, &pile), *note)).collect();
    answers.sort_by(|(left, first), (right, second)| {
        right.total_cmp(left).then_with(|| place(first).cmp(&place(second)))
    });
    let mut tags: BTreeMap<String, u64> = BTreeMap::new();
    for (_, note) in &answers {
        for tag in note.draft.tags.iter().map(Text::as_str).collect::<BTreeSet<_>>() {
            *tags.entry(tag.to_owned()).or_default() += 1;
        }
    }
    let mut tags: Vec<_> = tags.into_iter().collect();
    tags.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    tags.truncate(TAGS_MAX);
    let [offset, limit] =
        [wanted.page.offset(), wanted.page.limit()].map(|count| usize::try_from(count).unwrap());
    let page = answers.iter().skip(offset).take(limit).map(|(_, note)| (*note).clone());
    Found { notes: page.collect(), total: answers.len() as u64, tags, query }
}
