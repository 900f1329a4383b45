//! What authors do with their notes, and what others tell us of authors.
//!
//! Owns the rules: who may, in what order, in which unit of work. Knows neither HTTP nor SQL. A verb that only reads
//! by key waits for nothing, and so is a plain function.

mod bundle;
mod doctor;
mod hearing;
mod measure;
mod search;

use std::sync::Arc;
use std::time::Duration;

use chassis::blocking;
use chassis::clock::Clock;
use chassis::entropy::Stream;
use chassis::id::AccountId;
use chassis::inbox::Receipt;
use chassis::standing::{Rung, Standing};
use chassis::task;
use chassis::token::Caller;
use chassis::turn::{Limits, Turn, Turns};
use tokio::time::Instant;

pub(crate) use self::doctor::Doctor;
pub(crate) use self::hearing::Hearing;
use crate::error::Error;
use crate::listing::{Listed, Listing};
use crate::note::{Draft, Edit, Import, Note, NoteId};
use crate::search::Index;
use crate::store::{Arrival, Changes, Store, StoreError, View};

/// Notes that one transaction of a purge removes, so that other writes come in between (PROTOCOL.md §5).
const PURGE_BATCH: u32 = 1000;
/// Long reads that wait for their turn: at some ten milliseconds each the last begins within half a second.
const LONG_READS_WAITING_MAX: usize = 64;
/// A search that could not begin by then is refused: its caller will not wait much longer.
const LONG_READ_WAIT_MAX: Duration = Duration::from_secs(2);

/// The notes, and the index that is derived from them. It is let go of first: it reads the notes until its end.
#[derive(Clone, Debug)]
pub(crate) struct Data {
    pub(crate) index: Arc<Index>,
    pub(crate) store: Arc<Store>,
}

/// The verbs of notes.
#[derive(Debug)]
pub(crate) struct Service {
    index: Arc<Index>,
    store: Arc<Store>,
    clock: Clock,
    note_ids: Stream,
    /// Scans that run at a time: the store has readers left for everyone else.
    long_reads: Turns,
    /// In the strict profile only.
    hearing: Option<Hearing>,
}

