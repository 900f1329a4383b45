//! What of a pile answers a query: by the parts of the index for what they hold rightly, by the notes themselves for
//! what is newer.
//!
//! Both count the same things, so that it makes no difference which of the two finds a note.

use std::ops::Range;
use std::sync::Arc;

use tantivy::{DocId, SegmentReader};

use super::Trouble;
use super::part::{Hit, Part};
use super::schema::{Key, lengths};
use super::sorted::{intersect, subtract, unite};
use crate::note::{Place, Text};
use crate::ranked::{Clause, Counts, Field, Lengths, Query, Scope, Term, folded};
use crate::store::{Entry, Pile, View};

/// Which notes a search reads from the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fresh {
    /// Those with these numbers, which are different in the index or not there.
    Only(Vec<i64>),
    /// All: the index has no part in the search.
    All,
}

/// Where is looked.
pub(super) struct Ground<'a> {
    pub(super) view: &'a View<'a>,
    pub(super) pile: Pile,
    pub(super) key: Key,
    pub(super) tag: Option<&'a Text>,
    pub(super) parts: &'a [Arc<Part>],
    pub(super) fresh: Fresh,
}

/// The query's terms in a row, and the clauses as stretches of it.
struct Plan<'a> {
    terms: Vec<&'a Term>,
    clauses: Vec<(bool, Range<usize>)>,
}

impl<'a> Plan<'a> {
    fn of(query: &'a Query) -> Self {
        let mut plan = Self { terms: Vec::new(), clauses: Vec::new() };
        for Clause { is_excluded, choices } in &query.clauses {
            let start = plan.terms.len();
            plan.terms.extend(choices);
            plan.clauses.push((*is_excluded, start..plan.terms.len()));
        }
        plan
    }

    /// Whether a note that holds the terms that `holds` says answers the query.
    fn is_answered(&self, holds: impl Fn(usize) -> bool) -> bool {
        self.clauses.iter().all(|(is_excluded, terms)| terms.clone().any(&holds) != *is_excluded)
    }
}

/// The answers in one part.
pub(super) struct InPart<'a> {
    pub(super) part: &'a Part,
    /// For each term of the query the notes that hold it.
    pub(super) hits: Vec<Vec<Hit>>,
    /// The notes that answer the query.
    pub(super) docs: Vec<DocId>,
}

/// An answer among the notes that were read.
pub(super) struct Read {
    pub(super) number: i64,
    pub(super) place: Place,
    pub(super) lengths: Lengths,
    /// For each term of the query.
    pub(super) counts: Vec<Counts>,
    pub(super) tags: Vec<Text>,
}

/// The texts of a note, taken apart.
pub(super) struct Words {
    title: Field,
    content: Field,
}

impl Words {
    /// The words in the fields of `scope`, repeated as they are.
    pub(super) fn of(&self, scope: Scope) -> impl Iterator<Item = &str> {
        let content = (scope == Scope::Anywhere).then(|| self.content.words());
        self.title.words().chain(content.into_iter().flatten())
    }
}

/// All that answers a query.
pub(super) struct Tally<'a> {
    pub(super) parts: Vec<InPart<'a>>,
    pub(super) read: Vec<Read>,
    /// For each term of the query how many notes of the pile hold it.
    pub(super) holders: Vec<u64>,
}

impl<'a> Tally<'a> {
    pub(super) fn of(ground: &Ground<'a>, query: &Query) -> Result<Self, Trouble> {
        let plan = Plan::of(query);
        let mut tally = Self { parts: Vec::new(), read: Vec::new(), holders: vec![0; plan.terms.len()] };
        if ground.fresh != Fresh::All {
            for part in ground.parts {
                let found = in_part(ground, &plan, part)?;
                for (holders, hits) in tally.holders.iter_mut().zip(&found.hits) {
                    *holders += hits.len() as u64;
                }
                tally.parts.push(found);
            }
        }
        ground.each_fresh(|entry, words| tally.count(ground, &plan, entry, words))?;
        Ok(tally)
    }

    /// How many notes answer the query.
    pub(super) fn total(&self) -> usize {
        self.parts.iter().map(|found| found.docs.len()).sum::<usize>() + self.read.len()
    }

    fn count(&mut self, ground: &Ground<'_>, plan: &Plan<'_>, entry: Entry, words: &Words) {
        let mut counts = Vec::with_capacity(plan.terms.len());
        let mut held = Vec::with_capacity(plan.terms.len());
        for (term, holders) in plan.terms.iter().zip(&mut self.holders) {
            let (count, holds) = held_in(term, &entry.tags, words);
            counts.push(count);
            held.push(holds);
            *holders += u64::from(holds);
        }
        let has_tag = ground.tag.is_none_or(|tag| entry.tags.contains(tag));
        if has_tag && plan.is_answered(|at| held.get(at).copied().unwrap_or(false)) {
            let Entry { number, place, tags, .. } = entry;
            self.read.push(Read {
                number,
                place,
                lengths: lengths(&words.title, &words.content),
                counts,
                tags,
            });
        }
    }
}

