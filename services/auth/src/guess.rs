//! Wrong passwords: how many are borne before log-ins are refused without a look at the password.
//!
//! Counted per e-mail and client, whether or not the e-mail is anyone's, so that a refusal tells nothing of accounts.
//! No number of strangers locks an owner out: a client is refused for its own failures only. When many fail at one
//! e-mail together, every client that never got in there is borne less, and those that did are borne as before.
//!
//! In memory, so a restart forgets it. Who a client is, and what a password costs, is others' business.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{self, SHA256};
use chassis::address::Address;
use chassis::clock::{Clock, Timestamp};
use chassis::email::Email;
use chassis::window::Windows;

/// Windows of each kind that are remembered, some 10 MB. A guess takes a hash, and no machine makes so many of the
/// shipping cost in a quarter of an hour: 145 a second.
const WINDOWS_MAX: usize = 131_072;
/// How long a client is known after it got in: 30 days, as long as people stay away from what they use.
const KNOWN_FOR_S: u32 = 30 * 86_400;

/// How many wrong passwords are borne in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// From one client for one e-mail.
    pub per_client: u32,
    /// From all clients for one e-mail, before those that never got in there count as strangers.
    pub per_account: u32,
    /// From one stranger for one e-mail.
    pub per_stranger: u32,
    /// The window's length in seconds; it opens with the first failure.
    pub window_s: u32,
}

/// The client failed too often at this e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The length of a window, rounded up.
    pub(crate) minutes: u32,
    /// Until its window ends.
    pub(crate) retry_after_s: u32,
}

/// An e-mail, or one with a client, as it is counted: half of a SHA-256, so that all keys are small and nobody can
/// find two that share one.
type Key = [u8; 16];

/// The failures that count.
pub(crate) struct Guesses {
    /// `None` bears everything.
    tolerance: Option<Tolerance>,
    clock: Clock,
    table: Mutex<Table>,
}

struct Table {
    by_account: Windows<Key>,
    by_client: Windows<Key>,
    known: Windows<Key>,
}

/// A guess that was let through. It counts as wrong until something else is said of it, so that many at once do not
/// get more than one after the other, and one that is given up is not free.
#[must_use]
pub(crate) struct Guess<'a> {
    guesses: &'a Guesses,
    account: Key,
    pair: Key,
}

impl Guesses {
    /// Nobody has failed yet.
    pub(crate) fn new(tolerance: Option<Tolerance>, clock: Clock) -> Self {
        let window_s = tolerance.map_or(1, |tolerance| tolerance.window_s);
        let lasting = |length_s| Windows::new(length_s, WINDOWS_MAX);
        let (by_account, by_client) = (lasting(window_s), lasting(window_s));
        let table = Table { by_account, by_client, known: lasting(KNOWN_FOR_S) };
        Self { tolerance, clock, table: Mutex::new(table) }
    }

    /// Lets `client` try a password for `email`.
    ///
    /// # Errors
    /// When it failed there too often.
    pub(crate) fn admit(&self, email: &Email, client: Address) -> Result<Guess<'_>, Refused> {
        let account = key(email, &[]);
        let guess = Guess { guesses: self, account, pair: key(email, &client.number().to_be_bytes()) };
        if let Some(tolerance) = &self.tolerance {
            self.table().admit(tolerance, &guess, self.clock.now())?;
        }
        Ok(guess)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn admit(&mut self, tolerance: &Tolerance, guess: &Guess<'_>, now: Timestamp) -> Result<(), Refused> {
        let total = self.by_account.find(guess.account, now).map_or(0, |found| found.count);
        let is_stranger = total >= tolerance.per_account && self.known.find(guess.pair, now).is_none();
        let borne = if is_stranger { tolerance.per_stranger } else { tolerance.per_client };
        if let Some(own) = self.by_client.find(guess.pair, now).filter(|own| own.count >= borne) {
            return Err(Refused { minutes: tolerance.window_s.div_ceil(60), retry_after_s: own.resets_in_s });
        }
        self.by_account.add(guess.account, now);
        self.by_client.add(guess.pair, now);
        Ok(())
    }
}

impl Guess<'_> {
    /// It was the password: what this client got wrong before is forgotten, and it is known from now on.
    pub(crate) fn was_right(self) {
        if self.guesses.tolerance.is_some() {
            let mut table = self.guesses.table();
            table.by_account.take_back(self.account, 1);
            table.by_client.take_back(self.pair, u32::MAX);
            table.known.add(self.pair, self.guesses.clock.now());
        }
    }

    /// Nobody looked at it.
    pub(crate) fn was_not_looked_at(self) {
        if self.guesses.tolerance.is_some() {
            let mut table = self.guesses.table();
            table.by_account.undo(self.account);
            table.by_client.undo(self.pair);
        }
    }
}

