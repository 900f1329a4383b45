//! What must hold: the invariants of PROTOCOL.md §7 that the three services decide together.
//!
//! Some hold always, the others whenever the services have done all that they owe. What they owe shrinks with every
//! step, so a state in which they can do nothing more and still owe something is the only way not to get there.

use chassis::standing::{Rung, Session, Standing};
use stateright::Property;

use crate::model::Protocol;
use crate::notes::met;
use crate::state::{ACCOUNTS, Account, Identity, NAMES, Outcome, Profile, State};

/// Every property, with the examples that show that the interesting things do happen.
pub(crate) fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always("I1 what was acknowledged works", |_, state: &State| each(state, is_kept)),
        Property::always(
            "I2 an account is in use at auth if and only if it is at user",
            |_, state: &State| settled(state, is_whole),
        ),
        Property::always("I3 what does not exist holds no e-mail and no username", |_, state: &State| {
            !state.is_settled() || (holds_only_its_own(state) && each(state, refused_is_absent))
        }),
        Property::always(
            "I4 who left opens nothing, and neither does a session that ended",
            |_, state: &State| settled(state, is_shut),
        ),
        Property::always("I5 of the erased nothing stays", |_, state: &State| settled(state, is_erased)),
        Property::always("I6 every note has an author", |_, state: &State| settled(state, has_author)),
        Property::always("I7 nobody shares an e-mail or a username", |_, state: &State| is_unique(state)),
        Property::always("I9 what is owed can be done", |model: &Protocol, state: &State| {
            state.is_settled() || model.goes_on(state)
        }),
        Property::always("I10 nobody goes down the ladder", |_, state: &State| !state.fell),
        Property::sometimes("both register", |_, state: &State| {
            each(state, |state, account| state.people[account].outcome == Outcome::Accepted)
        }),
        Property::sometimes("an e-mail passes on", |_, state: &State| {
            let owner = state.auth.claims[0].map(|claim| claim.account);
            state.auth.gone[0] && owner == Some(1) && state.people[1].outcome == Outcome::Accepted
        }),
        Property::sometimes("an e-mail is left for another account", |_, state: &State| {
            let email_of = |account: Account| state.auth.identities[account].map(|one| one.email);
            email_of(0) == Some(1) && email_of(1) == Some(0)
        }),
        Property::sometimes("a username is refused", |_, state: &State| state.user.refused[1]),
        Property::sometimes("a request for a profile comes after its abort", |_, state: &State| {
            state.user.gone[0]
                && state.people[0].outcome == Outcome::Unknown
                && state.user.profiles[0].is_none()
        }),
    ]
}

/// Whether someone stands lower after a step than before, or vanished without a tombstone.
pub(crate) fn falls(last: &State, next: &State) -> bool {
    let height = |standing: Standing| (standing.rung == Rung::Deleted, standing.generation, standing.rung);
    let lower = |account: Account| {
        let pairs = last.standings(account).into_iter().zip(next.standings(account));
        pairs.into_iter().any(|(before, after)| match (before, after) {
            (Some(before), Some(after)) => height(after) < height(before),
            (Some(before), None) => before.rung != Rung::Pending,
            (None, _) => false,
        })
    };
    (0..ACCOUNTS).any(lower)
}

fn each(state: &State, holds: fn(&State, Account) -> bool) -> bool {
    (0..ACCOUNTS).all(|account| holds(state, account))
}

fn settled(state: &State, holds: fn(&State, Account) -> bool) -> bool {
    !state.is_settled() || each(state, holds)
}

fn is_kept(state: &State, account: Account) -> bool {
    let (person, identity) = (state.people[account], state.auth.identities[account]);
    let in_use = || {
        let profile = state.user.profiles[account];
        identity.is_some_and(|identity| identity.is_active())
            && profile.is_some_and(|profile| profile.standing.rung == Rung::Active)
    };
    let password = identity.is_none_or(|identity| identity.changed == person.changed);
    password && (person.outcome != Outcome::Accepted || person.left || in_use())
}

fn is_whole(state: &State, account: Account) -> bool {
    match (state.auth.identities[account], state.user.profiles[account]) {
        (None, None) => true,
        (Some(identity), Some(Profile { standing, email, .. })) => {
            let same = (identity.standing.generation, identity.standing.rung)
                == (standing.generation, standing.rung);
            identity.confirmed && identity.email == email && same
        }
        _ => false,
    }
}

fn holds_only_its_own(state: &State) -> bool {
    let email_of = |account: Account| state.auth.identities[account].map(|one| usize::from(one.email));
    let name_of = |account: Account| state.user.profiles[account].map(|one| usize::from(one.name));
    (0..NAMES).all(|number| {
        let email = state.auth.claims[number];
        let name = state.user.claims[number];
        email.is_none_or(|claim| !claim.is_held && email_of(claim.account) == Some(number))
            && name.is_none_or(|account| name_of(account) == Some(number))
    })
}

fn refused_is_absent(state: &State, account: Account) -> bool {
    let is_absent = state.auth.identities[account].is_none() && state.user.profiles[account].is_none();
    state.people[account].outcome != Outcome::Refused || is_absent
}

fn is_shut(state: &State, account: Account) -> bool {
    let person = state.people[account];
    let has_left = state.user.profiles[account].is_none_or(|profile| profile.standing.rung != Rung::Active);
    let may_log_in = state.auth.identities[account].is_some_and(|identity| identity.is_active());
    let shut = if has_left { person.tokens } else { person.ended };
    !(has_left && may_log_in) && shut.iter().all(|session| !is_open(state, account, session))
}

/// Whether a token of this session opens anything anywhere.
fn is_open(state: &State, account: Account, session: Session) -> bool {
    let identity = state.auth.identities[account].filter(|identity| identity.confirmed);
    let standings = [
        identity.map(|identity: Identity| identity.standing),
        state.user.profiles[account].map(|profile| profile.standing),
        Some(met(&state.notes[account], session, false)),
    ];
    standings.into_iter().flatten().any(|standing| standing.admits(session).is_ok())
}

fn is_erased(state: &State, account: Account) -> bool {
    let is_nowhere = || {
        state.auth.identities[account].is_none()
            && state.user.profiles[account].is_none()
            && !state.notes[account].has_note
            && state.auth.claims.iter().flatten().all(|claim| claim.account != account)
            && state.user.claims.iter().all(|claim| *claim != Some(account))
    };
    !state.user.gone[account] || is_nowhere()
}

fn has_author(state: &State, account: Account) -> bool {
    let author = state.auth.identities[account].filter(|identity| identity.confirmed);
    !state.notes[account].has_note || author.is_some()
}

fn is_unique(state: &State) -> bool {
    let email = |account: Account| {
        let identity = state.auth.identities[account];
        identity.is_none_or(|one| {
            state.auth.claims[usize::from(one.email)].is_some_and(|claim| claim.account == account)
        })
    };
    let name = |account: Account| {
        let profile = state.user.profiles[account];
        profile.is_none_or(|one| state.user.claims[usize::from(one.name)] == Some(account))
    };
    (0..ACCOUNTS).all(|account| email(account) && name(account))
}
