//! One client: several accounts that it uses by turns, and names that are free for the next one.

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

use super::account::{Account, Name};
use super::asker::{Asker, Spot};
use super::kind::Kind;
use super::ledger::Counts;
use super::sky::Sky;

/// Accounts that a client keeps; fewer and it registers.
const ACCOUNTS_MAX: usize = 3;
/// Nothing can be done before the fault is over: the client lets others work.
const IDLE: Duration = Duration::from_millis(5);

/// One client with what it knows.
#[derive(Debug)]
pub(super) struct Client {
    number: usize,
    draws: ChaCha8Rng,
    /// Accounts that it began so far, for their names.
    begun: u32,
    accounts: Vec<Account>,
    /// E-mails and usernames that accounts let go since the last check.
    released: Vec<Name>,
}

/// What one client did and found in one round.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) counts: Counts,
    /// See [`Asker::agreed_after`].
    pub(super) agreed_after: Duration,
}

impl Client {
    pub(super) fn new(number: usize, seed: u64) -> Self {
        let draws = ChaCha8Rng::seed_from_u64(seed.wrapping_add(1 + number as u64));
        Self { number, draws, begun: 0, accounts: Vec::new(), released: Vec::new() }
    }

    /// Uses its accounts until the round is over.
    pub(super) fn write(&mut self, spot: &Spot, sky: &Sky) -> Found {
        self.as_asker(spot, sky, |client, asker| {
            while !sky.is_over() {
                if !client.step(asker)? {
                    sky.pass(IDLE);
                }
            }
            Ok(())
        })
    }

    /// Compares everything with the world, and goes on with what is there.
    pub(super) fn check(&mut self, spot: &Spot, sky: &Sky) -> Found {
        self.as_asker(spot, sky, |client, asker| {
            for account in &mut client.accounts {
                account.check(asker)?;
                client.released.extend(account.release());
            }
            client.accounts.retain(Account::is_there);
            client.inherit(asker)
        })
    }

    fn as_asker(
        &mut self,
        spot: &Spot,
        sky: &Sky,
        work: impl FnOnce(&mut Self, &mut Asker<'_>) -> Result<(), String>,
    ) -> Found {
        let mut draws = self.draws.clone();
        let mut asker = Asker::new(spot, sky, &mut draws);
        if let Err(complaint) = work(self, &mut asker) {
            sky.complain(format!("client {}: {complaint}", self.number));
        }
        let found = Found { counts: asker.counts, agreed_after: asker.agreed_after };
        self.draws = draws;
        found
    }

    /// One operation; `false` when none is possible now.
    fn step(&mut self, asker: &mut Asker<'_>) -> Result<bool, String> {
        if self.accounts.len() < ACCOUNTS_MAX && (self.accounts.is_empty() || asker.draw(8) == 0) {
            let mut account = self.newcomer(asker, &[]);
            let registered = account.perform(Kind::Register, asker);
            self.accounts.push(account);
            return registered.map(|()| true);
        }
        let place = asker.draw(self.accounts.len());
        self.accounts[place].act(asker)
    }

    /// Whatever was let go is free: the next account has it, and finds nothing of the one before.
    fn inherit(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        let (mut emails, mut usernames): (Vec<_>, Vec<_>) =
            self.released.drain(..).partition(|name| matches!(name, Name::Email(_)));
        while !emails.is_empty() || !usernames.is_empty() {
            let names: Vec<_> = emails.pop().into_iter().chain(usernames.pop()).collect();
            let mut heir = self.newcomer(asker, &names);
            heir.inherit(asker)?;
            heir.check(asker)?;
            if self.accounts.len() < ACCOUNTS_MAX {
                self.accounts.push(heir);
            } else {
                heir.erase(asker)?;
            }
        }
        Ok(())
    }

    /// Somebody with these names and, for what is missing, fresh ones; half of those have no username of their own.
    fn newcomer(&mut self, asker: &mut Asker<'_>, names: &[Name]) -> Account {
        self.begun += 1;
        let name = format!("client{}.{}", self.number, self.begun);
        let mut names = names.to_vec();
        if asker.draw(2) == 0 {
            names.insert(0, Name::Username(name.clone()));
        }
        Account::heir(asker.spot.doors.gateway, name, &names)
    }
}
