//! Finding one's notes: by what they say, by their tags, and by what is being typed.
//!
//! Each look takes its turn with the other long reads.

use std::sync::Arc;

use chassis::blocking;
use chassis::token::Caller;

use super::{Service, admitted};
use crate::completion::{Completion, Completions, Prompt, Source};
use crate::error::Error;
use crate::ranked::{Found, Marks, Wanted};
use crate::store::{StoreError, View};

/// Tags of one author that are told: a list of them that people read or choose from is never as long.
const TAGS_MAX: u32 = 1000;
/// Titles that are looked at for completions, the newest of them: some milliseconds for each letter typed.
const TITLES_MAX: u32 = 10_000;

impl Service {
    /// What of the caller's notes answers `wanted`, with the marks of each note on the page.
    pub(crate) async fn search(&self, caller: Caller, wanted: Wanted) -> Result<(Found, Vec<Marks>), Error> {
        // The index first: it must not be ahead of the notes that it is held against.
        let search = self.index.search();
        self.look(caller, move |notes| {
            let found = search.find(notes, caller.account, &wanted)?;
            let texts =
                found.notes.iter().map(|note| (note.draft.title.as_str(), note.draft.content.as_str()));
            let marks = texts.map(|(title, content)| found.query.marks(title, content)).collect();
            Ok((found, marks))
        })
        .await
    }

    /// The caller's tags and how many notes have them, the most frequent first, then by name.
    pub(crate) async fn tags(&self, caller: Caller, is_archived: bool) -> Result<Vec<(String, u64)>, Error> {
        self.look(caller, move |notes| notes.tags(caller.account, is_archived, TAGS_MAX)).await
    }

    /// The best `limit` completions of `prompt` among the caller's tags and titles.
    pub(crate) async fn suggest(
        &self,
        caller: Caller,
        prompt: Prompt,
        is_archived: bool,
        limit: usize,
    ) -> Result<Vec<Completion>, Error> {
        let mut completions = Completions::of(prompt, limit);
        self.look(caller, move |notes| {
            for (tag, count) in notes.tags(caller.account, is_archived, TAGS_MAX)? {
                completions.offer(&tag, Source::Tag, count);
            }
            notes.titles(caller.account, is_archived, TITLES_MAX, |title| {
                completions.offer(title, Source::Title, 1);
            })?;
            Ok(completions.into_best())
        })
        .await
    }

    /// Looks at the caller's notes when it is their turn, if their session stands.
    async fn look<T, L>(&self, caller: Caller, look: L) -> Result<T, Error>
    where
        T: Send + 'static,
        L: FnOnce(&View<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let turn = self.turn().await?;
        let store = Arc::clone(&self.store);
        blocking::run(move || {
            let seen = store.view(|notes| {
                admitted(notes, caller)?;
                Ok(look(notes)?)
            });
            drop(turn);
            seen
        })
        .await
    }
}