fn key(email: &Email, client: &[u8]) -> Key {
    let mut context = digest::Context::new(&SHA256);
    context.update(email.as_str().as_bytes());
    // No e-mail holds a NUL, so no two pairs read alike.
    context.update(b"\0");
    context.update(client);
    let digest = context.finish();
    digest.as_ref().first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use super::*;

    const TOLERANCE: Tolerance = Tolerance { per_client: 4, per_account: 10, per_stranger: 2, window_s: 900 };

    fn guesses() -> (Guesses, Clock) {
        let clock = Clock::frozen(Timestamp::from_millis(1_800_000_000_000));
        (Guesses::new(Some(TOLERANCE), clock.clone()), clock)
    }

    fn ada() -> Email {
        Email::parse("ada@example.test").unwrap()
    }

    fn client(number: u32) -> Address {
        IpAddr::V4(Ipv4Addr::from_bits(number)).into()
    }

    /// How many wrong passwords of `who` are looked at.
    fn borne(guesses: &Guesses, email: &Email, who: Address) -> usize {
        (0..100).take_while(|_| guesses.admit(email, who).is_ok()).count()
    }

    #[test]
    fn a_client_that_failed_often_waits_until_its_window_ends() {
        let (guesses, clock) = guesses();
        assert!(guesses.admit(&ada(), client(1)).is_ok());
        clock.advance(Duration::from_secs(100));
        assert_eq!(borne(&guesses, &ada(), client(1)), 3);
        let refused = guesses.admit(&ada(), client(1)).err();
        assert_eq!(refused, Some(Refused { minutes: 15, retry_after_s: 800 }));
        clock.advance(Duration::from_millis(799_999));
        assert!(guesses.admit(&ada(), client(1)).is_err());
        clock.advance(Duration::from_millis(1));
        assert_eq!(borne(&guesses, &ada(), client(1)), 4);
    }

    #[test]
    fn clients_and_e_mails_are_counted_apart() {
        let (guesses, _) = guesses();
        borne(&guesses, &ada(), client(1));
        assert_eq!(borne(&guesses, &Email::parse("eve@example.test").unwrap(), client(1)), 4);
        assert_eq!(borne(&guesses, &ada(), client(2)), 4);
    }

    #[test]
    fn no_number_of_strangers_locks_anybody_out() {
        let (guesses, _) = guesses();
        guesses.admit(&ada(), client(0)).unwrap().was_right();
        let looked_at: usize = (1..1000).map(|number| borne(&guesses, &ada(), client(number))).sum();
        assert_eq!(looked_at, 4 + 4 + 2 + 996 * 2, "two get all of theirs, then each stranger two");
        assert_eq!(borne(&guesses, &ada(), client(1000)), 2, "the owner at a new place");
        assert_eq!(borne(&guesses, &ada(), client(0)), 4, "the owner at home");
    }

    #[test]
    fn the_right_password_forgives_its_client_and_no_other() {
        let (guesses, _) = guesses();
        borne(&guesses, &ada(), client(1));
        for _ in 0..3 {
            let _wrong = guesses.admit(&ada(), client(2)).unwrap();
        }
        guesses.admit(&ada(), client(2)).unwrap().was_right();
        assert_eq!(borne(&guesses, &ada(), client(2)), 4);
        assert!(guesses.admit(&ada(), client(1)).is_err());
    }

    #[test]
    fn what_nobody_looked_at_is_not_counted_and_what_is_under_way_is() {
        let (guesses, _) = guesses();
        for _ in 0..10 {
            guesses.admit(&ada(), client(1)).unwrap().was_not_looked_at();
        }
        let under_way: Vec<_> = (0..4).map(|_| guesses.admit(&ada(), client(1)).unwrap()).collect();
        assert!(guesses.admit(&ada(), client(1)).is_err());
        under_way.into_iter().for_each(Guess::was_right);
        assert_eq!(borne(&guesses, &ada(), client(1)), 4);
    }

    #[test]
    fn guesses_that_nobody_looked_at_push_no_others_out() {
        let (guesses, _) = guesses();
        borne(&guesses, &ada(), client(0));
        for number in 0..3 * u32::try_from(WINDOWS_MAX).unwrap() {
            let email = Email::parse(&format!("someone-{number}@example.test")).unwrap();
            guesses.admit(&email, client(number)).unwrap().was_not_looked_at();
        }
        assert!(guesses.admit(&ada(), client(0)).is_err());
        let table = guesses.table();
        assert_eq!((table.by_account.len(), table.by_client.len()), (1, 1));
    }

    #[test]
    fn without_a_tolerance_everything_is_borne() {
        let guesses = Guesses::new(None, Clock::system());
        assert_eq!(borne(&guesses, &ada(), client(1)), 100);
    }

    #[test]
    fn a_million_e_mails_take_bounded_memory() {
        let (guesses, _) = guesses();
        for number in 0..1_000_000_u32 {
            let email = Email::parse(&format!("someone-{number}@example.test")).unwrap();
            assert!(guesses.admit(&email, client(number)).is_ok());
        }
        let table = guesses.table();
        assert_eq!((table.by_account.len(), table.by_client.len()), (WINDOWS_MAX, WINDOWS_MAX));
    }
}
