//! Everything that is kept, record by record, and records from elsewhere.
//!
//! Authors come by account, and after each its notes in the order in which they were written, so that a copy of the
//! data gives the same records again.

use chassis::bundle::Fit;
use chassis::id::AccountId;
use chassis::standing::{Rung, Standing};
use rusqlite::OptionalExtension;

use super::entry::numbers_of;
use super::row::{self, AuthorRow};
use super::{Changes, StoreError, View};
use crate::bundle::Record;
use crate::note::Note;

impl View<'_> {
    /// Shows `each` every record until it answers `false`.
    pub(crate) fn each_record(&self, each: &mut dyn FnMut(Record) -> bool) -> Result<(), StoreError> {
        for account in self.authors()? {
            let Some(author) = AuthorRow::find(self.connection(), account)? else { continue };
            let goes_on = each(Record::Author(account, author.standing));
            let mut note = |note| each(Record::Note(Box::new(note)));
            let numbers = numbers_of(author.number);
            if !goes_on || !row::each_note(self.connection(), account, &numbers, &mut note)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// How each of `records` fits what is here.
    pub(crate) fn fits(&self, records: &[Record]) -> Result<Vec<Fit>, StoreError> {
        let fit = |record: &Record| match record {
            Record::Author(account, standing) => self.fit_of_author(*account, *standing),
            Record::Note(note) => self.fit_of_note(note),
        };
        records.iter().map(fit).collect()
    }

    fn authors(&self) -> Result<Vec<AccountId>, StoreError> {
        let mut statement =
            self.connection().prepare_cached("SELECT account FROM author ORDER BY account")?;
        let accounts = statement.query_map([], |row| row.get(0).map(AccountId::from_bytes))?;
        Ok(accounts.collect::<Result<_, _>>()?)
    }

    fn fit_of_author(&self, account: AccountId, standing: Standing) -> Result<Fit, StoreError> {
        Ok(match self.standing(account)? {
            None => Fit::New,
            Some(known) if known == standing => Fit::Same,
            Some(Standing { rung: Rung::Deleted, .. }) => Fit::Held("the account was erased here"),
            Some(_) => Fit::Held("the author is known here and stands elsewhere"),
        })
    }

    fn fit_of_note(&self, note: &Note) -> Result<Fit, StoreError> {
        let mut statement = self.connection().prepare_cached("SELECT 1 FROM note WHERE id = ?1")?;
        let is_here = statement.query_row([note.id.as_bytes()], |_row| Ok(())).optional()?.is_some();
        if is_here {
            return Ok(match self.find(note.author, note.id)? {
                Some(known) if known == *note => Fit::Same,
                Some(_) => Fit::Held("the note is here and is different"),
                None => Fit::Refused("its id belongs to a note of another author here"),
            });
        }
        Ok(match self.standing(note.author)? {
            Some(Standing { rung: Rung::Deleted, .. }) => Fit::Held("its author was erased here"),
            Some(_) | None => Fit::New,
        })
    }
}

impl Changes<'_> {
    /// Adds a record that fits; an author of whom only a note tells is one in use.
    pub(crate) fn insert_record(&self, record: &Record) -> Result<(), StoreError> {
        match record {
            Record::Author(account, standing) => self.raise(*account, *standing).map(drop),
            Record::Note(note) => {
                self.raise(note.author, Standing::new(Rung::Active))?;
                self.insert(note).map(drop)
            }
        }
    }
}
