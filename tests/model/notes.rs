//! What notes does, commit by commit: the model of its `service.rs`.

use chassis::standing::{Rung, Session, Standing};

use crate::bug::Bug;
use crate::state::{Account, Notebook, is_deleted};
use crate::world::World;

impl World<'_> {
    /// News of an author; `true` once all is done that it asks for.
    pub(crate) fn notes_hears(&mut self, account: Account, told: Standing) -> bool {
        let (overwrite, purge_first) = (self.has(Bug::OverwriteStanding), self.has(Bug::PurgeBeforeMark));
        let notebook = &mut self.state.notes[account];
        if purge_first && told.rung == Rung::Deleted && !notebook.purged {
            (notebook.has_note, notebook.purged) = (false, true);
            return false;
        }
        let known = notebook.author.filter(|_| !overwrite);
        notebook.author = Some(known.map_or(told, |known| known.join(told)));
        !(is_deleted(notebook.author) && notebook.has_note) || purge_first
    }

    /// The second half of a purge, by the handler or after a start.
    pub(crate) fn purge(&mut self, account: Account) {
        if is_deleted(self.state.notes[account].author) && !self.has(Bug::PurgeBeforeMark) {
            self.state.notes[account].has_note = false;
        }
    }

    /// Someone writes a note with a token; what the token vouches for is written down with it.
    pub(crate) fn write(&mut self, account: Account, session: Session) {
        let vouch_past = self.has(Bug::VouchPastTombstone);
        let notebook = &mut self.state.notes[account];
        let standing = met(notebook, session, vouch_past);
        if standing.admits(session).is_ok() {
            (notebook.author, notebook.has_note) = (Some(standing), true);
        }
    }
}

/// Where an author stands once `session` was seen.
pub(crate) fn met(notebook: &Notebook, session: Session, vouch_past: bool) -> Standing {
    let vouched = Standing::vouched(session);
    let known = notebook.author.filter(|known| !(vouch_past && known.rung == Rung::Deleted));
    known.map_or(vouched, |known| known.join(vouched))
}
