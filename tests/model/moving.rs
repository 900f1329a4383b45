//! An account moves to another e-mail: a reservation at auth, then one commit at user (PROTOCOL.md §5b).
//!
//! The model of auth's `store/account.rs` and of user's `service/email.rs` and `store/change.rs`. Only Ada moves,
//! once, from her e-mail to the other one.

use crate::bug::Bug;
use crate::lane::Message;
use crate::state::{ACCOUNTS, Account, Claim, Move, Route};
use crate::world::World;

/// Where she moves.
const TARGET: u8 = 1;

/// What auth says of an e-mail that is to be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    Held,
    Taken,
}

impl World<'_> {
    /// An administrator asks for it: it is put on record, then auth is asked.
    pub(crate) fn begin_move(&mut self, account: Account) {
        let user = &mut self.state.user;
        if user.profiles[account].is_some() && user.moves[account] == Move::None {
            user.moves[account] = Move::Asking { held: false, taken: false };
        }
    }

    /// M1 arrives at auth, however often and late.
    pub(crate) fn reserve(&mut self, account: Account) {
        let forgets = self.has(Bug::ReleaseForgotten);
        let auth = &mut self.state.auth;
        if auth.identities[account].is_none() {
            return;
        }
        let wanted = Claim { account, is_held: true };
        let claim = &mut auth.claims[usize::from(TARGET)];
        let free = claim.is_none_or(|claim| claim == wanted) && (forgets || !auth.settled[account]);
        if free {
            *claim = Some(wanted);
        }
        if let Move::Asking { held, taken } = &mut self.state.user.moves[account] {
            *(if free { held } else { taken }) = true;
        }
    }

    /// M2, if the e-mail is held and the profile still there; else it is given back.
    pub(crate) fn end_move(&mut self, account: Account, hold: Option<Hold>) {
        let may_move = hold == Some(Hold::Held) || self.has(Bug::MoveWithoutHold);
        match &mut self.state.user.profiles[account] {
            Some(profile) if may_move => {
                profile.email = TARGET;
                self.state.user.moves[account] = Move::Over;
                self.send(account, Route::UserToAuth, Message::Moved);
            }
            Some(_) | None => self.abandon(account),
        }
    }

    /// M3; `false` when it is refused.
    pub(crate) fn moved(&mut self, account: Account) -> bool {
        let auth = &mut self.state.auth;
        let Some(identity) = &mut auth.identities[account] else {
            let claim = &mut auth.claims[usize::from(TARGET)];
            *claim = claim.filter(|claim| claim.account != account || !auth.gone[account]);
            return auth.gone[account];
        };
        if identity.email == TARGET {
            return true;
        }
        let [old, new] = [identity.email, TARGET].map(usize::from);
        if auth.claims[new].is_some_and(|claim| claim.account != account) {
            return false;
        }
        identity.email = TARGET;
        auth.claims[new] = Some(Claim { account, is_held: false });
        auth.claims[old] = None;
        auth.settled[account] = true;
        true
    }

    /// The move did not happen, whether or not the reservation ever arrived.
    pub(crate) fn released(&mut self, account: Account) {
        let auth = &mut self.state.auth;
        auth.settled[account] = true;
        let claim = &mut auth.claims[usize::from(TARGET)];
        if *claim == Some(Claim { account, is_held: true }) {
            *claim = None;
        }
    }

    /// A start finds the moves that were on record.
    pub(crate) fn restart_user(&mut self) {
        for account in 0..ACCOUNTS {
            if matches!(self.state.user.moves[account], Move::Asking { .. }) {
                self.abandon(account);
            }
        }
    }

    fn abandon(&mut self, account: Account) {
        self.state.user.moves[account] = Move::Over;
        self.send(account, Route::UserToAuth, Message::Released);
    }
}