impl Ground<'_> {
    /// Calls `each` with every note of the pile that is read from the database.
    pub(super) fn each_fresh(&self, mut each: impl FnMut(Entry, &Words)) -> Result<(), Trouble> {
        let mut give = |entry: Entry| {
            if entry.is_archived == self.pile.is_archived {
                let words = Words { title: Field::of(&entry.title), content: Field::of(&entry.content) };
                each(entry, &words);
            }
            true
        };
        match &self.fresh {
            Fresh::All => self.view.entries(&self.pile.numbers(), give)?,
            Fresh::Only(numbers) => {
                for number in numbers {
                    if let Some(entry) = self.view.entry(*number)? {
                        give(entry);
                    }
                }
            }
        }
        Ok(())
    }

    /// Which of `part`'s documents count: those that live and are not read from the database.
    pub(super) fn living<'p>(&self, part: &'p Part) -> Result<Living<'p>, Trouble> {
        let mut replaced = Vec::new();
        if let Fresh::Only(numbers) = &self.fresh {
            for number in numbers {
                replaced.extend(part.documents_of(*number)?);
            }
        }
        replaced.sort_unstable();
        Ok(Living { reader: &part.reader, replaced })
    }
}

/// Tells which documents of a part count.
pub(super) struct Living<'p> {
    reader: &'p SegmentReader,
    replaced: Vec<DocId>,
}

impl Living<'_> {
    pub(super) fn has(&self, doc: DocId) -> bool {
        !self.reader.is_deleted(doc)
            && (self.replaced.is_empty() || self.replaced.binary_search(&doc).is_err())
    }

    /// Whether that is all of them.
    fn is_all(&self) -> bool {
        !self.reader.has_deletes() && self.replaced.is_empty()
    }
}

fn in_part<'a>(ground: &Ground<'_>, plan: &Plan<'_>, part: &'a Part) -> Result<InPart<'a>, Trouble> {
    let living = ground.living(part)?;
    let mut hits = Vec::with_capacity(plan.terms.len());
    for term in &plan.terms {
        let mut found = part.hits(&ground.key, term)?;
        if !living.is_all() {
            found.retain(|hit| living.has(hit.doc));
        }
        hits.push(found);
    }
    let tagged = ground.tag.map(|tag| part.tagged(&ground.key, tag.as_str())).transpose()?;
    let mut docs = answers(plan, &hits, tagged, || part.pile(&ground.key))?;
    // What a term gave lives already; a tag and a whole pile were not asked.
    docs.retain(|doc| living.has(*doc));
    Ok(InPart { part, hits, docs })
}

/// The documents that answer all clauses and are among `tagged`; `pile` are all that there are.
fn answers(
    plan: &Plan<'_>,
    hits: &[Vec<Hit>],
    tagged: Option<Vec<DocId>>,
    pile: impl FnOnce() -> tantivy::Result<Vec<DocId>>,
) -> Result<Vec<DocId>, Trouble> {
    let holding = |terms: &Range<usize>| {
        let lists = hits.get(terms.clone()).unwrap_or_default();
        let docs = |hits: &Vec<Hit>| hits.iter().map(|hit| hit.doc).collect::<Vec<_>>();
        lists.iter().map(docs).reduce(|all, docs| unite(&all, &docs)).unwrap_or_default()
    };
    let wanted = plan.clauses.iter().filter(|(is_excluded, _)| !is_excluded).map(|(_, terms)| holding(terms));
    let first = match wanted.chain(tagged).reduce(|kept, docs| intersect(&kept, &docs)) {
        Some(docs) => docs,
        None => pile()?,
    };
    let excluded = plan.clauses.iter().filter(|(is_excluded, _)| *is_excluded);
    Ok(excluded.fold(first, |kept, (_, terms)| subtract(&kept, &holding(terms))))
}

/// How often a note holds `term`, and whether it does.
fn held_in(term: &Term, tags: &[Text], words: &Words) -> (Counts, bool) {
    match term {
        Term::Tag(wanted) => (Counts::default(), tags.iter().any(|tag| folded(tag.as_str()) == *wanted)),
        Term::Words { scope, words: wanted, is_prefix } => {
            let count =
                |field: &Field| u32::try_from(field.find(wanted, *is_prefix).count()).unwrap_or(u32::MAX);
            let title = count(&words.title);
            let content = if *scope == Scope::Anywhere { count(&words.content) } else { 0 };
            (Counts { title, content }, title > 0 || content > 0)
        }
    }
}
