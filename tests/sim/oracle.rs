//! What the disks must say when everything has come to rest: I2, I3, I6, I9 among themselves, and that they keep
//! what people were told.

use std::collections::BTreeSet;

use chassis::standing::Rung;
use notes::inspection::Author;

use crate::books::{Books, Claim, Identity, Profile};
use crate::ledger::{Account, Ledger, Status};

/// Why the three databases do not agree; `None` once they do.
pub(crate) fn disagreement(books: &Books, authors: &[Author]) -> Option<String> {
    let unrest = books.unrest().map(|what| format!("I9: {what}"));
    let pairs = unrest.or_else(|| unequal(&books.identities, &books.profiles));
    let claims = pairs.or_else(|| {
        let owned = books.identities.iter().map(|one| (one.email.clone(), one.account.clone()));
        unclaimed("e-mail", &owned.collect(), &books.email_claims)
    });
    let names = claims.or_else(|| {
        let owned = books.profiles.iter().map(|one| (one.username.to_lowercase(), one.account.clone()));
        unclaimed("username", &owned.collect(), &books.username_claims)
    });
    names.or_else(|| entombed(books)).or_else(|| mistaken(books, authors))
}

fn unequal(identities: &[Identity], profiles: &[Profile]) -> Option<String> {
    let ids = |these: Vec<&String>| these.into_iter().cloned().collect::<BTreeSet<_>>();
    let at_auth = ids(identities.iter().map(|one| &one.account).collect());
    let at_user = ids(profiles.iter().map(|one| &one.account).collect());
    if let Some(account) = at_auth.symmetric_difference(&at_user).next() {
        let place = if at_auth.contains(account) { "auth" } else { "user" };
        return Some(format!("I2: {account} is known at {place} alone"));
    }
    identities.iter().find_map(|identity| {
        let profile = profiles.iter().find(|profile| profile.account == identity.account)?;
        let one = (&identity.email, &identity.role, identity.generation, &identity.rung, identity.epoch);
        let epoch = known_epoch(identity, profile.epoch);
        let other = (&profile.email, &profile.role, profile.generation, &profile.rung, epoch);
        (one != other).then(|| format!("I2: {} is {one:?} at auth and {other:?} at user", identity.account))
    })
}

/// The epoch that others should know. A deactivation raises it at auth alone: elsewhere the rung and then the next
/// generation end the old sessions.
fn known_epoch(identity: &Identity, known: u32) -> u32 {
    let is_silent = identity.generation > 0 || identity.rung == "disabled";
    if is_silent && known < identity.epoch { identity.epoch } else { known }
}

fn unclaimed(kind: &str, owned: &BTreeSet<(String, String)>, claims: &[Claim]) -> Option<String> {
    if let Some(held) = claims.iter().find(|claim| claim.change.is_some()) {
        return Some(format!("I3: the {kind} {} is held for a change", held.key));
    }
    let claimed: BTreeSet<_> =
        claims.iter().map(|claim| (claim.key.clone(), claim.account.clone())).collect();
    let odd = owned.symmetric_difference(&claimed).next()?;
    let what = if claimed.contains(odd) { "is claimed without an owner" } else { "is borne without a claim" };
    Some(format!("I3: the {kind} {} {what} ({})", odd.0, odd.1))
}

fn entombed(books: &Books) -> Option<String> {
    let at_auth: BTreeSet<_> = books.auth_tombstones.iter().collect();
    let at_user: BTreeSet<_> = books.user_tombstones.iter().collect();
    let lone = at_auth.symmetric_difference(&at_user).next();
    lone.map(|account| format!("I9: {account} has a tombstone on one side only"))
}

/// I6, and that notes knows of each account what auth knows.
fn mistaken(books: &Books, authors: &[Author]) -> Option<String> {
    for author in authors {
        let account = author.account.to_string();
        let is_gone = books.auth_tombstones.contains(&account);
        if (author.standing.rung == Rung::Deleted) != is_gone {
            return Some(format!(
                "I6: {account} is {:?} at notes, gone elsewhere: {is_gone}",
                author.standing
            ));
        }
        if is_gone && author.notes > 0 {
            return Some(format!("I5: {} notes of {account} are left", author.notes));
        }
    }
    books.identities.iter().find_map(|identity| {
        let author = authors.iter().find(|author| author.account.to_string() == identity.account);
        let Some(author) = author else {
            return Some(format!("I9: notes never heard of {}", identity.account));
        };
        let epoch = known_epoch(identity, author.standing.epoch);
        let known = (author.standing.generation, rung_text(author.standing.rung), epoch);
        let right = (identity.generation, identity.rung.as_str(), identity.epoch);
        (known != right).then(|| format!("I6: {} is {right:?}, and {known:?} at notes", identity.account))
    })
}

const fn rung_text(rung: Rung) -> &'static str {
    match rung {
        Rung::Pending => "pending",
        Rung::Active => "active",
        Rung::Disabled => "disabled",
        Rung::Deleted => "deleted",
    }
}

/// What people were told and the disks do not keep.
pub(crate) fn broken_word(books: &Books, ledger: &Ledger) -> Option<String> {
    let broken = ledger.accounts.iter().find_map(|(id, account)| broken_for(books, id, account));
    broken.or_else(|| uninvited(books, ledger))
}

/// Where the books say that the account `id` stands.
pub(crate) fn status(books: &Books, id: &str) -> Status {
    match books.identities.iter().find(|one| one.account == id).map(|one| one.rung.as_str()) {
        Some("active") => Status::Active,
        Some(_) => Status::Disabled,
        None => Status::Gone,
    }
}

fn broken_for(books: &Books, id: &str, account: &Account) -> Option<String> {
    let status = status(books, id);
    if !account.status.may_be(&status) {
        return Some(format!("I1: {id} is {status:?}, which nobody asked for"));
    }
    let profile = books.profiles.iter().find(|one| one.account == id)?;
    if !account.email.may_be(&profile.email) {
        return Some(format!("I1: {id} has the e-mail {}", profile.email));
    }
    (!account.bio.may_be(&profile.bio)).then(|| format!("I8: {id} has the bio {:?}", profile.bio))
}

/// An account that no registration explains.
fn uninvited(books: &Books, ledger: &Ledger) -> Option<String> {
    let strangers = books.identities.iter().filter(|one| !ledger.accounts.contains_key(&one.account));
    let mut unexplained = strangers.filter(|one| ledger.doubts.iter().all(|doubt| doubt.email != one.email));
    unexplained.next().map(|one| format!("I3: nobody registered {} ({})", one.account, one.email))
}