impl Service {
    /// The verbs over `data`, after purges that a stop interrupted were taken up again.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method fits one lifetime, a view has any"
    )]
    pub(crate) fn open(
        data: Data,
        clock: Clock,
        note_ids: Stream,
        long_reads: usize,
        hearing: Option<Hearing>,
    ) -> Result<Self, StoreError> {
        let Data { index, store } = data;
        for account in store.view(|notes| notes.to_purge())? {
            // A note that cannot be removed keeps no one else from theirs: its author is refused as it is.
            if let Err(error) = purge(&store, account) {
                tracing::error!(%account, error = &error as &dyn std::error::Error, "a purge could not be finished");
            }
        }
        let limits =
            Limits { at_a_time: long_reads, waiting: LONG_READS_WAITING_MAX, wait_max: LONG_READ_WAIT_MAX };
        let long_reads = Turns::new(limits);
        Ok(Self { index, store, clock, note_ids, long_reads, hearing })
    }

    /// Takes note of a word from the service `speaker`.
    pub(crate) fn listen(&self, speaker: &str) {
        if let Some(hearing) = &self.hearing {
            hearing.heard(speaker, Instant::now());
        }
    }

    /// Whether the caller's session stands, as far as notes can know.
    pub(crate) fn admit(&self, caller: Caller) -> Result<(), Error> {
        if self.hearing.as_ref().is_some_and(|hearing| hearing.is_lost(Instant::now())) {
            return Err(Error::OutOfTouch);
        }
        self.is_sound()?;
        blocking::brief(|| self.store.view(|notes| admitted(notes, caller)))
    }

    /// Refuses to answer from a damaged file, and to write to it.
    fn is_sound(&self) -> Result<(), Error> {
        if self.store.is_damaged() { Err(Error::Damaged) } else { Ok(()) }
    }

    /// Begins a note.
    pub(crate) async fn create(&self, caller: Caller, draft: Draft) -> Result<Note, Error> {
        if draft.is_too_large() {
            return Err(Error::NoteTooLarge);
        }
        let (ids, now) = (self.note_ids.clone(), self.clock.now());
        self.change("create", move |notes| {
            admit(notes, caller)?;
            let mut note = Note::new(NoteId::random(&ids), caller.account, draft, now);
            // A seed that is used again after a restart draws the same ids again.
            while !notes.insert(&note)? {
                note.id = NoteId::random(&ids);
            }
            Ok(note)
        })
        .await
    }

    /// One of the caller's notes.
    pub(crate) fn read(&self, caller: Caller, id: NoteId) -> Result<Note, Error> {
        blocking::brief(|| {
            self.store.view(|notes| {
                admitted(notes, caller)?;
                notes.find(caller.account, id)?.ok_or(Error::NoteNotFound)
            })
        })
    }

    /// One page of the caller's notes.
    pub(crate) async fn list(&self, caller: Caller, listing: Listing) -> Result<Listed, Error> {
        if listing.is_brief() {
            return blocking::brief(|| list(&self.store, caller, &listing));
        }
        self.tidy();
        let at_hand = || self.store.list_at_hand(caller.account, &listing, |notes| admitted(notes, caller));
        if let Some(listed) = blocking::brief(at_hand)? {
            return Ok(listed);
        }
        let turn = self.turn().await?;
        let store = Arc::clone(&self.store);
        blocking::run(move || {
            let listed = list(&store, caller, &listing);
            drop(turn);
            listed
        })
        .await
    }

    /// Changes one of the caller's notes.
    pub(crate) async fn edit(&self, caller: Caller, id: NoteId, edit: Edit) -> Result<Note, Error> {
        let now = self.clock.now();
        self.change("edit", move |notes| {
            admit(notes, caller)?;
            let before = notes.find(caller.account, id)?.ok_or(Error::NoteNotFound)?;
            let after = before.edited(edit, now);
            if after.outgrew(&before) {
                return Err(Error::NoteTooLarge);
            }
            if after != before {
                notes.replace(&before, &after)?;
            }
            Ok(after)
        })
        .await
    }

    /// Removes one of the caller's notes.
    pub(crate) async fn delete(&self, caller: Caller, id: NoteId) -> Result<(), Error> {
        self.change("delete", move |notes| {
            admit(notes, caller)?;
            let note = notes.find(caller.account, id)?.ok_or(Error::NoteNotFound)?;
            Ok(notes.remove(&note)?)
        })
        .await
    }

    /// Hears where an account stands; a message that comes again changes nothing. A deleted one's notes are gone when
    /// this returns, whichever of its messages began to remove them.
    pub(crate) async fn hear(
        &self,
        account: AccountId,
        news: Standing,
        receipt: Option<Receipt>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let hear = move |notes: &Changes<'_>| match receipt.map(|receipt| notes.receive(&receipt, now)) {
            None | Some(Ok(Arrival::First)) => Ok(Some(notes.raise(account, news)?)),
            Some(Ok(Arrival::Repeated)) => Ok(notes.standing(account)?),
            Some(Ok(Arrival::Reused)) => Err(Error::KeyReused),
            Some(Err(error)) => Err(error.into()),
        };
        #[cfg(feature = "simulation")]
        if chassis::simulation::has_bug("an author is not marked before the purge")
            && news.rung == Rung::Deleted
        {
            let store = Arc::clone(&self.store);
            return Ok(blocking::run(move || purge(&store, account)).await?);
        }
        let standing = self.change("hear", hear).await?;
        if standing.is_some_and(|standing| standing.rung == Rung::Deleted) {
            let store = Arc::clone(&self.store);
            blocking::run(move || purge(&store, account)).await?;
        }
        Ok(())
    }

    /// Takes over notes that are not there yet; those of deleted authors are left out. Tells how many were new.
    pub(crate) async fn load(&self, imports: Vec<Import>) -> Result<u64, Error> {
        let now = self.clock.now();
        self.change("load", move |notes| {
            let mut added = 0;
            for note in imports.into_iter().map(|import| import.into_note(now)) {
                let standing = notes.raise(note.author, Standing::new(Rung::Active))?;
                added += u64::from(standing.rung != Rung::Deleted && notes.insert(&note)?);
            }
            Ok(added)
        })
        .await
    }

    async fn change<T, W>(&self, verb: &'static str, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: FnOnce(&Changes<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.is_sound()?;
        let store = Arc::clone(&self.store);
        let changed = blocking::run(move || store.change(verb, work)).await;
        self.tidy();
        changed
    }

    /// Has done in the background what large authors need, if nobody is at it.
    fn tidy(&self) {
        if self.store.takes_up_chores() {
            let store = Arc::downgrade(&self.store);
            let work = move || while store.upgrade().is_some_and(|store| store.do_chore()) {};
            drop(task::spawn("chores", blocking::run(work)));
        }
    }

    /// Waits until one more scan may run; it may while the returned turn lives.
    pub(crate) async fn turn(&self) -> Result<Turn, Error> {
        Ok(self.long_reads.take().await?)
    }
}

fn list(store: &Store, caller: Caller, listing: &Listing) -> Result<Listed, Error> {
    store.list(caller.account, listing, |notes| admitted(notes, caller))
}

/// Lets the caller in if their session stands, by our own record and what the token is news of: an author that
/// was never heard of, or a reactivation that has not arrived here yet (PROTOCOL.md §3).
fn admitted(notes: &View<'_>, caller: Caller) -> Result<(), Error> {
    let vouched = Standing::vouched(caller.session);
    let standing = notes.standing(caller.account)?.map_or(vouched, |known| known.join(vouched));
    standing.admits(caller.session).map_err(Error::Ended)
}

/// The same, with the news written down; undone with everything else if the caller is refused.
fn admit(notes: &Changes<'_>, caller: Caller) -> Result<(), Error> {
    let standing = notes.raise(caller.account, Standing::vouched(caller.session))?;
    standing.admits(caller.session).map_err(Error::Ended)
}

/// Removes the notes of a deleted account. Other writes come in between, but none of this account: it was marked
/// before.
fn purge(store: &Store, account: AccountId) -> Result<(), StoreError> {
    let batch = move |notes: &Changes<'_>| {
        let some = notes.some_notes(account, PURGE_BATCH)?;
        some.iter().try_for_each(|note| notes.remove(note))?;
        Ok(!some.is_empty())
    };
    while store.change::<_, StoreError, _>("purge", batch)? {}
    store.forget_grams(account)
}

#[cfg(test)]
mod tests;
