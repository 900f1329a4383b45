//! What large authors need done beside their writes: trigrams that are to be filled or emptied.
//!
//! Knows who is overdue and does one batch at a time, between which others write; when and on which thread is for the
//! verbs to say.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chassis::id::AccountId;
use rusqlite::Connection;

use super::corpora::AUTHOR_BYTES_MAX;
use super::row::AuthorRow;
use super::{Store, StoreError, View, gram};

/// Notes that one commit fills in: some 30 ms of the writer's time.
const BATCH: u32 = 200;

/// Authors whose trigrams are not what they should be.
#[derive(Debug, Default)]
pub(super) struct Chores(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    overdue: BTreeSet<i64>,
    is_under_way: bool,
}

impl Chores {
    /// Those that a stop left.
    pub(super) fn open(connection: &Connection) -> Result<Self, StoreError> {
        let mut statement = connection.prepare(&format!(
            "SELECT number FROM author WHERE bytes > {AUTHOR_BYTES_MAX} AND filled < {all} AND rung < 3
             UNION
             SELECT number FROM author WHERE filled > 0 AND bytes < {AUTHOR_BYTES_MAX} / 2 AND rung < 3",
            all = gram::ALL,
        ))?;
        let overdue = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(Self(Mutex::new(State { overdue, is_under_way: false })))
    }

    /// Notes that the author with this number has `bytes` of notes of which those up to `filled` have trigrams.
    pub(super) fn see(&self, author: i64, bytes: i64, filled: i64) {
        if gram::is_to_fill(bytes, filled) || gram::is_to_empty(bytes, filled) {
            self.state().overdue.insert(author);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Whether there is something to do that nobody does yet; the caller then has it to do.
    pub(crate) fn takes_up_chores(&self) -> bool {
        let mut state = self.chores.state();
        let is_due = !state.is_under_way && !state.overdue.is_empty();
        state.is_under_way |= is_due;
        is_due
    }

    /// Does a batch of what is overdue; `false` when nothing is left. What cannot be done now is given up: the next
    /// write of that author brings it up again.
    pub(crate) fn do_chore(&self) -> bool {
        let Some(author) = self.chores.state().overdue.first().copied() else {
            return self.lay_down();
        };
        match self.change("fill", move |notes| notes.tend(author, BATCH)) {
            Ok(true) => true,
            Ok(false) => {
                self.chores.state().overdue.remove(&author);
                true
            }
            Err(error) => {
                let error: StoreError = error;
                tracing::warn!(author, %error, "the trigrams of an author could not be brought up to date");
                self.chores.state().overdue.remove(&author);
                true
            }
        }
    }

    /// Sees to it that nothing of the notes that `account` had is left in the file of the trigrams. The account is
    /// deleted, and its notes are gone.
    pub(crate) fn forget_grams(&self, account: AccountId) -> Result<(), StoreError> {
        let of = |notes: &View<'_>| AuthorRow::find(notes.connection(), account);
        let Some(author) = self.view(of)?.filter(|author| author.filled > 0) else {
            return Ok(());
        };
        let mut is_first = true;
        while self.change::<_, StoreError, _>("forget", move |notes| notes.merge_grams(is_first))? {
            is_first = false;
        }
        self.change("forget", move |notes| notes.set_filled(author.number, 0))
    }

    /// Ends the work if nothing came up in the meantime.
    fn lay_down(&self) -> bool {
        let mut state = self.chores.state();
        state.is_under_way = !state.overdue.is_empty();
        state.is_under_way
    }
}
