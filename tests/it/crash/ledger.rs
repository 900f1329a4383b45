//! What a client may rely on: acknowledged values, and those that an unanswered request may have made.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Display, Formatter};

use super::kind::Kind;

/// A value as last acknowledged, and what may have replaced it since.
#[derive(Clone, Debug)]
pub(super) struct Known<T> {
    sure: T,
    maybe: Option<T>,
}

impl<T: PartialEq + Debug> Known<T> {
    pub(super) const fn new(sure: T) -> Self {
        Self { sure, maybe: None }
    }

    /// The acknowledged value.
    pub(super) const fn sure(&self) -> &T {
        &self.sure
    }

    /// Whether nothing may have replaced it.
    pub(super) const fn is_sure(&self) -> bool {
        self.maybe.is_none()
    }

    /// Both values, the acknowledged one first.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.sure).chain(&self.maybe)
    }

    /// A request to set `value` is on its way.
    pub(super) fn attempt(&mut self, value: T) {
        self.maybe = Some(value);
    }

    /// The request on its way was answered, or never left.
    pub(super) fn settle_as(&mut self, happened: bool) {
        if let Some(value) = self.maybe.take()
            && happened
        {
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

/// What was tried and found.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Operations that were answered with success, by kind.
    pub(super) acknowledged: BTreeMap<Kind, u64>,
    /// Operations that were certainly not done.
    pub(super) refused: u64,
    /// Operations whose outcome nobody was told.
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

    /// How many operations were answered with success.
    pub(super) fn all_acknowledged(&self) -> u64 {
        self.acknowledged.values().sum()
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (kind, count) in &other.acknowledged {
            *self.acknowledged.entry(*kind).or_default() += count;
        }
        self.refused += other.refused;
        self.unknown += other.unknown;
        self.happened += other.happened;
        self.compared += other.compared;
    }
}

impl Display for Counts {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { refused, unknown, happened, compared, .. } = self;
        let acknowledged = self.all_acknowledged();
        write!(
            f,
            "{acknowledged} acknowledged, {refused} refused, {unknown} unknown ({happened} of them had happened), \
             {compared} compared"
        )
    }
}
