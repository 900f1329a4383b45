//! When passwords are hashed: few at a time, a bounded number waiting, nobody waiting for long.
//!
//! A hash takes 19 MiB and tens of milliseconds of a core; what it computes is [`crate::password`]'s business.

use std::io;
use std::num::NonZero;
use std::thread;
use std::time::Duration;

use chassis::entropy::Stream;
use chassis::labour::Labour;
use chassis::turn::{Crowded, Limits, Turns};

use crate::error::Error;
use crate::password::{HashCost, HashError, Password, PasswordHash};

/// Hashes that wait for a core: at 30 a second on two cores the last is done when [`WAIT_MAX`] has passed.
const QUEUE_MAX: usize = 64;
/// Longer than this nobody should wait for a core; they are asked to come back.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// The pool that hashes passwords.
pub(crate) struct Hashing {
    cost: HashCost,
    salts: Stream,
    cores: Turns,
    labour: Labour,
}

impl From<Crowded> for Error {
    fn from(_: Crowded) -> Self {
        Self::HashingBusy
    }
}

impl Hashing {
    /// A pool of `cores` that makes hashes of `cost`.
    pub(crate) fn open(cost: HashCost, cores: usize, salts: Stream) -> io::Result<Self> {
        let limits = Limits { at_a_time: cores, waiting: QUEUE_MAX, wait_max: WAIT_MAX };
        Ok(Self { cost, salts, cores: Turns::new(limits), labour: Labour::start("hashing", cores)? })
    }

    /// Hashes that are made now, and those that wait for a core.
    pub(crate) fn load(&self) -> (usize, usize) {
        (self.cores.under_way(), self.cores.waiting())
    }

    /// Hashes a new password.
    pub(crate) async fn hash(&self, password: Password) -> Result<PasswordHash, Error> {
        let (cost, salt) = (self.cost, self.salts.bytes());
        self.in_turn(move || PasswordHash::make(&password, cost, &salt)).await
    }

    /// Whether `password` belongs to `hash`.
    pub(crate) async fn matches(&self, hash: PasswordHash, password: Password) -> Result<bool, Error> {
        self.in_turn(move || hash.matches(password.expose())).await
    }

    /// Hashes `new` if `current` belongs to `hash`: one turn for both, so that nobody waits twice.
    pub(crate) async fn exchange(
        &self,
        hash: PasswordHash,
        current: Password,
        new: Password,
    ) -> Result<Option<PasswordHash>, Error> {
        let (cost, salt) = (self.cost, self.salts.bytes());
        self.in_turn(move || {
            if !hash.matches(current.expose())? {
                return Ok(None);
            }
            PasswordHash::make(&new, cost, &salt).map(Some)
        })
        .await
    }

    /// Hashes `password` anew if `hash`, which it belongs to, was made at another cost than today's.
    pub(crate) async fn renew(
        &self,
        hash: &PasswordHash,
        password: Password,
    ) -> Result<Option<PasswordHash>, Error> {
        if hash.is_of(self.cost) {
            return Ok(None);
        }
        self.hash(password).await.map(Some)
    }

    /// Takes as long as [`Self::matches`] and finds nothing, for e-mails that belong to no one.
    pub(crate) async fn matches_nobody(&self, password: Password) -> Result<bool, Error> {
        self.matches(PasswordHash::decoy(self.cost), password).await
    }

    async fn in_turn<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, HashError> + Send + 'static,
    {
        // Held by the hash itself and not by who asked for it: a caller that goes away frees no core.
        let turn = self.cores.take().await?;
        let done = self.labour.run(move || {
            let outcome = work();
            drop(turn);
            outcome
        });
        Ok(done.await?)
    }
}

/// Hashes at a time: one core is left for everyone else, but a password never waits for a single slow one.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get).saturating_sub(1).max(2)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::sync_channel;

    use chassis::entropy::Entropy;
    use chassis::{blocking, task};

    use super::*;

    fn pool() -> Arc<Hashing> {
        let salts = Entropy::seeded(1).stream("auth", "salt");
        Arc::new(Hashing::open(HashCost::Cheap, 1, salts).unwrap())
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_frees_no_core_before_its_hash_is_done() {
        let pool = pool();
        let (started, has_started) = sync_channel::<()>(1);
        let (finish, may_finish) = sync_channel::<()>(0);
        let asking = Arc::clone(&pool);
        let caller = task::spawn("test", async move {
            let hash = move || {
                let _told = started.send(());
                let _ended = may_finish.recv();
                Ok(())
            };
            asking.in_turn(hash).await
        });
        blocking::run(move || has_started.recv()).await.unwrap();
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        assert_eq!(pool.load(), (1, 0));
        drop(finish);
        pool.in_turn(|| Ok(())).await.unwrap();
        assert_eq!(pool.load(), (0, 0));
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_renewed_and_one_of_today_is_not() {
        let pool = pool();
        let password = Password::given("correct horse".into());
        let outdated = PasswordHash::decoy(HashCost::Shipping);
        let renewed = pool.renew(&outdated, password.clone()).await.unwrap().unwrap();
        assert!(renewed.is_of(HashCost::Cheap) && renewed.matches(password.expose()).unwrap());
        assert_eq!(pool.renew(&renewed, password).await.unwrap(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_core_in_time_is_asked_to_come_back() {
        let pool = pool();
        let _held = pool.cores.take().await.unwrap();
        let refused = pool.in_turn(|| Ok(())).await;
        assert!(matches!(refused, Err(Error::HashingBusy)));
    }

    #[tokio::test]
    async fn who_finds_the_queue_full_is_refused_at_once() {
        let pool = pool();
        let held = pool.cores.take().await.unwrap();
        let waiting: Vec<_> = (0..QUEUE_MAX)
            .map(|_| {
                let pool = Arc::clone(&pool);
                task::spawn("test", async move { pool.in_turn(|| Ok(())).await })
            })
            .collect();
        while pool.load().1 < QUEUE_MAX {
            tokio::task::yield_now().await;
        }
        assert!(matches!(pool.in_turn(|| Ok(())).await, Err(Error::HashingBusy)));
        drop(held);
        for one in waiting {
            one.await.unwrap().unwrap();
        }
    }
}
