//! What must hold at every step: e-mails and usernames are unique (I7), and no account goes down the ladder (I10).

use std::collections::{BTreeMap, BTreeSet};

use crate::books::Books;

/// The rungs as they are stored, lowest first.
const RUNGS: [&str; 4] = ["pending", "active", "disabled", "deleted"];

/// Where each account was seen last, by service.
#[derive(Default)]
pub(crate) struct Watch {
    seen: BTreeMap<(&'static str, String), Height>,
    commits: u64,
}

/// A place on the ladder: generation and rung.
type Height = (u32, usize);

impl Watch {
    /// Whether a look is due after `commits` commits.
    pub(crate) fn is_due(&mut self, commits: u64) -> bool {
        std::mem::replace(&mut self.commits, commits) != commits
    }

    /// Looks at `books`; says what is wrong.
    pub(crate) fn look(&mut self, books: &Books) -> Option<String> {
        let emails = books.identities.iter().map(|identity| identity.email.as_str());
        let names = books.profiles.iter().map(|profile| profile.username.as_str());
        if let Some(twice) = repeated(emails) {
            return Some(format!("I7: two accounts have the e-mail {twice}"));
        }
        if let Some(twice) = repeated(names) {
            return Some(format!("I7: two profiles have the username {twice}"));
        }
        let identities = books.identities.iter().map(|one| (&one.account, one.generation, &one.rung));
        let profiles = books.profiles.iter().map(|one| (&one.account, one.generation, &one.rung));
        let auth = self.climb("auth", identities, &books.auth_tombstones);
        auth.or_else(|| self.climb("user", profiles, &books.user_tombstones))
    }

    fn climb<'a>(
        &mut self,
        service: &'static str,
        accounts: impl Iterator<Item = (&'a String, u32, &'a String)>,
        tombstones: &[String],
    ) -> Option<String> {
        let now: BTreeMap<String, Height> =
            accounts.map(|(account, generation, rung)| (account.clone(), (generation, rank(rung)))).collect();
        for (account, height) in &now {
            let before = self.seen.insert((service, account.clone()), *height);
            if before.is_some_and(|before| before > *height) {
                return Some(format!("I10: {account} went down from {before:?} to {height:?} at {service}"));
            }
            if tombstones.contains(account) {
                return Some(format!("I10: {account} is back at {service}"));
            }
        }
        let gone = self.seen.iter().find(|((at, account), (_, rung))| {
            *at == service && *rung > 0 && !now.contains_key(account) && !tombstones.contains(account)
        });
        gone.map(|((_, account), _)| format!("I10: {account} vanished at {service} without a tombstone"))
    }
}

fn rank(rung: &str) -> usize {
    RUNGS.iter().position(|known| *known == rung).expect("a rung of the ladder")
}

fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = BTreeSet::new();
    let mut names = names;
    names.find(|name| !seen.insert(name.to_lowercase()))
}
