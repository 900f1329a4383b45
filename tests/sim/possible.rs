//! What a value may be, as far as its writers know: acknowledged writes decide, unknown ones may land at any time.

use crate::client::Outcome;

/// The values that may be there.
#[derive(Clone, Debug)]
pub(crate) struct Possible<T> {
    values: Vec<T>,
    /// Values of writes that nobody knows the end of: each may still come.
    loose: Vec<T>,
    /// Values of writes under way.
    open: Vec<T>,
    version: u64,
}

/// A moment in the history of a value that nobody was writing; `None` for any other.
pub(crate) type Calm = Option<u64>;

/// A write under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writing {
    version: u64,
    alone: bool,
}

impl<T: Clone + PartialEq> Possible<T> {
    /// Certainly `value`.
    pub(crate) fn certain(value: T) -> Self {
        Self { values: vec![value], loose: Vec::new(), open: Vec::new(), version: 0 }
    }

    /// A write of `value` begins.
    pub(crate) fn begin(&mut self, value: T) -> Writing {
        self.version += 1;
        self.open.push(value);
        Writing { version: self.version, alone: self.open.len() == 1 }
    }

    /// A write of `value` ends; tells whether there was no other write since it began.
    pub(crate) fn end(&mut self, writing: Writing, outcome: Outcome, value: T) -> bool {
        if let Some(at) = self.open.iter().position(|open| *open == value) {
            self.open.swap_remove(at);
        }
        let alone = writing.alone && writing.version == self.version;
        match outcome {
            Outcome::Done if alone => self.values = self.loose.clone(),
            Outcome::Done => {}
            Outcome::Refused => {
                // As if nobody had tried.
                self.version -= u64::from(alone);
                return alone;
            }
            Outcome::Unknown => self.loose.push(value.clone()),
        }
        self.version += 1;
        self.values.push(value);
        alone
    }

    /// It is `value`, and nothing that is under way can change that.
    pub(crate) fn seal(&mut self, value: T) {
        self.version += 1;
        self.loose.clear();
        self.values = vec![value];
    }

    /// This moment, if nobody is writing.
    pub(crate) fn calm(&self) -> Calm {
        self.open.is_empty().then_some(self.version)
    }

    /// Whether `seen` may have been read between `since` and now; true when there was a writer.
    pub(crate) fn admits(&self, since: Calm, seen: &T) -> bool {
        since.is_none() || since != self.calm() || self.values.contains(seen)
    }

    /// Whether it may be `value` when nobody is writing.
    pub(crate) fn may_be(&self, value: &T) -> bool {
        self.values.contains(value)
    }

    /// Whether it may be `value` now, by a write under way too.
    pub(crate) fn could_be(&self, value: &T) -> bool {
        self.may_be(value) || self.open.contains(value)
    }

    /// The value, if it is certain now.
    pub(crate) fn only(&self) -> Option<&T> {
        match self.values.as_slice() {
            [value] if self.loose.is_empty() && self.open.is_empty() => Some(value),
            _ => None,
        }
    }

    /// Whether nobody ever tried to change it.
    pub(crate) fn is_untouched(&self) -> bool {
        self.version == 0
    }

    /// Every value that it may have.
    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }
}
