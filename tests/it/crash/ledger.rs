//! What one client may rely on: acknowledged values, and those that an unanswered request may have made.

use std::collections::BTreeMap;

use serde_json::Value;

/// A value as last acknowledged, and what may have replaced it since.
#[derive(Clone, Debug)]
pub(super) struct Known<T> {
    sure: T,
    maybe: Option<T>,
}

impl<T: PartialEq + std::fmt::Debug> Known<T> {
    pub(super) const fn new(sure: T) -> Self {
        Self { sure, maybe: None }
    }

    /// The acknowledged value.
    pub(super) const fn sure(&self) -> &T {
        &self.sure
    }

    /// Both values, the acknowledged one first.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.sure).chain(&self.maybe)
    }

    /// A request to set `value` is on its way.
    pub(super) fn attempt(&mut self, value: T) {
        self.maybe = Some(value);
    }

    /// The request on its way was acknowledged.
    pub(super) fn acknowledge(&mut self) {
        if let Some(value) = self.maybe.take() {
            self.sure = value;
        }
    }

    /// Takes over what was found and tells whether an unanswered request had made it; an error if it is neither value.
    pub(super) fn settle(&mut self, found: T) -> Result<bool, String> {
        let happened = Some(&found) == self.maybe.as_ref();
        if !happened && found != self.sure {
            return Err(format!("expected {:?} or {:?}, found {found:?}", self.sure, self.maybe));
        }
        *self = Self::new(found);
        Ok(happened)
    }
}

/// A note: where it is once that is known, and its content; `None` while it is not there.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub(super) id: Option<String>,
    pub(super) content: Known<Option<String>>,
}

/// Notes by their titles, which are never used twice.
#[derive(Debug, Default)]
pub(super) struct Notes(BTreeMap<String, Note>);

impl Notes {
    /// A note with this title is about to be written.
    pub(super) fn expect(&mut self, title: &str) -> &mut Note {
        self.0.entry(title.to_owned()).or_insert(Note { id: None, content: Known::new(None) })
    }

    /// How many are there for certain.
    pub(super) fn len(&self) -> usize {
        self.0.values().filter(|note| note.is_there()).count()
    }

    /// One that is there for certain, drawn by the number `at`.
    pub(super) fn draw(&mut self, at: usize) -> Option<(&str, &mut Note)> {
        let mut there: Vec<_> = self.0.iter_mut().filter(|(_, note)| note.is_there()).collect();
        let count = there.len().max(1);
        (!there.is_empty()).then(|| there.swap_remove(at % count)).map(|(title, note)| (title.as_str(), note))
    }

    /// Compares them with all notes that were listed, forgets those that are gone, and counts.
    pub(super) fn settle(&mut self, listed: &[Value]) -> Result<Counts, String> {
        let mut found = BTreeMap::new();
        for note in listed {
            let text = |name: &str| note[name].as_str().unwrap_or_default().to_owned();
            if found.insert(text("title"), (text("id"), text("content"))).is_some() {
                return Err(format!("there twice: {note}"));
            }
        }
        let mut counts = Counts::default();
        for (title, note) in &mut self.0 {
            let (id, content) = found.remove(title).unzip();
            if let (Some(before), Some(now)) = (&note.id, &id)
                && before != now
            {
                return Err(format!("{title} has another id: {before}, {now}"));
            }
            let happened = note.content.settle(content).map_err(|error| format!("note {title}: {error}"))?;
            counts.compare(happened);
            note.id = id;
        }
        self.0.retain(|_, note| note.id.is_some());
        found
            .keys()
            .next()
            .map_or(Ok(counts), |title| Err(format!("nobody wrote {title}, or it was deleted")))
    }
}

impl Note {
    fn is_there(&self) -> bool {
        self.id.is_some() && self.content.sure().is_some()
    }
}

/// What was tried and found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// Operations that were answered with success.
    pub(super) acknowledged: u64,
    /// Operations without an answer.
    pub(super) unknown: u64,
    /// Of those, how many had happened.
    pub(super) happened: u64,
    /// Values compared after restarts.
    pub(super) compared: u64,
}

impl Counts {
    /// One more value was compared, which an unanswered request had made or not.
    pub(super) fn compare(&mut self, happened: bool) {
        self.compared += 1;
        self.happened += u64::from(happened);
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.unknown += other.unknown;
        self.happened += other.happened;
        self.compared += other.compared;
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { acknowledged, unknown, happened, compared } = self;
        write!(
            f,
            "{acknowledged} acknowledged, {unknown} unanswered ({happened} of them had happened), {compared} compared"
        )
    }
}
